import CPVM

/// Which of a number of pages are taken: a bit for each. A run of free pages is looked for from the place of the last find on
/// (next fit); 2^16 pages, 256 MiB, are 1024 words to look at.
struct PageSet: ~Copyable {
    private let words: UnsafeMutablePointer<UInt64>
    private let count: Int
    private var hint = 0
    private var free: Int

    /// All free; nil if memory is short.
    init?(count: Int) {
        guard let words = allocate(UInt64.self, (count + 63) / 64) else { return nil }
        self.words = words
        self.count = count
        free = count
    }

    deinit { CPVM.free(words) }

    /// Takes `length` pages in a row and says where they begin. nil if there is no such run.
    mutating func takeRun(_ length: Int) -> Int? {
        guard length > 0, length <= free else { return nil }
        guard let first = run(of: length, from: hint, to: count) ?? run(of: length, from: 0, to: min(count, hint + length - 1)) else { return nil }
        set(first, length)
        free -= length
        hint = first + length
        return first
    }

    /// Pages that `takeRun` has given.
    mutating func giveBack(first: Int, count length: Int) {
        for page in first..<first + length {
            assert(words[page >> 6] >> UInt64(truncatingIfNeeded: page & 63) & 1 == 1, "not taken")
            words[page >> 6] &= ~(1 << UInt64(truncatingIfNeeded: page & 63))
        }
        free += length
        hint = min(hint, first)
    }

    private func set(_ first: Int, _ length: Int) {
        for page in first..<first + length { words[page >> 6] |= 1 << UInt64(truncatingIfNeeded: page & 63) }
    }

    /// The first run of free pages within from..<to.
    private func run(of length: Int, from: Int, to: Int) -> Int? {
        var start = from
        while start + length <= to {
            start = edge(from: start, to: to, taken: false)
            let end = edge(from: start, to: min(to, start + length), taken: true)
            if end - start >= length { return start }
            start = end
        }
        return nil
    }

    /// The first page of from..<to that is taken (or is free); `to` if there is none.
    private func edge(from: Int, to: Int, taken: Bool) -> Int {
        var page = from
        while page < to {
            let word = taken ? words[page >> 6] : ~words[page >> 6]
            let rest = word >> UInt64(truncatingIfNeeded: page & 63)
            if rest != 0 { return min(to, page + rest.trailingZeroBitCount) }
            page = (page | 63) + 1
        }
        return to
    }
}
