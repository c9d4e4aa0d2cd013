import VMCommon

/// Recursive length prefix encoding (Yellow Paper, appendix B), read strictly: only the one encoding that a writer may choose
/// is accepted.
public enum RLPError: Error {
    /// The bytes end before the item does.
    case truncated
    /// A single octet below 0x80 with a prefix, a length with leading zeros, or a long form where the short one fits.
    case notMinimal
    /// Octets follow where nothing may follow.
    case trailingOctets
    /// A list where a string belongs, or the other way round.
    case wrongKind
    /// A number with leading zeros, or one that is too large.
    case notANumber
    /// A string of another length than the field has.
    case wrongLength
    case noMemory
}

/// A string or the items of a list, as a view into the bytes it was read from.
public struct RLPItem {
    public let isList: Bool
    public let payload: UnsafeRawBufferPointer

    /// A list's items.
    public func list() throws(RLPError) -> RLPReader {
        guard isList else { throw .wrongKind }
        return RLPReader(payload)
    }

    public func string() throws(RLPError) -> UnsafeRawBufferPointer {
        guard !isList else { throw .wrongKind }
        return payload
    }

    /// A non-negative number: big-endian, without leading zeros.
    public func number() throws(RLPError) -> U256 {
        let octets = try string()
        guard octets.count <= 32, octets.isEmpty || octets[0] != 0 else { throw .notANumber }
        var number = U256()
        for octet in octets {
            number = U256(number.limb0 << 8 | UInt64(octet), number.limb1 << 8 | number.limb0 >> 56,
                          number.limb2 << 8 | number.limb1 >> 56, number.limb3 << 8 | number.limb2 >> 56)
        }
        return number
    }

    public func number64() throws(RLPError) -> UInt64 {
        let number = try number()
        guard number.limb1 | number.limb2 | number.limb3 == 0 else { throw .notANumber }
        return number.limb0
    }

    public func address() throws(RLPError) -> Address {
        let octets = try string()
        guard octets.count == Address.octets, let base = octets.baseAddress else { throw .wrongLength }
        return Address(base)
    }

    public func bytes32() throws(RLPError) -> Bytes32 {
        let octets = try string()
        guard octets.count == 32, let base = octets.baseAddress else { throw .wrongLength }
        return Bytes32(base)
    }
}

/// The items that follow each other in some bytes.
public struct RLPReader: BitwiseCopyable {
    public private(set) var rest: UnsafeRawBufferPointer

    public init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    public var isAtEnd: Bool { rest.isEmpty }

    /// The next item, with everything about its own prefix checked; the items of a list only when they are read.
    public mutating func next() throws(RLPError) -> RLPItem {
        guard let first = rest.first else { throw .truncated }
        switch first {
        case 0...0x7f:
            return RLPItem(isList: false, payload: take(0, 1))
        case 0x80...0xb7:
            let length = Int(first) - 0x80
            guard length < rest.count else { throw .truncated }
            if length == 1, rest[1] < 0x80 { throw .notMinimal }
            return RLPItem(isList: false, payload: take(1, length))
        case 0xb8...0xbf:
            let prefix = 1 + Int(first) - 0xb7
            return RLPItem(isList: false, payload: take(prefix, try longLength(prefix)))
        case 0xc0...0xf7:
            let length = Int(first) - 0xc0
            guard length < rest.count else { throw .truncated }
            return RLPItem(isList: true, payload: take(1, length))
        default:
            let prefix = 1 + Int(first) - 0xf7
            return RLPItem(isList: true, payload: take(prefix, try longLength(prefix)))
        }
    }

    public func end() throws(RLPError) {
        guard isAtEnd else { throw .trailingOctets }
    }

    /// The length that stands in the octets after the first.
    private func longLength(_ prefix: Int) throws(RLPError) -> Int {
        guard prefix <= rest.count else { throw .truncated }
        guard rest[1] != 0 else { throw .notMinimal }
        var length: UInt64 = 0
        for index in 1..<prefix { length = length << 8 | UInt64(rest[index]) }
        guard length >= 56 else { throw .notMinimal }
        guard length <= UInt64(truncatingIfNeeded: rest.count - prefix) else { throw .truncated }
        return Int(truncatingIfNeeded: length)
    }

    private mutating func take(_ prefix: Int, _ length: Int) -> UnsafeRawBufferPointer {
        let payload = UnsafeRawBufferPointer(rebasing: rest[prefix..<prefix + length])
        rest = UnsafeRawBufferPointer(rebasing: rest[(prefix + length)...])
        return payload
    }

    /// The one item that `bytes` are.
    public static func item(_ bytes: UnsafeRawBufferPointer) throws(RLPError) -> RLPItem {
        var reader = RLPReader(bytes)
        let item = try reader.next()
        try reader.end()
        return item
    }

    /// Checks that `bytes` are one item and valid down to the innermost lists, however deep these are.
    public static func check(_ bytes: UnsafeRawBufferPointer) throws(RLPError) {
        var open = Vector<RLPReader>()
        defer { open.free() }
        var current = RLPReader(bytes)
        _ = try item(bytes)
        while true {
            while current.isAtEnd {
                guard open.count > 0 else { return }
                current = open.removeLast()
            }
            let item = try current.next()
            guard item.isList else { continue }
            // A list that ends where its own list ends needs no way back, so that chains of single lists take no memory.
            if !current.isAtEnd, !open.append(current) { throw .noMemory }
            current = RLPReader(item.payload)
        }
    }
}
