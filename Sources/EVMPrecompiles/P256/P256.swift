import VMCommon

/// P-256, also called secp256r1: y^2 = x^3 - 3x + b (SP 800-186, 3.2.1.3).
enum P256: PrimeCurve {
    typealias Element = P256Field
    typealias Point = JacobianPoint<P256>
    typealias Affine = AffinePoint<P256>

    static var prime: U256 { P256Prime.modulus }
    static var order: U256 { P256Order.modulus }

    private static var generator: Affine {
        Affine(
            P256Field(U256(0xf4a1_3945_d898_c296, 0x7703_7d81_2deb_33a0, 0xf8bc_e6e5_63a4_40f2, 0x6b17_d1f2_e12c_4247)),
            P256Field(U256(0xcbb6_4068_37bf_51f5, 0x2bce_3357_6b31_5ece, 0x8ee7_eb4a_7c0f_9e16, 0x4fe3_42e2_fe1a_7f9b)))
    }
    private static var b: P256Field {
        P256Field(U256(0x3bce_3c3e_27d2_604b, 0x651d_06b0_cc53_b0f6, 0xb3eb_bd55_7698_86bc, 0x5ac6_35d8_aa3a_93e7))
    }

    /// 4 multiplications and 4 squarings: with a = -3 the slope's numerator 3 x^2 + a z^4 is 3 (x - z^2) (x + z^2).
    @inline(__always)
    static func doubled(_ point: Point) -> Point {
        let delta = point.z.squared(), gamma = point.y.squared()
        let beta = point.x * gamma
        let product = (point.x - delta) * (point.x + delta)
        let alpha = product + product + product
        let beta2 = beta + beta
        let beta4 = beta2 + beta2
        let x3 = alpha.squared() - beta4 - beta4
        let yz = point.y * point.z
        let gamma2 = gamma + gamma
        let square = gamma2.squared()
        return Point(x3, alpha * (beta4 - x3) - square - square, yz + yz)
    }

    static func contains(_ point: Affine) -> Bool {
        let linear = point.x + point.x + point.x
        return point.y.squared() == point.x.squared() * point.x - linear + b
    }

    /// a G + b P for numbers below the order.
    static func multiply(_ a: U256, _ b: U256, _ point: Affine) -> Point {
        let first = WindowedDigits(a, width: 8), second = WindowedDigits(b, width: 5)
        return withUnsafeTemporaryAllocation(of: Affine.self, capacity: 8) { space in
            let multiples = space.baseAddress!
            point.writeOddMultiples(8, to: multiples)
            var sum = Point.infinity
            var position = max(first.count, second.count)
            while position > 0 {
                position &-= 1
                sum.double()
                sum.add(second[position], of: multiples)
                sum.add(first[position], of: generatorMultiples.base)
            }
            return sum
        }
    }

    /// The odd multiples of G by less than 128.
    private static let generatorMultiples = PointTable<P256>(count: 64) { generator.writeOddMultiples(64, to: $0) }
}
