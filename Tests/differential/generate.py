"""Random programs that are worth running: every opcode and operand shape, registers full of edge values, memory at the
edges of pages and regions, jumps that mostly arrive, loops that gas ends, and a share of everything that is wrong."""

from model import isa as forms
from source import Item, Source, Target

EDGES = [0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 32767, 32768, 65535, 65536, (1 << 31) - 1, 1 << 31,
         (1 << 31) + 1, (1 << 32) - 2, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1,
         (1 << 64) - 1, (1 << 64) - 2, (1 << 64) - 128, (1 << 64) - 32768, (1 << 64) - (1 << 31), (1 << 64) - (1 << 31) - 1,
         (1 << 64) - (1 << 32), 0x0123456789abcdef, 0xfedcba9876543210, 0x8080808080808080]
HALT_ADDRESS = (1 << 32) - (1 << 16)

# What an item is, and how often.
WEIGHTS = {"alu3": 24, "alu_imm": 24, "alu2": 8, "load_imm": 7, "load_imm_64": 2, "memory": 18, "branch": 10, "jump": 3,
           "djump": 4, "ecalli": 2, "sbrk": 2, "fallthrough": 2, "unlikely": 2, "trap": 0.5, "invalid": 0.4, "pair": 6}


class Generator:
    def __init__(self, random, version):
        self.r = random
        self.isa = forms.BY_NAME[version]
        self.by_form = {}
        for opcode, form in self.isa.form.items():
            self.by_form.setdefault(form, []).append(opcode)
        self.names = self.isa.opcode
        self.few = [random.randrange(13) for _ in range(random.choice([2, 3, 4, 8]))]
        self.invalid = [o for o in range(256) if o not in self.isa.U]
        self.kinds = [k for k in WEIGHTS if not (k == "sbrk" and version != "gp072" or k == "unlikely" and version == "gp072")]
        self.items = []
        self.jumps = []
        self.too_much = []  # sizes that sbrk is sure to refuse

    # ---- numbers ----

    def chance(self, p):
        return self.r.random() < p

    def number(self):
        kind = self.r.random()
        if kind < 0.5:
            return self.r.choice(EDGES)
        if kind < 0.7:
            return self.r.randrange(-16, 64) % (1 << 64)
        return self.r.getrandbits(self.r.choice([8, 16, 31, 32, 33, 63, 64]))

    def immediate(self, value=None):
        """Octets of an immediate: as short as the value allows, or any length."""
        value = self.number() if value is None else value
        if self.chance(0.2):
            length = self.r.randrange(5)
        else:
            signed = value if value < 1 << 63 else value - (1 << 64)
            length = next((n for n in range(5) if n and -(1 << 8 * n - 1) <= signed < 1 << 8 * n - 1), 4)
            length = 0 if value == 0 and self.chance(0.5) else length
        return (value % (1 << 8 * length)).to_bytes(length, "little") if length else b""

    def reg(self):
        if self.chance(0.03):
            return self.r.randrange(16)  # 13 to 15 mean 12
        return self.r.choice(self.few) if self.chance(0.8) else self.r.randrange(13)

    def two(self):
        return self.reg() | self.reg() << 4

    def one(self):
        return self.reg() | (self.r.randrange(16) << 4 if self.chance(0.1) else 0)

    def address(self):
        """An address near something."""
        kind = self.r.random()
        if kind < 0.02:
            return self.r.choice([0, 1, 65527, 65528, 65532, 65535, self.r.randrange(65536)])
        if kind < 0.06:
            return (1 << 32) - self.r.randrange(12)
        if kind < 0.10:
            return self.r.randrange(1 << 16, 1 << 32)
        first, count, _ = self.r.choice(self.regions)
        start, end = first * 4096, (first + count) * 4096
        place = self.r.choice([start, end, end, start + self.r.randrange(count) * 4096, self.r.randrange(start, end)])
        return (place + self.r.randrange(-9, 10)) % (1 << 32)

    # ---- places ----

    def target(self, good=None):
        """Where a jump goes: to a block start, as far as one can be had; else somewhere it may not (less often where branches
        that are not taken panic as well)."""
        good = good or (0.88 if self.isa is forms.GP072 else 0.95)
        if not self.items or self.chance(0.01):
            return Target(None, self.r.choice([0, -1, -4, 1 << 16, 1 << 31, (1 << 32) - 1, self.r.randrange(600)]))
        starts = [self.items[0]] + [b for a, b in zip(self.items, self.items[1:]) if a.opcode in self.isa.T]
        if self.chance(good):
            return Target(self.r.choice(starts))
        return Target(self.r.choice(self.items), self.r.choice([0, 0, 1, 2, 5, -1]))

    # ---- items ----

    def encode(self, opcode):
        """An item of that opcode with random operands; its target, if it has one, is set when all items stand."""
        form = self.isa.form[opcode]
        r = self.r
        if form == forms.IMM:
            return Item(opcode, self.immediate())
        if form == forms.REG_WIDE:
            return Item(opcode, bytes([self.one()]) + self.number().to_bytes(8, "little"))
        if form == forms.IMM_IMM:
            x, y = self.immediate(self.address()), self.immediate()
            return Item(opcode, bytes([self.length(x)]) + x + y)
        if form == forms.OFFSET:
            return Item(opcode, target=Target(), width=self.width())
        if form == forms.REG_IMM:
            name = self.isa.name[opcode]
            x = self.immediate(self.address() if name not in ("load_imm", "jump_ind") else None)
            return Item(opcode, bytes([self.one()]) + x)
        if form == forms.REG_IMM_IMM:
            x, y = self.small(), self.immediate()
            return Item(opcode, bytes([self.reg() | self.length(x, 16) * 16]) + x + y)
        if form == forms.REG_IMM_OFFSET:
            x = self.immediate()
            return Item(opcode, bytes([self.reg() | self.length(x, 16) * 16]) + x, Target(), self.width())
        if form == forms.REG_REG:
            return Item(opcode, bytes([self.two()]))
        if form == forms.REG_REG_IMM:
            memory = self.isa.name[opcode].startswith(("load", "store"))
            return Item(opcode, bytes([self.two()]) + (self.small() if memory else self.immediate()))
        if form == forms.REG_REG_OFFSET:
            return Item(opcode, bytes([self.two()]), Target(), self.width())
        if form == forms.REG_REG_IMM_IMM:
            x, y = self.immediate(), self.small()
            return Item(opcode, bytes([self.two(), self.length(x)]) + x + y)
        if form == forms.REG_REG_REG:
            return Item(opcode, bytes([self.two(), self.reg() if self.chance(0.97) else r.randrange(256)]))
        return Item(opcode)

    def length(self, x, above=32):
        """The field that gives the length of X: 5 to 7 mean 4, and there are bits above it that mean nothing."""
        field = len(x) if len(x) < 4 or self.chance(0.9) else self.r.randrange(4, 8)
        return field + (8 * self.r.randrange(above // 8) if self.chance(0.1) else 0)

    def width(self):
        return self.r.choice([1, 1, 2, 2, 2, 3, 4, 4]) if self.chance(0.98) else 0

    def small(self):
        return self.immediate(self.r.choice([0, 0, 1, 2, 4, 8, 16, 4088, 4095, (1 << 64) - 1, (1 << 64) - 8]))

    def named(self, name):
        return self.encode(self.names[name])

    def load_imm(self, register, value):
        """register = value, by whatever instruction can."""
        signed = value if value < 1 << 63 else value - (1 << 64)
        if -(1 << 31) <= signed < 1 << 31:
            return Item(self.names["load_imm"], bytes([register]) + (value % (1 << 32)).to_bytes(4, "little"))
        return Item(self.names["load_imm_64"], bytes([register]) + value.to_bytes(8, "little"))

    def emit(self, kind):
        r = self.r
        add = self.items.append
        if kind == "alu3":
            add(self.encode(r.choice(self.by_form[forms.REG_REG_REG])))
        elif kind == "alu_imm":
            add(self.encode(r.choice([o for o in self.by_form[forms.REG_REG_IMM] if o >= 131])))
        elif kind == "alu2":
            add(self.encode(r.choice([o for o in self.by_form[forms.REG_REG] if self.isa.name[o] != "sbrk"])))
        elif kind == "memory":
            self.memory()
        elif kind == "branch":
            add(self.encode(r.choice([o for o in self.isa.U if self.isa.name[o].startswith("branch")])))
        elif kind == "jump":
            add(self.named(r.choice(["jump", "load_imm_jump"])))
        elif kind == "djump":
            self.djump()
        elif kind == "sbrk":
            register = self.reg() % 13
            if self.chance(0.8):
                sizes = [0, 1, 100, 4095, 4096, 4097, 12288, 65536, 1 << 18, (1 << 64) - 1]
                add(self.load_imm(register, r.choice(sizes + self.too_much)))
            add(Item(self.names["sbrk"], bytes([self.reg() | register << 4])))
        elif kind == "ecalli" and self.chance(0.4):
            if self.chance(0.7):  # what grow_heap takes
                limit = (1 << 20) - 48 - 4096  # with no stack, which counts in zones of 16 pages
                add(self.load_imm(7, r.choice([0, 31, 32, 33, 34, 40, 48, 49, 50, 55, 64, limit - 15, limit + 1, 1 << 20, 1 << 32,
                                               (1 << 64) - 1])))
            add(Item(self.names["ecalli"], b"\1"))
        elif kind == "invalid":
            add(Item(r.choice(self.invalid), bytes(r.randrange(256) for _ in range(r.randrange(4)))))
        elif kind == "pair":
            self.pair()
        else:
            add(self.named(kind))

    def memory(self):
        r = self.r
        name = r.choice([n for n in self.names if n.startswith(("load_", "store_")) and "jump" not in n
                         and n not in ("load_imm", "load_imm_64")])
        if "_ind_" in name and self.chance(0.6):
            base = r.choice(self.few)
            address = self.address()
            # Base registers above 2^32 reach the same addresses.
            self.items.append(self.load_imm(base, address if self.chance(0.5) or address < 1 << 31
                                            else address | 0xffffffff << 32))
            item = self.named(name)
            low = item.head[0]
            fixed = low & 0xf0 | base if name.startswith("store_imm") else low & 0x0f | base << 4
            item.head = bytes([fixed]) + item.head[1:]
            self.items.append(item)
        else:
            self.items.append(self.named(name))

    def djump(self):
        """load_imm and a jump through the table: a good index, or one beside it."""
        r = self.r
        if self.chance(0.3):
            self.items.append(self.named(r.choice(["jump_ind", "load_imm_jump_ind"])))
            return
        register, index = r.choice(self.few), r.randrange(len(self.jumps) + 1)
        address = 2 * (index + 1) if self.chance(0.85) else r.choice([0, 2 * index + 1, 1 << 31] + 5 * [HALT_ADDRESS])
        offset = r.choice([0, 0, 0, 2, 4, -2])
        self.items.append(self.load_imm(register, (address - offset) % (1 << 32)
                                        | (r.getrandbits(32) << 32 if self.chance(0.2) else 0)))
        octets = (offset % 256).to_bytes(1, "little") if offset else b""
        if self.chance(0.5):
            self.items.append(Item(self.names["jump_ind"], bytes([register]) + octets))
        else:
            x = self.immediate()
            self.items.append(Item(self.names["load_imm_jump_ind"],
                                   bytes([self.reg() | register << 4, len(x)]) + x + octets))

    def pair(self):
        """Neighbours that an interpreter may well fuse: a value made and used at once."""
        r, a, b = self.r, self.r.choice(self.few), self.r.choice(self.few)
        add = self.items.append
        kind = r.randrange(6)
        if kind == 0:
            add(Item(self.names[r.choice(["set_lt_u", "set_lt_s"])], bytes([self.two(), a])))
            add(Item(self.names[r.choice(["branch_ne_imm", "branch_eq_imm"])], bytes([a]), Target(), 2))
        elif kind == 1:
            add(self.load_imm(a, self.number()))
            add(Item(r.choice(self.by_form[forms.REG_REG_REG]), bytes([b | a << 4, self.reg()])))
        elif kind == 2:
            add(Item(self.names["shlo_l_imm_64"], bytes([a | b << 4, 32])))
            add(Item(self.names[r.choice(["shlo_r_imm_64", "shar_r_imm_64"])], bytes([a | a << 4, 32])))
        elif kind == 3:
            add(Item(self.names["add_imm_64"], bytes([a | a << 4, r.choice([1, 8, 255])])))
            add(Item(self.names[r.choice(["branch_ne", "branch_lt_u", "branch_lt_s", "branch_ge_u"])], bytes([a | b << 4]),
                     Target(), 2))
        elif kind == 4:
            add(Item(self.names["move_reg"], bytes([a | b << 4])))
            add(self.encode(r.choice(self.by_form[forms.REG_REG_IMM])))
        else:
            for _ in range(2):
                add(Item(self.names[r.choice(["load_ind_u64", "store_ind_u64", "load_ind_u8", "store_ind_u32"])],
                         bytes([a | b << 4, r.choice([0, 8, 16])])))

    def damage(self, item):
        """Now and then an instruction is too short for its operands, too long, or marked wrongly."""
        r = self.r
        if self.chance(0.015) and item.head:
            item.head = item.head[:-1]
        if self.chance(0.03):
            item.tail = bytes(r.randrange(256) for _ in range(r.choice([1, 2, 3, 8])))
        if self.chance(0.001):
            item.tail = bytes(r.randrange(256) for _ in range(r.choice([22, 23, 24, 25, 30])))
        if self.chance(0.0015):
            item.marked = False
        if self.chance(0.003) and item.size() > 1:
            item.marks = [r.randrange(1, item.size())]

    # ---- cases ----

    def source(self):
        r = self.r
        rest = self.state()
        self.jumps = [Target() for _ in range(r.choice([0, 1, 2, 4, 9]))]
        size = r.choice([1, 2, 4, 8, 16, 16, 32, 32, 64, 100])
        kinds = r.choices(self.kinds, [WEIGHTS[k] for k in self.kinds], k=size)
        for kind in kinds:
            self.emit(kind)
        self.end()
        for item in self.items:
            if item.target is not None:
                item.target = self.target()
            self.damage(item)
        self.jumps = [self.target() if self.chance(0.95) else Target(None, r.getrandbits(r.choice([8, 32, 64])))
                      for _ in self.jumps]
        entry = Target(self.items[0]) if self.chance(0.8) else self.target(0.3)
        rest["script"] = [[self.number(), r.choice([None, None, self.gas()]), r.choice(["W", "W", "W", "R", None]),
                           self.target(0.7) if self.chance(0.15) else None] for _ in range(r.choice([0, 2, 6, 12]))]
        return Source(self.items, self.jumps, entry, rest)

    def end(self):
        """The last instruction: mostly one that ends a block, as 0.8.0 demands, and every kind of them."""
        r = self.r
        kind = r.random()
        if kind < 0.6:
            self.emit(r.choice(["trap", "jump", "djump"]))
        elif kind < 0.9:
            # What would go on behind the code.
            self.emit(r.choice(["fallthrough", "branch"]))

    def gas(self):
        scale = 1 if self.isa is forms.GP072 else 20
        kind = self.r.random()
        if kind < 0.02:
            return self.r.choice([1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
        if kind < 0.55:
            return scale * 300
        return scale * self.r.randrange(1 + self.r.choice([1, 2, 4, 20, 200]))

    def state(self):
        r = self.r
        format = r.choice(["raw", "raw", "blob", "blob", "standard"])
        rest = {"isa": self.isa.version, "format": format, "z": r.choice([1, 2, 2, 3, 4, 8]), "wide": self.chance(0.3),
                "standard": None, "bounds": None, "pages": [], "writes": [], "registers": None, "gas": self.gas()}
        if format == "standard":
            s = {"o": r.randbytes(r.choice([0, 1, 100, 4096, 5000])).hex(), "w": r.randbytes(r.choice([0, 7, 4096, 4200])).hex(),
                 "z": r.choice([0, 1, 3]), "s": r.choice([0, 1, 4096, 10000]),
                 "arguments": r.randbytes(r.choice([0, 5, 4096, 4097])).hex()}
            rest["standard"] = s
            heap = 48 if s["o"] else 32
            self.regions = [(16, 1, "R"), (heap, 2, "W"), (0xfefe0 - 1, 1, "W"), (0xfeff0, 1, "R")]
        elif self.chance(0.3):
            heap, other = r.choice([(0x20000, 0x40000), (0x20000, 0x23000), (0x10000, 0xfff00000)])
            self.too_much = [1 << 32, (1 << 32) - 1]
            rest["bounds"] = [heap, heap + r.choice([0, 1, 0x1000, 0x2345]), other, other + 0x1800, 0x50000, 0x50010,
                              0xfe000000, 0xfe000000 + r.choice([0, 0x2000])]
            self.regions = [(heap >> 12, 2, "W"), (other >> 12, 2, "R"), (0x50, 1, "R"), (0xfe000, 2, "W")]
        else:
            self.regions = r.sample([(16, 2, "W"), (18, 1, "R"), (20, 3, "W"), (32, 1, "R"), (33, 1, "W"), (0x7ffff, 2, "W"),
                                     (0xfffff, 1, "W"), (0xffff0, 1, "R")], r.choice([1, 3, 8]))
            rest["pages"] = [list(region) for region in self.regions]
            rest["writes"] = [[first * 4096 + r.choice([0, 2048, 4088]), r.randbytes(8).hex()]
                              for first, _, _ in self.regions]
        if format != "standard" or self.chance(0.3):
            rest["registers"] = [self.address() if self.chance(0.3) else self.number() for _ in range(13)]
            if self.chance(0.5):
                rest["registers"][0] = HALT_ADDRESS
        return rest

