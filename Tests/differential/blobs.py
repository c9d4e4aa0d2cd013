"""Images good and bad: the library takes exactly what deblob and function Y take, and sees the same program in it."""

from case import as_blob, block_length, image
from generate import Generator
from library import Refused
from model import isa as isas
from model.blob import Malformed, Standard, encode_blob, encode_natural
from model.pipeline import block_gas
from model.program import Program


def mutate(r, octets):
    octets = bytearray(octets)
    for _ in range(r.choice([0, 1, 1, 1, 2, 5])):
        kind = r.randrange(8)
        at = r.randrange(len(octets) + 1) if r.random() < 0.5 else min(len(octets), r.randrange(16))
        if kind == 0 and octets:
            octets[min(at, len(octets) - 1)] ^= 1 << r.randrange(8)
        elif kind == 1 and octets:
            octets[min(at, len(octets) - 1)] = r.choice([0, 1, 127, 128, 191, 192, 254, 255, r.randrange(256)])
        elif kind == 2:
            del octets[at:at + r.choice([1, 1, 2, 8])]
        elif kind == 3:
            octets[at:at] = r.randbytes(r.choice([1, 1, 2, 8]))
        elif kind == 4:
            del octets[at:]
        elif kind == 5:
            octets += r.randbytes(r.choice([1, 1, 9]))
        elif kind == 6 and octets:
            octets[-1] ^= 1 << r.randrange(8)  # bitmask and its padding
        elif kind == 7:
            octets[0:1] = loose_natural(r, octets[0] if octets else 0)
    return bytes(octets)


def loose_natural(r, x):
    """Some encoding of a number: right, longer than needed, or absurd."""
    kind = r.randrange(4)
    if kind == 0:
        return encode_natural(x)
    if kind == 1:
        l = r.randrange(1, 8)
        return bytes([256 - (1 << 8 - l)]) + x.to_bytes(l, "little")
    if kind == 2:
        return encode_natural(r.choice([127, 128, 16383, 16384, 1 << 28, (1 << 28) + 1, (1 << 32) - 1, (1 << 56) - 1,
                                        1 << 56, (1 << 64) - 1]))
    return b"\xff" + r.randbytes(8)


def random_blob(r):
    """Blobs from parts: jump tables with entries of any length, code of any octets."""
    z = r.choice([0, 1, 2, 3, 4, 7, 8, 9, 12, 255])
    count = r.choice([0, 0, 1, 2, 5, 300])
    code = r.randbytes(r.choice([0, 1, 2, 7, 8, 9, 40]))
    bits = [1 if n == 0 or r.random() < 0.3 else 0 for n in range(len(code))]
    jumps = [r.getrandbits(8 * min(z, r.choice([1, 2, 8, 255]))) if z else 0 for _ in range(count)]
    return encode_blob(code, bits, jumps, z)


def sample(r, version):
    """(format, octets)"""
    if r.random() < 0.3:
        return "blob", mutate(r, random_blob(r))
    if r.random() < 0.05:
        return r.choice(["blob", "standard"]), r.randbytes(r.randrange(40))
    case = as_blob(Generator(r, version).source().case())
    return case["format"], mutate(r, image(case))


def seen_by_model(version, format, octets):
    """None if it is malformed, else (octets of code, jump table entries, [(block start, gas)])."""
    isa = isas.BY_NAME[version]
    try:
        program = Program.from_blob(isa, Standard(octets).code if format == "standard" else octets)
    except Malformed:
        return None
    gas = block_length if version == "gp072" else block_gas
    return len(program.c), len(program.j), [(b, gas(program, b)) for b in sorted(program.blocks)]


def seen_by_library(library, version, format, octets):
    try:
        program = library.program(version, octets, format)
    except Refused:
        return None
    try:
        size = library.program_code_size(program)
        starts = [b for b in range(size) if library.program_is_block_start(program, b)]
        return (size, library.program_jump_table_size(program),
                [(b, library.program_block_gas(program, b)) for b in starts])
    finally:
        library.program_release(program)


def check(library, r, version):
    """Lines on what differs for one image."""
    format, octets = sample(r, version)
    expected = seen_by_model(version, format, octets)
    actual = seen_by_library(library, version, format, octets)
    if expected == actual:
        return []
    return ["%s %s %s" % (version, format, octets.hex()), "  model    %s" % (expected,), "  library  %s" % (actual,)]
