import CPVM

/// 2^32 octets of guest memory with rights per page: one reservation of address space, of which only touched pages take up
/// memory, and one octet of rights for each of its 2^20 pages.
///
/// Every access is checked here, or in an engine: by code, or (`isGuarded`) by giving the host's pages the rights of the
/// guest's. A page without rights holds zeros.
public struct GuestMemory {
    public static let pageSize: UInt64 = 4096
    public static let pageShift: UInt64 = 12
    public static let pageCount: UInt64 = 1 << 20
    public static let size: UInt64 = 1 << 32
    /// Pages below this one are never accessible (Gray Paper appendix A: access below 2^16 panics).
    public static let firstPage: UInt64 = 16

    /// Rights of a page: bits that an access needs.
    public static let none: UInt8 = 0
    public static let read: UInt8 = 1
    public static let write: UInt8 = 2
    public static let readWrite: UInt8 = 3

    /// Guest address 0. Not to be used before something has been mapped.
    public private(set) var base: UnsafeMutableRawPointer
    /// One octet per page.
    public private(set) var rights: UnsafeMutablePointer<UInt8>
    private var reserved = false

    /// Compiled code has besides a table of what pages allow together: what a page and the one behind it do in the low bits, what it and the one
    /// before it do this many bits above.
    public static let pairBefore: UInt8 = 2

    /// The table, of memory that is reserved.
    var pairs: UnsafeMutablePointer<UInt8> { reservation.pairs }

    /// No page mapped and nothing reserved.
    public init() {
        rights = duet_no_rights()
        base = UnsafeMutableRawPointer(rights)
    }

    private var reservation: Reservation { Reservation(rights: rights) }

    /// Gives everything back: no page is mapped any more.
    public mutating func destroy() {
        if reserved { reservation.giveBack(hostRights) }
        self = GuestMemory()
    }

    /// Octets from `rights` to the context: behind the rights of the pages come seven tables without any, which compiled code looks at for an address
    /// that is no multiple of the access's size.
    public static let rightsSize = 8 << 20
    /// Octets of context below `base`.
    public static let contextSize = 4096
    /// Octets from `base` on that compiled code can touch: the memory and the guard.
    public static let reach = Int(truncatingIfNeeded: size) + 1 << 31 + Int(truncatingIfNeeded: pageSize)

    private mutating func reserve() -> Bool {
        if reserved { return true }
        guard let reservation = Reservation.take() else { return false }
        base = reservation.base
        rights = reservation.rights
        reserved = true
        return true
    }

    // MARK: For compiled code

    /// Makes sure that `base` and the context are there. False if the host has no address space left.
    public mutating func prepareContext() -> Bool { reserve() }

    private var hostRights = Reservation.HostRights.open

    /// Do the host's pages have the guest's rights, no more and no less?
    public var isGuarded: Bool { hostRights == .guest }

    /// Gives the host's pages the guest's rights, from now on. False if the host refuses, or if it would take too many mappings:
    /// then the memory is checked.
    public mutating func guardPages() -> Bool {
        guard reserve() else { return false }
        if hostRights == .open, reservation.mayBeGuarded {
            // What fails half-way has taken rights away, from pages that the guest may not use either.
            hostRights = .atLeast
            if reservation.guardAll() { hostRights = .guest } else { reservation.forgoGuard() }
        }
        if isGuarded, reservation.mayBeGuarded { return true }
        _ = relax()
        return false
    }

    /// Opens what guarding has closed. False if the host refuses.
    private mutating func relax() -> Bool {
        if hostRights == .open { return true }
        hostRights = reservation.unguardAll() ? .open : .atLeast
        return hostRights == .open
    }

    // MARK: Pages

    /// Gives `count` pages from `first` their rights. Pages whose rights become `none` are cleared, with `zeroed` all of them. False
    /// if the host has no memory or address space left: then no page has changed. Pages must lie in firstPage..<pageCount.
    public mutating func map(first: UInt64, count: UInt64, rights new: UInt8, zeroed: Bool = false) -> Bool {
        assert(first >= GuestMemory.firstPage && first + count <= GuestMemory.pageCount)
        if count == 0 { return true }
        let range = PageRanges.Range(first: first, count: count)
        if new == GuestMemory.none, !reserved { return true }
        guard reserve() else { return false }
        let loses = isGuarded && reservation.hasMore(range, than: new)
        // Where rights come, the host's pages get them before the guest's; where they go, the guest's lose them first.
        if new == GuestMemory.none {
            guard clear(range) else { return false }
            let reservation = reservation
            reservation.forEachUsed(in: range) { reservation.setRights($0, GuestMemory.none) }
        } else {
            guard raise(range, new), !zeroed || clear(range) else { return false }
            _ = reservation.notes.pointee.used.insert(range)
            reservation.setRights(range, new)
        }
        if loses { lower(range, new) }
        if isGuarded, !reservation.mayBeGuarded { _ = relax() }
        return true
    }

    /// Gives the host's pages the rights that the guest's are to get, as far as they have less.
    private mutating func raise(_ range: PageRanges.Range, _ new: UInt8) -> Bool {
        if hostRights == .guest {
            if reservation.raise(range, new) { return true }
            // As checked memory it may need less of the host.
            hostRights = .atLeast
        }
        return relax() ? reservation.open(range) : reservation.reopen(range)
    }

    /// Takes rights of the host's pages away that the guest's have lost. Where the host refuses, memory is guarded no more.
    private mutating func lower(_ range: PageRanges.Range, _ new: UInt8) {
        guard isGuarded, !reservation.lower(range, new) else { return }
        hostRights = .atLeast
        reservation.forgoGuard()
        _ = relax()
    }

    /// Zeroes pages that have or had rights. False if the host refuses.
    private mutating func clear(_ range: PageRanges.Range) -> Bool {
        if reservation.discard(range) { return true }
        // Locked into memory by the host.
        guard relax() else { return false }
        reservation.fillWithZeros(range)
        return true
    }

    // MARK: Ranges

    /// Has every page of the range all of `need`? The range may not pass 2^32; an empty one always has.
    public func allows(_ address: UInt64, _ length: UInt64, _ need: UInt8) -> Bool {
        if length == 0 { return true }
        guard address < GuestMemory.size, length <= GuestMemory.size - address else { return false }
        let last = (address + length - 1) >> GuestMemory.pageShift
        return firstPage(without: need, from: address >> GuestMemory.pageShift, through: last) == nil
    }

    /// How many pages of first..<end have all bits of `right`, which is a single bit.
    public func countPages(with right: UInt8, from first: UInt64, to end: UInt64) -> UInt64 {
        let pattern = UInt64(right) &* 0x0101_0101_0101_0101
        var count = 0, page = first
        while page < end {
            if page & 7 == 0, page + 8 <= end {
                count += (UnsafeRawPointer(rights + Int(truncatingIfNeeded: page)).load(as: UInt64.self) & pattern).nonzeroBitCount
                page += 8
            } else {
                if rights[Int(truncatingIfNeeded: page)] & right != 0 { count += 1 }
                page += 1
            }
        }
        return UInt64(truncatingIfNeeded: count)
    }

    /// Has none of the pages any rights?
    public func isFree(first: UInt64, count: UInt64) -> Bool {
        for page in first..<first + count where rights[Int(truncatingIfNeeded: page)] != GuestMemory.none { return false }
        return true
    }

    /// The first page of first...last that lacks some of `need`.
    public func firstPage(without need: UInt8, from first: UInt64, through last: UInt64) -> UInt64? {
        let pattern = UInt64(need) &* 0x0101_0101_0101_0101
        var page = first
        while page <= last {
            if page & 7 == 0, page + 7 <= last {
                let eight = UnsafeRawPointer(rights + Int(truncatingIfNeeded: page)).load(as: UInt64.self)
                if eight & pattern == pattern {
                    page += 8
                    continue
                }
            }
            if rights[Int(truncatingIfNeeded: page)] & need != need { return page }
            page += 1
        }
        return nil
    }

    /// What stops a guest access of `size` (1 to 8) octets at `address`, which may pass 2^32 and go on at 0.
    public func obstacle(_ address: UInt32, size: UInt32, _ need: UInt8) -> Obstacle? {
        let first = UInt64(address >> 12), last = UInt64((address &+ (size - 1)) >> 12)
        if rights[Int(truncatingIfNeeded: first)] & need != need { return Obstacle(page: first) }
        if last != first, rights[Int(truncatingIfNeeded: last)] & need != need { return Obstacle(page: last) }
        return nil
    }

    /// Reads a number that may lie across two pages; the access must have been found free of obstacles.
    public func loadAcross(_ address: UInt32, size: UInt32) -> UInt64 {
        var value: UInt64 = 0
        for octet in 0..<size {
            value |= UInt64(base.load(fromByteOffset: Int(address &+ octet), as: UInt8.self)) << UInt64(8 * octet)
        }
        return value
    }

    /// Writes the `size` low octets of `value`, likewise.
    public func storeAcross(_ address: UInt32, size: UInt32, _ value: UInt64) {
        for octet in 0..<size {
            base.storeBytes(of: UInt8(truncatingIfNeeded: value >> UInt64(8 * octet)), toByteOffset: Int(address &+ octet), as: UInt8.self)
        }
    }

    // MARK: Copies

    /// Copies out of the guest. All or nothing.
    public func read(_ address: UInt64, _ length: UInt64, to target: UnsafeMutableRawPointer) -> Bool {
        guard allows(address, length, GuestMemory.read) else { return false }
        if length > 0 { memcpy(target, base + Int(truncatingIfNeeded: address), Int(truncatingIfNeeded: length)) }
        return true
    }

    /// Copies into the guest where every page has all of `need`. All or nothing.
    public mutating func write(_ address: UInt64, _ length: UInt64, from source: UnsafeRawPointer, need: UInt8) -> Copying {
        guard allows(address, length, need) else { return .outOfBounds }
        if length == 0 { return .done }
        guard need & GuestMemory.write == 0, hostRights != .open, !allows(address, length, GuestMemory.readWrite) else {
            memmove(base + Int(truncatingIfNeeded: address), source, Int(truncatingIfNeeded: length))
            return .done
        }
        // Into pages that the host has write-protected: lifted for the copy.
        let first = address >> GuestMemory.pageShift, last = (address + length - 1) >> GuestMemory.pageShift
        let range = PageRanges.Range(first: first, count: last - first + 1)
        let wasGuarded = isGuarded
        hostRights = .atLeast
        guard reservation.protect(range, GuestMemory.readWrite) || relax() else { return .refused }
        memmove(base + Int(truncatingIfNeeded: address), source, Int(truncatingIfNeeded: length))
        if wasGuarded, hostRights == .atLeast, reservation.protectAsGuest(range) { hostRights = .guest }
        return .done
    }
}

/// How a copy into the guest ended.
public enum Copying {
    case done
    case outOfBounds
    /// The host has not let it: nothing was copied.
    case refused
}

/// Why an access cannot be made (Gray Paper appendix A, memory-access exceptions).
public enum Obstacle {
    /// An address below 2^16.
    case panic
    /// The address of the lowest inaccessible page.
    case fault(UInt32)

    init(page: UInt64) {
        self = page < GuestMemory.firstPage ? .panic : .fault(UInt32(truncatingIfNeeded: page << GuestMemory.pageShift))
    }
}
