"""Psi_1 and Psi as a machine that is run, stepped and resumed (appendix A).

Where the API shows more than the paper, the model follows the library's contract (pvm_ext.h):
  - pc after halt and panic is that of the instruction that ended the run (the paper's 0 is host.py's concern);
  - after out of gas in 0.7.2, gas is 0 and `missing` what was short;
  - an instruction that faulted is charged once (Settled by the vectors; the paper of 0.7.2 charges it again).
"""

from . import alu
from .isa import GP072
from .pipeline import block_gas
from .ram import RAM

HALT, PANIC, FAULT, HOST, OOG, STEP, REFUSED = "halt", "panic", "page-fault", "host-call", "out-of-gas", "step", "refused"

LOADS = {"u8": (1, False), "i8": (1, True), "u16": (2, False), "i16": (2, True), "u32": (4, False), "i32": (4, True),
         "u64": (8, False)}
HALT_ADDRESS = (1 << 32) - (1 << 16)


class Machine:
    def __init__(self, program, gas=0, registers=None, ram=None, pc=0):
        self.program = program
        self.per_instruction = program.isa is GP072
        self.gas = gas
        self.missing = 0
        self.registers = list(registers or [0] * 13)
        self.ram = ram or RAM()
        self.pc = pc
        self.charged = False  # the instruction (0.7.2) or block (0.8.0) at pc has been paid for
        self.last = None      # how the last run ended
        self.detail = None    # fault page or host call number
        # Without a layout there is no heap, and sbrk gets nothing (Settled: the paper's h = 0 lies where nothing may be).
        self.heap_start = self.heap_end = self.heap_limit = 0
        self.executed = 0

    # ---- Psi, as runs that a host sees ----

    def run(self, entry, limit=None):
        """From entry. Starting again where a fault ended the last run carries that run on."""
        if not (self.last == FAULT and entry == self.pc):
            self.charged = False
        self.pc = entry
        return self.go(limit)

    def resume(self, limit=None):
        if not self.ready():
            return REFUSED
        return self.go(limit)

    def step(self):
        if not self.ready():
            return REFUSED
        return self.end(self.psi_1() or STEP)

    def ready(self):
        """Behind the ecalli after a host call; nowhere after halt or panic."""
        if self.last == HOST:
            self.pc = self.next()
            self.last = STEP
        return self.last not in (HALT, PANIC)

    def set_pc(self, pc):
        """A place the host chose: nothing of it has been charged (Psi_H starts with the flag unset)."""
        self.pc = pc
        self.charged = False
        self.last = STEP

    def go(self, limit):
        while True:
            outcome = self.psi_1()
            if outcome:
                return self.end(outcome)
            if limit is not None:
                limit -= 1
                if limit < 0:
                    raise RuntimeError("the program runs on")

    def end(self, outcome):
        self.last = outcome
        return outcome

    def signed_gas(self):
        return -self.missing if self.missing else min(self.gas, (1 << 63) - 1)

    # ---- Psi_1 ----

    def psi_1(self):
        """One instruction: None to go on, or the exit reason, with the state as the paper has it."""
        p = self.program
        self.detail = None
        if not self.per_instruction and not p.is_location(self.pc):
            return PANIC  # 0.8.0: deblob(p, pc) is no program, nothing is charged
        if not self.charged and not self.charge():
            return OOG
        self.executed += 1
        opcode = p.opcode(self.pc)
        outcome = self.execute(p.isa.name[opcode], p.operands(self.pc))
        if self.per_instruction:
            self.charged = outcome == FAULT
        elif opcode in p.isa.T and outcome in (None, HOST):
            self.charged = False
        if outcome is None:
            self.pc = self.after
        return outcome

    def charge(self):
        cost = 1 if self.per_instruction else block_gas(self.program, self.program.block_start(self.pc))
        self.missing = 0
        if self.gas < cost:
            if self.per_instruction:
                self.missing = cost - self.gas
                self.gas = 0
            return False
        self.gas -= cost
        self.charged = True
        return True

    def next(self):
        return self.pc + 1 + self.program.skip(self.pc)

    def execute(self, name, o):
        """The instruction tables. self.after is the paper's posterior instruction counter."""
        reg = self.registers
        self.after = self.next()
        if name == "trap":
            return PANIC
        if name == "fallthrough":
            return None if self.per_instruction else self.sjump(self.after)
        if name == "unlikely":
            return None
        if name == "ecalli":
            self.detail = o.X
            return HOST
        if name == "jump":
            return self.sjump(o.target)
        if name == "jump_ind":
            return self.djump((reg[o.A] + o.X) % (1 << 32))
        if name == "load_imm_jump":
            reg[o.A] = o.X  # also where the jump panics
            return self.sjump(o.target)
        if name == "load_imm_jump_ind":
            target = (reg[o.B] + o.Y) % (1 << 32)
            reg[o.A] = o.X  # also where the jump panics
            return self.djump(target)
        if name in ("load_imm", "load_imm_64"):
            reg[o.A] = o.X
            return None
        if name == "sbrk":
            reg[o.D] = self.sbrk(reg[o.A])
            return None
        kind, _, rest = name.partition("_")
        if kind == "branch":
            condition = rest[:-4] if rest.endswith("_imm") else rest
            other = o.X if rest.endswith("_imm") else reg[o.B]
            return self.branch(o.target, alu.CONDITION[condition](reg[o.A], other))
        if kind == "store":
            octets = int(name.rpartition("_u")[2]) // 8
            address, value = {
                "imm": lambda: (o.X, o.Y),
                "imm_ind": lambda: (reg[o.A] + o.X, o.Y),
                "ind": lambda: (reg[o.B] + o.X, reg[o.A]),
                "": lambda: (o.X, reg[o.A]),
            }[rest.rpartition("u")[0].rstrip("_")]()
            return self.store(address, octets, value)
        if kind == "load":
            octets, sign = LOADS[name.rpartition("_")[2]]
            address = reg[o.B] + o.X if rest.startswith("ind_") else o.X
            return self.load(o.A, address, octets, sign)
        if name in alu.ONE:
            reg[o.D] = alu.ONE[name](reg[o.A])
        elif name in alu.TWO:
            reg[o.D] = alu.TWO[name](reg[o.A], reg[o.B])
        elif name in alu.IMMEDIATE:
            reg[o.A] = alu.IMMEDIATE[name](reg[o.B], o.X)
        elif name in alu.KEEP:
            reg[o.D] = reg[o.A] if alu.KEEP[name](reg[o.B]) else reg[o.D]
        else:
            reg[o.A] = o.X if alu.KEEP[name[:-4]](reg[o.B]) else reg[o.A]  # cmov_iz_imm, cmov_nz_imm
        return None

    def sjump(self, target):
        if target not in self.program.blocks:
            return PANIC
        self.after = target
        return None

    def branch(self, target, condition):
        """0.7.2 looks where it goes, 0.8.0 at both ways it could go."""
        if self.per_instruction:
            return self.sjump(target) if condition else None
        if target not in self.program.blocks or self.next() not in self.program.blocks:
            return PANIC
        return self.sjump(target if condition else self.next())

    def djump(self, a):
        j = self.program.j
        if a == HALT_ADDRESS:
            return HALT
        if a == 0 or a > len(j) * 2 or a % 2 != 0 or j[a // 2 - 1] not in self.program.blocks:
            return PANIC
        self.after = j[a // 2 - 1]
        return None

    def load(self, register, address, octets, sign):
        outcome = self.exception(address, octets, False)
        if outcome is None:
            value = int.from_bytes(self.ram.get(address, octets), "little")
            self.registers[register] = alu.sext(octets, value) if sign else value
        return outcome

    def store(self, address, octets, value):
        outcome = self.exception(address, octets, True)
        if outcome is None:
            self.ram.put(address, (value % (1 << 8 * octets)).to_bytes(octets, "little"))
        return outcome

    def exception(self, address, octets, write):
        found = self.ram.exception(range(address, address + octets), write)
        if found is None or found == "panic":
            return found and PANIC
        self.detail = found
        return FAULT

    def sbrk(self, size):
        """Settled, as the paper's formula is loose: the heap end counts octets, the old end is answered, whole pages
        become writable, and 0 says that it would run into a region: the next one, or pages that the host mapped."""
        old, new = self.heap_end, self.heap_end + size
        pages = range(max(16, -(-old // 4096)), -(-min(new, 1 << 32) // 4096))
        if new > self.heap_limit or any(page in self.ram.access for page in pages):
            return 0
        self.heap_end = new
        self.ram.map(pages.start, len(pages), "W")
        return old
