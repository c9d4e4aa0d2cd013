"""Makes a failing case smaller: instructions are left out of the codes for as long as it still fails."""

from generate import Case


def instructions(code):
    parts, at = [], 0
    while at < len(code):
        size = 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)
        parts.append(code[at:at + size])
        at += size
    return parts


def smaller(parts, fails):
    """The parts without those that do not matter."""
    size = max(1, len(parts) // 2)
    while size:
        at = 0
        while at < len(parts):
            fewer = parts[:at] + parts[at + size:]
            if fails(fewer):
                parts = fewer
            else:
                at += size
        size //= 2
    return parts


def minimise(case, fails):
    """`fails` says whether a case still does."""
    for address in case.accounts:
        def changed(code):
            accounts = dict(case.accounts)
            nonce, balance, _, storage = accounts[address]
            accounts[address] = (nonce, balance, code, storage)
            return Case(case.fork, accounts, case.to, case.data, case.value, case.gas)

        parts = smaller(instructions(case.accounts[address][2]), lambda parts: fails(changed(b"".join(parts))))
        case = changed(b"".join(parts))
    return case
