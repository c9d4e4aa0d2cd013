import CPVM
import EVM
import VMCommon

/// What a duet_state_t points to.
struct Session {
    typealias Pointer = UnsafeMutablePointer<Session>

    /// Stands first: a pointer to the session is one to the state.
    var state: State
    /// What the last transaction gave, and what the running one does.
    var output = ByteBuffer()
    var newOutput = ByteBuffer()
    var isRunning = false
    /// This library's EVM, made when it is needed first.
    private var ownVM: UnsafeMutablePointer<evmc_vm>?

    init(state: State) {
        self.state = state
    }

    static func pointer(_ state: OpaquePointer?) -> Pointer? {
        state.map { Pointer($0) }
    }

    static func statePointer(_ session: Pointer) -> UnsafeMutablePointer<State> {
        UnsafeMutableRawPointer(session).assumingMemoryBound(to: State.self)
    }

    mutating func vm(_ given: UnsafeMutablePointer<evmc_vm>?) -> UnsafeMutablePointer<evmc_vm>? {
        if let given { return given }
        if ownVM == nil { ownVM = evmc_create_duet() }
        return ownVM
    }

    mutating func free() {
        if let ownVM { ownVM.pointee.destroy(ownVM) }
        state.free()
        output.free()
        newOutput.free()
    }

    func account(_ index: Int?, _ address: Address) -> duet_account_t {
        var account = duet_account_t()
        account.address = address.evmc
        account.code_hash = Code.emptyHash.evmc
        guard let index, case let found = state.accounts.pointer(index), found.pointee.exists else { return account }
        let code = state.codes[found.pointee.code]
        account.exists = true
        account.nonce = found.pointee.nonce
        account.balance = evmc_bytes32(found.pointee.balance)
        account.code_hash = code.hash.evmc
        account.code = UnsafePointer(code.octets)
        account.code_size = code.count
        return account
    }
}
