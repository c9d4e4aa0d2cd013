"""Numbers of the PVM (appendix A, equations for signed, unsigned and sign-extended values)."""

U64 = 1 << 64


def signed(octets, a):
    """Z_n: a natural below 2^8n as a two's complement number."""
    return a if octets == 0 or a < 1 << (8 * octets - 1) else a - (1 << (8 * octets))


def unsigned(a):
    """Z_8 inverted: any integer from -2^63 as a register value."""
    return (U64 + a) % U64


def sext(octets, x):
    """X_n: sign extension of an n-octet natural to a register value."""
    return unsigned(signed(octets, x))


def little(octets):
    """E_n inverted: octets to a natural."""
    return int.from_bytes(octets, "little")


def bit(x, i):
    return x >> i & 1


def from_bits(bits):
    return sum(b << i for i, b in enumerate(bits))


def rtz(a, b):
    """a / b rounded towards zero."""
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def smod(a, b):
    """The modulo of the absolute values with the sign of the numerator."""
    if b == 0:
        return a
    m = abs(a) % abs(b)
    return -m if a < 0 else m
