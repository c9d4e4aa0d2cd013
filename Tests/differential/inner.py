"""Inner machines: random sequences of the host calls of refine that the library has, in the model and in the library, with gas
that suffices and gas that just does not."""

from case import as_blob, image
from generate import Generator, HALT_ADDRESS
from library import ACTIONS
from model import isa as isas
from model.blob import Malformed
from model import host
from model.host import RESULT, Refine
from model.machine import FAULT, Machine, OOG
from model.prices import MOST, numbers, price
from model.program import Program

OUTER = (0x20000, 4)  # the outer guest's memory: address and pages
TRAP = b"\0"


class Pair:
    """An outer machine on both sides."""

    def __init__(self, library, version, blob, gas):
        self.library = library
        self.isa = isa = isas.BY_NAME[version]
        self.model = Machine(Program(isa, TRAP, [1], []), gas)
        self.refine = Refine(isa)
        self.program = library.raw_program(version, TRAP, b"\1", [])
        self.vm = library.vm(self.program, b"", gas)
        first, count = OUTER[0] >> 12, OUTER[1]
        self.model.ram.map(first, count, "W")
        library.check(library.map_pages(self.vm, first, count, 2))
        self.put(OUTER[0], blob)

    def put(self, address, octets):
        self.model.ram.put(address, octets)
        self.library.check(self.library.load(self.vm, address, len(octets), octets))

    def close(self):
        self.library.destroy(self.vm)
        self.library.program_release(self.program)

    def call(self, kind, number, registers, more):
        """(model's action, gas and registers, model's memory, the library's, the library's memory) after a host call. more: how
        much gas there is beyond what the registers say that it costs; None: as before."""
        m, v, lib = self.model, self.vm.contents, self.library
        for n, value in registers.items():
            m.registers[n] = v.registers[n] = value
        if more is not None:
            name = kind if kind in numbers(self.isa) else None
            m.gas = v.gas = max(0, min(MOST, price(self.isa, name, m.registers) + more))
        actions = {value: name for name, value in ACTIONS.items()}
        if kind == "gas":
            expected, actual = host.gas(m), actions[lib.host_gas(self.vm)]
        else:
            expected, actual = self.refine.call(m, number), actions[lib.inner_call(self.vm, number)]
        pages = range(OUTER[0] >> 12, (OUTER[0] >> 12) + OUTER[1])
        return ([expected, m.gas, list(m.registers)], b"".join(bytes(m.ram.value[p]) for p in pages),
                [actual, v.gas, list(v.registers)], b"".join(lib.page(self.vm, p)[1] for p in pages))


class Guest:
    """Chooses the next host call: (name, number, {register: value}, words that go to memory before an invoke or None)."""

    KINDS = {"machine": 2, "peek": 2, "poke": 2, "pages": 3, "invoke": 6, "expunge": 0.5, "unknown": 0.3, "gas": 0.2}

    def __init__(self, r, version, size):
        self.r = r
        self.numbers = numbers(isas.BY_NAME[version])
        self.size = size
        self.pays_for_inner = version != "gp072"
        self.faulted = None  # (machine, page) of an invoke that ended so
        self.crowd = r.random() < 0.03  # one that makes more machines than it may

    def more(self, words):
        """Gas beyond the price of the call at hand."""
        given = words[0] if words else 0
        enough = [given, given + 1, 100000] if given < 1 << 20 else []  # so that no machine runs for ever
        return self.r.choice([None] * 12 + [-1, -1, 0, 1, given - 1 if given < 1 << 20 else 0, -self.r.randrange(1, 5000)] + enough)

    def outer(self):
        """An address in the outer memory; now and then one where it ends, or none at all."""
        end = OUTER[0] + OUTER[1] * 4096
        if self.r.random() < 0.9:
            return OUTER[0] + 0x2000
        return self.r.choice([end - 112, end - 50, 0, 0x10000, (1 << 32) - 8, 1 << 32, self.r.getrandbits(64)])

    def number(self):
        return self.r.choice([0, 0, 0, 0, 1, 1, 2, 7, self.r.getrandbits(64)])

    def inner(self):
        return self.r.choice([0x10000, 0x10000, 0x10fff, 0x11000, 0x14000, 0x20000, 0x21ff8, 0xfffff000, 0, 0xffff, 1 << 32,
                              self.r.getrandbits(64)])

    def octets(self):
        return self.r.choice([0, 1, 8, 8, 100, 100, 4096, 4097, 1 << 32, self.r.getrandbits(64)])

    def call(self, count):
        """count: how many calls there were"""
        r = self.r
        kind = r.choices(list(self.KINDS), self.KINDS.values())[0] if count else "machine"
        if self.crowd and 0 < count < 70:
            return "machine", self.numbers["machine"], {7: OUTER[0], 8: self.size, 9: 0}, None
        words = None
        if self.faulted and r.random() < 0.7:
            (machine, page), self.faulted = self.faulted, None
            return "pages", self.numbers["pages"], {7: machine, 8: page, 9: r.choice([1, 1, 2]), 10: 2}, None
        if kind == "machine":
            good = r.random() < 0.9
            registers = {7: OUTER[0] if good else self.outer(), 8: self.size if good else self.octets(),
                         9: r.choice([0, 0, 0, 0, 3, self.size, r.getrandbits(64)])}
        elif kind in ("peek", "poke"):
            registers = {7: self.number(), 8: self.outer(), 9: self.inner(), 10: self.octets()}
        elif kind == "pages":
            registers = {7: self.number(), 8: r.choice([16, 16, 16, 17, 18, 20, 32, 33, 0x7ffff, 0xfffff, 15, 1 << 20,
                                                        r.getrandbits(64)]),
                         9: r.choice([0, 1, 1, 2, 3, 5, 1 << 20, r.getrandbits(64)]),
                         10: r.choice([0, 1, 2, 2, 2, 3, 4, 5, r.getrandbits(64)])}
        elif kind == "invoke":
            registers = {7: self.number(), 8: self.outer()}
            if r.random() < 0.6:
                # 0.7.2 runs a machine on gas that nobody has paid.
                endless = [1 << 40, MOST - 968, MOST - 967, MOST] if self.pays_for_inner else []
                gas = r.choice([0, 1, 5, 50, 1000, 5000] * 3 + endless)
                words = [gas] + [r.choice([HALT_ADDRESS, 0x10000, 0x20ff8, 4, r.getrandbits(64)]) for _ in range(13)]
        else:
            registers = {7: self.number()}
        return kind, self.numbers.get(kind, 100), registers, words


def check(library, r, version):
    """Lines on the first call that differs."""
    blob = image(dict(as_blob(Generator(r, version).source().case()), format="blob"))
    try:
        Program.from_blob(isas.BY_NAME[version], blob)
    except Malformed:
        if r.random() < 0.8:
            return []
    if len(blob) > 0x2000:
        return []
    few, many = (35, 10000) if version == "gp072" else (3500, 1000000)
    pair = Pair(library, version, blob, r.choice([many, many, many, few]))
    guest = Guest(r, version, len(blob))
    history = []
    try:
        for count in range(r.randrange(2, 40) + (70 if guest.crowd else 0)):
            kind, number, registers, words = guest.call(count)
            if words and OUTER[0] + 0x2000 <= registers[8] <= OUTER[0] + 0x4000 - 112:
                pair.put(registers[8], b"".join(w.to_bytes(8, "little") for w in words))
            more = None if guest.crowd else guest.more(words)
            history.append("  %s (%d) %s, %s more gas%s" % (kind, number, registers, more, " words %s" % words if words else ""))
            expected, wanted, actual, got = pair.call(kind, number, registers, more)
            lines = ["  model    %s" % expected, "  library  %s" % actual] if expected != actual else []
            for at in range(0, len(wanted), 8):
                if wanted[at:at + 8] != got[at:at + 8]:
                    lines.append("  at %#x: model %s, library %s"
                                 % (OUTER[0] + at, wanted[at:at + 8].hex(), got[at:at + 8].hex()))
            if lines:
                return ["%s, inner blob %s" % (version, blob.hex())] + history + lines
            if expected[0] == OOG:
                break
            if kind == "invoke" and expected[0] == "continue" and expected[2][7] == RESULT[FAULT]:
                guest.faulted = registers[7], expected[2][8] >> 12
        return []
    finally:
        pair.close()
