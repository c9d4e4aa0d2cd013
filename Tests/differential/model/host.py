"""Host calls (appendix B): the unknown one, grow_heap, inner machines; and the argument invocation Psi_M."""

from .blob import INPUT, Malformed, PAGE, Standard, ZONE, pages
from .isa import GP072, GP080
from .machine import FAULT, HALT, HOST, Machine, OOG, PANIC
from .program import Program
from .ram import PAGES

CONTINUE = "continue"
U64 = 1 << 64
WHAT, OOB, WHO, HUH, OK = U64 - 2, U64 - 3, U64 - 4, U64 - 9, 0
RESULT = {HALT: 0, PANIC: 1, FAULT: 2, HOST: 3, OOG: 4}


def create(isa, image, arguments, gas):
    """Function Y as a machine; Malformed where Y has no value."""
    standard = Standard(image)
    if len(arguments) > INPUT:
        raise Malformed("arguments")
    machine = Machine(Program.from_blob(isa, standard.code), gas, standard.registers(arguments))
    standard.lay_out(machine.ram, arguments)
    machine.standard = standard
    machine.heap_start, machine.heap_end = standard.heap_start, standard.heap_end
    starts = [standard.stack_start] if standard.s else []
    starts += [standard.arguments] if arguments else []
    machine.heap_limit = min(starts, default=1 << 32)
    return machine


def charge(machine, gas=10):
    """The head of every host call: whether its gas could be paid."""
    if machine.gas < gas:
        machine.missing = gas - machine.gas
        machine.gas = 0
        return False
    machine.gas -= gas
    return True


def unknown(machine):
    if not charge(machine):
        return OOG
    machine.registers[7] = WHAT
    return CONTINUE


def grow_heap(machine):
    if machine.gas < 100:
        return OOG
    s = machine.standard
    a = s.heap_start // PAGE
    b = ((1 << 32) - 3 * ZONE - INPUT - pages(s.s)) // PAGE
    c = sum(1 for page, access in machine.ram.access.items() if a <= page < b and access == "W")
    wanted = machine.registers[7]
    g = 100 + max(0, wanted - a - c) * 10
    h = max(a, wanted)
    if h <= b and machine.gas >= g:
        machine.gas -= g
        machine.registers[7] = max(a + c, h)
        machine.ram.map(a, h - a, "W")
        machine.heap_end = max(machine.heap_end, h * PAGE)
    else:
        machine.gas -= 100
        machine.registers[7] = a + c
    return CONTINUE


class Inner:
    """An integrated PVM: code, RAM, instruction counter and (0.8.0) the flag that its block is paid for."""

    def __init__(self, program, pc):
        self.machine = Machine(program, pc=pc)
        self.pc = pc


class Refine:
    """The host calls on inner machines; self.m is the paper's dictionary of them."""

    def __init__(self, isa):
        self.isa = isa
        self.m = {}

    def call(self, machine, number):
        first = 8 if self.isa is GP072 else 9
        names = [self.machine, self.peek, self.poke, self.pages, self.invoke, self.expunge]
        return names[number - first](machine) if first <= number < first + 6 else unknown(machine)

    def machine(self, outer):
        if not charge(outer):
            return OOG
        at, size, pc = outer.registers[7:10]
        if not outer.ram.range_is(outer.ram.is_readable, at, size):
            return PANIC
        try:
            program = Program.from_blob(self.isa, outer.ram.get(at, size))
            if self.isa is GP080 and not program.is_location(pc):
                raise Malformed("no instruction there")
        except Malformed:
            outer.registers[7] = HUH
            return CONTINUE
        n = min(n for n in range(len(self.m) + 1) if n not in self.m)
        self.m[n] = Inner(program, pc)
        outer.registers[7] = n
        return CONTINUE

    def peek(self, outer):
        if not charge(outer):
            return OOG
        n, o, s, z = outer.registers[7:11]
        if not outer.ram.range_is(outer.ram.is_writable, o, z):
            return PANIC
        if n not in self.m:
            outer.registers[7] = WHO
            return CONTINUE
        ram = self.m[n].machine.ram
        if not ram.range_is(ram.is_readable, s, z):
            outer.registers[7] = OOB
            return CONTINUE
        outer.ram.put(o, ram.get(s, z))
        outer.registers[7] = OK
        return CONTINUE

    def poke(self, outer):
        if not charge(outer):
            return OOG
        n, s, o, z = outer.registers[7:11]
        if not outer.ram.range_is(outer.ram.is_readable, s, z):
            return PANIC
        if n not in self.m:
            outer.registers[7] = WHO
            return CONTINUE
        ram = self.m[n].machine.ram
        if not ram.range_is(ram.is_writable, o, z):
            outer.registers[7] = OOB
            return CONTINUE
        ram.put(o, outer.ram.get(s, z))
        outer.registers[7] = OK
        return CONTINUE

    def pages(self, outer):
        if not charge(outer):
            return OOG
        n, p, c, r = outer.registers[7:11]
        if n not in self.m:
            outer.registers[7] = WHO
            return CONTINUE
        ram = self.m[n].machine.ram
        if r > 4 or p < 16 or p + c >= PAGES:
            outer.registers[7] = HUH
            return CONTINUE
        if r > 2 and any(page not in ram.access for page in range(p, p + c)):
            outer.registers[7] = HUH
            return CONTINUE
        if r < 3:
            ram.map(p, c, None)  # contents become zeros
        ram.map(p, c, [None, "R", "W", "R", "W"][r])
        outer.registers[7] = OK
        return CONTINUE

    def invoke(self, outer):
        if not charge(outer):
            return OOG
        n, o = outer.registers[7:9]
        if not outer.ram.range_is(outer.ram.is_writable, o, 112):
            return PANIC
        if n not in self.m:
            outer.registers[7] = WHO
            return CONTINUE
        numbers = outer.ram.get(o, 112)
        words = [int.from_bytes(numbers[at:at + 8], "little") for at in range(0, 112, 8)]
        inner = self.m[n].machine
        inner.gas, inner.missing, inner.registers = words[0], 0, words[1:]
        # Psi anew, but for what has been charged: 0.8.0 keeps the flag, and a fault in 0.7.2 is charged once.
        inner.last, inner.pc = None, self.m[n].pc
        outcome = inner.go(10 ** 6)
        if outcome == HOST:
            self.m[n].pc = inner.next()
        else:
            self.m[n].pc = 0 if outcome in (HALT, PANIC) else inner.pc
        # Gas below zero has no natural encoding; the model writes the 0 that the API shows.
        words = [inner.gas] + inner.registers
        outer.ram.put(o, b"".join(word.to_bytes(8, "little") for word in words))
        outer.registers[7] = RESULT[outcome]
        if outcome in (HOST, FAULT):
            outer.registers[8] = inner.detail
        return CONTINUE

    def expunge(self, outer):
        if not charge(outer):
            return OOG
        n = outer.registers[7]
        outer.registers[7] = self.m.pop(n).pc if n in self.m else WHO
        return CONTINUE


def psi_h(machine, entry, function):
    """Psi_H: runs on through host calls. function(machine, number) answers CONTINUE or an exit reason."""
    outcome = machine.run(entry)
    while outcome == HOST:
        action = function(machine, machine.detail)
        if action != CONTINUE:
            return action
        outcome = machine.resume()
    return outcome


def psi_m(isa, image, entry, gas, arguments, function=lambda machine, number: unknown(machine)):
    """(gas used, exit reason, output)"""
    try:
        machine = create(isa, image, arguments, gas)
    except Malformed:
        return 0, PANIC, b""
    outcome = psi_h(machine, entry, function)
    used = gas - max(machine.gas, 0)
    if outcome == OOG:
        return used, OOG, b""
    if outcome != HALT:
        return used, PANIC, b""
    at, size = machine.registers[7:9]
    readable = machine.ram.range_is(machine.ram.is_readable, at, size)
    return used, HALT, machine.ram.get(at, size) if readable else b""
