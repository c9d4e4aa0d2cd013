import CPVM
import VMCommon

/// What the host does while it serves an ecalli: noted as it happens, written when the run goes on, in JIP-7's order: reads,
/// writes, registers, gas.
extension UnsafeMutablePointer<Instance> {
    /// The recorder, if the host is serving an ecalli of a recorded run.
    @inline(__always)
    private var serving: EcalliRecorder.Pointer? {
        guard let recorder = pointee.ecalliTrace, recorder.pointee.state == .serving else { return nil }
        return recorder
    }

    // MARK: Noting

    /// The host has read a range that is readable: keeps a copy of what was there.
    @inline(__always)
    func noteHostRead(_ address: UInt64, _ length: UInt64) {
        if let recorder = serving, length > 0 { keep(address, length, recorder) }
    }

    private func keep(_ address: UInt64, _ length: UInt64, _ recorder: EcalliRecorder.Pointer) {
        let source = UnsafeRawBufferPointer(start: pointee.memory.base + Int(truncatingIfNeeded: address),
                                            count: Int(truncatingIfNeeded: length))
        let read = EcalliRecorder.Read(address: address, length: length, copy: recorder.pointee.copies.count,
                                       after: recorder.pointee.changes.count)
        if !recorder.pointee.copies.append(source) || !recorder.pointee.reads.append(read) {
            recorder.pointee.isIncomplete = true
        }
    }

    /// The host has written a range, or may do so from now on.
    @inline(__always)
    func noteHostWrite(_ address: UInt64, _ length: UInt64) {
        if let recorder = serving, length > 0 { noteChange(address, address + length, isWritten: true, recorder) }
    }

    private func noteChange(_ address: UInt64, _ end: UInt64, isWritten: Bool, _ recorder: EcalliRecorder.Pointer) {
        if !recorder.pointee.changes.append(EcalliRecorder.Range(address: address, end: end, isWritten: isWritten)) {
            recorder.pointee.isIncomplete = true
        }
    }

    @inline(__always)
    func noteHostRegister(_ index: Int) {
        if let recorder = serving { recorder.pointee.setRegisters |= 1 << UInt32(truncatingIfNeeded: index) }
    }

    /// The host is about to change the rights of pages. What lies in pages that had none, or get none, is no longer the guest's.
    func noteHostPages(_ first: UInt64, _ count: UInt64, _ rights: UInt8) {
        guard let recorder = serving, count > 0 else { return }
        let end = first + count
        let range = EcalliRecorder.Range(address: first << GuestMemory.pageShift, end: end << GuestMemory.pageShift, isWritten: false)
        if !recorder.pointee.pages.append(range) { recorder.pointee.isIncomplete = true }
        if rights == GuestMemory.none {
            // If they come back in the same call, they come with zeros.
            noteChange(range.address, range.end, isWritten: true, recorder)
            return
        }
        var page = first
        while page < end {
            let start = page
            while page < end, pointee.memory.rights[Int(truncatingIfNeeded: page)] == GuestMemory.none { page += 1 }
            if page > start { noteChange(start << GuestMemory.pageShift, page << GuestMemory.pageShift, isWritten: false, recorder) }
            while page < end, pointee.memory.rights[Int(truncatingIfNeeded: page)] != GuestMemory.none { page += 1 }
        }
    }

    /// The host has laid memory out anew.
    func noteHostLayout() {
        guard let recorder = serving else { return }
        let all = EcalliRecorder.Range(address: GuestMemory.firstPage << GuestMemory.pageShift, end: GuestMemory.size, isWritten: true)
        if !recorder.pointee.pages.append(all) || !recorder.pointee.changes.append(all) { recorder.pointee.isIncomplete = true }
    }

    // MARK: Writing

    /// All actions, and that the run goes on.
    func recordActions(_ recorder: EcalliRecorder.Pointer, resumesAt pc: UInt64?) {
        recordChanges(recorder)
        if let pc {
            recorder.pointee.text.append("comment duet pc ")
            recorder.pointee.text.append(decimal: pc)
            endLine(recorder)
        }
        recorder.pointee.text.append("setgas <- ")
        recorder.pointee.text.append(decimal: pointee.vm.gas)
        endLine(recorder)
    }

    /// What the host has read and changed.
    func recordChanges(_ recorder: EcalliRecorder.Pointer) {
        if !recorder.pointee.cutReads() { recorder.pointee.isIncomplete = true }
        if recorder.pointee.isIncomplete {
            recorder.pointee.text.append(EcalliText.lost)
            endLine(recorder)
        }
        recordReads(recorder)
        for index in 0..<recorder.pointee.pages.count {
            let range = recorder.pointee.pages[index]
            recordRights(recorder, from: range.address, to: range.end)
        }
        if heap != recorder.pointee.heap { recordHeap(recorder) }
        recordWrites(recorder)
        for index in 0..<EcalliText.registerCount {
            // Register 7 takes the result of every host call of the Gray Paper.
            let isSet = index == 7 || recorder.pointee.setRegisters >> UInt32(truncatingIfNeeded: index) & 1 != 0
            guard isSet || registers[index] != recorder.pointee.registers[index] else { continue }
            recorder.pointee.text.append("setreg r")
            recorder.pointee.text.append(registerNumber: index)
            recorder.pointee.text.append(" <- ")
            recorder.pointee.text.append(hexadecimal: registers[index])
            endLine(recorder)
        }
        recorder.pointee.forgetActions()
    }

    private func recordReads(_ recorder: EcalliRecorder.Pointer) {
        guard recorder.pointee.reads.count > 0, let copies = recorder.pointee.copies.base else { return }
        let reads = UnsafeMutableBufferPointer(start: recorder.pointee.reads.base, count: recorder.pointee.reads.count)
        sortInPlace(reads) { (first: EcalliRecorder.Read, second: EcalliRecorder.Read) in
            if first.address != second.address { return first.address < second.address }
            let common = Swift.min(first.length, second.length)
            let order = memcmp(copies + first.copy, copies + second.copy, Int(truncatingIfNeeded: common))
            return order != 0 ? order < 0 : first.length < second.length
        }
        for read in reads {
            let copy = UnsafeRawBufferPointer(start: copies + read.copy, count: Int(truncatingIfNeeded: read.length))
            recordMemory(recorder, "memread ", read.address, " -> ", copy)
        }
    }

    /// What is there now, in ranges that overlap no other: so their order does not matter.
    private func recordWrites(_ recorder: EcalliRecorder.Pointer) {
        let changes = UnsafeMutableBufferPointer(start: recorder.pointee.changes.base, count: recorder.pointee.changes.count)
        var count = 0
        for change in changes where change.isWritten {
            changes[count] = change
            count += 1
        }
        let writes = UnsafeMutableBufferPointer(rebasing: changes[..<count])
        sortInPlace(writes) { (first: EcalliRecorder.Range, second: EcalliRecorder.Range) in
            first.address != second.address ? first.address < second.address : first.end < second.end
        }
        var index = 0
        while index < writes.count {
            var range = writes[index]
            index += 1
            while index < writes.count, writes[index].address < range.end {
                range.end = Swift.max(range.end, writes[index].end)
                index += 1
            }
            recordMemory(recorder, from: range.address, to: range.end)
        }
    }

    /// A write of what lies in a range now. Pages of it that the host has taken away since have nothing.
    func recordMemory(_ recorder: EcalliRecorder.Pointer, from start: UInt64, to end: UInt64) {
        var start = start
        while start < end {
            let page = start >> GuestMemory.pageShift, last = (end - 1) >> GuestMemory.pageShift
            let hole = pointee.memory.firstPage(without: GuestMemory.read, from: page, through: last)
            let stop = hole.map { Swift.max(start, $0 << GuestMemory.pageShift) } ?? end
            if stop > start {
                let bytes = UnsafeRawBufferPointer(start: pointee.memory.base + Int(truncatingIfNeeded: start),
                                                   count: Int(truncatingIfNeeded: stop - start))
                recordMemory(recorder, "memwrite ", start, " <- ", bytes)
            }
            start = hole.map { ($0 + 1) << GuestMemory.pageShift } ?? end
        }
    }

    private func recordMemory(
        _ recorder: EcalliRecorder.Pointer, _ action: StaticString, _ address: UInt64, _ arrow: StaticString,
        _ bytes: UnsafeRawBufferPointer
    ) {
        recorder.pointee.text.append(action)
        recorder.pointee.text.append(hexadecimal: address, digits: 8)
        recorder.pointee.text.append(" len=")
        recorder.pointee.text.append(decimal: UInt64(truncatingIfNeeded: bytes.count))
        recorder.pointee.text.append(arrow)
        recorder.pointee.text.append(data: bytes)
        endLine(recorder)
    }

    /// The rights of the pages of a range, a comment for each run of pages with the same: JIP-7 has no line for them.
    func recordRights(_ recorder: EcalliRecorder.Pointer, from start: UInt64, to end: UInt64) {
        var page = start >> GuestMemory.pageShift
        let last = pages(end) >> GuestMemory.pageShift
        while page < last {
            let rights = pointee.memory.rights[Int(truncatingIfNeeded: page)], first = page
            while page < last, pointee.memory.rights[Int(truncatingIfNeeded: page)] == rights { page += 1 }
            recorder.pointee.text.append("comment duet pages ")
            recorder.pointee.text.append(hexadecimal: first << GuestMemory.pageShift, digits: 8)
            recorder.pointee.text.append(" len=")
            recorder.pointee.text.append(decimal: (page - first) << GuestMemory.pageShift)
            switch rights {
            case GuestMemory.none: recorder.pointee.text.append(" none")
            case GuestMemory.read: recorder.pointee.text.append(" r")
            default: recorder.pointee.text.append(" rw")
            }
            endLine(recorder)
        }
    }
}

/// Heapsort: no memory, no recursion, and no order of input that takes longer. Not stable, which total orders do not need.
func sortInPlace<T: BitwiseCopyable>(_ items: UnsafeMutableBufferPointer<T>, by isBefore: (T, T) -> Bool) {
    func sink(_ start: Int, _ count: Int) {
        var parent = start
        while true {
            var child = 2 * parent + 1
            guard child < count else { return }
            if child + 1 < count, isBefore(items[child], items[child + 1]) { child += 1 }
            guard isBefore(items[parent], items[child]) else { return }
            items.swapAt(parent, child)
            parent = child
        }
    }
    var start = items.count / 2
    while start > 0 {
        start -= 1
        sink(start, items.count)
    }
    var end = items.count
    while end > 1 {
        end -= 1
        items.swapAt(0, end)
        sink(0, end)
    }
}
