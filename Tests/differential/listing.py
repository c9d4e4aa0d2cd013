"""A case for people: its instructions with their operands."""

from case import bits
from model import isa as isas
from model.program import Program


def listing(case):
    isa = isas.BY_NAME[case["isa"]]
    program = Program(isa, bytes.fromhex(case["code"]), bits(case), case["jumps"])
    at, lines = 0, []
    while at < len(program.c):
        opcode, length = program.opcode(at), 1 + program.skip(at)
        operands = {k: v for k, v in sorted(vars(program.operands(at)).items())}
        lines.append("  %s%5d  %-22s %-20s %s" % (
            "@" if at in program.blocks else " ", at, program.c[at:at + length].hex(" ")[:22],
            isa.name[opcode] if program.is_location(at) else "(no instruction)",
            " ".join("%s=%s" % (k, v) for k, v in operands.items())))
        at += length
    return lines
