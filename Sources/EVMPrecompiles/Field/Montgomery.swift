import CPVM
import VMCommon

/// An odd prime of 256 bits whose field has its elements in Montgomery form. The constants become part of the code of
/// `Montgomery<Self>`, so each has to be a literal.
protocol PrimeModulus {
    static var modulus: U256 { get }
    /// -modulus^-1 modulo 2^64
    static var negatedInverse: UInt64 { get }
    /// 2^256 modulo the modulus: one in Montgomery form
    static var r: U256 { get }
    /// 2^512 modulo the modulus
    static var rSquared: U256 { get }
    /// `number` / 2^256 modulo the modulus, plus the modulus perhaps, with the carry out of 256 bits. `number` is below the modulus × 2^256.
    static func reduce(_ number: U512) -> (U256, carry: UInt64)
}

extension PrimeModulus {
    /// Four times adds the multiple of the modulus that makes the lowest limb 0, and drops that limb (Montgomery 1985).
    @inline(__always)
    static func reduce(_ number: U512) -> (U256, carry: UInt64) {
        var t = number.low, carry: UInt64 = 0
        reduceLimb(&t, number.high.limb0, &carry)
        reduceLimb(&t, number.high.limb1, &carry)
        reduceLimb(&t, number.high.limb2, &carry)
        reduceLimb(&t, number.high.limb3, &carry)
        return (t, carry)
    }

    @inline(__always)
    private static func reduceLimb(_ t: inout U256, _ next: UInt64, _ carry: inout UInt64) {
        let m = t.limb0 &* negatedInverse, p = modulus
        var high: UInt64 = 0
        _ = multiplyAdd(t.limb0, m, p.limb0, &high)
        t.limb0 = multiplyAdd(t.limb1, m, p.limb1, &high)
        t.limb1 = multiplyAdd(t.limb2, m, p.limb2, &high)
        t.limb2 = multiplyAdd(t.limb3, m, p.limb3, &high)
        t.limb3 = duet_add_carry(next, high, &carry)
    }
}

/// An element x of the field, held as x × 2^256 modulo the prime, always below the prime.
struct Montgomery<Modulus: PrimeModulus>: CurveElement, Equatable {
    var value: U256

    @inline(__always)
    init(montgomeryForm value: U256) { self.value = value }

    /// `number` may be any below 2^256.
    init(_ number: U256) { value = (Self(montgomeryForm: number) * Self(montgomeryForm: Modulus.rSquared)).value }

    @inline(__always)
    static var zero: Self { Self(montgomeryForm: U256()) }
    @inline(__always)
    static var one: Self { Self(montgomeryForm: Modulus.r) }
    @inline(__always)
    var isZero: Bool { value.isZero }

    /// The number that this element stands for.
    var number: U256 { (self * Self(montgomeryForm: U256(1))).value }

    @inline(__always)
    static func == (left: Self, right: Self) -> Bool { left.value == right.value }

    @inline(__always)
    static func + (left: Self, right: Self) -> Self {
        let (sum, carry) = U256.addingWithCarry(left.value, right.value)
        return Self(montgomeryForm: reduced(sum, carry))
    }

    @inline(__always)
    static func - (left: Self, right: Self) -> Self {
        let (difference, borrow) = U256.subtractingWithBorrow(left.value, right.value)
        return Self(montgomeryForm: difference &+ U256().selecting(Modulus.modulus, if: borrow))
    }

    @inline(__always)
    static prefix func - (element: Self) -> Self { zero - element }

    /// The number with the 257 bits of `sum` and `carry`, which is below twice the modulus, modulo the modulus.
    @inline(__always)
    private static func reduced(_ sum: U256, _ carry: UInt64) -> U256 {
        let (difference, borrow) = U256.subtractingWithBorrow(sum, Modulus.modulus)
        return difference.selecting(sum, if: borrow & ~carry)
    }

    @inline(__always)
    static func * (left: Self, right: Self) -> Self { Self(reducing: product(left.value, right.value)) }

    @inline(__always)
    func squared() -> Self { Self(reducing: square(value)) }

    @inline(__always)
    private init(reducing number: U512) {
        let (sum, carry) = Modulus.reduce(number)
        self.init(montgomeryForm: Self.reduced(sum, carry))
    }

    /// 1 / self, 0 for 0.
    func inverse() -> Self {
        // Of x 2^256 the inverse is 1 / (x 2^256): two factors 2^256 are missing, and each product takes one away and adds two.
        let inverse = Self(montgomeryForm: value.inverse(modulo: Modulus.modulus)), factor = Self(montgomeryForm: Modulus.rSquared)
        return inverse * factor * factor
    }
}
