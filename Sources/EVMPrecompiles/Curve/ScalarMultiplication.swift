import VMCommon

/// A part of a scalar, up to 128 bits and a sign.
struct ShortScalar: BitwiseCopyable {
    var magnitude: UInt128
    var isNegative: Bool

    init(_ magnitude: UInt128, negative: Bool = false) {
        self.magnitude = magnitude
        isNegative = negative
    }

    /// The `count` bits from `position` on, as far as there are any.
    @inline(__always)
    func bits(_ position: Int, _ count: Int) -> Int {
        position < 128 ? Int(truncatingIfNeeded: magnitude &>> UInt128(position)) & (1 << count &- 1) : 0
    }
}

/// Sums of multiples of few points: the scalars' digits are interleaved, so that all share their doublings (Straus), in
/// non-adjacent form of width 5, with the odd multiples 1 to 15 of each point.
enum ScalarMultiplication {
    static let width = 5
    static let multiples = 1 << (width - 2)
    /// Digits of a scalar of 128 bits.
    static let digits = 129

    /// Writes the odd multiples of a point other than infinity to `table`.
    @inline(never)
    static func oddMultiples<F: Field>(_ point: Affine<F>, _ table: UnsafeMutablePointer<Affine<F>>) {
        withStackRoom(InlineArray<288, UInt64>.self, of: Jacobian<F>.self, multiples) { base in
            withUnsafeTemporaryAllocation(of: F.self, capacity: multiples) { space in
                base[0] = Jacobian(point)
                let twice = base[0].doubled()
                for index in 1..<multiples { base[index] = base[index &- 1].adding(twice) }
                Jacobian.normalise(base, multiples, table, space.baseAddress.unsafelyUnwrapped)
            }
        }
    }

    /// Non-adjacent form of the magnitude: at most one in five digits in a row is not 0, all are odd and between -15 and 15. The result is
    /// the number of digits up to the highest that is not 0.
    @inline(never)
    static func recode(_ scalar: ShortScalar, _ result: UnsafeMutablePointer<Int8>) -> Int {
        for index in 0..<digits { result[index] = 0 }
        var position = 0, carry = 0, length = 0
        while position < digits {
            if scalar.bits(position, 1) == carry {
                position &+= 1
                continue
            }
            var digit = scalar.bits(position, width) &+ carry
            carry = digit >> (width &- 1) & 1
            digit &-= carry << width
            result[position] = Int8(truncatingIfNeeded: scalar.isNegative ? 0 &- digit : digit)
            length = position &+ 1
            position &+= width
        }
        return length
    }

    /// The sum of scalars[i] times the point whose odd multiples stand at tables[multiples i].
    @inline(never)
    static func sum<F: Field>(_ scalars: UnsafePointer<ShortScalar>, _ tables: UnsafePointer<Affine<F>>, _ count: Int,
                              _ space: UnsafeMutablePointer<Int8>) -> Jacobian<F> {
        var length = 0
        for index in 0..<count { length = max(length, recode(scalars[index], space + index &* digits)) }
        var result = Jacobian<F>.infinity
        var position = length
        while position > 0 {
            position &-= 1
            result = result.doubled()
            for index in 0..<count {
                let digit = Int(space[index &* digits &+ position])
                if digit > 0 { result = result.adding(tables[index &* multiples &+ digit >> 1]) }
                if digit < 0 { result = result.adding(-tables[index &* multiples &+ (0 &- digit) >> 1]) }
            }
        }
        return result
    }

    /// `scalar` times the point, by doubling and adding: for scalars with few ones.
    @inline(never)
    static func multiply<F: Field>(_ point: Affine<F>, _ scalar: UInt64) -> Jacobian<F> {
        var result = Jacobian(point)
        var bit = 63 &- scalar.leadingZeroBitCount
        while bit > 0 {
            bit &-= 1
            result = result.doubled()
            if scalar >> UInt64(truncatingIfNeeded: bit) & 1 == 1 { result = result.adding(point) }
        }
        return result
    }

    @inline(never)
    static func multiply<F: Field>(_ point: Jacobian<F>, _ scalar: UInt64) -> Jacobian<F> {
        var result = point
        var bit = 63 &- scalar.leadingZeroBitCount
        while bit > 0 {
            bit &-= 1
            result = result.doubled()
            if scalar >> UInt64(truncatingIfNeeded: bit) & 1 == 1 { result = result.adding(point) }
        }
        return result
    }
}
