import CPVM
import VMCommon

/// 32 octets in the order in which they stand in memory: hashes, storage keys and storage values.
@frozen
public struct Bytes32: Equatable, BitwiseCopyable {
    public var word0, word1, word2, word3: UInt64

    @inline(__always)
    public init(_ word0: UInt64 = 0, _ word1: UInt64 = 0, _ word2: UInt64 = 0, _ word3: UInt64 = 0) {
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
        self.word3 = word3
    }

    @inline(__always)
    public init(_ octets: UnsafeRawPointer) {
        self = octets.loadUnaligned(as: Bytes32.self)
    }

    @inline(__always)
    public init(_ octets: evmc_bytes32) {
        self = unsafeBitCast(octets, to: Bytes32.self)
    }

    /// The big-endian form of a number.
    @inline(__always)
    public init(_ number: U256) {
        self.init(number.limb3.bigEndian, number.limb2.bigEndian, number.limb1.bigEndian, number.limb0.bigEndian)
    }

    /// The number whose big-endian form this is.
    @inline(__always)
    public var number: U256 {
        U256(UInt64(bigEndian: word3), UInt64(bigEndian: word2), UInt64(bigEndian: word1), UInt64(bigEndian: word0))
    }

    @inline(__always)
    public var evmc: evmc_bytes32 { unsafeBitCast(self, to: evmc_bytes32.self) }

    @inline(__always)
    public var isZero: Bool { word0 | word1 | word2 | word3 == 0 }

    @inline(__always)
    public static func == (left: Bytes32, right: Bytes32) -> Bool {
        (left.word0 ^ right.word0) | (left.word1 ^ right.word1) | (left.word2 ^ right.word2) | (left.word3 ^ right.word3) == 0
    }

    @inline(__always)
    public func withOctets<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
        withUnsafePointer(to: self) { body(UnsafeRawPointer($0)) }
    }
}

/// An address: 20 octets in the order in which they stand in memory.
@frozen
public struct Address: Equatable, BitwiseCopyable {
    public var word0, word1: UInt64
    public var word2: UInt32

    public static let octets = 20

    @inline(__always)
    public init(_ word0: UInt64 = 0, _ word1: UInt64 = 0, _ word2: UInt32 = 0) {
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
    }

    @inline(__always)
    public init(_ octets: UnsafeRawPointer) {
        self.init(octets.loadUnaligned(as: UInt64.self), octets.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                  octets.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
    }

    @inline(__always)
    public init(_ address: evmc_address) {
        self = withUnsafePointer(to: address) { Address(UnsafeRawPointer($0)) }
    }

    /// The last 20 of 32 octets.
    @inline(__always)
    public init(hash: Bytes32) {
        self = hash.withOctets { Address($0 + 12) }
    }

    /// The address that is `number` as a big-endian number: precompiles and system contracts have such ones.
    public init(number: UInt32) {
        self.init(0, 0, number.bigEndian)
    }

    @inline(__always)
    public var evmc: evmc_address {
        var address = evmc_address()
        withUnsafeMutablePointer(to: &address) { store(to: UnsafeMutableRawPointer($0)) }
        return address
    }

    @inline(__always)
    public func store(to octets: UnsafeMutableRawPointer) {
        octets.storeBytes(of: word0, as: UInt64.self)
        octets.storeBytes(of: word1, toByteOffset: 8, as: UInt64.self)
        octets.storeBytes(of: word2, toByteOffset: 16, as: UInt32.self)
    }

    @inline(__always)
    public func withOctets<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
        withUnsafePointer(to: self) { body(UnsafeRawPointer($0)) }
    }

    @inline(__always)
    public static func == (left: Address, right: Address) -> Bool {
        (left.word0 ^ right.word0) | (left.word1 ^ right.word1) | UInt64(left.word2 ^ right.word2) == 0
    }
}
