/// A point of a curve y^2 = x^3 + b; (0, 0), which lies on none of ours, stands for the point at infinity.
struct Affine<F: Field>: BitwiseCopyable, Equatable, Sendable {
    var x, y: F

    @inline(__always)
    init(_ x: F, _ y: F) {
        self.x = x
        self.y = y
    }

    @inline(__always) static var infinity: Self { Self(.zero, .zero) }
    @inline(__always) var isInfinity: Bool { x.isZero && y.isZero }
    @inline(__always) static prefix func - (a: Self) -> Self { Self(a.x, -a.y) }

    /// Infinity counts as a point of the curve.
    func isOnCurve(_ b: F) -> Bool { isInfinity || y.squared() == x.squared() * x + b }
}

/// (x / z^2, y / z^3), infinity if z is 0. The formulas are those of the Explicit-Formulas Database for a = 0.
struct Jacobian<F: Field>: BitwiseCopyable {
    var x, y, z: F

    @inline(__always)
    init(_ x: F, _ y: F, _ z: F) {
        self.x = x
        self.y = y
        self.z = z
    }

    @inline(__always)
    init(_ point: Affine<F>) {
        self.init(point.x, point.y, point.isInfinity ? .zero : .one)
    }

    @inline(__always) static var infinity: Self { Self(.one, .one, .zero) }
    @inline(__always) var isInfinity: Bool { z.isZero }
    @inline(__always) static prefix func - (a: Self) -> Self { Self(a.x, -a.y, a.z) }

    /// dbl-2009-l
    @inline(never)
    func doubled() -> Self {
        let a = x.squared(), b = y.squared(), c = b.squared()
        let d = ((x + b).squared() - a - c).doubled()
        let e = a.tripled()
        let newX = e.squared() - d.doubled()
        return Self(newX, e * (d - newX) - c.doubled().doubled().doubled(), (y * z).doubled())
    }

    /// madd-2007-bl
    @inline(never)
    func adding(_ point: Affine<F>) -> Self {
        if point.isInfinity { return self }
        if isInfinity { return Self(point) }
        let zz = z.squared()
        let h = point.x * zz - x
        let r = (point.y * z * zz - y).doubled()
        if h.isZero { return r.isZero ? doubled() : .infinity }
        let hh = h.squared()
        let i = hh.doubled().doubled()
        let j = h * i, v = x * i
        let newX = r.squared() - j - v.doubled()
        return Self(newX, r * (v - newX) - (y * j).doubled(), (z + h).squared() - zz - hh)
    }

    /// add-2007-bl
    @inline(never)
    func adding(_ other: Self) -> Self {
        if other.isInfinity { return self }
        if isInfinity { return other }
        let z1 = z.squared(), z2 = other.z.squared()
        let u1 = x * z2, u2 = other.x * z1
        let s1 = y * other.z * z2, s2 = other.y * z * z1
        let h = u2 - u1, r = (s2 - s1).doubled()
        if h.isZero { return r.isZero ? doubled() : .infinity }
        let i = h.doubled().squared()
        let j = h * i, v = u1 * i
        let newX = r.squared() - j - v.doubled()
        return Self(newX, r * (v - newX) - (s1 * j).doubled(), ((z + other.z).squared() - z1 - z2) * h)
    }

    @inline(never)
    var affine: Affine<F> {
        if isInfinity { return .infinity }
        let inverse = z.inverse()
        let square = inverse.squared()
        return Affine(x * square, y * square * inverse)
    }

    /// Is this the same point?
    func equals(_ point: Affine<F>) -> Bool {
        if isInfinity || point.isInfinity { return isInfinity && point.isInfinity }
        let zz = z.squared()
        return point.x * zz == x && point.y * zz * z == y
    }

    func equals(_ other: Self) -> Bool {
        if isInfinity || other.isInfinity { return isInfinity && other.isInfinity }
        let z1 = z.squared(), z2 = other.z.squared()
        return x * z2 == other.x * z1 && y * z2 * other.z == other.y * z1 * z
    }

    /// Affine forms of `count` points with one inversion (Montgomery's trick). `space` has room for as many elements.
    @inline(never)
    static func normalise(_ points: UnsafePointer<Self>, _ count: Int, _ result: UnsafeMutablePointer<Affine<F>>,
                          _ space: UnsafeMutablePointer<F>) {
        var product = F.one
        for index in 0..<count {
            space[index] = product
            if !points[index].isInfinity { product *= points[index].z }
        }
        var inverse = product.inverse()
        var index = count
        while index > 0 {
            index &-= 1
            let point = points[index]
            if point.isInfinity {
                result[index] = .infinity
                continue
            }
            let zInverse = inverse * space[index]
            inverse *= point.z
            let square = zInverse.squared()
            result[index] = Affine(point.x * square, point.y * square * zInverse)
        }
    }
}

extension Affine {
    /// The affine sum with one inversion.
    @inline(never)
    static func + (a: Self, b: Self) -> Self {
        if a.isInfinity { return b }
        if b.isInfinity { return a }
        let slope: F
        if a.x == b.x {
            if a.y != b.y || a.y.isZero { return .infinity }
            slope = a.x.squared().tripled() * a.y.doubled().inverse()
        } else {
            slope = (b.y - a.y) * (b.x - a.x).inverse()
        }
        let x = slope.squared() - a.x - b.x
        return Self(x, slope * (a.x - x) - a.y)
    }
}
