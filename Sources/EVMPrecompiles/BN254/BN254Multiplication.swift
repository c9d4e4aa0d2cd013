import VMCommon

/// Multiples of points of G1 with the endomorphism (x, y) -> (beta x, y), which multiplies by a cube root of 1, lambda (Gallant,
/// Lambert, Vanstone: "Faster point multiplication on elliptic curves with efficient endomorphisms", 2001).
extension BN254 {
    static let beta = BN254Fp(hex: "59e26bcea0d48bacd4f263f1acdb5c4f5763473177fffffe")

    static var order: U256 { U256(0x43e1_f593_f000_0001, 0x2833_e848_79b9_7091, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029) }

    /// k = k1 + k2 lambda with k1, k2 below 2^128. With the short vectors (a, -b) and (c, a) of the lattice of all (i, j) with i + j lambda = 0
    /// modulo the order: a is divided out by the reciprocals floor(2^256 a / order) and floor(2^256 b / order), which leaves at most
    /// 5/4 of each vector.
    static func split(_ scalar: U256) -> (ShortScalar, ShortScalar) {
        let a = U256(0x89d3_2568_94d2_13e3)
        let b = U256(0x8211_bbeb_7d4f_1128, 0x6f4d_8248_eeb8_59fc)
        let c = U256(0x0be4_e154_1221_250b, 0x6f4d_8248_eeb8_59fd)
        var k = scalar
        while !(k < order) { k = k &- order }
        let first = U256.multiplyFull(k, U256(0xd91d_232e_c7e0_b3d7, 2)).high
        let second = U256.multiplyFull(k, U256(0x7a7b_d9d4_391e_b18d, 0x4cce_f014_a773_d2cf, 2)).high
        let k1 = k &- first &* a &- second &* c
        let k2 = first &* b &- second &* a
        return (short(k1), short(k2))
    }

    private static func short(_ value: U256) -> ShortScalar {
        let isNegative = value.limb3 >> 63 != 0
        let magnitude = isNegative ? U256() &- value : value
        assert(magnitude.limb2 | magnitude.limb3 == 0)
        return ShortScalar(UInt128(magnitude.limb1) << 64 | UInt128(magnitude.limb0), negative: isNegative)
    }

    static func multiply(_ point: Affine<BN254Fp>, _ scalar: U256) -> Affine<BN254Fp> {
        if point.isInfinity { return .infinity }
        let multiples = ScalarMultiplication.multiples
        return withUnsafeTemporaryAllocation(of: Affine<BN254Fp>.self, capacity: 2 * multiples) { tables in
            withUnsafeTemporaryAllocation(of: Int8.self, capacity: 2 * ScalarMultiplication.digits) { digits in
                withUnsafeTemporaryAllocation(of: ShortScalar.self, capacity: 2) { scalars in
                    let base = tables.baseAddress.unsafelyUnwrapped
                    ScalarMultiplication.oddMultiples(point, base)
                    let factor = beta
                    for index in 0..<multiples { base[multiples &+ index] = Affine(base[index].x * factor, base[index].y) }
                    (scalars[0], scalars[1]) = split(scalar)
                    return ScalarMultiplication.sum(
                        scalars.baseAddress.unsafelyUnwrapped, base, 2, digits.baseAddress.unsafelyUnwrapped
                    ).affine
                }
            }
        }
    }
}
