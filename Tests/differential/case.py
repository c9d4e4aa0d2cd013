"""A case: a program, a state to start in, and what its host does at each exit. It is plain data (one JSON object), runs in
the model and in the library, and the two give lists of snapshots to be compared.

  isa       gp072 or gp080
  format    raw, blob or standard
  code, bitmask (hex, packed), jumps, z (octets of a jump table entry in a blob)
  standard  {o, w, z, s, arguments} around the blob
  bounds    what pvm_set_memory_bounds gets, or null
  pages     [first, count, "R" or "W"]; writes: [address, hex]
  registers, gas, entry; note: what the case is about, for people
  script    one [value, gas, access, pc] per exit or host call, in order:
              host call   register 7 = value; gas = gas, unless null; with callbacks, pc = pc, unless null
                          (but number 1 of a 0.8.0 standard program is grow_heap)
              fault       the page gets access and the run is resumed; null ends it
              out of gas  gas = gas and the run is resumed; null ends it
              halt, panic run again from pc; null ends it
"""

import zlib

from library import ACCESS, ACTIONS, EXITS, HOST_FUNCTION, Refused
from model import isa as isas
from model.blob import Malformed, PAGE, encode_blob
from model.host import create, grow_heap
from model.machine import FAULT, HALT, HOST, Machine, OOG, PANIC, STEP
from model.pipeline import block_gas
from model.program import Program

MODES = ["run", "step", "callback"]
ZEROS = bytes(PAGE)


def bits(case):
    packed = bytes.fromhex(case["bitmask"])
    return [packed[i // 8] >> i % 8 & 1 for i in range(len(case["code"]) // 2)]


def image(case):
    """The blob, or the standard program around it."""
    blob = encode_blob(bytes.fromhex(case["code"]), bits(case), case["jumps"], case["z"])
    if case["format"] == "blob":
        return blob
    s = case["standard"]
    o, w = bytes.fromhex(s["o"]), bytes.fromhex(s["w"])
    return (len(o).to_bytes(3, "little") + len(w).to_bytes(3, "little") + s["z"].to_bytes(2, "little")
            + s["s"].to_bytes(3, "little") + o + w + len(blob).to_bytes(4, "little") + blob)


def as_blob(case):
    """A raw case as a blob: its jump table entries as far as z octets hold them."""
    return case if case["format"] != "raw" else dict(case, format="blob", jumps=[j % (1 << 8 * case["z"]) for j in case["jumps"]])


def arguments(case):
    return bytes.fromhex(case["standard"]["arguments"]) if case["format"] == "standard" else b""


class Step:
    """What the script has for the next exit."""

    def __init__(self, case):
        self.entries = iter(case["script"])

    def next(self):
        return next(self.entries, None)


class ModelRun:
    def __init__(self, case, mode):
        self.case = case
        self.mode = mode
        self.script = Step(case)
        self.actions = []  # of grow_heap
        isa = isas.BY_NAME[case["isa"]]
        if case["format"] == "standard":
            m = create(isa, image(case), arguments(case), case["gas"])
        elif case["format"] == "blob":
            m = Machine(Program.from_blob(isa, image(case)), case["gas"])
        else:
            program = Program(isa, bytes.fromhex(case["code"]), bits(case), case["jumps"])
            program.validate()
            m = Machine(program, case["gas"])
        self.machine = m
        if case["bounds"]:
            set_memory_bounds(m, *case["bounds"])
        for first, count, access in case["pages"]:
            m.ram.map(first, count, access)
        for address, contents in case["writes"]:
            m.ram.put(address, bytes.fromhex(contents))
        if case["registers"]:
            m.registers = list(case["registers"])
        self.touched = {page + d for page in m.ram.access for d in (-1, 0, 1)}

    def run(self, limit):
        """[snapshot per exit], with a trace of (pc, gas, registers) per instruction in step mode"""
        m = self.machine
        shots = [self.shot("none")]
        m.set_pc(self.case["entry"])
        while True:
            outcome = STEP
            m.missing = 0  # forgotten when the next run or step begins
            while outcome == STEP:
                if self.mode == "step":
                    m.missing = 0
                outcome = m.step()
                limit -= 1
                if limit < 0:
                    raise RuntimeError("the program runs on")
                if self.mode == "step":
                    shots.append([outcome, m.pc, m.gas] + m.registers)
                if outcome == HOST and self.mode == "callback":
                    outcome = self.serve()
            shots.append(self.shot(outcome))
            if not self.go_on(outcome):
                return shots

    def serve(self):
        m, entry = self.machine, self.script.next()
        if entry is None:
            return HOST
        if self.grows():
            return STEP
        value, gas, _, pc = entry
        m.registers[7] = value
        if gas is not None:
            m.gas, m.missing = gas, 0
        if pc is not None and pc != m.pc:
            m.set_pc(pc)
        return STEP

    def grows(self):
        """grow_heap, where the call is that: it takes what is in register 7 already."""
        if is_grow_heap(self.case, self.machine.detail):
            self.actions.append(grow_heap(self.machine))
            return True
        return False

    def go_on(self, outcome):
        m, entry = self.machine, self.script.next()
        if entry is None:
            return False
        value, gas, access, pc = entry
        if outcome == HOST and self.grows():
            return True
        if outcome == HOST:
            m.registers[7] = value
            if gas is not None:
                m.gas, m.missing = gas, 0
        elif outcome == FAULT:
            if access is None:
                return False
            m.ram.map(m.detail // PAGE, 1, access)
        elif outcome == OOG:
            if gas is None:
                return False
            m.gas, m.missing = gas, 0
        else:
            if pc is None:
                return False
            m.set_pc(pc)
        return True

    def shot(self, outcome):
        m = self.machine
        self.touched.update(page + d for page in m.ram.access for d in (-1, 0, 1))
        shot = {"exit": outcome, "actions": list(self.actions), "gas": m.gas, "signed gas": m.signed_gas(), "pc": m.pc,
                "registers": list(m.registers), "heap": [m.heap_start, m.heap_end, m.heap_limit],
                "memory": {page: (access, zlib.crc32(m.ram.value.get(page, ZEROS)))
                           for page, access in m.ram.access.items()}}
        if outcome == "none":
            shot["gas of blocks"] = gas_of_blocks(m)
        if outcome == FAULT:
            shot["fault page"] = m.detail
        if outcome == HOST:
            shot["host call"] = (m.detail + (1 << 31)) % (1 << 32) - (1 << 31)
        return shot


def is_grow_heap(case, number):
    return case["isa"] == "gp080" and case["format"] == "standard" and number == 1


def gas_of_blocks(machine):
    p = machine.program
    if machine.per_instruction:
        return [(b, block_length(p, b)) for b in sorted(p.blocks)]
    return [(b, block_gas(p, b)) for b in sorted(p.blocks)]


def block_length(program, at):
    count = 1
    while program.opcode(at) not in program.isa.T:
        at += 1 + program.skip(at)
        count += 1
    return count


def set_memory_bounds(m, rw, rw_end, ro, ro_end, out, out_end, stack, stack_end):
    """The contract of pvm.h: starts go down and ends up to whole pages, the heap pointer starts as the end of rw; stack, rw,
    output, ro is the order of precedence."""
    def pages(start, end):
        return range(max(16, start // PAGE), -(-end // PAGE)) if end > start else range(0)

    m.ram.map(0, 0, None)
    for page in list(m.ram.access):
        m.ram.map(page, 1, None)
    for start, end, access in [(ro, ro_end, "R"), (out, out_end, "R"), (rw, rw_end, "W"), (stack, stack_end, "W")]:
        for page in pages(start, end):
            m.ram.map(page, 1, access)
    m.heap_start = rw // PAGE * PAGE
    m.heap_end = -(-rw_end // PAGE) * PAGE if rw_end > rw else m.heap_start
    above = [start // PAGE * PAGE for start, end in [(ro, ro_end), (out, out_end), (stack, stack_end)]
             if end > start and start >= m.heap_end]
    m.heap_limit = min(above, default=1 << 32)


class LibraryRun:
    def __init__(self, library, case, mode):
        self.library = library
        self.case = case
        self.mode = mode
        self.script = Step(case)
        self.actions = []
        lib = library
        if case["format"] == "raw":
            mask = bytes(bits(case)) if case.get("wide") else bytes.fromhex(case["bitmask"])
            self.program = lib.raw_program(case["isa"], bytes.fromhex(case["code"]), mask, case["jumps"])
        else:
            self.program = lib.program(case["isa"], image(case), case["format"])
        self.vm = lib.vm(self.program, arguments(case), case["gas"])
        self.v = self.vm.contents
        if case["bounds"]:
            lib.set_memory_bounds(self.vm, *case["bounds"])
        for first, count, access in case["pages"]:
            lib.check(lib.map_pages(self.vm, first, count, ACCESS[access]))
        for address, contents in case["writes"]:
            octets = bytes.fromhex(contents)
            lib.check(lib.load(self.vm, address, len(octets), octets))
        if case["registers"]:
            for n, value in enumerate(case["registers"]):
                self.v.registers[n] = value

    def grow_heap(self):
        action = self.library.host_grow_heap(self.vm)
        self.actions.append(next(name for name, value in ACTIONS.items() if value == action))

    def close(self):
        self.library.destroy(self.vm)
        self.library.program_release(self.program)

    def run(self, limit, touched):
        lib, vm = self.library, self.vm
        shots = [self.shot("none", touched)]
        if self.mode == "callback":
            self.function = HOST_FUNCTION(self.serve)
            lib.check(lib.set_host_function(vm, self.function, None))
        if self.mode == "step":
            lib.check(lib.set_pc(vm, self.case["entry"]))
            go = lambda: self.step_on(limit, shots)
        else:
            go = lambda: EXITS[lib.run(vm, self.case["entry"])]
        while True:
            outcome = go()
            go = (lambda: self.step_on(limit, shots)) if self.mode == "step" else (lambda: EXITS[lib.resume(vm)])
            shots.append(self.shot(outcome, touched))
            if not self.go_on(outcome):
                return shots

    def step_on(self, limit, shots):
        v = self.v
        for _ in range(limit):
            outcome = EXITS[self.library.step(self.vm)]
            shots.append([outcome, v.pc, v.gas] + list(v.registers))
            if outcome != STEP:
                return outcome
        return "runs on"

    def serve(self, vm, number, user):
        entry = self.script.next()
        if entry is None:
            return ACTIONS["suspend"]
        if is_grow_heap(self.case, number):
            self.grow_heap()
            return ACTIONS["continue"]
        value, gas, _, pc = entry
        self.v.registers[7] = value
        if gas is not None:
            self.v.gas = gas
        if pc is not None:
            self.v.pc = pc
        return ACTIONS["continue"]

    def go_on(self, outcome):
        lib, entry = self.library, self.script.next()
        if entry is None:
            return False
        value, gas, access, pc = entry
        if outcome == HOST and is_grow_heap(self.case, self.v.host_func_id):
            self.grow_heap()
        elif outcome == HOST:
            self.v.registers[7] = value
            if gas is not None:
                self.v.gas = gas
        elif outcome == FAULT:
            if access is None:
                return False
            lib.check(lib.map_pages(self.vm, lib.fault_page(self.vm) // PAGE, 1, ACCESS[access]))
        elif outcome == OOG:
            if gas is None:
                return False
            lib.check(lib.set_gas(self.vm, gas))
        elif outcome in (HALT, PANIC):
            if pc is None:
                return False
            lib.check(lib.set_pc(self.vm, pc))
        else:
            return False
        return True

    def shot(self, outcome, touched):
        lib, vm, v = self.library, self.vm, self.v
        memory = {}
        for page in touched:
            found = lib.page(vm, page) if 0 <= page < 1 << 20 else None
            if found:
                memory[page] = (found[0], zlib.crc32(found[1]))
        shot = {"exit": outcome, "actions": list(self.actions), "gas": v.gas, "signed gas": lib.get_gas_signed(vm), "pc": v.pc,
                "registers": list(v.registers), "heap": list(lib.heap_bounds(vm)), "memory": memory}
        if outcome == "none":
            starts = [b for b in range(len(self.case["code"]) // 2) if lib.program_is_block_start(self.program, b)]
            shot["gas of blocks"] = [(b, lib.program_block_gas(self.program, b)) for b in starts]
        if outcome == FAULT:
            shot["fault page"] = lib.fault_page(vm)
        if outcome == HOST:
            shot["host call"] = v.host_func_id
        return shot


def compare(library, case, mode, limit=20000):
    """[] or lines that say where model and library part."""
    try:
        model = ModelRun(case, mode)
    except Malformed as error:
        try:
            LibraryRun(library, case, mode).close()
        except Refused:
            return []
        return ["the model refuses the program (%s), the library takes it" % error]
    expected = model.run(limit)
    try:
        run = LibraryRun(library, case, mode)
    except Refused as error:
        return ["the library refuses the program: %s" % error]
    try:
        actual = run.run(limit, sorted(model.touched))
    finally:
        run.close()
    return differences(expected, actual)


def differences(expected, actual):
    for number, (e, a) in enumerate(zip(expected, actual)):
        if e == a:
            continue
        if isinstance(e, list) or isinstance(a, list):
            return ["after step %d: [exit, pc, gas, registers]" % number, "  model    %s" % e, "  library  %s" % a]
        lines = ["at exit %d:" % number]
        for key in sorted(set(e) | set(a)):
            if e.get(key) != a.get(key):
                if key == "memory":
                    pages = [p for p in sorted(set(e[key]) | set(a[key])) if e[key].get(p) != a[key].get(p)]
                    lines.append("  memory differs in pages %s (access, checksum)" % pages)
                    lines.append("    model    %s" % [e[key].get(p) for p in pages])
                    lines.append("    library  %s" % [a[key].get(p) for p in pages])
                else:
                    lines += ["  %s" % key, "    model    %s" % (e.get(key),), "    library  %s" % (a.get(key),)]
        return lines
    if len(expected) != len(actual):
        return ["the model has %d snapshots, the library %d" % (len(expected), len(actual))]
    return []
