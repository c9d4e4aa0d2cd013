import CPVM

/// A table from fingerprints to pointers, each with a weight, in the order in which they were last used. It owns nothing that it
/// points at, and its user sees to it that one thread at a time is in it.
public struct LRUTable {
    /// An entry's number, good until it is removed.
    public typealias Number = Int32
    private static let none: Int32 = -1

    private struct Entry {
        var fingerprint = Fingerprint(low: 0, high: 0)
        var value: UnsafeMutableRawPointer?
        var weight = 0
        /// Neighbours in the order of use; `older` also links the entries that are free.
        var older = LRUTable.none
        var newer = LRUTable.none
        /// The next entry of the bucket.
        var next = LRUTable.none
    }

    private var entries: UnsafeMutablePointer<Entry>?
    /// As many buckets as there is room for entries, a power of two.
    private var buckets: UnsafeMutablePointer<Int32>?
    private var capacity = 0
    private var firstFree = LRUTable.none
    private var newest = LRUTable.none
    /// The entry that has not been used for the longest time, nil if there is none.
    public var oldest: Number? { last == LRUTable.none ? nil : last }
    private var last = LRUTable.none
    public private(set) var count = 0
    /// The sum of all weights.
    public private(set) var weight = 0

    public init() {}

    /// Forgets all entries and gives the table's memory back.
    public mutating func destroy() {
        free(entries)
        free(buckets)
        self = LRUTable()
    }

    public subscript(_ number: Number) -> UnsafeMutableRawPointer { entries![Int(number)].value! }
    public func weight(of number: Number) -> Int { entries![Int(number)].weight }
    /// The next entry towards those used later.
    public func newer(than number: Number) -> Number? {
        let newer = entries![Int(number)].newer
        return newer == LRUTable.none ? nil : newer
    }

    public func find(_ fingerprint: Fingerprint) -> Number? {
        guard capacity > 0 else { return nil }
        var number = buckets![bucket(fingerprint)]
        while number != LRUTable.none {
            if entries![Int(number)].fingerprint == fingerprint { return number }
            number = entries![Int(number)].next
        }
        return nil
    }

    /// Adds an entry as the newest. Nil if memory is short.
    public mutating func insert(_ fingerprint: Fingerprint, _ value: UnsafeMutableRawPointer, weight: Int) -> Number? {
        guard firstFree != LRUTable.none || grow() else { return nil }
        let number = firstFree
        firstFree = entries![Int(number)].older
        entries![Int(number)] = Entry(fingerprint: fingerprint, value: value, weight: weight)
        putInBucket(number)
        putInFront(number)
        count += 1
        self.weight += weight
        return number
    }

    public mutating func remove(_ number: Number) {
        let bucket = bucket(entries![Int(number)].fingerprint)
        if buckets![bucket] == number {
            buckets![bucket] = entries![Int(number)].next
        } else {
            var before = buckets![bucket]
            while entries![Int(before)].next != number { before = entries![Int(before)].next }
            entries![Int(before)].next = entries![Int(number)].next
        }
        takeOut(number)
        count -= 1
        weight -= entries![Int(number)].weight
        entries![Int(number)] = Entry()
        entries![Int(number)].older = firstFree
        firstFree = number
    }

    /// Makes the entry the newest.
    public mutating func touch(_ number: Number) {
        if newest == number { return }
        takeOut(number)
        putInFront(number)
    }

    public mutating func setWeight(of number: Number, _ new: Int) {
        weight += new - entries![Int(number)].weight
        entries![Int(number)].weight = new
    }

    // MARK: Links

    private func bucket(_ fingerprint: Fingerprint) -> Int { Int(truncatingIfNeeded: fingerprint.low) & (capacity - 1) }

    private mutating func putInBucket(_ number: Int32) {
        let bucket = bucket(entries![Int(number)].fingerprint)
        entries![Int(number)].next = buckets![bucket]
        buckets![bucket] = number
    }

    private mutating func putInFront(_ number: Int32) {
        entries![Int(number)].older = newest
        entries![Int(number)].newer = LRUTable.none
        if newest != LRUTable.none { entries![Int(newest)].newer = number } else { last = number }
        newest = number
    }

    private mutating func takeOut(_ number: Int32) {
        let older = entries![Int(number)].older, newer = entries![Int(number)].newer
        if older != LRUTable.none { entries![Int(older)].newer = newer } else { last = newer }
        if newer != LRUTable.none { entries![Int(newer)].older = older } else { newest = older }
    }

    private mutating func grow() -> Bool {
        let larger = max(16, capacity * 2)
        guard larger < Int(Int32.max), let space = realloc(entries, larger * MemoryLayout<Entry>.stride) else { return false }
        let grown = space.assumingMemoryBound(to: Entry.self)
        entries = grown
        guard let newBuckets = allocate(Int32.self, larger) else { return false }
        free(buckets)
        buckets = newBuckets
        for index in 0..<larger { newBuckets[index] = LRUTable.none }
        let old = capacity
        capacity = larger
        // All old entries are in use, or there would have been a free one.
        for number in 0..<old { putInBucket(Int32(truncatingIfNeeded: number)) }
        for number in stride(from: larger - 1, through: old, by: -1) {
            grown[number] = Entry()
            grown[number].older = firstFree
            firstFree = Int32(truncatingIfNeeded: number)
        }
        return true
    }
}
