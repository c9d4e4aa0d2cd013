import VMCommon

/// Is the product of the pairings of `count` pairs of points 1? nil if a pair is not valid. A pair with infinity counts as 1.
/// The pairs go through the Miller loop in groups, for a bounded room on the stack.
@inline(__always)
func pairingIsOne<Curve: PairingCurve>(
    _: Curve.Type, _ count: Int, _ pair: (Int) -> (Affine<Curve.F>, Affine<Fp2<Curve.F>>)?, _ finalExponentiationIsOne: (Fp12<Curve.F>) -> Bool
) -> Bool? {
    let group = 16
    return withStackRoom(InlineArray<1152, UInt64>.self, of: MillerPair<Curve>.self, group) { pairs in
        var product = Fp12<Curve.F>.one
        var filled = 0, isTrivial = true
        for index in 0..<count {
            guard let (p, q) = pair(index) else { return nil }
            if !p.isInfinity && !q.isInfinity {
                pairs[filled] = MillerPair(p, q)
                filled &+= 1
            }
            if filled == group || index &+ 1 == count && filled > 0 {
                let loop = Curve.millerLoop(pairs, filled)
                product = isTrivial ? loop : product * loop
                isTrivial = false
                filled = 0
            }
        }
        return isTrivial || finalExponentiationIsOne(product)
    }
}
