/// An unsigned integer modulo 2^256 as four 64-bit limbs, the least significant first: on x86-64 and AArch64 its 32
/// octets in memory are the number in little-endian order.
@frozen
public struct U256: Equatable {
    public var limb0, limb1, limb2, limb3: UInt64

    @inlinable @inline(__always)
    public init(_ limb0: UInt64 = 0, _ limb1: UInt64 = 0, _ limb2: UInt64 = 0, _ limb3: UInt64 = 0) {
        self.limb0 = limb0
        self.limb1 = limb1
        self.limb2 = limb2
        self.limb3 = limb3
    }

    @inlinable @inline(__always)
    public static func == (left: U256, right: U256) -> Bool {
        (left.limb0 ^ right.limb0) | (left.limb1 ^ right.limb1) | (left.limb2 ^ right.limb2) | (left.limb3 ^ right.limb3) == 0
    }
}
