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

/// The precompiled contracts by their addresses. Each switch has a case for each of them: the compiler asks for all of a new one. (A function in a
/// variable would carry an object that Swift counts references of.)
public enum Precompile: UInt16, Sendable {
    case ecrecover = 0x01
    case sha256 = 0x02
    case ripemd160 = 0x03
    case identity = 0x04
    case modexp = 0x05
    case bn254Add = 0x06
    case bn254Mul = 0x07
    case bn254Pairing = 0x08
    case blake2f = 0x09
    case pointEvaluation = 0x0a
    case bls12G1Add = 0x0b
    case bls12G1MSM = 0x0c
    case bls12G2Add = 0x0d
    case bls12G2MSM = 0x0e
    case bls12PairingCheck = 0x0f
    case bls12MapToG1 = 0x10
    case bls12MapToG2 = 0x11
    case p256Verify = 0x100

    /// The precompile with this number as its address, nil if there is none at `fork`.
    public init?(_ number: UInt16, at fork: Fork) {
        guard let precompile = Precompile(rawValue: number), precompile.since <= fork else { return nil }
        self = precompile
    }

    public var name: StaticString { row.name }
    public var since: Fork { row.since }

    private var row: (name: StaticString, since: Fork) {
        switch self {
        case .ecrecover: ("ECREC", .frontier)
        case .sha256: ("SHA256", .frontier)
        case .ripemd160: ("RIPEMD160", .frontier)
        case .identity: ("ID", .frontier)
        case .modexp: ("MODEXP", .byzantium)
        case .bn254Add: ("BN254_ADD", .byzantium)
        case .bn254Mul: ("BN254_MUL", .byzantium)
        case .bn254Pairing: ("BN254_PAIRING", .byzantium)
        case .blake2f: ("BLAKE2F", .istanbul)
        case .pointEvaluation: ("KZG_POINT_EVALUATION", .cancun)
        case .bls12G1Add: ("BLS12_G1ADD", .prague)
        case .bls12G1MSM: ("BLS12_G1MSM", .prague)
        case .bls12G2Add: ("BLS12_G2ADD", .prague)
        case .bls12G2MSM: ("BLS12_G2MSM", .prague)
        case .bls12PairingCheck: ("BLS12_PAIRING_CHECK", .prague)
        case .bls12MapToG1: ("BLS12_MAP_FP_TO_G1", .prague)
        case .bls12MapToG2: ("BLS12_MAP_FP2_TO_G2", .prague)
        case .p256Verify: ("P256VERIFY", .osaka)
        }
    }

    /// What a call with this input costs. It never traps; UInt64.max stands for all that is more.
    public func gas(_ fork: Fork, _ input: PrecompileInput) -> UInt64 {
        let price = fork.rules.pointee.precompiles
        return switch self {
        case .ecrecover: price.ecrecover.base
        case .sha256: perWord(price.sha256, input)
        case .ripemd160: perWord(price.ripemd160, input)
        case .identity: perWord(price.identity, input)
        case .modexp: modexpGas(price.modexp, input)
        case .bn254Add: price.bn254Add.base
        case .bn254Mul: price.bn254Mul.base
        case .bn254Pairing: price.bn254Pairing.of(input.count / 192)
        case .blake2f: blake2fGas(price.blake2f, input)
        case .pointEvaluation: price.pointEvaluation.base
        case .bls12G1Add: price.bls12G1Add.base
        case .bls12G1MSM: msmGas(input.count / 160, price.bls12G1Mul, g1Discounts)
        case .bls12G2Add: price.bls12G2Add.base
        case .bls12G2MSM: msmGas(input.count / 288, price.bls12G2Mul, g2Discounts)
        case .bls12PairingCheck: price.bls12Pairing.of(input.count / 384)
        case .bls12MapToG1: price.bls12MapToG1.base
        case .bls12MapToG2: price.bls12MapToG2.base
        case .p256Verify: price.p256Verify.base
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

/// Computes the result; charges nothing. (Not in the enum: there the names of its cases would hide those of the functions.) It asks `output` for room before a result that is not empty. Never `.outOfGas`.
private func compute(_ precompile: Precompile, _ fork: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    switch precompile {
    case .ecrecover: ecrecover(fork, input, &output)
    case .sha256: sha256(fork, input, &output)
    case .ripemd160: ripemd160(fork, input, &output)
    case .identity: identity(fork, input, &output)
    case .modexp: modexp(fork, input, &output)
    case .bn254Add: bn254Add(fork, input, &output)
    case .bn254Mul: bn254Mul(fork, input, &output)
    case .bn254Pairing: bn254Pairing(fork, input, &output)
    case .blake2f: blake2f(fork, input, &output)
    case .pointEvaluation: kzgPointEvaluation(fork, input, &output)
    case .bls12G1Add: bls12G1Add(fork, input, &output)
    case .bls12G1MSM: bls12G1MSM(fork, input, &output)
    case .bls12G2Add: bls12G2Add(fork, input, &output)
    case .bls12G2MSM: bls12G2MSM(fork, input, &output)
    case .bls12PairingCheck: bls12PairingCheck(fork, input, &output)
    case .bls12MapToG1: bls12MapFpToG1(fork, input, &output)
    case .bls12MapToG2: bls12MapFp2ToG2(fork, input, &output)
    case .p256Verify: p256Verify(fork, input, &output)
    }
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
    let status = compute(precompile, fork, input, &output)
    guard status == .success else {
        output.release()
        return PrecompileResult(status: status, gasLeft: 0)
    }
    return PrecompileResult(status: .success, gasLeft: gasLeft - Int64(truncatingIfNeeded: cost))
}
