/// Shifts, and the instructions that cut a number at an octet.
extension U256 {
    /// The upper half of high : low, shifted left by 0...63 bits.
    @inlinable @inline(__always)
    static func funnelLeft(_ high: UInt64, _ low: UInt64, _ bits: UInt64) -> UInt64 { high &<< bits | (low &>> 1) &>> (63 &- bits) }

    /// The lower half of high : low, shifted right by 0...63 bits.
    @inlinable @inline(__always)
    static func funnelRight(_ high: UInt64, _ low: UInt64, _ bits: UInt64) -> UInt64 { low &>> bits | (high &<< 1) &<< (63 &- bits) }

    /// number * 2^bits modulo 2^256, for bits below 256.
    @inlinable @inline(__always)
    public static func shiftLeft(_ number: U256, bits: UInt64) -> U256 {
        var n = number
        if bits & 128 != 0 { n = U256(0, 0, n.limb0, n.limb1) }
        if bits & 64 != 0 { n = U256(0, n.limb0, n.limb1, n.limb2) }
        let rest = bits & 63
        return U256(n.limb0 &<< rest, funnelLeft(n.limb1, n.limb0, rest), funnelLeft(n.limb2, n.limb1, rest),
                    funnelLeft(n.limb3, n.limb2, rest))
    }

    /// number / 2^bits, for bits below 256, with `fill` (0 or all ones) coming in from above.
    @inlinable @inline(__always)
    static func shiftRight(_ number: U256, bits: UInt64, fill: UInt64) -> U256 {
        var n = number
        if bits & 128 != 0 { n = U256(n.limb2, n.limb3, fill, fill) }
        if bits & 64 != 0 { n = U256(n.limb1, n.limb2, n.limb3, fill) }
        let rest = bits & 63
        return U256(funnelRight(n.limb1, n.limb0, rest), funnelRight(n.limb2, n.limb1, rest), funnelRight(n.limb3, n.limb2, rest),
                    funnelRight(fill, n.limb3, rest))
    }

    /// number / 2^bits, rounded down, for bits below 256.
    @inlinable @inline(__always)
    public static func shiftRight(_ number: U256, bits: UInt64) -> U256 { shiftRight(number, bits: bits, fill: 0) }

    /// SHL: 0 for amounts of 256 and more.
    @inlinable @inline(__always)
    public static func << (number: U256, amount: U256) -> U256 {
        amount.isShift ? shiftLeft(number, bits: amount.limb0) : zero
    }

    /// SHR: 0 for amounts of 256 and more.
    @inlinable @inline(__always)
    public static func >> (number: U256, amount: U256) -> U256 {
        amount.isShift ? shiftRight(number, bits: amount.limb0, fill: 0) : zero
    }

    /// SAR: a signed number divided by 2^amount, rounded down; 0 or -1 for amounts of 256 and more.
    @inlinable @inline(__always)
    public static func shiftRightSigned(_ number: U256, _ amount: U256) -> U256 {
        let fill = UInt64(bitPattern: Int64(bitPattern: number.limb3) &>> 63)
        return amount.isShift ? shiftRight(number, bits: amount.limb0, fill: fill) : U256(fill, fill, fill, fill)
    }

    @inlinable @inline(__always)
    var isShift: Bool { fitsOneLimb && limb0 < 256 }

    /// Limb 0, 1, 2 or 3.
    @inlinable @inline(__always)
    func limb(_ index: UInt64) -> UInt64 {
        let low = index & 1 == 0 ? limb0 : limb1
        let high = index & 1 == 0 ? limb2 : limb3
        return index & 2 == 0 ? low : high
    }

    /// BYTE: the octet at an index counted from the most significant one; 0 for 32 and more.
    @inlinable @inline(__always)
    public static func octet(_ number: U256, _ index: U256) -> U256 {
        guard index.fitsOneLimb && index.limb0 < 32 else { return zero }
        let bits = (31 &- index.limb0) &* 8
        return U256(number.limb(bits &>> 6) &>> (bits & 63) & 0xff)
    }

    /// SIGNEXTEND: the lowest index + 1 octets of a number as a signed one; the number itself for 31 and more.
    @inlinable @inline(__always)
    public static func extendSign(_ number: U256, _ index: U256) -> U256 {
        guard index.fitsOneLimb && index.limb0 < 31 else { return number }
        let last = index.limb0 &>> 3
        let spare = Int64(truncatingIfNeeded: 56 &- (index.limb0 & 7) &* 8)
        let extended = (Int64(bitPattern: number.limb(last)) &<< spare) &>> spare
        let sign = UInt64(bitPattern: extended &>> 63)
        let limb = UInt64(bitPattern: extended)
        return U256(last == 0 ? limb : number.limb0,
                    last == 1 ? limb : last < 1 ? sign : number.limb1,
                    last == 2 ? limb : last < 2 ? sign : number.limb2,
                    last == 3 ? limb : sign)
    }
}
