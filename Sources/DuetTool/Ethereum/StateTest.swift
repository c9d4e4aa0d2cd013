import CPVM
import EVMState

/// One test of a state-test file: a pre-state, a transaction with several data, gas limits and values, and for each fork what
/// comes of some of their combinations.
struct StateTest {
    let name: String
    let pre: [PreAccount]
    let post: [(fork: String, cases: [Case])]
    private let env: JSONValue
    private let transaction: JSONValue
    private let config: JSONValue?

    struct PreAccount {
        let address: evmc_address
        let nonce: UInt64
        let balance: evmc_bytes32
        let code: [UInt8]
        let storage: [(key: evmc_bytes32, value: evmc_bytes32)]
    }

    struct Case {
        let root: evmc_bytes32
        let logs: evmc_bytes32
        let data: Int
        let gas: Int
        let value: Int
        let bytes: JSONValue?
        let exception: String?
        /// The post state, in some files.
        let state: JSONValue?
    }

    /// The test lives as long as the document that `json` belongs to.
    init(name: String, _ json: JSONValue) throws(ToolError) {
        guard let env = json["env"], let pre = json["pre"], let transaction = json["transaction"], let post = json["post"] else {
            throw .failed("\(name): no state test")
        }
        self.name = name
        self.env = env
        self.transaction = transaction
        config = json["config"]
        self.pre = try StateTest.accounts(pre)
        var forks: [(String, [Case])] = []
        for (fork, cases) in post.members {
            var list: [Case] = []
            for item in cases.elements { list.append(try StateTest.expectation(item)) }
            forks.append((fork.string, list))
        }
        self.post = forks
    }

    static func accounts(_ json: JSONValue) throws(ToolError) -> [PreAccount] {
        var accounts: [PreAccount] = []
        for (key, value) in json.members {
            // Of numbers and code, what is not there is zero or empty.
            guard let address = key.address else { throw .failed("\(key.string): no address") }
            var storage: [(key: evmc_bytes32, value: evmc_bytes32)] = []
            if let slots = value["storage"] {
                for (key, value) in slots.members {
                    guard let key = key.word, let value = value.word else { throw .failed("\(address.hex): no storage word") }
                    storage.append((key, value))
                }
            }
            guard let nonce = value["nonce"].map({ $0.number }) ?? 0, let balance = value["balance"].map({ $0.word }) ?? evmc_bytes32(),
                  let code = value["code"].map({ $0.octets }) ?? [] else { throw .failed("\(address.hex): nonce, balance or code is malformed") }
            accounts.append(PreAccount(address: address, nonce: nonce, balance: balance, code: code, storage: storage))
        }
        return accounts
    }

    private static func expectation(_ json: JSONValue) throws(ToolError) -> Case {
        guard let root = json["hash"]?.word, let logs = json["logs"]?.word, let indexes = json["indexes"],
              let data = indexes["data"]?.number, let gas = indexes["gas"]?.number, let value = indexes["value"]?.number else {
            throw .failed("a post entry is incomplete")
        }
        return Case(root: root, logs: logs, data: Int(data), gas: Int(gas), value: Int(value), bytes: json["txbytes"],
                    exception: json["expectException"]?.string, state: json["state"])
    }

    // MARK: Block

    func block(_ revision: evmc_revision, fork: String) -> duet_block_t {
        var block = duet_block_t()
        block.number = Int64(clamping: env["currentNumber"]?.number ?? 0)
        block.timestamp = Int64(bitPattern: env["currentTimestamp"]?.number ?? 0)
        // Files from before EIP-1985 have limits of more than 63 bits.
        block.gas_limit = Int64(clamping: env["currentGasLimit"]?.number ?? .max)
        block.gas_left = block.gas_limit
        block.coinbase = env["currentCoinbase"]?.address ?? evmc_address()
        let randomness = revision.rawValue >= EVMC_PARIS.rawValue ? env["currentRandom"] : env["currentDifficulty"]
        block.prev_randao = randomness?.word ?? evmc_bytes32()
        // What retesteth assumed where a file says nothing.
        if revision.rawValue >= EVMC_LONDON.rawValue { block.base_fee = env["currentBaseFee"]?.word ?? evmc_bytes32(10) }
        block.chain_id = config?["chainid"]?.word ?? evmc_bytes32(1)
        if revision.rawValue >= EVMC_CANCUN.rawValue {
            let schedule = BlobSchedule(revision, config?["blobSchedule"]?.member(fork))
            block.blob_base_fee = duet_blob_base_fee(env["currentExcessBlobGas"]?.number ?? 0, schedule.updateFraction)
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

    // MARK: Transaction

    /// The transaction of a case, from its bytes or, in older files, from its fields.
    func transaction(_ test: Case, _ revision: evmc_revision) -> Result<TestTransaction, ToolError> {
        do throws(ToolError) {
            return .success(try TestTransaction(transaction, test))
        } catch {
            return .failure(error)
        }
    }

    var sender: evmc_address? { transaction["sender"]?.address }
}

extension JSONValue {
    /// The member of an object by a name that is not known beforehand.
    func member(_ name: String) -> JSONValue? { members.first { $0.key.string == name }?.value }
}
