/// A decoded instruction, the unit that the interpreter executes: 16 octets. There is one for every opcode of the program, in
/// order, and one `trap` at each place where execution can run off the opcodes (behind the code, and behind a skip distance
/// that is cut at 24).
struct Instruction {
    /// What the fast loop does: the operation itself, one fused with its successors, or `careful`.
    var handler: Handler
    /// The operation itself.
    var plain: Handler
    /// Registers as octet offsets into the register file.
    var ra: UInt8
    var rb: UInt8
    var rd: UInt8
    private var unused: UInt8 = 0
    /// Gas to pay when control comes here from another place, for the run of instructions that starts here.
    /// 0.7.2: the instructions from this one to the end of its gas region, at most `Instruction.regionLimit`.
    /// 0.8.0: the cost of the basic block at its first instruction (0 if it is over `regionLimit`, see `Program.block`), else 0.
    var charge: UInt16
    /// ν_X; for a branch with two registers or a jump unused.
    var x: Int32
    /// ν_Y, or the distance to the branch target in instructions; `noTarget` if that is no basic block (or, where a version looks at
    /// that, if what follows the instruction is none).
    var y: Int32

    static let noTarget = Int32.min
    static let regionLimit: UInt64 = 65_000

    init(_ handler: Handler) {
        self.handler = handler
        plain = handler
        ra = 0
        rb = 0
        rd = 0
        charge = 0
        x = 0
        y = 0
    }

    /// ν_X and ν_Y as register values.
    @inline(__always) var vx: UInt64 { UInt64(bitPattern: Int64(x)) }
    @inline(__always) var vy: UInt64 { UInt64(bitPattern: Int64(y)) }
    /// The extended-width immediate of load_imm_64.
    @inline(__always) var wide: UInt64 { UInt64(UInt32(bitPattern: x)) | UInt64(UInt32(bitPattern: y)) << 32 }
}
