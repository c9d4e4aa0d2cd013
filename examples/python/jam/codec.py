"""JAM's encodings (Gray Paper, appendix C). Values are as in the JSON of the vectors, with bytes for its strings."""
import os
from hashlib import blake2b

from duet import GP072, GP080

RESULTS = ("ok", "out_of_gas", "panic", "bad_exports", "output_oversize", "bad_code", "code_oversize")  # of work


def blake(data):
    return blake2b(data, digest_size=32).digest()


def number(value, size):
    return (value % 256**size).to_bytes(size, "little")


def to_number(data):
    return int.from_bytes(data, "little")


def natural(value):
    """A number in as few bytes as it needs: its first byte begins with as many ones as bytes follow."""
    size = next((size for size in range(8) if value < 1 << 7 * size + 7), 8)
    return number((0xFF00 >> size) + (value >> 8 * size), 1) + number(value, size)


def blob(data):
    return natural(len(data)) + data


def package(report):
    return report["package_spec"]["hash"]


def operand(report, work):
    """What accumulation is told of a work result."""
    ((error, output),) = work["result"].items()
    return b"".join((
        b"\0", package(report), report["package_spec"]["exports_root"], report["authorizer_hash"], work["payload_hash"],
        natural(work["accumulate_gas"]), number(RESULTS.index(error), 1), blob(output) if error == "ok" else b"",
        blob(report["auth_output"])))


def deferred(transfer):
    """What accumulation is told of a transfer."""
    return b"".join((b"\1", number(transfer["source"], 4), number(transfer["to"], 4), number(transfer["amount"], 8),
                     transfer["memo"], number(transfer["gas"], 8)))


def from_json(value):
    if isinstance(value, dict):
        return {key: from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return bytes.fromhex(value[2:]) if isinstance(value, str) else value


def table(name):
    """The lines of a text file beside this one."""
    with open(os.path.join(os.path.dirname(__file__), name)) as file:
        return [line.split() for line in file if line[0] != "#"]


class Chain(dict):
    """The constants by name, as constants.txt has them. Whoever imports a block adds its slot and entropy."""

    def __init__(self, isa, tiny):
        rows = table("constants.txt")
        super().__init__((name, int(values[tiny])) for name, _, *values in rows)
        self.isa, self["majority"] = isa, self["validators"] * 2 // 3 + 1
        kept = (row for row in rows if row[-1] != "-" or isa == GP072)
        self.encoded = b"".join(number(self[name], int(size)) for name, size, *_ in kept)


def records(other):
    """The fields of each record and their types, but for those with a mark of the other version."""
    fields = {name.strip(":"): " ".join(rest).split(", ") for name, *rest in table("schema.txt")}
    return {name: [field.split()[:2] for field in of if field.split()[-1] != other] for name, of in fields.items()}


RECORDS = {GP072: records("+"), GP080: records("-")}


class Decoder:
    def __init__(self, data, chain):
        self.data, self.at, self.chain = data, 0, chain

    def take(self, size):
        self.at += size
        if self.at > len(self.data):
            raise ValueError("the bytes end early")
        return self.data[self.at - size : self.at]

    def natural(self):
        first = self.take(1)[0]
        size = 8 - (first ^ 0xFF).bit_length()
        return to_number(self.take(size)) + (first % (1 << max(7 - size, 0)) << 8 * size)

    def choice(self, names):
        index = self.natural()
        if index >= len(names):
            raise ValueError("no such choice")
        return names[index]

    def value(self, kind):
        """The value of a type, in the language of schema.txt."""
        chain = self.chain
        if kind in RECORDS[chain.isa]:
            return {name: self.value(of) for name, of in RECORDS[chain.isa][kind]}
        if kind[-1] == "?":
            return self.value(kind[:-1]) if self.natural() else None
        if kind[-1] == "]":
            kind, count = kind[:-1].rsplit("[", 1)
            behind_length = not count or count[-1] == "+" and chain.isa == GP080
            return [self.value(kind) for _ in range(self.natural() if behind_length else chain[count.rstrip("+")])]
        if kind == "n":
            return self.natural()
        if kind == "bytes":
            return self.take(self.natural())
        if kind in ("result", "output"):
            name = self.choice(RESULTS if kind == "result" else ("ok", "err"))
            return {name: self.value("bytes" if kind == "result" else "b32") if name == "ok" else None}
        size = int(kind[1:])
        return self.take(size) if kind[0] == "b" else to_number(self.take(size // 8))

    def whole(self, kind):
        value = self.value(kind)
        if self.at != len(self.data):
            raise ValueError("bytes are left over")
        return value
