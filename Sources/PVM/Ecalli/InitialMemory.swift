import VMCommon

/// What a program's own layout (function Y) puts into memory: rights and contents by page. A program without one has nothing.
struct InitialMemory {
    private struct Region {
        var first: UInt64 = 0
        var end: UInt64 = 0
        var rights = GuestMemory.none
        /// What it begins with; zeros follow.
        var bytes = UnsafeRawBufferPointer(start: nil, count: 0)

        init() {}

        init(_ start: UInt64, _ end: UInt64, _ rights: UInt8, _ bytes: UnsafeRawBufferPointer) {
            first = start >> GuestMemory.pageShift
            self.end = end >> GuestMemory.pageShift
            self.rights = rights
            self.bytes = bytes
        }
    }

    private var regions = InlineArray<4, Region>(repeating: Region())

    init() {}

    /// The arguments are those that lie in memory.
    init(_ program: StandardProgram, arguments: UnsafeRawBufferPointer) {
        let layout = StandardLayout(program, argumentCount: UInt64(truncatingIfNeeded: arguments.count))
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        regions[0] = Region(layout.roStart, layout.roEnd, GuestMemory.read, program.roData)
        regions[1] = Region(layout.rwStart, layout.heapEnd, GuestMemory.readWrite, program.rwData)
        regions[2] = Region(layout.stackStart, layout.stackEnd, GuestMemory.readWrite, nothing)
        regions[3] = Region(layout.argumentStart, layout.argumentEnd, GuestMemory.read, arguments)
    }

    func rights(of page: UInt64) -> UInt8 {
        for index in 0..<4 where page >= regions[index].first && page < regions[index].end { return regions[index].rights }
        return GuestMemory.none
    }

    /// The next page at which a region begins or ends.
    func end(from page: UInt64) -> UInt64 {
        var end = GuestMemory.pageCount
        for index in 0..<4 {
            if regions[index].first > page { end = min(end, regions[index].first) }
            if regions[index].end > page { end = min(end, regions[index].end) }
        }
        return end
    }

    /// What the page begins with; zeros follow.
    func contents(of page: UInt64) -> UnsafeRawBufferPointer {
        for index in 0..<4 where page >= regions[index].first && page < regions[index].end {
            let bytes = regions[index].bytes
            let start = Int(truncatingIfNeeded: (page - regions[index].first) << GuestMemory.pageShift)
            guard start < bytes.count else { break }
            return UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + Int(truncatingIfNeeded: GuestMemory.pageSize))])
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
