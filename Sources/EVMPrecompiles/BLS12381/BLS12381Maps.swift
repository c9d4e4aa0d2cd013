import VMCommon

/// Maps from the fields to G1 and G2: RFC 9380, sections 6.6.3 (simplified Shallue-van de Woestijne-Ulas onto an isogenous curve),
/// 8.8.1 and 8.8.2.
extension BLS12381 {
    static func mapToG1(_ u: F) -> Affine<F> {
        let point = simplifiedSWU(u, MapConstants.a1, MapConstants.b1, MapConstants.z1)
        let image = isogeny(point, IsogenyTable.g1XNumerator, IsogenyTable.g1XDenominator, IsogenyTable.g1YNumerator, IsogenyTable.g1YDenominator)
        // The cofactor's multiple is 1 - x.
        return ScalarMultiplication.multiply(image, x).adding(image).affine
    }

    static func mapToG2(_ u: Fp2<F>) -> Affine<Fp2<F>> {
        let point = simplifiedSWU(u, MapConstants.a2, MapConstants.b2, MapConstants.z2)
        let image = isogeny(point, IsogenyTable.g2XNumerator, IsogenyTable.g2XDenominator, IsogenyTable.g2YNumerator, IsogenyTable.g2YDenominator)
        return clearCofactor(image).affine
    }

    /// (x^2 - x - 1) P + (x - 1) psi(P) + 2 psi^2(P) (RFC 9380, appendix G.3).
    private static func clearCofactor(_ point: Jacobian<Fp2<F>>) -> Jacobian<Fp2<F>> {
        let times = -ScalarMultiplication.multiply(point, x)
        let psi = untwistFrobenius(point)
        let mixed = -ScalarMultiplication.multiply(times.adding(psi), x)
        let twice = untwistFrobenius(untwistFrobenius(point.doubled()))
        return twice.adding(-psi).adding(mixed).adding(-times).adding(-point)
    }

    private static func simplifiedSWU<E: SquareRoots>(_ u: E, _ a: E, _ b: E, _ z: E) -> Affine<E> {
        let zu2 = z * u.squared()
        let denominator = zu2.squared() + zu2
        let x1 = denominator.isZero
            ? b * (z * a).inverse()
            : -b * (denominator + .one) * (a * denominator).inverse()
        let g1 = (x1.squared() + a) * x1 + b
        if let y = g1.squareRoot() { return Affine(x1, y.isOdd == u.isOdd ? y : -y) }
        // With x2 = z u^2 x1 the right side is z^3 u^6 times the first, and one of the two is a square.
        let x2 = zu2 * x1
        let y = ((x2.squared() + a) * x2 + b).squareRoot() ?? .zero
        return Affine(x2, y.isOdd == u.isOdd ? y : -y)
    }

    private static func isogeny<E: Field>(
        _ point: Affine<E>, _ xNumerator: borrowing Table<E>, _ xDenominator: borrowing Table<E>, _ yNumerator: borrowing Table<E>,
        _ yDenominator: borrowing Table<E>
    ) -> Jacobian<E> {
        let x = point.x
        let below = evaluate(xDenominator, x), belowY = evaluate(yDenominator, x)
        let z = below * belowY
        return Jacobian(evaluate(xNumerator, x) * belowY * z, point.y * evaluate(yNumerator, x) * below * z.squared(), z)
    }

    private static func evaluate<E: Field>(_ polynomial: borrowing Table<E>, _ x: E) -> E {
        var index = polynomial.count - 1
        var value = polynomial[index]
        while index > 0 {
            index &-= 1
            value = value * x + polynomial[index]
        }
        return value
    }
}

/// A field with square roots and the sign of RFC 9380, section 4.1.
protocol SquareRoots: Field {
    /// One of the roots, nil if there is none.
    func squareRoot() -> Self?
    var isOdd: Bool { get }
}

extension BLS12381Fp: SquareRoots {
    var isOdd: Bool { integer.limb.0 & 1 == 1 }

    /// self^((p - 3) / 4): with p = 3 modulo 4, times self it is a root if there is one, and else a root of -self.
    func rootCandidate() -> Self {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 6) { exponent in
            exponent[0] = 0xee7f_bfff_ffff_eaaa
            exponent[1] = 0x07aa_ffff_ac54_ffff
            exponent[2] = 0xd9cc_34a8_3dac_3d89
            exponent[3] = 0xd91d_d2e1_3ce1_44af
            exponent[4] = 0x92c6_e9ed_90d2_eb35
            exponent[5] = 0x0680_447a_8e5f_f9a6
            return power(UnsafeBufferPointer(exponent)) * self
        }
    }

    func squareRoot() -> Self? {
        let root = rootCandidate()
        return root.squared() == self ? root : nil
    }
}

extension Fp2: SquareRoots where F == BLS12381Fp {
    var isOdd: Bool { c0.isOdd || c0.isZero && c1.isOdd }

    /// With r the root of the norm, (c0 + r) / 2 or (c0 - r) / 2 is the square of the root's first part. Their product is -(c1 / 2)^2, so that
    /// a root of -(c0 + r) / 2 gives the second part.
    func squareRoot() -> Self? {
        if c1.isZero {
            let root = c0.rootCandidate()
            return root.squared() == c0 ? Fp2(root, .zero) : Fp2(.zero, root)
        }
        guard let norm = (c0.squared() + c1.squared()).squareRoot() else { return nil }
        let half = (c0 + norm).halved()
        let part = half.rootCandidate()
        let other = c1 * part.doubled().inverse()
        return part.squared() == half ? Fp2(part, other) : Fp2(other, part)
    }
}

private enum MapConstants {
    static let a1 = BLS12381Fp(hex: "144698a3b8e9433d693a02c96d4982b0ea985383ee66a8d8e8981aefd881ac98936f8da0e0f97f5cf428082d584c1d")
    static let b1 = BLS12381Fp(hex: "12e2908d11688030018b12e8753eee3b2016c1f0f24f4070a0b9c14fcef35ef55a23215a316ceaa5d1cc48e98e172be0")
    static let z1 = BLS12381Fp(hex: "b")
    static let a2 = Fp2(BLS12381Fp.zero, BLS12381Fp(hex: "f0"))
    static let b2 = Fp2(BLS12381Fp(hex: "3f4"), BLS12381Fp(hex: "3f4"))
    static let z2 = Fp2(-BLS12381Fp(hex: "2"), -BLS12381Fp.one)
}
