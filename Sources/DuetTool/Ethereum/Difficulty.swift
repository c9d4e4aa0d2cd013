import EVMRules
import VMCommon

/// The difficulty of a block by its parent's (Yellow Paper, 4.4.4; EIP-2, 100).
struct Difficulty {
    let number: UInt64
    let timestamp: UInt64
    let parentTimestamp: UInt64
    let parentDifficulty: U256
    /// EIP-100 counts them.
    let parentHasOmmers: Bool

    private static let least = U256(131_072)

    /// Nil from Paris on, where there is none, and if it has more than 256 bits. The block is later than its parent.
    func value(_ rules: BlockRules) -> U256? {
        guard rules.difficulty != .none, timestamp > parentTimestamp else { return nil }
        let bombDelay = rules.bombDelay
        let age = timestamp - parentTimestamp, step = U256.shiftRight(parentDifficulty, bits: 11)
        let up: UInt64, down: UInt64
        switch rules.difficulty {
        case .none, .frontier: (up, down) = age < 13 ? (1, 0) : (0, 1)
        case .byAge: (up, down) = (1, age / 10)
        case .byAgeAndOmmers: (up, down) = (parentHasOmmers ? 2 : 1, age / 9)
        }
        // At most 99 steps down at once.
        let change = up >= down ? step &* U256(up - down) : step &* U256(min(down - up, 99))
        var (difficulty, carry): (U256, UInt64)
        if up >= down {
            (difficulty, carry) = U256.addingWithCarry(parentDifficulty, change)
        } else {
            (difficulty, carry) = (parentDifficulty > change ? parentDifficulty &- change : .zero, 0)
        }
        guard carry == 0 else { return nil }
        if difficulty < Difficulty.least { difficulty = Difficulty.least }
        // The bomb doubles every 100,000 blocks.
        let period = (number > bombDelay ? number - bombDelay : 0) / 100_000
        guard period > 1 else { return difficulty }
        guard period - 2 < 256 else { return nil }
        (difficulty, carry) = U256.addingWithCarry(difficulty, U256.one << U256(period - 2))
        return carry == 0 ? difficulty : nil
    }
}
