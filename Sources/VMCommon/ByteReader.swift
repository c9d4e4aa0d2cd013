/// Reads little-endian numbers and runs of octets from bytes that nobody has checked. Nothing is copied: what it hands out
/// are views into the bytes it was given.
public struct ByteReader {
    public let bytes: UnsafeRawBufferPointer
    public private(set) var offset = 0

    public init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    public var remaining: Int { bytes.count - offset }

    /// The next `count` octets, nil if there are fewer.
    public mutating func take(_ count: UInt64) -> UnsafeRawBufferPointer? {
        guard count <= UInt64(truncatingIfNeeded: remaining) else { return nil }
        let start = offset
        offset += Int(truncatingIfNeeded: count)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
    }

    /// The next `octets` (at most 8) as a number: the Gray Paper's fixed-length E_l.
    public mutating func number(octets: Int) -> UInt64? {
        guard octets <= remaining else { return nil }
        var value: UInt64 = 0
        for index in 0..<octets { value |= UInt64(bytes[offset + index]) << UInt64(truncatingIfNeeded: 8 * index) }
        offset += octets
        return value
    }

    public enum NaturalError: Error { case truncated, notMinimal }

    /// The Gray Paper's variable-length natural number E (serialisation appendix): the leading ones of the first octet count
    /// the octets that follow it, its other bits are the most significant ones. Only the shortest form is valid.
    public mutating func natural() throws(NaturalError) -> UInt64 {
        guard let first = number(octets: 1) else { throw .truncated }
        let following = (~UInt8(truncatingIfNeeded: first)).leadingZeroBitCount
        guard let low = number(octets: following) else { throw .truncated }
        guard following > 0 else { return first }
        let high = following == 8 ? 0 : first & (0x7f >> UInt64(truncatingIfNeeded: following))
        let value = following == 8 ? low : high << UInt64(truncatingIfNeeded: 8 * following) | low
        guard value >= 1 << UInt64(truncatingIfNeeded: 7 * following) else { throw .notMinimal }
        return value
    }
}
