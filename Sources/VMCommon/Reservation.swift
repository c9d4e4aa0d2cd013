import CPVM

/// The address space of one guest memory, as the host sees it. From below: a page of notes, the rights, a page that compiled code
/// keeps its context in, the guest's memory, a guard of 2 GiB. So one register and 32-bit displacements reach all of it, and an
/// address of 32 bits with a positive displacement stays inside.
///
/// Outside the ranges that are *open* the memory has no rights at the host; inside, it can be read and written, or (guarded) has
/// the guest's rights. A reservation goes from one VM to the next with its ranges open and, where they are small, with their
/// memory: so VMs with the same layout need few system calls and page faults. It is renewed when it has opened many.
struct Reservation {
    /// The rights; nothing below them is anybody else's.
    let rights: UnsafeMutablePointer<UInt8>

    /// Kept in the page of notes.
    struct Notes {
        var open = PageRanges()
        /// Pages that have had rights since the reservation was taken.
        var used = PageRanges()
        /// Ranges opened since the reservation was made.
        var openings = 0
        /// Changes of rights at the host since it was taken, where it is guarded: each may have cost a mapping more.
        var splits = 0
    }

    private static let notesSize = 4096
    static let below = notesSize + Int(GuestMemory.pageCount) + GuestMemory.contextSize
    private static let size = below + GuestMemory.reach

    init(rights: UnsafeMutablePointer<UInt8>) { self.rights = rights }

    /// One from the store or a new one: all rights none, all memory zero. Nil if the host has no address space left.
    static func take() -> Reservation? {
        guard let space = duet_reservation_take(size, below) else { return nil }
        return Reservation(rights: (space + notesSize).assumingMemoryBound(to: UInt8.self))
    }

    private var space: UnsafeMutableRawPointer { UnsafeMutableRawPointer(rights) - Reservation.notesSize }
    var notes: UnsafeMutablePointer<Notes> { space.assumingMemoryBound(to: Notes.self) }
    var base: UnsafeMutableRawPointer { space + Reservation.below }

    private func address(_ page: UInt64) -> UnsafeMutableRawPointer { base + Int(page << GuestMemory.pageShift) }
    private func octets(_ count: UInt64) -> Int { Int(count << GuestMemory.pageShift) }

    // MARK: Rights at the host

    func protect(_ range: PageRanges.Range, _ rights: UInt8) -> Bool {
        duet_protect(address(range.first), octets(range.count), Int32(rights))
    }

    /// Gives pages the guest's rights at the host.
    func protectAsGuest(_ range: PageRanges.Range) -> Bool {
        var page = range.first
        while page < range.end {
            let end = endOfRun(from: page, to: range.end)
            guard protect(PageRanges.Range(first: page, count: end - page), rights[Int(page)]) else { return false }
            page = end
        }
        return true
    }

    /// The end of the pages that have the rights of page `from`.
    private func endOfRun(from: UInt64, to: UInt64) -> UInt64 {
        let here = rights[Int(from)], eight = UInt64(here) &* 0x0101_0101_0101_0101
        var page = from + 1
        while page < to {
            if page & 7 == 0, page + 8 <= to, UnsafeRawPointer(rights + Int(page)).load(as: UInt64.self) == eight {
                page += 8
                continue
            }
            if rights[Int(page)] != here { return page }
            page += 1
        }
        return to
    }

    /// Opens pages for reading and writing. False if the host refuses.
    func open(_ range: PageRanges.Range) -> Bool {
        if notes.pointee.open.contains(range) { return true }
        var wanted = range
        // Behind a range that grows, as heaps do a page at a time, some more.
        for index in 0..<notes.pointee.open.count where notes.pointee.open[index].end == range.first {
            wanted.count = max(range.count, min(Reservation.growth, GuestMemory.pageCount - range.first))
        }
        notes.pointee.openings += 1
        return protect(notes.pointee.open.insert(wanted), GuestMemory.readWrite)
    }
    private static let growth: UInt64 = 16

    /// Gives pages the rights that the guest has just been given, in guarded memory.
    func openGuarded(_ range: PageRanges.Range, _ rights: UInt8) -> Bool {
        var grows = false
        if !notes.pointee.open.contains(range) {
            notes.pointee.openings += 1
            grows = notes.pointee.open.insert(range).count > range.count
        }
        if !grows { notes.pointee.splits += 1 }
        return protect(range, rights)
    }

    /// Mappings are few at the host, 65530 for a process of Linux: a guest that has been given rights page by page is not guarded.
    var isFragmented: Bool { notes.pointee.splits > Reservation.mostSplits }
    private static let mostSplits = 32

    /// Gives every page the guest's rights at the host. False if the host refuses, or if it would take too many mappings.
    func guardAll() -> Bool {
        for index in 0..<notes.pointee.open.count {
            let open = notes.pointee.open[index]
            var page = open.first
            while page < open.end {
                let end = endOfRun(from: page, to: open.end), here = rights[Int(page)]
                if here != GuestMemory.readWrite {
                    notes.pointee.splits += 1
                    guard !isFragmented, protect(PageRanges.Range(first: page, count: end - page), here) else { return false }
                }
                page = end
            }
        }
        return true
    }

    /// Opens again what guarding has closed.
    func unguardAll() -> Bool {
        for index in 0..<notes.pointee.open.count {
            let range = notes.pointee.open[index]
            let isOpen = rights[Int(range.first)] == GuestMemory.readWrite && endOfRun(from: range.first, to: range.end) == range.end
            if !isOpen, !protect(range, GuestMemory.readWrite) { return false }
        }
        return true
    }

    // MARK: Zeros

    /// Zeroes open pages and gives their memory back.
    func discard(_ range: PageRanges.Range, isGuarded: Bool) {
        if duet_discard(address(range.first), octets(range.count)) { return }
        // Locked into memory by the host.
        guard isGuarded ? protect(range, GuestMemory.readWrite) : open(range) else { return }
        memset(address(range.first), 0, octets(range.count))
        if isGuarded { _ = protectAsGuest(range) }
    }

    /// Zeroes open pages that can be written and keeps the memory of a few at both ends: a heap is used from below, a stack from above.
    private func wipe(_ range: PageRanges.Range) {
        let kept: UInt64 = 4
        if range.count <= 2 * kept {
            memset(address(range.first), 0, octets(range.count))
            return
        }
        memset(address(range.first), 0, octets(kept))
        memset(address(range.end - kept), 0, octets(kept))
        discard(PageRanges.Range(first: range.first + kept, count: range.count - 2 * kept), isGuarded: false)
    }

    // MARK: Giving back

    /// More openings than this, and the page tables and memory they left behind are given back.
    private static let mostOpenings = 100
    /// An open range of more pages than this is not kept.
    private static let largestKept: UInt64 = 512

    func giveBack(isGuarded: Bool) {
        if notes.pointee.openings > Reservation.mostOpenings || isGuarded && !unguardAll() { return duet_release(space, Reservation.size) }
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
            memset(rights + Int(range.first), 0, Int(range.count))
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
