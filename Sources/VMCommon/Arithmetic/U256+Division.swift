/// Quotients and remainders. A division by zero gives zero for both.
extension U256 {
    /// DIV
    @inlinable @inline(__always)
    public static func / (left: U256, right: U256) -> U256 {
        if left.fitsOneLimb && right.fitsOneLimb { return U256(right.limb0 == 0 ? 0 : left.limb0 / right.limb0) }
        return longQuotient(left, right)
    }

    /// MOD
    @inlinable @inline(__always)
    public static func % (left: U256, right: U256) -> U256 {
        if left.fitsOneLimb && right.fitsOneLimb { return U256(right.limb0 == 0 ? 0 : left.limb0 % right.limb0) }
        return longRemainder(left, right)
    }

    /// SDIV: rounded towards zero; -2^255 / -1 = -2^255.
    @inlinable @inline(__always)
    public static func divideSigned(_ left: U256, _ right: U256) -> U256 {
        let quotient = left.magnitude / right.magnitude
        return left.isNegative != right.isNegative ? -quotient : quotient
    }

    /// SMOD: with the sign of the dividend.
    @inlinable @inline(__always)
    public static func remainderSigned(_ left: U256, _ right: U256) -> U256 {
        let remainder = left.magnitude % right.magnitude
        return left.isNegative ? -remainder : remainder
    }

    // Two functions, each with its own copy of the division: a number comes back in registers, a pair of them in memory.

    @inline(never) @usableFromInline
    static func longQuotient(_ left: U256, _ right: U256) -> U256 { divide(left, right).quotient }

    @inline(never) @usableFromInline
    static func longRemainder(_ left: U256, _ right: U256) -> U256 { divide(left, right).remainder }

    /// left = quotient * right + remainder, remainder < right; both are zero if right is.
    @inline(__always)
    static func divide(_ left: U256, _ right: U256) -> (quotient: U256, remainder: U256) {
        if right.limb2 | right.limb3 == 0 {
            if right.limb1 == 0 { return divide(left, limb: right.limb0) }
            return divide(left, right.limb1, right.limb0)
        }
        if left < right { return (zero, left) }
        return divideLong(left, right)
    }

    /// The number shifted left by 0...63 bits and what that pushes out.
    @inline(__always)
    private static func normalised(_ number: U256, _ bits: UInt64) -> (top: UInt64, rest: U256) {
        (funnelLeft(0, number.limb3, bits),
         U256(number.limb0 &<< bits, funnelLeft(number.limb1, number.limb0, bits), funnelLeft(number.limb2, number.limb1, bits),
              funnelLeft(number.limb3, number.limb2, bits)))
    }

    @inline(__always)
    private static func divide(_ left: U256, limb: UInt64) -> (quotient: U256, remainder: U256) {
        if limb == 0 { return (zero, zero) }
        if left.fitsOneLimb { return (U256(left.limb0 / limb), U256(left.limb0 % limb)) }
        let bits = UInt64(truncatingIfNeeded: limb.leadingZeroBitCount)
        let divisor = LimbDivisor(limb &<< bits)
        let (top, u) = normalised(left, bits)
        var quotient = zero
        var remainder = top
        // What is pushed out of a limb is below the divisor: a number starts at its highest limb that is not zero.
        if left.limb3 != 0 {
            (quotient.limb3, remainder) = divisor.divide(remainder, u.limb3)
        } else {
            remainder = u.limb3
        }
        if left.limb2 | left.limb3 != 0 {
            (quotient.limb2, remainder) = divisor.divide(remainder, u.limb2)
        } else {
            remainder = u.limb2
        }
        (quotient.limb1, remainder) = divisor.divide(remainder, u.limb1)
        (quotient.limb0, remainder) = divisor.divide(remainder, u.limb0)
        return (quotient, U256(remainder &>> bits))
    }

    @inline(__always)
    private static func divide(_ left: U256, _ high: UInt64, _ low: UInt64) -> (quotient: U256, remainder: U256) {
        let bits = UInt64(truncatingIfNeeded: high.leadingZeroBitCount)
        let divisor = TwoLimbDivisor(funnelLeft(high, low, bits), low &<< bits)
        let (top, u) = normalised(left, bits)
        var quotient = zero
        var (r1, r0) = (top, u.limb3)
        if left.limb3 != 0 {
            (quotient.limb2, r1, r0) = divisor.divide(r1, r0, u.limb2)
        } else {
            (r1, r0) = (u.limb3, u.limb2)
        }
        if left.limb2 | left.limb3 != 0 {
            (quotient.limb1, r1, r0) = divisor.divide(r1, r0, u.limb1)
        } else {
            (r1, r0) = (u.limb2, u.limb1)
        }
        (quotient.limb0, r1, r0) = divisor.divide(r1, r0, u.limb0)
        return (quotient, U256(funnelRight(r1, r0, bits), r1 &>> bits))
    }

    /// By three or four limbs: the quotient has two or one.
    @inline(__always)
    private static func divideLong(_ left: U256, _ right: U256) -> (quotient: U256, remainder: U256) {
        var divisor = right
        var quotient = zero
        let isShort = right.limb3 == 0
        if isShort { divisor = U256(0, right.limb0, right.limb1, right.limb2) }
        let bits = UInt64(truncatingIfNeeded: divisor.limb3.leadingZeroBitCount)
        let by = FourLimbDivisor(normalised(divisor, bits).rest)
        let (top, u) = normalised(left, bits)
        var remainder: U256
        (quotient.limb0, remainder) = by.divide(U256(u.limb1, u.limb2, u.limb3, top), u.limb0)
        if isShort {
            quotient.limb1 = quotient.limb0
            (quotient.limb0, remainder) = by.divide(remainder, 0)
            remainder = U256(remainder.limb1, remainder.limb2, remainder.limb3)
        }
        return (quotient, U256(funnelRight(remainder.limb1, remainder.limb0, bits), funnelRight(remainder.limb2, remainder.limb1, bits),
                               funnelRight(remainder.limb3, remainder.limb2, bits), remainder.limb3 &>> bits))
    }
}
