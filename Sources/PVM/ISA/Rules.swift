/// What a version of the Gray Paper rules beside its opcodes and their costs. The machine asks for a rule and never for a version:
/// the next paper is a case of `ISA` with a column of `isaTable`, one of `hostCallTable` and a value here.
public struct Rules: Sendable, BitwiseCopyable {
    /// Gas is taken for a basic block before its first instruction; else for each instruction by itself.
    public var chargesBlocks: Bool
    /// What cannot be paid leaves the counter alone; else gas goes below zero (shown as 0, and as negative by the signed view).
    public var keepsUnpaidGas: Bool
    /// Code is a chain of known instructions of which the last ends a basic block, and execution starts at one of them. Else what is
    /// no instruction is a `trap`.
    public var demandsValidCode: Bool
    /// `fallthrough` is a jump, and a branch looks at both ways it could go, taken or not: where one of them starts no basic block, the
    /// instruction panics.
    public var checksFallThrough: Bool
    /// Largest code in octets, most entries of a jump table.
    public var largestCode: UInt64
    public var mostJumps: UInt64
    /// Inner machines a guest may have; `machine` answers FULL beyond them.
    public var mostMachines: Int
    /// Gas of a host call that nobody knows.
    public var unknownCallGas: UInt64
}

extension ISA {
    public var rules: Rules {
        @inline(__always)
        get {
            switch self {
            case .gp072:
                Rules(chargesBlocks: false, keepsUnpaidGas: false, demandsValidCode: false, checksFallThrough: false,
                      largestCode: Blob.maxSize, mostJumps: .max, mostMachines: .max, unknownCallGas: 10)
            case .gp080:
                Rules(chargesBlocks: true, keepsUnpaidGas: true, demandsValidCode: true, checksFallThrough: true,
                      largestCode: 1 << 25, mostJumps: 1 << 24, mostMachines: 63, unknownCallGas: 1000)
            }
        }
    }
}
