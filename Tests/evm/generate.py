"""Random cases: a few accounts with structured random code, and one call."""

import random

from opcodes import FORKS, OPCODES, REVISION

SENDER = bytes.fromhex("aa" * 20)
COINBASE = bytes.fromhex("c0" * 20)
CONTRACTS = [bytes([0xCC] * 19 + [n]) for n in range(3)]
NOBODY = bytes.fromhex("dd" * 20)
IDENTITY = bytes(19) + b"\x04"
TOP = 1 << 256

# Statements of a program and how often each is taken.
WEIGHTS = {"compute": 30, "stack": 12, "memory": 14, "copy": 8, "environment": 10, "storage": 10, "branch": 6, "loop": 3, "counted": 2, "function": 4, "call": 9,
           "create": 3, "log": 4, "keccak": 3, "account": 5, "end": 1, "wild": 1}
COMPUTE = [name for name, (code, *_) in OPCODES.items() if 0x01 <= code <= 0x1E]
ENVIRONMENT = [name for name, (_, taken, given, _) in OPCODES.items()
               if (taken, given) == (0, 1) and not name.startswith("PUSH")]
CALLS = {"CALL": True, "CALLCODE": True, "DELEGATECALL": False, "STATICCALL": False}


class Case:
    """What both sides get: the fork, accounts (address: nonce, balance, code, storage), and the call."""

    def __init__(self, fork, accounts, to, data, value, gas):
        self.fork, self.accounts, self.to, self.data, self.value, self.gas = fork, accounts, to, data, value, gas


class Program:
    """Code being written, with the number of words that are on the stack if nothing unforeseen happens."""

    def __init__(self, rng, revision, depth=0):
        self.rng, self.revision = rng, revision
        self.code = bytearray()
        self.height = 0
        self.nested = depth
        self.tails = []  # (place of a PUSH2, code to be appended there)

    # -- octets

    def op(self, name):
        code, taken, given, _ = OPCODES[name]
        self.code.append(code)
        self.height += given - taken

    def push(self, value, width=None):
        if value == 0 and width is None and self.revision >= REVISION["shanghai"] and self.rng.random() < 0.7:
            return self.op("PUSH0")
        octets = value.to_bytes(width or max(1, (value.bit_length() + 7) // 8), "big")
        self.code.append(0x5F + len(octets))
        self.code += octets
        self.height += 1

    def available(self, names):
        if self.rng.random() < 0.001:
            return self.rng.choice(names)  # Now and then what the fork does not have.
        while True:
            name = self.rng.choice(names)
            if OPCODES[name][3] <= self.revision:
                return name

    # -- operands

    def number(self):
        rng = self.rng
        kind = rng.randrange(9)
        if kind < 3:
            return rng.randrange(5)
        if kind == 3:
            return rng.randrange(300)
        if kind == 4:
            return (TOP - 1 - rng.randrange(4)) % TOP
        if kind == 5:
            return ((1 << rng.randrange(256)) + rng.randrange(-1, 2)) % TOP
        if kind == 6:
            return (TOP >> 1) - rng.randrange(2)
        return rng.getrandbits(rng.choice((8, 64, 65, 128, 160, 192, 256)))

    def place(self):
        """An offset or a size in memory."""
        kind = self.rng.randrange(512)
        if kind < 400:
            return self.rng.choice((0, 0, 1, 31, 32, 33, 64, 96, 100))
        if kind < 502:
            return self.rng.randrange(256)
        if kind < 510:
            return self.rng.randrange(1 << 14)
        return self.rng.choice((1 << 20, 1 << 32, (1 << 32) - 1, 1 << 63, (1 << 64) - 1, 1 << 64, TOP - 1, TOP - 32))

    def address(self):
        kind = self.rng.randrange(16)
        if kind < 10:
            value = self.rng.choice(CONTRACTS)
        elif kind < 11:
            value = IDENTITY
        elif kind < 13:
            value = self.rng.choice((SENDER, COINBASE, NOBODY))
        elif kind < 14:
            return self.op("ADDRESS")
        elif kind < 15:
            value = (0xDEAD0000 + self.rng.randrange(4)).to_bytes(20, "big")
        else:  # Octets above the address do not count.
            value = b"\xff" * 12 + self.rng.choice(CONTRACTS)
        self.push(int.from_bytes(value, "big"))

    def need(self, words):
        while self.height < words:
            self.push(self.number())

    # -- statements

    def compute(self):
        name = self.available(COMPUTE)
        taken = OPCODES[name][1]
        if self.rng.random() < 0.6:
            for _ in range(taken):
                if self.rng.random() < 0.7 or self.height == 0:
                    self.push(self.number())
        self.need(taken)
        self.op(name)

    def stack(self):
        if self.rng.random() < 0.2:
            self.need(1)
            return self.op("POP")
        n = self.rng.choice((1, 1, 2, 2, 3, 4, 5, 8, 16))
        if self.rng.random() < 0.5:
            self.need(n)
            self.op(f"DUP{n}")
        else:
            self.need(n + 1)
            self.op(f"SWAP{n}")

    def memory(self):
        name = self.available(["MSTORE", "MSTORE", "MSTORE8", "MLOAD"])
        if name != "MLOAD":
            self.push(self.number())
        self.push(self.place())
        self.op(name)

    def copy(self):
        name = self.available(["CALLDATACOPY", "CODECOPY", "RETURNDATACOPY", "MCOPY", "EXTCODECOPY"])
        if name == "RETURNDATACOPY" and self.rng.random() < 0.8:
            # Most of the time what there is.
            self.op("RETURNDATASIZE")
            self.push(0)
            self.push(self.place())
            return self.op(name)
        for _ in range(3):
            self.push(self.place())
        if name == "EXTCODECOPY":
            self.address()
        self.op(name)

    def environment(self):
        if self.rng.random() < 0.2:
            self.push(self.place())
            return self.op("CALLDATALOAD")
        if self.rng.random() < 0.1:
            self.push(self.rng.choice((0, 1, 99, 100, 101, 1000, 744, 743, 1 << 64)))
            return self.op("BLOCKHASH")
        if self.rng.random() < 0.1 and self.revision >= REVISION["cancun"]:
            self.push(self.rng.choice((0, 1, 2, 1 << 64)))
            return self.op("BLOBHASH")
        self.op(self.available(ENVIRONMENT))

    def slot(self):
        self.push(self.rng.choice((0, 0, 1, 1, 2, 3, TOP - 1)))

    def storage(self):
        name = self.available(["SLOAD", "SSTORE", "SSTORE", "TLOAD", "TSTORE"])
        if name in ("SSTORE", "TSTORE"):
            if self.rng.random() < 0.8:
                self.push(self.rng.choice((0, 0, 1, 2, 3)))
            else:
                self.need(1)
        self.slot()
        self.op(name)

    def account(self):
        name = self.available(["BALANCE", "EXTCODESIZE", "EXTCODEHASH"])
        self.address()
        self.op(name)

    def block(self, count):
        """Statements after which the stack is as high as before."""
        height = self.height
        self.statements(count)
        while self.height > height:
            self.op("POP")
        while self.height < height:
            self.push(1)

    def comparison(self):
        for _ in range(2):
            self.need(1)
            self.op(f"DUP{self.rng.randrange(1, min(self.height, 16) + 1)}")
        self.op(self.rng.choice(("LT", "GT", "SLT", "SGT", "EQ")))
        if self.rng.random() < 0.6:
            self.op("ISZERO")

    def branch(self):
        kind = self.rng.random()
        if kind < 0.5:
            self.push(self.rng.choice((0, 1, 1, 2, TOP - 1)))
        elif kind < 0.75:
            self.comparison()
        else:
            self.need(1)
        place = self.target()
        self.op("JUMPI")
        self.block(self.rng.randrange(1, 4))
        self.settle(place)

    def loop(self):
        if self.nested > 2:
            return
        self.push(self.rng.choice((2, 3, 5, 17)))
        start = len(self.code)
        self.op("JUMPDEST")
        self.nested += 1
        self.block(self.rng.randrange(1, 5))
        self.nested -= 1
        self.push(1)
        self.op("SWAP1")
        self.op("SUB")
        self.op("DUP1")
        self.push(start, 2)
        self.op("JUMPI")
        self.op("POP")

    def counted(self):
        """A loop as compilers write it without optimising."""
        if self.nested > 2:
            return
        self.push(self.rng.choice((0, 2, 5, 17)))
        self.push(0)
        start = len(self.code)
        self.op("JUMPDEST")
        self.op("DUP2")
        self.op("DUP2")
        self.op("LT")
        self.op("ISZERO")
        end = self.target()
        self.op("JUMPI")
        self.nested += 1
        self.block(self.rng.randrange(3))
        self.nested -= 1
        self.push(1)
        self.op("DUP2")
        self.op("ADD")
        self.op("SWAP1")
        self.op("POP")
        self.push(start, 2)
        self.op("JUMP")
        self.settle(end)
        self.op("POP")
        self.op("POP")

    def function(self):
        """A function of the same contract: parameters above where to return to, and its result in the place of all of them."""
        kind = self.rng.randrange(3)
        if kind == 0:
            self.need(2)
            back = self.target()
            self.op("SWAP2")
            self.op("SWAP1")
            parameters = 2
        else:
            back = self.target()
            parameters = self.rng.randrange(4)
            for _ in range(parameters):
                if kind == 1:
                    self.op(f"DUP{self.rng.randrange(1, min(self.height, 16) + 1)}")
                else:
                    self.push(self.number())
        start = self.target()
        self.op("JUMP")
        self.settle(start)
        if self.rng.random() < 0.5:
            self.block(self.rng.randrange(1, 3))
        if parameters == 1 and self.rng.random() < 0.5:  # What it takes is what it gives.
            self.push(0, 1)
            self.op("DUP2")
            self.op("SWAP1")
            self.op("POP")
            parameters = 2
        words = max(1, parameters + self.rng.randrange(2))
        for _ in range(words - parameters):
            self.push(self.number())
        self.op(f"SWAP{words}")
        if words > 1:
            self.op(f"SWAP{words - 1 if self.rng.random() < 0.98 else words}")
        for _ in range(words - 1):
            self.op("POP")
        self.op("JUMP")
        self.settle(back)

    def target(self):
        self.push(0, 2)
        return len(self.code) - 2

    def settle(self, place):
        at = len(self.code)
        self.op("JUMPDEST")
        if self.rng.random() < 0.005:
            at += self.rng.choice((-1, 1))  # Not where it should be.
        self.code[place:place + 2] = at.to_bytes(2, "big")

    def region(self):
        """size, offset: pushed in the order that leaves the offset on top."""
        self.push(self.place())
        self.push(self.place())

    def call(self):
        name = self.available(list(CALLS))
        if self.rng.random() < 0.3:  # Something to hand over.
            self.push(self.number())
            self.push(0)
            self.op("MSTORE")
        self.region()
        self.region()
        if CALLS[name]:
            self.push(self.rng.choice((0, 0, 0, 1, 2, 1 << 40, 1 << 128)))
        self.address()
        kind = self.rng.randrange(6)
        if kind < 3:
            self.op("GAS")
        else:
            self.push(self.rng.choice((0, 100, 700, 2300, 5000, 30000, 100000, (1 << 63) - 1, 1 << 64, TOP - 1)))
        self.op(name)

    def create(self):
        name = self.available(["CREATE", "CREATE2"])
        init = self.initcode()
        if name == "CREATE2":
            self.push(self.rng.randrange(3))
        self.push(len(init) if self.rng.random() < 0.95 else self.place())
        offset = self.rng.choice((0, 0, 32, 5))
        # The initcode stands behind the program and is copied from there.
        self.push(len(init))
        self.tails.append((self.target(), init))
        self.push(offset)
        self.op("CODECOPY")
        self.push(offset)
        self.push(self.rng.choice((0, 0, 0, 1, 1 << 64)))
        self.op(name)

    def initcode(self):
        inner = Program(self.rng, self.revision, self.nested + 2)
        if self.rng.random() < 0.5:
            inner.statements(self.rng.randrange(6))
        kind = self.rng.randrange(8)
        if kind < 5:  # Hands out a short program, now and then one that starts with the forbidden octet.
            deployed = Program(self.rng, self.revision, self.nested + 2)
            deployed.statements(self.rng.randrange(3))
            octets = bytes(deployed.code[:32]) or b"\x00"
            if kind == 0:
                octets = b"\xef" + octets[1:]
            inner.push(int.from_bytes(octets.ljust(32, b"\x00"), "big"), 32)
            inner.push(0)
            inner.op("MSTORE")
            inner.push(len(octets))
            inner.push(0)
            inner.op("RETURN")
        elif kind == 5:
            inner.push(self.rng.choice((0, 1, 1000, 24576, 24577)), 2)
            inner.push(0)
            inner.op("RETURN")
        else:
            inner.end()
        return inner.finished()[:3000]

    def log(self):
        topics = self.rng.randrange(5)
        for _ in range(topics):
            self.push(self.number())
        self.region()
        self.op(f"LOG{topics}")

    def keccak(self):
        self.region()
        self.op("KECCAK256")

    def end(self):
        if self.nested or self.rng.random() < 0.3:
            kind = self.rng.randrange(12)
            if kind < 6:
                self.region()
                self.op(self.available(["RETURN", "REVERT"]))
            elif kind < 8:
                self.op("STOP")
            elif kind < 10:
                self.address()
                self.op("SELFDESTRUCT")
            else:
                self.op("INVALID")

    def wild(self):
        """Octets of any kind."""
        kind = self.rng.randrange(8)
        if kind < 2:
            self.code += self.rng.randbytes(self.rng.randrange(1, 6))
        elif kind == 2:
            for _ in range(self.rng.randrange(1, 40)):
                self.code.append(self.rng.choice((0x80, 0x50, 0x90, 0x58, 0x5A)))
        elif kind == 3 and self.nested == 0:  # A stack that grows without end.
            start = len(self.code)
            self.op("JUMPDEST")
            self.op("GAS")
            self.push(start, 2)
            self.op("JUMP")

    def statements(self, count):
        chosen = self.rng.choices(NAMES, CUMULATED, k=count)
        for name in chosen:
            getattr(self, name)()
            if self.height > 900:
                self.op("POP")

    def finished(self):
        """The code with everything that belongs behind it."""
        if self.tails:
            self.code.append(0)
        for place, octets in self.tails:
            self.code[place:place + 2] = (len(self.code) & 0xFFFF).to_bytes(2, "big")
            self.code += octets
        return bytes(self.code)


NAMES, CUMULATED = list(WEIGHTS), list(WEIGHTS.values())


def program(rng, revision, statements):
    if rng.random() < 0.01:
        return rng.randbytes(rng.randrange(200))
    written = Program(rng, revision)
    written.statements(rng.randrange(1, statements))
    if rng.random() < 0.6:
        # Shows what is on the stack.
        for place in range(rng.randrange(3)):
            if written.height > 0:
                written.push(32 * place)
                written.op("MSTORE")
        written.region()
        written.op(written.available(["RETURN", "RETURN", "REVERT"]))
    code = written.finished()
    if rng.random() < 0.02 and len(code) > 1:
        code = code[:rng.randrange(len(code))]  # Cut off, perhaps within a PUSH.
    return code


def generate(seed, forks=FORKS):
    rng = random.Random(seed)
    fork = rng.choice(forks)
    revision = REVISION[fork]
    accounts = {SENDER: (0, 1 << 60, b"", {})}
    for address in CONTRACTS:
        storage = {slot: rng.choice((0, 1, 2, 3, TOP - 1)) for slot in range(rng.randrange(3))}
        code = program(rng, revision, 40 if address == CONTRACTS[0] else 15)
        accounts[address] = (rng.choice((1, 1, 2, 127, 128)), rng.choice((0, 5, 1 << 50)), code, {k: v for k, v in storage.items() if v})
    data = rng.randbytes(rng.choice((0, 0, 4, 32, 36, 100)))
    value = rng.choice((0, 0, 0, 1, 1000))
    gas = rng.choice((30000, rng.randrange(30000, 80000), 100000, 300000, 300000, 1000000))
    return Case(fork, accounts, CONTRACTS[0], data, value, gas)
