"""check.py FOLDER: compares the records that `generate` wrote with what Python's integers say."""
import os
import sys

M = 1 << 256


def signed(x):
    return x - M if x >> 255 else x


def truncated(a, b):
    """The quotient rounded towards zero."""
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def sign_extend(x, i):
    if i >= 31:
        return x
    x &= (1 << 8 * (i + 1)) - 1
    return x - (1 << 8 * (i + 1)) if x >> (8 * i + 7) else x


def byte(x, i):
    return x.to_bytes(32, "big")[i] if i < 32 else 0


# Operation: (sizes of the operands, size of the result, function); sizes in octets. Results are taken modulo their size.
TWO, ONE = (32, 32), (32,)
OPERATIONS = {
    "add": (TWO, 32, lambda a, b: a + b),
    "sub": (TWO, 32, lambda a, b: a - b),
    "mul": (TWO, 32, lambda a, b: a * b),
    "and": (TWO, 32, lambda a, b: a & b),
    "or": (TWO, 32, lambda a, b: a | b),
    "xor": (TWO, 32, lambda a, b: a ^ b),
    "not": (ONE, 32, lambda a: ~a),
    "neg": (ONE, 32, lambda a: -a),
    "magnitude": (ONE, 32, lambda a: abs(signed(a))),
    "clz": (ONE, 32, lambda a: 256 - a.bit_length()),
    "bit_width": (ONE, 32, lambda a: a.bit_length()),
    "limb_count": (ONE, 32, lambda a: (a.bit_length() + 63) // 64),
    "clamp": (ONE, 32, lambda a: min(a, (1 << 64) - 1)),
    "is_zero": (ONE, 32, lambda a: a == 0),
    "is_negative": (ONE, 32, lambda a: a >> 255),
    "eq": (TWO, 32, lambda a, b: a == b),
    "lt": (TWO, 32, lambda a, b: a < b),
    "gt": (TWO, 32, lambda a, b: a > b),
    "le": (TWO, 32, lambda a, b: a <= b),
    "ge": (TWO, 32, lambda a, b: a >= b),
    "slt": (TWO, 32, lambda a, b: signed(a) < signed(b)),
    "shl": (TWO, 32, lambda a, b: a << b if b < 256 else 0),
    "shr": (TWO, 32, lambda a, b: a >> min(b, 256)),
    "sar": (TWO, 32, lambda a, b: signed(a) >> min(b, 256)),
    "byte": (TWO, 32, byte),
    "signextend": (TWO, 32, sign_extend),
    "div": (TWO, 32, lambda a, b: a // b if b else 0),
    "mod": (TWO, 32, lambda a, b: a % b if b else 0),
    "sdiv": (TWO, 32, lambda a, b: truncated(signed(a), signed(b)) if b else 0),
    "smod": (TWO, 32, lambda a, b: signed(a) - signed(b) * truncated(signed(a), signed(b)) if b else 0),
    "exp": (TWO, 32, lambda a, b: pow(a, b, M)),
    "divide": (TWO, 64, lambda a, b: a // b | a % b << 256 if b else 0),
    "reciprocal": (ONE, 32, lambda d: (((1 << 128) - 1) // d - (1 << 64)) * (1 + (1 << 64))),
    "add_carry": (TWO, 64, lambda a, b: a + b),
    "sub_borrow": (TWO, 64, lambda a, b: (a - b) % M | (a < b) << 256),
    "mul_full": (TWO, 64, lambda a, b: a * b),
    "addmod": ((32, 32, 32), 32, lambda a, b, m: (a + b) % m if m else 0),
    "mulmod": ((32, 32, 32), 32, lambda a, b, m: a * b % m if m else 0),
    "remainder": ((64, 32), 32, lambda a, m: a % m if m else 0),
    "load": (ONE, 32, lambda a: int.from_bytes(a.to_bytes(32, "little"), "big")),
    "store": (ONE, 34, lambda a: int.from_bytes(b"\xaa" + a.to_bytes(32, "big") + b"\xaa", "little")),
    "load_address": ((20,), 32, lambda a: int.from_bytes(a.to_bytes(20, "little"), "big")),
    "store_address": (ONE, 22, lambda a: int.from_bytes(b"\xaa" + a.to_bytes(32, "big")[12:] + b"\xaa", "little")),
    "load_some": (TWO, 32, lambda a, n: int.from_bytes(a.to_bytes(32, "little")[:n], "big")),
}


def check(folder, name):
    """The number of records; ends the program at the first that is wrong."""
    sizes, result_size, function = OPERATIONS[name]
    size = sum(sizes) + result_size
    data = open(os.path.join(folder, name), "rb").read()
    assert data and len(data) % size == 0, f"{name}: {len(data)} octets are no records of {size}"
    mask = (1 << 8 * result_size) - 1
    for start in range(0, len(data), size):
        operands, at = [], start
        for octets in sizes:
            operands.append(int.from_bytes(data[at:at + octets], "little"))
            at += octets
        result = int.from_bytes(data[at:at + result_size], "little")
        expected = int(function(*operands)) & mask
        if result != expected:
            sys.exit(f"test-arithmetic: FAILED: {name}({', '.join(map(hex, operands))})\n  is        {result:#x}\n  should be {expected:#x}")
    return len(data) // size


folder = sys.argv[1]
present = set(os.listdir(folder)) - {"generate"}
if present != set(OPERATIONS):
    sys.exit(f"test-arithmetic: FAILED: recorded or known alone: {sorted(present ^ set(OPERATIONS))}")
total = sum(check(folder, name) for name in OPERATIONS)
print(f"test-arithmetic: {len(OPERATIONS)} operations, {total} results as Python's")
