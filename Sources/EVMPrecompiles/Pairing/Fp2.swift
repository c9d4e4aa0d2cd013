/// What a prime field needs to carry the tower of a pairing: Fp2 = Fp[u] / (u^2 + 1), Fp6 = Fp2[v] / (v^3 - xi),
/// Fp12 = Fp6[w] / (w^2 - v).
protocol PairingField: PrimeField {
    /// a times xi
    static func timesXi(_ a: Fp2<Self>) -> Fp2<Self>
    /// r = a b and r = a^2 for values of Fp2<Self>; r may be a or b.
    static func multiplyFp2(_ r: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer)
    static func squareFp2(_ r: UnsafeMutableRawPointer, _ a: UnsafeRawPointer)
    /// xi^(i (p - 1) / 6) for i from 1 to 5: what w^i is multiplied by when p-th powers are taken.
    static func frobenius(_ i: Int) -> Fp2<Self>
}

/// c0 + c1 u
struct Fp2<F: PairingField>: Field {
    var c0, c1: F

    @inline(__always)
    init(_ c0: F, _ c1: F) {
        self.c0 = c0
        self.c1 = c1
    }

    @inline(__always) static var zero: Self { Self(.zero, .zero) }
    @inline(__always) static var one: Self { Self(.one, .zero) }
    @inline(__always) var isZero: Bool { c0.isZero && c1.isZero }

    @inline(__always) static func + (a: Self, b: Self) -> Self { Self(a.c0 + b.c0, a.c1 + b.c1) }
    @inline(__always) static func - (a: Self, b: Self) -> Self { Self(a.c0 - b.c0, a.c1 - b.c1) }
    @inline(__always) static prefix func - (a: Self) -> Self { Self(-a.c0, -a.c1) }

    @inline(__always)
    static func * (a: Self, b: Self) -> Self {
        var result = a
        withUnsafeMutablePointer(to: &result) { result in
            withUnsafePointer(to: b) { F.multiplyFp2(result, result, $0) }
        }
        return result
    }

    @inline(__always)
    static func * (a: Self, b: F) -> Self { Self(a.c0 * b, a.c1 * b) }

    @inline(__always)
    func squared() -> Self {
        var result = self
        withUnsafeMutablePointer(to: &result) { F.squareFp2($0, $0) }
        return result
    }

    @inline(__always) var conjugate: Self { Self(c0, -c1) }
    @inline(__always) func timesXi() -> Self { F.timesXi(self) }
    @inline(__always) func halved() -> Self { Self(c0.halved(), c1.halved()) }

    @inline(never)
    func inverse() -> Self {
        let inverse = (c0.squared() + c1.squared()).inverse()
        return Self(c0 * inverse, -(c1 * inverse))
    }
}
