import EVMRules
import VMCommon

/// The instruction set: one row per instruction, with the gas it took when it came. Analysis, interpreter, trace, disassembler and
/// docs/evm-opcodes.md read this table and no other.

/// What an instruction does to the flow of control and of gas.
public enum Flow: UInt8, Sendable, BitwiseCopyable {
    /// Goes on behind its immediate.
    case next
    /// The same, and its cost depends on more than its operands, or it looks at the gas: a block ends behind it.
    case splits
    /// JUMPI: jumps or goes on.
    case branches
    /// Never goes on.
    case ends
    /// JUMPDEST: a block starts here.
    case starts
    /// DUPN, SWAPN, EXCHANGE: the immediate says how much stack it needs, and some immediates are not allowed.
    case reaches
}

public struct ISARow: Sendable, BitwiseCopyable {
    public var opcode: Opcode
    public var name: StaticString
    /// Octets behind the opcode.
    public var immediate: UInt8
    /// Words that it takes from the stack, or looks at, and words that it leaves in their place.
    public var stackIn: UInt8
    public var stackOut: UInt8
    /// The cost that depends on nothing, at its first fork.
    public var gas: UInt16
    public var since: Fork
    public var flow: Flow

    init(_ opcode: Opcode, _ name: StaticString, _ stackIn: UInt8, _ stackOut: UInt8, gas: UInt16, since: Fork = .frontier,
         immediate: UInt8 = 0, _ flow: Flow = .next) {
        self.opcode = opcode
        self.name = name
        self.immediate = immediate
        self.stackIn = stackIn
        self.stackOut = stackOut
        self.gas = gas
        self.since = since
        self.flow = flow
    }
}

/// The rows in the order of their opcodes.
public let isaTable = withUnsafePointer(to: rows) { rows in
    // Not `rows[index]`: that would copy all of them for each.
    let first = UnsafeRawPointer(rows).assumingMemoryBound(to: ISARow.self)
    return Table(count: rows.pointee.count) { first[$0] }
}

private let rows: InlineArray<153, ISARow> = [
    ISARow(.stop, "STOP", 0, 0, gas: 0, .ends),
    ISARow(.add, "ADD", 2, 1, gas: 3),
    ISARow(.mul, "MUL", 2, 1, gas: 5),
    ISARow(.sub, "SUB", 2, 1, gas: 3),
    ISARow(.div, "DIV", 2, 1, gas: 5),
    ISARow(.sdiv, "SDIV", 2, 1, gas: 5),
    ISARow(.mod, "MOD", 2, 1, gas: 5),
    ISARow(.smod, "SMOD", 2, 1, gas: 5),
    ISARow(.addmod, "ADDMOD", 3, 1, gas: 8),
    ISARow(.mulmod, "MULMOD", 3, 1, gas: 8),
    ISARow(.exp, "EXP", 2, 1, gas: 10),
    ISARow(.signextend, "SIGNEXTEND", 2, 1, gas: 5),
    ISARow(.lt, "LT", 2, 1, gas: 3),
    ISARow(.gt, "GT", 2, 1, gas: 3),
    ISARow(.slt, "SLT", 2, 1, gas: 3),
    ISARow(.sgt, "SGT", 2, 1, gas: 3),
    ISARow(.eq, "EQ", 2, 1, gas: 3),
    ISARow(.iszero, "ISZERO", 1, 1, gas: 3),
    ISARow(.and, "AND", 2, 1, gas: 3),
    ISARow(.or, "OR", 2, 1, gas: 3),
    ISARow(.xor, "XOR", 2, 1, gas: 3),
    ISARow(.not, "NOT", 1, 1, gas: 3),
    ISARow(.byte, "BYTE", 2, 1, gas: 3),
    ISARow(.shl, "SHL", 2, 1, gas: 3, since: .constantinople),
    ISARow(.shr, "SHR", 2, 1, gas: 3, since: .constantinople),
    ISARow(.sar, "SAR", 2, 1, gas: 3, since: .constantinople),
    ISARow(.clz, "CLZ", 1, 1, gas: 5, since: .osaka),
    ISARow(.keccak256, "KECCAK256", 2, 1, gas: 30),
    ISARow(.address, "ADDRESS", 0, 1, gas: 2),
    ISARow(.balance, "BALANCE", 1, 1, gas: 20, .splits),
    ISARow(.origin, "ORIGIN", 0, 1, gas: 2),
    ISARow(.caller, "CALLER", 0, 1, gas: 2),
    ISARow(.callvalue, "CALLVALUE", 0, 1, gas: 2),
    ISARow(.calldataload, "CALLDATALOAD", 1, 1, gas: 3),
    ISARow(.calldatasize, "CALLDATASIZE", 0, 1, gas: 2),
    ISARow(.calldatacopy, "CALLDATACOPY", 3, 0, gas: 3),
    ISARow(.codesize, "CODESIZE", 0, 1, gas: 2),
    ISARow(.codecopy, "CODECOPY", 3, 0, gas: 3),
    ISARow(.gasprice, "GASPRICE", 0, 1, gas: 2),
    ISARow(.extcodesize, "EXTCODESIZE", 1, 1, gas: 20, .splits),
    ISARow(.extcodecopy, "EXTCODECOPY", 4, 0, gas: 20, .splits),
    ISARow(.returndatasize, "RETURNDATASIZE", 0, 1, gas: 2, since: .byzantium),
    ISARow(.returndatacopy, "RETURNDATACOPY", 3, 0, gas: 3, since: .byzantium),
    ISARow(.extcodehash, "EXTCODEHASH", 1, 1, gas: 400, since: .constantinople, .splits),
    ISARow(.blockhash, "BLOCKHASH", 1, 1, gas: 20),
    ISARow(.coinbase, "COINBASE", 0, 1, gas: 2),
    ISARow(.timestamp, "TIMESTAMP", 0, 1, gas: 2),
    ISARow(.number, "NUMBER", 0, 1, gas: 2),
    ISARow(.prevrandao, "PREVRANDAO", 0, 1, gas: 2),
    ISARow(.gaslimit, "GASLIMIT", 0, 1, gas: 2),
    ISARow(.chainid, "CHAINID", 0, 1, gas: 2, since: .istanbul),
    ISARow(.selfbalance, "SELFBALANCE", 0, 1, gas: 5, since: .istanbul),
    ISARow(.basefee, "BASEFEE", 0, 1, gas: 2, since: .london),
    ISARow(.blobhash, "BLOBHASH", 1, 1, gas: 3, since: .cancun),
    ISARow(.blobbasefee, "BLOBBASEFEE", 0, 1, gas: 2, since: .cancun),
    ISARow(.pop, "POP", 1, 0, gas: 2),
    ISARow(.mload, "MLOAD", 1, 1, gas: 3),
    ISARow(.mstore, "MSTORE", 2, 0, gas: 3),
    ISARow(.mstore8, "MSTORE8", 2, 0, gas: 3),
    ISARow(.sload, "SLOAD", 1, 1, gas: 50, .splits),
    ISARow(.sstore, "SSTORE", 2, 0, gas: 0, .splits),
    ISARow(.jump, "JUMP", 1, 0, gas: 8, .ends),
    ISARow(.jumpi, "JUMPI", 2, 0, gas: 10, .branches),
    ISARow(.pc, "PC", 0, 1, gas: 2),
    ISARow(.msize, "MSIZE", 0, 1, gas: 2),
    ISARow(.gas, "GAS", 0, 1, gas: 2, .splits),
    ISARow(.jumpdest, "JUMPDEST", 0, 0, gas: 1, .starts),
    ISARow(.tload, "TLOAD", 1, 1, gas: 100, since: .cancun),
    ISARow(.tstore, "TSTORE", 2, 0, gas: 100, since: .cancun),
    ISARow(.mcopy, "MCOPY", 3, 0, gas: 3, since: .cancun),
    ISARow(.push0, "PUSH0", 0, 1, gas: 2, since: .shanghai),
    ISARow(.push1, "PUSH1", 0, 1, gas: 3, immediate: 1),
    ISARow(.push2, "PUSH2", 0, 1, gas: 3, immediate: 2),
    ISARow(.push3, "PUSH3", 0, 1, gas: 3, immediate: 3),
    ISARow(.push4, "PUSH4", 0, 1, gas: 3, immediate: 4),
    ISARow(.push5, "PUSH5", 0, 1, gas: 3, immediate: 5),
    ISARow(.push6, "PUSH6", 0, 1, gas: 3, immediate: 6),
    ISARow(.push7, "PUSH7", 0, 1, gas: 3, immediate: 7),
    ISARow(.push8, "PUSH8", 0, 1, gas: 3, immediate: 8),
    ISARow(.push9, "PUSH9", 0, 1, gas: 3, immediate: 9),
    ISARow(.push10, "PUSH10", 0, 1, gas: 3, immediate: 10),
    ISARow(.push11, "PUSH11", 0, 1, gas: 3, immediate: 11),
    ISARow(.push12, "PUSH12", 0, 1, gas: 3, immediate: 12),
    ISARow(.push13, "PUSH13", 0, 1, gas: 3, immediate: 13),
    ISARow(.push14, "PUSH14", 0, 1, gas: 3, immediate: 14),
    ISARow(.push15, "PUSH15", 0, 1, gas: 3, immediate: 15),
    ISARow(.push16, "PUSH16", 0, 1, gas: 3, immediate: 16),
    ISARow(.push17, "PUSH17", 0, 1, gas: 3, immediate: 17),
    ISARow(.push18, "PUSH18", 0, 1, gas: 3, immediate: 18),
    ISARow(.push19, "PUSH19", 0, 1, gas: 3, immediate: 19),
    ISARow(.push20, "PUSH20", 0, 1, gas: 3, immediate: 20),
    ISARow(.push21, "PUSH21", 0, 1, gas: 3, immediate: 21),
    ISARow(.push22, "PUSH22", 0, 1, gas: 3, immediate: 22),
    ISARow(.push23, "PUSH23", 0, 1, gas: 3, immediate: 23),
    ISARow(.push24, "PUSH24", 0, 1, gas: 3, immediate: 24),
    ISARow(.push25, "PUSH25", 0, 1, gas: 3, immediate: 25),
    ISARow(.push26, "PUSH26", 0, 1, gas: 3, immediate: 26),
    ISARow(.push27, "PUSH27", 0, 1, gas: 3, immediate: 27),
    ISARow(.push28, "PUSH28", 0, 1, gas: 3, immediate: 28),
    ISARow(.push29, "PUSH29", 0, 1, gas: 3, immediate: 29),
    ISARow(.push30, "PUSH30", 0, 1, gas: 3, immediate: 30),
    ISARow(.push31, "PUSH31", 0, 1, gas: 3, immediate: 31),
    ISARow(.push32, "PUSH32", 0, 1, gas: 3, immediate: 32),
    ISARow(.dup1, "DUP1", 1, 2, gas: 3),
    ISARow(.dup2, "DUP2", 2, 3, gas: 3),
    ISARow(.dup3, "DUP3", 3, 4, gas: 3),
    ISARow(.dup4, "DUP4", 4, 5, gas: 3),
    ISARow(.dup5, "DUP5", 5, 6, gas: 3),
    ISARow(.dup6, "DUP6", 6, 7, gas: 3),
    ISARow(.dup7, "DUP7", 7, 8, gas: 3),
    ISARow(.dup8, "DUP8", 8, 9, gas: 3),
    ISARow(.dup9, "DUP9", 9, 10, gas: 3),
    ISARow(.dup10, "DUP10", 10, 11, gas: 3),
    ISARow(.dup11, "DUP11", 11, 12, gas: 3),
    ISARow(.dup12, "DUP12", 12, 13, gas: 3),
    ISARow(.dup13, "DUP13", 13, 14, gas: 3),
    ISARow(.dup14, "DUP14", 14, 15, gas: 3),
    ISARow(.dup15, "DUP15", 15, 16, gas: 3),
    ISARow(.dup16, "DUP16", 16, 17, gas: 3),
    ISARow(.swap1, "SWAP1", 2, 2, gas: 3),
    ISARow(.swap2, "SWAP2", 3, 3, gas: 3),
    ISARow(.swap3, "SWAP3", 4, 4, gas: 3),
    ISARow(.swap4, "SWAP4", 5, 5, gas: 3),
    ISARow(.swap5, "SWAP5", 6, 6, gas: 3),
    ISARow(.swap6, "SWAP6", 7, 7, gas: 3),
    ISARow(.swap7, "SWAP7", 8, 8, gas: 3),
    ISARow(.swap8, "SWAP8", 9, 9, gas: 3),
    ISARow(.swap9, "SWAP9", 10, 10, gas: 3),
    ISARow(.swap10, "SWAP10", 11, 11, gas: 3),
    ISARow(.swap11, "SWAP11", 12, 12, gas: 3),
    ISARow(.swap12, "SWAP12", 13, 13, gas: 3),
    ISARow(.swap13, "SWAP13", 14, 14, gas: 3),
    ISARow(.swap14, "SWAP14", 15, 15, gas: 3),
    ISARow(.swap15, "SWAP15", 16, 16, gas: 3),
    ISARow(.swap16, "SWAP16", 17, 17, gas: 3),
    ISARow(.log0, "LOG0", 2, 0, gas: 375),
    ISARow(.log1, "LOG1", 3, 0, gas: 750),
    ISARow(.log2, "LOG2", 4, 0, gas: 1125),
    ISARow(.log3, "LOG3", 5, 0, gas: 1500),
    ISARow(.log4, "LOG4", 6, 0, gas: 1875),
    ISARow(.dupn, "DUPN", 0, 1, gas: 3, since: .experimental, immediate: 1, .reaches),
    ISARow(.swapn, "SWAPN", 0, 0, gas: 3, since: .experimental, immediate: 1, .reaches),
    ISARow(.exchange, "EXCHANGE", 0, 0, gas: 3, since: .experimental, immediate: 1, .reaches),
    ISARow(.create, "CREATE", 3, 1, gas: 32000, .splits),
    ISARow(.call, "CALL", 7, 1, gas: 40, .splits),
    ISARow(.callcode, "CALLCODE", 7, 1, gas: 40, .splits),
    ISARow(.return, "RETURN", 2, 0, gas: 0, .ends),
    ISARow(.delegatecall, "DELEGATECALL", 6, 1, gas: 40, since: .homestead, .splits),
    ISARow(.create2, "CREATE2", 4, 1, gas: 32000, since: .constantinople, .splits),
    ISARow(.staticcall, "STATICCALL", 6, 1, gas: 700, since: .byzantium, .splits),
    ISARow(.revert, "REVERT", 2, 0, gas: 0, since: .byzantium, .ends),
    ISARow(.invalid, "INVALID", 0, 0, gas: 0, .ends),
    ISARow(.selfdestruct, "SELFDESTRUCT", 1, 0, gas: 0, .ends),
]
