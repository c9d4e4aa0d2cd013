/// y^2 = x^3 + 4 over Fp, with the twist y^2 = x^3 + 4 (1 + u).
enum BLS12381: PairingCurve {
    typealias F = BLS12381Fp

    /// The absolute value of the parameter x, which is negative, from which p and the order come; also the loop's scalar.
    static let x: UInt64 = 0xd201_0000_0001_0000

    static let b = BLS12381Fp(hex: "4")
    static let twistB = Fp2<F>(b, b)
    /// A cube root of 1: (beta x, y) is -x^2 times a point (x, y) of G1.
    static let beta = BLS12381Fp(hex: "5f19672fdf76ce51ba69c6076a0f77eaddb3a93be6f89688de17d813620a00022e01fffffffefffe")

    static var twistIsD: Bool { false }
    @inline(__always) static func timesTwistB(_ a: Fp2<F>) -> Fp2<F> { a.timesXi().doubled().doubled() }

    static var loopLength: Int { 63 }
    @inline(__always)
    static func loopDigit(_ index: Int) -> Int { Int(truncatingIfNeeded: 0xd201_0000_0001_0000 as UInt64 >> UInt64(truncatingIfNeeded: index) & 1) }
    static func finish(_ f: inout Fp12<F>, _ pairs: UnsafeMutablePointer<MillerPair<BLS12381>>, _ count: Int) { f = f.conjugate }

    /// The endomorphism of the twist that raising the coordinates of the untwisted point to the power of p gives, psi.
    @inline(__always)
    static func untwistFrobenius(_ point: Affine<Fp2<F>>) -> Affine<Fp2<F>> {
        Affine(point.x.conjugate * BLS12381Constants.psiX, point.y.conjugate * BLS12381Constants.psiY)
    }

    @inline(__always)
    static func untwistFrobenius(_ point: Jacobian<Fp2<F>>) -> Jacobian<Fp2<F>> {
        Jacobian(point.x.conjugate * BLS12381Constants.psiX, point.y.conjugate * BLS12381Constants.psiY, point.z.conjugate)
    }

    /// Is a point of the curve in G1: (beta x, y) = -x^2 (x, y)? (M. Scott, "A note on group membership tests for G1, G2 and GT on BLS
    /// pairing-friendly curves", 2021.)
    static func isInG1(_ point: Affine<F>) -> Bool {
        if point.isInfinity { return true }
        let multiple = ScalarMultiplication.multiply(ScalarMultiplication.multiply(point, x), x)
        return (-multiple).equals(Affine(point.x * beta, point.y))
    }

    /// Is a point of the twist in G2: psi(Q) = x Q? (The same.)
    static func isInG2(_ point: Affine<Fp2<F>>) -> Bool {
        if point.isInfinity { return true }
        return (-ScalarMultiplication.multiply(point, x)).equals(untwistFrobenius(point))
    }

    /// Is f^((p^12 - 1) / order) 1? The hard part is that of Hayashida, Hayasaka and Teruya, "Efficient final exponentiation via
    /// cyclotomic structure for pairings over families of elliptic curves" (2020):
    /// 3 (p^4 - p^2 + 1) / order = (x - 1)^2 (x + p) (x^2 + p^2 - 1) + 3.
    static func finalExponentiationIsOne(_ f: Fp12<F>) -> Bool {
        let g = f.conjugate * f.inverse()
        let r = g.frobenius(2) * g
        let a = power(r) * r.conjugate
        let b = power(a) * a.conjugate
        let c = power(b) * b.frobenius(1)
        let d = power(power(c)) * c.frobenius(2) * c.conjugate
        return d * r.cyclotomicSquared() * r == .one
    }

    /// a^x
    private static func power(_ a: Fp12<F>) -> Fp12<F> { a.sparseCyclotomicPower(x).conjugate }
}

extension BLS12381Fp: PairingField {
    /// xi = 1 + u
    @inline(__always)
    static func timesXi(_ a: Fp2<Self>) -> Fp2<Self> { Fp2(a.c0 - a.c1, a.c0 + a.c1) }

    @inline(__always)
    static func frobenius(_ i: Int) -> Fp2<Self> {
        switch i {
        case 1: return BLS12381Constants.first
        case 2: return BLS12381Constants.second
        case 3: return BLS12381Constants.third
        case 4: return BLS12381Constants.fourth
        default: return BLS12381Constants.fifth
        }
    }
}

enum BLS12381Constants {
    static let first = Fp2(
        BLS12381Fp(hex: "1904d3bf02bb0667c231beb4202c0d1f0fd603fd3cbd5f4f7b2443d784bab9c4f67ea53d63e7813d8d0775ed92235fb8"),
        BLS12381Fp(hex: "0fc3e2b36c4e03288e9e902231f9fb854a14787b6c7b36fec0c8ec971f63c5f282d5ac14d6c7ec22cf78a126ddc4af3"))
    static let second = Fp2(
        BLS12381Fp.zero,
        BLS12381Fp(hex: "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaac"))
    static let third = Fp2(
        BLS12381Fp(hex: "6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09"),
        BLS12381Fp(hex: "6af0e0437ff400b6831e36d6bd17ffe48395dabc2d3435e77f76e17009241c5ee67992f72ec05f4c81084fbede3cc09"))
    static let fourth = Fp2(
        BLS12381Fp(hex: "1a0111ea397fe699ec02408663d4de85aa0d857d89759ad4897d29650fb85f9b409427eb4f49fffd8bfd00000000aaad"),
        BLS12381Fp.zero)
    static let fifth = Fp2(
        BLS12381Fp(hex: "5b2cfd9013a5fd8df47fa6b48b1e045f39816240c0b8fee8beadf4d8e9c0566c63a3e6e257f87329b18fae980078116"),
        BLS12381Fp(hex: "144e4211384586c16bd3ad4afa99cc9170df3560e77982d0db45f3536814f0bd5871c1908bd478cd1ee605167ff82995"))
    /// xi^-((p - 1) / 3) and xi^-((p - 1) / 2)
    static let psiX = second.inverse()
    static let psiY = third.inverse()
}
