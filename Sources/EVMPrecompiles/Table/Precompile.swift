import CPVM

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
    public let since: Revision

    /// The precompile with this number as its address, nil if there is none at `revision`.
    public init?(_ number: UInt16, at revision: Revision) {
        guard let row = Precompile(number), row.since <= revision else { return nil }
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

    private init(_ number: UInt16, _ name: StaticString, _ since: Revision) {
        self.number = number
        self.name = name
        self.since = since
    }

    /// What a call with this input costs. It never traps; UInt64.max stands for all that is more.
    public func gas(_ revision: Revision, _ input: PrecompileInput) -> UInt64 {
        switch number {
        case 0x01: 3000
        case 0x02: perWord(60, 12, input)
        case 0x03: perWord(600, 120, input)
        case 0x04: perWord(15, 3, input)
        case 0x05: modexpGas(revision, input)
        case 0x06: revision < .istanbul ? 500 : 150
        case 0x07: revision < .istanbul ? 40000 : 6000
        case 0x08: bn254PairingGas(revision, input)
        case 0x09: blake2fGas(revision, input)
        case 0x0a: 50000
        case 0x0b: 375
        case 0x0c: bls12G1MSMGas(revision, input)
        case 0x0d: 600
        case 0x0e: bls12G2MSMGas(revision, input)
        case 0x0f: bls12PairingCheckGas(revision, input)
        case 0x10: 5500
        case 0x11: 23800
        case 0x100: 6900
        default: .max
        }
    }

    /// Computes the result; charges nothing. It asks `output` for room before a result that is not empty. Never `.outOfGas`.
    public func run(_ revision: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
        switch number {
        case 0x01: ecrecover(revision, input, &output)
        case 0x02: sha256(revision, input, &output)
        case 0x03: ripemd160(revision, input, &output)
        case 0x04: identity(revision, input, &output)
        case 0x05: modexp(revision, input, &output)
        case 0x06: bn254Add(revision, input, &output)
        case 0x07: bn254Mul(revision, input, &output)
        case 0x08: bn254Pairing(revision, input, &output)
        case 0x09: blake2f(revision, input, &output)
        case 0x0a: kzgPointEvaluation(revision, input, &output)
        case 0x0b: bls12G1Add(revision, input, &output)
        case 0x0c: bls12G1MSM(revision, input, &output)
        case 0x0d: bls12G2Add(revision, input, &output)
        case 0x0e: bls12G2MSM(revision, input, &output)
        case 0x0f: bls12PairingCheck(revision, input, &output)
        case 0x10: bls12MapFpToG1(revision, input, &output)
        case 0x11: bls12MapFp2ToG2(revision, input, &output)
        case 0x100: p256Verify(revision, input, &output)
        default: .failure
        }
    }

    /// The numbers that the table has rows for lie below this one.
    public static var end: UInt16 { 0x101 }
}

/// The number of the 20-octet `address` if a precompile has it at `revision`, else nil.
public func precompileNumber(_ address: UnsafePointer<UInt8>, at revision: Revision) -> UInt16? {
    for index in 0..<18 where address[index] != 0 { return nil }
    let number = UInt16(address[18]) << 8 | UInt16(address[19])
    return Precompile(number, at: revision) == nil ? nil : number
}

public struct PrecompileResult {
    public let status: PrecompileStatus
    /// 0 unless `status` is success.
    public let gasLeft: Int64
}

/// Calls the precompile `number`, which there must be at `revision`. `output` is empty unless the call succeeds; the caller releases it.
public func runPrecompile(
    _ number: UInt16, _ revision: Revision, _ input: PrecompileInput, gasLeft: Int64, _ output: inout PrecompileOutput
) -> PrecompileResult {
    guard let precompile = Precompile(number, at: revision) else { return PrecompileResult(status: .failure, gasLeft: 0) }
    let cost = precompile.gas(revision, input)
    guard gasLeft >= 0, cost <= UInt64(truncatingIfNeeded: gasLeft) else { return PrecompileResult(status: .outOfGas, gasLeft: 0) }
    let status = precompile.run(revision, input, &output)
    guard status == .success else {
        output.release()
        return PrecompileResult(status: status, gasLeft: 0)
    }
    return PrecompileResult(status: .success, gasLeft: gasLeft - Int64(truncatingIfNeeded: cost))
}
