"""Hashes against hashlib, pycryptodome and, for BLAKE2F, a BLAKE2b built from calls of it against hashlib's."""
import hashlib

from Crypto.Hash import RIPEMD160, keccak

IV = (0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
      0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179)
SIGMA = ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
         (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4), (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
         (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13), (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
         (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11), (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
         (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5), (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0))
MASK = (1 << 64) - 1


def blake2_f(rounds, h, m, offset, last):
    """RFC 7693, 3.2, slowly."""
    v = list(h) + list(IV)
    v[12] ^= offset & MASK
    v[13] ^= offset >> 64
    if last:
        v[14] ^= MASK

    def mix(a, b, c, d, x, y):
        for word, first, second in ((x, 32, 24), (y, 16, 63)):
            v[a] = v[a] + v[b] + word & MASK
            v[d] ^= v[a]
            v[d] = (v[d] >> first | v[d] << 64 - first) & MASK
            v[c] = v[c] + v[d] & MASK
            v[b] ^= v[c]
            v[b] = (v[b] >> second | v[b] << 64 - second) & MASK

    lanes = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13),
             (3, 4, 9, 14))
    for number in range(rounds):
        order = SIGMA[number % 10]
        for index, lane in enumerate(lanes):
            mix(*lane, m[order[2 * index]], m[order[2 * index + 1]])
    return [h[i] ^ v[i] ^ v[i + 8] for i in range(8)]


def blake2_input(rounds, h, m, offset, last):
    return (rounds.to_bytes(4, "big") + b"".join(word.to_bytes(8, "little") for word in [*h, *m])
            + offset.to_bytes(16, "little") + bytes([last]))


def words(octets):
    return [int.from_bytes(octets[i:i + 8], "little") for i in range(0, len(octets), 8)]


def blake2b(library, data):
    """BLAKE2b-512 with every compression done by the library."""
    h = list(IV)
    h[0] ^= 0x01010040
    blocks = [data[i:i + 128] for i in range(0, len(data), 128)] or [b""]
    done = 0
    for index, block in enumerate(blocks):
        done += len(block)
        last = index == len(blocks) - 1
        h = words(library.run(9, blake2_input(12, h, words(block.ljust(128, b"\0")), done, last)))
    return b"".join(word.to_bytes(8, "little") for word in h)


def check(library, random, expect):
    lengths = [*range(0, 300), *(random.randrange(300, 5000) for _ in range(100)), 100_000]
    for length in lengths:
        data = random.randbytes(length)
        expect("keccak256", library.keccak256(data), keccak.new(digest_bits=256, data=data).digest(), length)
        expect("SHA256", library.run(2, data), hashlib.sha256(data).digest(), length)
        expect("RIPEMD160", library.run(3, data), bytes(12) + RIPEMD160.new(data).digest(), length)
        expect("ID", library.run(4, data), data, length)
        expect("BLAKE2b", blake2b(library, data[:1000]), hashlib.blake2b(data[:1000]).digest(), length)
        word_count = (length + 31) // 32
        for number, base, word in ((2, 60, 12), (3, 600, 120), (4, 15, 3)):
            expect("gas", library.gas(number, data, "Frontier"), base + word * word_count, (number, length))
    for rounds in [*range(0, 45), *(random.randrange(45, 300) for _ in range(20))]:
        h, m = words(random.randbytes(64)), words(random.randbytes(128))
        offset, last = random.getrandbits(128), random.randrange(2)
        data = blake2_input(rounds, h, m, offset, last)
        expected = b"".join(word.to_bytes(8, "little") for word in blake2_f(rounds, h, m, offset, last))
        status, output, used = library.call(9, data)
        expect("BLAKE2F", (status, output, used), ("success", expected, rounds), data.hex())
        wrong = random.choice([data[:-1], data + b"\0", data[:-1] + bytes([random.randrange(2, 256)])])
        expect("BLAKE2F of a wrong input", library.run(9, wrong), None, wrong.hex())
