/// An unsigned integer modulo 2^256 as four 64-bit limbs, the least significant first: on x86-64 and AArch64 its 32
/// octets in memory are the number in little-endian order.
///
/// Operations follow the EVM: sums, differences and products wrap, a division by zero is zero, signed numbers are in
/// two's complement. None of them traps.
@frozen
public struct U256: Equatable {
    public var limb0, limb1, limb2, limb3: UInt64

    @inlinable @inline(__always)
    public init(_ limb0: UInt64 = 0, _ limb1: UInt64 = 0, _ limb2: UInt64 = 0, _ limb3: UInt64 = 0) {
        self.limb0 = limb0
        self.limb1 = limb1
        self.limb2 = limb2
        self.limb3 = limb3
    }

    /// 1 or 0, as the EVM's comparisons answer.
    @inlinable @inline(__always)
    public init(_ truth: Bool) { self.init(truth ? 1 : 0) }

    @inlinable @inline(__always)
    public static var zero: U256 { U256() }

    @inlinable @inline(__always)
    public static var one: U256 { U256(1) }

    /// 2^256 - 1, or -1.
    @inlinable @inline(__always)
    public static var max: U256 { U256(.max, .max, .max, .max) }

    /// -2^255.
    @inlinable @inline(__always)
    public static var signedMin: U256 { U256(0, 0, 0, 1 << 63) }

    @inlinable @inline(__always)
    public var isZero: Bool { limb0 | limb1 | limb2 | limb3 == 0 }

    /// Whether the number, taken as a signed one, is below zero.
    @inlinable @inline(__always)
    public var isNegative: Bool { Int64(bitPattern: limb3) < 0 }

    /// Whether the number is below 2^64, and so is its limb0.
    @inlinable @inline(__always)
    public var fitsOneLimb: Bool { limb1 | limb2 | limb3 == 0 }

    /// The number, or 2^64 - 1 if it is greater.
    @inlinable @inline(__always)
    public var clampedToOneLimb: UInt64 { fitsOneLimb ? limb0 : .max }

    /// How many of its four limbs count: 0 for 0.
    @inlinable @inline(__always)
    public var limbCount: Int { limb3 != 0 ? 4 : limb2 != 0 ? 3 : limb1 != 0 ? 2 : limb0 != 0 ? 1 : 0 }

    /// Zero bits above the highest one bit: 256 for 0.
    @inlinable @inline(__always)
    public var leadingZeroBitCount: Int {
        if limb3 != 0 { return limb3.leadingZeroBitCount }
        if limb2 != 0 { return 64 &+ limb2.leadingZeroBitCount }
        if limb1 != 0 { return 128 &+ limb1.leadingZeroBitCount }
        return 192 &+ limb0.leadingZeroBitCount
    }

    /// Bits up to the highest one bit: 0 for 0.
    @inlinable @inline(__always)
    public var bitWidth: Int { 256 &- leadingZeroBitCount }

    @inlinable @inline(__always)
    public static func == (left: U256, right: U256) -> Bool {
        (left.limb0 ^ right.limb0) | (left.limb1 ^ right.limb1) | (left.limb2 ^ right.limb2) | (left.limb3 ^ right.limb3) == 0
    }

    @inlinable @inline(__always)
    public static func & (left: U256, right: U256) -> U256 {
        U256(left.limb0 & right.limb0, left.limb1 & right.limb1, left.limb2 & right.limb2, left.limb3 & right.limb3)
    }

    @inlinable @inline(__always)
    public static func | (left: U256, right: U256) -> U256 {
        U256(left.limb0 | right.limb0, left.limb1 | right.limb1, left.limb2 | right.limb2, left.limb3 | right.limb3)
    }

    @inlinable @inline(__always)
    public static func ^ (left: U256, right: U256) -> U256 {
        U256(left.limb0 ^ right.limb0, left.limb1 ^ right.limb1, left.limb2 ^ right.limb2, left.limb3 ^ right.limb3)
    }

    @inlinable @inline(__always)
    public static prefix func ~ (number: U256) -> U256 {
        U256(~number.limb0, ~number.limb1, ~number.limb2, ~number.limb3)
    }
}
