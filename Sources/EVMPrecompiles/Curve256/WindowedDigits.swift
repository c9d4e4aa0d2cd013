import VMCommon

/// The width-w non-adjacent form of a number below 2^256: digits that are 0 or odd and below 2^(w-1) in magnitude, of any w in
/// a row at most one not 0.
struct WindowedDigits {
    /// One for each bit, and one for a last carry.
    private var digits = InlineArray<257, Int8>(repeating: 0)
    /// Digits up to the highest that is not 0.
    private(set) var count = 0

    /// `width` is at most 8.
    init(_ number: U256, width: Int) {
        let size = UInt64(1) << width
        var position = 0
        var carry: UInt64 = 0
        while position < 257 {
            let bits = Self.bits(number, position) & (size - 1)
            if bits & 1 == carry {
                position += 1
                continue
            }
            let digit = bits + carry
            carry = digit >> (width - 1)
            digits[position] = Int8(truncatingIfNeeded: digit &- carry << width)
            count = position + 1
            position += width
        }
    }

    /// The bits from `position` on, at least eight of them.
    @inline(__always)
    private static func bits(_ number: U256, _ position: Int) -> UInt64 {
        let index = position >> 6, shift = UInt64(truncatingIfNeeded: position & 63)
        let low = limb(number, index) &>> shift
        return shift == 0 ? low : low | limb(number, index + 1) &<< (64 &- shift)
    }

    @inline(__always)
    private static func limb(_ number: U256, _ index: Int) -> UInt64 {
        switch index {
        case 0: number.limb0
        case 1: number.limb1
        case 2: number.limb2
        case 3: number.limb3
        default: 0
        }
    }

    /// Through the span: the array's own subscript would copy it first.
    @inline(__always)
    subscript(_ position: Int) -> Int { Int(digits.span[position]) }
}

extension JacobianPoint {
    /// Adds `digit` times the point that `multiples` holds the odd multiples of. `digit` is 0 or odd.
    @inline(__always)
    mutating func add(_ digit: Int, of multiples: UnsafePointer<AffinePoint<Curve>>) {
        if digit > 0 { add(multiples[digit >> 1]) } else if digit < 0 { add(-multiples[(0 &- digit) >> 1]) }
    }
}
