"""Instruction data: skip, opcode, basic blocks, operands (appendix A, "Instructions, Opcodes and Skip-distance" to the
headings of the instruction tables)."""

from . import isa as forms
from .bits import little, sext, signed
from .blob import Malformed, deblob


class Operands:
    """Register indices A, B, D and immediates X, Y, where the form has them; target: the absolute one of an offset."""
    A = B = D = X = Y = target = None


class Program:
    def __init__(self, isa, code, bitmask, jumps):
        self.isa = isa
        self.c = bytes(code)
        self.k = [1 if b else 0 for b in bitmask]
        self.j = jumps
        self.cached_operands = {}
        self.cached_gas = {}
        # Both instruction sets define basic blocks by the raw octet: an invalid opcode acts as a trap but ends no block.
        after = {n + 1 + self.skip(n) for n in range(len(self.c)) if self.k[n] == 1 and self.c[n] in isa.T}
        instructions = {n for n in range(len(self.c)) if self.k[n] == 1 and self.c[n] in isa.U}
        self.blocks = ({0} | after) & instructions

    @classmethod
    def from_blob(cls, isa, blob):
        program = cls(isa, *deblob(blob))
        program.validate()
        return program

    def validate(self):
        """0.8.0: the code is an unbroken chain of valid instructions, of which the last is a terminator (v_blob); and its
        bounds (#559)."""
        if self.isa is forms.GP072:
            return
        if len(self.c) > 1 << 25 or len(self.j) > 1 << 24:
            raise Malformed("too large")
        at = 0
        while not (at > 0 and at == len(self.k)):
            after = at + 1 + self.skip(at)
            if after == len(self.k) and self.c[at:at + 1] and self.c[at] not in self.isa.T:
                raise Malformed("the last instruction is no terminator")
            if not self.is_location(at):
                raise Malformed("no instruction at %d" % at)
            at = after

    def is_location(self, at):
        """v_inst"""
        return at < len(self.k) and self.k[at] == 1 and self.c[at] in self.isa.U

    def skip(self, i):
        for j in range(24):
            at = i + 1 + j
            if at >= len(self.k) or self.k[at] == 1:
                return j
        return 24

    def zeta(self, i):
        return self.c[i] if 0 <= i < len(self.c) else 0

    def opcode(self, n):
        return self.c[n] if self.is_location(n) else 0

    def block_start(self, i):
        """L: the start of the basic block around i."""
        return max(j for j in self.blocks if j <= i)

    def operands(self, i):
        if i not in self.cached_operands:
            self.cached_operands[i] = self.decode(i, self.isa.form[self.opcode(i)])
        return self.cached_operands[i]

    def decode(self, i, form):
        o = Operands()
        l = self.skip(i)
        z = self.zeta

        def take(at, count):
            return little(bytes(z(at + n) for n in range(count)))

        def immediate(at, count):
            return sext(count, take(at, count))

        def offset(at, count):
            return i + signed(count, take(at, count))

        low, high, third = min(12, z(i + 1) % 16), min(12, z(i + 1) // 16), min(12, z(i + 2))
        if form == forms.IMM:
            o.X = immediate(i + 1, min(4, l))
        elif form == forms.REG_WIDE:
            o.A = low
            o.X = take(i + 2, 8)
        elif form == forms.IMM_IMM:
            lx = min(4, z(i + 1) % 8)
            ly = min(4, max(0, l - lx - 1))
            o.X = immediate(i + 2, lx)
            o.Y = immediate(i + 2 + lx, ly)
        elif form == forms.OFFSET:
            o.target = offset(i + 1, min(4, l))
        elif form == forms.REG_IMM:
            o.A = low
            o.X = immediate(i + 2, min(4, max(0, l - 1)))
        elif form in (forms.REG_IMM_IMM, forms.REG_IMM_OFFSET):
            o.A = low
            lx = min(4, z(i + 1) // 16 % 8)
            ly = min(4, max(0, l - lx - 1))
            o.X = immediate(i + 2, lx)
            if form == forms.REG_IMM_IMM:
                o.Y = immediate(i + 2 + lx, ly)
            else:
                o.target = offset(i + 2 + lx, ly)
        elif form == forms.REG_REG:
            o.D, o.A = low, high
        elif form == forms.REG_REG_IMM:
            o.A, o.B = low, high
            o.X = immediate(i + 2, min(4, max(0, l - 1)))
        elif form == forms.REG_REG_OFFSET:
            o.A, o.B = low, high
            o.target = offset(i + 2, min(4, max(0, l - 1)))
        elif form == forms.REG_REG_IMM_IMM:
            o.A, o.B = low, high
            lx = min(4, z(i + 2) % 8)
            ly = min(4, max(0, l - lx - 2))
            o.X = immediate(i + 3, lx)
            o.Y = immediate(i + 3 + lx, ly)
        elif form == forms.REG_REG_REG:
            o.A, o.B, o.D = low, high, third
        return o
