import CPVM
import EVMRules

public enum PrecompileStatus: Equatable, Sendable {
    case success
    /// The input is not what the precompile takes: the call fails and all of its gas is lost.
    case failure
    /// The gas does not suffice; the call fails and all of it is lost.
    case outOfGas
    /// The host's memory is short; the call has had no effect.
    case noMemory
}

/// A precompiled contract. (Its functions are cases of a switch: a function in a variable carries an object that Swift counts references of.)
public struct Precompile {
    private let number: UInt16
    public let name: StaticString
    public let since: Fork

    /// The precompile with this number as its address, nil if there is none at `fork`.
    public init?(_ number: UInt16, at fork: Fork) {
        guard let row = Precompile(number), row.since <= fork else { return nil }
        self = row
    }

    private init?(_ number: UInt16) {
        switch number {
        case 0x01: self.init(number, "ECREC", .frontier)
        case 0x02: self.init(number, "SHA256", .frontier)
        case 0x03: self.init(number, "RIPEMD160", .frontier)
        case 0x04: self.init(number, "ID", .frontier)
        case 0x05: self.init(number, "MODEXP", .byzantium)
        case 0x06: self.init(number, "BN254_ADD", .byzantium)
        case 0x07: self.init(number, "BN254_MUL", .byzantium)
        case 0x08: self.init(number, "BN254_PAIRING", .byzantium)
        case 0x09: self.init(number, "BLAKE2F", .istanbul)
        case 0x0a: self.init(number, "KZG_POINT_EVALUATION", .cancun)
        case 0x0b: self.init(number, "BLS12_G1ADD", .prague)
        case 0x0c: self.init(number, "BLS12_G1MSM", .prague)
        case 0x0d: self.init(number, "BLS12_G2ADD", .prague)
        case 0x0e: self.init(number, "BLS12_G2MSM", .prague)
        case 0x0f: self.init(number, "BLS12_PAIRING_CHECK", .prague)
        case 0x10: self.init(number, "BLS12_MAP_FP_TO_G1", .prague)
        case 0x11: self.init(number, "BLS12_MAP_FP2_TO_G2", .prague)
        case 0x100: self.init(number, "P256VERIFY", .osaka)
        default: return nil
        }
    }

    private init(_ number: UInt16, _ name: StaticString, _ since: Fork) {
        self.number = number
        self.name = name
        self.since = since
    }

    /// What a call with this input costs. It never traps; UInt64.max stands for all that is more.
    public func gas(_ fork: Fork, _ input: PrecompileInput) -> UInt64 {
        let price = fork.rules.pointee.precompiles
        return switch number {
        case 0x01: price.ecrecover.base
        case 0x02: perWord(price.sha256, input)
        case 0x03: perWord(price.ripemd160, input)
        case 0x04: perWord(price.identity, input)
        case 0x05: modexpGas(price.modexp, input)
        case 0x06: price.bn254Add.base
        case 0x07: price.bn254Mul.base
        case 0x08: price.bn254Pairing.of(input.count / 192)
        case 0x09: blake2fGas(price.blake2f, input)
        case 0x0a: price.pointEvaluation.base
        case 0x0b: price.bls12G1Add.base
        case 0x0c: msmGas(input.count / 160, price.bls12G1Mul, g1Discounts)
        case 0x0d: price.bls12G2Add.base
        case 0x0e: msmGas(input.count / 288, price.bls12G2Mul, g2Discounts)
        case 0x0f: price.bls12Pairing.of(input.count / 384)
        case 0x10: price.bls12MapToG1.base
        case 0x11: price.bls12MapToG2.base
        case 0x100: price.p256Verify.base
        default: .max
        }
    }

    /// Computes the result; charges nothing. It asks `output` for room before a result that is not empty. Never `.outOfGas`.
    public func run(_ fork: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
        switch number {
        case 0x01: ecrecover(fork, input, &output)
        case 0x02: sha256(fork, input, &output)
        case 0x03: ripemd160(fork, input, &output)
        case 0x04: identity(fork, input, &output)
        case 0x05: modexp(fork, input, &output)
        case 0x06: bn254Add(fork, input, &output)
        case 0x07: bn254Mul(fork, input, &output)
        case 0x08: bn254Pairing(fork, input, &output)
        case 0x09: blake2f(fork, input, &output)
        case 0x0a: kzgPointEvaluation(fork, input, &output)
        case 0x0b: bls12G1Add(fork, input, &output)
        case 0x0c: bls12G1MSM(fork, input, &output)
        case 0x0d: bls12G2Add(fork, input, &output)
        case 0x0e: bls12G2MSM(fork, input, &output)
        case 0x0f: bls12PairingCheck(fork, input, &output)
        case 0x10: bls12MapFpToG1(fork, input, &output)
        case 0x11: bls12MapFp2ToG2(fork, input, &output)
        case 0x100: p256Verify(fork, input, &output)
        default: .failure
        }
    }

    /// The numbers that the table has rows for lie below this one.
    public static var end: UInt16 { 0x101 }
}

/// The number of the 20-octet `address` if a precompile has it at `fork`, else nil.
public func precompileNumber(_ address: UnsafePointer<UInt8>, at fork: Fork) -> UInt16? {
    for index in 0..<18 where address[index] != 0 { return nil }
    let number = UInt16(address[18]) << 8 | UInt16(address[19])
    return Precompile(number, at: fork) == nil ? nil : number
}

public struct PrecompileResult {
    public let status: PrecompileStatus
    /// 0 unless `status` is success.
    public let gasLeft: Int64
}

/// Calls the precompile `number`, which there must be at `fork`. `output` is empty unless the call succeeds; the caller releases it.
public func runPrecompile(
    _ number: UInt16, _ fork: Fork, _ input: PrecompileInput, gasLeft: Int64, _ output: inout PrecompileOutput
) -> PrecompileResult {
    guard let precompile = Precompile(number, at: fork) else { return PrecompileResult(status: .failure, gasLeft: 0) }
    let cost = precompile.gas(fork, input)
    guard gasLeft >= 0, cost <= UInt64(truncatingIfNeeded: gasLeft) else { return PrecompileResult(status: .outOfGas, gasLeft: 0) }
    let status = precompile.run(fork, input, &output)
    guard status == .success else {
        output.release()
        return PrecompileResult(status: status, gasLeft: 0)
    }
    return PrecompileResult(status: .success, gasLeft: gasLeft - Int64(truncatingIfNeeded: cost))
}
