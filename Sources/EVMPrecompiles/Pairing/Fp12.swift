/// c0 + c1 w
struct Fp12<F: PairingField>: BitwiseCopyable, Equatable, Sendable {
    var c0, c1: Fp6<F>

    @inline(__always)
    init(_ c0: Fp6<F>, _ c1: Fp6<F>) {
        self.c0 = c0
        self.c1 = c1
    }

    @inline(__always) static var one: Self { Self(.one, .zero) }

    @inline(never)
    static func * (a: Self, b: Self) -> Self {
        let low = a.c0 * b.c0, high = a.c1 * b.c1
        return Self(low + high.timesV(), (a.c0 + a.c1) * (b.c0 + b.c1) - low - high)
    }

    /// Complex squaring: two products of Fp6.
    @inline(never)
    func squared() -> Self {
        let product = c0 * c1
        return Self((c0 + c1) * (c0 + c1.timesV()) - product - product.timesV(), product + product)
    }

    /// self^(p^6): the inverse, of an element whose norm over Fp6 is 1.
    @inline(__always) var conjugate: Self { Self(c0, -c1) }

    @inline(never)
    func inverse() -> Self {
        let inverse = (c0 * c0 - (c1 * c1).timesV()).inverse()
        return Self(c0 * inverse, -(c1 * inverse))
    }

    /// self times b0 + b3 w + b4 v w
    @inline(never)
    func timesSparse034(_ b0: Fp2<F>, _ b3: Fp2<F>, _ b4: Fp2<F>) -> Self {
        let low = c0 * b0, high = c1.timesSparse(b3, b4)
        return Self(low + high.timesV(), (c0 + c1).timesSparse(b0 + b3, b4) - low - high)
    }

    /// self times b0 + b1 v + b4 v w
    @inline(never)
    func timesSparse014(_ b0: Fp2<F>, _ b1: Fp2<F>, _ b4: Fp2<F>) -> Self {
        let low = c0.timesSparse(b0, b1), high = c1.timesV(b4)
        return Self(low + high.timesV(), (c0 + c1).timesSparse(b0, b1 + b4) - low - high)
    }

    /// self times b0 + b1 v + v w
    @inline(never)
    func timesSparse011(_ b0: Fp2<F>, _ b1: Fp2<F>) -> Self {
        let low = c0.timesSparse(b0, b1), high = c1.timesV()
        return Self(low + high.timesV(), (c0 + c1).timesSparse(b0, b1 + .one) - low - high)
    }

    /// self^(p^power), power from 1 to 3
    @inline(never)
    func frobenius(_ power: Int) -> Self {
        var result = self
        for _ in 0..<power { result = result.frobenius() }
        return result
    }

    @inline(never)
    private func frobenius() -> Self {
        Self(Fp6(c0.c0.conjugate, c0.c1.conjugate * F.frobenius(2), c0.c2.conjugate * F.frobenius(4)),
             Fp6(c1.c0.conjugate * F.frobenius(1), c1.c1.conjugate * F.frobenius(3), c1.c2.conjugate * F.frobenius(5)))
    }

    /// The square of an element of the cyclotomic subgroup (Granger and Scott, "Faster squaring in the cyclotomic subgroup of
    /// sixth degree extensions", 2010): three squarings in Fp4 = Fp2[s] / (s^2 - xi).
    @inline(never)
    func cyclotomicSquared() -> Self {
        let (a0, a1) = Self.squaredFp4(c0.c0, c1.c1)
        let (b0, b1) = Self.squaredFp4(c1.c0, c0.c2)
        let (d0, d1) = Self.squaredFp4(c0.c1, c1.c2)
        let t = d1.timesXi()
        return Self(Fp6((a0 - c0.c0).doubled() + a0, (b0 - c0.c1).doubled() + b0, (d0 - c0.c2).doubled() + d0),
                    Fp6((t + c1.c0).doubled() + t, (a1 + c1.c1).doubled() + a1, (b1 + c1.c2).doubled() + b1))
    }

    /// (a + b s)^2
    @inline(__always)
    static func squaredFp4(_ a: Fp2<F>, _ b: Fp2<F>) -> (Fp2<F>, Fp2<F>) {
        let a2 = a.squared(), b2 = b.squared()
        return (b2.timesXi() + a2, (a + b).squared() - a2 - b2)
    }

    /// self^exponent for an element of the cyclotomic subgroup
    @inline(never)
    func cyclotomicPower(_ exponent: UInt64) -> Self {
        var result = self
        var bit = 63 &- exponent.leadingZeroBitCount
        while bit > 0 {
            bit &-= 1
            result = result.cyclotomicSquared()
            if exponent >> UInt64(truncatingIfNeeded: bit) & 1 == 1 { result = result * self }
        }
        return result
    }
}
