import CPVM

/// The field that BN254 is defined over: integers modulo p in Montgomery form.
struct BN254Fp: PrimeField {
    var value: duet_limbs4

    @inline(__always)
    init(_ value: duet_limbs4) { self.value = value }

    @inline(__always)
    private static var modulus: UnsafePointer<duet_modulus4> { duet_bn254_modulus() }

    @inline(__always)
    private static func words(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) -> Self {
        Self(duet_limbs4(limb: (a, b, c, d)))
    }

    @inline(__always)
    static var zero: Self { words(0, 0, 0, 0) }
    /// 2^256 mod p
    static var one: Self {
        words(0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c, 0x0e0a77c19a07df2f)
    }
    /// 2^512 mod p: a product with it is in Montgomery form.
    private static var square: Self {
        words(0xf32cfc5b538afa89, 0xb5e71911d44501fb, 0x47ab1eff0a417ff6, 0x06d89f71cab8351f)
    }
    /// 2^768 mod p
    private static var cube: Self {
        words(0xb1cd6dafda1530df, 0x62f210e6a7283db6, 0xef7f0b0c0ada0afb, 0x20fd6e902d592544)
    }
    static var octets: Int { 32 }

    @inline(__always)
    private static func combine(
        _ a: Self, _ b: Self,
        _ operation: (UnsafeMutablePointer<duet_limbs4>, UnsafePointer<duet_limbs4>, UnsafePointer<duet_limbs4>, UnsafePointer<duet_modulus4>) -> Void
    ) -> Self {
        var result = a
        withUnsafeMutablePointer(to: &result.value) { result in
            withUnsafePointer(to: b.value) { operation(result, UnsafePointer(result), $0, modulus) }
        }
        return result
    }

    @inline(__always) static func + (a: Self, b: Self) -> Self { combine(a, b, duet_add4) }
    @inline(__always) static func - (a: Self, b: Self) -> Self { combine(a, b, duet_subtract4) }
    @inline(__always) static func * (a: Self, b: Self) -> Self { combine(a, b, duet_multiply4) }
    @inline(__always) static prefix func - (a: Self) -> Self { zero - a }

    @inline(__always)
    func squared() -> Self {
        var result = self
        withUnsafeMutablePointer(to: &result.value) { duet_multiply4($0, UnsafePointer($0), UnsafePointer($0), Self.modulus) }
        return result
    }

    @inline(never)
    func halved() -> Self {
        var result = self
        withUnsafeMutablePointer(to: &result.value) { duet_halve4($0, Self.modulus) }
        return result
    }

    @inline(__always)
    var isZero: Bool { value.limb.0 | value.limb.1 | value.limb.2 | value.limb.3 == 0 }

    @inline(__always)
    static func == (a: Self, b: Self) -> Bool {
        (a.value.limb.0 ^ b.value.limb.0) | (a.value.limb.1 ^ b.value.limb.1) | (a.value.limb.2 ^ b.value.limb.2) | (a.value.limb.3 ^ b.value.limb.3) == 0
    }

    @inline(never)
    func inverse() -> Self {
        // The inverse of the words, a 2^256, is 1 / (a 2^256): two factors 2^256 are missing, one more goes in the product.
        var result = self
        withUnsafeMutableBytes(of: &result.value) { space in
            let words = space.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt64.self)
            ModularInverse.compute(words, of: words, modulo: UnsafeRawPointer(Self.modulus).assumingMemoryBound(to: UInt64.self), count: 4)
        }
        return result * .cube
    }

    init?(bigEndian octets: UnsafePointer<UInt8>) {
        let number = Self.words(
            loadBigEndian(octets, 3), loadBigEndian(octets, 2),
            loadBigEndian(octets, 1), loadBigEndian(octets, 0))
        guard withUnsafePointer(to: number.value, { duet_is_reduced4($0, Self.modulus) }) else { return nil }
        self = number * .square
    }

    /// The number itself, least significant word first.
    var integer: duet_limbs4 { (self * Self.words(1, 0, 0, 0)).value }

    func write(bigEndian octets: UnsafeMutablePointer<UInt8>) {
        let limb = integer.limb
        storeBigEndian(limb.0, octets, 3)
        storeBigEndian(limb.1, octets, 2)
        storeBigEndian(limb.2, octets, 1)
        storeBigEndian(limb.3, octets, 0)
    }

    // MARK: Fp2, whose two parts lie one after the other.

    @inline(__always)
    static func multiplyFp2(_ r: UnsafeMutableRawPointer, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer) {
        duet_multiply_complex4(
            r.assumingMemoryBound(to: duet_complex4.self), a.assumingMemoryBound(to: duet_complex4.self),
            b.assumingMemoryBound(to: duet_complex4.self), modulus)
    }

    @inline(__always)
    static func squareFp2(_ r: UnsafeMutableRawPointer, _ a: UnsafeRawPointer) {
        duet_square_complex4(r.assumingMemoryBound(to: duet_complex4.self), a.assumingMemoryBound(to: duet_complex4.self), modulus)
    }
}
