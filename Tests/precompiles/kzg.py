"""KZG point evaluation: polynomials of degree 0 and 1, whose proofs can be made without the secret of the trusted setup."""
import hashlib

from py_ecc.bls.g2_primitives import G1_to_pubkey, pubkey_to_G1
from py_ecc.optimized_bls12_381 import FQ, G1, add, curve_order as r, field_modulus as p, multiply, neg

NUMBER = 0x0A
# tau times the generator: g1_monomial[1] of trusted_setup_4096.json
TAU_G1 = "ad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81"
EXPECTED = (4096).to_bytes(32, "big") + r.to_bytes(32, "big")


def request(commitment, z, y, proof, versioned=None):
    versioned = versioned or b"\1" + hashlib.sha256(commitment).digest()[1:]
    return versioned + z.to_bytes(32, "big") + y.to_bytes(32, "big") + commitment + proof


def outside(random):
    """A compressed point of the curve outside G1."""
    while True:
        x = random.randrange(p)
        y = pow(x**3 + 4, (p + 1) // 4, p)
        if y * y % p == (x**3 + 4) % p:
            return G1_to_pubkey((FQ(x), FQ(y), FQ.one()))


def check(library, random, expect):
    tau = pubkey_to_G1(bytes.fromhex(TAU_G1))
    infinity = b"\xc0" + bytes(47)
    edges = (0, 1, r - 1, r // 2)
    for index in range(60):
        # a + b X
        a, b, z = (random.choice(edges) if random.randrange(3) == 0 else random.randrange(r) for _ in range(3))
        y = (a + b * z) % r
        point, proof_point = add(multiply(G1, a), multiply(tau, b)), multiply(G1, b)
        commitment, proof = G1_to_pubkey(point), G1_to_pubkey(proof_point)
        good = request(commitment, z, y, proof)
        expect("valid", library.run(NUMBER, good), EXPECTED, good.hex())
        expect("wrong y", library.run(NUMBER, request(commitment, z, (y + 1) % r, proof)), None, index)
        if b:
            expect("wrong z", library.run(NUMBER, request(commitment, (z + 1) % r, y, proof)), None, index)
            expect("wrong proof", library.run(NUMBER, request(commitment, z, y, G1_to_pubkey(neg(proof_point)))), None, index)
            expect("no proof", library.run(NUMBER, request(commitment, z, y, infinity)), None, index)
        expect("other proof", library.run(NUMBER, request(commitment, z, y, G1_to_pubkey(add(proof_point, G1)))), None, index)
        expect("other commitment", library.run(NUMBER, request(G1_to_pubkey(add(point, G1)), z, y, proof)), None, index)
        expect("y not reduced", library.run(NUMBER, request(commitment, z, y + r, proof)), None, index)
        expect("z not reduced", library.run(NUMBER, request(commitment, z + r, y, proof)), None, index)
        bit = random.randrange(8 * 32)
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << bit % 8
        expect("versioned hash", library.run(NUMBER, bytes(flipped)), None, bit)
    for cut in (0, 1, 96, 191):
        expect("length", library.run(NUMBER, good[:cut]), None, cut)
    expect("length", library.run(NUMBER, good + b"\0"), None, 193)

    zero = request(infinity, 5, 0, infinity)
    expect("zero polynomial", library.run(NUMBER, zero), EXPECTED, "")
    point = G1_to_pubkey(multiply(G1, 3))
    constant = request(point, 7, 3, infinity)
    expect("constant polynomial", library.run(NUMBER, constant), EXPECTED, "")
    x = int.from_bytes(point, "big") & ((1 << 381) - 1)
    bad = [b"\xc0" + bytes(46) + b"\1", b"\xe0" + bytes(47), b"\x40" + bytes(47), bytes(48), b"\xc1" + bytes(47), b"\x80" + bytes(47),
           bytes([point[0] & 0x7F]) + point[1:], bytes([point[0] | 0x40]) + point[1:], outside(random), outside(random),
           (1 << 383 | p).to_bytes(48, "big"), b"\xff" * 48, b"\x9f" + b"\xff" * 47]
    if x + p < 1 << 381:
        bad.append((1 << 383 | x + p).to_bytes(48, "big"))
    for encoding in bad:
        expect("bad commitment", library.run(NUMBER, request(encoding, 7, 3, infinity)), None, encoding.hex())
        expect("bad proof", library.run(NUMBER, request(point, 7, 3, encoding)), None, encoding.hex())
