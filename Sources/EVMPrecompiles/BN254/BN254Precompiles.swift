import CPVM
import EVMRules
import VMCommon

/// The precompiles of EIP-196 and EIP-197: a point of G1 is x and y in 32 octets each, below p; infinity is (0, 0).
private func point(_ octets: UnsafePointer<UInt8>) -> Affine<BN254Fp>? {
    guard let x = BN254Fp(bigEndian: octets), let y = BN254Fp(bigEndian: octets + 32) else { return nil }
    let point = Affine(x, y)
    return point.isOnCurve(BN254.b) ? point : nil
}

/// A point of G2; of each coordinate c0 + c1 u, c1 stands first.
private func twistPoint(_ octets: UnsafePointer<UInt8>) -> Affine<Fp2<BN254Fp>>? {
    guard let x1 = BN254Fp(bigEndian: octets), let x0 = BN254Fp(bigEndian: octets + 32),
          let y1 = BN254Fp(bigEndian: octets + 64), let y0 = BN254Fp(bigEndian: octets + 96)
    else { return nil }
    let point = Affine(Fp2(x0, x1), Fp2(y0, y1))
    return point.isOnCurve(BN254.twistB) && BN254.isInG2(point) ? point : nil
}

private func give(_ point: Affine<BN254Fp>, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard let octets = output.make(64) else { return .noMemory }
    point.x.write(bigEndian: octets)
    point.y.write(bigEndian: octets + 32)
    return .success
}

/// Hands over the first `count` octets of the input, zeros in place of those that are missing.
private func withOctets<R>(_ input: PrecompileInput, _ count: Int, _ body: (UnsafePointer<UInt8>) -> R) -> R {
    if input.count >= count { return body(input.octets) }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { space in
        input.copy(0, count, to: space.baseAddress.unsafelyUnwrapped)
        return body(space.baseAddress.unsafelyUnwrapped)
    }
}

func bn254Add(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    let sum: Affine<BN254Fp>? = withOctets(input, 128) {
        guard let a = point($0), let b = point($0 + 64) else { return nil }
        return a + b
    }
    guard let sum else { return .failure }
    return give(sum, &output)
}

func bn254Mul(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    let product: Affine<BN254Fp>? = withOctets(input, 96) {
        guard let base = point($0) else { return nil }
        let scalar = U256(loadBigEndian($0, 11), loadBigEndian($0, 10), loadBigEndian($0, 9), loadBigEndian($0, 8))
        return BN254.multiply(base, scalar)
    }
    guard let product else { return .failure }
    return give(product, &output)
}

/// 1 if the product of the pairings is 1. Pairs go through the loop in groups, so that the room on the stack is bounded.
func bn254Pairing(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard input.count % 192 == 0 else { return .failure }
    guard let isOne = pairingIsOne(BN254.self, input.count / 192, { index in
        guard let p = point(input.octets + 192 &* index), let q = twistPoint(input.octets + 192 &* index + 64) else { return nil }
        return (p, q)
    }, BN254.finalExponentiationIsOne) else { return .failure }
    guard let octets = output.make(32) else { return .noMemory }
    memset(octets, 0, 32)
    octets[31] = isOne ? 1 : 0
    return .success
}
