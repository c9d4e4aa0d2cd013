import CPVM
import EVMRules
import VMCommon

/// The precompile of EIP-4844: does the polynomial of `commitment` have the value y at z?
/// Input: versioned hash (32), z (32), y (32), commitment (48), proof (48).
private enum KZG {
    static let inputSize = 192

    /// FIELD_ELEMENTS_PER_BLOB
    static let elements: UInt64 = 4096

    private static let generatorG1 = Affine(
        BLS12381Fp(hex: "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"),
        BLS12381Fp(hex: "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1"))

    private static let generatorG2 = Affine(
        Fp2(BLS12381Fp(hex: "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"),
            BLS12381Fp(hex: "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e")),
        Fp2(BLS12381Fp(hex: "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"),
            BLS12381Fp(hex: "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be")))

    /// tau times the generator, of the trusted setup that consensus-specs has as trusted_setup_4096.json (g2_monomial[1]).
    private static let tauG2 = Affine(
        Fp2(BLS12381Fp(hex: "185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2"),
            BLS12381Fp(hex: "15bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72")),
        Fp2(BLS12381Fp(hex: "014353bdb96b626dd7d5ee8599d1fca2131569490e28de18e82451a496a9c9794ce26d105941f383ee689bfbbb832a99"),
            BLS12381Fp(hex: "1666c54b0a32529503432fcae0181b4bef79de09fc63671fda5ed1ba9bfa07899495346f3d7ac9cd23048ef30d0a154f")))

    private static let generatorLines = PreparedLines<BLS12381>(-generatorG2)
    private static let tauLines = PreparedLines<BLS12381>(tauG2)

    /// Odd multiples of the negative generator of G1, and of its image.
    private static let generatorMultiples = withUnsafeTemporaryAllocation(
        of: Affine<BLS12381Fp>.self, capacity: ScalarMultiplication.multiples
    ) { points in
        ScalarMultiplication.oddMultiples(-generatorG1, points.baseAddress.unsafelyUnwrapped)
        return Table<Affine<BLS12381Fp>>(count: 2 * points.count) {
            $0 < points.count ? points[$0] : BLS12381.endomorphism(points[$0 - points.count])
        }
    }

    /// Is e(C - y G1 + z proof, -G2) e(proof, tau G2) = 1?
    static func verify(_ commitment: Affine<BLS12381Fp>, _ z: U256, _ y: U256, _ proof: Affine<BLS12381Fp>) -> Bool {
        let first = combination(z, proof, y).adding(commitment).affine
        if first.isInfinity || proof.isInfinity { return first.isInfinity && proof.isInfinity }
        let f = PreparedLines.millerLoop(generatorLines, .init(first), tauLines, .init(proof))
        return BLS12381.finalExponentiationIsOne(f.conjugate)
    }

    /// z proof - y G1
    private static func combination(_ z: U256, _ proof: Affine<BLS12381Fp>, _ y: U256) -> Jacobian<BLS12381Fp> {
        let multiples = ScalarMultiplication.multiples
        return withStackRoom(InlineArray<384, UInt64>.self, of: Affine<BLS12381Fp>.self, 4 * multiples) { base in
            withUnsafeTemporaryAllocation(of: ShortScalar.self, capacity: 4) { scalars in
                withUnsafeTemporaryAllocation(of: Int8.self, capacity: 4 * ScalarMultiplication.digits) { digits in
                    for index in 0..<(2 * multiples) { base[index] = generatorMultiples[index] }
                    let (y0, y1) = BLS12381.splitG1(y), (z0, z1) = BLS12381.splitG1(z)
                    scalars[0] = ShortScalar(y0)
                    scalars[1] = ShortScalar(y1)
                    scalars[2] = ShortScalar(z0)
                    scalars[3] = ShortScalar(z1)
                    if !proof.isInfinity {
                        ScalarMultiplication.oddMultiples(proof, base + 2 &* multiples)
                        for index in (3 * multiples)..<(4 * multiples) { base[index] = BLS12381.endomorphism(base[index &- multiples]) }
                    }
                    return ScalarMultiplication.sum(
                        scalars.baseAddress.unsafelyUnwrapped, base, proof.isInfinity ? 2 : 4, digits.baseAddress.unsafelyUnwrapped)
                }
            }
        }
    }

    /// A point of G1 from 48 octets, whose highest three bits say: compressed, infinity, y is the greater of the two.
    static func decompress(_ octets: UnsafePointer<UInt8>) -> Affine<BLS12381Fp>? {
        guard octets[0] & 0x80 != 0 else { return nil }
        let isGreater = octets[0] & 0x20 != 0
        guard octets[0] & 0x40 == 0 else {
            var rest = octets[0] & 0x3f
            for index in 1..<48 { rest |= octets[index] }
            return rest == 0 ? .infinity : nil
        }
        let parsed: BLS12381Fp? = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 48) { space in
            let number = space.baseAddress.unsafelyUnwrapped
            memcpy(number, octets, 48)
            number[0] &= 0x1f
            return BLS12381Fp(bigEndian: number)
        }
        guard let x = parsed, let y = (x.squared() * x + BLS12381.b).squareRoot() else { return nil }
        let point = Affine(x, y.isGreaterThanNegative == isGreater ? y : -y)
        return BLS12381.isInG1(point) ? point : nil
    }
}

private extension BLS12381Fp {
    /// Is the number greater than p minus itself?
    var isGreaterThanNegative: Bool {
        let a = integer.limb, b = (-self).integer.limb
        if a.5 != b.5 { return a.5 > b.5 }
        if a.4 != b.4 { return a.4 > b.4 }
        if a.3 != b.3 { return a.3 > b.3 }
        if a.2 != b.2 { return a.2 > b.2 }
        if a.1 != b.1 { return a.1 > b.1 }
        return a.0 > b.0
    }
}

private func word(_ octets: UnsafePointer<UInt8>) -> U256 {
    U256(loadBigEndian(octets, 3), loadBigEndian(octets, 2), loadBigEndian(octets, 1), loadBigEndian(octets, 0))
}

func kzgPointEvaluation(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard input.count == KZG.inputSize else { return .failure }
    let octets = input.octets, commitment = octets + 96
    let hashesToInput = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digest in
        sha256(commitment, 48, digest.baseAddress.unsafelyUnwrapped)
        digest[0] = 1 // VERSIONED_HASH_VERSION_KZG
        return memcmp(digest.baseAddress.unsafelyUnwrapped, octets, 32) == 0
    }
    let z = word(octets + 32), y = word(octets + 64)
    guard hashesToInput, z < BLS12381.order, y < BLS12381.order,
          let point = KZG.decompress(commitment), let proof = KZG.decompress(octets + 144),
          KZG.verify(point, z, y, proof)
    else { return .failure }
    guard let result = output.make(64) else { return .noMemory }
    memset(result, 0, 32)
    storeBigEndian(KZG.elements, result, 3)
    let order = BLS12381.order
    storeBigEndian(order.limb3, result, 4)
    storeBigEndian(order.limb2, result, 5)
    storeBigEndian(order.limb1, result, 6)
    storeBigEndian(order.limb0, result, 7)
    return .success
}
