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

/// A precompiled contract: a row of the table below.
public struct Precompile {
    /// What a call with this input costs. It never traps; UInt64.max stands for all that is more.
    public typealias Gas = (_ revision: Revision, _ input: PrecompileInput) -> UInt64
    /// Computes the result; charges nothing. It asks `output` for room before a result that is not empty. Never `.outOfGas`.
    public typealias Run = (_ revision: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus

    public let name: StaticString
    public let since: Revision
    public let gas: Gas
    public let run: Run

    /// The precompile with this number as its address, nil if there is none at `revision`.
    public init?(_ number: UInt16, at revision: Revision) {
        guard let row = Precompile(number), row.since <= revision else { return nil }
        self = row
    }

    /// The table of all precompiles.
    private init?(_ number: UInt16) {
        switch number {
        case 0x01: self.init("ECREC", .frontier, { _, _ in 3000 }, ecrecover)
        case 0x02: self.init("SHA256", .frontier, { perWord(60, 12, $1) }, sha256)
        case 0x03: self.init("RIPEMD160", .frontier, { perWord(600, 120, $1) }, ripemd160)
        case 0x04: self.init("ID", .frontier, { perWord(15, 3, $1) }, identity)
        case 0x05: self.init("MODEXP", .byzantium, modexpGas, modexp)
        case 0x06: self.init("BN254_ADD", .byzantium, { revision, _ in revision < .istanbul ? 500 : 150 }, bn254Add)
        case 0x07: self.init("BN254_MUL", .byzantium, { revision, _ in revision < .istanbul ? 40000 : 6000 }, bn254Mul)
        case 0x08: self.init("BN254_PAIRING", .byzantium, bn254PairingGas, bn254Pairing)
        case 0x09: self.init("BLAKE2F", .istanbul, blake2fGas, blake2f)
        case 0x0a: self.init("KZG_POINT_EVALUATION", .cancun, { _, _ in 50000 }, kzgPointEvaluation)
        case 0x0b: self.init("BLS12_G1ADD", .prague, { _, _ in 375 }, bls12G1Add)
        case 0x0c: self.init("BLS12_G1MSM", .prague, bls12G1MSMGas, bls12G1MSM)
        case 0x0d: self.init("BLS12_G2ADD", .prague, { _, _ in 600 }, bls12G2Add)
        case 0x0e: self.init("BLS12_G2MSM", .prague, bls12G2MSMGas, bls12G2MSM)
        case 0x0f: self.init("BLS12_PAIRING_CHECK", .prague, bls12PairingCheckGas, bls12PairingCheck)
        case 0x10: self.init("BLS12_MAP_FP_TO_G1", .prague, { _, _ in 5500 }, bls12MapFpToG1)
        case 0x11: self.init("BLS12_MAP_FP2_TO_G2", .prague, { _, _ in 23800 }, bls12MapFp2ToG2)
        case 0x100: self.init("P256VERIFY", .osaka, { _, _ in 6900 }, p256Verify)
        default: return nil
        }
    }

    private init(_ name: StaticString, _ since: Revision, _ gas: @escaping Gas, _ run: @escaping Run) {
        self.name = name
        self.since = since
        self.gas = gas
        self.run = run
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
