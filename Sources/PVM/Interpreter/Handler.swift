import VMCommon

/// What the interpreter's switch tells apart. The first 140 are the operations, in the order of `isaTable` (a test holds them to
/// it); the others exist in decoded programs only.
enum Handler: UInt8 {
    case trap, `fallthrough`, unlikely, ecalli, load_imm_64, store_imm_u8, store_imm_u16, store_imm_u32, store_imm_u64,
         jump, jump_ind, load_imm, load_u8, load_i8, load_u16, load_i16, load_u32, load_i32, load_u64, store_u8,
         store_u16, store_u32, store_u64, store_imm_ind_u8, store_imm_ind_u16, store_imm_ind_u32, store_imm_ind_u64,
         load_imm_jump, branch_eq_imm, branch_ne_imm, branch_lt_u_imm, branch_le_u_imm, branch_ge_u_imm,
         branch_gt_u_imm, branch_lt_s_imm, branch_le_s_imm, branch_ge_s_imm, branch_gt_s_imm, move_reg, sbrk,
         count_set_bits_64, count_set_bits_32, leading_zero_bits_64, leading_zero_bits_32, trailing_zero_bits_64,
         trailing_zero_bits_32, sign_extend_8, sign_extend_16, zero_extend_16, reverse_bytes, store_ind_u8,
         store_ind_u16, store_ind_u32, store_ind_u64, load_ind_u8, load_ind_i8, load_ind_u16, load_ind_i16,
         load_ind_u32, load_ind_i32, load_ind_u64, add_imm_32, and_imm, xor_imm, or_imm, mul_imm_32, set_lt_u_imm,
         set_lt_s_imm, shlo_l_imm_32, shlo_r_imm_32, shar_r_imm_32, neg_add_imm_32, set_gt_u_imm, set_gt_s_imm,
         shlo_l_imm_alt_32, shlo_r_imm_alt_32, shar_r_imm_alt_32, cmov_iz_imm, cmov_nz_imm, add_imm_64, mul_imm_64,
         shlo_l_imm_64, shlo_r_imm_64, shar_r_imm_64, neg_add_imm_64, shlo_l_imm_alt_64, shlo_r_imm_alt_64,
         shar_r_imm_alt_64, rot_r_64_imm, rot_r_64_imm_alt, rot_r_32_imm, rot_r_32_imm_alt, branch_eq, branch_ne,
         branch_lt_u, branch_lt_s, branch_ge_u, branch_ge_s, load_imm_jump_ind, add_32, sub_32, mul_32, div_u_32,
         div_s_32, rem_u_32, rem_s_32, shlo_l_32, shlo_r_32, shar_r_32, add_64, sub_64, mul_64, div_u_64, div_s_64,
         rem_u_64, rem_s_64, shlo_l_64, shlo_r_64, shar_r_64, and, xor, or, mul_upper_s_s, mul_upper_u_u, mul_upper_s_u,
         set_lt_u, set_lt_s, cmov_iz, cmov_nz, rot_l_64, rot_l_32, rot_r_64, rot_r_32, and_inv, or_inv, xnor, max,
         max_u, min, min_u

    // Fused: see `fusions`.
    case move_reg__move_reg, move_reg__add_imm_64, move_reg__add_64, move_reg__load_ind_u64, move_reg__store_ind_u64,
         move_reg__xor, add_imm_64__move_reg, add_imm_64__add_imm_64, add_imm_64__add_64, add_imm_64__load_ind_u64,
         add_imm_64__store_ind_u64, add_imm_64__xor, add_64__move_reg, add_64__add_imm_64, add_64__add_64,
         add_64__load_ind_u64, add_64__store_ind_u64, add_64__xor, load_ind_u64__move_reg, load_ind_u64__add_imm_64,
         load_ind_u64__add_64, load_ind_u64__load_ind_u64, load_ind_u64__store_ind_u64, load_ind_u64__xor,
         store_ind_u64__move_reg, store_ind_u64__add_imm_64, store_ind_u64__add_64, store_ind_u64__load_ind_u64,
         store_ind_u64__store_ind_u64, store_ind_u64__xor, xor__move_reg, xor__add_imm_64, xor__add_64, xor__load_ind_u64,
         xor__store_ind_u64, xor__xor, load_imm__load_imm, load_imm__move_reg, move_reg__load_imm, load_imm__add_64,
         store_ind_u64__load_imm, load_ind_u8__load_ind_u8, load_ind_u8__add_imm_64, load_ind_u8__shlo_l_imm_64,
         store_ind_u8__add_imm_64, add_64__load_ind_u8, add_64__store_ind_u8, load_ind_i32__add_imm_64,
         load_ind_i32__add_64, add_64__load_ind_i32, load_ind_i32__load_ind_i32, load_ind_u32__add_imm_64,
         add_64__load_ind_u32, store_ind_u32__store_ind_u32, store_ind_u32__move_reg, add_64__store_ind_u32,
         add_64__store_imm_ind_u8, shlo_l_imm_64__add_64, add_imm_64__shlo_l_imm_64, shlo_l_imm_64__xor,
         shlo_l_imm_64__shlo_r_imm_64, add_imm_64__mul_64, mul_64__add_64, rot_r_32_imm__xor, xor__rot_r_32_imm,
         rot_r_32_imm__rot_r_32_imm, and__xor, xor__and, add_64__rot_l_64, rot_l_64__load_ind_u64, and_inv__xor,
         move_reg__move_reg__move_reg, load_ind_u64__load_ind_u64__load_ind_u64,
         store_ind_u64__store_ind_u64__store_ind_u64, rot_r_32_imm__xor__rot_r_32_imm, load_ind_u64__xor__store_ind_u64,
         add_imm_64__mul_64__add_64, add_imm_64__shlo_l_imm_64__add_64, load_ind_u64__store_ind_u64__add_imm_64,
         add_imm_64__branch_ne, add_imm_64__branch_eq, add_imm_64__branch_lt_u, add_imm_64__branch_ge_u,
         add_imm_64__branch_lt_s, add_imm_64__branch_ge_s, add_imm_64__branch_ne_imm, add_imm_64__branch_eq_imm,
         add_64__branch_ne, add_64__branch_lt_u, add_64__branch_ge_u, move_reg__branch_ne, move_reg__branch_lt_u,
         move_reg__jump, move_reg__fallthrough, move_reg__load_imm_jump, load_imm__branch_lt_u, load_imm__branch_ne,
         load_imm__jump, load_ind_u8__branch_eq_imm, load_ind_u8__branch_ne_imm, load_ind_u64__branch_eq_imm,
         load_ind_u64__branch_ne_imm, store_imm_ind_u8__branch_lt_u, and_imm__branch_eq_imm, and_imm__branch_ne_imm,
         add_imm_64__jump, add_imm_64__jump_ind, add_imm_64__load_imm_jump, add_imm_64__add_imm_64__branch_lt_u,
         add_64__add_imm_64__branch_ne, store_ind_u8__add_imm_64__branch_ne

    /// The fast loop hands this instruction to the careful one.
    case careful

    /// The handler of a row of `isaTable`.
    init(row: Int) { self = unsafeBitCast(UInt8(truncatingIfNeeded: row), to: Handler.self) }

    /// The row of `isaTable`, for the plain operations.
    var row: Int { Int(rawValue) }

    var opcode: Opcode { isaTable[row].opcode }
}
