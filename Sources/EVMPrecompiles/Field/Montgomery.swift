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

    /// Row by row, with the reduction in between (CIOS: Koç, Acar, Kaliski 1996).
    @inline(__always)
    static func * (left: Self, right: Self) -> Self {
        var t = U256(), top: UInt64 = 0
        addRow(&t, &top, left.value, right.value.limb0)
        addRow(&t, &top, left.value, right.value.limb1)
        addRow(&t, &top, left.value, right.value.limb2)
        addRow(&t, &top, left.value, right.value.limb3)
        return Self(montgomeryForm: reduced(t, top))
    }

    /// Adds `a` × `b` and the multiple of the modulus that makes the lowest limb 0, and drops that limb.
    @inline(__always)
    private static func addRow(_ t: inout U256, _ top: inout UInt64, _ a: U256, _ b: UInt64) {
        let p = Modulus.modulus
        var product: UInt64 = 0, reduction: UInt64 = 0
        let t0 = multiplyAdd(t.limb0, a.limb0, b, &product)
        let t1 = multiplyAdd(t.limb1, a.limb1, b, &product)
        let t2 = multiplyAdd(t.limb2, a.limb2, b, &product)
        let t3 = multiplyAdd(t.limb3, a.limb3, b, &product)
        let m = t0 &* Modulus.negatedInverse
        _ = multiplyAdd(t0, m, p.limb0, &reduction)
        t.limb0 = multiplyAdd(t1, m, p.limb1, &reduction)
        t.limb1 = multiplyAdd(t2, m, p.limb2, &reduction)
        t.limb2 = multiplyAdd(t3, m, p.limb3, &reduction)
        let sum = UInt128(product) &+ UInt128(reduction) &+ UInt128(top)
        t.limb3 = UInt64(truncatingIfNeeded: sum)
        top = UInt64(truncatingIfNeeded: sum &>> 64)
    }

    @inline(__always)
    func squared() -> Self { self * self }

    /// 1 / self, 0 for 0.
    func inverse() -> Self {
        // Of x 2^256 the inverse is 1 / (x 2^256): two factors 2^256 are missing, and each product takes one away and adds two.
        let inverse = Self(montgomeryForm: value.inverse(modulo: Modulus.modulus)), factor = Self(montgomeryForm: Modulus.rSquared)
        return inverse * factor * factor
    }
}
