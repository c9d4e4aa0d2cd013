import VMCommon

/// The lines of the Miller loop of a fixed point of G2 on a twist of type M, each divided by what y belongs to: that is in Fp2, so that
/// the final exponentiation makes it 1. Evaluated at (x, y) and divided by y, a line is constant / y + (x / y) v + v w.
struct PreparedLines<Curve: PairingCurve>: Sendable {
    private struct Coefficients: BitwiseCopyable {
        var x, constant: Fp2<Curve.F>
    }

    private let table: Table<Coefficients>

    init(_ q: Affine<Fp2<Curve.F>>) {
        var count = Curve.loopLength
        for index in 0..<Curve.loopLength where Curve.loopDigit(index) != 0 { count += 1 }
        var pair = MillerPair<Curve>(.infinity, q)
        var index = Curve.loopLength
        var addition = 0
        table = Table(count: count) { _ in
            let line: MillerLine<Curve.F>
            if addition != 0 {
                line = pair.add(addition > 0 ? q : -q)
                addition = 0
            } else {
                index -= 1
                line = pair.double()
                addition = Curve.loopDigit(index)
            }
            let inverse = line.y.inverse()
            return Coefficients(x: line.x * inverse, constant: line.constant * inverse)
        }
    }

    /// A point of G1 in the form that the lines are evaluated at.
    struct Place: BitwiseCopyable {
        let quotient, inverse: Curve.F

        /// Of a point other than infinity.
        init(_ p: Affine<Curve.F>) {
            inverse = p.y.inverse()
            quotient = p.x * inverse
        }
    }

    @inline(__always)
    func multiply(_ f: inout Fp12<Curve.F>, line: Int, at place: Place) {
        let coefficients = table[line]
        f = f.timesSparse011(coefficients.constant * place.inverse, coefficients.x * place.quotient)
    }

    /// The Miller loop of a fixed point each with `first` and `second`, but for the final exponentiation and the conjugation.
    static func millerLoop(_ first: PreparedLines, _ p: Place, _ second: PreparedLines, _ q: Place) -> Fp12<Curve.F> {
        var f = Fp12<Curve.F>.one
        var line = 0
        var index = Curve.loopLength
        while index > 0 {
            index &-= 1
            f = f.squared()
            first.multiply(&f, line: line, at: p)
            second.multiply(&f, line: line, at: q)
            line &+= 1
            if Curve.loopDigit(index) != 0 {
                first.multiply(&f, line: line, at: p)
                second.multiply(&f, line: line, at: q)
                line &+= 1
            }
        }
        return f
    }
}
