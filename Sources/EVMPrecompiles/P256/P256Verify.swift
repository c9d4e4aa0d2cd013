import EVMRules
import VMCommon

/// P256VERIFY (EIP-7951): one for a valid signature, nothing otherwise.
func p256Verify(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    let octets = input.octets
    guard input.count == 160,
        isP256Signature(hash: octets, r: octets + 32, s: octets + 64, x: octets + 96, y: octets + 128)
    else { return .success }
    guard let result = output.make(32) else { return .noMemory }
    U256(1).storeBigEndian(to: result)
    return .success
}

/// Is `r`, `s` a signature of `hash` by the key (`x`, `y`)? All are of 32 octets, big-endian. (FIPS 186-5, 6.4.2)
func isP256Signature(
    hash: UnsafePointer<UInt8>, r: UnsafePointer<UInt8>, s: UnsafePointer<UInt8>, x: UnsafePointer<UInt8>, y: UnsafePointer<UInt8>
) -> Bool {
    let r = U256(bigEndian: r), s = U256(bigEndian: s)
    guard !r.isZero, r < P256.order, !s.isZero, s < P256.order else { return false }
    let x = U256(bigEndian: x), y = U256(bigEndian: y)
    guard x < P256.prime, y < P256.prime else { return false }
    // The point at infinity, written as (0, 0), is not on the curve.
    let key = P256.Affine(P256Field(x), P256Field(y))
    guard P256.contains(key) else { return false }

    let inverse = P256Scalar(s).inverse()
    let u1 = P256Scalar(U256(bigEndian: hash)) * inverse, u2 = P256Scalar(r) * inverse
    let sum = P256.multiply(u1.number, u2.number, key)
    guard !sum.isInfinity else { return false }
    // x / z^2 is to be r modulo n, without a division: r or, if that is still below p, r + n.
    let zz = sum.z.squared()
    if P256Field(r) * zz == sum.x { return true }
    let (other, carry) = U256.addingWithCarry(r, P256.order)
    return carry == 0 && other < P256.prime && P256Field(other) * zz == sum.x
}
