import CPVM
import EVMRules
import VMCommon

/// The precompiles of EIP-2537. An element of Fp is 64 octets, of which the first 16 are 0; infinity is (0, 0).
private enum Size {
    static let g1 = 128
    static let g2 = 256
    static let scalar = 32
}

private func element(_ octets: UnsafePointer<UInt8>) -> BLS12381Fp? {
    loadBigEndian(octets, 0) | loadBigEndian(octets, 1) == 0 ? BLS12381Fp(bigEndian: octets + 16) : nil
}

private func element2(_ octets: UnsafePointer<UInt8>) -> Fp2<BLS12381Fp>? {
    guard let c0 = element(octets), let c1 = element(octets + 64) else { return nil }
    return Fp2(c0, c1)
}

private typealias G1 = Affine<BLS12381Fp>
private typealias G2 = Affine<Fp2<BLS12381Fp>>

/// A point of the curve, which need not be in the subgroup.
private func curvePoint(_ octets: UnsafePointer<UInt8>) -> G1? {
    guard let x = element(octets), let y = element(octets + 64) else { return nil }
    let point = Affine(x, y)
    return point.isOnCurve(BLS12381.b) ? point : nil
}

private func twistPoint(_ octets: UnsafePointer<UInt8>) -> G2? {
    guard let x = element2(octets), let y = element2(octets + 128) else { return nil }
    let point = Affine(x, y)
    return point.isOnCurve(BLS12381.twistB) ? point : nil
}

private func subgroupPoint(_ octets: UnsafePointer<UInt8>) -> G1? {
    guard let point = curvePoint(octets), BLS12381.isInG1(point) else { return nil }
    return point
}

private func subgroupTwistPoint(_ octets: UnsafePointer<UInt8>) -> G2? {
    guard let point = twistPoint(octets), BLS12381.isInG2(point) else { return nil }
    return point
}

private func write(_ value: BLS12381Fp, _ octets: UnsafeMutablePointer<UInt8>) {
    memset(octets, 0, 16)
    value.write(bigEndian: octets + 16)
}

private func give(_ point: G1, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard let octets = output.make(Size.g1) else { return .noMemory }
    write(point.x, octets)
    write(point.y, octets + 64)
    return .success
}

private func give(_ point: G2, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard let octets = output.make(Size.g2) else { return .noMemory }
    write(point.x.c0, octets)
    write(point.x.c1, octets + 64)
    write(point.y.c0, octets + 128)
    write(point.y.c1, octets + 192)
    return .success
}

func bls12G1Add(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard input.count == 2 * Size.g1, let a = curvePoint(input.octets), let b = curvePoint(input.octets + Size.g1) else { return .failure }
    return give(a + b, &output)
}

func bls12G2Add(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard input.count == 2 * Size.g2, let a = twistPoint(input.octets), let b = twistPoint(input.octets + Size.g2) else { return .failure }
    return give(a + b, &output)
}

private func scalar(_ octets: UnsafePointer<UInt8>) -> U256 {
    U256(loadBigEndian(octets, 3), loadBigEndian(octets, 2), loadBigEndian(octets, 1), loadBigEndian(octets, 0))
}

/// Sums up `count` pairs of `size` octets of a point and a scalar. `parts` multiples of each point come from the endomorphism, by which
/// the scalar is split into as many parts of `bits` bits.
private func sumPairs<F: Field>(
    _ octets: UnsafePointer<UInt8>, _ count: Int, _ size: Int, parts: Int, bits: Int, _ point: (UnsafePointer<UInt8>) -> Affine<F>?,
    _ endomorphism: (Affine<F>) -> Affine<F>, _ split: (U256, UnsafeMutablePointer<ShortScalar>) -> Void,
    _ result: inout Affine<F>
) -> PrecompileStatus {
    let few = count <= 12
    let multiples = few ? ScalarMultiplication.multiples : 1
    guard let points = allocateValues(Affine<F>.self, count * parts * multiples) else { return .noMemory }
    defer { free(points) }
    guard let scalars = allocateValues(ShortScalar.self, count * parts) else { return .noMemory }
    defer { free(scalars) }
    var used = 0
    for index in 0..<count {
        let pair = octets + index &* (size &+ Size.scalar)
        guard let base = point(pair) else { return .failure }
        if base.isInfinity { continue }
        split(scalar(pair + size), scalars + used)
        let table = points + used &* multiples
        if few { ScalarMultiplication.oddMultiples(base, table) } else { table[0] = base }
        for entry in multiples..<(parts &* multiples) { table[entry] = endomorphism(table[entry &- multiples]) }
        used &+= parts
    }
    if few {
        guard let digits = allocateValues(Int8.self, count * parts * ScalarMultiplication.digits) else { return .noMemory }
        defer { free(digits) }
        result = ScalarMultiplication.sum(scalars, points, used, digits).affine
        return .success
    }
    guard let sum = MultiScalarMultiplication.sum(points, scalars, used, bits: bits) else { return .noMemory }
    result = sum.affine
    return .success
}

func bls12G1MSM(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    let size = Size.g1 + Size.scalar
    guard input.count > 0, input.count % size == 0 else { return .failure }
    var sum = G1.infinity
    let status = sumPairs(input.octets, input.count / size, Size.g1, parts: 2, bits: 128, subgroupPoint, BLS12381.endomorphism, {
        let (low, high) = BLS12381.splitG1($0)
        $1[0] = ShortScalar(low)
        $1[1] = ShortScalar(high)
    }, &sum)
    return status == .success ? give(sum, &output) : status
}

func bls12G2MSM(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    let size = Size.g2 + Size.scalar
    guard input.count > 0, input.count % size == 0 else { return .failure }
    var sum = G2.infinity
    let status = sumPairs(input.octets, input.count / size, Size.g2, parts: 4, bits: 64, subgroupTwistPoint, BLS12381.endomorphism, { scalar, parts in
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 4) { digits in
            BLS12381.splitG2(scalar, digits.baseAddress.unsafelyUnwrapped)
            for index in 0..<4 { parts[index] = ShortScalar(UInt128(digits[index])) }
        }
    }, &sum)
    return status == .success ? give(sum, &output) : status
}

func bls12PairingCheck(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    let size = Size.g1 + Size.g2
    guard input.count > 0, input.count % size == 0 else { return .failure }
    guard let isOne = pairingIsOne(BLS12381.self, input.count / size, { index in
        let pair = input.octets + index &* size
        guard let p = subgroupPoint(pair), let q = subgroupTwistPoint(pair + Size.g1) else { return nil }
        return (p, q)
    }, BLS12381.finalExponentiationIsOne) else { return .failure }
    guard let octets = output.make(32) else { return .noMemory }
    memset(octets, 0, 32)
    octets[31] = isOne ? 1 : 0
    return .success
}

func bls12MapFpToG1(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard input.count == 64, let u = element(input.octets) else { return .failure }
    return give(BLS12381.mapToG1(u), &output)
}

func bls12MapFp2ToG2(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard input.count == 128, let u = element2(input.octets) else { return .failure }
    return give(BLS12381.mapToG2(u), &output)
}
