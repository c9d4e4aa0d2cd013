import CPVM
import VMCommon

/// Finds entries of a vector by key: an open-addressing table of their indices. Entries stay in the order in which they came,
/// so that pointers by index survive growth.
///
/// Keys are chosen by whoever writes contracts. The hash depends on a number drawn when the process starts, so that nobody can
/// prepare keys that collide.
struct IndexTable {
    /// Of each slot the upper half is the lower half of the entry's hash, the lower half its index plus one; 0 is empty.
    private var slots: UnsafeMutablePointer<UInt64>?
    private var mask: UInt64 = 0
    private var used = 0

    init() {}

    mutating func free() {
        CPVM.free(slots)
        self = IndexTable()
    }

    /// The index of the entry with this hash that `matches`.
    @inline(__always)
    func find(_ hash: UInt64, _ matches: (Int) -> Bool) -> Int? {
        guard let slots else { return nil }
        var position = hash & mask
        while true {
            let slot = slots[Int(truncatingIfNeeded: position)]
            if slot == 0 { return nil }
            if slot >> 32 == hash & 0xffff_ffff {
                let index = Int(truncatingIfNeeded: slot & 0xffff_ffff) &- 1
                if matches(index) { return index }
            }
            position = (position &+ 1) & mask
        }
    }

    /// Enters an index whose key is not in the table. False if memory is short or the table has 2^31 entries.
    mutating func insert(_ hash: UInt64, _ index: Int) -> Bool {
        if slots == nil || used &* 4 >= Int(truncatingIfNeeded: mask &+ 1) &* 3 {
            guard grow() else { return false }
        }
        place(hash << 32 | UInt64(truncatingIfNeeded: index &+ 1))
        used &+= 1
        return true
    }

    private func place(_ slot: UInt64) {
        let slots = slots.unsafelyUnwrapped
        var position = slot >> 32 & mask
        while slots[Int(truncatingIfNeeded: position)] != 0 { position = (position &+ 1) & mask }
        slots[Int(truncatingIfNeeded: position)] = slot
    }

    /// Takes out an entry that was inserted.
    mutating func remove(_ hash: UInt64, _ index: Int) {
        guard let slots else { return }
        let wanted = hash << 32 | UInt64(truncatingIfNeeded: index &+ 1)
        var hole = hash & mask
        while slots[Int(truncatingIfNeeded: hole)] != wanted {
            if slots[Int(truncatingIfNeeded: hole)] == 0 { return }
            hole = (hole &+ 1) & mask
        }
        // Those behind it that are not where they would be best move up, so that no gap comes before them.
        var position = (hole &+ 1) & mask
        while case let slot = slots[Int(truncatingIfNeeded: position)], slot != 0 {
            if (position &- slot >> 32) & mask >= (position &- hole) & mask {
                slots[Int(truncatingIfNeeded: hole)] = slot
                hole = position
            }
            position = (position &+ 1) & mask
        }
        slots[Int(truncatingIfNeeded: hole)] = 0
        used &-= 1
    }

    /// Makes the table one of the first `count` entries alone, with the hashes that `hash` gives, and smaller if it can. There are no more than
    /// there were.
    mutating func rebuild(_ count: Int, _ hash: (Int) -> UInt64) {
        guard let old = slots else { return }
        var wanted = 16
        while wanted < count * 2 { wanted *= 2 }
        if wanted <= Int(truncatingIfNeeded: mask &+ 1) / 4, let smaller = allocate(UInt64.self, wanted) {
            CPVM.free(old)
            slots = smaller
            mask = UInt64(truncatingIfNeeded: wanted - 1)
        } else {
            old.update(repeating: 0, count: Int(truncatingIfNeeded: mask &+ 1))
        }
        for index in 0..<count { place(hash(index) << 32 | UInt64(truncatingIfNeeded: index &+ 1)) }
        used = count
    }

    private mutating func grow() -> Bool {
        let old = slots
        let oldCount = old == nil ? 0 : Int(truncatingIfNeeded: mask &+ 1)
        let count = max(16, oldCount * 2)
        guard count <= 1 << 31, let new = allocate(UInt64.self, count) else { return false }
        slots = new
        mask = UInt64(truncatingIfNeeded: count - 1)
        for position in 0..<oldCount where old.unsafelyUnwrapped[position] != 0 { place(old.unsafelyUnwrapped[position]) }
        CPVM.free(old)
        return true
    }

    /// Empties the table.
    mutating func clear() {
        guard let slots, used > 0 else { return }
        if mask > 1 << 16 {
            free()
        } else {
            slots.update(repeating: 0, count: Int(truncatingIfNeeded: mask &+ 1))
            used = 0
        }
    }
}

// MARK: Hashes of keys

/// Both halves of a 128-bit product, folded: each bit of the result depends on every bit of both factors.
@inline(__always)
private func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}

/// Drawn once in the life of the process.
private let seed: (UInt64, UInt64, UInt64) = {
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    duet_random(&words, 24)
    return (words.0 | 1, words.1 | 1, words.2 | 1)
}()

/// The hash of up to five words under the process's seed.
struct KeyHash {
    @inline(__always)
    static func hash(_ address: Address, _ seed: Seed) -> UInt64 {
        let first = fold(address.word0 ^ seed.first, address.word1 ^ seed.second)
        return fold(first ^ UInt64(address.word2), seed.third)
    }

    @inline(__always)
    static func hash(_ key: Bytes32, _ seed: Seed) -> UInt64 {
        let first = fold(key.word0 ^ seed.first, key.word1 ^ seed.second)
        let second = fold(key.word2 ^ seed.third, key.word3 ^ seed.first)
        return fold(first ^ second.byteSwapped, seed.third)
    }

    /// A copy of the process's seed, taken once by whoever hashes often: reading the global costs a check each time.
    struct Seed {
        var first, second, third: UInt64

        static var process: Seed { Seed(first: seed.0, second: seed.1, third: seed.2) }
    }
}
