"""The precompiles of EIP-2537 against py_ecc, and the pairing's algebra."""
from py_ecc import optimized_bls12_381 as curve
from py_ecc.bls.hash_to_curve import clear_cofactor_G1, clear_cofactor_G2, map_to_curve_G1, map_to_curve_G2
from py_ecc.optimized_bls12_381 import FQ, FQ2, G1, G2, add, b, b2, curve_order as r, field_modulus as p, multiply, neg, normalize

G1ADD, G1MSM, G2ADD, G2MSM, PAIRING, MAP1, MAP2 = range(0x0B, 0x12)
ONE, ZERO = (1).to_bytes(32, "big"), bytes(32)
X = 0xD201000000010000
H1 = (X + 1) ** 2 // 3
H2 = (X**8 + 4 * X**7 + 5 * X**6 - 4 * X**4 - 6 * X**3 - 4 * X**2 + 4 * X + 13) // 9
SCALARS = (0, 1, 2, r - 1, r, r + 1, 2 * r, 2 * r + 1, 2**256 - 1, 2**255, 2**128 - 1, 2**128, 2**64, X, X - 1, X**2 - 1, X**2, X**2 - 2,
           X**3, X**3 - 1, r - X, (X**2 - 1) * 5, (X**2 - 1) << 127, 15, 16, 17, 31, 32)


def scalar(number):
    return number.to_bytes(32, "big")


def fp(number):
    return int(number).to_bytes(64, "big")


def encode(point):
    parts = point[0].coeffs if isinstance(point[0], FQ2) else (0,)
    if curve.is_inf(point):
        return bytes(128 * len(parts))
    return b"".join(fp(part) for c in normalize(point) for part in (c.coeffs if isinstance(c, FQ2) else (c.n,)))


def root(c):
    found = pow(c, (p + 1) // 4, p)
    return found if found * found % p == c % p else None


def curve_point(random):
    """A point of the curve, hardly ever in G1."""
    while True:
        x = random.randrange(p)
        y = root(x**3 + 4)
        if y is not None:
            return (FQ(x), FQ(y), FQ.one())


def twist_point(random):
    while True:
        x = FQ2([random.randrange(p), random.randrange(p)])
        a = x * x * x + b2
        a0, a1 = (int(c) for c in a.coeffs)
        norm = root(a0 * a0 + a1 * a1)
        if norm is None:
            continue
        for sign in (norm, -norm):
            y0 = root((a0 + sign) * pow(2, -1, p) % p)
            if y0:
                y = FQ2([y0, a1 * pow(2 * y0, -1, p) % p])
                if y * y == a:
                    return (x, y, FQ2.one())


def small_orders(random, make, cofactor, primes):
    """Points of small prime orders that divide the cofactor."""
    for prime in primes:
        assert cofactor % prime == 0
        rest = cofactor * r
        while rest % prime == 0:
            rest //= prime
        while True:
            point = multiply(make(random), rest)
            while not curve.is_inf(point) and not curve.is_inf(multiply(point, prime)):
                point = multiply(point, prime)
            if not curve.is_inf(point):
                yield prime, point
                break


def check_sums(library, random, expect, number, generator, make, cofactor, primes):
    inside = [multiply(generator, random.randrange(1, r)) for _ in range(3)]
    outside = [make(random) for _ in range(3)]
    small = [point for _, point in small_orders(random, make, cofactor, primes)]
    points = [*inside, *outside, *small, multiply(generator, 0)]
    for a in points:
        for c in [*points, neg(a), multiply(a, 2)]:
            expect("sum", library.run(number, encode(a) + encode(c)), encode(add(a, c)), (number, encode(a).hex(), encode(c).hex()))
    size = len(encode(generator))
    for length in (0, 1, size, 2 * size - 1, 2 * size + 1, 3 * size):
        expect("length", library.run(number, bytes(length)), None, (number, length))
    for bad, why in invalid(encode(inside[0])):
        good = encode(inside[1])
        expect("invalid", library.run(number, bad + good), None, (number, why))
        expect("invalid", library.run(number, good + bad), None, (number, why))
        expect("invalid", library.run(number, bytes(size) + bad), None, (number, why))


def invalid(good):
    """Encodings of no point, made of one of a point."""
    for index in range(len(good) // 64):
        start = 64 * index
        before, part, after = good[:start], good[start:start + 64], good[start + 64:]
        yield before + fp(int.from_bytes(part, "big") + p) + after, "not reduced"
        yield before + fp(int.from_bytes(part, "big") ^ 1) + after, "not on the curve"
        for place in (0, 7, 8, 15):
            yield before + part[:place] + b"\1" + part[place + 1:] + after, "padding"
        yield bytes(start) + fp(1) + bytes(len(after)), "all but one 0"
        yield bytes(start) + fp(p) + bytes(len(after)), "p for 0"
    yield b"\xff" * len(good), "greatest"


def check_multiples(library, random, expect, number, generator, make, cofactor, primes):
    size = len(encode(generator))
    base = multiply(generator, random.randrange(1, r))
    for k in [*SCALARS, *(random.getrandbits(256) for _ in range(20))]:
        expect("multiple", library.run(number, encode(base) + scalar(k)), encode(multiply(base, k % r)), (number, hex(k)))
        expect("multiple of infinity", library.run(number, bytes(size) + scalar(k)), bytes(size), (number, hex(k)))
    logarithms = [random.randrange(1, r) for _ in range(20)]
    known = [(a, encode(multiply(generator, a))) for a in logarithms]
    known += [(-a, encode(multiply(generator, r - a))) for a in logarithms[:5]] + [(0, bytes(size))]
    for count in (*range(1, 20), 30, 50, 64, 100, 128, 129, 200, 400):
        data, total = b"", 0
        few = count % 3 == 0
        for _ in range(count):
            a, point = random.choice(known[:2] if few else known)
            k = random.choice((random.getrandbits(256), random.choice(SCALARS)))
            data += point + scalar(k)
            total += a * k
        expected = encode(multiply(generator, total % r))
        expect("sum of multiples", library.run(number, data), expected, (number, count, data[:5000].hex()))
        # One pair more that brings the sum to infinity
        data += encode(generator) + scalar(-total % r)
        expect("sum to infinity", library.run(number, data), bytes(size), (number, count))
    pair = size + 32
    for length in (0, 1, pair - 1, pair + 1, 2 * pair - 1, size):
        expect("length", library.run(number, bytes(length)), None, (number, length))
    good = encode(base)
    outside = [(encode(make(random)), "outside") for _ in range(3)]
    outside += [(encode(point), prime) for prime, point in small_orders(random, make, cofactor, primes)]
    outside += [(encode(add(base, point)), prime) for prime, point in small_orders(random, make, cofactor, primes)]
    for bad, why in [*invalid(good), *outside]:
        for k in (0, 1, r):
            expect("invalid", library.run(number, bad + scalar(k)), None, (number, why))
        expect("invalid first", library.run(number, bad + scalar(2) + good + scalar(3)), None, (number, why))
        expect("invalid last of many", library.run(number, (good + scalar(3)) * 20 + bad + scalar(2)), None, (number, why))


def check_pairing(library, random, expect):
    for length in (0, 1, 383, 385, 128):
        expect("length", library.run(PAIRING, bytes(length)), None, length)
    for count in (1, 2, 16, 17):
        expect("infinities", library.run(PAIRING, bytes(384 * count)), ONE, count)
    for count in (1, 2, 3, 8, 15, 16, 17, 33):
        data, total = [], 0
        for _ in range(count):
            a, c = random.randrange(1, r), random.randrange(1, r)
            total += a * c
            data.append(encode(multiply(G1, a)) + encode(multiply(G2, c)))
            if random.randrange(4) == 0:
                data.append(bytes(128) + encode(multiply(G2, a)))
            if random.randrange(4) == 0:
                data.append(encode(multiply(G1, a)) + bytes(256))
        for delta in (0, 1):
            whole = data + [encode(multiply(G1, (delta - total) % r)) + encode(G2)]
            random.shuffle(whole)
            expect("product", library.run(PAIRING, b"".join(whole)), ZERO if delta else ONE, (count, delta))
    left, right = encode(G1), encode(G2)
    expect("one pair", library.run(PAIRING, left + right), ZERO, "")
    outside1 = [(encode(curve_point(random)), "outside G1") for _ in range(5)] + list(invalid(left))
    outside2 = [(encode(twist_point(random)), "outside G2") for _ in range(5)] + list(invalid(right))
    for bad, why in outside1:
        expect("invalid", library.run(PAIRING, bad + right), None, why)
        expect("invalid with infinity", library.run(PAIRING, bad + bytes(256)), None, why)
    for bad, why in outside2:
        expect("invalid", library.run(PAIRING, left + bad), None, why)
        expect("invalid with infinity", library.run(PAIRING, bytes(128) + bad), None, why)


def check_maps(library, random, expect):
    edges = [0, 1, 2, p - 1, p - 2, (p - 1) // 2, (p + 1) // 2]
    # -1 / Z, where it is a square, is the square of the exceptional inputs.
    exceptional = root(-pow(11, -1, p) % p)
    if exceptional:
        edges += [exceptional, p - exceptional]
    for u in [*edges, *(random.randrange(p) for _ in range(40))]:
        expect("map to G1", library.run(MAP1, fp(u)), encode(clear_cofactor_G1(map_to_curve_G1(FQ(u)))), hex(u))
    for u in [*((a, c) for a in edges for c in edges), *((random.randrange(p), random.randrange(p)) for _ in range(25))]:
        expected = encode(clear_cofactor_G2(map_to_curve_G2(FQ2(u))))
        expect("map to G2", library.run(MAP2, fp(u[0]) + fp(u[1])), expected, (hex(u[0]), hex(u[1])))
    for length in (0, 1, 63, 65, 128):
        expect("length", library.run(MAP1, bytes(length)), None, length)
    for length in (0, 1, 64, 127, 129):
        expect("length", library.run(MAP2, bytes(length)), None, length)
    for bad in (fp(p), fp(p + 1), b"\xff" * 64, b"\1" + bytes(63), bytes(15) + b"\1" + bytes(48)):
        expect("invalid", library.run(MAP1, bad), None, bad.hex())
        expect("invalid", library.run(MAP2, bad + fp(1)), None, bad.hex())
        expect("invalid", library.run(MAP2, fp(1) + bad), None, bad.hex())


def check(library, random, expect):
    assert b.n == 4
    check_sums(library, random, expect, G1ADD, G1, curve_point, H1, (3, 11))
    check_sums(library, random, expect, G2ADD, G2, twist_point, H2, (13, 23))
    check_multiples(library, random, expect, G1MSM, G1, curve_point, H1, (3, 11, 10177))
    check_multiples(library, random, expect, G2MSM, G2, twist_point, H2, (13, 23, 2713))
    check_pairing(library, random, expect)
    check_maps(library, random, expect)
