"""Makes a failing source smaller while it keeps failing: items go in chunks, then what the state holds."""

from source import Source


def chunks(length):
    size = length
    while size:
        for at in range(0, length, size):
            yield at, at + size
        size //= 2


def without(sequence, start, end):
    return sequence[:start] + sequence[end:]


def minimise(source, fails, rounds=4):
    """fails(case) -> bool"""
    def attempt(candidate):
        nonlocal source
        try:
            bad = bool(candidate.items) and fails(candidate.case())
        except Exception:  # whatever else is wrong with it, it is not the difference
            bad = False
        if bad:
            source = candidate
        return bad

    def shrink(get, put):
        changed = True
        while changed:
            changed = False
            for start, end in chunks(len(get(source))):
                if attempt(put(source, without(get(source), start, end))):
                    changed = True
                    break

    def with_rest(s, **changes):
        return Source(s.items, s.jumps, s.entry, {**s.rest, **changes})

    for _ in range(rounds):
        before = repr(source.case())
        shrink(lambda s: s.items, lambda s, items: Source(items, s.jumps, s.entry, s.rest))
        for key in ("script", "writes", "pages"):
            shrink(lambda s: s.rest[key], lambda s, value: with_rest(s, **{key: value}))
        shrink(lambda s: s.jumps, lambda s, jumps: Source(s.items, jumps, s.entry, s.rest))
        for key in ("o", "w", "arguments", "z", "s"):
            if source.rest["standard"] and source.rest["standard"][key]:
                nothing = "" if isinstance(source.rest["standard"][key], str) else 0
                attempt(with_rest(source, standard={**source.rest["standard"], key: nothing}))
        if source.rest["bounds"]:
            attempt(with_rest(source, bounds=None))
        for n in range(13):
            if source.rest["registers"] and source.rest["registers"][n]:
                registers = list(source.rest["registers"])
                registers[n] = 0
                attempt(with_rest(source, registers=registers))
        for n in range(len(source.items)):
            tail = source.items[n].tail
            if tail:
                source.items[n].tail = b""
                if not attempt(source):
                    source.items[n].tail = tail
        gas = source.rest["gas"]
        while gas > 0 and attempt(with_rest(source, gas=gas // 2)):
            gas //= 2
        if repr(source.case()) == before:
            break
    return source
