/// The curve of EIP-196 and EIP-197, also called alt_bn128: y^2 = x^3 + 3 over Fp, with the twist y^2 = x^3 + 3 / (9 + u).
enum BN254: PairingCurve {
    typealias F = BN254Fp

    /// The parameter from which p, the order and the loop's scalar 6 x + 2 come.
    static let x: UInt64 = 4_965_661_367_192_848_881

    static let b = BN254Fp(hex: "3")
    static let twistB = Fp2<F>(
        BN254Fp(hex: "2b149d40ceb8aaae81be18991be06ac3b5b4c5e559dbefa33267e6dc24a138e5"),
        BN254Fp(hex: "009713b03af0fed4cd2cafadeed8fdf4a74fa084e52d1852e4a2bd0685c315d2"))

    static var twistIsD: Bool { true }
    @inline(__always) static func timesTwistB(_ a: Fp2<F>) -> Fp2<F> { a * twistB }

    /// 6 x + 2 in non-adjacent form, below its highest digit.
    static var loopLength: Int { 65 }
    @inline(__always)
    static func loopDigit(_ index: Int) -> Int {
        if index > 63 { return 0 }
        let added: UInt64 = 0x2002_0042_0080_4028, taken: UInt64 = 0x8288_9008_420a_0480
        return Int(truncatingIfNeeded: added >> index & 1) &- Int(truncatingIfNeeded: taken >> index & 1)
    }

    /// The lines through T and pi(Q), and through their sum and -pi^2(Q).
    static func finish(_ f: inout Fp12<F>, _ pairs: UnsafeMutablePointer<MillerPair<BN254>>, _ count: Int) {
        for index in 0..<count {
            let first = untwistFrobenius(pairs[index].q)
            let second = untwistFrobenius(first)
            multiply(&f, pairs[index].add(first), pairs[index].p)
            multiply(&f, pairs[index].add(-second), pairs[index].p)
        }
    }

    /// The endomorphism of the twist that raising the coordinates of the untwisted point to the power of p gives.
    static func untwistFrobenius(_ point: Affine<Fp2<F>>) -> Affine<Fp2<F>> {
        Affine(point.x.conjugate * F.frobenius(2), point.y.conjugate * F.frobenius(3))
    }

    static func untwistFrobenius(_ point: Jacobian<Fp2<F>>) -> Jacobian<Fp2<F>> {
        Jacobian(point.x.conjugate * F.frobenius(2), point.y.conjugate * F.frobenius(3), point.z.conjugate)
    }

    /// Has a point of the twist the order of G1? With psi the endomorphism: (x + 1) Q + psi(x Q) + psi^2(x Q) = psi^3(2 x Q)
    /// (El Housni, Guillevic, Piellard: "Co-factor clearing and subgroup membership testing on pairing-friendly curves", 2022).
    static func isInG2(_ point: Affine<Fp2<F>>) -> Bool {
        if point.isInfinity { return true }
        let multiple = ScalarMultiplication.multiply(point, x)
        let first = untwistFrobenius(multiple)
        let second = untwistFrobenius(first)
        let third = untwistFrobenius(second).doubled()
        return multiple.adding(point).adding(first).adding(second).equals(third)
    }

    /// Is f^((p^12 - 1) / order) 1? The hard part is that of Fuentes-Castañeda, Knapp and Rodríguez-Henríquez, "Faster hashing to
    /// G2" (2011): a power whose exponent is a multiple of (p^4 - p^2 + 1) / order, prime to the order.
    static func finalExponentiationIsOne(_ f: Fp12<F>) -> Bool {
        let g = f.conjugate * f.inverse()
        let r = g.frobenius(2) * g
        let y0 = r.cyclotomicPower(x).conjugate
        let y1 = y0.cyclotomicSquared()
        let y3 = y1.cyclotomicSquared() * y1
        let y4 = y3.cyclotomicPower(x).conjugate
        let y6 = y4.cyclotomicSquared().cyclotomicPower(x)
        let y8 = y6 * y4 * y3.conjugate
        let y9 = y8 * y1
        let y11 = y8 * y4 * r
        let y13 = y9.frobenius(1) * y11
        let y14 = y8.frobenius(2) * y13
        return (r.conjugate * y9).frobenius(3) * y14 == .one
    }
}

extension BN254Fp: PairingField {
    /// xi = 9 + u
    @inline(__always)
    static func timesXi(_ a: Fp2<Self>) -> Fp2<Self> {
        let eight = a.doubled().doubled().doubled()
        return Fp2(eight.c0 + a.c0 - a.c1, eight.c1 + a.c1 + a.c0)
    }

    @inline(__always)
    static func frobenius(_ i: Int) -> Fp2<Self> {
        switch i {
        case 1: return BN254Frobenius.first
        case 2: return BN254Frobenius.second
        case 3: return BN254Frobenius.third
        case 4: return BN254Frobenius.fourth
        default: return BN254Frobenius.fifth
        }
    }
}

private enum BN254Frobenius {
    static let first = Fp2(
        BN254Fp(hex: "1284b71c2865a7dfe8b99fdd76e68b605c521e08292f2176d60b35dadcc9e470"),
        BN254Fp(hex: "246996f3b4fae7e6a6327cfe12150b8e747992778eeec7e5ca5cf05f80f362ac"))
    static let second = Fp2(
        BN254Fp(hex: "2fb347984f7911f74c0bec3cf559b143b78cc310c2c3330c99e39557176f553d"),
        BN254Fp(hex: "16c9e55061ebae204ba4cc8bd75a079432ae2a1d0b7c9dce1665d51c640fcba2"))
    static let third = Fp2(
        BN254Fp(hex: "063cf305489af5dcdc5ec698b6e2f9b9dbaae0eda9c95998dc54014671a0135a"),
        BN254Fp(hex: "07c03cbcac41049a0704b5a7ec796f2b21807dc98fa25bd282d37f632623b0e3"))
    static let fourth = Fp2(
        BN254Fp(hex: "05b54f5e64eea80180f3c0b75a181e84d33365f7be94ec72848a1f55921ea762"),
        BN254Fp(hex: "2c145edbe7fd8aee9f3a80b03b0b1c923685d2ea1bdec763c13b4711cd2b8126"))
    static let fifth = Fp2(
        BN254Fp(hex: "183c1e74f798649e93a3661a4353ff4425c459b55aa1bd32ea2c810eab7692f"),
        BN254Fp(hex: "12acf2ca76fd0675a27fb246c7729f7db080cb99678e2ac024c6b8ee6e0c2c4b"))
}
