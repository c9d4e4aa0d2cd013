"""Argument invocations: pvm_invoke against Psi_M, every host call being unknown."""

import ctypes as c

from case import arguments, image
from generate import Generator
from library import Invocation, Refused
from model import isa as isas
from model.blob import Malformed
from model.host import create, psi_m

EXITS = ["halt", "panic", "page-fault", "host-call", "out-of-gas"]


def standard_case(r, version):
    while True:
        case = Generator(r, version).source().case()
        if case["format"] == "standard" and case["gas"] < 1 << 20:
            return case


def invoke(library, version, octets, entry, gas, given):
    program = library.program(version, octets, "standard")
    result = Invocation()
    try:
        library.check(library.invoke(program, entry, gas, given, len(given), None, None, c.byref(result)))
        output = c.string_at(result.output, result.output_len) if result.output else b""
        library.invocation_release(c.byref(result))
        return result.gas_used, EXITS[result.exit], output
    finally:
        library.program_release(program)


def check(library, r, version):
    """Lines on what differs for one invocation."""
    case = standard_case(r, version)
    octets, given = image(case), arguments(case)
    isa = isas.BY_NAME[version]
    try:
        create(isa, octets, given, 0)
    except Malformed:
        expected = None
    else:
        expected = psi_m(isa, octets, case["entry"], case["gas"], given)
    try:
        actual = invoke(library, version, octets, case["entry"], case["gas"], given)
    except Refused:
        actual = None
    if expected == actual:
        return []
    return ["%s %s entry %d gas %d arguments %s" % (version, octets.hex(), case["entry"], case["gas"], given.hex()),
            "  model    %s" % (expected,), "  library  %s" % (actual,)]
