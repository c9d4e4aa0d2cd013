"""Opcode numbers of the Gray Paper 0.7.2 and 0.8.0: one list per instruction table of the paper."""

# The operand forms, named after the paper's section titles.
NONE = "no arguments"
IMM = "one immediate"
REG_WIDE = "one register and one extended width immediate"
IMM_IMM = "two immediates"
OFFSET = "one offset"
REG_IMM = "one register and one immediate"
REG_IMM_IMM = "one register and two immediates"
REG_IMM_OFFSET = "one register, one immediate and one offset"
REG_REG = "two registers"
REG_REG_IMM = "two registers and one immediate"
REG_REG_OFFSET = "two registers and one offset"
REG_REG_IMM_IMM = "two registers and two immediates"
REG_REG_REG = "three registers"

# (first opcode, form, names in order). These are the same in both versions.
COMMON = [
    (10, IMM, "ecalli"),
    (20, REG_WIDE, "load_imm_64"),
    (30, IMM_IMM, "store_imm_u8 store_imm_u16 store_imm_u32 store_imm_u64"),
    (40, OFFSET, "jump"),
    (50, REG_IMM, "jump_ind load_imm load_u8 load_i8 load_u16 load_i16 load_u32 load_i32 load_u64 "
                  "store_u8 store_u16 store_u32 store_u64"),
    (70, REG_IMM_IMM, "store_imm_ind_u8 store_imm_ind_u16 store_imm_ind_u32 store_imm_ind_u64"),
    (80, REG_IMM_OFFSET, "load_imm_jump branch_eq_imm branch_ne_imm branch_lt_u_imm branch_le_u_imm branch_ge_u_imm "
                         "branch_gt_u_imm branch_lt_s_imm branch_le_s_imm branch_ge_s_imm branch_gt_s_imm"),
    (120, REG_REG_IMM, "store_ind_u8 store_ind_u16 store_ind_u32 store_ind_u64 load_ind_u8 load_ind_i8 load_ind_u16 "
                       "load_ind_i16 load_ind_u32 load_ind_i32 load_ind_u64 add_imm_32 and_imm xor_imm or_imm "
                       "mul_imm_32 set_lt_u_imm set_lt_s_imm shlo_l_imm_32 shlo_r_imm_32 shar_r_imm_32 "
                       "neg_add_imm_32 set_gt_u_imm set_gt_s_imm shlo_l_imm_alt_32 shlo_r_imm_alt_32 "
                       "shar_r_imm_alt_32 cmov_iz_imm cmov_nz_imm add_imm_64 mul_imm_64 shlo_l_imm_64 "
                       "shlo_r_imm_64 shar_r_imm_64 neg_add_imm_64 shlo_l_imm_alt_64 shlo_r_imm_alt_64 "
                       "shar_r_imm_alt_64 rot_r_64_imm rot_r_64_imm_alt rot_r_32_imm rot_r_32_imm_alt"),
    (170, REG_REG_OFFSET, "branch_eq branch_ne branch_lt_u branch_lt_s branch_ge_u branch_ge_s"),
    (180, REG_REG_IMM_IMM, "load_imm_jump_ind"),
    (190, REG_REG_REG, "add_32 sub_32 mul_32 div_u_32 div_s_32 rem_u_32 rem_s_32 shlo_l_32 shlo_r_32 shar_r_32 "
                       "add_64 sub_64 mul_64 div_u_64 div_s_64 rem_u_64 rem_s_64 shlo_l_64 shlo_r_64 shar_r_64 "
                       "and xor or mul_upper_s_s mul_upper_u_u mul_upper_s_u set_lt_u set_lt_s cmov_iz cmov_nz "
                       "rot_l_64 rot_l_32 rot_r_64 rot_r_32 and_inv or_inv xnor max max_u min min_u"),
]
BIT_COUNTS = ("count_set_bits_64 count_set_bits_32 leading_zero_bits_64 leading_zero_bits_32 trailing_zero_bits_64 "
              "trailing_zero_bits_32 sign_extend_8 sign_extend_16 zero_extend_16 reverse_bytes")
ONLY_072 = [(0, NONE, "trap fallthrough"), (100, REG_REG, "move_reg sbrk " + BIT_COUNTS)]
ONLY_080 = [(0, NONE, "trap fallthrough unlikely"), (100, REG_REG, "move_reg " + BIT_COUNTS)]

TERMINATORS = set(("trap fallthrough jump jump_ind load_imm_jump load_imm_jump_ind "
                   "branch_eq branch_ne branch_ge_u branch_ge_s branch_lt_u branch_lt_s branch_eq_imm branch_ne_imm "
                   "branch_lt_u_imm branch_lt_s_imm branch_le_u_imm branch_le_s_imm branch_ge_u_imm branch_ge_s_imm "
                   "branch_gt_u_imm branch_gt_s_imm").split())


class ISA:
    """name and form by opcode; U: the valid opcodes; T: those that end a basic block."""

    def __init__(self, version, tables):
        self.version = version
        self.name = {}
        self.form = {}
        for first, form, names in tables:
            for opcode, name in enumerate(names.split(), first):
                assert opcode not in self.name
                self.name[opcode] = name
                self.form[opcode] = form
        self.opcode = {name: opcode for opcode, name in self.name.items()}
        self.U = set(self.name)
        self.T = {opcode for opcode, name in self.name.items() if name in TERMINATORS}


GP072 = ISA("gp072", ONLY_072 + COMMON)
GP080 = ISA("gp080", ONLY_080 + COMMON)
BY_NAME = {"gp072": GP072, "gp080": GP080}

assert len(GP072.U) == 139 and len(GP080.U) == 139 and len(TERMINATORS) == 22
