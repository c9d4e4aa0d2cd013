import CPVM

/// Sums, differences and comparisons.
extension U256 {
    /// Modulo 2^256.
    @inlinable @inline(__always)
    public static func &+ (left: U256, right: U256) -> U256 { addingWithCarry(left, right).sum }

    /// Modulo 2^256.
    @inlinable @inline(__always)
    public static func &- (left: U256, right: U256) -> U256 { subtractingWithBorrow(left, right).difference }

    /// 2^256 - number, or 0 for 0.
    @inlinable @inline(__always)
    public static prefix func - (number: U256) -> U256 { zero &- number }

    /// left + right = sum + carry * 2^256; carry is 0 or 1.
    @inlinable @inline(__always)
    public static func addingWithCarry(_ left: U256, _ right: U256) -> (sum: U256, carry: UInt64) {
        var carry: UInt64 = 0
        let limb0 = duet_add_carry(left.limb0, right.limb0, &carry)
        let limb1 = duet_add_carry(left.limb1, right.limb1, &carry)
        let limb2 = duet_add_carry(left.limb2, right.limb2, &carry)
        let limb3 = duet_add_carry(left.limb3, right.limb3, &carry)
        return (U256(limb0, limb1, limb2, limb3), carry)
    }

    /// left - right = difference - borrow * 2^256; borrow is 0 or 1.
    @inlinable @inline(__always)
    public static func subtractingWithBorrow(_ left: U256, _ right: U256) -> (difference: U256, borrow: UInt64) {
        var borrow: UInt64 = 0
        let limb0 = duet_subtract_borrow(left.limb0, right.limb0, &borrow)
        let limb1 = duet_subtract_borrow(left.limb1, right.limb1, &borrow)
        let limb2 = duet_subtract_borrow(left.limb2, right.limb2, &borrow)
        let limb3 = duet_subtract_borrow(left.limb3, right.limb3, &borrow)
        return (U256(limb0, limb1, limb2, limb3), borrow)
    }

    @inlinable @inline(__always)
    public static func < (left: U256, right: U256) -> Bool {
        duet_less(left.limb0, left.limb1, left.limb2, left.limb3, right.limb0, right.limb1, right.limb2, right.limb3)
    }

    @inlinable @inline(__always)
    public static func > (left: U256, right: U256) -> Bool { right < left }

    @inlinable @inline(__always)
    public static func <= (left: U256, right: U256) -> Bool { !(right < left) }

    @inlinable @inline(__always)
    public static func >= (left: U256, right: U256) -> Bool { !(left < right) }

    /// Of signed numbers.
    @inlinable @inline(__always)
    public static func isLessSigned(_ left: U256, _ right: U256) -> Bool {
        duet_less_signed(left.limb0, left.limb1, left.limb2, left.limb3, right.limb0, right.limb1, right.limb2, right.limb3)
    }

    /// The absolute value of a signed number; -2^255 gives 2^255.
    @inlinable @inline(__always)
    public var magnitude: U256 { isNegative ? -self : self }
}
