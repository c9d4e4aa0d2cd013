import Testing
import VMCommon

@testable import EVMPrecompiles

/// The prime fields against the general modular arithmetic of `U256`.
@Suite struct FieldTests {
    private func check<Modulus: PrimeModulus>(_: Modulus.Type) {
        typealias Element = Montgomery<Modulus>
        let p = Modulus.modulus
        var random = SplitMix(seed: p.limb0)
        for _ in 0..<800 {
            let a = random.number(), b = random.number()
            let x = Element(a), y = Element(b)
            #expect(x.value < p && x.number == U256.multiplyModulo(a, U256(1), p))
            #expect((x * y).number == U256.multiplyModulo(a, b, p))
            #expect(x.squared() == x * x)
            #expect((x + y).number == U256.addModulo(a, b, p))
            #expect(x - y + y == x)
            #expect((-x + x).isZero)
        }
        for _ in 0..<50 {
            let x = Element(random.number())
            #expect(x.isZero || x * x.inverse() == .one)
        }
        #expect(Element.zero.inverse().isZero)
        #expect((-Element.one).number == p &- U256(1) && Element(p).isZero)
    }

    @Test func montgomery() {
        check(P256Prime.self)
        check(P256Order.self)
        check(Secp256k1Order.self)
    }

    /// Values from the prime on stand for elements too.
    @Test func secp256k1() {
        let p = Secp256k1Field.modulus
        var random = SplitMix(seed: 5)
        var values = (0..<12).map { U256($0) } + (0..<12).map { U256(0) &- U256($0 + 1) } + (0..<12).map { p &+ U256($0) &- U256(6) }
        for _ in 0..<30 { values.append(random.number()) }
        for a in values {
            let x = Secp256k1Field(a)
            #expect(x.number == U256.multiplyModulo(a, U256(1), p))
            #expect(x.isZero == x.number.isZero)
            #expect(x.squared().number == U256.multiplyModulo(a, a, p))
            #expect((x.halved() + x.halved()).number == x.number)
            #expect((-x + x).isZero)
            for b in values {
                let y = Secp256k1Field(b)
                #expect((x * y).number == U256.multiplyModulo(a, b, p))
                #expect((x + y).number == U256.addModulo(a, b, p))
                #expect((x - y + y).number == x.number)
                #expect((x == y) == (x.number == y.number))
            }
        }
        for a in values {
            let x = Secp256k1Field(a)
            #expect(x.isZero || (x * x.inverse()).number == U256(1))
            let root = x.squared().squareRoot()
            #expect(root != nil && (root! == x || root! == -x))
            // -1 is no square, so a number or its negative has no root.
            #expect(x.isZero || (x.squareRoot() == nil) != ((-x).squareRoot() == nil))
        }
    }
}
