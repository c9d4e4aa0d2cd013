"""The 0.8.0 gas cost of a basic block: the paper's "Gas Cost Model" and "Gas Cost Tables", equation by equation."""

from . import isa as forms

MEMORY = 25  # the paper's m (a hit in the second cache)

DEC, WAIT, EXE, FIN, GONE = "DEC", "WAIT", "EXE", "FIN", None

UNITS = {"A": 4, "L": 4, "S": 4, "M": 1, "D": 1}


class Costs:
    """Source and destination registers, cycles, decode slots and execution units of the instruction at i."""

    def __init__(self, program, i):
        opcode = program.opcode(i)
        self.program = program
        self.i = i
        self.name = program.isa.name[opcode]
        self.form = program.isa.form[opcode]
        self.o = program.operands(i)
        self.sources, self.destinations = self.registers()
        self.cycles, self.slots, units = self.row()
        self.units = {unit: units.count(unit) for unit in UNITS}

    def registers(self):
        """What the equations of the instruction tables read and write, whether or not it changes at run time."""
        o, name, form = self.o, self.name, self.form
        if form == forms.REG_WIDE:
            return set(), {o.A}
        if form == forms.REG_IMM:
            return (set(), {o.A}) if name.startswith("load") else ({o.A}, set())
        if form == forms.REG_IMM_IMM:
            return {o.A}, set()
        if form == forms.REG_IMM_OFFSET:
            return (set(), {o.A}) if name == "load_imm_jump" else ({o.A}, set())
        if form == forms.REG_REG:
            return {o.A}, {o.D}
        if form == forms.REG_REG_IMM:
            if name.startswith("store"):
                return {o.A, o.B}, set()
            if name.startswith("cmov"):
                return {o.A, o.B}, {o.A}  # the equation reads reg_A where it does not move
            return {o.B}, {o.A}
        if form == forms.REG_REG_OFFSET:
            return {o.A, o.B}, set()
        if form == forms.REG_REG_IMM_IMM:
            return {o.B}, {o.A}
        if form == forms.REG_REG_REG:
            if name.startswith("cmov"):
                return {o.A, o.B, o.D}, {o.D}  # likewise reg_D
            return {o.A, o.B}, {o.D}
        return set(), set()  # no register operands; ecalli by definition

    def overlap(self, a, b):
        """P"""
        return a if self.sources & self.destinations else b

    def overlap_shift(self, a, b):
        """P_S"""
        return a if self.o.A == self.o.D else b

    def branch(self):
        """b: the octets at both targets, instruction or not; what lies outside the code is a trap."""
        p = self.program
        seen = {p.zeta(self.i + 1 + p.skip(self.i)), p.zeta(self.o.target)}
        return 1 if seen & {p.isa.opcode["unlikely"], p.isa.opcode["trap"]} else 20

    def row(self):
        """(cycles, decode slots, execution units) from the table."""
        n = self.name
        if n == "move_reg":
            return 0, 1, ""
        if n in ("and", "xor", "or", "add_64", "sub_64", "and_imm", "xor_imm", "or_imm", "add_imm_64", "shlo_r_imm_64",
                 "shar_r_imm_64", "shlo_l_imm_64", "rot_r_64_imm", "reverse_bytes"):
            return 1, self.overlap(1, 2), "A"
        if n in ("add_32", "sub_32", "add_imm_32", "shlo_r_imm_32", "shar_r_imm_32", "shlo_l_imm_32", "rot_r_32_imm"):
            return 2, self.overlap(2, 3), "A"
        if n in ("count_set_bits_64", "count_set_bits_32", "leading_zero_bits_64", "leading_zero_bits_32",
                 "sign_extend_8", "sign_extend_16", "zero_extend_16"):
            return 1, 1, "A"
        if n in ("trailing_zero_bits_64", "trailing_zero_bits_32"):
            return 2, 1, "AA"
        if n in ("shlo_l_64", "shlo_r_64", "shar_r_64", "rot_l_64", "rot_r_64"):
            return 1, self.overlap_shift(2, 3), "A"
        if n in ("shlo_l_32", "shlo_r_32", "shar_r_32", "rot_l_32", "rot_r_32"):
            return 2, self.overlap_shift(3, 4), "A"
        if n in ("shlo_l_imm_alt_64", "shlo_r_imm_alt_64", "shar_r_imm_alt_64", "rot_r_64_imm_alt"):
            return 1, 3, "A"
        if n in ("shlo_l_imm_alt_32", "shlo_r_imm_alt_32", "shar_r_imm_alt_32", "rot_r_32_imm_alt"):
            return 2, 4, "A"
        if n in ("set_lt_u", "set_lt_s", "set_lt_u_imm", "set_lt_s_imm", "set_gt_u_imm", "set_gt_s_imm"):
            return 3, 3, "A"
        if n in ("cmov_iz", "cmov_nz"):
            return 2, 2, "A"
        if n in ("cmov_iz_imm", "cmov_nz_imm"):
            return 2, 3, "A"
        if n in ("max", "max_u", "min", "min_u"):
            return 3, self.overlap(2, 3), "A"
        if n.startswith("load_") and "imm" not in n:
            return MEMORY, 1, "AL"
        if n.startswith("store_"):
            return 25, 1, "AS"
        if n.startswith("branch_"):
            return self.branch(), 1, "A"
        if n.startswith("div_") or n.startswith("rem_"):
            return 60, 4, "AD"
        return {
            "and_inv": (2, 3, "A"),
            "or_inv": (2, 3, "A"),
            "xnor": (2, self.overlap(2, 3), "A"),
            "neg_add_imm_64": (2, 3, "A"),
            "neg_add_imm_32": (3, 4, "A"),
            "load_imm": (1, 1, ""),
            "load_imm_64": (1, 2, ""),
            "mul_64": (3, self.overlap(1, 2), "AM"),
            "mul_32": (4, self.overlap(2, 3), "AM"),
            "mul_imm_64": (3, self.overlap(1, 2), "AM"),
            "mul_imm_32": (4, self.overlap(2, 3), "AM"),
            "mul_upper_s_s": (4, 4, "AM"),
            "mul_upper_u_u": (4, 4, "AM"),
            "mul_upper_s_u": (6, 4, "AM"),
            "trap": (2, 1, ""),
            "fallthrough": (2, 1, ""),
            "unlikely": (40, 1, ""),
            "jump": (15, 1, ""),
            "load_imm_jump": (15, 1, ""),
            "jump_ind": (22, 1, ""),
            "load_imm_jump_ind": (22, 1, ""),
            "ecalli": (100, 4, "A"),
        }[n]


class Entry:
    """An entry of the reorder buffer."""

    def __init__(self, cycles, dependencies, registers, units):
        self.state = DEC
        self.cycles = cycles
        self.dependencies = dependencies
        self.registers = registers
        self.units = units


class Simulation:
    """The state x, from its initial value for the block at i."""

    def __init__(self, program, i):
        self.program = program
        self.i = i
        self.cycles = 0
        self.slots = 4
        self.starts = 5
        self.units = dict(UNITS)
        self.buffer = []

    def run(self):
        """X"""
        while True:
            present = sum(entry.state is not GONE for entry in self.buffer)
            ready = self.ready_to_start()
            if self.i is not None and Costs(self.program, self.i).slots <= self.slots and present < 32:
                self.decode()
            elif ready is not None and self.starts > 0:
                self.start(ready)
            elif self.i is None and present == 0:
                return self
            else:
                self.tick()

    def decode(self):
        """X' with its two cases X^mov and X^dec"""
        cost = Costs(self.program, self.i)
        after = self.i + 1 + self.program.skip(self.i)
        if cost.name == "move_reg":
            for entry in self.buffer:
                if entry.registers & cost.sources:
                    entry.registers = entry.registers | cost.destinations
                else:
                    entry.registers = entry.registers - cost.destinations
            self.i = after
            self.slots -= 1
            return
        dependencies = {n for n, entry in enumerate(self.buffer) if cost.sources & entry.registers}
        for entry in self.buffer:
            entry.registers = entry.registers - cost.destinations
        self.buffer.append(Entry(cost.cycles, dependencies, cost.destinations, cost.units))
        self.slots -= cost.slots
        self.i = None if self.program.zeta(self.i) in self.program.isa.T else after

    def ready_to_start(self):
        """S"""
        for n, entry in enumerate(self.buffer):
            if (entry.state is WAIT and all(entry.units[u] <= self.units[u] for u in UNITS)
                    and all(self.buffer[k].cycles == 0 for k in entry.dependencies)):
                return n
        return None

    def start(self, n):
        """X''"""
        entry = self.buffer[n]
        self.starts -= 1
        for unit in UNITS:
            self.units[unit] -= entry.units[unit]
        entry.state = EXE

    def tick(self):
        """X''': every right-hand side means the state before"""
        before = [(entry.state, entry.cycles) for entry in self.buffer]
        self.slots = 4
        self.starts = 5
        self.cycles += 1
        retired = True
        for entry, (state, cycles) in zip(self.buffer, before):
            if state is EXE and cycles == 1:
                for unit in UNITS:
                    self.units[unit] += entry.units[unit]
            retired = retired and state in (FIN, GONE)
            if retired:
                entry.state = GONE
            elif state is DEC:
                entry.state = WAIT
            elif state is EXE and cycles == 0:
                entry.state = FIN
            if state is EXE and cycles > 0:
                entry.cycles = cycles - 1


def block_gas(program, i):
    """The gas of the basic block that starts at i."""
    if i not in program.cached_gas:
        program.cached_gas[i] = max(Simulation(program, i).run().cycles - 3, 1)
    return program.cached_gas[i]
