"""A program before it is bytes: a list of items whose jumps name other items, so that items can be taken out and the rest
still means the same."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Target:
    """An item and a distance from it in octets, or (without an item) an address."""
    item: object = None
    delta: int = 0

    def resolve(self, positions):
        return self.delta if self.item is None else positions.get(id(self.item), 0) + self.delta


@dataclass(eq=False)
class Item:
    opcode: int
    head: bytes = b""               # operand octets up to the offset
    target: Target = None           # where the offset points
    width: int = 0                  # octets of the offset
    tail: bytes = b""               # octets behind the operands
    marked: bool = True             # is the opcode's bit set?
    marks: list = field(default_factory=list)  # further octets of the instruction that are marked as opcodes

    def size(self):
        return 1 + len(self.head) + self.width + len(self.tail)


def assemble(items):
    """(code, bits, positions by id)"""
    positions, at = {}, 0
    for item in items:
        positions[id(item)] = at
        at += item.size()
    code, bits = bytearray(), []
    for item in items:
        offset = b""
        if item.target is not None:
            distance = item.target.resolve(positions) - positions[id(item)]
            offset = (distance % (1 << 8 * item.width)).to_bytes(item.width, "little") if item.width else b""
        octets = bytes([item.opcode]) + item.head + offset + item.tail
        code += octets
        bits += [int(item.marked)] + [int(n in item.marks) for n in range(1, len(octets))]
    return bytes(code), bits, positions


def pack(bits):
    return bytes(sum(b << i for i, b in enumerate(bits[at:at + 8])) for at in range(0, len(bits), 8))


@dataclass(eq=False)
class Source:
    """Items and jump table; `rest` is the case without what they determine, its pcs being targets."""
    items: list
    jumps: list
    entry: Target
    rest: dict

    def case(self):
        code, bits, positions = assemble(self.items)
        case = dict(self.rest)
        limit = 1 << (32 if case["format"] == "raw" else 8 * case["z"])
        case["code"], case["bitmask"] = code.hex(), pack(bits).hex()
        case["jumps"] = [target.resolve(positions) % limit for target in self.jumps]
        case["entry"] = self.entry.resolve(positions) % (1 << 32)
        case["script"] = [[value, gas, access, None if pc is None else pc.resolve(positions) % (1 << 32)]
                          for value, gas, access, pc in case["script"]]
        return case
