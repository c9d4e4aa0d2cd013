import VMCommon

/// Scalars of BLS12-381 in parts that the endomorphisms make short.
extension BLS12381 {
    static var order: U256 { U256(0xffff_ffff_0000_0001, 0x53bd_a402_fffe_5bfe, 0x3339_d808_09a1_d805, 0x73ed_a753_299d_7d48) }

    private static func reduced(_ scalar: U256) -> U256 {
        var k = scalar
        while !(k < order) { k = k &- order }
        return k
    }

    /// k = k0 + k1 (x^2 - 1) modulo the order, both below 2^128. On G1 the factor x^2 - 1 is (beta^2 x, y).
    static func splitG1(_ scalar: U256) -> (UInt128, UInt128) {
        let divisor = U256(0x0000_0000_ffff_ffff, 0xac45_a401_0001_a402)
        let k = reduced(scalar)
        // The reciprocal floor(2^256 / divisor); the quotient is at most 2 too small.
        var quotient = U256.multiplyFull(k, U256(0x63f6_e522_f6cf_ee30, 0x7c6b_ecf1_e01f_aadd, 1)).high
        var rest = k &- quotient &* divisor
        while !(rest < divisor) {
            rest = rest &- divisor
            quotient = quotient &+ U256(1)
        }
        return (UInt128(rest.limb1) << 64 | UInt128(rest.limb0), UInt128(quotient.limb1) << 64 | UInt128(quotient.limb0))
    }

    /// Writes the four digits of k to the base |x|, lowest first. On G2 the factor |x| is -psi.
    static func splitG2(_ scalar: U256, _ digits: UnsafeMutablePointer<UInt64>) {
        var k = reduced(scalar)
        let divisor = U256(x)
        for index in 0..<3 {
            let (quotient, remainder) = (k / divisor, k % divisor)
            digits[index] = remainder.limb0
            k = quotient
        }
        digits[3] = k.limb0
    }

    /// (x, y) times x^2 - 1, for a point of G1
    @inline(__always)
    static func endomorphism(_ point: Affine<F>) -> Affine<F> { Affine(point.x * betaSquared, point.y) }

    private static let betaSquared = beta.squared()

    /// |x| times a point of G2
    @inline(__always)
    static func endomorphism(_ point: Affine<Fp2<F>>) -> Affine<Fp2<F>> { -untwistFrobenius(point) }
}
