/// c0 + c1 v + c2 v^2
struct Fp6<F: PairingField>: BitwiseCopyable, Equatable, Sendable {
    var c0, c1, c2: Fp2<F>

    @inline(__always)
    init(_ c0: Fp2<F>, _ c1: Fp2<F>, _ c2: Fp2<F>) {
        self.c0 = c0
        self.c1 = c1
        self.c2 = c2
    }

    @inline(__always) static var zero: Self { Self(.zero, .zero, .zero) }
    @inline(__always) static var one: Self { Self(.one, .zero, .zero) }

    @inline(never) static func + (a: Self, b: Self) -> Self { Self(a.c0 + b.c0, a.c1 + b.c1, a.c2 + b.c2) }
    @inline(never) static func - (a: Self, b: Self) -> Self { Self(a.c0 - b.c0, a.c1 - b.c1, a.c2 - b.c2) }
    @inline(__always) static prefix func - (a: Self) -> Self { Self(-a.c0, -a.c1, -a.c2) }

    /// Karatsuba's method.
    @inline(never)
    static func * (a: Self, b: Self) -> Self {
        let t0 = a.c0 * b.c0, t1 = a.c1 * b.c1, t2 = a.c2 * b.c2
        let c0 = ((a.c1 + a.c2) * (b.c1 + b.c2) - t1 - t2).timesXi() + t0
        let c1 = (a.c0 + a.c1) * (b.c0 + b.c1) - t0 - t1 + t2.timesXi()
        let c2 = (a.c0 + a.c2) * (b.c0 + b.c2) - t0 - t2 + t1
        return Self(c0, c1, c2)
    }

    /// self times b0 + b1 v
    @inline(never)
    func timesSparse(_ b0: Fp2<F>, _ b1: Fp2<F>) -> Self {
        let t0 = c0 * b0, t1 = c1 * b1
        return Self((c2 * b1).timesXi() + t0, (c0 + c1) * (b0 + b1) - t0 - t1, c2 * b0 + t1)
    }

    /// self times b1 v
    @inline(never)
    func timesV(_ b1: Fp2<F>) -> Self { Self((c2 * b1).timesXi(), c0 * b1, c1 * b1) }

    @inline(__always)
    func timesV() -> Self { Self(c2.timesXi(), c0, c1) }

    @inline(__always)
    static func * (a: Self, b: Fp2<F>) -> Self { Self(a.c0 * b, a.c1 * b, a.c2 * b) }

    @inline(never)
    func inverse() -> Self {
        let t0 = c0.squared() - (c1 * c2).timesXi()
        let t1 = c2.squared().timesXi() - c0 * c1
        let t2 = c1.squared() - c0 * c2
        let inverse = (c0 * t0 + (c2 * t1 + c1 * t2).timesXi()).inverse()
        return Self(t0 * inverse, t1 * inverse, t2 * inverse)
    }
}
