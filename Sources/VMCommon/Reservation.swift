import CPVM

/// The address space of one guest memory, as the host sees it. From below: a page of notes, the rights of pairs, the rights, a page that compiled code
/// keeps its context in, the guest's memory, a guard of 2 GiB. So one register and 32-bit displacements reach all of it, and an
/// address of 32 bits with a positive displacement stays inside.
///
/// Outside the ranges that are *open* the memory has no rights at the host; inside, it can be read and written, or (guarded) has
/// the guest's rights. A reservation goes from one VM to the next with its ranges open and, where they are small, with their
/// memory: so VMs with the same layout need few system calls and page faults. It is renewed when it has opened many.
struct Reservation {
    /// The rights; nothing below them but those of pairs is anybody else's.
    let rights: UnsafeMutablePointer<UInt8>

    /// What the host lets the process do with pages of open ranges.
    enum HostRights {
        /// Read and write.
        case open
        /// What the guest may.
        case guest
        /// What the guest may, and perhaps more: the host has refused to change some.
        case atLeast
    }

    /// Kept in the page of notes. What is noted has been done.
    struct Notes {
        var open = PageRanges()
        /// The host has refused to open pages, and may have opened some of them.
        var isInDoubt = false
        /// Pages that have had rights since the reservation was taken.
        var used = PageRanges()
        /// Ranges opened since the reservation was made.
        var openings = 0
        /// Changes of rights at the host since it was taken, where it is guarded: each may have cost a mapping more.
        var splits = 0
    }

    private static let notesSize = 4096
    static let below = notesSize + Int(truncatingIfNeeded: GuestMemory.pageCount) + GuestMemory.rightsSize + GuestMemory.contextSize
    private static let size = below + GuestMemory.reach

    init(rights: UnsafeMutablePointer<UInt8>) { self.rights = rights }

    /// One from the store or a new one: all rights none, all memory zero. Nil if the host has no address space left.
    static func take() -> Reservation? {
        guard let space = duet_reservation_take(size, below) else { return nil }
        return Reservation(rights: (space + notesSize + Int(truncatingIfNeeded: GuestMemory.pageCount)).assumingMemoryBound(to: UInt8.self))
    }

    private var space: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pairs) - Reservation.notesSize }
    /// See `GuestMemory.pairs`.
    var pairs: UnsafeMutablePointer<UInt8> { rights - Int(truncatingIfNeeded: GuestMemory.pageCount) }
    var notes: UnsafeMutablePointer<Notes> { space.assumingMemoryBound(to: Notes.self) }
    var base: UnsafeMutableRawPointer { space + Reservation.below }

    private func address(_ page: UInt64) -> UnsafeMutableRawPointer { base + Int(truncatingIfNeeded: page << GuestMemory.pageShift) }
    private func octets(_ count: UInt64) -> Int { Int(truncatingIfNeeded: count << GuestMemory.pageShift) }

    // MARK: The guest's rights

    /// Notes what the guest may do with pages, alone and with their neighbours. None of them is the first of all.
    func setRights(_ range: PageRanges.Range, _ new: UInt8) {
        if range.count == 0 { return }
        memset(rights + Int(truncatingIfNeeded: range.first), Int32(new), Int(truncatingIfNeeded: range.count))
        if range.count > 2 {
            memset(pairs + Int(truncatingIfNeeded: range.first) + 1, Int32(new | new << GuestMemory.pairBefore), Int(truncatingIfNeeded: range.count) - 2)
        }
        setPair(range.first - 1)
        setPair(range.first)
        setPair(range.end - 1)
        if range.end < GuestMemory.pageCount { setPair(range.end) }
    }

    private func setPair(_ page: UInt64) {
        let here = rights[Int(truncatingIfNeeded: page)], before = rights[Int(truncatingIfNeeded: page) - 1]
        // Behind the last page comes the first one, which has no rights.
        let behind = page + 1 < GuestMemory.pageCount ? rights[Int(truncatingIfNeeded: page) + 1] : GuestMemory.none
        pairs[Int(truncatingIfNeeded: page)] = here & behind | (here & before) << GuestMemory.pairBefore
    }

    // MARK: Rights at the host

    func protect(_ range: PageRanges.Range, _ rights: UInt8) -> Bool {
        duet_protect(address(range.first), octets(range.count), Int32(rights))
    }

    /// Gives pages the guest's rights at the host.
    func protectAsGuest(_ range: PageRanges.Range) -> Bool {
        var page = range.first
        while page < range.end {
            let end = endOfRun(from: page, to: range.end)
            guard protect(PageRanges.Range(first: page, count: end - page), rights[Int(truncatingIfNeeded: page)]) else { return false }
            page = end
        }
        return true
    }

    /// The end of the pages that have the rights of page `from`.
    private func endOfRun(from: UInt64, to: UInt64) -> UInt64 {
        let here = rights[Int(truncatingIfNeeded: from)], eight = UInt64(here) &* 0x0101_0101_0101_0101
        var page = from + 1
        while page < to {
            if page & 7 == 0, page + 8 <= to, UnsafeRawPointer(rights + Int(truncatingIfNeeded: page)).load(as: UInt64.self) == eight {
                page += 8
                continue
            }
            if rights[Int(truncatingIfNeeded: page)] != here { return page }
            page += 1
        }
        return to
    }

    /// Opens pages for reading and writing. False if the host refuses.
    func open(_ range: PageRanges.Range) -> Bool {
        if notes.pointee.open.contains(range) { return true }
        // Behind a range that grows, as heaps do a page at a time, some more.
        for index in 0..<notes.pointee.open.count where notes.pointee.open[index].end == range.first {
            let more = max(range.count, min(Reservation.growth, GuestMemory.pageCount - range.first))
            if more > range.count, openExactly(PageRanges.Range(first: range.first, count: more)) { return true }
            break
        }
        return openExactly(range)
    }
    private static let growth: UInt64 = 16

    private func openExactly(_ range: PageRanges.Range) -> Bool {
        var opened = notes.pointee.open
        guard protect(opened.insert(range), GuestMemory.readWrite) else {
            notes.pointee.isInDoubt = true
            return false
        }
        notes.pointee.open = opened
        notes.pointee.openings += 1
        return true
    }

    /// The same where what is noted as open may have been closed since.
    func reopen(_ range: PageRanges.Range) -> Bool {
        notes.pointee.open.contains(range) ? protect(range, GuestMemory.readWrite) : openExactly(range)
    }

    /// Has the guest more than these rights to any of the pages?
    func hasMore(_ range: PageRanges.Range, than other: UInt8) -> Bool { hasPage(range) { $0 > other } }

    private func hasPage(_ range: PageRanges.Range, _ isWanted: (UInt8) -> Bool) -> Bool {
        var page = range.first
        while page < range.end {
            if isWanted(rights[Int(truncatingIfNeeded: page)]) { return true }
            page = endOfRun(from: page, to: range.end)
        }
        return false
    }

    /// In guarded memory, gives pages that have less than `new` these rights. False if the host refuses: some may have them.
    func raise(_ range: PageRanges.Range, _ new: UInt8) -> Bool {
        guard hasPage(range, { $0 < new }) else { return true }
        guard hasMore(range, than: new) ? raiseRuns(range, new) : protect(range, new) else {
            notes.pointee.isInDoubt = true
            return false
        }
        var grows = false
        if !notes.pointee.open.contains(range) {
            notes.pointee.openings += 1
            grows = notes.pointee.open.insert(range).count > range.count
        }
        if !grows { notes.pointee.splits += 1 }
        return true
    }

    private func raiseRuns(_ range: PageRanges.Range, _ new: UInt8) -> Bool {
        var page = range.first
        while page < range.end {
            let end = endOfRun(from: page, to: range.end)
            if rights[Int(truncatingIfNeeded: page)] < new, !protect(PageRanges.Range(first: page, count: end - page), new) { return false }
            page = end
        }
        return true
    }

    /// In guarded memory, takes from pages, those that have been used, what they have beyond `new`. False if the host refuses: some
    /// may have kept it.
    func lower(_ range: PageRanges.Range, _ new: UInt8) -> Bool {
        var done = true
        forEachUsed(in: range) { part in
            notes.pointee.splits += 1
            if done, !protect(part, new) { done = false }
        }
        return done
    }

    /// Mappings are few at the host, 65530 for a process of Linux: a guest that has been given rights page by page is not guarded.
    /// Nor is one whose pages are not surely closed.
    var mayBeGuarded: Bool { notes.pointee.splits <= Reservation.mostSplits && !notes.pointee.isInDoubt }
    private static let mostSplits = 32

    /// The host has refused once: it is not asked again for this guest.
    func forgoGuard() { notes.pointee.splits = Reservation.mostSplits + 1 }

    /// Gives every page the guest's rights at the host. False if the host refuses, or if it would take too many mappings.
    func guardAll() -> Bool {
        for index in 0..<notes.pointee.open.count {
            let open = notes.pointee.open[index]
            var page = open.first
            while page < open.end {
                let end = endOfRun(from: page, to: open.end), here = rights[Int(truncatingIfNeeded: page)]
                if here != GuestMemory.readWrite {
                    notes.pointee.splits += 1
                    guard mayBeGuarded, protect(PageRanges.Range(first: page, count: end - page), here) else { return false }
                }
                page = end
            }
        }
        return true
    }

    /// Opens again what guarding has closed. False if the host refuses.
    func unguardAll() -> Bool {
        for index in 0..<notes.pointee.open.count {
            let range = notes.pointee.open[index]
            let isOpen = rights[Int(truncatingIfNeeded: range.first)] == GuestMemory.readWrite && endOfRun(from: range.first, to: range.end) == range.end
            if !isOpen, !protect(range, GuestMemory.readWrite) { return false }
        }
        return true
    }

    // MARK: Zeros

    /// Zeroes pages that have been used and gives their memory back. False if the host refuses, as it does for locked memory.
    func discard(_ range: PageRanges.Range) -> Bool {
        var done = true
        forEachUsed(in: range) { part in
            if done, !duet_discard(address(part.first), octets(part.count)) { done = false }
        }
        return done
    }

    /// Writes zeros into pages that have been used and can be written: all others have none but zeros.
    func fillWithZeros(_ range: PageRanges.Range) {
        for index in 0..<notes.pointee.open.count {
            let open = notes.pointee.open[index], first = max(open.first, range.first), end = min(open.end, range.end)
            guard first < end else { continue }
            forEachUsed(in: PageRanges.Range(first: first, count: end - first)) { memset(address($0.first), 0, octets($0.count)) }
        }
    }

    /// Zeroes open pages that can be written and keeps the memory of a few at both ends: a heap is used from below, a stack from above.
    private func wipe(_ range: PageRanges.Range) {
        let kept: UInt64 = 4
        if range.count > 2 * kept, duet_discard(address(range.first + kept), octets(range.count - 2 * kept)) {
            memset(address(range.first), 0, octets(kept))
            memset(address(range.end - kept), 0, octets(kept))
        } else {
            memset(address(range.first), 0, octets(range.count))
        }
    }

    // MARK: Giving back

    /// More openings than this, and the page tables and memory they left behind are given back.
    private static let mostOpenings = 100
    /// An open range of more pages than this is not kept.
    private static let largestKept: UInt64 = 512

    /// For the next VM, where it is known what the host makes of it.
    func giveBack(_ hostRights: HostRights) {
        let isKnown = !notes.pointee.isInDoubt && (hostRights == .open || unguardAll())
        if !isKnown || notes.pointee.openings > Reservation.mostOpenings { return duet_release(space, Reservation.size) }
        var index = 0
        while index < notes.pointee.open.count {
            let open = notes.pointee.open[index]
            if open.count > Reservation.largestKept {
                guard duet_renew(address(open.first), octets(open.count)) else { return duet_release(space, Reservation.size) }
                notes.pointee.open.remove(at: index)
                continue
            }
            forEachUsed(in: open) { wipe($0) }
            index += 1
        }
        for index in 0..<notes.pointee.used.count {
            let range = notes.pointee.used[index]
            memset(rights + Int(truncatingIfNeeded: range.first), 0, Int(truncatingIfNeeded: range.count))
            memset(pairs + Int(truncatingIfNeeded: range.first), 0, Int(truncatingIfNeeded: range.count))
        }
        notes.pointee.used.removeAll()
        notes.pointee.splits = 0
        duet_reservation_give(space, Reservation.size)
    }

    /// The parts of a range of pages that have had rights.
    func forEachUsed(in range: PageRanges.Range, _ body: (PageRanges.Range) -> Void) {
        for index in 0..<notes.pointee.used.count {
            let used = notes.pointee.used[index]
            let first = max(range.first, used.first), end = min(range.end, used.end)
            if first < end { body(PageRanges.Range(first: first, count: end - first)) }
        }
    }
}
