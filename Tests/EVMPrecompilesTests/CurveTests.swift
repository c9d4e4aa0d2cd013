import Testing
import VMCommon

@testable import EVMPrecompiles

@Suite struct CurveTests {
    @Test func digits() {
        var random = SplitMix(seed: 7)
        for round in 0..<2000 {
            let number = round < 300 ? U256(UInt64(round)) : round < 320 ? U256(0) &- U256(UInt64(round - 299)) : random.number()
            for width in 2...8 {
                let digits = WindowedDigits(number, width: width)
                var sum = U256(), last = -width
                for position in stride(from: 256, through: 0, by: -1) {
                    let digit = digits[position]
                    sum = sum &+ sum &+ (digit < 0 ? U256(0) &- U256(UInt64(-digit)) : U256(UInt64(digit)))
                    if digit != 0 {
                        #expect(digit & 1 == 1 && abs(digit) < 1 << (width - 1) && position < digits.count)
                        #expect(last < 0 || last - position >= width)
                        last = position
                    }
                }
                #expect(sum == number, "\(number) in windows of \(width)")
            }
        }
    }

    /// Sums in which the points are the same, opposite or at infinity, against multiples of G.
    private func check<Curve: PrimeCurve>(_: Curve.Type, _ generator: AffinePoint<Curve>, order: U256) where Curve.Element: Equatable {
        typealias Point = JacobianPoint<Curve>
        func same(_ a: Point, _ b: Point) -> Bool {
            if a.isInfinity || b.isInfinity { return a.isInfinity && b.isInfinity }
            return a.affine().x == b.affine().x && a.affine().y == b.affine().y
        }
        let count = 12
        var multiples = [Point.infinity]
        for _ in 1...2 * count {
            multiples.append(multiples.last!)
            multiples[multiples.count - 1].add(generator)
        }
        for i in 0...count {
            var double = multiples[i]
            double.double()
            #expect(same(double, multiples[2 * i]))
            for j in 0...count {
                var sum = multiples[i]
                sum.add(multiples[j])
                #expect(same(sum, multiples[i + j]), "\(i) G + \(j) G")
                if j > 0 {
                    sum = multiples[i]
                    sum.add(multiples[j].affine())
                    #expect(same(sum, multiples[i + j]), "\(i) G + \(j) G, affine")
                    sum.add(-multiples[j].affine())
                    #expect(same(sum, multiples[i]), "\(i) G + \(j) G - \(j) G")
                }
            }
        }
        var table = [AffinePoint<Curve>](repeating: generator, count: count)
        generator.writeOddMultiples(count, to: &table)
        for index in 0..<count { #expect(same(Point(table[index]), multiples[2 * index + 1])) }
        // (n - 1) G = -G, bit by bit.
        var sum = Point.infinity
        let last = order &- U256(1)
        for bit in stride(from: 255, through: 0, by: -1) {
            sum.double()
            if last.nibble(bit / 4) >> (bit % 4) & 1 == 1 { sum.add(generator) }
        }
        #expect(same(sum, Point(-generator)))
    }

    @Test func secp256k1() throws {
        check(Secp256k1.self, Secp256k1.generator, order: Secp256k1.order)
        var random = SplitMix(seed: 9)
        // a G + b (d G) = (a + b d) G, with every part of the multiplication negative or zero now and then.
        let n = Secp256k1.order
        for round in 0..<200 {
            func scalar() -> U256 { U256.multiplyModulo(round % 9 == 0 ? U256(random.next() % 3) : random.number(), U256(1), n) }
            let a = scalar(), b = scalar(), d = U256.addModulo(random.number(), U256(1), n)
            guard !d.isZero else { continue }
            let point = Secp256k1.multiply(d, U256(), Secp256k1.generator).affine()
            let found = Secp256k1.multiply(a, b, point)
            let scalarSum = U256.addModulo(a, U256.multiplyModulo(b, d, n), n)
            let expected = Secp256k1.multiply(U256(), scalarSum, Secp256k1.generator)
            #expect(found.isInfinity == expected.isInfinity)
            if !found.isInfinity, !expected.isInfinity { #expect(found.affine().x == expected.affine().x && found.affine().y == expected.affine().y) }
        }
    }

    @Test func p256() {
        let generator = P256.multiply(U256(1), U256(), P256.Affine(.one, .one)).affine()
        #expect(P256.contains(generator))
        check(P256.self, generator, order: P256.order)
    }
}

