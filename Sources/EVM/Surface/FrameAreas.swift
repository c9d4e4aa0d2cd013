import CPVM
import EVMRules

/// Part of a frame's segment.
struct FrameArea: BitwiseCopyable {
    var start: UnsafeMutableRawPointer?
    var capacity = 0
}

/// Where the areas of a frame are. Everything in here has been found to lie inside the segment. Areas may overlap, but for the header, the
/// extension and the witness's head: what code could write there the library would trust.
struct FrameAreas: BitwiseCopyable {
    var segment = FrameSegment()
    var stack = FrameArea()
    var memory = FrameArea()
    var output = FrameArea()
    var returnData = FrameArea()
    var logs = FrameArea()
    var warmAddresses = FrameArea()
    var slots = FrameArea()
    var code: UnsafePointer<UInt8>?
    var input: UnsafePointer<UInt8>?
    /// What the frame has been given as return data; nil if that is nothing.
    var returned: UnsafePointer<UInt8>?
    var blobHashes: UnsafePointer<evmc_bytes32>?
    var blobHashCount = 0
    var witness = Witness()

    /// What an area has that is the last one in a segment of unknown size.
    private static let lastArea: UInt64 = 1024
    private static let lastLogs: UInt64 = 4096

    init() {}

    /// Finds them, or says what is wrong.
    mutating func locate(_ base: UnsafeMutableRawPointer, _ values: FrameValues, _ client: FrameClient?) -> duet_frame_error_t {
        segment = FrameSegment(base, values.segmentSize)
        let starts = FrameStarts(values, client)
        guard segment.isSound, starts.areApart else { return DUET_FRAME_ERR_AREA }

        func area(_ start: UInt64, _ last: UInt64, _ area: inout FrameArea) -> Bool { starts.area(start, last, segment, &area) }
        guard area(values.stack, 0, &stack), stack.capacity >= FRAME_STACK_AREA, values.stackSize <= Limit.stack else { return DUET_FRAME_ERR_STACK }
        guard values.memorySize % 32 == 0, UInt64(values.memorySize) <= FrameSurface.memoryLimit else { return DUET_FRAME_ERR_MEMORY }
        guard area(values.memory, UInt64(values.memorySize), &memory), memory.capacity >= values.memorySize,
              area(values.output, FrameAreas.lastArea, &output),
              area(values.returnData, FrameAreas.lastArea, &returnData),
              area(values.logs, FrameAreas.lastLogs, &logs),
              area(values.warmAddresses, FrameAreas.lastArea, &warmAddresses),
              warmAddresses.capacity / 20 >= values.warmAddressCount,
              segment.contains(values.code, UInt64(values.codeSize)),
              segment.contains(values.input, UInt64(values.inputSize)),
              segment.contains(values.returnData, UInt64(values.returnDataSize)) else { return DUET_FRAME_ERR_AREA }
        // Memory comes in whole words.
        memory.capacity = min(memory.capacity & ~31, Int(truncatingIfNeeded: FrameSurface.memoryLimit))
        code = segment.octets(values.code, values.codeSize)
        input = segment.octets(values.input, values.inputSize)
        returned = values.returnData == 0 ? nil : segment.octets(values.returnData, values.returnDataSize)

        let room = UInt64(values.slotMost) * FrameSlots.entrySize
        guard area(values.storage, room, &slots), slots.capacity >= room, values.slotCount <= values.slotMost else { return DUET_FRAME_ERR_AREA }
        return locateOutside(values, client, starts)
    }

    /// What the client has given beside the frame itself.
    private mutating func locateOutside(_ values: FrameValues, _ client: FrameClient?, _ starts: FrameStarts) -> duet_frame_error_t {
        if let client, client.blobHashCount > 0 {
            let (size, overflow) = client.blobHashCount.multipliedReportingOverflow(by: 32)
            guard !overflow, segment.contains(client.blobHashes, size) else { return DUET_FRAME_ERR_AREA }
            blobHashes = UnsafeRawPointer(segment.place(client.blobHashes)).assumingMemoryBound(to: evmc_bytes32.self)
            blobHashCount = Int(truncatingIfNeeded: client.blobHashCount)
        }
        let place = starts.witness
        if place != 0 {
            guard segment.mayHaveWitness(at: place), place % 8 == 0,
                  let found = Witness(segment.place(place), room: segment.room(at: place)),
                  found.keepsOff(0 &- place, UInt64(truncatingIfNeeded: FRAME_HEADER_SIZE)),
                  values.supplement == 0 || found.keepsOff(values.supplement &- place, FrameSegment.supplementSize) else { return DUET_FRAME_ERR_AREA }
            witness = found
        }
        return DUET_FRAME_OK
    }
}

/// A frame's memory as a whole.
struct FrameSegment: BitwiseCopyable {
    private let base: UnsafeMutableRawPointer?
    /// From the header's start; nil if nobody has said.
    private let size: UInt64?

    /// Nothing.
    init() {
        base = nil
        size = 0
    }

    init(_ base: UnsafeMutableRawPointer, _ size: UInt64) {
        self.base = base
        self.size = size == 0 ? nil : size
    }

    /// No segment reaches beyond what an address space can have.
    static let largest: UInt64 = 1 << 46
    static let supplementSize = UInt64(truncatingIfNeeded: MemoryLayout<duet_frame_extension_t>.size)
    static let witnessSize = UInt64(truncatingIfNeeded: MemoryLayout<duet_frame_witness_t>.size)

    var isSound: Bool {
        guard let size else { return true }
        return size >= FRAME_HEADER_SIZE && size <= FrameSegment.largest
    }

    /// Where it ends, as far as that is known.
    var end: UInt64 { size ?? FrameSegment.largest }

    /// The same; of an area of `last` octets at `start` that is the last one, if nobody has said where the segment ends.
    func end(_ start: UInt64, _ last: UInt64) -> UInt64 { size ?? start + last }

    /// Do so many octets at an offset lie behind the header and in the segment? None lie anywhere.
    func contains(_ start: UInt64, _ octets: UInt64) -> Bool {
        guard octets > 0 else { return true }
        return start >= FRAME_HEADER_SIZE && start <= end && octets <= end - start
    }

    /// In a segment of unknown size it may lie anywhere, also before the header: so the experiment has it.
    func mayHaveWitness(at start: UInt64) -> Bool { size == nil || contains(start, FrameSegment.witnessSize) }

    /// Octets from an offset in the segment up to its end.
    func room(at start: UInt64) -> UInt64 { size.map { $0 - start } ?? FrameSegment.largest }

    func place(_ offset: UInt64) -> UnsafeMutableRawPointer { base.unsafelyUnwrapped + Int(truncatingIfNeeded: offset) }

    /// nil if there are none.
    func octets(_ start: UInt64, _ size: UInt32) -> UnsafePointer<UInt8>? {
        size == 0 ? nil : UnsafeRawPointer(place(start)).assumingMemoryBound(to: UInt8.self)
    }
}

/// Where things start in a segment: each area reaches up to the next.
private struct FrameStarts {
    private let supplement: UInt64
    let witness: UInt64
    private let starts: InlineArray<12, UInt64>

    init(_ values: FrameValues, _ client: FrameClient?) {
        supplement = values.supplement
        witness = values.isSecond ? values.witness : client?.witness ?? 0
        starts = [
            values.stack, values.memory, values.code, values.input, values.output, values.returnData, values.logs, values.warmAddresses,
            values.supplement, values.storage, witness, client?.blobHashes ?? 0,
        ]
    }

    /// Does no area start in the extension or in the witness's head? Code could write there what the library trusts.
    var areApart: Bool { isFree(supplement, FrameSegment.supplementSize) && isFree(witness, FrameSegment.witnessSize) }

    /// Does nothing else start there?
    private func isFree(_ start: UInt64, _ octets: UInt64) -> Bool {
        var found = 0
        for index in starts.indices where starts[index] &- start < octets { found += 1 }
        return start == 0 || found == 1
    }

    /// From an offset up to the next area. `last`: how much the last one has if the size is not known.
    func area(_ start: UInt64, _ last: UInt64, _ segment: FrameSegment, _ area: inout FrameArea) -> Bool {
        area = FrameArea()
        if start == 0 { return true }
        guard start >= FRAME_HEADER_SIZE, start <= segment.end else { return false }
        // How far it is to the next one, less 1, without a branch: for those that lie before it wraps around to more than any segment has.
        var distance = UInt64.max
        for index in starts.indices { distance = min(distance, starts[index] &- start &- 1) }
        var end = distance < FrameSegment.largest ? start + distance + 1 : UInt64.max
        if end > segment.end { end = segment.end(start, last) }
        area = FrameArea(start: segment.place(start), capacity: Int(truncatingIfNeeded: end - start))
        return true
    }
}
