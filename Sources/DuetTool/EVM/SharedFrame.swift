import CPVM

/// A message frame as a client keeps it: one block of the heap that grows, with the memory of the execution as its last area.
final class SharedFrame {
    private(set) var base: UnsafeMutableRawPointer
    private var size: Int
    private var memory = 0
    /// Where what the client answers lies: return data and code.
    private var regions = [Region](repeating: Region(), count: 3)

    private struct Region {
        var start = 0
        var capacity = 0
    }

    enum Answer: Int { case returnData, code, blobHashes }

    static let headerSize = Int(FRAME_HEADER_SIZE)
    static let supplementSize = MemoryLayout<duet_frame_extension_t>.size
    private static let stack = headerSize + supplementSize
    private static let output = stack + Int(FRAME_STACK_AREA)
    private static let returnData = output + 1024
    private static let variable = returnData + 1024
    private static let firstMemory = 4096

    init() {
        size = SharedFrame.variable + SharedFrame.firstMemory
        base = calloc(1, size)
        memory = SharedFrame.variable
    }

    deinit { free(base) }

    var header: UnsafeMutablePointer<MessageFrameMemory> { base.assumingMemoryBound(to: MessageFrameMemory.self) }
    var second: UnsafeMutablePointer<MessageFrameMemoryV2> { base.assumingMemoryBound(to: MessageFrameMemoryV2.self) }
    var supplement: UnsafeMutablePointer<duet_frame_extension_t> {
        (base + SharedFrame.headerSize).assumingMemoryBound(to: duet_frame_extension_t.self)
    }

    /// For a call: all areas in their places, code and input in theirs.
    func begin(_ code: UnsafeBufferPointer<UInt8>, _ input: UnsafeBufferPointer<UInt8>) {
        memset(base, 0, SharedFrame.headerSize + SharedFrame.supplementSize)
        regions = [Region](repeating: Region(), count: 3)
        let inputStart = SharedFrame.variable + code.count
        memory = (inputStart + input.count + 63) & ~63
        if memory + SharedFrame.firstMemory > size { resize(memory + SharedFrame.firstMemory) }
        if let start = code.baseAddress { memcpy(base + SharedFrame.variable, start, code.count) }
        if let start = input.baseAddress { memcpy(base + inputStart, start, input.count) }
        header.pointee.stack_ptr = UInt64(SharedFrame.stack)
        header.pointee.output_ptr = UInt64(SharedFrame.output)
        header.pointee.return_data_ptr = UInt64(SharedFrame.returnData)
        header.pointee.code_ptr = UInt64(SharedFrame.variable)
        header.pointee.input_ptr = UInt64(inputStart)
        header.pointee.memory_ptr = UInt64(memory)
        header.pointee.extension_ptr = UInt64(SharedFrame.headerSize)
        header.pointee.segment_size = UInt64(size)
        supplement.pointee.struct_size = UInt32(SharedFrame.supplementSize)
    }

    /// More room for the memory.
    func grow(_ octets: Int) {
        if memory + octets > size { resize(memory + max(octets, 2 * (size - memory))) }
    }

    /// Puts an answer where nothing else is, and says where.
    func place(_ octets: UnsafeRawBufferPointer, _ answer: Answer) -> UInt64 {
        if octets.count > regions[answer.rawValue].capacity {
            // The region takes the memory's place, which moves behind it.
            let capacity = (octets.count + 4095) & ~4095
            let used = Int(header.pointee.memory_size)
            regions[answer.rawValue] = Region(start: memory, capacity: capacity)
            resize(max(size, memory + capacity + used + SharedFrame.firstMemory))
            memmove(base + memory + capacity, base + memory, used)
            memory += capacity
            header.pointee.memory_ptr = UInt64(memory)
        }
        let start = regions[answer.rawValue].start
        if let source = octets.baseAddress, octets.count > 0 { memcpy(base + start, source, octets.count) }
        return UInt64(start)
    }

    private func resize(_ octets: Int) {
        guard octets > size else { return }
        base = realloc(base, octets)
        size = octets
        header.pointee.segment_size = UInt64(octets)
    }
}
