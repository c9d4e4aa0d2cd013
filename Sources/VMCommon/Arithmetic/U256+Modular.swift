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
        if number.high.isZero { return number.low % modulus }
        if modulus.isZero { return zero }
        let shift = UInt64(truncatingIfNeeded: modulus.leadingZeroBitCount)
        let bits = shift & 63
        var u = ShiftedNumber(number, bits)
        switch shift &>> 6 {
        case 3:
            let divisor = LimbDivisor(modulus.limb0 &<< bits)
            var rest: UInt64 = 0
            while let next = u.next() { rest = divisor.divide(rest, next).remainder }
            return U256(rest &>> bits)
        case 2:
            let divisor = TwoLimbDivisor(funnelLeft(modulus.limb1, modulus.limb0, bits), modulus.limb0 &<< bits)
            var rest: (high: UInt64, low: UInt64) = (0, 0)
            while let next = u.next() { (_, rest.high, rest.low) = divisor.divide(rest.high, rest.low, next) }
            return U256(funnelRight(rest.high, rest.low, bits), rest.high &>> bits)
        case let limbs:
            // A modulus of three limbs gets a fourth below, and so does the number.
            let divisor = FourLimbDivisor(shiftLeft(modulus, bits: shift))
            var rest = u.nextFour()
            if rest >= divisor.d { rest = rest &- divisor.d }
            while let next = u.next() { rest = divisor.divide(rest, next).remainder }
            if limbs == 1 { rest = divisor.divide(rest, 0).remainder }
            return shiftRight(rest, bits: shift)
        }
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
        for _ in 0..<64 {
            if rest.limb0 & 1 != 0 { result = result &* square }
            rest = shiftRight(rest, bits: 1)
            if rest.isZero { return result }
            square = square &* square
        }
        return result &* powerOfSum(square &- one, rest)
    }

    /// (1 + e)^n for an odd number to the power of 2^64, which is 1 more than a multiple e of 2^66: the fourth power of e leaves nothing, and
    /// of the binomial theorem 1 + n e + n (n - 1) / 2 e^2 + n (n - 1) (n - 2) / 6 e^3.
    private static func powerOfSum(_ e: U256, _ n: U256) -> U256 {
        // Of the quotients as many bits count as are left of 256 beside those powers: one bit less does not matter.
        let pairs = shiftRight(n &* (n &- one), bits: 1)
        let triples = pairs &* (n &- U256(2)) &* third
        return one &+ e &* (n &+ e &* (pairs &+ e &* triples))
    }

    /// 3 times this is 1.
    private static var third: U256 { U256(0xaaaa_aaaa_aaaa_aaab, 0xaaaa_aaaa_aaaa_aaaa, 0xaaaa_aaaa_aaaa_aaaa, 0xaaaa_aaaa_aaaa_aaaa) }
}

/// The limbs of a number of 512 bits shifted left by 0...63, from the highest that is not zero down.
private struct ShiftedNumber {
    private var limbs: InlineArray<9, UInt64>
    private var left = 9

    @inline(__always)
    init(_ number: U512, _ bits: UInt64) {
        let (low, high) = (number.low, number.high)
        limbs = [low.limb0 &<< bits, U256.funnelLeft(low.limb1, low.limb0, bits), U256.funnelLeft(low.limb2, low.limb1, bits),
                 U256.funnelLeft(low.limb3, low.limb2, bits), U256.funnelLeft(high.limb0, low.limb3, bits),
                 U256.funnelLeft(high.limb1, high.limb0, bits), U256.funnelLeft(high.limb2, high.limb1, bits),
                 U256.funnelLeft(high.limb3, high.limb2, bits), U256.funnelLeft(0, high.limb3, bits)]
        while left > 4, limbs[left - 1] == 0 { left -= 1 }
    }

    @inline(__always)
    mutating func next() -> UInt64? {
        if left == 0 { return nil }
        left -= 1
        return limbs[left]
    }

    @inline(__always)
    mutating func nextFour() -> U256 {
        left -= 4
        return U256(limbs[left], limbs[left + 1], limbs[left + 2], limbs[left + 3])
    }
}
