import CPVM
import VMCommon

/// Writes the recursive length prefix encoding. Lack of memory is remembered in `failed`; the bytes are then worthless.
public struct RLPWriter {
    public private(set) var buffer = ByteBuffer()
    public private(set) var failed = false

    public init() {}

    public mutating func free() { buffer.free() }

    public var bytes: UnsafeRawBufferPointer { buffer.bytes }

    public mutating func clear() {
        buffer.shrink(to: 0)
        failed = false
    }

    /// Where a list starts; to be handed to `endList`.
    public mutating func beginList() -> Int { buffer.count }

    /// Puts the prefix of a list before everything that was written since `start`.
    public mutating func endList(_ start: Int) {
        let length = buffer.count - start
        let prefix = RLPWriter.prefixOctets(length)
        guard buffer.reserve(prefix) else {
            failed = true
            return
        }
        for _ in 0..<prefix { octet(0) }
        let base = buffer.pointer(start)
        memmove(base + prefix, base, length)
        RLPWriter.storePrefix(length, short: 0xc0, long: 0xf7, to: base)
    }

    public mutating func string(_ octets: UnsafeRawBufferPointer) {
        if octets.count == 1, octets[0] < 0x80 { return octet(octets[0]) }
        prefix(octets.count, short: 0x80, long: 0xb7)
        raw(octets)
    }

    public mutating func number(_ number: U256) {
        Bytes32(number).withOctets { octets in
            var leading = 0
            while leading < 32, octets.load(fromByteOffset: leading, as: UInt8.self) == 0 { leading += 1 }
            string(UnsafeRawBufferPointer(start: octets + leading, count: 32 - leading))
        }
    }

    public mutating func number(_ number: UInt64) { self.number(U256(number)) }

    public mutating func address(_ address: Address) {
        address.withOctets { string(UnsafeRawBufferPointer(start: $0, count: Address.octets)) }
    }

    public mutating func bytes32(_ value: Bytes32) {
        value.withOctets { string(UnsafeRawBufferPointer(start: $0, count: 32)) }
    }

    public mutating func emptyString() { octet(0x80) }

    public mutating func octet(_ octet: UInt8) {
        if !buffer.append(octet) { failed = true }
    }

    /// Octets that are encoded already, or that stand outside of any item.
    public mutating func raw(_ octets: UnsafeRawBufferPointer) {
        if !buffer.append(octets) { failed = true }
    }

    /// The prefix of a list of `payload` octets that follow.
    public mutating func listPrefix(_ payload: Int) { prefix(payload, short: 0xc0, long: 0xf7) }

    private mutating func prefix(_ length: Int, short: UInt8, long: UInt8) {
        var octets: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &octets) { room in
            let base = room.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
            RLPWriter.storePrefix(length, short: short, long: long, to: base)
            raw(UnsafeRawBufferPointer(start: base, count: RLPWriter.prefixOctets(length)))
        }
    }

    /// How many octets stand before a payload of `length` octets.
    public static func prefixOctets(_ length: Int) -> Int {
        length < 56 ? 1 : 1 + (64 - length.leadingZeroBitCount + 7) / 8
    }

    private static func storePrefix(_ length: Int, short: UInt8, long: UInt8, to base: UnsafeMutablePointer<UInt8>) {
        let octets = prefixOctets(length)
        guard octets > 1 else {
            base[0] = short + UInt8(truncatingIfNeeded: length)
            return
        }
        base[0] = long + UInt8(truncatingIfNeeded: octets - 1)
        for index in 1..<octets { base[index] = UInt8(truncatingIfNeeded: length >> (8 * (octets - 1 - index))) }
    }
}
