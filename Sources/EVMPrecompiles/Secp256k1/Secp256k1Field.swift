import VMCommon

/// An element of the field that secp256k1 is defined over, the integers modulo p = 2^256 - 2^32 - 977 (SEC 2, 2.4.1).
/// The value is below 2^256 but may be p or more: what is the same element need not be the same value.
struct Secp256k1Field: CurveElement, Equatable {
    private var value: U256

    /// 2^256 - p: what a carry out of the 256 bits is worth.
    @inline(__always)
    private static var fold: UInt64 { 0x1_0000_03d1 }
    @inline(__always)
    static var modulus: U256 { U256(0xffff_fffe_ffff_fc2f, .max, .max, .max) }

    @inline(__always)
    init(_ number: U256) { value = number }

    @inline(__always)
    static var zero: Self { Self(U256()) }
    @inline(__always)
    static var one: Self { Self(U256(1)) }

    /// The number below p that this element stands for.
    var number: U256 {
        let (difference, borrow) = U256.subtractingWithBorrow(value, Self.modulus)
        return difference.selecting(value, if: borrow)
    }

    /// The value is 0 or p.
    @inline(__always)
    var isZero: Bool {
        value.isZero || value.limb1 & value.limb2 & value.limb3 == .max && value.limb0 == 0 &- Self.fold
    }

    @inline(__always)
    static func == (left: Self, right: Self) -> Bool { (left - right).isZero }

    @inline(__always)
    static func + (left: Self, right: Self) -> Self {
        let (sum, carry) = U256.addingWithCarry(left.value, right.value)
        let (folded, again) = U256.addingWithCarry(sum, U256(fold & (0 &- carry)))
        return Self(settled(folded, again))
    }

    @inline(__always)
    static func - (left: Self, right: Self) -> Self {
        let (difference, borrow) = U256.subtractingWithBorrow(left.value, right.value)
        let (folded, again) = U256.subtractingWithBorrow(difference, U256(fold & (0 &- borrow)))
        // Only a difference below 2^33 borrows a second time, and then not a third time.
        return Self(_fastPath(again == 0) ? folded : folded &- U256(fold))
    }

    @inline(__always)
    static prefix func - (element: Self) -> Self { zero - element }

    /// `sum` + `carry` × 2^256; with a carry, `sum` is so small that there is no further one.
    @inline(__always)
    private static func settled(_ sum: U256, _ carry: UInt64) -> U256 { _fastPath(carry == 0) ? sum : sum &+ U256(fold) }

    @inline(__always)
    static func * (left: Self, right: Self) -> Self { Self(reduced(product(left.value, right.value))) }

    @inline(__always)
    func squared() -> Self { Self(Self.reduced(square(value))) }

    /// `low` + `high` × 2^256 by folding twice.
    @inline(__always)
    private static func reduced(_ product: U512) -> U256 {
        var carry: UInt64 = 0
        let low = product.low, high = product.high
        let r0 = multiplyAdd(low.limb0, high.limb0, fold, &carry)
        let r1 = multiplyAdd(low.limb1, high.limb1, fold, &carry)
        let r2 = multiplyAdd(low.limb2, high.limb2, fold, &carry)
        let r3 = multiplyAdd(low.limb3, high.limb3, fold, &carry)
        let rest = UInt128(carry) &* UInt128(fold)
        let (sum, again) = U256.addingWithCarry(
            U256(r0, r1, r2, r3), U256(UInt64(truncatingIfNeeded: rest), UInt64(truncatingIfNeeded: rest &>> 64)))
        return settled(sum, again)
    }

    /// self / 2
    @inline(__always)
    func halved() -> Self {
        let (even, carry) = U256.addingWithCarry(value, U256().selecting(Self.modulus, if: value.limb0 & 1))
        return Self(U256(
            even.limb0 &>> 1 | even.limb1 &<< 63, even.limb1 &>> 1 | even.limb2 &<< 63, even.limb2 &>> 1 | even.limb3 &<< 63,
            even.limb3 &>> 1 | carry &<< 63))
    }

    /// self^(2^count)
    private func squared(_ count: Int) -> Self {
        var result = self
        for _ in 0..<count { result = result.squared() }
        return result
    }

    /// A number whose square is this one, if there is one: self^((p + 1) / 4), as p is 3 modulo 4.
    func squareRoot() -> Self? {
        // The exponent in bits: 223 ones, a zero, 22 ones, four zeros, two ones, two zeros.
        let ones2 = squared() * self
        let ones3 = ones2.squared() * self
        let ones6 = ones3.squared(3) * ones3
        let ones9 = ones6.squared(3) * ones3
        let ones11 = ones9.squared(2) * ones2
        let ones22 = ones11.squared(11) * ones11
        let ones44 = ones22.squared(22) * ones22
        let ones88 = ones44.squared(44) * ones44
        let ones176 = ones88.squared(88) * ones88
        let ones220 = ones176.squared(44) * ones44
        let ones223 = ones220.squared(3) * ones3
        let root = ((ones223.squared(23) * ones22).squared(6) * ones2).squared(2)
        return root.squared() == self ? root : nil
    }

    /// 1 / self, 0 for 0.
    func inverse() -> Self { Self(number.inverse(modulo: Self.modulus)) }
}
