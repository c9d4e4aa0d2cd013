/// An unsigned integer below 2^512, the product of two `U256`.
@frozen
public struct U512 {
    public var low, high: U256

    @inlinable @inline(__always)
    public init(low: U256, high: U256) {
        self.low = low
        self.high = high
    }
}

/// left * right + addend + carry, below 2^128 for all operands.
@inlinable @inline(__always)
func multiplyAdd(_ left: UInt64, _ right: UInt64, _ addend: UInt64, _ carry: UInt64 = 0) -> (low: UInt64, high: UInt64) {
    let sum = UInt128(left) &* UInt128(right) &+ UInt128(addend) &+ UInt128(carry)
    return (UInt64(truncatingIfNeeded: sum), UInt64(truncatingIfNeeded: sum &>> 64))
}

/// Products, row by row as on paper.
extension U256 {
    /// Modulo 2^256: six full and four low products of limbs.
    @inlinable @inline(__always)
    public static func &* (left: U256, right: U256) -> U256 {
        let a = right.limb0
        let (p0, c0) = multiplyAdd(left.limb0, a, 0)
        let (p1, c1) = multiplyAdd(left.limb1, a, c0)
        let (p2, c2) = multiplyAdd(left.limb2, a, c1)
        let p3 = left.limb3 &* a &+ c2

        let b = right.limb1
        let (q1, d1) = multiplyAdd(left.limb0, b, p1)
        let (q2, d2) = multiplyAdd(left.limb1, b, p2, d1)
        let q3 = left.limb2 &* b &+ p3 &+ d2

        let c = right.limb2
        let (r2, e2) = multiplyAdd(left.limb0, c, q2)
        let r3 = left.limb1 &* c &+ q3 &+ e2

        return U256(p0, q1, r2, left.limb0 &* right.limb3 &+ r3)
    }

    /// number * limb = low + high * 2^256.
    @inlinable @inline(__always)
    static func row(_ number: U256, _ limb: UInt64, plus sum: U256) -> (low: U256, high: UInt64) {
        let (p0, c0) = multiplyAdd(number.limb0, limb, sum.limb0)
        let (p1, c1) = multiplyAdd(number.limb1, limb, sum.limb1, c0)
        let (p2, c2) = multiplyAdd(number.limb2, limb, sum.limb2, c1)
        let (p3, c3) = multiplyAdd(number.limb3, limb, sum.limb3, c2)
        return (U256(p0, p1, p2, p3), c3)
    }

    /// All 512 bits of left * right.
    @inlinable
    public static func multiplyFull(_ left: U256, _ right: U256) -> U512 {
        let (p, c0) = row(left, right.limb0, plus: zero)
        let (q, c1) = row(left, right.limb1, plus: U256(p.limb1, p.limb2, p.limb3, c0))
        let (r, c2) = row(left, right.limb2, plus: U256(q.limb1, q.limb2, q.limb3, c1))
        let (s, c3) = row(left, right.limb3, plus: U256(r.limb1, r.limb2, r.limb3, c2))
        return U512(low: U256(p.limb0, q.limb0, r.limb0, s.limb0), high: U256(s.limb1, s.limb2, s.limb3, c3))
    }
}
