import CPVM

// Numbers of many 64-bit limbs, the least significant first.

typealias Limbs = UnsafeMutablePointer<UInt64>
typealias ConstantLimbs = UnsafePointer<UInt64>

/// `sum` += `a` × `factor`; returns what is carried out of `count` limbs.
@inline(__always)
func addProduct(_ sum: Limbs, _ a: ConstantLimbs, _ count: Int, _ factor: UInt64) -> UInt64 {
    var carry: UInt64 = 0
    var index = 0
    while index &+ 4 <= count {
        sum[index] = multiplyAdd(sum[index], a[index], factor, &carry)
        sum[index &+ 1] = multiplyAdd(sum[index &+ 1], a[index &+ 1], factor, &carry)
        sum[index &+ 2] = multiplyAdd(sum[index &+ 2], a[index &+ 2], factor, &carry)
        sum[index &+ 3] = multiplyAdd(sum[index &+ 3], a[index &+ 3], factor, &carry)
        index &+= 4
    }
    while index < count {
        sum[index] = multiplyAdd(sum[index], a[index], factor, &carry)
        index &+= 1
    }
    return carry
}

/// `sum` = `a` + `b`; returns the carry. Any of them may be the same.
func addLimbs(_ sum: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs, _ count: Int) -> UInt64 {
    var carry: UInt64 = 0
    for index in 0..<count { sum[index] = duet_add_carry(a[index], b[index], &carry) }
    return carry
}

/// `difference` = `a` - `b`; returns the borrow. Any of them may be the same.
func subtractLimbs(_ difference: Limbs, _ a: ConstantLimbs, _ b: ConstantLimbs, _ count: Int) -> UInt64 {
    var borrow: UInt64 = 0
    for index in 0..<count { difference[index] = duet_subtract_borrow(a[index], b[index], &borrow) }
    return borrow
}

/// `a` < `b`
func isLess(_ a: ConstantLimbs, _ b: ConstantLimbs, _ count: Int) -> Bool {
    var index = count
    while index > 0 {
        index &-= 1
        if a[index] != b[index] { return a[index] < b[index] }
    }
    return false
}

/// -`odd`^-1 modulo 2^64 by Newton's iteration: each step doubles the correct bits, of which an odd number has three as its own inverse.
func negatedInverse(_ odd: UInt64) -> UInt64 {
    var inverse = odd
    for _ in 0..<5 { inverse = inverse &* (2 &- odd &* inverse) }
    return 0 &- inverse
}
