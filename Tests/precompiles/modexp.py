"""MODEXP and its gas against Python's integers."""
# What costs more is past all gas; the library need not tell how far.
LIMIT = 1 << 55
LENGTHS = (0, 1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 63, 64, 65, 96, 128, 200, 255, 256, 257, 512, 1024)


def read(data, start, length):
    """Octets of the input, which zeros follow."""
    part = data[start:start + length] if start < len(data) else b""
    return part.ljust(min(length, 1 << 16), b"\0")


def parse(data):
    lengths = [int.from_bytes(read(data, 32 * i, 32), "big") for i in range(3)]
    return lengths, 96, 96 + lengths[0], 96 + lengths[0] + lengths[1]


def gas(data, revision):
    (base, exponent, modulus), _, start, _ = parse(data)
    head = int.from_bytes(read(data, start, min(32, exponent)), "big")
    longest = max(base, modulus)
    words = (longest + 7) // 8
    bits = max(0, head.bit_length() - 1)
    iterations = max(1, bits + (16 if revision == "Osaka" else 8) * max(0, exponent - 32))
    if revision == "Osaka":
        cost = max(500, (16 if longest <= 32 else 2 * words ** 2) * iterations)
    elif revision == "Berlin":
        cost = max(200, words ** 2 * iterations // 3)
    else:
        if longest <= 64:
            cost = longest ** 2
        elif longest <= 1024:
            cost = longest ** 2 // 4 + 96 * longest - 3072
        else:
            cost = longest ** 2 // 16 + 480 * longest - 199680
        cost = cost * iterations // 20
    return min(cost, LIMIT)


def result(data, revision):
    (base, exponent, modulus), base_at, exponent_at, modulus_at = parse(data)
    if revision == "Osaka" and max(base, exponent, modulus) > 1024:
        return None
    number = int.from_bytes(read(data, modulus_at, modulus), "big")
    if number == 0:
        return bytes(modulus)
    power = pow(int.from_bytes(read(data, base_at, base), "big"), int.from_bytes(read(data, exponent_at, exponent), "big"), number)
    return power.to_bytes(modulus, "big")


def encode(base, exponent, modulus):
    return b"".join(len(part).to_bytes(32, "big") for part in (base, exponent, modulus)) + base + exponent + modulus


def number(random, length):
    """A number of many shapes in `length` octets."""
    bits = 8 * length
    if bits == 0:
        return b""
    top = (1 << bits) - 1
    value = random.choice((
        lambda: random.getrandbits(bits),
        lambda: random.getrandbits(bits) | 1,
        lambda: random.getrandbits(random.randrange(1, bits + 1)),
        lambda: 1 << random.randrange(bits),
        lambda: (1 << random.randrange(bits)) - 1,
        lambda: top,
        lambda: top - random.getrandbits(min(bits, 8)),
        lambda: random.randrange(4) & top,
        lambda: random.getrandbits(random.randrange(1, bits + 1)) << random.randrange(bits) & top,
    ))()
    return value.to_bytes(length, "big")


def check(library, random, expect):
    def compare(data, revision):
        expect("gas " + revision, min(library.gas(5, data, revision), LIMIT), gas(data, revision), data[:500].hex())
        # A cut may leave a length that nobody can pay for.
        if gas(data, revision) < 1 << 34:
            expect("result " + revision, library.run(5, data, revision), result(data, revision), data.hex())

    for _ in range(6000):
        base, modulus = random.choice(LENGTHS[:20]), random.choice(LENGTHS[:20])
        exponent = random.choice((0, 1, 2, 3, 4, 5, 11, 12, 31, 32, 33, 40))
        data = encode(number(random, base), number(random, exponent), number(random, modulus))
        if random.randrange(8) == 0:
            data = data[:random.randrange(len(data) + 1)]
        if random.randrange(8) == 0:
            data += random.randbytes(10)
        compare(data, random.choice(("Byzantium", "Berlin", "Osaka")))
    for _ in range(150):
        data = encode(*(number(random, random.choice(LENGTHS)) for _ in range(3)))
        compare(data, random.choice(("Byzantium", "Berlin", "Osaka")))
    for lengths in ((1025, 1, 1), (1, 1025, 1), (1, 1, 1025), (1024, 1024, 1024), (2000, 3, 900), (3, 3, 4096), (5000, 1, 8)):
        data = encode(*(number(random, length) for length in lengths))
        for revision in ("Byzantium", "Berlin", "Osaka"):
            compare(data, revision)
    # Lengths that no input has: only the gas, and the results that need no work.
    for _ in range(2000):
        lengths = [random.choice((0, 0, 1, 32, 33, 1 << 20, (1 << 31) - 1, (1 << 31) + 5, 1 << 63, (1 << 64) - 1, 1 << 64,
                                  (1 << 256) - 1, random.getrandbits(random.randrange(1, 40)))) for _ in range(3)]
        data = b"".join(length.to_bytes(32, "big") for length in lengths) + random.randbytes(random.randrange(80))
        for revision in ("Byzantium", "Berlin", "Osaka"):
            expect("gas", min(library.gas(5, data, revision), LIMIT), gas(data, revision), (revision, data.hex()))
        if lengths[2] == 0 and gas(data, "Berlin") < LIMIT:
            expect("no modulus", library.run(5, data, "Berlin"), b"", data.hex())
        if max(lengths) > 1024:
            expect("EIP-7823", library.call(5, data, "Osaka")[0] in ("failure", "out of gas"), True, data.hex())
