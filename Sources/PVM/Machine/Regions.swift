import CPVM
import VMCommon

/// The four regions that a VM's memory starts with (`pvm_set_memory_bounds`), in whole pages.
struct Regions {
    struct Range {
        var start: UInt64
        var end: UInt64

        /// Rounded outward to pages; empty if the end is not above the start.
        init(_ start: UInt64, _ end: UInt64) {
            self.start = start & ~(GuestMemory.pageSize - 1)
            self.end = end > start ? pages(end) : self.start
        }

        var isEmpty: Bool { end == start }
        var firstPage: UInt64 { max(start >> GuestMemory.pageShift, GuestMemory.firstPage) }
        /// Accessible pages, those below 2^16 left out.
        var pageCount: UInt64 { max(end >> GuestMemory.pageShift, firstPage) - firstPage }
    }

    var rw: Range
    var ro: Range
    var output: Range
    var stack: Range
}

extension UnsafeMutablePointer<Instance> {
    /// Maps the regions, zeroed, in place of whatever was there. Where they overlap the later of ro, output, rw, stack wins.
    /// False if memory is short: then nothing is mapped and there are no regions.
    func layOut(_ regions: Regions) -> Bool {
        pointee.memory.destroy()
        func map(_ range: Regions.Range, _ rights: UInt8) -> Bool {
            pointee.memory.map(first: range.firstPage, count: range.pageCount, rights: rights)
        }
        guard map(regions.ro, GuestMemory.read), map(regions.output, GuestMemory.read), map(regions.rw, GuestMemory.readWrite),
              map(regions.stack, GuestMemory.readWrite)
        else {
            pointee.memory.destroy()
            let none = Regions.Range(0, 0)
            begin(Regions(rw: none, ro: none, output: none, stack: none))
            pointee.heapLimit = 0
            setHeapEnd(0)
            return false
        }
        begin(regions)
        return true
    }

    private func begin(_ regions: Regions) {
        show(regions)
        pointee.heapStart = regions.rw.start
        pointee.heapLimit = heapLimit(regions)
        setHeapEnd(regions.rw.end)
    }

    /// The start of the nearest region behind that of rw, else 2^32.
    func heapLimit(_ regions: Regions) -> UInt64 {
        var limit = GuestMemory.size
        func bound(_ range: Regions.Range) {
            if !range.isEmpty, range.start >= regions.rw.start { limit = Swift.min(limit, range.start) }
        }
        bound(regions.ro)
        bound(regions.output)
        bound(regions.stack)
        return Swift.max(limit, regions.rw.end)
    }

    /// Fills in what `struct VM` tells of the regions.
    private func show(_ regions: Regions) {
        func place(_ range: Regions.Range) -> UnsafeMutablePointer<UInt8>? {
            range.isEmpty ? nil : (pointee.memory.base + Int(truncatingIfNeeded: range.start)).assumingMemoryBound(to: UInt8.self)
        }
        func end(_ range: Regions.Range) -> UInt32 { UInt32(clamping: range.end) }
        pointee.vm.rw_data = place(regions.rw)
        pointee.vm.ro_data = place(regions.ro)
        pointee.vm.output = place(regions.output)
        pointee.vm.stack = place(regions.stack)
        pointee.vm.rw_data_address = UInt32(truncatingIfNeeded: regions.rw.start)
        pointee.vm.rw_data_address_end = end(regions.rw)
        pointee.vm.ro_data_address = UInt32(truncatingIfNeeded: regions.ro.start)
        pointee.vm.ro_data_address_end = end(regions.ro)
        pointee.vm.output_address = UInt32(truncatingIfNeeded: regions.output.start)
        pointee.vm.output_end = end(regions.output)
        pointee.vm.stack_address = UInt32(truncatingIfNeeded: regions.stack.start)
        pointee.vm.stack_address_end = end(regions.stack)
    }
}
