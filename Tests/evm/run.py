#!/usr/bin/env python3
"""An EVMC VM against independent EVMs, on random programs.

    run.py --host HOST.so --vm VM.so [--mode MODE] [--reference specs|revm|none] [--programs N | --seconds N] [--seed S] [--from N] [--fork F]
           [--paces]

Program number N is the same in every run with the same seed. A difference is printed with the command that repeats it; the run
goes on and ends with exit status 1. Cases under regressions/ are run first.

--paces, for our VM alone: each program also runs with its code from the cache, and without cache with every block analysed at once, when
control comes to it for the second time, and never. All of it must end the same.
"""

import argparse
import os
import sys
import time
import traceback

from generate import generate
from library import Library
from minimise import minimise
from opcodes import REVISION
from outcome import differences
from regressions import failures

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = {"number": 1000, "timestamp": 5000, "difficulty": 0x1234567, "base_fee": 7, "gas_limit": 30_000_000, "chain_id": 1,
               "gas_price": 10, "blob_hashes": [b"\x01" + b"\x22" * 31, b"\x01" + b"\x33" * 31]}
SHOWN = 20
# cache_bytes, analyse_after, cache_after. With 0 for the last one the second run of a code finds it in the cache.
PACES = {"into the cache": (1 << 26, 4, 0), "cached": (1 << 26, 4, 0), "analysed at once": (0, 0, 8), "analysed after one": (0, 1, 8),
         "never analysed": (0, 256, 8), "as by default": (1 << 26, 4, 8)}


def intrinsic(case):
    """What the transaction costs before its code runs."""
    zeros = case.data.count(0)
    return 21000 + 4 * zeros + (16 if REVISION[case.fork] >= REVISION["istanbul"] else 68) * (len(case.data) - zeros)


def unlike(left, right):
    """What is not the same in two outcomes of one VM; here nothing explains a difference."""
    return [f"{name} is {value!r}, was {getattr(right, name)!r}" for name, value in vars(left).items() if value != getattr(right, name)]


def compare(library, reference, case, paces=False):
    gas = case.gas - intrinsic(case)
    reference.adapt(case)
    ours = library.run(case, gas, reference.warm(case))
    theirs = reference.run(case, gas)
    if paces:
        for name, (cache, patience, share) in PACES.items():
            library.set_option(b"cache_bytes", b"%d" % cache)
            library.set_option(b"analyse_after", b"%d" % patience)
            library.set_option(b"cache_after", b"%d" % share)
            lines = unlike(library.run(case, gas, reference.warm(case)), ours)
            if lines:
                return ours, [f"pace {name}: {line}" for line in lines]
    if hasattr(reference, "fill"):
        reference.fill(case, theirs, ours)
        given_back = getattr(theirs, "given_back", None)
        if given_back is not None:
            used = case.gas - ours.gas_left
            if min(ours.refund, used // 5) != given_back:
                return ours, [f"refund: {ours.refund} of {used} used, given back {given_back}"]
    return ours, differences(ours, theirs)


def fails(library, reference, case, kind, paces):
    """Whether a case differs in what the first line of its differences names."""
    try:
        lines = compare(library, reference, case, paces)[1]
        return bool(lines) and lines[0].split(":")[0] == kind
    except Exception:
        return False


def show(case):
    print(f"    {case.fork}, gas {case.gas}, value {case.value}, data {case.data.hex() or '-'}")
    for address, (nonce, balance, code, storage) in case.accounts.items():
        print(f"    {address.hex()} nonce {nonce} balance {balance} storage {storage} code {code.hex() or '-'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", required=True)
    parser.add_argument("--vm", required=True)
    parser.add_argument("--mode")
    parser.add_argument("--reference", choices=["specs", "revm", "none"], default="specs")
    parser.add_argument("--programs", type=int, default=10000)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--fork")
    parser.add_argument("--paces", action="store_true")
    options = parser.parse_args()

    library = Library(options.host, options.vm, options.mode)
    library.environment(ENVIRONMENT)
    wrong, count = failures(library)
    for text in wrong:
        print(f"FAILED regression {text}")
    print(f"evm-differential: {count} regressions, {len(wrong)} differ", flush=True)

    if options.reference == "none":
        return 1 if wrong else 0
    if options.reference == "specs":
        from specs import FORKS, Specs as Reference
    else:
        from revm import FORKS, Revm as Reference
    reference = Reference(ENVIRONMENT)
    library.environment(reference.environment)
    forks = [options.fork] if options.fork else FORKS

    started, ran, failed, statuses = time.monotonic(), 0, 0, {}
    for number in range(options.first, options.first + options.programs):
        if options.seconds and time.monotonic() - started > options.seconds:
            break
        case = generate(options.seed << 40 | number, forks)
        try:
            ours, lines = compare(library, reference, case, options.paces)
            statuses[ours.status] = statuses.get(ours.status, 0) + 1
        except Exception:
            lines = traceback.format_exc().splitlines()
        ran += 1
        if lines:
            failed += 1
            again = f"--reference {options.reference} --seed {options.seed} --from {number} --programs 1"
            print(f"FAILED {case.fork}: {again}" + (f" --fork {options.fork}" if options.fork else "") + (" --paces" if options.paces else ""), flush=True)
            for line in lines:
                print("   ", line)
            if failed == 1 or options.programs == 1:
                small = minimise(case, lambda other: fails(library, reference, other, lines[0].split(":")[0], options.paces))
                print("    made smaller:", compare(library, reference, small, options.paces)[1])
                show(small)
            if failed == SHOWN:
                print("that is enough")
                break
    seconds = time.monotonic() - started
    ends = ", ".join(f"{name} {count}" for name, count in sorted(statuses.items(), key=lambda item: -item[1]))
    print(f"evm-differential: {ran} programs against {options.reference} in {seconds:.0f} s, {failed} differ ({ends})")
    return 1 if failed or wrong or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
