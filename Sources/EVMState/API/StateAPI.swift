import CPVM
import VMCommon

/// States and what is in them (duet_state.h).

@c @implementation
public func duet_state_create() -> OpaquePointer? {
    guard var state = State() else { return nil }
    guard let room = malloc(MemoryLayout<Session>.stride) else {
        state.free()
        return nil
    }
    let session = room.bindMemory(to: Session.self, capacity: 1)
    session.initialize(to: Session(state: state))
    return OpaquePointer(session)
}

@c @implementation
public func duet_state_free(_ state: OpaquePointer?) {
    guard let session = Session.pointer(state), !session.pointee.isRunning else { return }
    session.pointee.free()
    free(session)
}

/// A change from outside any transaction.
private func change(_ state: OpaquePointer?, deletesEmpty: Bool = false, _ body: (UnsafeMutablePointer<State>) -> Void) -> duet_state_error_t {
    guard let session = Session.pointer(state) else { return DUET_STATE_ERR_NULL }
    guard !session.pointee.isRunning else { return DUET_STATE_ERR_BUSY }
    let state = Session.statePointer(session)
    state.pointee.beginTransaction()
    body(state)
    guard !state.pointee.failed, state.pointee.endTransaction(deletesEmpty: deletesEmpty) else {
        state.pointee.abandon()
        return DUET_STATE_ERR_NO_MEMORY
    }
    return DUET_STATE_OK
}

@c @implementation
public func duet_state_set_account(
    _ state: OpaquePointer?, _ address: UnsafePointer<evmc_address>?, _ nonce: UInt64, _ balance: UnsafePointer<evmc_uint256be>?
) -> duet_state_error_t {
    guard let address, let balance else { return DUET_STATE_ERR_NULL }
    return change(state) { state in
        state.pointee.setBalance(Address(address.pointee), balance.pointee.number)
        state.pointee.setNonce(Address(address.pointee), nonce)
    }
}

@c @implementation
public func duet_state_set_code(
    _ state: OpaquePointer?, _ address: UnsafePointer<evmc_address>?, _ code: UnsafePointer<UInt8>?, _ size: Int
) -> duet_state_error_t {
    guard let address, code != nil || size == 0 else { return DUET_STATE_ERR_NULL }
    guard size >= 0, size <= Code.longest else { return DUET_STATE_ERR_ARGUMENT }
    return change(state) { $0.pointee.setCode(Address(address.pointee), UnsafeRawBufferPointer(start: code, count: size)) }
}

@c @implementation
public func duet_state_set_storage(
    _ state: OpaquePointer?, _ address: UnsafePointer<evmc_address>?, _ key: UnsafePointer<evmc_bytes32>?, _ value: UnsafePointer<evmc_bytes32>?
) -> duet_state_error_t {
    guard let address, let key, let value else { return DUET_STATE_ERR_NULL }
    return change(state) { _ = $0.pointee.setStorage(Address(address.pointee), Bytes32(key.pointee), Bytes32(value.pointee)) }
}

@c @implementation
public func duet_state_add_balance(
    _ state: OpaquePointer?, _ address: UnsafePointer<evmc_address>?, _ amount: UnsafePointer<evmc_uint256be>?, _ deletesEmpty: Bool
) -> duet_state_error_t {
    guard let session = Session.pointer(state), let address, let amount else { return DUET_STATE_ERR_NULL }
    let (receiver, payment) = (Address(address.pointee), amount.pointee.number)
    // A balance of 2^256 and more would begin at 0 again.
    guard session.pointee.isRunning || session.pointee.state.balance(receiver) &+ payment >= payment else { return DUET_STATE_ERR_ARGUMENT }
    return change(state, deletesEmpty: deletesEmpty) { $0.pointee.addBalance(receiver, payment) }
}

// MARK: Reading

@c @implementation
public func duet_state_account(
    _ state: OpaquePointer?, _ address: UnsafePointer<evmc_address>?, _ account: UnsafeMutablePointer<duet_account_t>?
) -> duet_state_error_t {
    guard let session = Session.pointer(state), let address, let account else { return DUET_STATE_ERR_NULL }
    let wanted = Address(address.pointee)
    account.pointee = session.pointee.account(session.pointee.state.find(wanted), wanted)
    return DUET_STATE_OK
}

@c @implementation
public func duet_state_storage(
    _ state: OpaquePointer?, _ address: UnsafePointer<evmc_address>?, _ key: UnsafePointer<evmc_bytes32>?, _ value: UnsafeMutablePointer<evmc_bytes32>?
) -> duet_state_error_t {
    guard let session = Session.pointer(state), let address, let key, let value else { return DUET_STATE_ERR_NULL }
    value.pointee = session.pointee.state.storage(Address(address.pointee), Bytes32(key.pointee)).evmc
    return DUET_STATE_OK
}

@c @implementation
public func duet_state_account_count(_ state: OpaquePointer?) -> Int {
    Session.pointer(state)?.pointee.state.accounts.count ?? 0
}

@c @implementation
public func duet_state_account_at(_ state: OpaquePointer?, _ index: Int, _ account: UnsafeMutablePointer<duet_account_t>?) -> duet_state_error_t {
    guard let session = Session.pointer(state), let account else { return DUET_STATE_ERR_NULL }
    guard index >= 0, index < session.pointee.state.accounts.count else { return DUET_STATE_ERR_ARGUMENT }
    account.pointee = session.pointee.account(index, session.pointee.state.account(index).pointee.address)
    return DUET_STATE_OK
}

@c @implementation
public func duet_state_slot_count(_ state: OpaquePointer?, _ index: Int) -> Int {
    guard let session = Session.pointer(state), index >= 0, index < session.pointee.state.accounts.count else { return 0 }
    return session.pointee.state.account(index).pointee.slots.count
}

@c @implementation
public func duet_state_slot_at(
    _ state: OpaquePointer?, _ index: Int, _ slot: Int, _ key: UnsafeMutablePointer<evmc_bytes32>?, _ value: UnsafeMutablePointer<evmc_bytes32>?
) -> duet_state_error_t {
    guard let session = Session.pointer(state), let key, let value else { return DUET_STATE_ERR_NULL }
    guard slot >= 0, slot < duet_state_slot_count(state, index) else { return DUET_STATE_ERR_ARGUMENT }
    let found = session.pointee.state.account(index).pointee.slots[slot]
    key.pointee = found.key.evmc
    value.pointee = found.value.evmc
    return DUET_STATE_OK
}

@c @implementation
public func duet_state_root(_ state: OpaquePointer?, _ root: UnsafeMutablePointer<evmc_bytes32>?) -> duet_state_error_t {
    guard let session = Session.pointer(state), let root else { return DUET_STATE_ERR_NULL }
    guard !session.pointee.isRunning else { return DUET_STATE_ERR_BUSY }
    guard let found = session.pointee.state.root() else { return DUET_STATE_ERR_NO_MEMORY }
    root.pointee = found.evmc
    return DUET_STATE_OK
}
