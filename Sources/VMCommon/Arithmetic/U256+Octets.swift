/// Numbers in memory: the EVM's words and EVMC's are 32 octets, the most significant first.
extension U256 {
    /// From 32 octets at any address.
    @inlinable @inline(__always)
    public init(bigEndian octets: UnsafeRawPointer) {
        self.init(UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 24, as: UInt64.self)),
                  UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
                  UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                  UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 0, as: UInt64.self)))
    }

    /// Into 32 octets at any address.
    @inlinable @inline(__always)
    public func storeBigEndian(to octets: UnsafeMutableRawPointer) {
        octets.storeBytes(of: limb3.bigEndian, toByteOffset: 0, as: UInt64.self)
        octets.storeBytes(of: limb2.bigEndian, toByteOffset: 8, as: UInt64.self)
        octets.storeBytes(of: limb1.bigEndian, toByteOffset: 16, as: UInt64.self)
        octets.storeBytes(of: limb0.bigEndian, toByteOffset: 24, as: UInt64.self)
    }

    /// From the 20 octets of an address.
    @inlinable @inline(__always)
    public init(address octets: UnsafeRawPointer) {
        self.init(UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 12, as: UInt64.self)),
                  UInt64(bigEndian: octets.loadUnaligned(fromByteOffset: 4, as: UInt64.self)),
                  UInt64(UInt32(bigEndian: octets.loadUnaligned(fromByteOffset: 0, as: UInt32.self))))
    }

    /// The lowest 20 octets, as an address.
    @inlinable @inline(__always)
    public func storeAddress(to octets: UnsafeMutableRawPointer) {
        octets.storeBytes(of: UInt32(truncatingIfNeeded: limb2).bigEndian, toByteOffset: 0, as: UInt32.self)
        octets.storeBytes(of: limb1.bigEndian, toByteOffset: 4, as: UInt64.self)
        octets.storeBytes(of: limb0.bigEndian, toByteOffset: 12, as: UInt64.self)
    }

    /// From 0 to 32 octets, the most significant first, in their number.
    @inlinable
    public init(bigEndian octets: UnsafeRawPointer, count: Int) {
        assert(count >= 0 && count <= 32)
        self.init()
        for index in 0..<count {
            let octet = UInt64(octets.load(fromByteOffset: index, as: UInt8.self))
            self = U256.shiftLeft(self, bits: 8)
            limb0 |= octet
        }
    }
}
