import CPVM
import VMCommon

/// How an ecalli trace begins: the program, and memory as far as it is not what the program lays out by itself.
extension UnsafeMutablePointer<Instance> {
    func recordProgram(_ recorder: EcalliRecorder.Pointer) {
        let program = pointee.program
        recorder.pointee.text.append("comment duet isa ")
        recorder.pointee.text.append(program.pointee.isa == .gp072 ? "gp072" : "gp080")
        recorder.pointee.text.append(" format ")
        switch program.pointee.format {
        case PVM_FORMAT_STANDARD: recorder.pointee.text.append("standard")
        case PVM_FORMAT_SERVICE: recorder.pointee.text.append("service")
        default: recorder.pointee.text.append("blob")
        }
        endLine(recorder)
        recorder.pointee.text.append("program ")
        if program.pointee.format == PVM_FORMAT_RAW {
            var blob = ByteBuffer()
            if program.pointee.writeBlob(to: &blob) {
                recorder.pointee.text.append(data: blob.bytes)
            } else {
                recorder.pointee.text.append(data: UnsafeRawBufferPointer(start: nil, count: 0))
                recorder.pointee.isIncomplete = true
            }
            blob.free()
        } else {
            let image = UnsafeRawBufferPointer(start: program.pointee.image, count: program.pointee.imageCount)
            recorder.pointee.text.append(data: image)
        }
        endLine(recorder)
    }

    /// Arguments as they are; then rights and contents of pages that differ from the program's own layout.
    func recordInitialMemory(_ recorder: EcalliRecorder.Pointer) {
        var layout = InitialMemory(), expected = EcalliRecorder.Heap()
        if let standard = pointee.program.pointee.standard {
            let count = pointee.argumentCount
            let parts = StandardLayout(standard, argumentCount: UInt64(truncatingIfNeeded: count)), start = parts.argumentStart
            expected = EcalliRecorder.Heap(start: parts.rwStart, end: parts.heapEnd, limit: heapLimit(parts.regions))
            if count > 0 { recordMemory(recorder, from: start, to: start + UInt64(truncatingIfNeeded: count)) }
            let arguments = pointee.memory.base + Int(truncatingIfNeeded: start)
            layout = InitialMemory(standard, arguments: UnsafeRawBufferPointer(start: arguments, count: count))
        }
        if heap != expected { recordHeap(recorder) }
        var page = GuestMemory.firstPage
        while page < GuestMemory.pageCount {
            let first = page, rights = pointee.memory.rights[Int(truncatingIfNeeded: page)], expected = layout.rights(of: page)
            page = endOfRun(from: page, to: layout.end(from: page))
            if rights != expected {
                recordRights(recorder, from: first << GuestMemory.pageShift, to: page << GuestMemory.pageShift)
            }
            guard rights != GuestMemory.none else { continue }
            for part in first..<page { recordDifference(recorder, part, layout.contents(of: part)) }
        }
    }

    /// The first page behind `first` that has other rights, at most `limit`. Most of the million pages have none: eight at a time.
    private func endOfRun(from first: UInt64, to limit: UInt64) -> UInt64 {
        let rights = pointee.memory.rights, own = rights[Int(truncatingIfNeeded: first)], eight = UInt64(own) &* 0x0101_0101_0101_0101
        var page = first
        while page + 8 <= limit,
              UnsafeRawPointer(rights).loadUnaligned(fromByteOffset: Int(truncatingIfNeeded: page), as: UInt64.self) == eight { page += 8 }
        while page < limit, rights[Int(truncatingIfNeeded: page)] == own { page += 1 }
        return page
    }

    var heap: EcalliRecorder.Heap {
        EcalliRecorder.Heap(start: pointee.heapStart, end: pointee.heapEnd, limit: pointee.heapLimit)
    }

    /// Where the heap begins and ends, and what it cannot pass.
    func recordHeap(_ recorder: EcalliRecorder.Pointer) {
        recorder.pointee.text.append("comment duet heap ")
        recorder.pointee.text.append(hexadecimal: pointee.heapStart, digits: 8)
        recorder.pointee.text.append(" end ")
        recorder.pointee.text.append(hexadecimal: pointee.heapEnd, digits: 8)
        recorder.pointee.text.append(" limit ")
        recorder.pointee.text.append(hexadecimal: pointee.heapLimit, digits: 8)
        endLine(recorder)
    }

    /// The part of a page that is not what it began with.
    private func recordDifference(_ recorder: EcalliRecorder.Pointer, _ page: UInt64, _ expected: UnsafeRawBufferPointer) {
        let start = page << GuestMemory.pageShift
        let bytes = UnsafeRawBufferPointer(start: pointee.memory.base + Int(truncatingIfNeeded: start),
                                           count: Int(truncatingIfNeeded: GuestMemory.pageSize))
        // Most pages are zeros throughout: one comparison with themselves says so.
        if let base = bytes.baseAddress, expected.count == 0, bytes[0] == 0, memcmp(base, base + 1, bytes.count - 1) == 0 { return }
        var first = 0, end = bytes.count
        while first < end, bytes[first] == (first < expected.count ? expected[first] : 0) { first += 1 }
        while end > first, bytes[end - 1] == (end - 1 < expected.count ? expected[end - 1] : 0) { end -= 1 }
        if first < end {
            recordMemory(recorder, from: start + UInt64(truncatingIfNeeded: first), to: start + UInt64(truncatingIfNeeded: end))
        }
    }
}
