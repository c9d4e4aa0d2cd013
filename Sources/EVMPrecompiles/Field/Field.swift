/// A field of odd characteristic, with values that are always reduced.
protocol Field: BitwiseCopyable, Equatable, Sendable {
    static var zero: Self { get }
    static var one: Self { get }
    static func + (a: Self, b: Self) -> Self
    static func - (a: Self, b: Self) -> Self
    static func * (a: Self, b: Self) -> Self
    static prefix func - (a: Self) -> Self
    func squared() -> Self
    /// The inverse, 0 for 0.
    func inverse() -> Self
    var isZero: Bool { get }
}

extension Field {
    @inline(__always) func doubled() -> Self { self + self }
    @inline(__always) func tripled() -> Self { self + self + self }
    @inline(__always) static func += (a: inout Self, b: Self) { a = a + b }
    @inline(__always) static func -= (a: inout Self, b: Self) { a = a - b }
    @inline(__always) static func *= (a: inout Self, b: Self) { a = a * b }

    /// self^exponent, whose words stand least significant first; windows of four bits.
    @inline(never)
    func power(_ exponent: UnsafeBufferPointer<UInt64>) -> Self {
        withUnsafeTemporaryAllocation(of: Self.self, capacity: 16) { powers in
            powers[0] = .one
            for index in 1..<16 { powers[index] = powers[index &- 1] * self }
            var result = Self.one
            var digit = exponent.count &* 16
            while digit > 0 {
                digit &-= 1
                result = result.squared().squared().squared().squared()
                let value = Int(truncatingIfNeeded: exponent[digit / 16] >> UInt64(truncatingIfNeeded: digit % 16 * 4) & 15)
                if value != 0 { result *= powers[value] }
            }
            return result
        }
    }
}

/// The integers modulo a prime, as octets and as words.
protocol PrimeField: Field {
    /// Octets of the number's big-endian form.
    static var octets: Int { get }
    /// From big-endian octets; nil if the number is not below the modulus.
    init?(bigEndian octets: UnsafePointer<UInt8>)
    func write(bigEndian octets: UnsafeMutablePointer<UInt8>)
    /// self / 2
    func halved() -> Self
}

extension PrimeField {
    /// A constant of the specification, as hexadecimal digits without prefix. It must be below the modulus.
    init(hex digits: StaticString) {
        self = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.octets) { octets in
            octets.initialize(repeating: 0)
            let count = digits.utf8CodeUnitCount
            for index in 0..<count {
                let digit = digits.utf8Start[count &- 1 &- index]
                let value = digit >= 0x61 ? digit &- 0x57 : digit &- 0x30
                octets[Self.octets &- 1 &- index / 2] |= value << (index % 2 == 0 ? 0 : 4)
            }
            return Self(bigEndian: octets.baseAddress.unsafelyUnwrapped) ?? .zero
        }
    }
}

@inline(__always)
func loadBigEndian(_ octets: UnsafePointer<UInt8>, _ word: Int) -> UInt64 {
    UInt64(bigEndian: UnsafeRawPointer(octets + 8 &* word).loadUnaligned(as: UInt64.self))
}

@inline(__always)
func storeBigEndian(_ value: UInt64, _ octets: UnsafeMutablePointer<UInt8>, _ word: Int) {
    UnsafeMutableRawPointer(octets + 8 &* word).storeBytes(of: value.bigEndian, as: UInt64.self)
}
