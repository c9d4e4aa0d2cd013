import CPVM

/// Division of limbs by multiplication with a reciprocal: N. Möller and T. Granlund, "Improved division by invariant
/// integers", IEEE Transactions on Computers 60 (2011), with the paper's names and algorithm numbers. β is 2^64, and
/// divisors are normalised: their top bit is set.

/// left * right.
@inline(__always)
func multiply(_ left: UInt64, _ right: UInt64) -> (high: UInt64, low: UInt64) { left.multipliedFullWidth(by: right) }

/// A divisor d of one limb and v = ⌊(β² - 1) / d⌋ - β.
struct LimbDivisor {
    let d, v: UInt64

    @inline(__always)
    init(_ d: UInt64) {
        assert(d >> 63 == 1)
        self.d = d
        #if arch(x86_64)
        // One instruction: on processors since Ice Lake and Zen 2 it takes half as long as algorithm 2.
        v = duet_reciprocal(d)
        #else
        v = LimbDivisor.reciprocal(d)
        #endif
    }

    /// Algorithm 2: Newton's iteration from 11 bits on.
    static func reciprocal(_ d: UInt64) -> UInt64 {
        let d9 = UInt32(truncatingIfNeeded: d &>> 55)
        let d40 = (d &>> 24) &+ 1
        let d63 = (d &>> 1) &+ d & 1
        let v0 = UInt64(0x7fd00 / d9)
        let v1 = v0 &<< 11 &- (v0 &* v0 &* d40) &>> 40 &- 1
        let v2 = v1 &<< 13 &+ (v1 &* (1 << 60 &- v1 &* d40)) &>> 47
        let e = (v2 &>> 1) & (0 &- (d & 1)) &- v2 &* d63
        let v3 = v2 &<< 31 &+ multiply(v2, e).high &>> 1
        // ⌊(v3 + β + 1) d / β⌋ is what remains to be taken off.
        let sum = UInt128(v3) &* UInt128(d) &+ UInt128(d)
        return v3 &- UInt64(truncatingIfNeeded: sum &>> 64) &- d
    }

    /// Algorithm 4: (high β + low) / d for high < d.
    @inline(__always)
    func divide(_ high: UInt64, _ low: UInt64) -> (quotient: UInt64, remainder: UInt64) {
        assert(high < d)
        let q = UInt128(v) &* UInt128(high) &+ (UInt128(high) &<< 64 | UInt128(low))
        let q0 = UInt64(truncatingIfNeeded: q)
        var q1 = UInt64(truncatingIfNeeded: q &>> 64) &+ 1
        var r = low &- q1 &* d
        // By a mask, because it is as good as random: a branch would often be mispredicted.
        let over: UInt64 = r > q0 ? .max : 0
        q1 &+= over
        r &+= over & d
        if r >= d { // Seldom.
            q1 &+= 1
            r &-= d
        }
        return (q1, r)
    }
}

/// A divisor d = d1 β + d0 of two limbs and v = ⌊(β³ - 1) / d⌋ - β.
struct TwoLimbDivisor {
    let d1, d0, v: UInt64

    /// Algorithm 6.
    @inline(__always)
    init(_ d1: UInt64, _ d0: UInt64) {
        var v = LimbDivisor(d1).v
        var p = d1 &* v &+ d0
        if p < d0 {
            v &-= 1
            if p >= d1 {
                v &-= 1
                p &-= d1
            }
            p &-= d1
        }
        let t = multiply(v, d0)
        p &+= t.high
        if p < t.high {
            v &-= 1
            if p > d1 || p == d1 && t.low >= d0 { v &-= 1 }
        }
        self.d1 = d1
        self.d0 = d0
        self.v = v
    }

    /// Algorithm 5: (u2 β² + u1 β + u0) / d for u2 β + u1 < d.
    @inline(__always)
    func divide(_ u2: UInt64, _ u1: UInt64, _ u0: UInt64) -> (quotient: UInt64, r1: UInt64, r0: UInt64) {
        let d = UInt128(d1) &<< 64 | UInt128(d0)
        let q = UInt128(v) &* UInt128(u2) &+ (UInt128(u2) &<< 64 | UInt128(u1))
        let q0 = UInt64(truncatingIfNeeded: q)
        var q1 = UInt64(truncatingIfNeeded: q &>> 64)
        let r1 = u1 &- q1 &* d1
        var r = (UInt128(r1) &<< 64 | UInt128(u0)) &- UInt128(d0) &* UInt128(q1) &- d
        q1 &+= 1
        let over: UInt64 = UInt64(truncatingIfNeeded: r &>> 64) >= q0 ? .max : 0
        q1 &+= over
        r = r &+ (UInt128(d1 & over) &<< 64 | UInt128(d0 & over))
        if r >= d { // Seldom.
            q1 &+= 1
            r = r &- d
        }
        return (q1, UInt64(truncatingIfNeeded: r &>> 64), UInt64(truncatingIfNeeded: r))
    }
}

/// A divisor of four limbs.
struct FourLimbDivisor {
    let d: U256
    let top: TwoLimbDivisor

    @inline(__always)
    init(_ d: U256) {
        self.d = d
        top = TwoLimbDivisor(d.limb3, d.limb2)
    }

    /// (u β + next) / d for u < d: a step of Knuth's algorithm D (The Art of Computer Programming, volume 2, 4.3.1), where three
    /// limbs by two give a quotient that is at most one too high.
    @inline(__always)
    func divide(_ u: U256, _ next: UInt64) -> (quotient: UInt64, remainder: U256) {
        if u.limb3 == d.limb3 && u.limb2 == d.limb2 {
            // The quotient is β - 1: u β + next - (β - 1) d = (u - d) β + next + d, which lies between 0 and d.
            let excess = u &- d
            return (.max, U256(next, excess.limb0, excess.limb1, excess.limb2) &+ d)
        }
        let (quotient, r1, r0) = top.divide(u.limb3, u.limb2, u.limb1)
        let (p0, c0) = multiplyAdd(quotient, d.limb0, 0)
        let (p1, p2) = multiplyAdd(quotient, d.limb1, c0)
        let (remainder, borrow) = U256.subtractingWithBorrow(U256(next, u.limb0, r0, r1), U256(p0, p1, p2))
        if borrow != 0 { return (quotient &- 1, remainder &+ d) }
        return (quotient, remainder)
    }
}
