import CPVM
@testable import EVMPrecompiles
import VMCommon
import XCTest

/// The fields of the pairing curves, with and without the instructions of ADX.
final class PairingFieldTests: XCTestCase {
    override func tearDown() { duet_montgomery_may_use_adx(1) }

    private func onBothPaths(_ body: () -> Void) {
        duet_montgomery_may_use_adx(0)
        body()
        duet_montgomery_may_use_adx(1)
        body()
    }

    private func octets<F: PrimeField>(_ value: F) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: F.octets)
        value.write(bigEndian: &result)
        return result
    }

    /// Any elements, and those at the edges of the field and of the limbs.
    private func elements<F: PrimeField>(_: F.Type, _ count: Int) -> [F] {
        var random = SplitMix(seed: 7)
        var result: [F] = [.zero, .one, -.one, F.one.doubled(), F.one.halved(), -F.one.halved()]
        for bit in stride(from: 0, to: 8 * F.octets - 4, by: 31) {
            var octets = [UInt8](repeating: 0, count: F.octets)
            octets[F.octets - 1 - bit / 8] = 1 << UInt8(bit % 8)
            if let power = F(bigEndian: octets) { result += [power, power - .one, -power] }
        }
        while result.count < count {
            let octets = (0..<F.octets).map { $0 == 0 ? UInt8.random(in: 0...0x2f, using: &random) : UInt8.random(in: 0...255, using: &random) }
            if let value = F(bigEndian: octets) { result.append(value) }
        }
        return result
    }

    func testAgainstPlainArithmetic() {
        let p = U256(0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029)
        func number(_ value: BN254Fp) -> U256 {
            let limb = value.integer.limb
            return U256(limb.0, limb.1, limb.2, limb.3)
        }
        onBothPaths {
            let values = elements(BN254Fp.self, 60)
            for a in values {
                for b in values {
                    XCTAssertEqual(number(a * b), U256.multiplyModulo(number(a), number(b), p))
                    XCTAssertEqual(number(a + b), U256.addModulo(number(a), number(b), p))
                    XCTAssertEqual(number((a - b) + b), number(a))
                }
                XCTAssertEqual(a.squared(), a * a)
                XCTAssertEqual(a.halved().doubled(), a)
            }
        }
    }

    private func checkLaws<F: PairingField>(_: F.Type) {
        let values = elements(F.self, 60)
        onBothPaths {
            for (index, a) in values.enumerated() {
                let b = values[(7 * index + 3) % values.count], c = values[(11 * index + 5) % values.count]
                XCTAssertEqual(a * b, b * a)
                XCTAssertEqual(a * b * c, a * (b * c))
                XCTAssertEqual((a + b) * c, a * c + b * c)
                XCTAssertEqual((a - b) * (a + b), a.squared() - b.squared())
                XCTAssertEqual(a + (-a), .zero)
                XCTAssertEqual(a * a.inverse(), a.isZero ? .zero : .one)
                XCTAssertEqual(F(bigEndian: octets(a)), a)
                // (a + b u)^2 and products in parts
                let x = Fp2(a, b), y = Fp2(c, a), product = x * y
                XCTAssertEqual(product.c0, a * c - b * a)
                XCTAssertEqual(product.c1, a * a + b * c)
                XCTAssertEqual(x.squared(), x * x)
                XCTAssertEqual(x * x.inverse(), x.isZero ? .zero : .one)
            }
        }
        // The paths agree on the same operands, word by word.
        duet_montgomery_may_use_adx(0)
        let portable = values.indices.map { octets(values[$0] * values[values.count - 1 - $0]) }
        duet_montgomery_may_use_adx(1)
        XCTAssertEqual(portable, values.indices.map { octets(values[$0] * values[values.count - 1 - $0]) })
        XCTAssertNil(F(bigEndian: [UInt8](repeating: 0xff, count: F.octets)))
    }

    func testLaws() {
        checkLaws(BN254Fp.self)
        checkLaws(BLS12381Fp.self)
    }

    private func checkTower<F: PairingField>(_: F.Type) {
        let values = elements(F.self, 100)
        func two(_ index: Int) -> Fp2<F> { Fp2(values[(31 * index + 17) % 100], values[(57 * index + 40) % 100]) }
        func six(_ index: Int) -> Fp6<F> { Fp6(two(3 * index), two(3 * index + 1), two(3 * index + 2)) }
        func twelve(_ index: Int) -> Fp12<F> { Fp12(six(2 * index), six(2 * index + 1)) }
        for index in 0..<8 {
            let a = twelve(index), b = twelve(index + 9), c = twelve(index + 20)
            XCTAssertEqual(a * b * c, a * (b * c))
            XCTAssertEqual(a.squared(), a * a)
            XCTAssertEqual(a * a.inverse(), .one)
            XCTAssertEqual((a * b).frobenius(1), a.frobenius(1) * b.frobenius(1))
            XCTAssertEqual(a.frobenius(3).frobenius(3), a.conjugate)
            let (s, t, u) = (two(index), two(index + 50), two(index + 70))
            let zero = Fp2<F>.zero
            XCTAssertEqual(a.timesSparse034(s, t, u), a * Fp12(Fp6(s, zero, zero), Fp6(t, u, zero)))
            XCTAssertEqual(a.timesSparse014(s, t, u), a * Fp12(Fp6(s, t, zero), Fp6(zero, u, zero)))
            XCTAssertEqual(a.timesSparse011(s, t), a * Fp12(Fp6(s, t, zero), Fp6(zero, .one, zero)))
            // An element of the cyclotomic subgroup
            let unit = a.conjugate * a.inverse()
            let cyclotomic = unit.frobenius(2) * unit
            XCTAssertEqual(cyclotomic.cyclotomicSquared(), cyclotomic.squared())
            XCTAssertEqual(cyclotomic * cyclotomic.conjugate, .one)
            let cube = cyclotomic * cyclotomic * cyclotomic
            XCTAssertEqual(cyclotomic.cyclotomicPower(3), cube)
            for exponent in [1, 2, 3, 0xd201_0000_0001_0000, 0x8000_0000_0000_0001, UInt64.max] {
                XCTAssertEqual(cyclotomic.sparseCyclotomicPower(exponent), cyclotomic.cyclotomicPower(exponent))
                XCTAssertEqual(Fp12<F>.one.sparseCyclotomicPower(exponent), .one)
            }
            XCTAssertEqual(cyclotomic.cyclotomicPower(0x8000_0000_0000_0001), cyclotomic.cyclotomicPower(1 << 63) * cyclotomic)
        }
    }

    func testTowers() {
        checkTower(BN254Fp.self)
        checkTower(BLS12381Fp.self)
    }

    func testSquareRoots() {
        for a in elements(BLS12381Fp.self, 40) {
            guard let root = a.squared().squareRoot() else { return XCTFail("no root of a square") }
            XCTAssertTrue(root == a || root == -a)
            XCTAssertEqual(Fp2(a, .zero).squareRoot()?.squared(), Fp2(a, .zero))
            let b = Fp2(a, a.squared() + .one)
            XCTAssertEqual(b.squared().squareRoot()?.squared(), b.squared())
            if !a.isZero { XCTAssertNil((-a.squared()).squareRoot()) }
            // 1 + u is no square of Fp2.
            if !b.isZero { XCTAssertNil(b.squared().timesXi().squareRoot()) }
        }
    }
}
