import VMCommon

/// secp256k1: y^2 = x^3 + 7 (SEC 2, 2.4.1).
enum Secp256k1: PrimeCurve {
    typealias Element = Secp256k1Field
    typealias Point = JacobianPoint<Secp256k1>
    typealias Affine = AffinePoint<Secp256k1>

    static var order: U256 { Secp256k1Order.modulus }

    static var generator: Affine {
        Affine(
            Secp256k1Field(U256(0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac)),
            Secp256k1Field(U256(0x9c47_d08f_fb10_d4b8, 0xfd17_b448_a685_5419, 0x5da4_fbfc_0e11_08a8, 0x483a_da77_26a3_c465)))
    }

    /// 3 multiplications and 4 squarings, in terms of half the usual slope: z3 is y z, not twice that.
    @inline(__always)
    static func doubled(_ point: Point) -> Point {
        let xx = point.x.squared(), yy = point.y.squared()
        let slope = (xx + xx + xx).halved()
        let t = point.x * yy
        let x3 = slope.squared() - t - t
        return Point(x3, slope * (t - x3) - yy.squared(), point.y * point.z)
    }

    /// The point with this x coordinate and the y coordinate of this parity, if there is one.
    static func lift(x: Secp256k1Field, yIsOdd: Bool) -> Affine? {
        let square = x.squared() * x + Secp256k1Field(U256(7))
        guard let root = square.squareRoot() else { return nil }
        let isOdd = root.number.limb0 & 1 == 1
        return Affine(x, isOdd == yIsOdd ? root : -root)
    }

    /// a G + b P for numbers below the order. With the endomorphism, and as 2^128 G has a table too, half as many doublings do.
    static func multiply(_ a: U256, _ b: U256, _ point: Affine) -> Point {
        let split = Halves(b)
        let low = WindowedDigits(U256(a.limb0, a.limb1), width: 8), high = WindowedDigits(U256(a.limb2, a.limb3), width: 8)
        let first = WindowedDigits(split.k1, width: 5), second = WindowedDigits(split.k2, width: 5)
        return withUnsafeTemporaryAllocation(of: Affine.self, capacity: 16) { space in
            let multiples = space.baseAddress!, images = multiples + 8
            (split.k1IsNegative ? -point : point).writeOddMultiples(8, to: multiples)
            for index in 0..<8 {
                let image = Affine(multiples[index].x * Halves.beta, multiples[index].y)
                images[index] = split.k1IsNegative == split.k2IsNegative ? image : -image
            }
            var sum = Point.infinity
            var position = max(max(low.count, high.count), max(first.count, second.count))
            while position > 0 {
                position &-= 1
                sum.double()
                sum.add(first[position], of: multiples)
                sum.add(second[position], of: images)
                sum.add(low[position], of: generatorMultiples.base)
                sum.add(high[position], of: generatorMultiples.base + generatorTableSize)
            }
            return sum
        }
    }
}

/// A scalar as k1 + k2 λ with halves below 2^128 in magnitude, where λ (x, y) = (β x, y) (Gallant, Lambert, Vanstone 2001).
private struct Halves {
    let k1, k2: U256
    let k1IsNegative, k2IsNegative: Bool

    /// A cube root of one in the field.
    static var beta: Secp256k1Field {
        Secp256k1Field(U256(0xc139_6c28_7195_01ee, 0x9cf0_4975_12f5_8995, 0x6e64_479e_ac34_34e9, 0x7ae9_6a2b_657c_0710))
    }

    /// (a1, b1) and (a2, b2) are short vectors with a + b λ = 0 modulo n; k - c1 (a1, b1) - c2 (a2, b2) is short too when c1 and
    /// c2 are the nearest to b2 k / n and -b1 k / n.
    init(_ k: U256) {
        let a1 = U256(0xe86c_90e4_9284_eb15, 0x3086_d221_a7d4_6bcd), b2 = a1
        let minusB1 = U256(0x6f54_7fa9_0abf_e4c3, 0xe443_7ed6_010e_8828)
        let a2 = U256(0x57c1_108d_9d44_cfd8, 0x14ca_50f7_a8e2_f3f6, 1)
        // 2^384 b2 / n and -2^384 b1 / n
        let g1 = U256(0xe893_209a_45db_b031, 0x3daa_8a14_71e8_ca7f, 0xe86c_90e4_9284_eb15, 0x3086_d221_a7d4_6bcd)
        let g2 = U256(0x1571_b4ae_8ac4_7f71, 0x2212_08ac_9df5_06c6, 0x6f54_7fa9_0abf_e4c4, 0xe443_7ed6_010e_8828)
        let c1 = Self.nearest(k, g1), c2 = Self.nearest(k, g2)
        (k1, k1IsNegative) = Self.magnitude(k &- c1 &* a1 &- c2 &* a2)
        (k2, k2IsNegative) = Self.magnitude(c1 &* minusB1 &- c2 &* b2)
    }

    /// The integer nearest to k g / 2^384.
    private static func nearest(_ k: U256, _ g: U256) -> U256 {
        let high = product(k, g).high
        return U256(high.limb2, high.limb3) &+ U256(high.limb1 >> 63)
    }

    private static func magnitude(_ number: U256) -> (U256, Bool) {
        number.isNegative ? (-number, true) : (number, false)
    }
}

/// The odd multiples of G, and then of 2^128 G, by less than 128.
private let generatorTableSize = 64
private let generatorMultiples = PointTable<Secp256k1>(count: 2 * generatorTableSize) { table in
    Secp256k1.generator.writeOddMultiples(generatorTableSize, to: table)
    var high = JacobianPoint(Secp256k1.generator)
    for _ in 0..<128 { high.double() }
    high.affine().writeOddMultiples(generatorTableSize, to: table + generatorTableSize)
}
