"""ECREC and P256VERIFY: signatures made by `cryptography` and by ecdsa, points and scalars of their own arithmetic, and the bad
signatures, keys and encodings that Wycheproof's collections are made of."""
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from ecdsa import NIST256p, SECP256k1
from ecdsa.ellipticcurve import INFINITY

from library import GAS


def word(number):
    return number.to_bytes(32, "big")


# secp256k1

P, N, G = SECP256k1.curve.p(), SECP256k1.order, SECP256k1.generator


def lift(x, is_odd):
    """The affine point, None if there is none."""
    square = (x ** 3 + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square:
        return None
    return x, y if y % 2 == is_odd else P - y


def address(library, point):
    return library.keccak256(word(point[0]) + word(point[1]))[12:]


def point(curve, x, y):
    from ecdsa.ellipticcurve import PointJacobi
    return PointJacobi(curve.curve, x, y, 1)


def recover(library, digest, parity, r, s):
    """SEC 1, 4.1.6, by the arithmetic of ecdsa."""
    if not (0 < r < N and 0 < s < N):
        return None
    found = lift(r, parity)
    if found is None:
        return None
    inverse = pow(r, -1, N)
    z = int.from_bytes(digest, "big")
    total = G * (-z * inverse % N) + point(SECP256k1, *found) * (s * inverse % N)
    if total == INFINITY:
        return None
    return address(library, (total.x(), total.y()))


def check_recovery(library, random, expect):
    def compare(digest, v, r, s, tail=b""):
        expected = recover(library, digest, v - 27, r, s) if v in (27, 28) else None
        data = digest + word(v) + word(r) + word(s) + tail
        expect("ECREC", library.call(1, data), ("success", bytes(12) + expected if expected else b"", 3000), data.hex())
        if v in (27, 28):
            expect("duet_recover_address", library.recover(digest, v - 27, r, s), expected, data.hex())
        return expected

    for _ in range(150):
        key = ec.generate_private_key(ec.SECP256K1())
        digest = random.randbytes(32)
        r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()))))
        public = key.public_key().public_numbers()
        own = address(library, (public.x, public.y))
        found = [compare(digest, v, r, s) for v in (27, 28)]
        expect("one parity is the signer's", own in found, True, digest.hex())
        # The mirrored signature belongs to the same key, with the other parity.
        expect("mirrored", compare(digest, 28 - found.index(own), r, N - s), own, digest.hex())
    top = (1 << 256) - 1
    edges = [0, 1, 2, 3, 4, 5, 6, 7, N - 1, N, N + 1, N // 2, N // 2 + 1, P - 1, P, P + 1, P - N, top, top - 1, 1 << 255, 1 << 128, (1 << 128) - 1,
             (1 << 256) - (1 << 128), 0x5363AD4CC05C30E0A5261C028812645A122E22EA20816678DF02967C1B23BD72, int(G.x())]
    for r in edges:
        for s in edges:
            compare(word(random.choice(edges)), random.choice((27, 28)), r, s)
    for _ in range(300):
        compare(word(random.choice(edges)), random.choice((27, 28)), random.choice((random.randrange(1, N), int(G.x()))),
                random.choice((random.randrange(1, N), *edges)))
    for v in (0, 1, 26, 29, 30, 27 + 256, 28 + (1 << 64), 27 << 248, top):
        compare(random.randbytes(32), v, int(G.x()), 5)
    # u1 G and u2 R the same, opposite (a key at infinity), and u1 = 0.
    for _ in range(20):
        k = random.randrange(1, N)
        multiple = G * k
        r, parity, s = int(multiple.x()), int(multiple.y()) & 1, random.randrange(1, N)
        for z in (s * k % N, -s * k % N, 0, N):
            compare(word(z), 27 + parity, r, s)
            compare(word(z), 28 - parity, r, s)
        # Scalars whose halves of the endomorphism, or of 128 bits, are short.
        small = random.choice((1, 2, 1 << 127, 1 << 128, (1 << 128) - 1, edges[-2], N - edges[-2], edges[-2] + 1))
        compare(word(random.choice((1, 1 << 128, (1 << 128) - 1, random.getrandbits(128))) * r % N), 27 + parity, r, small * r % N)
    good = random.randbytes(32) + word(27) + word(int(G.x())) + word(7)
    for length in (0, 1, 31, 32, 63, 64, 65, 95, 96, 97, 127):
        cut = good[:length]
        full = cut.ljust(128, b"\0")
        v, r, s = (int.from_bytes(full[i:i + 32], "big") for i in (32, 64, 96))
        expected = recover(library, full[:32], v - 27, r, s) if v in (27, 28) else None
        expect("cut", library.run(1, cut), bytes(12) + expected if expected else b"", cut.hex())
    compare(good[:32], 27, int(G.x()), 7, tail=b"octets behind the input do not count")


# P-256

P2, N2, G2 = NIST256p.curve.p(), NIST256p.order, NIST256p.generator
B2 = NIST256p.curve.b()


def verify(digest, r, s, x, y):
    """FIPS 186-5, 6.4.2, by the arithmetic of ecdsa."""
    if not (0 < r < N2 and 0 < s < N2 and x < P2 and y < P2 and (y * y - x ** 3 + 3 * x - B2) % P2 == 0):
        return False
    inverse = pow(s, -1, N2)
    z = int.from_bytes(digest, "big")
    total = G2 * (z * inverse % N2) + point(NIST256p, x, y) * (r * inverse % N2)
    return total != INFINITY and total.x() % N2 == r


def check_verification(library, random, expect):
    def compare(digest, r, s, x, y, expected=None):
        truth = verify(digest, r, s, x, y)
        if expected is not None:
            expect("the case itself", truth, expected, (r, s, x, y))
        data = digest + word(r) + word(s) + word(x) + word(y)
        expect("P256VERIFY", library.call(0x100, data), ("success", word(1) if truth else b"", 6900), data.hex())
        return data

    edges = [0, 1, 2, 3, N2 - 2, N2 - 1, N2, N2 + 1, P2 - N2, P2 - N2 - 1, P2 - 1, P2, P2 + 1, (1 << 256) - 1, 1 << 255, 1 << 128, int(G2.x()), int(G2.y())]
    for _ in range(150):
        key = ec.generate_private_key(ec.SECP256R1())
        digest = random.randbytes(32)
        signature = key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        r, s = utils.decode_dss_signature(signature)
        public = key.public_key().public_numbers()
        x, y = public.x, public.y
        data = compare(digest, r, s, x, y, True)
        compare(digest, r, N2 - s, x, y, True)
        compare(digest, r, s, x, P2 - y, False)
        for bad in (random.choice(edges), random.randrange(N2)):
            compare(digest, bad, s, x, y)
            compare(digest, r, bad, x, y)
            compare(digest, r, s, bad, y)
            compare(digest, r, s, x, bad)
        # The same numbers, larger by the modulus where that still fits.
        for changed in ((r + N2, s, x, y), (r, s + N2, x, y), (r, s, x + P2, y), (r, s, x, y + P2)):
            if max(changed) < 1 << 256:
                compare(digest, *changed, False)
        position = random.randrange(8 * 160)
        flipped = bytearray(data)
        flipped[position // 8] ^= 1 << position % 8
        compare(bytes(flipped[:32]), *(int.from_bytes(flipped[i:i + 32], "big") for i in (32, 64, 96, 128)))
        try:
            key.public_key().verify(signature, bytes(flipped[:32]), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        except InvalidSignature:
            compare(bytes(flipped[:32]), r, s, x, y, False)
        for wrong in (data[:-1], data + b"\0", b"", data[:128], data + data):
            expect("another length", library.call(0x100, wrong), ("success", b"", 6900), wrong.hex())
    # A key at infinity, as zeros and in other clothes; keys on the twist.
    for x, y in ((0, 0), (0, 1), (P2, 0), (0, P2), (1, 1), (int(G2.x()), 0)):
        compare(word(5), 3, 4, x, y, False)
    for _ in range(40):
        # u1 G + u2 Q at infinity, doubled, and with x of n or more (there r + n = x must be found, r = x - n).
        d = random.randrange(1, N2)
        public = G2 * d
        x, y = int(public.x()), int(public.y())
        r, s = random.randrange(1, N2), random.randrange(1, N2)
        compare(word(-r * d % N2), r, s, x, y, False)
        compare(word(r * d % N2), r, s, x, y)
        compare(word(0), r, s, x, y)
        compare(word(random.choice(edges)), random.choice(edges), random.choice(edges), x, y)
        compare(word(random.choice(edges)), r, s, int(G2.x()), int(G2.y()))
    # R with an x of n or more: take such a point as R, then the key for chosen r, s, z: Q = (s R - z G) / r.
    found, x = 0, N2
    while found < 6:
        x += 1
        square = (x ** 3 - 3 * x + B2) % P2
        y = pow(square, (P2 + 1) // 4, P2)
        if y * y % P2 != square:
            continue
        found += 1
        r, s, z = x - N2, random.randrange(1, N2), random.getrandbits(256)
        key = (point(NIST256p, x, y) * s + G2 * (-z % N2)) * pow(r, -1, N2)
        compare(word(z), r, s, int(key.x()), int(key.y()), True)
        compare(word(z), r + 1, s, int(key.x()), int(key.y()), False)


def check(library, random, expect):
    check_recovery(library, random, expect)
    check_verification(library, random, expect)
    expect("gas", (library.call(1, b"", gas=2999)[0], library.call(0x100, b"", gas=6899)[0]), ("out of gas",) * 2, None)
    expect("gas left", GAS - library.call(1, b"")[2], GAS - 3000, None)
