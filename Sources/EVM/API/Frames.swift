import CPVM
import VMCommon

// The functions of evm_frame.h.

@c @implementation
public func execute_message(_ frame: UnsafeMutablePointer<MessageFrameMemory>!, _ tracer: UnsafeMutablePointer<TracerCallbacks>!) {
    _ = execute(nil, frame, isSecond: false, tracer)
}

@c @implementation
public func execute_message_v2(_ frame: UnsafeMutablePointer<MessageFrameMemoryV2>!, _ tracer: UnsafeMutablePointer<TracerCallbacks>!) {
    _ = execute(nil, frame, isSecond: true, tracer)
}

@c @implementation
public func duet_frame_execute(_ resident: OpaquePointer!, _ frame: UnsafeMutablePointer<MessageFrameMemory>!,
                               _ tracer: UnsafeMutablePointer<TracerCallbacks>!) -> duet_frame_error_t {
    execute(resident.map { ResidentFrame.Handle($0) }, frame, isSecond: false, tracer)
}

@c @implementation
public func duet_frame_execute_v2(_ resident: OpaquePointer!, _ frame: UnsafeMutablePointer<MessageFrameMemoryV2>!,
                                  _ tracer: UnsafeMutablePointer<TracerCallbacks>!) -> duet_frame_error_t {
    execute(resident.map { ResidentFrame.Handle($0) }, frame, isSecond: true, tracer)
}

@c @implementation
public func duet_frame_create() -> OpaquePointer! { ResidentFrame.create().map { OpaquePointer($0) } }

@c @implementation
public func duet_frame_destroy(_ resident: OpaquePointer!) {
    if let resident { ResidentFrame.destroy(ResidentFrame.Handle(resident)) }
}

@c @implementation
public func duet_frame_reset(_ frame: UnsafeMutablePointer<MessageFrameMemory>!) {
    if let frame { FrameHeader(base: frame, isSecond: false).reset() }
}

@c @implementation
public func duet_frame_reset_v2(_ frame: UnsafeMutablePointer<MessageFrameMemoryV2>!) {
    if let frame { FrameHeader(base: frame, isSecond: true).reset() }
}

private func execute(_ resident: ResidentFrame.Handle?, _ frame: UnsafeMutableRawPointer?, isSecond: Bool,
                     _ tracer: UnsafeMutablePointer<TracerCallbacks>?) -> duet_frame_error_t {
    guard let frame else { return DUET_FRAME_ERR_NULL }
    guard UInt(bitPattern: frame) % 8 == 0 else { return DUET_FRAME_ERR_AREA }
    let header = FrameHeader(base: frame, isSecond: isSecond)
    switch Int(header.common.pointee.state) {
    case FRAME_NOT_STARTED, FRAME_CODE_EXECUTING, FRAME_CODE_SUSPENDED: break
    default: return DUET_FRAME_ERR_STATE
    }
    var surface = FrameSurface(header, tracer?.pointee ?? TracerCallbacks())
    return withUnsafeMutablePointer(to: &surface) { surface in
        if let resident, !resident.pointee.isBusy {
            resident.pointee.isBusy = true
            defer { resident.pointee.isBusy = false }
            return surface.execute(resident.pointee.instance, resident)
        }
        guard let instance = IdleInstances.take() else { return surface.refuseForMemory() }
        defer { IdleInstances.give(instance) }
        return surface.execute(instance, nil)
    }
}

@c @implementation
public func duet_frame_error_message(_ error: duet_frame_error_t) -> UnsafePointer<CChar>! {
    let text: StaticString = switch error {
    case DUET_FRAME_OK: "success"
    case DUET_FRAME_ERR_NULL: "no frame was given"
    case DUET_FRAME_ERR_STATE: "the frame has ended, or its state is unknown"
    case DUET_FRAME_ERR_AREA: "an area of the frame lies outside its segment, or what is said to be in an area does not fit it"
    case DUET_FRAME_ERR_STACK: "the stack has more than 1024 words, or its area has less than 32768 octets"
    case DUET_FRAME_ERR_MEMORY: "the memory's size is no multiple of 32, or above 2^31"
    case DUET_FRAME_ERR_VALUE: "gas below 0, a depth above 1024, a pc behind the code, code of more than 2^28 octets, or a code section"
    case DUET_FRAME_ERR_REVISION: "the revision is unknown"
    case DUET_FRAME_ERR_EXTENSION: "the extension has another size than this version's, or is not at a multiple of 8"
    case DUET_FRAME_ERR_HOST: "a function of the host is missing"
    case DUET_FRAME_ERR_ANSWER: "the answer to the frame's request cannot be"
    case DUET_FRAME_ERR_TRACE: "the trace has no buffer for a record, or too many stack words"
    case DUET_FRAME_ERR_GROW: "the code has paid for more memory than its area has, and it could not be made larger"
    case DUET_FRAME_ERR_NO_MEMORY: "the process is short of memory"
    case DUET_FRAME_ERR_OUTSIDE: "a call could not be carried out"
    default: "unknown error"
    }
    return UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
}
