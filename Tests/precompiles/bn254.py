"""BN254_ADD, BN254_MUL and BN254_PAIRING against py_ecc, and the pairing's algebra."""
from py_ecc import optimized_bn128 as curve
from py_ecc.optimized_bn128 import FQ2, G1, G2, add, b2, curve_order as n, field_modulus as p, multiply, neg, normalize, pairing

ADD, MUL, PAIRING = 6, 7, 8
ONE, ZERO = (1).to_bytes(32, "big"), bytes(32)
LAMBDA = 0xB3C4D79D41A917585BFC41088D8DAAA78B17EA66B99C90DD


def octets(number):
    return int(number).to_bytes(32, "big")


def g1(point):
    """The encoding of a point of py_ecc."""
    if curve.is_inf(point):
        return bytes(64)
    return b"".join(octets(c.n) for c in normalize(point))


def g2(point):
    if curve.is_inf(point):
        return bytes(128)
    return b"".join(octets(part) for c in normalize(point) for part in reversed(c.coeffs))


def fp2_root(a):
    """A square root in Fp2, or None."""
    a0, a1 = (int(c) for c in a.coeffs)
    root = lambda c: (lambda r: r if r * r % p == c % p else None)(pow(c, (p + 1) // 4, p))
    norm = root(a0 * a0 + a1 * a1)
    if norm is None:
        return None
    for sign in (norm, -norm):
        x = root((a0 + sign) * pow(2, -1, p) % p)
        if x:
            found = FQ2([x, a1 * pow(2 * x, -1, p) % p])
            if found * found == a:
                return found
    return None


def twist_point(random):
    """A point of the twist, hardly ever in G2."""
    while True:
        x = FQ2([random.randrange(p), random.randrange(p)])
        y = fp2_root(x * x * x + b2)
        if y is not None:
            return (x, y, FQ2.one())


def invalid_g1(random, base):
    x, y = (c.n for c in normalize(base))
    yield octets(x) + octets((y + 1) % p), "not on the curve"
    yield octets(x + p) + octets(y), "x not reduced"
    yield octets(x) + octets(y + p), "y not reduced"
    yield octets(p) + ZERO, "p for 0"
    yield ZERO + octets(p), "0 and p"
    yield ONE + ZERO, "y 0"
    yield ZERO + ONE, "x 0"
    yield bytes([255]) * 64, "greatest"


def check(library, random, expect):
    scalars = [0, 1, 2, 3, 15, 16, 31, n - 1, n, n + 1, n - 2, 2 * n, 5 * n + 1, 2**256 - 1, 2**255, 2**128 - 1, 2**128, 2**127, LAMBDA,
               n - LAMBDA, LAMBDA * 2 % n, n // 2, n // 2 + 1, 0x89D3256894D213E3, 0x6F4D8248EEB859FC8211BBEB7D4F1128,
               0x6F4D8248EEB859FD0BE4E1541221250B, *(random.getrandbits(256) for _ in range(60)), *(1 << i for i in range(0, 256, 7))]
    points = [multiply(G1, random.randrange(1, n)) for _ in range(6)]
    infinity = multiply(G1, 0)
    for index, scalar in enumerate(scalars):
        base = points[index % len(points)]
        expect("multiple", library.run(MUL, g1(base) + octets(scalar)), g1(multiply(base, scalar % n)), (g1(base).hex(), hex(scalar)))
    for scalar in (0, 1, n, 2**256 - 1):
        expect("multiple of infinity", library.run(MUL, bytes(64) + octets(scalar)), bytes(64), scalar)
    # Missing octets read as zeros, and what is too much does not count.
    for length in range(0, 130):
        data = (g1(points[0]) + octets(n - 5) + bytes(range(40)))[:length]
        full = data.ljust(96, b"\0")[:96]
        expect("cut multiple", library.run(MUL, data), library.run(MUL, full), length)
        data = (g1(points[0]) + g1(points[1]) + bytes(range(40)))[:length + 40]
        expect("cut sum", library.run(ADD, data), library.run(ADD, data.ljust(128, b"\0")[:128]), length)

    for a in [*points, infinity]:
        for b in [*points, infinity, a, neg(a), multiply(a, 2)]:
            expect("sum", library.run(ADD, g1(a) + g1(b)), g1(add(a, b)), (g1(a).hex(), g1(b).hex()))
    for bad, why in invalid_g1(random, points[0]):
        good = g1(points[1])
        expect("invalid first", library.run(ADD, bad + good), None, why)
        expect("invalid second", library.run(ADD, good + bad), None, why)
        expect("invalid beside infinity", library.run(ADD, bytes(64) + bad), None, why)
        expect("invalid multiple", library.run(MUL, bad + octets(3)), None, why)
        expect("invalid times 0", library.run(MUL, bad + ZERO), None, why)
        expect("invalid in a pairing", library.run(PAIRING, bad + g2(G2)), None, why)
        expect("invalid beside infinity", library.run(PAIRING, bad + bytes(128)), None, why)

    expect("no pairs", library.run(PAIRING, b""), ONE, "")
    for length in (1, 191, 193, 383, 64):
        expect("length", library.run(PAIRING, bytes(length)), None, length)
    for count in (1, 2, 15, 16, 17, 33, 40):
        expect("infinities", library.run(PAIRING, bytes(192 * count)), ONE, count)
    # e(a P, b Q) e(-ab P, Q) = 1, also in the midst of others
    for count in (1, 2, 3, 8, 15, 16, 17, 20, 33):
        data, total = [], 0
        for _ in range(count):
            a, b = random.randrange(1, n), random.randrange(1, n)
            total += a * b
            data.append(g1(multiply(G1, a)) + g2(multiply(G2, b)))
            if random.randrange(4) == 0:
                data.append(bytes(64) + g2(multiply(G2, a)))
            if random.randrange(4) == 0:
                data.append(g1(multiply(G1, a)) + bytes(128))
        for delta in (0, 1):
            whole = data + [g1(multiply(G1, (delta - total) % n)) + g2(G2)]
            random.shuffle(whole)
            expect("product", library.run(PAIRING, b"".join(whole)), ZERO if delta else ONE, (count, delta))
    for a, b in ((1, 1), (5, 7)):
        left, right = multiply(G1, a), multiply(G2, b)
        assert pairing(right, left) != pairing(G2, G1) or a * b == 1
        expect("one pair", library.run(PAIRING, g1(left) + g2(right)), ZERO, (a, b))

    for _ in range(12):
        point = twist_point(random)
        assert not curve.is_inf(multiply(point, n))
        expect("outside G2", library.run(PAIRING, g1(G1) + g2(point)), None, g2(point).hex())
        expect("outside G2 with infinity", library.run(PAIRING, bytes(64) + g2(point)), None, g2(point).hex())
        # Of the order of G2 times another factor, and of that factor alone.
        expect("sum outside G2", library.run(PAIRING, g1(G1) + g2(add(point, G2))), None, "")
        expect("cofactor's part", library.run(PAIRING, g1(G1) + g2(multiply(point, n))), None, "")
        inside = multiply(point, 2 * p - n)
        assert curve.is_inf(multiply(inside, n))
        expect("inside G2", library.run(PAIRING, g1(G1) + g2(inside)), ZERO, "")
    x = g2(G2)
    for index in range(4):
        part = int.from_bytes(x[32 * index:32 * index + 32], "big")
        expect("not reduced", library.run(PAIRING, g1(G1) + x[:32 * index] + octets(part + p) + x[32 * index + 32:]), None, index)
        expect("off the twist", library.run(PAIRING, g1(G1) + x[:32 * index] + octets(part ^ 1) + x[32 * index + 32:]), None, index)
