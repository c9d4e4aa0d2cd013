"""Host calls (appendix B): the unknown one, gas, grow_heap, inner machines; and the argument invocation Psi_M."""

from .blob import INPUT, Malformed, PAGE, Standard, ZONE, zones
from .isa import GP072, GP080
from .machine import FAULT, HALT, HOST, Machine, OOG, PANIC
from .prices import MOST, numbers, price
from .program import Program
from .ram import PAGES

CONTINUE = "continue"
U64 = 1 << 64
WHAT, OOB, WHO, FULL, HUH, OK = U64 - 2, U64 - 3, U64 - 4, U64 - 5, U64 - 9, 0
MOST_MACHINES = 63  # 0.8.0
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


def charge(machine, name, x=0):
    """The head of every host call: whether its gas could be paid. What cannot be paid takes all there is."""
    gas = price(machine.program.isa, name, machine.registers, x)
    if machine.gas < gas:
        machine.missing = min(gas, MOST) - machine.gas
        machine.gas = 0
        return False
    machine.gas -= gas
    return True


def unknown(machine):
    if not charge(machine, None):
        return OOG
    machine.registers[7] = WHAT
    return CONTINUE


def gas(machine):
    if not charge(machine, "gas"):
        return OOG
    machine.registers[7] = machine.gas
    return CONTINUE


def grow_heap(machine):
    """Settled (#538, #533): the limit counts the stack in zones, and what cannot be paid takes all gas."""
    if "grow_heap" not in numbers(machine.program.isa):
        return unknown(machine)
    s = machine.standard
    a = s.heap_start // PAGE
    b = ((1 << 32) - 3 * ZONE - INPUT - zones(s.s)) // PAGE
    c = sum(1 for page, access in machine.ram.access.items() if a <= page < b and access == "W")
    h = a + c
    wanted = machine.registers[7]
    if wanted <= h or wanted > b:
        wanted = h
    if not charge(machine, "grow_heap", wanted - h):
        return OOG
    machine.registers[7] = wanted
    machine.ram.map(a, wanted - a, "W")
    machine.heap_end = max(machine.heap_end, wanted * PAGE)
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
        for call in (self.machine, self.peek, self.poke, self.pages, self.invoke, self.expunge):
            if numbers(self.isa)[call.__name__] == number:
                return call(machine)
        return unknown(machine)

    def machine(self, outer):
        if not charge(outer, "machine"):
            return OOG
        if self.isa is GP080 and len(self.m) >= MOST_MACHINES:
            outer.registers[7] = FULL
            return CONTINUE
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
        if not charge(outer, "peek"):
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
        if not charge(outer, "poke"):
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
        if not charge(outer, "pages"):
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
        if not charge(outer, "invoke"):
            return OOG
        n, o = outer.registers[7:9]
        if not outer.ram.range_is(outer.ram.is_writable, o, 112):
            return PANIC
        octets = outer.ram.get(o, 112)
        words = [int.from_bytes(octets[at:at + 8], "little") for at in range(0, 112, 8)]
        # 0.8.0: what is handed on is paid for before the machine is looked for; what is left of it comes back.
        handed = words[0] if self.isa is GP080 else 0
        if outer.gas < handed:
            outer.missing, outer.gas = handed - outer.gas, 0
            return OOG
        outer.gas -= handed
        if n not in self.m:
            outer.registers[7] = WHO
            return CONTINUE
        inner = self.m[n].machine
        inner.gas, inner.missing, inner.registers = words[0], 0, words[1:]
        # Psi anew, but for what has been charged: 0.8.0 keeps the flag, and a fault in 0.7.2 is charged once.
        inner.last, inner.pc = None, self.m[n].pc
        outcome = inner.go(10 ** 6)
        if handed:
            outer.gas += inner.gas
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
        if not charge(outer, "expunge"):
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
