import VMCommon

/// An element of the cyclotomic subgroup of Fp12 without its c0.c0 and c1.c1, which follow from the others: four coordinates are
/// enough for a squaring (K. Karabina, "Squaring in cyclotomic subgroups", 2013). Named as there, for our tower.
struct CompressedElement<F: PairingField>: BitwiseCopyable {
    var g1, g2, g3, g5: Fp2<F>

    init(_ element: Fp12<F>) {
        g1 = element.c0.c1
        g2 = element.c0.c2
        g3 = element.c1.c0
        g5 = element.c1.c2
    }

    @inline(never)
    mutating func square() {
        let (b0, b1) = Fp12.squaredFp4(g3, g2)
        let (d0, d1) = Fp12.squaredFp4(g1, g5)
        let t = d1.timesXi()
        g1 = (b0 - g1).doubled() + b0
        g2 = (d0 - g2).doubled() + d0
        g3 = (t + g3).doubled() + t
        g5 = (b1 + g5).doubled() + b1
    }

    /// c1.c1 is (xi g5^2 + 3 g1^2 - 2 g2) / (4 g3), or 2 g1 g5 / g2 where g3 is 0; this is what is divided by. 0 if both are 0.
    var denominator: Fp2<F> { g3.isZero ? g2 : g3.doubled().doubled() }

    @inline(never)
    func decompressed(_ inverseDenominator: Fp2<F>) -> Fp12<F> {
        let numerator = g3.isZero ? (g1 * g5).doubled() : g5.squared().timesXi() + g1.squared().tripled() - g2.doubled()
        let g4 = numerator * inverseDenominator
        let g0 = (g4.squared().doubled() + g3 * g5 - (g1 * g2).tripled()).timesXi() + .one
        return Fp12(Fp6(g0, g1, g2), Fp6(g3, g4, g5))
    }
}

extension Fp12 {
    /// self^exponent for an element of the cyclotomic subgroup and an exponent with few ones: compressed squarings, and one inversion to
    /// get back from those powers that are factors of the result.
    @inline(never)
    func sparseCyclotomicPower(_ exponent: UInt64) -> Self {
        let factors = exponent.nonzeroBitCount, most = 8
        if factors > most { return cyclotomicPower(exponent) }
        return withStackRoom(InlineArray<384, UInt64>.self, of: CompressedElement<F>.self, most) { powers in
            withUnsafeTemporaryAllocation(of: Fp2<F>.self, capacity: most) { products in
                var current = CompressedElement(self)
                var product = Fp2<F>.one
                var count = 0
                for bit in 0...(63 &- exponent.leadingZeroBitCount) {
                    if bit > 0 { current.square() }
                    if exponent >> UInt64(truncatingIfNeeded: bit) & 1 == 0 { continue }
                    let denominator = current.denominator
                    // An element like 1 that its coordinates do not tell from others
                    if denominator.isZero { return cyclotomicPower(exponent) }
                    powers[count] = current
                    products[count] = product
                    product *= denominator
                    count &+= 1
                }
                var inverse = product.inverse()
                var result = Self.one
                while count > 0 {
                    count &-= 1
                    let factor = powers[count].decompressed(inverse * products[count])
                    inverse *= powers[count].denominator
                    result = count &+ 1 == factors ? factor : result * factor
                }
                return result
            }
        }
    }
}
