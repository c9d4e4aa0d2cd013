"""How a call ended, in one form for every side."""


class Outcome:
    """`accounts` maps an address to (nonce, balance, code, storage without zeros). None as a member: this side cannot tell."""

    def __init__(self, status, gas_left, refund, output, logs, accounts, destructed=frozenset()):
        self.status, self.gas_left, self.refund = status, gas_left, refund
        self.output, self.logs, self.accounts, self.destructed = output, logs, accounts, destructed


NOTHING = (0, 0, b"", {})

# Where two of these would end a call, it is not defined which one does: all take the gas. An EVMC VM looks at the stack before
# the gas, execution-specs and revm check some of it the other way round.
EXPLAINED = {frozenset(pair) for pair in (
    ("out of gas", "stack overflow"),
    ("out of gas", "stack underflow"),
    ("out of gas", "invalid memory access"),
    ("out of gas", "static mode violation"),
    ("undefined instruction", "invalid instruction"),
)}


def differences(ours, theirs):
    """What differs, in words."""
    lines = []

    def compare(name, left, right):
        if left is not None and right is not None and left != right:
            lines.append(f"{name}: {left!r}, should be {right!r}")

    if frozenset((ours.status, theirs.status)) not in EXPLAINED:
        compare("status", ours.status, theirs.status)
    for name in ("gas_left", "refund", "output", "logs", "destructed"):
        compare(name, getattr(ours, name), getattr(theirs, name))
    for address in sorted(set(ours.accounts) | set(theirs.accounts)):
        left, right = ours.accounts.get(address, NOTHING), theirs.accounts.get(address, NOTHING)
        for name, one, other in zip(("nonce", "balance", "code", "storage"), left, right):
            compare(f"{address.hex()} {name}", one, other)
    return lines
