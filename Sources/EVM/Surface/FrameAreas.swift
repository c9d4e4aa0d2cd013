import CPVM

/// Part of a frame's segment.
struct FrameArea: BitwiseCopyable {
    var start: UnsafeMutableRawPointer?
    var capacity = 0
}

/// Where the areas of a frame are. Everything in here has been found to lie inside the segment.
struct FrameAreas: BitwiseCopyable {
    var stack = FrameArea()
    var memory = FrameArea()
    var output = FrameArea()
    var returnData = FrameArea()
    var logs = FrameArea()
    var warmAddresses = FrameArea()
    var slots = FrameArea()
    var code: UnsafePointer<UInt8>?
    var input: UnsafePointer<UInt8>?
    var blobHashes: UnsafePointer<evmc_bytes32>?
    var witness = Witness()

    /// What an area has that is the last one in a segment of unknown size.
    private static let lastArea: UInt64 = 1024
    private static let lastLogs: UInt64 = 4096

    init() {}

    /// Finds them, or says what is wrong.
    mutating func locate(_ header: FrameHeader, _ supplement: UnsafeMutablePointer<duet_frame_extension_t>?) -> duet_frame_error_t {
        let segment = FrameSegment(header, supplement)
        guard segment.isSound, segment.isApart else { return DUET_FRAME_ERR_AREA }
        let common = header.common, sizes = header.sizes

        guard segment.area(common.pointee.stack_ptr, 0, &stack), stack.capacity >= FRAME_STACK_AREA, common.pointee.stack_size <= stackLimit else {
            return DUET_FRAME_ERR_STACK
        }
        let memorySize = common.pointee.memory_size
        guard memorySize % 32 == 0, UInt64(memorySize) <= FrameSurface.memoryLimit else { return DUET_FRAME_ERR_MEMORY }
        guard segment.area(common.pointee.memory_ptr, UInt64(memorySize), &memory), memory.capacity >= memorySize,
              segment.area(common.pointee.output_ptr, FrameAreas.lastArea, &output),
              segment.area(common.pointee.return_data_ptr, FrameAreas.lastArea, &returnData),
              segment.area(common.pointee.logs_ptr, FrameAreas.lastLogs, &logs),
              segment.area(common.pointee.warm_addresses_ptr, FrameAreas.lastArea, &warmAddresses),
              warmAddresses.capacity / 20 >= sizes.pointee.warm_addresses,
              segment.contains(common.pointee.code_ptr, UInt64(sizes.pointee.code)),
              segment.contains(common.pointee.input_ptr, UInt64(sizes.pointee.input)),
              segment.contains(common.pointee.return_data_ptr, UInt64(sizes.pointee.return_data)) else { return DUET_FRAME_ERR_AREA }
        // Memory comes in whole words.
        memory.capacity = min(memory.capacity & ~31, Int(FrameSurface.memoryLimit))
        code = segment.octets(common.pointee.code_ptr, sizes.pointee.code)
        input = segment.octets(common.pointee.input_ptr, sizes.pointee.input)
        if let second = header.second {
            let room = UInt64(second.pointee.max_storage_slots) * UInt64(MemoryLayout<duet_frame_slot_t>.size)
            guard segment.area(second.pointee.storage_ptr, room, &slots), slots.capacity >= room,
                  second.pointee.storage_slot_count <= second.pointee.max_storage_slots else { return DUET_FRAME_ERR_AREA }
        }
        if let supplement, supplement.pointee.blob_hash_count > 0 {
            let (size, overflow) = supplement.pointee.blob_hash_count.multipliedReportingOverflow(by: 32)
            guard !overflow, segment.contains(supplement.pointee.blob_hashes_ptr, size) else { return DUET_FRAME_ERR_AREA }
            blobHashes = UnsafeRawPointer(header.base + Int(supplement.pointee.blob_hashes_ptr)).assumingMemoryBound(to: evmc_bytes32.self)
        }
        let place = segment.witness
        if place != 0 {
            guard segment.mayHaveWitness, place % 8 == 0,
                  let found = Witness(header.base + Int(truncatingIfNeeded: place), room: segment.room(at: place)) else { return DUET_FRAME_ERR_AREA }
            witness = found
        }
        return DUET_FRAME_OK
    }
}

/// A frame's memory as a whole, and where its areas start.
struct FrameSegment {
    private let base: UnsafeMutableRawPointer
    /// From the header's start; nil if nobody has said.
    private let size: UInt64?
    let witness: UInt64
    private let supplement: UInt64
    private var starts: InlineArray<12, UInt64>

    init(_ header: FrameHeader, _ supplement: UnsafeMutablePointer<duet_frame_extension_t>?) {
        let common = header.common
        base = header.base
        size = common.pointee.segment_size == 0 ? nil : common.pointee.segment_size
        self.supplement = common.pointee.extension_ptr
        witness = header.second?.pointee.witness_ptr ?? supplement?.pointee.witness_ptr ?? 0
        starts = [
            common.pointee.stack_ptr, common.pointee.memory_ptr, common.pointee.code_ptr, common.pointee.input_ptr,
            common.pointee.output_ptr, common.pointee.return_data_ptr, common.pointee.logs_ptr, common.pointee.warm_addresses_ptr,
            common.pointee.extension_ptr, header.second?.pointee.storage_ptr ?? 0, witness, supplement?.pointee.blob_hashes_ptr ?? 0,
        ]
    }

    /// No segment reaches beyond what an address space can have.
    private static let largest: UInt64 = 1 << 46

    var isSound: Bool {
        guard let size else { return true }
        return size >= FRAME_HEADER_SIZE && size <= FrameSegment.largest
    }

    /// Does no area start in the extension or in the witness's head? Code could write there what the library trusts.
    var isApart: Bool {
        isFree(supplement, UInt64(MemoryLayout<duet_frame_extension_t>.size)) && isFree(witness, UInt64(MemoryLayout<duet_frame_witness_t>.size))
    }

    /// Does nothing else start there?
    private func isFree(_ start: UInt64, _ octets: UInt64) -> Bool {
        var found = 0
        for index in starts.indices where starts[index] &- start < octets { found += 1 }
        return start == 0 || found == 1
    }

    /// Do so many octets at an offset lie behind the header and in the segment? None lie anywhere.
    func contains(_ start: UInt64, _ octets: UInt64) -> Bool {
        guard octets > 0 else { return true }
        let end = size ?? FrameSegment.largest
        return start >= FRAME_HEADER_SIZE && start <= end && octets <= end - start
    }

    /// In a segment of unknown size it may lie anywhere, also before the header: so the experiment has it.
    var mayHaveWitness: Bool { size == nil || contains(witness, UInt64(MemoryLayout<duet_frame_witness_t>.size)) }

    /// Octets from an offset in the segment up to its end.
    func room(at start: UInt64) -> UInt64 { size.map { $0 - start } ?? FrameSegment.largest }

    func octets(_ start: UInt64, _ size: UInt32) -> UnsafePointer<UInt8>? {
        size == 0 ? nil : UnsafeRawPointer(base + Int(truncatingIfNeeded: start)).assumingMemoryBound(to: UInt8.self)
    }

    /// From an offset up to the next area. `last`: how much the last one has if the size is not known.
    func area(_ start: UInt64, _ last: UInt64, _ area: inout FrameArea) -> Bool {
        area = FrameArea()
        if start == 0 { return true }
        guard start >= FRAME_HEADER_SIZE, start <= size ?? FrameSegment.largest else { return false }
        // How far it is to the next one, less 1, without a branch: for those that lie before it wraps around to more than any segment has.
        var distance = UInt64.max
        for index in starts.indices { distance = min(distance, starts[index] &- start &- 1) }
        var end = distance < FrameSegment.largest ? start + distance + 1 : UInt64.max
        if end > size ?? FrameSegment.largest { end = size ?? start + last }
        area = FrameArea(start: base + Int(start), capacity: Int(end - start))
        return true
    }
}
