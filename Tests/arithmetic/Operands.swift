/// Operands that sit on edges: limbs of zeros and ones, powers of two and their neighbours, equal upper limbs, dividends close
/// to multiples of their divisor.
struct Operands {
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    mutating func below(_ bound: UInt64) -> UInt64 { random.next() % bound }

    mutating func octets(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(below(256)) } }

    private mutating func limb() -> UInt64 {
        switch below(10) {
        case 0: 0
        case 1: .max
        case 2: 1 << below(64)
        case 3: (1 << below(64)) &- 1
        case 4: UInt64.max << below(64)
        case 5: below(4)
        case 6: .max - below(4)
        case 7: 1 << 63 &+ below(4)
        default: random.next()
        }
    }

    mutating func next() -> U256 {
        switch below(12) {
        case 0: return U256(below(300))
        case 1: return ~U256(below(300))
        case 2: return around(U256.shiftLeft(.one, bits: below(256)))
        case 3: return U256.shiftRight(.max, bits: below(256))
        case 4: return U256.shiftLeft(.max, bits: below(256))
        case 5: return around(.signedMin)
        case 6, 7: return U256.shiftRight(U256(random.next(), random.next(), random.next(), random.next()), bits: below(256))
        default:
            let limbs = below(4)
            return U256(limb(), limbs > 0 ? limb() : 0, limbs > 1 ? limb() : 0, limbs > 2 ? limb() : 0)
        }
    }

    private mutating func around(_ number: U256) -> U256 {
        let distance = U256(below(3))
        return below(2) == 0 ? number &+ distance : number &- distance
    }

    /// Two numbers that often differ in one limb or by one.
    mutating func near() -> (U256, U256) {
        let left = next()
        var right = left
        switch below(7) {
        case 0: right.limb0 = limb()
        case 1: right.limb1 = limb()
        case 2: right.limb2 = limb()
        case 3: right.limb3 = limb()
        case 4: right = around(right)
        case 5: break
        default: right = next()
        }
        return (left, right)
    }

    mutating func amount() -> U256 { edge(260, sometimes: 256) }
    mutating func index() -> U256 { edge(34, sometimes: 32) }

    private mutating func edge(_ bound: UInt64, sometimes edge: UInt64) -> U256 {
        switch below(16) {
        case 0: U256(edge &- 1 &+ below(3))
        case 1: next()
        case 2: U256(below(bound), below(2), below(2), below(2))
        default: U256(below(bound))
        }
    }

    /// A dividend and its divisor: often quotient * divisor + a remainder at one end of what it may be, often negated.
    mutating func dividend() -> (U256, U256) {
        var (left, right) = (next(), next())
        switch below(8) {
        case 0...2: left = next() &* right
        case 3: left = next() &* right &+ (right &- .one)
        case 4: left = right &* limbs(1) &- .one
        case 5: (left, right) = near()
        case 6: // Upper limbs alike one limb apart: where the estimated quotient is β - 1.
            right = U256(limb(), limb(), limb() | 1 << 63)
            left = U256(limb(), limb(), right.limb1, right.limb2)
            if below(2) == 0 { left.limb2 &-= below(2) }
        default: break
        }
        if below(4) == 0 { left = -left }
        if below(4) == 0 { right = -right }
        return (left, right)
    }

    private mutating func limbs(_ count: Int) -> U256 { count == 1 ? U256(limb()) : U256(limb(), limb()) }

    mutating func modular() -> (U256, U256, U256) {
        let modulus = next()
        switch below(4) {
        case 0: return (modulus &- U256(below(4)), modulus &- U256(below(4)), modulus)
        case 1: return (next() % modulus, next() % modulus, modulus)
        default: return (next(), next(), modulus)
        }
    }

    /// 512 bits (low half first) and a divisor.
    mutating func wideDividend() -> (U256, U256, U256) {
        let modulus = next()
        switch below(4) {
        case 0:
            let product = U256.multiplyFull(modulus, next())
            return (product.low &+ U256(below(2)), product.high, modulus)
        case 1: // The upper limbs like the divisor's.
            return (next(), U256(limb(), limb(), modulus.limb2, modulus.limb3) &- U256(0, 0, below(2)), modulus)
        default: return (next(), next(), modulus)
        }
    }
}
