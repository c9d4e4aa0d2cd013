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
        common.pointee.state = UInt32(truncatingIfNeeded: FRAME_NOT_STARTED)
        sizes.pointee.output = 0
        sizes.pointee.return_data = 0
        sizes.pointee.logs = 0
        context.pointee.halt_reason = UInt32(truncatingIfNeeded: HALT_NONE)
        if !isSecond {
            common.pointee.self_destruct_count = 0
            common.pointee.created_count = 0
        }
    }
}

/// What a header says, read once. The client's memory may say something else when it is looked at again, after a callback for instance: what has
/// been checked is these values, and they alone are used.
struct FrameValues: BitwiseCopyable {
    let isSecond: Bool
    // Numbers.
    let pc, section, stackSize, memorySize, type, isStatic, depth: UInt32
    let gas, refund: Int64
    // Offsets of areas. 0: there is none.
    let stack, memory, code, input, output, returnData, logs, warmAddresses, storage, witness, supplement: UInt64
    /// 0: not known.
    let segmentSize: UInt64
    // What is in the areas.
    let codeSize, inputSize, returnDataSize, warmAddressCount, slotCount, slotMost: UInt32

    init(_ header: FrameHeader) {
        isSecond = header.isSecond
        let common = header.common.pointee, sizes = header.sizes.pointee
        (pc, section, stackSize, memorySize) = (common.pc, common.section, common.stack_size, common.memory_size)
        (type, isStatic, depth) = (common.type, common.is_static, common.depth)
        (gas, refund) = (common.gas_remaining, common.gas_refund)
        (stack, memory, code, input) = (common.stack_ptr, common.memory_ptr, common.code_ptr, common.input_ptr)
        (output, returnData, logs, warmAddresses) = (common.output_ptr, common.return_data_ptr, common.logs_ptr, common.warm_addresses_ptr)
        (supplement, segmentSize) = (common.extension_ptr, common.segment_size)
        (codeSize, inputSize, returnDataSize, warmAddressCount) = (sizes.code, sizes.input, sizes.return_data, sizes.warm_addresses)
        if let second = header.second?.pointee {
            (storage, witness, slotCount, slotMost) = (second.storage_ptr, second.witness_ptr, second.storage_slot_count, second.max_storage_slots)
        } else {
            (storage, witness, slotCount, slotMost) = (0, 0, 0, 0)
        }
    }
}

/// The same of the extension, as far as the library must be able to rely on it. The block, the request and the answers are read where they
/// are used, and checked there.
struct FrameClient: BitwiseCopyable {
    let revision, flags: UInt32
    let host: UnsafePointer<evmc_host_interface>?
    let hostContext: OpaquePointer?
    let grow: duet_frame_grow_fn?
    let growContext: UnsafeMutableRawPointer?
    let trace: UnsafeMutablePointer<duet_trace_t>?
    // Offsets.
    let witness, blobHashes: UInt64
    let blobHashCount: UInt64

    init(_ supplement: UnsafeMutablePointer<duet_frame_extension_t>) {
        (revision, flags) = (supplement.pointee.revision, supplement.pointee.flags)
        (host, hostContext) = (supplement.pointee.host, supplement.pointee.host_context)
        (grow, growContext) = (supplement.pointee.grow, supplement.pointee.grow_context)
        trace = supplement.pointee.trace
        (witness, blobHashes, blobHashCount) = (supplement.pointee.witness_ptr, supplement.pointee.blob_hashes_ptr, supplement.pointee.blob_hash_count)
    }
}
