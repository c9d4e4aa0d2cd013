import CPVM
import EVMPrecompiles
import EVMRules
import EVMState
import VMCommon

/// Executes a block's transactions on a pre-state, with what the system does around them, as transition tools do.
final class Transition {
    struct Options {
        var fork: NamedFork
        var chainID: UInt64
        /// Wei for the coinbase, nil for none and no ommers either.
        var reward: evmc_bytes32?
        /// One transaction and nothing of the system's.
        var isStateTest = false
    }

    struct Receipt {
        let type: UInt8
        let hash: evmc_bytes32
        let success: Bool
        /// Before Byzantium: the state after the transaction, which its receipt has instead of a status.
        let root: evmc_bytes32?
        let gasUsed: UInt64
        /// Effective: what the sender paid for each.
        let gasPrice: evmc_bytes32
        let blobGasUsed: UInt64
        let cumulativeGas: UInt64
        let bloom: [UInt8]
        let contract: evmc_address
        let logs: [Log]
    }

    struct Log {
        let address: evmc_address
        let topics: [evmc_bytes32]
        let data: [UInt8]
    }

    let state: OpaquePointer
    let environment: TransitionEnvironment
    private let options: Options
    private let vm: EthereumVM
    private(set) var receipts: [Receipt] = []
    private(set) var rejected: [(index: Int, error: String)] = []
    /// The encodings of the transactions that were executed.
    private(set) var included: [[UInt8]] = []
    private(set) var gasUsed: UInt64 = 0
    private(set) var blobGasUsed: UInt64 = 0
    /// EIP-7685: type octet and data.
    private(set) var requests: [[UInt8]] = []
    private(set) var blockException: String?
    /// Executes a transaction, given its number and hash, in whatever is to be around that.
    var aroundTransaction: ((Int, evmc_bytes32, () -> duet_state_error_t) throws -> duet_state_error_t)?

    init(_ alloc: [StateTest.PreAccount], _ environment: TransitionEnvironment, _ options: Options, _ vm: EthereumVM) throws(ToolError) {
        guard let state = duet_state_create() else { throw TransitionStatus.evm.error("out of memory") }
        self.state = state
        self.environment = environment
        self.options = options
        self.vm = vm
        guard StateTestRunner.fill(state, alloc) else { throw TransitionStatus.evm.error("out of memory") }
    }

    deinit { duet_state_free(state) }

    private var rules: ForkRules { options.fork.rules }

    // MARK: Block

    func run(_ transactions: [Result<TransitionTransaction, ToolError>]) throws {
        if !options.isStateTest { try startBlock() }
        for (index, transaction) in transactions.enumerated() {
            switch transaction {
            case .success(let transaction): try execute(transaction, index)
            case .failure(let error): rejected.append((index, error.text))
            }
        }
        if !options.isStateTest { try endBlock() }
    }

    private func startBlock() throws {
        if rules.block.hasHistory, let parent = environment.hashes.parent { _ = try system(Transition.historyStorage, parent.octets) }
        if rules.block.hasBeaconRoot, let root = environment.parentBeaconBlockRoot { _ = try system(Transition.beaconRoots, root.octets) }
    }

    private func endBlock() throws {
        try payRewards()
        if rules.block.hasWithdrawals { try withdraw() }
        if rules.block.hasRequests { try collectRequests() }
    }

    private func execute(_ transaction: TransitionTransaction, _ index: Int) throws {
        var fields = transaction.fields
        var sender = evmc_address()
        let recovery = duet_transaction_sender(&fields, rules.transaction.wantsLowS, &sender)
        fields.sender = sender
        guard recovery == DUET_STATE_OK else {
            rejected.append((index, TransactionException.message(recovery)))
            return
        }
        var hash = evmc_bytes32()
        _ = duet_transaction_hash(&fields, &hash)
        var block = environment.block
        block.gas_left -= Int64(gasUsed)
        block.blobs_left -= min(block.blobs_left, blobGasUsed / BlobRules.gasPerBlob)
        var receipt = duet_receipt_t()
        func execute() -> duet_state_error_t { duet_state_execute(state, vm.vm, options.fork.revision, &block, &fields, &receipt) }
        let error = try aroundTransaction?(index, hash, execute) ?? execute()
        guard error == DUET_STATE_OK else {
            guard error.rawValue >= DUET_TX_ERR_RLP.rawValue else { throw TransitionStatus.evm.error(TransactionException.message(error)) }
            rejected.append((index, TransactionException.message(error)))
            return
        }
        if let number = environment.hashes.missing {
            throw TransitionStatus.missingBlockHash.error("transaction \(index) asks for the hash of block \(number), which env's blockHashes do not have")
        }
        let blobGas = UInt64(fields.blob_hash_count) * BlobRules.gasPerBlob
        gasUsed += UInt64(receipt.gas_used)
        blobGasUsed += blobGas
        included.append(transaction.encoding)
        receipts.append(Receipt(
            type: fields.type, hash: hash, success: receipt.success, root: rules.block.hasStatus ? nil : stateRoot,
            gasUsed: UInt64(receipt.gas_used), gasPrice: receipt.gas_price, blobGasUsed: blobGas, cumulativeGas: gasUsed,
            bloom: withUnsafeBytes(of: receipt.bloom) { Array($0) }, contract: receipt.contract_address, logs: logs(receipt.log_count)))
    }

    private func logs(_ count: Int) -> [Log] {
        (0..<count).map { index in
            var log = duet_log_t()
            _ = duet_state_log(state, index, &log)
            return Log(address: log.address, topics: Array(UnsafeBufferPointer(start: log.topics, count: log.topic_count)),
                       data: Array(UnsafeBufferPointer(start: log.data, count: log.data_size)))
        }
    }

    // MARK: System

    private static let historyStorage = address("0000f90827f1c53a10cb7a02335b175320002935")
    private static let beaconRoots = address("000f3df6d732807ef1319fb7b8bb8522d0beac02")
    private static let withdrawalRequests = address("00000961ef480eb55e80d19ad83579a64c007002")
    private static let consolidationRequests = address("0000bbddc7ce488642fb579f8b00f3a590007251")
    private static let depositContract = address("00000000219ab540356cbb839cbe05303d7705fa")

    private static func address(_ text: String) -> evmc_address {
        var address = evmc_address()
        withUnsafeMutableBytes(of: &address) { $0.copyBytes(from: hexOctets(text.utf8)!) }
        return address
    }

    /// The output of a call, nil if it failed.
    private func system(_ contract: evmc_address, _ data: [UInt8]) throws -> [UInt8]? {
        var (contract, block, receipt) = (contract, environment.block, duet_receipt_t())
        let error = duet_state_system_call(state, vm.vm, options.fork.revision, &block, &contract, data, data.count, &receipt)
        guard error == DUET_STATE_OK else { throw TransitionStatus.evm.error(TransactionException.message(error)) }
        return receipt.success ? Array(UnsafeBufferPointer(start: receipt.output, count: receipt.output_size)) : nil
    }

    private func hasCode(_ address: evmc_address) -> Bool {
        var (address, account) = (address, duet_account_t())
        _ = duet_state_account(state, &address, &account)
        return account.code_size > 0
    }

    private func pay(_ address: evmc_address, _ amount: U256) throws {
        var (address, word) = (address, amount.word)
        switch duet_state_add_balance(state, &address, &word, rules.deletesEmptyAccounts) {
        case DUET_STATE_OK: return
        case DUET_STATE_ERR_ARGUMENT: throw TransitionStatus.evm.error("the balance of \(address.hex) would exceed 256 bits")
        case let error: throw TransitionStatus.evm.error(TransactionException.message(error))
        }
    }

    /// Yellow Paper, 11.3: a 32nd of the reward for each ommer, and its miner a part that falls with its age.
    private func payRewards() throws {
        guard rules.block.difficulty != .none, let reward = options.reward else { return }
        let full = U256(reward)
        var miner = full
        for ommer in environment.ommers {
            miner = miner &+ full / U256(32)
            try pay(ommer.address, full &* U256(8 - ommer.delta) / U256(8))
        }
        try pay(environment.block.coinbase, miner)
    }

    /// EIP-4895: amounts are in Gwei.
    private func withdraw() throws {
        for withdrawal in environment.withdrawals ?? [] { try pay(withdrawal.address, U256(withdrawal.amount) &* U256(1_000_000_000)) }
    }

    /// EIP-7685: deposits (EIP-6110) from logs, withdrawals (7002) and consolidations (7251) from system contracts.
    private func collectRequests() throws {
        var deposits: [UInt8] = []
        for log in receipts.flatMap({ $0.logs }) where log.address == Transition.depositContract && log.topics.first?.hex == Transition.depositTopic {
            guard let deposit = Transition.deposit(log.data) else {
                blockException = "a malformed deposit event"
                return
            }
            deposits += deposit
        }
        if !deposits.isEmpty { requests.append([0] + deposits) }
        for (type, contract) in [(UInt8(1), Transition.withdrawalRequests), (2, Transition.consolidationRequests)] {
            guard hasCode(contract) else {
                blockException = "the system contract \(contract.hex) has no code"
                return
            }
            guard let output = try system(contract, []) else {
                blockException = "the call of a system contract failed: \(contract.hex)"
                return
            }
            if !output.isEmpty { requests.append([type] + output) }
        }
    }

    private static let depositTopic = "0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5"

    /// Five strings in the ABI's form: key, credentials, amount, signature, index.
    private static func deposit(_ data: [UInt8]) -> [UInt8]? {
        guard data.count == 576 else { return nil }
        var deposit: [UInt8] = []
        for (head, offset, length) in [(0, 160, 48), (1, 256, 32), (2, 320, 8), (3, 384, 96), (4, 512, 8)] {
            guard word(data, 32 * head) == offset, word(data, offset) == length else { return nil }
            deposit += data[offset + 32..<offset + 32 + length]
        }
        return deposit
    }

    private static func word(_ data: [UInt8], _ offset: Int) -> Int? {
        guard data[offset..<offset + 28].allSatisfy({ $0 == 0 }) else { return nil }
        return data[offset + 28..<offset + 32].reduce(0) { $0 << 8 | Int($1) }
    }

    // MARK: Roots

    private func root(_ items: [[UInt8]]) -> evmc_bytes32 {
        var trie = IndexedTrie()
        defer { trie.free() }
        for item in items { precondition(item.withUnsafeBytes { trie.append($0) }, "out of memory") }
        return trie.root()!.evmc
    }

    var stateRoot: evmc_bytes32 {
        var root = evmc_bytes32()
        precondition(duet_state_root(state, &root) == DUET_STATE_OK, "out of memory")
        return root
    }

    var transactionsRoot: evmc_bytes32 { root(included) }

    var receiptsRoot: evmc_bytes32 {
        root(receipts.map { receipt in
            encoded { writer in
                if receipt.type > 0 { writer.octet(receipt.type) }
                let list = writer.beginList()
                if let root = receipt.root { writer.bytes32(Bytes32(root)) } else { writer.number(UInt64(receipt.success ? 1 : 0)) }
                writer.number(receipt.cumulativeGas)
                receipt.bloom.withUnsafeBytes { writer.string($0) }
                Transition.write(receipt.logs, &writer)
                writer.endList(list)
            }
        })
    }

    var withdrawalsRoot: evmc_bytes32? {
        guard rules.block.hasWithdrawals, let withdrawals = environment.withdrawals else { return nil }
        return root(withdrawals.map { withdrawal in
            encoded { writer in
                let list = writer.beginList()
                writer.number(withdrawal.index)
                writer.number(withdrawal.validatorIndex)
                writer.address(Address(withdrawal.address))
                writer.number(withdrawal.amount)
                writer.endList(list)
            }
        })
    }

    var logsHash: evmc_bytes32 {
        let octets = encoded { writer in Transition.write(receipts.flatMap { $0.logs }, &writer) }
        return octets.withUnsafeBytes { keccak($0).evmc }
    }

    var bloom: [UInt8] {
        receipts.reduce([UInt8](repeating: 0, count: 256)) { sum, receipt in zip(sum, receipt.bloom).map { $0 | $1 } }
    }

    /// EIP-7685: SHA-256 over the SHA-256 of each request.
    var requestsHash: evmc_bytes32? {
        guard rules.block.hasRequests, !options.isStateTest else { return nil }
        return Transition.sha256(requests.flatMap { Transition.sha256($0).octets })
    }

    private static func sha256(_ octets: [UInt8]) -> evmc_bytes32 {
        var digest = evmc_bytes32()
        withUnsafeMutableBytes(of: &digest) { room in
            octets.withUnsafeBufferPointer {
                EVMPrecompiles.sha256($0.baseAddress, $0.count, room.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
        return digest
    }

    private static func write(_ logs: [Log], _ writer: inout RLPWriter) {
        let list = writer.beginList()
        for log in logs {
            let item = writer.beginList()
            writer.address(Address(log.address))
            let topics = writer.beginList()
            for topic in log.topics { writer.bytes32(Bytes32(topic)) }
            writer.endList(topics)
            log.data.withUnsafeBytes { writer.string($0) }
            writer.endList(item)
        }
        writer.endList(list)
    }

    /// The list of the included transactions as a block's body has it: typed ones are strings in it.
    var bodyEncoding: [UInt8] {
        encoded { writer in
            let list = writer.beginList()
            for transaction in included {
                transaction.withUnsafeBytes { bytes in
                    if bytes[0] >= 0xc0 { writer.raw(bytes) } else { writer.string(bytes) }
                }
            }
            writer.endList(list)
        }
    }

    private func encoded(_ body: (inout RLPWriter) -> Void) -> [UInt8] {
        var writer = RLPWriter()
        defer { writer.free() }
        body(&writer)
        precondition(!writer.failed, "out of memory")
        return Array(writer.bytes)
    }
}
