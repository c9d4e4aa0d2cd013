"""What instructions compute from registers and immediates, in the words of the instruction tables."""

from .bits import U64, bit, from_bits, rtz, sext, signed, smod, unsigned

U32 = 1 << 32


def s32(x):
    return signed(4, x % U32)


def s64(x):
    return signed(8, x)


def div_u(bits, a, b):
    return U64 - 1 if b == 0 else sext(bits // 8, a // b)


def div_s_32(a, b):
    a, b = s32(a), s32(b)
    if b == 0:
        return U64 - 1
    if a == -(1 << 31) and b == -1:
        return unsigned(a)
    return unsigned(rtz(a, b))


def div_s_64(a, b):
    if b == 0:
        return U64 - 1
    if s64(a) == -(1 << 63) and s64(b) == -1:
        return a
    return unsigned(rtz(s64(a), s64(b)))


def rem_s_32(a, b):
    a, b = s32(a), s32(b)
    return 0 if a == -(1 << 31) and b == -1 else unsigned(smod(a, b))


def rem_s_64(a, b):
    return 0 if s64(a) == -(1 << 63) and s64(b) == -1 else unsigned(smod(s64(a), s64(b)))


def rot_r(bits, value, count):
    return from_bits(bit(value, (i + count) % bits) for i in range(bits))


def rot_l(bits, value, count):
    result = [0] * bits
    for i in range(bits):
        result[(i + count) % bits] = bit(value, i)
    return from_bits(result)


def zeros(order):
    """The number of zeros at the start of a bit sequence."""
    n = 0
    while n < len(order) and order[n] == 0:
        n += 1
    return n


def bits_of(bits, x):
    return [bit(x, i) for i in range(bits)]


def bitwise(function):
    return lambda a, b: from_bits(function(bit(a, i), bit(b, i)) for i in range(64))


# reg'_D from reg_A
ONE = {
    "move_reg": lambda a: a,
    "count_set_bits_64": lambda a: sum(bits_of(64, a)),
    "count_set_bits_32": lambda a: sum(bits_of(32, a % U32)),
    "leading_zero_bits_64": lambda a: zeros(bits_of(64, a)[::-1]),
    "leading_zero_bits_32": lambda a: zeros(bits_of(32, a % U32)[::-1]),
    "trailing_zero_bits_64": lambda a: zeros(bits_of(64, a)),
    "trailing_zero_bits_32": lambda a: zeros(bits_of(32, a % U32)),
    "sign_extend_8": lambda a: unsigned(signed(1, a % 256)),
    "sign_extend_16": lambda a: unsigned(signed(2, a % 65536)),
    "zero_extend_16": lambda a: a % 65536,
    "reverse_bytes": lambda a: int.from_bytes(a.to_bytes(8, "little"), "big"),
}

# reg'_D from reg_A and reg_B. The two cmov stand in KEEP.
TWO = {
    "add_32": lambda a, b: sext(4, (a + b) % U32),
    "sub_32": lambda a, b: sext(4, (a + U32 - b % U32) % U32),
    "mul_32": lambda a, b: sext(4, a * b % U32),
    "div_u_32": lambda a, b: div_u(32, a % U32, b % U32),
    "div_s_32": div_s_32,
    "rem_u_32": lambda a, b: sext(4, a % U32 if b % U32 == 0 else a % U32 % (b % U32)),
    "rem_s_32": rem_s_32,
    "shlo_l_32": lambda a, b: sext(4, a * 2 ** (b % 32) % U32),
    "shlo_r_32": lambda a, b: sext(4, a % U32 // 2 ** (b % 32)),
    "shar_r_32": lambda a, b: unsigned(s32(a) // 2 ** (b % 32)),
    "add_64": lambda a, b: (a + b) % U64,
    "sub_64": lambda a, b: (a + U64 - b) % U64,
    "mul_64": lambda a, b: a * b % U64,
    "div_u_64": lambda a, b: div_u(64, a, b),
    "div_s_64": div_s_64,
    "rem_u_64": lambda a, b: a if b == 0 else a % b,
    "rem_s_64": rem_s_64,
    "shlo_l_64": lambda a, b: a * 2 ** (b % 64) % U64,
    "shlo_r_64": lambda a, b: a // 2 ** (b % 64),
    "shar_r_64": lambda a, b: unsigned(s64(a) // 2 ** (b % 64)),
    "and": bitwise(lambda x, y: x & y),
    "xor": bitwise(lambda x, y: x ^ y),
    "or": bitwise(lambda x, y: x | y),
    "mul_upper_s_s": lambda a, b: unsigned(s64(a) * s64(b) // U64),
    "mul_upper_u_u": lambda a, b: a * b // U64,
    "mul_upper_s_u": lambda a, b: unsigned(s64(a) * b // U64),
    "set_lt_u": lambda a, b: int(a < b),
    "set_lt_s": lambda a, b: int(s64(a) < s64(b)),
    "rot_l_64": lambda a, b: rot_l(64, a, b),
    "rot_l_32": lambda a, b: sext(4, rot_l(32, a, b)),
    "rot_r_64": lambda a, b: rot_r(64, a, b),
    "rot_r_32": lambda a, b: sext(4, rot_r(32, a, b)),
    "and_inv": bitwise(lambda x, y: x & 1 - y),
    "or_inv": bitwise(lambda x, y: x | 1 - y),
    "xnor": bitwise(lambda x, y: 1 - (x ^ y)),
    "max": lambda a, b: unsigned(max(s64(a), s64(b))),
    "max_u": max,
    "min": lambda a, b: unsigned(min(s64(a), s64(b))),
    "min_u": min,
}

# reg'_A from reg_B and the immediate X. The two cmov stand in KEEP.
IMMEDIATE = {
    "add_imm_32": lambda b, x: sext(4, (b + x) % U32),
    "and_imm": TWO["and"],
    "xor_imm": TWO["xor"],
    "or_imm": TWO["or"],
    "mul_imm_32": lambda b, x: sext(4, b * x % U32),
    "set_lt_u_imm": lambda b, x: int(b < x),
    "set_lt_s_imm": lambda b, x: int(s64(b) < s64(x)),
    "shlo_l_imm_32": lambda b, x: sext(4, b * 2 ** (x % 32) % U32),
    "shlo_r_imm_32": lambda b, x: sext(4, b % U32 // 2 ** (x % 32)),
    "shar_r_imm_32": lambda b, x: unsigned(s32(b) // 2 ** (x % 32)),
    "neg_add_imm_32": lambda b, x: sext(4, (x + U32 - b) % U32),
    "set_gt_u_imm": lambda b, x: int(b > x),
    "set_gt_s_imm": lambda b, x: int(s64(b) > s64(x)),
    "shlo_l_imm_alt_32": lambda b, x: sext(4, x * 2 ** (b % 32) % U32),
    "shlo_r_imm_alt_32": lambda b, x: sext(4, x % U32 // 2 ** (b % 32)),
    "shar_r_imm_alt_32": lambda b, x: unsigned(s32(x) // 2 ** (b % 32)),
    "add_imm_64": lambda b, x: (b + x) % U64,
    "mul_imm_64": lambda b, x: b * x % U64,
    "shlo_l_imm_64": lambda b, x: b * 2 ** (x % 64) % U64,
    "shlo_r_imm_64": lambda b, x: b // 2 ** (x % 64),
    "shar_r_imm_64": lambda b, x: unsigned(s64(b) // 2 ** (x % 64)),
    "neg_add_imm_64": lambda b, x: (x + U64 - b) % U64,
    "shlo_l_imm_alt_64": lambda b, x: x * 2 ** (b % 64) % U64,
    "shlo_r_imm_alt_64": lambda b, x: x // 2 ** (b % 64),
    "shar_r_imm_alt_64": lambda b, x: unsigned(s64(x) // 2 ** (b % 64)),
    "rot_r_64_imm": lambda b, x: rot_r(64, b, x),
    "rot_r_64_imm_alt": lambda b, x: rot_r(64, x, b),
    "rot_r_32_imm": lambda b, x: sext(4, rot_r(32, b, x)),
    "rot_r_32_imm_alt": lambda b, x: sext(4, rot_r(32, x, b)),
}

# Conditional moves: is the register that the instruction tests such that it moves?
KEEP = {"cmov_iz": lambda b: b == 0, "cmov_nz": lambda b: b != 0}

# Conditions of branches, of reg_A with reg_B or with the immediate X.
CONDITION = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt_u": lambda a, b: a < b,
    "le_u": lambda a, b: a <= b,
    "ge_u": lambda a, b: a >= b,
    "gt_u": lambda a, b: a > b,
    "lt_s": lambda a, b: s64(a) < s64(b),
    "le_s": lambda a, b: s64(a) <= s64(b),
    "ge_s": lambda a, b: s64(a) >= s64(b),
    "gt_s": lambda a, b: s64(a) > s64(b),
}
