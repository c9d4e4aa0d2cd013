import CPVM

/// The field that BLS12-381 is defined over: integers modulo p in Montgomery form.
struct BLS12381Fp: PrimeField {
    var value: duet_limbs6

    @inline(__always)
    init(_ value: duet_limbs6) { self.value = value }

    @inline(__always)
    private static var modulus: UnsafePointer<duet_modulus6> { duet_bls12381_modulus() }

    @inline(__always)
    private static func words(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64, _ e: UInt64, _ f: UInt64) -> Self {
        Self(duet_limbs6(limb: (a, b, c, d, e, f)))
    }

    @inline(__always)
    static var zero: Self { words(0, 0, 0, 0, 0, 0) }
    /// 2^384 mod p
    static var one: Self {
        words(0x760900000002fffd, 0xebf4000bc40c0002, 0x5f48985753c758ba, 0x77ce585370525745,
              0x5c071a97a256ec6d, 0x15f65ec3fa80e493)
    }
    /// 2^768 mod p: a product with it is in Montgomery form.
    private static var square: Self {
        words(0xf4df1f341c341746, 0x0a76e6a609d104f1, 0x8de5476c4c95b6d5, 0x67eb88a9939d83c0,
              0x9a793e85b519952d, 0x11988fe592cae3aa)
    }
    /// 2^1152 mod p
    private static var cube: Self {
        words(0xed48ac6bd94ca1e0, 0x315f831e03a7adf8, 0x9a53352a615e29dd, 0x34c04e5e921e1761,
              0x2512d43565724728, 0x0aa6346091755d4d)
    }
    static var octets: Int { 48 }

    @inline(__always)
    private static func combine(
        _ a: Self, _ b: Self,
        _ operation: (UnsafeMutablePointer<duet_limbs6>, UnsafePointer<duet_limbs6>, UnsafePointer<duet_limbs6>, UnsafePointer<duet_modulus6>) -> Void
    ) -> Self {
        var result = a
        withUnsafeMutablePointer(to: &result.value) { result in
            withUnsafePointer(to: b.value) { operation(result, UnsafePointer(result), $0, modulus) }
        }
        return result
    }

    @inline(__always) static func + (a: Self, b: Self) -> Self { combine(a, b, duet_add6) }
    @inline(__always) static func - (a: Self, b: Self) -> Self { combine(a, b, duet_subtract6) }
    @inline(__always) static func * (a: Self, b: Self) -> Self { combine(a, b, duet_multiply6) }
    @inline(__always) static prefix func - (a: Self) -> Self { zero - a }

    @inline(__always)
    func squared() -> Self {
        var result = self
        withUnsafeMutablePointer(to: &result.value) { duet_multiply6($0, UnsafePointer($0), UnsafePointer($0), Self.modulus) }
        return result
    }

    @inline(never)
    func halved() -> Self {
        var result = self
        withUnsafeMutablePointer(to: &result.value) { duet_halve6($0, Self.modulus) }
        return result
    }

    @inline(__always)
    var isZero: Bool { value.limb.0 | value.limb.1 | value.limb.2 | value.limb.3 | value.limb.4 | value.limb.5 == 0 }

    @inline(__always)
    static func == (a: Self, b: Self) -> Bool {
        (a.value.limb.0 ^ b.value.limb.0) | (a.value.limb.1 ^ b.value.limb.1) | (a.value.limb.2 ^ b.value.limb.2)
            | (a.value.limb.3 ^ b.value.limb.3) | (a.value.limb.4 ^ b.value.limb.4) | (a.value.limb.5 ^ b.value.limb.5) == 0
    }

    @inline(never)
    func inverse() -> Self {
        // The inverse of the words, a 2^384, is 1 / (a 2^384): two factors 2^384 are missing, one more goes in the product.
        var result = self
        withUnsafeMutableBytes(of: &result.value) { space in
            let words = space.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt64.self)
            ModularInverse.compute(words, of: words, modulo: UnsafeRawPointer(Self.modulus).assumingMemoryBound(to: UInt64.self), count: 6)
        }
        return result * .cube
    }

    init?(bigEndian octets: UnsafePointer<UInt8>) {
        let number = Self.words(
            loadBigEndian(octets, 5), loadBigEndian(octets, 4), loadBigEndian(octets, 3),
            loadBigEndian(octets, 2), loadBigEndian(octets, 1), loadBigEndian(octets, 0))
        guard withUnsafePointer(to: number.value, { duet_is_reduced6($0, Self.modulus) }) else { return nil }
        self = number * .square
    }

    /// The number itself, least significant word first.
    var integer: duet_limbs6 { (self * Self.words(1, 0, 0, 0, 0, 0)).value }

    func write(bigEndian octets: UnsafeMutablePointer<UInt8>) {
        let limb = integer.limb
        storeBigEndian(limb.0, octets, 5)
        storeBigEndian(limb.1, octets, 4)
        storeBigEndian(limb.2, octets, 3)
        storeBigEndian(limb.3, octets, 2)
        storeBigEndian(limb.4, octets, 1)
        storeBigEndian(limb.5, octets, 0)
    }

    // MARK: Fp2, whose two parts lie one after the other.

    @inline(__always)
    static func multiplyFp2(_ r: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer) {
        duet_multiply_complex6(
            r.assumingMemoryBound(to: duet_complex6.self), a.assumingMemoryBound(to: duet_complex6.self),
            b.assumingMemoryBound(to: duet_complex6.self), modulus)
    }

    @inline(__always)
    static func squareFp2(_ r: UnsafeMutableRawPointer, _ a: UnsafeRawPointer) {
        duet_square_complex6(r.assumingMemoryBound(to: duet_complex6.self), a.assumingMemoryBound(to: duet_complex6.self), modulus)
    }
}
