import CPVM
import VMCommon

/// The heap: counted in octets, accessible in whole pages.
extension UnsafeMutablePointer<Instance> {
    /// `sbrk` of 0.7.2. The paper's formula leaves open what counts as the end; as its users have it: grows the heap by
    /// `amount` octets and answers the old end, 0 if that much cannot be had.
    func sbrk(_ amount: UInt64) -> UInt64 {
        let old = pointee.heapEnd
        guard amount <= pointee.heapLimit - min(old, pointee.heapLimit), growHeap(to: old + amount) else { return amount == 0 ? old : 0 }
        return old
    }

    /// Makes the pages up to `end` writable. False if it would pass the limit or run into a mapped page, or if memory is short.
    func growHeap(to end: UInt64) -> Bool {
        guard end >= pointee.heapEnd, end <= pointee.heapLimit else { return false }
        let first = pages(pointee.heapEnd) >> GuestMemory.pageShift, last = pages(end) >> GuestMemory.pageShift
        if last > first {
            guard first >= GuestMemory.firstPage, pointee.memory.isFree(first: first, count: last - first) else { return false }
            noteHostPages(first, last - first, GuestMemory.readWrite)
            guard pointee.memory.map(first: first, count: last - first, rights: GuestMemory.readWrite) else { return false }
        }
        setHeapEnd(end)
        return true
    }

    /// `pvm_set_heap_pointer`: up or down; pages behind the new end are taken away. Where the host refuses, the end stays.
    func moveHeap(to end: UInt64) {
        guard end >= pointee.heapStart, end <= pointee.heapLimit else { return }
        if end >= pointee.heapEnd {
            _ = growHeap(to: end)
            return
        }
        let first = max(pages(end) >> GuestMemory.pageShift, GuestMemory.firstPage), last = pages(pointee.heapEnd) >> GuestMemory.pageShift
        if last > first {
            noteHostPages(first, last - first, GuestMemory.none)
            guard pointee.memory.map(first: first, count: last - first, rights: GuestMemory.none) else { return }
        }
        setHeapEnd(end)
    }

    func setHeapEnd(_ end: UInt64) {
        pointee.heapEnd = end
        pointee.vm.current_heap_pointer = UInt32(clamping: end)
        pointee.vm.max_heapsize = UInt32(clamping: pointee.heapLimit)
    }
}
