import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// Execution and what comes of it (duet_state.h).

/// What every execution needs of its arguments.
private func run(
    _ state: OpaquePointer?, _ vm: UnsafeMutablePointer<evmc_vm>?, _ revision: evmc_revision, _ block: UnsafePointer<duet_block_t>?,
    _ receipt: UnsafeMutablePointer<duet_receipt_t>?, _ body: (Execution, Session.Pointer) -> Result<Outcome, TransactionError>
) -> duet_state_error_t {
    guard let session = Session.pointer(state), let block, let receipt else { return DUET_STATE_ERR_NULL }
    receipt.pointee = duet_receipt_t()
    guard let fork = Fork(revision) else { return DUET_STATE_ERR_ARGUMENT }
    guard !session.pointee.isRunning else { return DUET_STATE_ERR_BUSY }
    guard let vm = session.pointee.vm(vm) else { return DUET_STATE_ERR_NO_MEMORY }
    guard vm.pointee.abi_version == Int32(truncatingIfNeeded: EVMC_ABI_VERSION) else { return DUET_STATE_ERR_VM }
    session.pointee.isRunning = true
    defer { session.pointee.isRunning = false }
    let execution = Execution(state: Session.statePointer(session), vm: vm, fork: fork, block: block.pointee)
    switch body(execution, session) {
    case .failure(let error): return error.code
    case .success(let outcome):
        swap(&session.pointee.output, &session.pointee.newOutput)
        receipt.pointee.success = outcome.status == EVMC_SUCCESS
        receipt.pointee.status_code = outcome.status
        receipt.pointee.gas_used = Int64(clamping: outcome.gasUsed)
        receipt.pointee.gas_refund = Int64(clamping: outcome.gasRefund)
        receipt.pointee.gas_price = evmc_bytes32(outcome.gasPrice)
        receipt.pointee.contract_address = outcome.contract.evmc
        receipt.pointee.output = UnsafePointer(session.pointee.output.base)
        receipt.pointee.output_size = session.pointee.output.count
        receipt.pointee.log_count = session.pointee.state.lastLogs.count
        withUnsafeMutableBytes(of: &receipt.pointee.bloom) { bloom in
            session.pointee.state.lastLogs.addBloom(to: bloom.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self))
        }
        return DUET_STATE_OK
    }
}

@c @implementation
public func duet_state_execute(
    _ state: OpaquePointer?, _ vm: UnsafeMutablePointer<evmc_vm>?, _ revision: evmc_revision, _ block: UnsafePointer<duet_block_t>?,
    _ transaction: UnsafePointer<duet_transaction_t>?, _ receipt: UnsafeMutablePointer<duet_receipt_t>?
) -> duet_state_error_t {
    guard let transaction else { return DUET_STATE_ERR_NULL }
    guard transaction.pointee.isWellFormed else { return DUET_STATE_ERR_ARGUMENT }
    return run(state, vm, revision, block, receipt) { execution, session in execution.run(transaction.pointee, &session.pointee.newOutput) }
}

@c @implementation
public func duet_state_system_call(
    _ state: OpaquePointer?, _ vm: UnsafeMutablePointer<evmc_vm>?, _ revision: evmc_revision, _ block: UnsafePointer<duet_block_t>?,
    _ contract: UnsafePointer<evmc_address>?, _ data: UnsafePointer<UInt8>?, _ size: Int, _ receipt: UnsafeMutablePointer<duet_receipt_t>?
) -> duet_state_error_t {
    guard let contract, data != nil || size == 0 else { return DUET_STATE_ERR_NULL }
    guard size >= 0, size <= Int(Int32.max) else { return DUET_STATE_ERR_ARGUMENT }
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    return run(state, vm, revision, block, receipt) { execution, session in
        execution.runSystemCall(Address(contract.pointee), bytes, &session.pointee.newOutput)
    }
}

@c @implementation
public func duet_state_check(
    _ state: OpaquePointer?, _ revision: evmc_revision, _ block: UnsafePointer<duet_block_t>?, _ transaction: UnsafePointer<duet_transaction_t>?
) -> duet_state_error_t {
    guard let session = Session.pointer(state), let block, let transaction else { return DUET_STATE_ERR_NULL }
    guard let fork = Fork(revision), transaction.pointee.isWellFormed else { return DUET_STATE_ERR_ARGUMENT }
    guard !session.pointee.isRunning else { return DUET_STATE_ERR_BUSY }
    switch session.pointee.state.check(transaction.pointee, block.pointee, fork) {
    case .success: return DUET_STATE_OK
    case .failure(let error): return error.code
    }
}

// MARK: Logs

@c @implementation
public func duet_state_log(_ state: OpaquePointer?, _ index: Int, _ log: UnsafeMutablePointer<duet_log_t>?) -> duet_state_error_t {
    guard let session = Session.pointer(state), let log else { return DUET_STATE_ERR_NULL }
    let logs = session.pointee.state.lastLogs
    guard index >= 0, index < logs.count else { return DUET_STATE_ERR_ARGUMENT }
    let (topics, data) = (logs.topics(index), logs.data(index))
    log.pointee = duet_log_t(
        address: logs.address(index).evmc, topics: UnsafeRawPointer(topics.baseAddress)?.assumingMemoryBound(to: evmc_bytes32.self),
        topic_count: topics.count, data: data.baseAddress?.assumingMemoryBound(to: UInt8.self), data_size: data.count)
    return DUET_STATE_OK
}

@c @implementation
public func duet_state_logs_hash(_ state: OpaquePointer?, _ hash: UnsafeMutablePointer<evmc_bytes32>?) -> duet_state_error_t {
    guard let session = Session.pointer(state), let hash else { return DUET_STATE_ERR_NULL }
    var writer = RLPWriter()
    defer { writer.free() }
    session.pointee.state.lastLogs.write(&writer)
    guard !writer.failed else { return DUET_STATE_ERR_NO_MEMORY }
    hash.pointee = keccak(writer.bytes).evmc
    return DUET_STATE_OK
}

// MARK: Changes

@c @implementation
public func duet_state_change_count(_ state: OpaquePointer?) -> Int {
    Session.pointer(state)?.pointee.state.lastChanges.count ?? 0
}

@c @implementation
public func duet_state_change(_ state: OpaquePointer?, _ index: Int, _ account: UnsafeMutablePointer<duet_account_t>?) -> duet_state_error_t {
    guard let session = Session.pointer(state), let account else { return DUET_STATE_ERR_NULL }
    guard index >= 0, index < duet_state_change_count(state) else { return DUET_STATE_ERR_ARGUMENT }
    let address = session.pointee.state.lastChanges[index]
    account.pointee = session.pointee.account(session.pointee.state.find(address), address)
    return DUET_STATE_OK
}

@c @implementation
public func duet_state_slot_change_count(_ state: OpaquePointer?, _ index: Int) -> Int {
    guard let session = Session.pointer(state), index >= 0, index < session.pointee.state.lastChanges.count else { return 0 }
    return session.pointee.state.lastChanges.keyCount(index)
}

@c @implementation
public func duet_state_slot_change(
    _ state: OpaquePointer?, _ index: Int, _ slot: Int, _ key: UnsafeMutablePointer<evmc_bytes32>?, _ value: UnsafeMutablePointer<evmc_bytes32>?
) -> duet_state_error_t {
    guard let session = Session.pointer(state), let key, let value else { return DUET_STATE_ERR_NULL }
    guard slot >= 0, slot < duet_state_slot_change_count(state, index) else { return DUET_STATE_ERR_ARGUMENT }
    let changed = session.pointee.state.lastChanges.key(index, slot)
    key.pointee = changed.evmc
    value.pointee = session.pointee.state.storage(session.pointee.state.lastChanges[index], changed).evmc
    return DUET_STATE_OK
}
