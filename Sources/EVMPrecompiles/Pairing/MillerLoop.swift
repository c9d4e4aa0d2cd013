/// A curve with an optimal ate pairing on G1 (over Fp) and G2 (on a sextic twist, over Fp2).
protocol PairingCurve {
    associatedtype F: PairingField
    /// Are the lines b0 + b3 w + b4 v w (twist of type D), or b0 + b1 v + b4 v w (type M)?
    static var twistIsD: Bool { get }
    /// a times the b of the twist
    static func timesTwistB(_ a: Fp2<F>) -> Fp2<F>
    /// Digits -1, 0, 1 of the absolute value of the loop's scalar: how many stand below the highest, and which (0 the lowest).
    static var loopLength: Int { get }
    static func loopDigit(_ index: Int) -> Int
    /// What follows the loop: none, or the last lines of a BN curve.
    static func finish(_ f: inout Fp12<F>, _ pairs: UnsafeMutablePointer<MillerPair<Self>>, _ count: Int)
}

/// A line through points of the twist, but for the coordinates of the point of G1 at which it is evaluated; c1 is to be
/// multiplied by x, `c2` (type M) or `c0` (type D) by y. The formulas are those of Costello, Lange and Naehrig, "Faster pairing
/// computations on curves with high-degree twists" (2010), in homogeneous coordinates.
struct MillerLine<F: PairingField>: BitwiseCopyable {
    /// What y belongs to, what x belongs to, and the rest.
    var y, x, constant: Fp2<F>
}

/// Points P of G1 and Q of G2, neither infinity, and the multiple T of Q that the loop has come to.
struct MillerPair<Curve: PairingCurve>: BitwiseCopyable {
    let p: Affine<Curve.F>
    let q: Affine<Fp2<Curve.F>>
    private var x, y, z: Fp2<Curve.F>

    init(_ p: Affine<Curve.F>, _ q: Affine<Fp2<Curve.F>>) {
        self.p = p
        self.q = q
        x = q.x
        y = q.y
        z = .one
    }

    /// T = 2 T; the tangent in T.
    @inline(never)
    mutating func double() -> MillerLine<Curve.F> {
        let a = (x * y).halved(), b = y.squared(), c = z.squared()
        let e = Curve.timesTwistB(c.tripled())
        let f = e.tripled()
        let g = (b + f).halved()
        let h = (y + z).squared() - (b + c)
        let line = MillerLine(y: -h, x: x.squared().tripled(), constant: e - b)
        x = a * (b - f)
        y = g.squared() - e.squared().tripled()
        z = b * h
        return line
    }

    /// T = T + q; the line through both.
    @inline(never)
    mutating func add(_ q: Affine<Fp2<Curve.F>>) -> MillerLine<Curve.F> {
        let theta = y - q.y * z, lambda = x - q.x * z
        let c = theta.squared(), d = lambda.squared()
        let e = lambda * d, f = z * c, g = x * d
        let h = e + f - g.doubled()
        x = lambda * h
        y = theta * (g - h) - e * y
        z = z * e
        return MillerLine(y: lambda, x: -theta, constant: theta * q.x - lambda * q.y)
    }
}

extension PairingCurve {
    /// f times the line at p
    @inline(__always)
    static func multiply(_ f: inout Fp12<F>, _ line: MillerLine<F>, _ p: Affine<F>) {
        if twistIsD {
            f = f.timesSparse034(line.y * p.y, line.x * p.x, line.constant)
        } else {
            f = f.timesSparse014(line.constant, line.x * p.x, line.y * p.y)
        }
    }

    /// The product of the Miller loops of all pairs, but for the final exponentiation and, for a negative scalar, the conjugation.
    @inline(never)
    static func millerLoop(_ pairs: UnsafeMutablePointer<MillerPair<Self>>, _ count: Int) -> Fp12<F> {
        var f = Fp12<F>.one
        var index = loopLength
        while index > 0 {
            index &-= 1
            if index &+ 1 < loopLength { f = f.squared() }
            for pair in 0..<count { multiply(&f, pairs[pair].double(), pairs[pair].p) }
            let digit = loopDigit(index)
            if digit != 0 {
                for pair in 0..<count {
                    let q = pairs[pair].q
                    multiply(&f, pairs[pair].add(digit > 0 ? q : -q), pairs[pair].p)
                }
            }
        }
        finish(&f, pairs, count)
        return f
    }
}
