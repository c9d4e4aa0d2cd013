import CPVM
import EVMRules
import EVMState
import VMCommon

/// One test of a state-test file: a pre-state, a transaction with several data, gas limits and values, and for each fork what
/// comes of some of their combinations.
struct StateTest {
    let name: String
    let pre: [PreAccount]
    let post: [(fork: String, cases: [Case])]
    let transaction: StateTransaction
    private let environment: Environment
    private let config: Config

    struct PreAccount {
        let address: evmc_address
        let nonce: UInt64
        let balance: evmc_bytes32
        let code: [UInt8]
        let storage: [(key: evmc_bytes32, value: evmc_bytes32)]
    }

    /// Which of the transaction's data, gas limits and values.
    struct Indexes {
        let data: Int
        let gas: Int
        let value: Int
    }

    struct Case {
        let indexes: Indexes
        let root: evmc_bytes32
        let logs: evmc_bytes32
        /// The signed transaction, with the text that it comes from.
        let bytes: [UInt8]?
        /// Why the transaction has to be refused.
        let exception: String?
        /// The post state, in some files.
        let state: [PreAccount]?
    }

    private struct Environment {
        let coinbase: evmc_address
        let number: Int64
        let timestamp: UInt64
        let gasLimit: UInt64
        let difficulty: U256?
        let random: U256?
        let baseFee: U256?
        let excessBlobGas: UInt64?
    }

    private struct Config {
        var chainID: U256?
        var schedules: [(key: String, value: BlobSchedule.Changes)] = []
    }

    init(name: String, _ json: JSONValue) throws(ToolError) {
        self.name = name
        // One mistake of each part is told, not the first alone.
        var mistakes: [String] = []
        func part<Part>(_ read: () throws(ValueError) -> Part) -> Part? {
            do throws(ValueError) { return try read() } catch {
                mistakes.append(error.text)
                return nil
            }
        }
        guard json.isObject else { throw .failed("\(name): a state test is an object, not \(json.kindName)") }
        let post = part { () throws(ValueError) in try json.required("post", Values.map(Values.text, by: { $0 }, Values.list(of: StateTest.expectation))) }
        let transaction = part { () throws(ValueError) in try json.required("transaction", StateTransaction.init) }
        let environment = part { () throws(ValueError) in try json.required("env", StateTest.environment) }
        let pre = part { () throws(ValueError) in try json.required("pre", StateTest.accounts) }
        let config = part { () throws(ValueError) in try json.optional("config", StateTest.config) ?? Config() }
        guard let post, let transaction, let environment, let pre, let config else {
            throw .failed("\(name): \(mistakes.joined(separator: "; "))")
        }
        self.post = post.map { (fork: $0.key, cases: $0.value) }
        self.transaction = transaction
        self.environment = environment
        self.pre = pre
        self.config = config
    }

    /// Hands over the tests of a file, one after the other: each of them, or why it is none. Errors name the file.
    static func forEach(in file: String, _ work: (String, Result<StateTest, ToolError>) -> Void) throws(ToolError) {
        let document = try JSONDocument(file: file)
        try document.withRoot { root throws(ToolError) in
            guard root.isObject else { throw .failed("\(file): an object of state tests is wanted, not \(root.kindName)") }
            for (key, value) in root.members {
                let name = key.string
                do throws(ToolError) { work(name, .success(try StateTest(name: name, value))) } catch {
                    work(name, .failure(.failed("\(file): \(error.text)")))
                }
            }
        }
    }

    // MARK: Parts

    static func accounts(_ json: JSONValue) throws(ValueError) -> [PreAccount] {
        let accounts = try Values.map(Values.address, by: { U256($0) }, Values.object)(json)
        var list: [PreAccount] = []
        list.reserveCapacity(accounts.count)
        for (address, json) in accounts {
            try within(address.hex) { () throws(ValueError) in
                // Of numbers and code, what is not there is zero or empty.
                list.append(PreAccount(
                    address: address, nonce: try json.optional("nonce", Values.quantity64) ?? 0,
                    balance: (try json.optional("balance", Values.quantity256) ?? .zero).word,
                    code: try json.optional("code", Values.bytes) ?? [],
                    storage: try json.optional("storage", Values.map(Values.storageWord, by: { U256($0) }, Values.storageWord)) ?? []))
            }
        }
        return list
    }

    private static func expectation(_ json: JSONValue) throws(ValueError) -> Case {
        let indexes = try json.required("indexes") { json throws(ValueError) in
            Indexes(data: try json.required("data", Values.index), gas: try json.required("gas", Values.index),
                    value: try json.required("value", Values.index))
        }
        return Case(
            indexes: indexes, root: try json.required("hash", Values.hash), logs: try json.required("logs", Values.hash),
            bytes: try json.optional("txbytes", Values.bytes),
            exception: try json.optional("expectException", Values.text).flatMap { $0.isEmpty ? nil : $0 },
            state: try json.optional("state", StateTest.accounts))
    }

    private static func environment(_ json: JSONValue) throws(ValueError) -> Environment {
        Environment(
            coinbase: try json.required("currentCoinbase", Values.address), number: try json.required("currentNumber", Values.quantity63),
            timestamp: try json.required("currentTimestamp", Values.quantity64), gasLimit: try json.required("currentGasLimit", Values.quantity64),
            difficulty: try json.optional("currentDifficulty", Values.quantity256), random: try json.optional("currentRandom", Values.quantity256),
            baseFee: try json.optional("currentBaseFee", Values.quantity256),
            excessBlobGas: try json.optional("currentExcessBlobGas", Values.quantity64))
    }

    private static func config(_ json: JSONValue) throws(ValueError) -> Config {
        Config(chainID: try json.optional("chainid", Values.quantity256),
               schedules: try json.optional("blobSchedule", Values.map(Values.text, by: { $0 }, BlobSchedule.Changes.init)) ?? [])
    }

    // MARK: Block

    /// `schedule` is the fork as the file has it, by which its blob schedule is found.
    func block(_ fork: NamedFork, schedule name: String) throws(ValueError) -> duet_block_t {
        let rules = fork.rules.block
        var block = duet_block_t()
        block.number = environment.number
        // Code sees all 64 bits.
        block.timestamp = Int64(bitPattern: environment.timestamp)
        // Files from before EIP-1985 have limits of more than 63 bits.
        block.gas_limit = Int64(clamping: environment.gasLimit)
        block.gas_left = block.gas_limit
        block.coinbase = environment.coinbase
        let randomness = rules.difficulty == .none ? environment.random : environment.difficulty
        block.prev_randao = (randomness ?? .zero).word
        // What retesteth assumed where a file says nothing.
        if rules.hasBaseFee { block.base_fee = (environment.baseFee ?? U256(10)).word }
        block.chain_id = (config.chainID ?? .one).word
        if rules.blobs != nil {
            let changes = config.schedules.first { $0.key == name }?.value
            let schedule = try within("config.blobSchedule.\(name)") { () throws(ValueError) in try BlobSchedule(fork, changes) }
            block.blob_base_fee = duet_blob_base_fee(environment.excessBlobGas ?? 0, schedule.updateFraction)
            block.blobs_left = schedule.max
        }
        block.block_hash = StateTest.blockHash
        return block
    }

    /// In state tests a block's hash is that of its number in decimal digits.
    static let blockHash: duet_block_hash_fn = { _, number in
        var text = String(number)
        return text.withUTF8 { keccak(UnsafeRawBufferPointer($0)).evmc }
    }
}
