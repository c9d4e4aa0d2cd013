import VMCommon

/// Ranges of guest memory that come one after the other, and what they leave free of another range. The ranges are known
/// from the start: their ends cut memory into stretches, and each stretch is covered once, so that any number of ranges
/// takes time in proportion (but for searching in them).
struct CoveredRanges {
    /// The ends of all ranges, in order, each once. Stretch number i begins at point i.
    private var points = Vector<UInt64>()
    /// Of each stretch: itself while nothing covers it, else one behind it on the way to the next that is free.
    private var next = Vector<Int>()
    /// Steps taken, for tests.
    private(set) var work = 0

    /// Nothing is covered yet. Nil if memory is short.
    init?(_ ranges: Vector<EcalliRecorder.Range>) {
        for index in 0..<ranges.count {
            guard points.append(ranges[index].address), points.append(ranges[index].end) else {
                free()
                return nil
            }
        }
        let all = UnsafeMutableBufferPointer(start: points.base, count: points.count)
        sortInPlace(all) { (first: UInt64, second: UInt64) in first < second }
        var count = 0
        for point in all where count == 0 || all[count - 1] != point {
            all[count] = point
            count += 1
        }
        points.shrink(to: count)
        for index in 0..<count where !next.append(index) {
            free()
            return nil
        }
    }

    mutating func free() {
        points.free()
        next.free()
    }

    /// One of the ranges, at its turn.
    mutating func cover(_ range: EcalliRecorder.Range) {
        let end = stretch(at: range.end)
        var index = firstFree(stretch(at: range.address))
        while index < end {
            next[index] = index + 1
            index = firstFree(index + 1)
        }
    }

    /// The first part of a range that nothing covers; nil if there is none.
    mutating func gap(from first: UInt64, to end: UInt64) -> (start: UInt64, end: UInt64)? {
        var start = first, index = stretch(at: first)
        if index >= 0 {
            let free = firstFree(index)
            if free != index { (start, index) = (points[free], free) }
        }
        guard start < end else { return nil }
        var stop = index + 1
        while stop < points.count, points[stop] < end, firstFree(stop) == stop { stop += 1 }
        return (start, stop < points.count ? min(points[stop], end) : end)
    }

    /// The stretch in which an address lies; -1 in front of all.
    private mutating func stretch(at address: UInt64) -> Int {
        var low = 0, high = points.count
        while low < high {
            work += 1
            let middle = (low + high) / 2
            if points[middle] <= address { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }

    /// What lies behind the last point is always free.
    private mutating func firstFree(_ stretch: Int) -> Int {
        var index = stretch
        work += 1
        while next[index] != index {
            work += 1
            next[index] = next[next[index]]
            index = next[index]
        }
        return index
    }
}
