import CPVM

/// The header of a message frame, in either layout of `evm_frame.h`.
struct FrameHeader: BitwiseCopyable {
    let base: UnsafeMutableRawPointer
    let isSecond: Bool

    /// What both layouts have at the same places: everything up to the areas' offsets, and the last 16 octets.
    @inline(__always)
    var common: UnsafeMutablePointer<MessageFrameMemory> { base.assumingMemoryBound(to: MessageFrameMemory.self) }
    /// What only the second layout has.
    @inline(__always)
    var second: UnsafeMutablePointer<MessageFrameMemoryV2>? { isSecond ? base.assumingMemoryBound(to: MessageFrameMemoryV2.self) : nil }
    @inline(__always)
    var sizes: UnsafeMutablePointer<duet_frame_sizes> { duet_sizes_of_frame(base, isSecond) }
    @inline(__always)
    var context: UnsafeMutablePointer<duet_frame_context> { duet_context_of_frame(base, isSecond) }

    /// Makes a frame that has ended ready for another call.
    func reset() {
        common.pointee.pc = 0
        common.pointee.gas_refund = 0
        common.pointee.stack_size = 0
        common.pointee.memory_size = 0
        common.pointee.state = UInt32(FRAME_NOT_STARTED)
        sizes.pointee.output = 0
        sizes.pointee.return_data = 0
        sizes.pointee.logs = 0
        context.pointee.halt_reason = UInt32(HALT_NONE)
        if !isSecond {
            common.pointee.self_destruct_count = 0
            common.pointee.created_count = 0
        }
    }
}
