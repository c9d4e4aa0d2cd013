import CPVM

/// 128 bits that tell bytes apart, keyed with what the process has drawn: quick to make, and nobody outside can make two inputs
/// meet on purpose. Not proof against accident: whoever finds an equal fingerprint compares the bytes.
@frozen public struct Fingerprint: Equatable {
    public var low: UInt64
    public var high: UInt64

    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}

/// Makes a fingerprint of several runs of bytes, their lengths included, and numbers.
public struct FingerprintMaker {
    private var low: UInt64
    private var high: UInt64
    private let keys: UnsafePointer<UInt64>

    public init() {
        keys = duet_fingerprint_keys()
        low = keys[0]
        high = keys[1]
    }

    public mutating func add(_ number: UInt64) { mix(number, 0) }

    public mutating func add(_ bytes: UnsafeRawBufferPointer) {
        add(UInt64(truncatingIfNeeded: bytes.count))
        guard bytes.count > 0, let start = bytes.baseAddress else { return }
        var offset = 0
        while offset + 16 <= bytes.count {
            mix(start.loadUnaligned(fromByteOffset: offset, as: UInt64.self), start.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            offset += 16
        }
        guard offset < bytes.count else { return }
        var rest = (UInt64(0), UInt64(0))
        memcpy(&rest, start + offset, bytes.count - offset)
        mix(rest.0, rest.1)
    }

    public var fingerprint: Fingerprint {
        Fingerprint(low: FingerprintMaker.fold(low ^ keys[2], high ^ keys[1]), high: FingerprintMaker.fold(high ^ keys[3], low ^ keys[0]))
    }

    /// Two chains that do not wait for each other; each sees both words.
    @inline(__always)
    private mutating func mix(_ a: UInt64, _ b: UInt64) {
        low = FingerprintMaker.fold(low ^ a, b ^ keys[2]) &+ a
        high = FingerprintMaker.fold(high ^ b, a ^ keys[3]) &+ b
    }

    /// Both halves of the product.
    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
