"""RAM: octets and access by page, and the memory exception of Psi_1."""

from collections import defaultdict

from .blob import PAGE

FIRST_PAGE = (1 << 16) // PAGE
PAGES = (1 << 32) // PAGE


class RAM:
    def __init__(self):
        self.access = {}  # page -> "R" or "W"; pages without access are absent
        self.value = defaultdict(lambda: bytearray(PAGE))  # page -> octets, zeros until they are written

    def map(self, first, count, access):
        """Pages that had no access come up zeroed; pages that get none lose their contents."""
        for page in range(first, first + count):
            if access is None:
                self.access.pop(page, None)
                self.value.pop(page, None)
            else:
                self.access[page] = access

    def is_readable(self, i):
        return i // PAGE in self.access

    def is_writable(self, i):
        return self.access.get(i // PAGE) == "W"

    def range_is(self, allowed, start, length):
        """Is every index of start...+length allowed? Indices of 2^32 and above are no indices of RAM."""
        if length == 0:
            return True
        if start + length > 1 << 32:
            return False
        firsts = [start] + list(range((start // PAGE + 1) * PAGE, start + length, PAGE)) if length <= 1 << 26 else None
        if firsts is None:  # far more than any test maps
            firsts = [start] + [page * PAGE for page in range(start // PAGE + 1, -(-(start + length) // PAGE))]
        return all(allowed(i) for i in firsts)

    def exception(self, indices, write):
        """None, "panic" or the address of the faulting page, for the (unreduced) indices of one access."""
        allowed = self.is_writable if write else self.is_readable
        x = [i for i in indices if not allowed(i % (1 << 32))]
        if not x:
            return None
        lowest = min(x) % (1 << 32)
        return "panic" if lowest < 1 << 16 else PAGE * (lowest // PAGE)

    def get(self, start, length):
        return bytes(self.value[i % (1 << 32) // PAGE][i % PAGE] for i in range(start, start + length))

    def put(self, start, octets):
        for n, octet in enumerate(octets):
            i = (start + n) % (1 << 32)
            self.value[i // PAGE][i % PAGE] = octet
