"""Every computing opcode on every pair of edge operands, each result stored to memory: one big program per opcode."""

from case import LibraryRun, ModelRun
from generate import EDGES
from model import isa as forms
from source import Item, Source, Target

SHIFTS = list(range(66)) + [255, 256, (1 << 32) + 1, (1 << 64) - 1, 1 << 63]
IMMEDIATES = [v for v in EDGES if v < 1 << 31 or v >= (1 << 64) - (1 << 31)]
RESULTS = 0x100000
A, B, D, ONE = 1, 2, 3, 4


class Table:
    def __init__(self, isa):
        self.isa = isa
        self.items = []
        self.what = []  # of each result

    def op(self, name, *octets, **more):
        self.items.append(Item(self.isa.opcode[name], bytes(octets), **more))

    def set(self, register, value):
        self.op("load_imm_64", register, *value.to_bytes(8, "little"))

    def result(self, register, what):
        self.op("store_u64", register, *(RESULTS + 8 * len(self.what)).to_bytes(4, "little"))
        store = self.items[-1]
        self.what.append(what)
        if len(self.what) % 4 == 0:
            self.op("fallthrough")  # the model's gas of a basic block is quadratic in its length
        return store

    def source(self):
        self.op("trap")
        pages = len(self.what) * 8 // 4096 + 1
        rest = {"isa": self.isa.version, "format": "raw", "z": 4, "wide": False, "standard": None, "bounds": None,
                "pages": [[RESULTS >> 12, pages, "W"]], "writes": [], "registers": None, "gas": 1 << 40, "script": []}
        return Source(self.items, [], Target(self.items[0]), rest)


def second_operands(name):
    return SHIFTS if name.startswith(("shlo", "shar", "rot")) else EDGES


def three_registers(isa, name):
    t = Table(isa)
    few = EDGES[::4]
    for d, a, b, first, second in [(D, A, B, EDGES, second_operands(name)), (A, A, B, few, few), (B, A, B, few, few),
                                   (D, A, A, EDGES, [0]), (A, A, A, EDGES, [0])]:
        for x in first:
            for y in second:
                t.set(D, 0x5555555555555555)
                t.set(b, y)
                t.set(a, x)
                t.op(name, a | b << 4, d)
                t.result(d, "r%d = %s r%d=%#x, r%d=%#x" % (d, name, a, x, b, y))
    return t


def immediate(isa, name):
    t = Table(isa)
    alt = "alt" in name
    values = IMMEDIATES if alt else [v for v in second_operands(name) if v in IMMEDIATES or v < 1 << 31]
    for a, b in [(D, B), (B, B)]:
        for x in second_operands(name) if alt else EDGES:
            for y in values if a != b else values[::3]:
                t.set(a, 0x5555555555555555)
                t.set(b, x)
                t.op(name, a | b << 4, *(y % (1 << 32)).to_bytes(4, "little"))
                t.result(a, "r%d = %s r%d=%#x, %#x" % (a, name, b, x, y))
    return t


def two_registers(isa, name):
    t = Table(isa)
    for x in EDGES + [1 << n for n in range(64)]:
        for d in (D, A):
            t.set(A, x)
            t.op(name, d | A << 4)
            t.result(d, "r%d = %s %#x" % (d, name, x))
    return t


def branch(isa, name):
    t = Table(isa)
    with_immediate = name.endswith("_imm")
    for x in EDGES:
        for y in IMMEDIATES if with_immediate else EDGES:
            t.set(A, x)
            t.set(B, y)
            t.op("load_imm", D, 1)
            target = Target()
            if with_immediate:
                t.op(name, A | 4 << 4, *(y % (1 << 32)).to_bytes(4, "little"), target=target, width=2)
            else:
                t.op(name, A | B << 4, target=target, width=2)
            t.op("load_imm", D)
            t.op("fallthrough")
            target.item = t.result(D, "%s %#x, %#x" % (name, x, y))
    return t


def memory(isa, width):
    """Stores of one width over a pattern, and every load of what is there then."""
    t = Table(isa)
    at = RESULTS + 0xfff0  # a place of its own, across a page boundary
    loads = [n for n in isa.opcode if n.startswith("load_") and "_ind_" in n and "imm" not in n]
    for x in EDGES:
        t.set(A, x)
        t.set(B, at + 13)
        t.set(D, 0xa5a5a5a5a5a5a5a5)
        t.op("store_ind_u64", D | B << 4)
        t.op("store_ind_u%d" % width, A | B << 4)
        for name in loads:
            t.op(name, D | B << 4)
            t.result(D, "store u%d %#x, %s" % (width, x, name))
            t.op(name.replace("_ind", ""), D, *(at + 13).to_bytes(4, "little"))
            t.result(D, "store u%d %#x, %s" % (width, x, name.replace("_ind", "")))
    return t


def tables(isa):
    for name, opcode in isa.opcode.items():
        form = isa.form[opcode]
        if form == forms.REG_REG_REG:
            yield name, three_registers(isa, name)
        elif form == forms.REG_REG_IMM and not name.startswith(("load", "store")):
            yield name, immediate(isa, name)
        elif form == forms.REG_REG and name != "sbrk":
            yield name, two_registers(isa, name)
        elif name.startswith("branch"):
            yield name, branch(isa, name)
    for width in (8, 16, 32, 64):
        yield "memory u%d" % width, memory(isa, width)


def check(library, table):
    """Lines on what differs."""
    source = table.source()
    if source.rest["pages"][0][1] < 18:
        source.rest["pages"][0][1] = 18
    case = source.case()
    model, run = ModelRun(case, "run"), LibraryRun(library, case, "run")
    try:
        expected = model.run(1 << 30)[-1]
        actual = run.run(1 << 30, sorted(model.touched))[-1]
        lines = ["%s: model %s, library %s" % (key, expected[key], actual[key])
                 for key in ("exit", "gas", "pc") if expected[key] != actual[key]]
        for n, what in enumerate(table.what):
            page, at = divmod(RESULTS + 8 * n, 4096)
            wanted = model.machine.ram.value[page][at:at + 8]
            if expected["memory"][page] != actual["memory"].get(page):
                got = library.page(run.vm, page)[1][at:at + 8]
                if got != wanted:
                    lines.append("%s: model %#x, library %#x" % (what, int.from_bytes(wanted, "little"),
                                                                 int.from_bytes(got, "little")))
        return lines
    finally:
        run.close()
