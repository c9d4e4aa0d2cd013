"""Prices of host calls: every number, with random registers and units, in both versions."""

import ctypes as c

from library import ISA
from model import isa as isas
from model.prices import MOST, numbers, price_by_number

EDGES = [0, 1, 2, 3, 4, 5, 13, 14, 15, 16, 63, 64, 96, 256, 1023, 1024, 1025, 4096, 1 << 20, 1 << 32, 1 << 54, 1 << 63, MOST - 1023, MOST]


def number(r):
    return r.choice(EDGES) if r.random() < 0.7 else r.getrandbits(r.choice([8, 16, 32, 64]))


def check(library, r, version):
    """Lines on what differs for one set of registers."""
    registers, isa = [number(r) for _ in range(13)], isas.BY_NAME[version]
    if r.random() < 0.5:
        registers[10] = r.randrange(18)
    given, units = (c.c_uint64 * 13)(*registers), number(r)
    names = {n: name for name, n in numbers(isa).items()}
    lines = []
    for call in list(range(-1, 30)) + [100, 255, 1 << 30, -(1 << 31)]:
        expected = price_by_number(isa, call, registers, units), names.get(call, "unknown")
        actual = (library.host_call_gas(ISA[version], call, given, units),
                  library.host_call_name(ISA[version], call).decode())
        if expected != actual:
            lines.append("%s call %d of %s, units %d: model %s, library %s" % (version, call, registers, units, expected, actual))
    return lines
