/// Arithmetic modulo a third number, with sums and products that do not wrap; zero for the modulus zero. And powers.
extension U256 {
    /// ADDMOD
    @inlinable
    public static func addModulo(_ left: U256, _ right: U256, _ modulus: U256) -> U256 {
        let (sum, carry) = addingWithCarry(left, right)
        guard left < modulus && right < modulus else { return remainder(U512(low: sum, high: U256(carry)), modulus) }
        let (difference, borrow) = subtractingWithBorrow(sum, modulus)
        return carry >= borrow ? difference : sum
    }

    /// MULMOD
    @inlinable
    public static func multiplyModulo(_ left: U256, _ right: U256, _ modulus: U256) -> U256 {
        remainder(multiplyFull(left, right), modulus)
    }

    /// number modulo modulus.
    @inline(never)
    public static func remainder(_ number: U512, _ modulus: U256) -> U256 {
        if number.high.isZero { return divide(number.low, modulus).remainder }
        if modulus.isZero { return zero }
        // The modulus with its top bit set, and the number shifted as far: by whole limbs, which add zero limbs at its end, and by bits.
        let shift = UInt64(truncatingIfNeeded: modulus.leadingZeroBitCount)
        let bits = shift & 63
        let divisor = FourLimbDivisor(shiftLeft(modulus, bits: shift))
        let (low, high) = (number.low, number.high)
        let top = funnelLeft(0, high.limb3, bits)
        let upper = U256(funnelLeft(high.limb0, low.limb3, bits), funnelLeft(high.limb1, high.limb0, bits),
                         funnelLeft(high.limb2, high.limb1, bits), funnelLeft(high.limb3, high.limb2, bits))
        let lower = shiftLeft(low, bits: bits)

        var rest: U256
        if top != 0 {
            rest = divisor.divide(U256(upper.limb1, upper.limb2, upper.limb3, top), upper.limb0).remainder
        } else {
            rest = upper >= divisor.d ? upper &- divisor.d : upper
        }
        rest = divisor.divide(rest, lower.limb3).remainder
        rest = divisor.divide(rest, lower.limb2).remainder
        rest = divisor.divide(rest, lower.limb1).remainder
        rest = divisor.divide(rest, lower.limb0).remainder
        for _ in 0..<shift &>> 6 { rest = divisor.divide(rest, 0).remainder }
        return shiftRight(rest, bits: shift)
    }

    /// EXP: base^exponent modulo 2^256; 0^0 = 1.
    public static func power(_ base: U256, _ exponent: U256) -> U256 {
        if base.limb0 & 1 == 0 {
            // An even number to the power of 256 or more leaves nothing; powers of two are shifts.
            if base == U256(2) { return one << exponent }
            if !exponent.isShift { return zero }
        }
        var result = one
        var square = base
        var rest = exponent
        while true {
            if rest.limb0 & 1 != 0 { result = result &* square }
            rest = shiftRight(rest, bits: 1)
            if rest.isZero { return result }
            square = square &* square
        }
    }
}
