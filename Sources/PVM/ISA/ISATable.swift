import VMCommon

/// The instruction sets: one row per operation, with its opcode in each set (Gray Paper appendix A, "Instruction Tables" of
/// 0.7.2 and 0.8.0). Decoder, interpreter, gas model, disassembler and assembler all read this table and no other.

/// Which octets follow the opcode; named as the Gray Paper's tables are.
public enum OperandFormat: UInt8, Sendable, BitwiseCopyable {
    case none, imm, regExtImm, immImm, offset, regImm, regImmImm, regImmOffset, regReg, regRegImm, regRegOffset, regRegImmImm,
         regRegReg
}

public struct ISARow: Sendable, BitwiseCopyable {
    public static let absent: Int16 = -1

    public var opcode: Opcode
    /// Upper case, as traces of JAM implementations have it; lower-cased it is the Gray Paper's name.
    public var name: StaticString
    public var gp072: Int16
    public var gp080: Int16
    public var format: OperandFormat
    /// Is it in the Gray Paper's set T of basic-block terminators?
    public var endsBlock: Bool
    /// Its row in the 0.8.0 gas cost tables.
    public var cost: CostClass

    init(_ opcode: Opcode, _ name: StaticString, gp072: Int16, gp080: Int16, _ format: OperandFormat, ends: Bool = false,
         cost: CostClass) {
        self.opcode = opcode
        self.name = name
        self.gp072 = gp072
        self.gp080 = gp080
        self.format = format
        self.endsBlock = ends
        self.cost = cost
    }

    /// The opcode octet in that set, nil if the set does not have the operation.
    public func octet(_ isa: ISA) -> UInt8? {
        let number = switch isa {
        case .gp072: gp072
        case .gp080: gp080
        }
        return number == ISARow.absent ? nil : UInt8(truncatingIfNeeded: number)
    }
}

public enum ISA: UInt8, Sendable, BitwiseCopyable {
    case gp072 = 0
    case gp080 = 1
}

/// The rows, by number.
public let isaTable = Table(count: rows.count) { rows[$0] }

private let rows: InlineArray<140, ISARow> = [
    ISARow(.trap, "TRAP", gp072: 0, gp080: 0, .none, ends: true, cost: .finish),
    ISARow(.fallthrough, "FALLTHROUGH", gp072: 1, gp080: 1, .none, ends: true, cost: .finish),
    ISARow(.unlikely, "UNLIKELY", gp072: ISARow.absent, gp080: 2, .none, cost: .unlikely),
    ISARow(.ecalli, "ECALLI", gp072: 10, gp080: 10, .imm, cost: .ecalli),
    ISARow(.load_imm_64, "LOAD_IMM_64", gp072: 20, gp080: 20, .regExtImm, cost: .loadImm64),
    ISARow(.store_imm_u8, "STORE_IMM_U8", gp072: 30, gp080: 30, .immImm, cost: .store),
    ISARow(.store_imm_u16, "STORE_IMM_U16", gp072: 31, gp080: 31, .immImm, cost: .store),
    ISARow(.store_imm_u32, "STORE_IMM_U32", gp072: 32, gp080: 32, .immImm, cost: .store),
    ISARow(.store_imm_u64, "STORE_IMM_U64", gp072: 33, gp080: 33, .immImm, cost: .store),
    ISARow(.jump, "JUMP", gp072: 40, gp080: 40, .offset, ends: true, cost: .jump),
    ISARow(.jump_ind, "JUMP_IND", gp072: 50, gp080: 50, .regImm, ends: true, cost: .djump),
    ISARow(.load_imm, "LOAD_IMM", gp072: 51, gp080: 51, .regImm, cost: .loadImm),
    ISARow(.load_u8, "LOAD_U8", gp072: 52, gp080: 52, .regImm, cost: .load),
    ISARow(.load_i8, "LOAD_I8", gp072: 53, gp080: 53, .regImm, cost: .load),
    ISARow(.load_u16, "LOAD_U16", gp072: 54, gp080: 54, .regImm, cost: .load),
    ISARow(.load_i16, "LOAD_I16", gp072: 55, gp080: 55, .regImm, cost: .load),
    ISARow(.load_u32, "LOAD_U32", gp072: 56, gp080: 56, .regImm, cost: .load),
    ISARow(.load_i32, "LOAD_I32", gp072: 57, gp080: 57, .regImm, cost: .load),
    ISARow(.load_u64, "LOAD_U64", gp072: 58, gp080: 58, .regImm, cost: .load),
    ISARow(.store_u8, "STORE_U8", gp072: 59, gp080: 59, .regImm, cost: .store),
    ISARow(.store_u16, "STORE_U16", gp072: 60, gp080: 60, .regImm, cost: .store),
    ISARow(.store_u32, "STORE_U32", gp072: 61, gp080: 61, .regImm, cost: .store),
    ISARow(.store_u64, "STORE_U64", gp072: 62, gp080: 62, .regImm, cost: .store),
    ISARow(.store_imm_ind_u8, "STORE_IMM_IND_U8", gp072: 70, gp080: 70, .regImmImm, cost: .store),
    ISARow(.store_imm_ind_u16, "STORE_IMM_IND_U16", gp072: 71, gp080: 71, .regImmImm, cost: .store),
    ISARow(.store_imm_ind_u32, "STORE_IMM_IND_U32", gp072: 72, gp080: 72, .regImmImm, cost: .store),
    ISARow(.store_imm_ind_u64, "STORE_IMM_IND_U64", gp072: 73, gp080: 73, .regImmImm, cost: .store),
    ISARow(.load_imm_jump, "LOAD_IMM_JUMP", gp072: 80, gp080: 80, .regImmOffset, ends: true, cost: .jump),
    ISARow(.branch_eq_imm, "BRANCH_EQ_IMM", gp072: 81, gp080: 81, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_ne_imm, "BRANCH_NE_IMM", gp072: 82, gp080: 82, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_lt_u_imm, "BRANCH_LT_U_IMM", gp072: 83, gp080: 83, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_le_u_imm, "BRANCH_LE_U_IMM", gp072: 84, gp080: 84, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_ge_u_imm, "BRANCH_GE_U_IMM", gp072: 85, gp080: 85, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_gt_u_imm, "BRANCH_GT_U_IMM", gp072: 86, gp080: 86, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_lt_s_imm, "BRANCH_LT_S_IMM", gp072: 87, gp080: 87, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_le_s_imm, "BRANCH_LE_S_IMM", gp072: 88, gp080: 88, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_ge_s_imm, "BRANCH_GE_S_IMM", gp072: 89, gp080: 89, .regImmOffset, ends: true, cost: .branch),
    ISARow(.branch_gt_s_imm, "BRANCH_GT_S_IMM", gp072: 90, gp080: 90, .regImmOffset, ends: true, cost: .branch),
    ISARow(.move_reg, "MOVE_REG", gp072: 100, gp080: 100, .regReg, cost: .move),
    ISARow(.sbrk, "SBRK", gp072: 101, gp080: ISARow.absent, .regReg, cost: .none),
    ISARow(.count_set_bits_64, "COUNT_SET_BITS_64", gp072: 102, gp080: 101, .regReg, cost: .unary),
    ISARow(.count_set_bits_32, "COUNT_SET_BITS_32", gp072: 103, gp080: 102, .regReg, cost: .unary),
    ISARow(.leading_zero_bits_64, "LEADING_ZERO_BITS_64", gp072: 104, gp080: 103, .regReg, cost: .unary),
    ISARow(.leading_zero_bits_32, "LEADING_ZERO_BITS_32", gp072: 105, gp080: 104, .regReg, cost: .unary),
    ISARow(.trailing_zero_bits_64, "TRAILING_ZERO_BITS_64", gp072: 106, gp080: 105, .regReg, cost: .trailing),
    ISARow(.trailing_zero_bits_32, "TRAILING_ZERO_BITS_32", gp072: 107, gp080: 106, .regReg, cost: .trailing),
    ISARow(.sign_extend_8, "SIGN_EXTEND_8", gp072: 108, gp080: 107, .regReg, cost: .unary),
    ISARow(.sign_extend_16, "SIGN_EXTEND_16", gp072: 109, gp080: 108, .regReg, cost: .unary),
    ISARow(.zero_extend_16, "ZERO_EXTEND_16", gp072: 110, gp080: 109, .regReg, cost: .unary),
    ISARow(.reverse_bytes, "REVERSE_BYTES", gp072: 111, gp080: 110, .regReg, cost: .alu64),
    ISARow(.store_ind_u8, "STORE_IND_U8", gp072: 120, gp080: 120, .regRegImm, cost: .store),
    ISARow(.store_ind_u16, "STORE_IND_U16", gp072: 121, gp080: 121, .regRegImm, cost: .store),
    ISARow(.store_ind_u32, "STORE_IND_U32", gp072: 122, gp080: 122, .regRegImm, cost: .store),
    ISARow(.store_ind_u64, "STORE_IND_U64", gp072: 123, gp080: 123, .regRegImm, cost: .store),
    ISARow(.load_ind_u8, "LOAD_IND_U8", gp072: 124, gp080: 124, .regRegImm, cost: .load),
    ISARow(.load_ind_i8, "LOAD_IND_I8", gp072: 125, gp080: 125, .regRegImm, cost: .load),
    ISARow(.load_ind_u16, "LOAD_IND_U16", gp072: 126, gp080: 126, .regRegImm, cost: .load),
    ISARow(.load_ind_i16, "LOAD_IND_I16", gp072: 127, gp080: 127, .regRegImm, cost: .load),
    ISARow(.load_ind_u32, "LOAD_IND_U32", gp072: 128, gp080: 128, .regRegImm, cost: .load),
    ISARow(.load_ind_i32, "LOAD_IND_I32", gp072: 129, gp080: 129, .regRegImm, cost: .load),
    ISARow(.load_ind_u64, "LOAD_IND_U64", gp072: 130, gp080: 130, .regRegImm, cost: .load),
    ISARow(.add_imm_32, "ADD_IMM_32", gp072: 131, gp080: 131, .regRegImm, cost: .alu32),
    ISARow(.and_imm, "AND_IMM", gp072: 132, gp080: 132, .regRegImm, cost: .alu64),
    ISARow(.xor_imm, "XOR_IMM", gp072: 133, gp080: 133, .regRegImm, cost: .alu64),
    ISARow(.or_imm, "OR_IMM", gp072: 134, gp080: 134, .regRegImm, cost: .alu64),
    ISARow(.mul_imm_32, "MUL_IMM_32", gp072: 135, gp080: 135, .regRegImm, cost: .mul32),
    ISARow(.set_lt_u_imm, "SET_LT_U_IMM", gp072: 136, gp080: 136, .regRegImm, cost: .compare),
    ISARow(.set_lt_s_imm, "SET_LT_S_IMM", gp072: 137, gp080: 137, .regRegImm, cost: .compare),
    ISARow(.shlo_l_imm_32, "SHLO_L_IMM_32", gp072: 138, gp080: 138, .regRegImm, cost: .alu32),
    ISARow(.shlo_r_imm_32, "SHLO_R_IMM_32", gp072: 139, gp080: 139, .regRegImm, cost: .alu32),
    ISARow(.shar_r_imm_32, "SHAR_R_IMM_32", gp072: 140, gp080: 140, .regRegImm, cost: .alu32),
    ISARow(.neg_add_imm_32, "NEG_ADD_IMM_32", gp072: 141, gp080: 141, .regRegImm, cost: .negAdd32),
    ISARow(.set_gt_u_imm, "SET_GT_U_IMM", gp072: 142, gp080: 142, .regRegImm, cost: .compare),
    ISARow(.set_gt_s_imm, "SET_GT_S_IMM", gp072: 143, gp080: 143, .regRegImm, cost: .compare),
    ISARow(.shlo_l_imm_alt_32, "SHLO_L_IMM_ALT_32", gp072: 144, gp080: 144, .regRegImm, cost: .shiftAlt32),
    ISARow(.shlo_r_imm_alt_32, "SHLO_R_IMM_ALT_32", gp072: 145, gp080: 145, .regRegImm, cost: .shiftAlt32),
    ISARow(.shar_r_imm_alt_32, "SHAR_R_IMM_ALT_32", gp072: 146, gp080: 146, .regRegImm, cost: .shiftAlt32),
    ISARow(.cmov_iz_imm, "CMOV_IZ_IMM", gp072: 147, gp080: 147, .regRegImm, cost: .cmovImm),
    ISARow(.cmov_nz_imm, "CMOV_NZ_IMM", gp072: 148, gp080: 148, .regRegImm, cost: .cmovImm),
    ISARow(.add_imm_64, "ADD_IMM_64", gp072: 149, gp080: 149, .regRegImm, cost: .alu64),
    ISARow(.mul_imm_64, "MUL_IMM_64", gp072: 150, gp080: 150, .regRegImm, cost: .mul64),
    ISARow(.shlo_l_imm_64, "SHLO_L_IMM_64", gp072: 151, gp080: 151, .regRegImm, cost: .alu64),
    ISARow(.shlo_r_imm_64, "SHLO_R_IMM_64", gp072: 152, gp080: 152, .regRegImm, cost: .alu64),
    ISARow(.shar_r_imm_64, "SHAR_R_IMM_64", gp072: 153, gp080: 153, .regRegImm, cost: .alu64),
    ISARow(.neg_add_imm_64, "NEG_ADD_IMM_64", gp072: 154, gp080: 154, .regRegImm, cost: .inverted),
    ISARow(.shlo_l_imm_alt_64, "SHLO_L_IMM_ALT_64", gp072: 155, gp080: 155, .regRegImm, cost: .shiftAlt64),
    ISARow(.shlo_r_imm_alt_64, "SHLO_R_IMM_ALT_64", gp072: 156, gp080: 156, .regRegImm, cost: .shiftAlt64),
    ISARow(.shar_r_imm_alt_64, "SHAR_R_IMM_ALT_64", gp072: 157, gp080: 157, .regRegImm, cost: .shiftAlt64),
    ISARow(.rot_r_64_imm, "ROT_R_64_IMM", gp072: 158, gp080: 158, .regRegImm, cost: .alu64),
    ISARow(.rot_r_64_imm_alt, "ROT_R_64_IMM_ALT", gp072: 159, gp080: 159, .regRegImm, cost: .shiftAlt64),
    ISARow(.rot_r_32_imm, "ROT_R_32_IMM", gp072: 160, gp080: 160, .regRegImm, cost: .alu32),
    ISARow(.rot_r_32_imm_alt, "ROT_R_32_IMM_ALT", gp072: 161, gp080: 161, .regRegImm, cost: .shiftAlt32),
    ISARow(.branch_eq, "BRANCH_EQ", gp072: 170, gp080: 170, .regRegOffset, ends: true, cost: .branch),
    ISARow(.branch_ne, "BRANCH_NE", gp072: 171, gp080: 171, .regRegOffset, ends: true, cost: .branch),
    ISARow(.branch_lt_u, "BRANCH_LT_U", gp072: 172, gp080: 172, .regRegOffset, ends: true, cost: .branch),
    ISARow(.branch_lt_s, "BRANCH_LT_S", gp072: 173, gp080: 173, .regRegOffset, ends: true, cost: .branch),
    ISARow(.branch_ge_u, "BRANCH_GE_U", gp072: 174, gp080: 174, .regRegOffset, ends: true, cost: .branch),
    ISARow(.branch_ge_s, "BRANCH_GE_S", gp072: 175, gp080: 175, .regRegOffset, ends: true, cost: .branch),
    ISARow(.load_imm_jump_ind, "LOAD_IMM_JUMP_IND", gp072: 180, gp080: 180, .regRegImmImm, ends: true, cost: .djump),
    ISARow(.add_32, "ADD_32", gp072: 190, gp080: 190, .regRegReg, cost: .alu32),
    ISARow(.sub_32, "SUB_32", gp072: 191, gp080: 191, .regRegReg, cost: .alu32),
    ISARow(.mul_32, "MUL_32", gp072: 192, gp080: 192, .regRegReg, cost: .mul32),
    ISARow(.div_u_32, "DIV_U_32", gp072: 193, gp080: 193, .regRegReg, cost: .divide),
    ISARow(.div_s_32, "DIV_S_32", gp072: 194, gp080: 194, .regRegReg, cost: .divide),
    ISARow(.rem_u_32, "REM_U_32", gp072: 195, gp080: 195, .regRegReg, cost: .divide),
    ISARow(.rem_s_32, "REM_S_32", gp072: 196, gp080: 196, .regRegReg, cost: .divide),
    ISARow(.shlo_l_32, "SHLO_L_32", gp072: 197, gp080: 197, .regRegReg, cost: .shift32),
    ISARow(.shlo_r_32, "SHLO_R_32", gp072: 198, gp080: 198, .regRegReg, cost: .shift32),
    ISARow(.shar_r_32, "SHAR_R_32", gp072: 199, gp080: 199, .regRegReg, cost: .shift32),
    ISARow(.add_64, "ADD_64", gp072: 200, gp080: 200, .regRegReg, cost: .alu64),
    ISARow(.sub_64, "SUB_64", gp072: 201, gp080: 201, .regRegReg, cost: .alu64),
    ISARow(.mul_64, "MUL_64", gp072: 202, gp080: 202, .regRegReg, cost: .mul64),
    ISARow(.div_u_64, "DIV_U_64", gp072: 203, gp080: 203, .regRegReg, cost: .divide),
    ISARow(.div_s_64, "DIV_S_64", gp072: 204, gp080: 204, .regRegReg, cost: .divide),
    ISARow(.rem_u_64, "REM_U_64", gp072: 205, gp080: 205, .regRegReg, cost: .divide),
    ISARow(.rem_s_64, "REM_S_64", gp072: 206, gp080: 206, .regRegReg, cost: .divide),
    ISARow(.shlo_l_64, "SHLO_L_64", gp072: 207, gp080: 207, .regRegReg, cost: .shift64),
    ISARow(.shlo_r_64, "SHLO_R_64", gp072: 208, gp080: 208, .regRegReg, cost: .shift64),
    ISARow(.shar_r_64, "SHAR_R_64", gp072: 209, gp080: 209, .regRegReg, cost: .shift64),
    ISARow(.and, "AND", gp072: 210, gp080: 210, .regRegReg, cost: .alu64),
    ISARow(.xor, "XOR", gp072: 211, gp080: 211, .regRegReg, cost: .alu64),
    ISARow(.or, "OR", gp072: 212, gp080: 212, .regRegReg, cost: .alu64),
    ISARow(.mul_upper_s_s, "MUL_UPPER_S_S", gp072: 213, gp080: 213, .regRegReg, cost: .mulUpper),
    ISARow(.mul_upper_u_u, "MUL_UPPER_U_U", gp072: 214, gp080: 214, .regRegReg, cost: .mulUpper),
    ISARow(.mul_upper_s_u, "MUL_UPPER_S_U", gp072: 215, gp080: 215, .regRegReg, cost: .mulUpperMixed),
    ISARow(.set_lt_u, "SET_LT_U", gp072: 216, gp080: 216, .regRegReg, cost: .compare),
    ISARow(.set_lt_s, "SET_LT_S", gp072: 217, gp080: 217, .regRegReg, cost: .compare),
    ISARow(.cmov_iz, "CMOV_IZ", gp072: 218, gp080: 218, .regRegReg, cost: .cmov),
    ISARow(.cmov_nz, "CMOV_NZ", gp072: 219, gp080: 219, .regRegReg, cost: .cmov),
    ISARow(.rot_l_64, "ROT_L_64", gp072: 220, gp080: 220, .regRegReg, cost: .shift64),
    ISARow(.rot_l_32, "ROT_L_32", gp072: 221, gp080: 221, .regRegReg, cost: .shift32),
    ISARow(.rot_r_64, "ROT_R_64", gp072: 222, gp080: 222, .regRegReg, cost: .shift64),
    ISARow(.rot_r_32, "ROT_R_32", gp072: 223, gp080: 223, .regRegReg, cost: .shift32),
    ISARow(.and_inv, "AND_INV", gp072: 224, gp080: 224, .regRegReg, cost: .inverted),
    ISARow(.or_inv, "OR_INV", gp072: 225, gp080: 225, .regRegReg, cost: .inverted),
    ISARow(.xnor, "XNOR", gp072: 226, gp080: 226, .regRegReg, cost: .xnor),
    ISARow(.max, "MAX", gp072: 227, gp080: 227, .regRegReg, cost: .minMax),
    ISARow(.max_u, "MAX_U", gp072: 228, gp080: 228, .regRegReg, cost: .minMax),
    ISARow(.min, "MIN", gp072: 229, gp080: 229, .regRegReg, cost: .minMax),
    ISARow(.min_u, "MIN_U", gp072: 230, gp080: 230, .regRegReg, cost: .minMax)
]

extension ISA {
    /// Number in `isaTable` of the operation that an opcode octet stands for, nil if it stands for none (not in U).
    @inline(__always)
    public func row(_ octet: UInt8) -> Int? {
        let row = (self == .gp072 ? octets072 : octets080)[Int(octet)]
        return row == noRow ? nil : Int(row)
    }
}

/// For each opcode octet of a set its row, and for each `Opcode`: the table's columns turned around.
private let octets072 = inverse { $0.gp072 }
private let octets080 = inverse { $0.gp080 }
private let opcodes = inverse { Int16($0.opcode.rawValue) }
private let noRow: UInt8 = 255

private func inverse(_ number: (ISARow) -> Int16) -> Table<UInt8> {
    Table(count: 256) { octet in
        for row in isaTable.indices where number(isaTable[row]) == Int16(truncatingIfNeeded: octet) { return UInt8(truncatingIfNeeded: row) }
        return noRow
    }
}

extension Opcode {
    public var row: ISARow { isaTable[Int(opcodes[Int(rawValue)])] }
}
