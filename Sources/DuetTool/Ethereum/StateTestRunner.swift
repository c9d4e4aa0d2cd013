import CPVM
import EVMState

/// Executes the cases of state tests, each on a state of its own. Used by one thread.
final class StateTestRunner {
    private let vm: EthereumVM
    /// The document's transactions that have been decoded, with their senders: several forks have the same ones.
    private var known: [TransactionKey: Decoded] = [:]

    private typealias Decoded = Result<UnsafeMutablePointer<duet_transaction_t>, Rejection>

    private struct TransactionKey: Hashable {
        let hex: String
        /// From Homestead on s must be in the lower half.
        let wantsLowS: Bool
    }

    struct Rejection: Error { let code: duet_state_error_t }

    struct Outcome {
        var root = evmc_bytes32()
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
        guard let revision = ForkName.revision(fork) else { return Outcome(failures: ["no fork of this name"]) }
        guard let state = duet_state_create() else { return Outcome(failures: ["out of memory"]) }
        defer { duet_state_free(state) }
        guard StateTestRunner.fill(state, test.pre) else { return Outcome(failures: ["out of memory"]) }

        var outcome = Outcome()
        var receipt = duet_receipt_t()
        var code: duet_state_error_t
        if expected.bytes != nil {
            code = execute(state, test, fork, revision, expected, &receipt, &outcome)
        } else {
            switch test.transaction(expected, revision) {
            case .failure(let error): return Outcome(failures: [error.text])
            case .success(let transaction):
                var fields = transaction.fields
                var block = test.block(revision, fork: fork)
                code = withExtendedLifetime(transaction) { duet_state_execute(state, vm.vm, revision, &block, &fields, &receipt) }
            }
        }
        if code != DUET_STATE_OK {
            guard code.rawValue >= DUET_TX_ERR_RLP.rawValue else { return Outcome(failures: [TransactionException.message(code)]) }
            outcome.rejection = TransactionException.message(code)
            var coinbase = test.block(revision, fork: fork).coinbase
            var nothing = evmc_bytes32()
            // The fixtures come from blocks with a reward of zero, which made the coinbase exist.
            if revision.rawValue < EVMC_SPURIOUS_DRAGON.rawValue { _ = duet_state_add_balance(state, &coinbase, &nothing, false) }
        }
        compare(state, expected, code, &outcome)
        return outcome
    }

    /// Executes the bytes of a case.
    private func execute(_ state: OpaquePointer, _ test: StateTest, _ fork: String, _ revision: evmc_revision, _ expected: StateTest.Case,
                         _ receipt: inout duet_receipt_t, _ outcome: inout Outcome) -> duet_state_error_t {
        switch decoded(expected.bytes!, revision) {
        case .failure(let rejection): return rejection.code
        case .success(let transaction):
            if let sender = test.sender, !(sender == transaction.pointee.sender) {
                outcome.failures.append("sender: expected \(sender.hex), recovered \(transaction.pointee.sender.hex)")
            }
            var block = test.block(revision, fork: fork)
            return duet_state_execute(state, vm.vm, revision, &block, transaction, &receipt)
        }
    }

    private func decoded(_ bytes: JSONValue, _ revision: evmc_revision) -> Decoded {
        let key = TransactionKey(hex: String(decoding: bytes.raw, as: UTF8.self), wantsLowS: revision.rawValue >= EVMC_HOMESTEAD.rawValue)
        if let decoded = known[key] { return decoded }
        let decoded = StateTestRunner.decode(bytes, wantsLowS: key.wantsLowS)
        known[key] = decoded
        return decoded
    }

    private static func decode(_ bytes: JSONValue, wantsLowS: Bool) -> Decoded {
        guard let octets = bytes.octets else { return .failure(Rejection(code: DUET_TX_ERR_RLP)) }
        var transaction: UnsafeMutablePointer<duet_transaction_t>?
        let code = duet_transaction_decode(octets, octets.count, &transaction)
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
            } else if !TransactionException.matches(exception, code) {
                outcome.failures.append("expected \(exception), found: \(TransactionException.message(code))")
            }
        } else if let rejection = outcome.rejection, expected.bytes != nil {
            outcome.failures.append("the transaction was found invalid: \(rejection)")
        }
        var logs = evmc_bytes32()
        guard duet_state_logs_hash(state, &logs) == DUET_STATE_OK, duet_state_root(state, &outcome.root) == DUET_STATE_OK else {
            outcome.failures.append("out of memory")
            return
        }
        if !(logs == expected.logs) { outcome.failures.append("logs hash: expected \(expected.logs.hex), found \(logs.hex)") }
        if !(outcome.root == expected.root) {
            outcome.failures.append("state root: expected \(expected.root.hex), found \(outcome.root.hex)")
            if let rejection = outcome.rejection { outcome.failures.append("(the transaction was found invalid: \(rejection))") }
            if let post = expected.state { outcome.failures += StateDifferences.list(state, post) }
        }
    }
}
