import CPVM
import VMCommon

/// Ecalli traces (pvm_ext.h, "Ecalli traces").

@c @implementation
public func pvm_set_ecalli_trace(
    _ vm: UnsafeMutablePointer<VM>?, _ function: pvm_line_function_t?, _ user_data: UnsafeMutableRawPointer?
) -> pvm_error_t {
    guard let instance = vm?.instance else { return PVM_ERR_NULL }
    guard !instance.pointee.isRunning else { return PVM_ERR_BUSY }
    return instance.setEcalliTrace(function, user_data) ? PVM_OK : PVM_ERR_NO_MEMORY
}

@c @implementation
public func pvm_replay_create(
    _ text: UnsafePointer<CChar>?, _ length: Int, _ isa: pvm_isa_t, _ engine: pvm_engine_t, _ mode: pvm_memory_mode_t,
    _ replay: UnsafeMutablePointer<OpaquePointer?>?
) -> pvm_error_t {
    guard let replay else { return PVM_ERR_NULL }
    replay.pointee = nil
    guard text != nil || length == 0 else { return PVM_ERR_NULL }
    let head = MemoryLayout<EcalliReplay>.stride
    guard let isa = ISA(isa), length >= 0 else { return PVM_ERR_ARGUMENT }
    guard length <= Int.max / 2 else { return PVM_ERR_NO_MEMORY }
    let error = check(engine, mode)
    guard error == PVM_OK else { return error }
    // In one allocation: the replay, then the text.
    guard let space = malloc(head + length) else { return PVM_ERR_NO_MEMORY }
    if let text, length > 0 { memcpy(space + head, text, length) }
    let copy = UnsafeRawBufferPointer(start: space + head, count: length)
    space.assumingMemoryBound(to: EcalliReplay.self).initialize(to: EcalliReplay(copy, isa, engine, mode))
    replay.pointee = OpaquePointer(space)
    return PVM_OK
}

@c @implementation
public func pvm_replay_next(_ replay: OpaquePointer?, _ report: UnsafeMutablePointer<pvm_replay_report_t>?) -> pvm_replay_step_t {
    guard let replay else {
        report?.pointee = pvm_replay_report_t()
        report?.pointee.error = PVM_ERR_NULL
        return PVM_REPLAY_FAILED
    }
    let next = EcalliReplay.Pointer(replay).pointee.next()
    report?.pointee = next.report
    return next.step
}

@c @implementation
public func pvm_replay_vm(_ replay: OpaquePointer?) -> UnsafeMutablePointer<VM>? {
    replay.flatMap { EcalliReplay.Pointer($0).pointee.vm?.handle }
}

@c @implementation
public func pvm_replay_destroy(_ replay: OpaquePointer?) {
    guard let replay else { return }
    EcalliReplay.Pointer(replay).pointee.dropRun()
    free(UnsafeMutableRawPointer(replay))
}
