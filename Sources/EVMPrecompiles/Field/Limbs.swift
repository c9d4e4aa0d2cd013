import CPVM
import VMCommon

/// The low half of `sum` + `a` × `b` + `carry`, and the high half as the new carry; it always fits.
@inline(__always)
func multiplyAdd(_ sum: UInt64, _ a: UInt64, _ b: UInt64, _ carry: inout UInt64) -> UInt64 {
    let wide = UInt128(a) &* UInt128(b) &+ UInt128(sum) &+ UInt128(carry)
    carry = UInt64(truncatingIfNeeded: wide &>> 64)
    return UInt64(truncatingIfNeeded: wide)
}

extension U256 {
    /// self if `flag` is 0, `other` if it is 1, without a branch.
    @inline(__always)
    func selecting(_ other: U256, if flag: UInt64) -> U256 {
        let mask = 0 &- flag
        return U256(
            limb0 ^ (limb0 ^ other.limb0) & mask, limb1 ^ (limb1 ^ other.limb1) & mask, limb2 ^ (limb2 ^ other.limb2) & mask,
            limb3 ^ (limb3 ^ other.limb3) & mask)
    }

    /// The four bits from bit 4 × `index` on.
    @inline(__always)
    func nibble(_ index: Int) -> Int {
        let limb = index < 16 ? limb0 : index < 32 ? limb1 : index < 48 ? limb2 : limb3
        return Int(truncatingIfNeeded: limb &>> UInt64(truncatingIfNeeded: 4 &* index & 63) & 15)
    }
}

extension U256 {
    /// 1 / self modulo an odd number above self; 0 for 0.
    @inline(never)
    func inverse(modulo modulus: U256) -> U256 {
        var number = self, modulus = modulus
        withUnsafeMutableBytes(of: &number) { number in
            withUnsafeBytes(of: &modulus) { modulus in
                let words = number.baseAddress!.assumingMemoryBound(to: UInt64.self)
                ModularInverse.compute(words, of: words, modulo: modulus.baseAddress!.assumingMemoryBound(to: UInt64.self), count: 4)
            }
        }
        return number
    }
}

/// All 512 bits of `a` × `b`, row by row.
@inline(__always)
func product(_ a: U256, _ b: U256) -> U512 {
    var c0: UInt64 = 0, c1: UInt64 = 0, c2: UInt64 = 0, c3: UInt64 = 0
    let r0 = multiplyAdd(0, a.limb0, b.limb0, &c0)
    var r1 = multiplyAdd(0, a.limb1, b.limb0, &c0)
    var r2 = multiplyAdd(0, a.limb2, b.limb0, &c0)
    var r3 = multiplyAdd(0, a.limb3, b.limb0, &c0)
    r1 = multiplyAdd(r1, a.limb0, b.limb1, &c1)
    r2 = multiplyAdd(r2, a.limb1, b.limb1, &c1)
    r3 = multiplyAdd(r3, a.limb2, b.limb1, &c1)
    var r4 = multiplyAdd(c0, a.limb3, b.limb1, &c1)
    r2 = multiplyAdd(r2, a.limb0, b.limb2, &c2)
    r3 = multiplyAdd(r3, a.limb1, b.limb2, &c2)
    r4 = multiplyAdd(r4, a.limb2, b.limb2, &c2)
    var r5 = multiplyAdd(c1, a.limb3, b.limb2, &c2)
    r3 = multiplyAdd(r3, a.limb0, b.limb3, &c3)
    r4 = multiplyAdd(r4, a.limb1, b.limb3, &c3)
    r5 = multiplyAdd(r5, a.limb2, b.limb3, &c3)
    let r6 = multiplyAdd(c2, a.limb3, b.limb3, &c3)
    return U512(low: U256(r0, r1, r2, r3), high: U256(r4, r5, r6, c3))
}

/// All 512 bits of `a` × `a`: the products of different limbs count twice.
@inline(__always)
func square(_ a: U256) -> U512 {
    var c0: UInt64 = 0, c1: UInt64 = 0, c2: UInt64 = 0
    let r1 = multiplyAdd(0, a.limb0, a.limb1, &c0)
    let r2 = multiplyAdd(0, a.limb0, a.limb2, &c0)
    var r3 = multiplyAdd(0, a.limb0, a.limb3, &c0)
    r3 = multiplyAdd(r3, a.limb1, a.limb2, &c1)
    let r4 = multiplyAdd(c0, a.limb1, a.limb3, &c1)
    let r5 = multiplyAdd(c1, a.limb2, a.limb3, &c2)
    let r6 = c2
    let d1 = r1 &<< 1, d2 = r2 &<< 1 | r1 &>> 63, d3 = r3 &<< 1 | r2 &>> 63, d4 = r4 &<< 1 | r3 &>> 63
    let d5 = r5 &<< 1 | r4 &>> 63, d6 = r6 &<< 1 | r5 &>> 63, d7 = r6 &>> 63
    let s0 = UInt128(a.limb0) &* UInt128(a.limb0), s1 = UInt128(a.limb1) &* UInt128(a.limb1)
    let s2 = UInt128(a.limb2) &* UInt128(a.limb2), s3 = UInt128(a.limb3) &* UInt128(a.limb3)
    var carry: UInt64 = 0
    let t0 = UInt64(truncatingIfNeeded: s0)
    let t1 = duet_add_carry(d1, UInt64(truncatingIfNeeded: s0 &>> 64), &carry)
    let t2 = duet_add_carry(d2, UInt64(truncatingIfNeeded: s1), &carry)
    let t3 = duet_add_carry(d3, UInt64(truncatingIfNeeded: s1 &>> 64), &carry)
    let t4 = duet_add_carry(d4, UInt64(truncatingIfNeeded: s2), &carry)
    let t5 = duet_add_carry(d5, UInt64(truncatingIfNeeded: s2 &>> 64), &carry)
    let t6 = duet_add_carry(d6, UInt64(truncatingIfNeeded: s3), &carry)
    let t7 = duet_add_carry(d7, UInt64(truncatingIfNeeded: s3 &>> 64), &carry)
    return U512(low: U256(t0, t1, t2, t3), high: U256(t4, t5, t6, t7))
}
