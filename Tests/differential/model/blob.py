"""Images: naturals, deblob, standard programs (appendix C's codec, appendix A's deblob and Y)."""

from .bits import U64, little

PAGE = 1 << 12   # Z_P
ZONE = 1 << 16   # Z_Z
INPUT = 1 << 24  # Z_I

# Settled: more octets of code or jump table are refused, as no host could hold what the paper allows.
LARGEST = 1 << 28


class Zeros:
    """A jump table of entries without octets: any number of zeros."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return min(self.count, (1 << 32) - 1)  # addresses of dynamic jumps reach no further

    def __getitem__(self, n):
        return 0

    def __iter__(self):
        return iter(())


class Malformed(Exception):
    """The image has no decoding."""


def pages(x):
    """P: rounded up to pages."""
    return PAGE * -(-x // PAGE)


def zones(x):
    """Z (Q in the source text): rounded up to zones."""
    return ZONE * -(-x // ZONE)


def encode_natural(x):
    if x == 0:
        return bytes([0])
    for l in range(8):
        if 1 << 7 * l <= x < 1 << 7 * (l + 1):
            return bytes([256 - (1 << 8 - l) + (x >> 8 * l)]) + (x % (1 << 8 * l)).to_bytes(l, "little")
    assert x < U64
    return bytes([255]) + x.to_bytes(8, "little")


class Reader:
    def __init__(self, octets):
        self.octets = octets
        self.at = 0

    def take(self, count):
        if count > len(self.octets) - self.at:
            raise Malformed("ends early")
        self.at += count
        return self.octets[self.at - count:self.at]

    def fixed(self, count):
        return little(self.take(count))

    def natural(self):
        """The number whose encoding stands here: decoded by its first octet, then encoded again to see that it is the one."""
        start = self.at
        first = self.fixed(1)
        l = 0
        while l < 8 and first & 0x80 >> l:
            l += 1
        x = self.fixed(l) + (((first & 0xFF >> l + 1) << 8 * l) if l < 8 else 0)
        if encode_natural(x) != bytes(self.octets[start:self.at]):
            raise Malformed("not the shortest form")
        return x


def encode_blob(code, bitmask, jumps=(), z=4):
    packed = bytes(sum(b << i for i, b in enumerate(bitmask[at:at + 8])) for at in range(0, len(bitmask), 8))
    table = b"".join(j.to_bytes(z, "little") for j in jumps)
    return encode_natural(len(jumps)) + bytes([z]) + encode_natural(len(code)) + table + bytes(code) + packed


def deblob(blob):
    """(c, k, j), as 0.7.2 has it; what 0.8.0 asks for beyond it stands in program.py."""
    r = Reader(blob)
    count = r.natural()
    z = r.fixed(1)
    size = r.natural()
    if count * z > LARGEST or size > LARGEST:
        raise Malformed("too large")
    j = [r.fixed(z) for _ in range(count)] if z else Zeros(count)
    if any(entry >= U64 for entry in j):
        raise Malformed("a jump table entry is a register value")
    c = bytes(r.take(size))
    packed = r.take((size + 7) // 8)
    k = [packed[i // 8] >> i % 8 & 1 for i in range(size)]
    if size % 8 and packed[-1] >> size % 8:
        raise Malformed("a spare bit is set")
    if r.at != len(blob):
        raise Malformed("octets follow")
    return c, k, j


class Standard:
    """The parts of a standard program, and where function Y puts them."""

    def __init__(self, image):
        r = Reader(image)
        o_len, w_len, self.z, self.s = r.fixed(3), r.fixed(3), r.fixed(2), r.fixed(3)
        self.o = bytes(r.take(o_len))
        self.w = bytes(r.take(w_len))
        c_len = r.fixed(4)
        if c_len != len(image) - r.at:
            raise Malformed("code length")
        self.code = bytes(r.take(c_len))
        if 5 * ZONE + zones(o_len) + zones(w_len + self.z * PAGE) + zones(self.s) + INPUT > 1 << 32:
            raise Malformed("does not fit 2^32")
        self.heap_start = 2 * ZONE + zones(o_len)
        self.heap_end = self.heap_start + pages(w_len) + self.z * PAGE
        self.stack_end = (1 << 32) - 2 * ZONE - INPUT
        self.stack_start = self.stack_end - pages(self.s)
        self.arguments = (1 << 32) - ZONE - INPUT

    def registers(self, arguments):
        registers = [0] * 13
        registers[0] = (1 << 32) - (1 << 16)
        registers[1] = self.stack_end
        registers[7] = self.arguments
        registers[8] = len(arguments)
        return registers

    def lay_out(self, ram, arguments):
        def region(start, end, access, contents):
            ram.map(start // PAGE, (end - start) // PAGE, access)
            ram.put(start, contents)

        region(ZONE, ZONE + pages(len(self.o)), "R", self.o)
        region(self.heap_start, self.heap_end, "W", self.w)
        region(self.stack_start, self.stack_end, "W", b"")
        region(self.arguments, self.arguments + pages(len(arguments)), "R", arguments)
