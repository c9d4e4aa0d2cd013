"""Service accounts."""
from jam.codec import blake, number, to_number

STORAGE, PREIMAGE = 2**32 - 1, 2**32 - 2  # kinds of what an account keeps; a request's kind is its length


class Account:
    """A service: the fields of Info in jam/schema.txt, and data: what it keeps, by hashes, as the state trie has it."""
    def __init__(self, info, data=()):
        self.__dict__.update(info, data=dict(data))

    def copy(self):
        return Account(vars(self), self.data)

    def threshold(self, chain):
        """The least balance that it must have for what it keeps."""
        deposit = chain["base_deposit"] + chain["item_deposit"] * self.items + chain["byte_deposit"] * self.bytes
        return max(0, deposit - self.deposit_offset)

    def get(self, kind, name):
        return self.data.get(blake(number(kind, 4) + name)[:27])

    def put(self, kind, name, value, items, size):
        """Sets or (None) removes what counts as so many items and bytes; a stored value counts by its length, too."""
        key = blake(number(kind, 4) + name)[:27]
        for sign, it in ((-1, self.data.pop(key, None)), (1, value)):
            if it is None: continue
            self.items += sign * items
            self.bytes += sign * (size + (len(it) if kind == STORAGE else 0))
        if value is not None: self.data[key] = value

    def store(self, key, value):
        self.put(STORAGE, key, value, 1, 34 + len(key))

    def request(self, hash, length):
        """The time slots of a request; None if there is none."""
        value = self.get(length, hash)
        return value and [to_number(value[i : i + 4]) for i in range(1, len(value), 4)]

    def set_request(self, hash, length, slots):
        value = None if slots is None else bytes([len(slots)]) + b"".join(number(slot, 4) for slot in slots)
        self.put(length, hash, value, 2, 81 + length)

    def set_preimage(self, data, hash=None):
        self.put(PREIMAGE, hash or blake(data), data, 0, 0)

    def provide(self, data, slot):
        """Takes a preimage that it waits for."""
        if self.request(blake(data), len(data)) == []:
            self.set_request(blake(data), len(data), [slot])
            self.set_preimage(data)
