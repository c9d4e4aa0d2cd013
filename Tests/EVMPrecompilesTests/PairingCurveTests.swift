@testable import EVMPrecompiles
import VMCommon
import XCTest

/// The groups and the pairings of BN254 and BLS12-381 by their laws; the vectors and py_ecc are in scripts/test-curves.
final class PairingCurveTests: XCTestCase {
    private let bnG1 = Affine(BN254Fp(hex: "1"), BN254Fp(hex: "2"))
    private let bnG2 = Affine(
        Fp2(BN254Fp(hex: "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"),
            BN254Fp(hex: "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2")),
        Fp2(BN254Fp(hex: "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"),
            BN254Fp(hex: "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b")))
    private let blsG1 = Affine(
        BLS12381Fp(hex: "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
        BLS12381Fp(hex: "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"))
    private let blsG2 = Affine(
        Fp2(BLS12381Fp(hex: "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"),
            BLS12381Fp(hex: "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e")),
        Fp2(BLS12381Fp(hex: "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"),
            BLS12381Fp(hex: "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be")))

    /// By doubling and adding, without an endomorphism.
    private func multiple<F: Field>(_ point: Affine<F>, _ scalar: U256) -> Affine<F> {
        var result = Jacobian<F>.infinity
        for bit in (0..<256).reversed() {
            result = result.doubled()
            let limb = [scalar.limb0, scalar.limb1, scalar.limb2, scalar.limb3][bit / 64]
            if limb >> UInt64(bit % 64) & 1 == 1 { result = result.adding(point) }
        }
        return result.affine
    }

    func testOrders() {
        XCTAssertTrue(multiple(bnG1, BN254.order).isInfinity)
        XCTAssertTrue(multiple(bnG2, BN254.order).isInfinity)
        XCTAssertTrue(multiple(blsG1, BLS12381.order).isInfinity)
        XCTAssertTrue(multiple(blsG2, BLS12381.order).isInfinity)
        XCTAssertTrue(BN254.isInG2(bnG2))
        XCTAssertTrue(BLS12381.isInG1(blsG1))
        XCTAssertTrue(BLS12381.isInG2(blsG2))
    }

    func testSumsInAllForms() {
        let points = (0..<6).map { multiple(bnG1, U256($0)) } + (1..<4).map { -multiple(bnG1, U256($0)) }
        let logarithms = [0, 1, 2, 3, 4, 5, -1, -2, -3]
        for (i, a) in points.enumerated() {
            for (j, b) in points.enumerated() {
                let sum = logarithms[i] + logarithms[j]
                let expected = sum < 0 ? -multiple(bnG1, U256(UInt64(-sum))) : multiple(bnG1, U256(UInt64(sum)))
                XCTAssertEqual(a + b, expected)
                XCTAssertEqual(Jacobian(a).adding(b).affine, expected)
                // In other coordinates of the same points
                let left = Jacobian(a).doubled().adding(-a), right = Jacobian(b).doubled().adding(-b)
                XCTAssertEqual(left.adding(b).affine, expected)
                XCTAssertEqual(left.adding(right).affine, expected)
                XCTAssertTrue(left.adding(right).equals(expected))
            }
        }
    }

    private var scalars: [U256] {
        var random = SplitMix(seed: 3)
        return [U256(), U256(1), U256(2), BN254.order, BN254.order &- U256(1), BLS12381.order, BLS12381.order &+ U256(1), U256() &- U256(1),
                U256(0, 0, 1), U256(0, 1), U256(BLS12381.x)]
            + (0..<10).map { _ in U256(random.next(), random.next(), random.next(), random.next()) }
    }

    func testEndomorphisms() {
        for scalar in scalars {
            XCTAssertEqual(BN254.multiply(bnG1, scalar), multiple(bnG1, scalar))
            let (low, high) = BLS12381.splitG1(scalar)
            let parts = [U256(UInt64(truncatingIfNeeded: low), UInt64(low >> 64)), U256(UInt64(truncatingIfNeeded: high), UInt64(high >> 64))]
            XCTAssertEqual(multiple(blsG1, parts[0]) + multiple(BLS12381.endomorphism(blsG1), parts[1]), multiple(blsG1, scalar))
            var digits = [UInt64](repeating: 0, count: 4)
            BLS12381.splitG2(scalar, &digits)
            var sum = Affine<Fp2<BLS12381Fp>>.infinity, image = blsG2
            for digit in digits {
                sum = sum + multiple(image, U256(digit))
                image = BLS12381.endomorphism(image)
            }
            XCTAssertEqual(sum, multiple(blsG2, scalar))
        }
    }

    private func checkPairing<Curve: PairingCurve>(_: Curve.Type, _ p: Affine<Curve.F>, _ q: Affine<Fp2<Curve.F>>,
                                                   _ isOne: @escaping (Fp12<Curve.F>) -> Bool) {
        func check(_ pairs: [(Affine<Curve.F>, Affine<Fp2<Curve.F>>)]) -> Bool? {
            pairingIsOne(Curve.self, pairs.count, { pairs[$0] }, isOne)
        }
        let p2 = multiple(p, U256(2)), p35 = multiple(p, U256(35)), q5 = multiple(q, U256(5)), p7 = multiple(p, U256(7))
        XCTAssertEqual(check([]), true)
        XCTAssertEqual(check([(p, q)]), false)
        XCTAssertEqual(check([(p, q), (-p, q)]), true)
        XCTAssertEqual(check([(p, q), (p, -q)]), true)
        XCTAssertEqual(check([(p7, q5), (-p35, q)]), true)
        XCTAssertEqual(check([(p7, q5), (p35, q)]), false)
        XCTAssertEqual(check([(p2, q), (-p, q), (-p, q)]), true)
        XCTAssertEqual(check([(.infinity, q), (p, .infinity)]), true)
        // More pairs than go through the loop at once
        XCTAssertEqual(check(Array(repeating: (p, q), count: 35) + [(-p35, q)]), true)
        XCTAssertEqual(check(Array(repeating: (p, q), count: 34) + [(-p35, q)]), false)
        XCTAssertNil(pairingIsOne(Curve.self, 3, { $0 == 2 ? nil : (p, q) }, isOne))
    }

    func testPairings() {
        checkPairing(BN254.self, bnG1, bnG2, BN254.finalExponentiationIsOne)
        checkPairing(BLS12381.self, blsG1, blsG2, BLS12381.finalExponentiationIsOne)
    }

    func testPreparedLines() {
        let lines = PreparedLines<BLS12381>(blsG2), negative = PreparedLines<BLS12381>(-blsG2)
        let twice = multiple(blsG1, U256(2))
        let trivial = PreparedLines.millerLoop(lines, .init(twice), negative, .init(twice))
        XCTAssertTrue(BLS12381.finalExponentiationIsOne(trivial.conjugate))
        let other = PreparedLines.millerLoop(lines, .init(twice), negative, .init(blsG1))
        XCTAssertFalse(BLS12381.finalExponentiationIsOne(other.conjugate))
    }

    func testManyMultiples() {
        for count in [1, 2, 17, 60] {
            let points = (0..<count).map { multiple(blsG1, U256(UInt64($0 % 7))) }
            let numbers = (0..<count).map { UInt64($0) &* 0x1234_5678_9abc_def1 | 1 << 63 }
            var total = U256()
            for (index, number) in numbers.enumerated() { total = total &+ U256(number) &* U256(UInt64(index % 7)) }
            let sum = MultiScalarMultiplication.sum(points, numbers.map { ShortScalar(UInt128($0)) }, count, bits: 64)
            XCTAssertEqual(sum?.affine, multiple(blsG1, total))
        }
    }
}
