import CPVM
import EVMRules
import EVMState

/// Executes the cases of state tests, each on a state of its own. Used by one thread.
final class StateTestRunner {
    private let vm: EthereumVM
    /// The document's transactions that have been decoded, with their senders: several forks have the same ones.
    private var known: [TransactionKey: Decoded] = [:]

    /// Names of exceptions in the files that nothing is known by.
    private(set) var unknownExceptions: Set<String> = []

    private typealias Decoded = Result<UnsafeMutablePointer<duet_transaction_t>, Rejection>

    private struct TransactionKey: Hashable {
        let bytes: [UInt8]
        /// From Homestead on s must be in the lower half.
        let wantsLowS: Bool
    }

    struct Rejection: Error { let code: duet_state_error_t }

    struct Outcome {
        /// Of the state behind the transaction, nil if the case could not be run.
        var root: evmc_bytes32?
        /// What is not as expected.
        var failures: [String] = []
        /// Why the transaction was refused, if it was.
        var rejection: String?
    }

    init(_ vm: EthereumVM) {
        self.vm = vm
    }

    deinit { forget() }

    /// To be called between documents: another one has other transactions.
    func forget() {
        for case .success(let transaction) in known.values { duet_transaction_free(transaction) }
        known = [:]
    }

    func run(_ test: StateTest, _ fork: String, _ expected: StateTest.Case) -> Outcome {
        guard let named = NamedFork.named(fork) else { return Outcome(failures: [NamedFork.refusal(fork)]) }
        do throws(ValueError) {
            let block = try test.block(named, schedule: fork)
            let transaction = try transaction(of: test, expected, named)
            return run(test, transaction, block, named, expected)
        } catch {
            return Outcome(failures: [error.text])
        }
    }

    /// The transaction of a case, or why it cannot be executed.
    private enum Candidate {
        case decoded(UnsafeMutablePointer<duet_transaction_t>)
        case made(TestTransaction)
        case undecodable(duet_state_error_t)
        case unencodable(String)
    }

    /// From the bytes of the case or, in older files, from the fields of the test.
    private func transaction(of test: StateTest, _ expected: StateTest.Case, _ fork: NamedFork) throws(ValueError) -> Candidate {
        if let bytes = expected.bytes {
            switch decoded(bytes, fork) {
            case .success(let transaction): return .decoded(transaction)
            case .failure(let rejection): return .undecodable(rejection.code)
            }
        }
        switch try within("transaction", { () throws(ValueError) in try test.transaction.fields(expected.indexes) }) {
        case .success(let fields): return .made(TestTransaction(fields))
        case .failure(let mistake): return .unencodable("transaction.\(mistake.reason)")
        }
    }

    private func run(_ test: StateTest, _ transaction: Candidate, _ block: duet_block_t, _ fork: NamedFork,
                     _ expected: StateTest.Case) -> Outcome {
        guard let state = duet_state_create() else { return Outcome(failures: ["out of memory"]) }
        defer { duet_state_free(state) }
        guard StateTestRunner.fill(state, test.pre) else { return Outcome(failures: ["out of memory"]) }

        var outcome = Outcome()
        var (block, receipt) = (block, duet_receipt_t())
        let code: duet_state_error_t
        switch transaction {
        case .decoded(let transaction):
            if let sender = test.transaction.sender, !(sender == transaction.pointee.sender) {
                outcome.failures.append("sender: expected \(sender.hex), recovered \(transaction.pointee.sender.hex)")
            }
            code = duet_state_execute(state, vm.vm, fork.revision, &block, transaction, &receipt)
        case .made(let transaction):
            var fields = transaction.fields
            code = withExtendedLifetime(transaction) { duet_state_execute(state, vm.vm, fork.revision, &block, &fields, &receipt) }
        case .undecodable(let reason): code = reason
        case .unencodable(let reason):
            code = DUET_TX_ERR_RLP
            outcome.rejection = reason
        }
        if code != DUET_STATE_OK {
            guard code.rawValue >= DUET_TX_ERR_RLP.rawValue else { return Outcome(failures: [TransactionException.message(code)]) }
            // Fields alone may be meant to be refused: the oldest files say so by their roots.
            let mayBeMeant = if case .made = transaction { true } else { expected.exception != nil }
            let rejection = outcome.rejection ?? TransactionException.message(code)
            if !mayBeMeant { outcome.failures.append("the transaction was found invalid: \(rejection)") }
            outcome.rejection = rejection
            var nothing = evmc_bytes32()
            // The fixtures come from blocks with a reward of zero, which made the coinbase exist.
            if !fork.rules.deletesEmptyAccounts { _ = duet_state_add_balance(state, &block.coinbase, &nothing, false) }
        }
        compare(state, expected, code, &outcome)
        return outcome
    }

    private func decoded(_ bytes: [UInt8], _ fork: NamedFork) -> Decoded {
        let key = TransactionKey(bytes: bytes, wantsLowS: fork.rules.transaction.wantsLowS)
        if let decoded = known[key] { return decoded }
        let decoded = StateTestRunner.decode(bytes, wantsLowS: key.wantsLowS)
        known[key] = decoded
        return decoded
    }

    private static func decode(_ bytes: [UInt8], wantsLowS: Bool) -> Decoded {
        var transaction: UnsafeMutablePointer<duet_transaction_t>?
        let code = duet_transaction_decode(bytes, bytes.count, &transaction)
        guard code == DUET_STATE_OK, let transaction else { return .failure(Rejection(code: code)) }
        let recovery = duet_transaction_sender(transaction, wantsLowS, &transaction.pointee.sender)
        guard recovery == DUET_STATE_OK else {
            duet_transaction_free(transaction)
            return .failure(Rejection(code: recovery))
        }
        return .success(transaction)
    }

    static func fill(_ state: OpaquePointer, _ accounts: [StateTest.PreAccount]) -> Bool {
        for account in accounts {
            var (address, balance) = (account.address, account.balance)
            guard duet_state_set_account(state, &address, account.nonce, &balance) == DUET_STATE_OK else { return false }
            if !account.code.isEmpty, duet_state_set_code(state, &address, account.code, account.code.count) != DUET_STATE_OK { return false }
            for var (key, value) in account.storage where duet_state_set_storage(state, &address, &key, &value) != DUET_STATE_OK { return false }
        }
        return true
    }

    // MARK: Comparison

    private func compare(_ state: OpaquePointer, _ expected: StateTest.Case, _ code: duet_state_error_t, _ outcome: inout Outcome) {
        if let exception = expected.exception {
            if code == DUET_STATE_OK {
                outcome.failures.append("expected the transaction to be invalid: \(exception)")
            } else {
                switch TransactionException.judge(exception, code) {
                case .matches: break
                case .differs: outcome.failures.append("expected \(exception), found: \(outcome.rejection ?? TransactionException.message(code))")
                case .unknown(let names): unknownExceptions.formUnion(names)
                }
            }
        }
        var logs = evmc_bytes32()
        var root = evmc_bytes32()
        guard duet_state_logs_hash(state, &logs) == DUET_STATE_OK, duet_state_root(state, &root) == DUET_STATE_OK else {
            outcome.failures.append("out of memory")
            return
        }
        outcome.root = root
        if !(logs == expected.logs) { outcome.failures.append("logs hash: expected \(expected.logs.hex), found \(logs.hex)") }
        if !(root == expected.root) {
            outcome.failures.append("state root: expected \(expected.root.hex), found \(root.hex)")
            if let rejection = outcome.rejection { outcome.failures.append("(the transaction was found invalid: \(rejection))") }
            if let post = expected.state { outcome.failures += StateDifferences.list(state, post) }
        }
    }
}
