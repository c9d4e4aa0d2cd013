/// A set of pages, kept as a few ranges in rising order, which do not touch: exact as long as that suffices, else with the smallest
/// gap beside a new range added.
struct PageRanges {
    struct Range {
        var first: UInt64 = 0
        var count: UInt64 = 0

        var end: UInt64 { first + count }
    }

    static let capacity = 12

    private var ranges = InlineArray<12, Range>(repeating: Range())
    private(set) var count = 0

    subscript(_ index: Int) -> Range { ranges[index] }

    func contains(_ range: Range) -> Bool {
        for index in 0..<count where ranges[index].end >= range.end { return ranges[index].first <= range.first }
        return false
    }

    /// Adds a range and says which range of the set it has become a part of.
    mutating func insert(_ range: Range) -> Range {
        var index = 0
        while index < count, ranges[index].end < range.first { index += 1 }
        var new = range
        // What it touches goes into it.
        while index < count, ranges[index].first <= new.end {
            new = span(ranges[index], new)
            remove(at: index)
        }
        if count == PageRanges.capacity {
            let below = index > 0 ? new.first - ranges[index - 1].end : .max
            let above = index < count ? ranges[index].first - new.end : .max
            if below < above { index -= 1 }
            new = span(ranges[index], new)
            ranges[index] = new
            return new
        }
        for move in stride(from: count, to: index, by: -1) { ranges[move] = ranges[move - 1] }
        ranges[index] = new
        count += 1
        return new
    }

    mutating func remove(at index: Int) {
        for move in index..<count - 1 { ranges[move] = ranges[move + 1] }
        count -= 1
    }

    mutating func removeAll() { count = 0 }

    private func span(_ a: Range, _ b: Range) -> Range {
        let first = min(a.first, b.first)
        return Range(first: first, count: max(a.end, b.end) - first)
    }
}
