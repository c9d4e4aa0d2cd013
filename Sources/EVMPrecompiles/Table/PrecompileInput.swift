import CPVM

/// The call data of a precompile: it reads as if endless zeros followed.
public struct PrecompileInput {
    public let octets: UnsafePointer<UInt8>
    public let count: Int

    /// `octets` may be nil if `count` is 0; they must stay as they are for as long as the value is used.
    public init(_ octets: UnsafePointer<UInt8>?, _ count: Int) {
        // An address that nothing reads from.
        self.octets = octets ?? UnsafePointer(bitPattern: 1)!
        self.count = octets == nil ? 0 : count
    }

    /// The octet at `offset` >= 0.
    @inline(__always)
    public subscript(_ offset: Int) -> UInt8 { offset < count ? octets[offset] : 0 }

    /// Copies `length` octets from `offset` >= 0 on.
    public func copy(_ offset: Int, _ length: Int, to destination: UnsafeMutablePointer<UInt8>) {
        let there = offset < count ? min(length, count - offset) : 0
        if there > 0 { memcpy(destination, octets + offset, there) }
        if there < length { memset(destination + there, 0, length - there) }
    }

    /// The 8 octets at `offset` >= 0 as a big-endian number.
    public func word64(_ offset: Int) -> UInt64 {
        if offset <= count - 8 { return UInt64(bigEndian: UnsafeRawPointer(octets + offset).loadUnaligned(as: UInt64.self)) }
        var word: UInt64 = 0
        for index in 0..<8 { word = word << 8 | UInt64(self[offset + index]) }
        return word
    }
}
