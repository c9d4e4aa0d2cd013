import CPVM
import EVMRules

/// The memory of an execution: octets from 0 on, in whole words, that read as zeros where nothing was stored.
struct GuestBytes: BitwiseCopyable {
    /// NULL as long as there is none.
    var start: UnsafeMutablePointer<UInt8>?
    /// Octets that the execution has, a multiple of 32.
    var size: UInt64
    /// How many offsets there are at which a word lies inside: `size - 31`, or 0.
    var wordOffsets: UInt64
    /// What it has cost so far.
    var cost: Int64
    /// Octets that are there.
    var capacity: Int
    /// Octets from `size` up to here are zeros …
    private var clearTo: Int
    /// … and those from here up to `capacity` as well.
    private var dirtyTo: Int
    /// Somebody else's: it grows by his help alone.
    private(set) var isBorrowed: Bool

    /// More than this cannot be paid with 2^63 - 1 gas; up to here the cost is below 2^64.
    static let payable: UInt64 = 1 << 41
    /// Nobody gets more than this, whatever he pays: 4 GiB.
    static let limit = 1 << 32

    /// Of that many octets. Yellow Paper, appendix H, C_mem.
    static func cost(_ octets: UInt64) -> UInt64 {
        let words = (octets + 31) / 32
        let square = words.multipliedFullWidth(by: words)
        return words &* GasCost.memoryWord &+ (square.low &>> GasCost.memorySquareShift | square.high &<< (64 - GasCost.memorySquareShift))
    }

    /// Makes it at least that large if those octets are there and zeros, and there is the gas for it. Gives the gas that is left, or a negative
    /// number, and nothing has happened.
    @inline(__always)
    mutating func growReady(_ octets: UInt64, _ gas: Int64) -> Int64 {
        guard octets <= UInt64(truncatingIfNeeded: clearTo) else { return -1 }
        let words = (octets &+ 31) &>> 5
        let total = Int64(truncatingIfNeeded: words &* GasCost.memoryWord &+ (words &* words) &>> GasCost.memorySquareShift)
        let rest = gas &- (total &- cost)
        guard rest >= 0 else { return -1 }
        cost = total
        size = words &<< 5
        wordOffsets = size &- 31
        return rest
    }

    /// Makes it at least that large; the cost has been paid. False if memory is short.
    mutating func grow(_ octets: UInt64) -> Bool {
        let size = Int(truncatingIfNeeded: (octets + 31) & ~31)
        if size > capacity && !reserve(size) { return false }
        if size > clearTo { clear(size) }
        self.size = UInt64(truncatingIfNeeded: size)
        wordOffsets = self.size - 31
        return true
    }

    /// Zeros ahead of the present need, because memory mostly grows in small steps.
    private mutating func clear(_ size: Int) {
        let ahead = min(max(size, clearTo + 4096), dirtyTo)
        if ahead > clearTo { memset(start.unsafelyUnwrapped + clearTo, 0, ahead - clearTo) }
        clearTo = ahead >= dirtyTo ? capacity : ahead
    }

    private mutating func reserve(_ size: Int) -> Bool {
        guard size <= GuestBytes.limit else { return false }
        let room = min(max(size, capacity * 2, 4096), GuestBytes.limit)
        guard let fresh = calloc(room, 1) else { return false }
        if let start {
            memcpy(fresh, start, Int(truncatingIfNeeded: self.size))
            CPVM.free(start)
        }
        start = fresh.assumingMemoryBound(to: UInt8.self)
        capacity = room
        clearTo = room
        dirtyTo = Int(truncatingIfNeeded: self.size)
        return true
    }

    /// For the next execution.
    mutating func reset() {
        dirtyTo = max(clearTo < dirtyTo ? dirtyTo : 0, Int(truncatingIfNeeded: size))
        clearTo = 0
        size = 0
        wordOffsets = 0
        cost = 0
    }

    /// Memory of somebody else: `size` octets are in use, a multiple of 32, and what is behind them up to `capacity` is not known.
    init(borrowed start: UnsafeMutablePointer<UInt8>?, size: Int, capacity: Int) {
        self.start = start
        self.size = UInt64(truncatingIfNeeded: size)
        wordOffsets = size == 0 ? 0 : self.size - 31
        cost = Int64(truncatingIfNeeded: GuestBytes.cost(self.size))
        self.capacity = capacity
        clearTo = size
        dirtyTo = capacity
        isBorrowed = true
    }

    /// What is borrowed lies somewhere else, with its content, and there may be more of it.
    mutating func moved(to start: UnsafeMutablePointer<UInt8>?, capacity: Int) {
        self.start = start
        self.capacity = capacity
        clearTo = Int(truncatingIfNeeded: size)
        dirtyTo = capacity
    }

    /// Takes back what has been paid for since it was like `before`, without having been written to.
    mutating func takeBack(_ before: GuestBytes) {
        size = before.size
        wordOffsets = before.wordOffsets
        cost = before.cost
        clearTo = min(clearTo, Int(truncatingIfNeeded: size))
    }

    /// Gives everything back.
    mutating func free() {
        CPVM.free(start)
        start = nil
        capacity = 0
        clearTo = 0
        dirtyTo = 0
        size = 0
        wordOffsets = 0
    }
}
