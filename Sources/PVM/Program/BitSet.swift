import CPVM
import VMCommon

/// A fixed-size bit set over code offsets that also answers how many bits lie below one: the map between code offsets and
/// instruction numbers, in under 2 bits per code octet.
struct BitSet {
    private var words: UnsafeMutablePointer<UInt64>
    /// Bits set in all words before each one; filled by `rankAll`.
    private var before: UnsafeMutablePointer<UInt32>
    private let count: Int

    static func octets(_ count: Int) -> Int { BitSet.wordCount(count) * 12 }

    var wordCount: Int { BitSet.wordCount(count) }

    /// 64 bits at once.
    subscript(word: Int) -> UInt64 { words[word] }

    private static func wordCount(_ count: Int) -> Int { count / 64 + 1 }

    /// All bits 0...count clear. Nil if memory is short.
    init?(count: Int) {
        let wordCount = BitSet.wordCount(count)
        guard let words = allocate(UInt64.self, wordCount) else { return nil }
        guard let before = allocate(UInt32.self, wordCount) else {
            free(words)
            return nil
        }
        self.words = words
        self.before = before
        self.count = count
    }

    func destroy() {
        free(words)
        free(before)
    }

    /// Inserts the bit if `value` is 1; 0 changes nothing.
    @inline(__always)
    func insert(_ bit: Int, _ value: UInt64) { words[bit &>> 6] |= value &<< UInt64(truncatingIfNeeded: bit & 63) }

    /// Inserts 64 bits at once.
    @inline(__always)
    func insert(word: Int, _ bits: UInt64) { words[word] |= bits }

    @inline(__always)
    func contains(_ bit: Int) -> Bool { bit <= count && words[bit >> 6] >> UInt64(truncatingIfNeeded: bit & 63) & 1 != 0 }

    /// To be called when all bits are in.
    func rankAll() {
        var total: UInt32 = 0
        for word in 0..<BitSet.wordCount(count) {
            before[word] = total
            total += UInt32(truncatingIfNeeded: words[word].nonzeroBitCount)
        }
    }

    /// How many bits below `bit` are set.
    @inline(__always)
    func rank(_ bit: Int) -> Int {
        let below = words[bit >> 6] & (1 << UInt64(truncatingIfNeeded: bit & 63) &- 1)
        return Int(before[bit >> 6]) + below.nonzeroBitCount
    }
}
