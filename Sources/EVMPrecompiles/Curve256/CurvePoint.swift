import VMCommon

/// What the arithmetic of points asks of a field.
protocol CurveElement: BitwiseCopyable {
    static var zero: Self { get }
    static var one: Self { get }
    var isZero: Bool { get }
    static func + (left: Self, right: Self) -> Self
    static func - (left: Self, right: Self) -> Self
    static func * (left: Self, right: Self) -> Self
    static prefix func - (element: Self) -> Self
    func squared() -> Self
    func inverse() -> Self
}

/// A curve y^2 = x^3 + ax + b with a prime number of points.
protocol PrimeCurve {
    associatedtype Element: CurveElement
    /// The one formula in which a occurs. The point at infinity gives itself.
    static func doubled(_ point: JacobianPoint<Self>) -> JacobianPoint<Self>
}

/// A point other than the one at infinity.
struct AffinePoint<Curve: PrimeCurve>: BitwiseCopyable {
    var x, y: Curve.Element

    @inline(__always)
    init(_ x: Curve.Element, _ y: Curve.Element) {
        self.x = x
        self.y = y
    }

    @inline(__always)
    static prefix func - (point: Self) -> Self { Self(point.x, -point.y) }
}

/// The point (x / z^2, y / z^3); the one at infinity if z is 0.
struct JacobianPoint<Curve: PrimeCurve>: BitwiseCopyable {
    typealias Element = Curve.Element
    var x, y, z: Element

    @inline(__always)
    init(_ x: Element, _ y: Element, _ z: Element) {
        self.x = x
        self.y = y
        self.z = z
    }

    @inline(__always)
    init(_ point: AffinePoint<Curve>) { self.init(point.x, point.y, .one) }

    @inline(__always)
    static var infinity: Self { Self(.one, .one, .zero) }
    @inline(__always)
    var isInfinity: Bool { z.isZero }

    @inline(never)
    mutating func double() { self = Curve.doubled(self) }

    /// 8 multiplications and 3 squarings.
    @inline(never)
    mutating func add(_ other: AffinePoint<Curve>) {
        if isInfinity {
            self = Self(other)
            return
        }
        let zz = z.squared()
        combine(x, y, other.x * zz, other.y * (zz * z), z)
    }

    /// 12 multiplications and 4 squarings.
    @inline(never)
    mutating func add(_ other: Self) {
        if other.isInfinity { return }
        if isInfinity {
            self = other
            return
        }
        let zz = z.squared(), otherZZ = other.z.squared()
        combine(x * otherZZ, y * (otherZZ * other.z), other.x * zz, other.y * (zz * z), z * other.z)
    }

    /// The sum of (u1 / z^2, s1 / z^3), which is this point, and (u2 / z^2, s2 / z^3).
    @inline(__always)
    private mutating func combine(_ u1: Element, _ s1: Element, _ u2: Element, _ s2: Element, _ z: Element) {
        let h = u2 - u1, r = s2 - s1
        if h.isZero {
            // The same point, or opposite ones.
            if r.isZero { double() } else { self = .infinity }
            return
        }
        let hh = h.squared()
        let hhh = h * hh
        let v = u1 * hh
        let x3 = r.squared() - hhh - v - v
        self = Self(x3, r * (v - x3) - s1 * hhh, z * h)
    }

    /// The point must not be the one at infinity.
    func affine() -> AffinePoint<Curve> {
        let inverse = z.inverse()
        let square = inverse.squared()
        return AffinePoint(x * square, y * (square * inverse))
    }
}

extension AffinePoint {
    /// Writes the multiples by 1, 3, 5, … 2 × `count` - 1, of a point whose order is none of the factors up to that; `count` is 64 at most.
    func writeOddMultiples(_ count: Int, to table: UnsafeMutablePointer<Self>) {
        if count == 8 {
            writeOddMultiples(count, to: table, InlineArray<128, UInt64>.self)
        } else {
            writeOddMultiples(count, to: table, InlineArray<1024, UInt64>.self)
        }
    }

    @inline(__always)
    private func writeOddMultiples<let words: Int>(_ count: Int, to table: UnsafeMutablePointer<Self>, _ room: InlineArray<words, UInt64>.Type) {
        withStackRoom(room, of: JacobianPoint<Curve>.self, count) { points in
            withStackRoom(room, of: Curve.Element.self, count) { products in
                points[0] = JacobianPoint(self)
                let twice = Curve.doubled(points[0])
                products[0] = points[0].z
                for index in 1..<count {
                    points[index] = points[index - 1]
                    points[index].add(twice)
                    products[index] = products[index - 1] * points[index].z
                }
                // One inversion for all of them: the inverse of the product of all z is unwrapped from the end.
                var inverse = products[count - 1].inverse()
                for index in stride(from: count - 1, through: 0, by: -1) {
                    let point = points[index]
                    let own = index == 0 ? inverse : inverse * products[index - 1]
                    inverse = inverse * point.z
                    let square = own.squared()
                    table[index] = Self(point.x * square, point.y * (square * own))
                }
            }
        }
    }
}
