import CPVM
import EVMRules
import VMCommon

/// ECREC: the address of whoever signed (Yellow Paper, appendix F), nothing if there is none.
func ecrecover(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { space in
        let octets = space.baseAddress!
        input.copy(0, 128, to: octets)
        let v = U256(bigEndian: octets + 32)
        var address = InlineArray<20, UInt8>(repeating: 0)
        guard v == U256(27) || v == U256(28) else { return .success }
        let isFound = withUnsafeMutableBytes(of: &address) {
            recoverAddress(
                hash: octets, yIsOdd: v.limb0 == 28, r: octets + 64, s: octets + 96, $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        guard isFound else { return .success }
        guard let result = output.make(32) else { return .noMemory }
        memset(result, 0, 12)
        for index in 0..<20 { result[12 + index] = address[index] }
        return .success
    }
}

/// Finds the address (20 octets) of the key that made the signature `r`, `s` of `hash`, all of 32 octets, big-endian. `yIsOdd` is the
/// parity of the y coordinate that goes with `r`. false if there is no such key. A high s is taken: it is the caller's to refuse
/// (EIP-2).
public func recoverAddress(
    hash: UnsafePointer<UInt8>, yIsOdd: Bool, r: UnsafePointer<UInt8>, s: UnsafePointer<UInt8>, _ address: UnsafeMutablePointer<UInt8>
) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 96) { space in
        let key = space.baseAddress!, digest = key + 64
        guard recoverPublicKey(hash: hash, yIsOdd: yIsOdd, r: r, s: s, key) else { return false }
        keccak256(key, 64, digest)
        memcpy(address, digest + 12, 20)
        return true
    }
}

/// The same for the public key: x and y, of 32 octets each, big-endian.
public func recoverPublicKey(
    hash: UnsafePointer<UInt8>, yIsOdd: Bool, r: UnsafePointer<UInt8>, s: UnsafePointer<UInt8>, _ key: UnsafeMutablePointer<UInt8>
) -> Bool {
    let r = U256(bigEndian: r), s = U256(bigEndian: s), order = Secp256k1.order
    guard !r.isZero, r < order, !s.isZero, s < order else { return false }
    // SEC 1, 4.1.6. An x of n or more, which recovery ids 2 and 3 stand for, has no place in Ethereum's signatures.
    guard let point = Secp256k1.lift(x: Secp256k1Field(r), yIsOdd: yIsOdd) else { return false }
    let inverse = Secp256k1Scalar(r).inverse()
    let u1 = -(Secp256k1Scalar(U256(bigEndian: hash)) * inverse), u2 = Secp256k1Scalar(s) * inverse
    let sum = Secp256k1.multiply(u1.number, u2.number, point)
    guard !sum.isInfinity else { return false }
    let affine = sum.affine()
    affine.x.number.storeBigEndian(to: key)
    affine.y.number.storeBigEndian(to: key + 32)
    return true
}
