import CPVM

/// Numbers modulo some m with `count` limbs each.
protocol Ring {
    var count: Int { get }
    /// `result` = `a` × `b`; any of them may be the same.
    func multiply(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs)
    func square(_ result: Limbs, _ a: ConstantLimbs)
}

extension Ring {
    @inline(__always)
    func copy(_ target: Limbs, _ source: ConstantLimbs) { memcpy(target, source, 8 &* count) }
}

/// Modulo an odd m; x is held as x × 2^(64 count) modulo m.
struct MontgomeryRing: Ring {
    let count: Int
    private let modulus: ConstantLimbs
    /// -m^-1 modulo 2^64
    private let inverse: UInt64
    /// 2 × `count` limbs.
    private let wide: Limbs
    /// One in this ring, and 2^(64 count) in it.
    let one, shift: Limbs

    static func spaceNeeded(_ count: Int) -> Int { 4 * count }

    /// `modulus` is odd, more than 1 and has a highest limb other than 0. It and `space` are used for as long as the ring.
    init(_ modulus: ConstantLimbs, _ count: Int, space: Limbs) {
        self.modulus = modulus
        self.count = count
        inverse = negatedInverse(modulus[0])
        wide = space
        one = space + 2 * count
        shift = one + count
        // 2^(64 count) from the highest power of two below m, by doubling.
        let spare = modulus[count - 1].leadingZeroBitCount
        for index in 0..<count { one[index] = 0 }
        one[count - 1] = 1 << UInt64(truncatingIfNeeded: 63 - spare)
        for _ in 0...spare { double(one) }
        // 2^64 in this ring, then its power by `count`: squared and multiplied along the bits of `count`.
        copy(shift, one)
        for _ in 0..<64 { double(shift) }
        for bit in stride(from: Int.bitWidth - count.leadingZeroBitCount - 2, through: 0, by: -1) {
            square(shift, shift)
            if count >> bit & 1 == 1 {
                for _ in 0..<64 { double(shift) }
            }
        }
    }

    private func double(_ a: Limbs) {
        let carry = addLimbs(a, a, a, count)
        if carry == 1 || !isLess(a, modulus, count) { _ = subtractLimbs(a, a, modulus, count) }
    }

    func add(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs) {
        let carry = addLimbs(result, a, b, count)
        if carry == 1 || !isLess(result, modulus, count) { _ = subtractLimbs(result, result, modulus, count) }
    }

    /// One of `a` and `b` may be any number of `count` limbs; the result is below m all the same.
    func multiply(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs) {
        for index in 0..<count { wide[index] = 0 }
        for index in 0..<count { wide[index &+ count] = addProduct(wide + index, a, count, b[index]) }
        reduce(result)
    }

    func square(_ result: Limbs, _ a: ConstantLimbs) {
        // The products of different limbs, which count twice, then the squares.
        wide[0] = 0
        for index in 1..<max(2, count &+ 1) { wide[index] = 0 }
        for index in 0..<count {
            let rest = count &- index &- 1
            wide[index &+ count] = addProduct(wide + (2 &* index &+ 1), a + (index &+ 1), rest, a[index])
        }
        var carry: UInt64 = 0, top: UInt64 = 0
        for index in 0..<count {
            let low = wide[2 &* index], high = wide[2 &* index &+ 1]
            let (squareHigh, squareLow) = a[index].multipliedFullWidth(by: a[index])
            wide[2 &* index] = duet_add_carry(low &<< 1 | top, squareLow, &carry)
            wide[2 &* index &+ 1] = duet_add_carry(high &<< 1 | low &>> 63, squareHigh, &carry)
            top = high &>> 63
        }
        reduce(result)
    }

    /// Out of this ring: `result` = `a` / 2^(64 count).
    func number(_ result: Limbs, _ a: ConstantLimbs) {
        copy(wide, a)
        for index in count..<2 * count { wide[index] = 0 }
        reduce(result)
    }

    /// `result` = `wide` / 2^(64 count) modulo m, for less than m × 2^(64 count).
    private func reduce(_ result: Limbs) {
        var carry: UInt64 = 0
        for index in 0..<count {
            let factor = wide[index] &* inverse
            let high = addProduct(wide + index, modulus, count, factor)
            wide[index &+ count] = duet_add_carry(wide[index &+ count], high, &carry)
        }
        let upper = wide + count
        if carry == 1 || !isLess(upper, modulus, count) {
            _ = subtractLimbs(result, upper, modulus, count)
        } else {
            copy(result, upper)
        }
    }
}

/// Modulo 2^(64 count).
struct BinaryRing: Ring {
    let count: Int
    private let space: Limbs

    static func spaceNeeded(_ count: Int) -> Int { count }

    init(_ count: Int, space: Limbs) {
        self.count = count
        self.space = space
    }

    func multiply(_ result: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs) {
        for index in 0..<count { space[index] = 0 }
        for index in 0..<count { _ = addProduct(space + index, a, count &- index, b[index]) }
        copy(result, space)
    }

    func square(_ result: Limbs, _ a: ConstantLimbs) { multiply(result, a, a) }

    /// `result` = `odd`^-1, by Newton's iteration with twice the limbs each time. `result` and `odd` differ; `scratch` has `count` limbs.
    func invert(_ result: Limbs, _ odd: ConstantLimbs, scratch: Limbs) {
        for index in 1..<max(1, count) { result[index] = 0 }
        result[0] = 0 &- negatedInverse(odd[0])
        var correct = 1
        while correct < count {
            correct = min(2 * correct, count)
            let ring = BinaryRing(correct, space: space)
            // x (2 - odd x)
            ring.multiply(scratch, odd, result)
            for index in 0..<correct { scratch[index] = ~scratch[index] }
            var carry: UInt64 = 1
            scratch[0] = duet_add_carry(scratch[0], 2, &carry)
            for index in 1..<correct { scratch[index] = duet_add_carry(scratch[index], 0, &carry) }
            ring.multiply(result, result, scratch)
        }
    }
}
