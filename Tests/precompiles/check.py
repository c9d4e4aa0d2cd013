"""check.py [--seed N] [--only NAME]: the precompiles of build/libpvm.so against independent implementations."""
import argparse
import importlib
import random
import sys
import time

from library import Library

PARTS = ("hashes", "modexp", "signatures")
PARTS = ("hashes", "modexp", "signatures", "bn254", "bls12381", "kzg")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    library = Library()
    failed = 0
    for part in [options.only] if options.only else PARTS:
        count, wrong, start = 0, 0, time.monotonic()

        def expect(what, found, expected, context):
            nonlocal count, wrong
            count += 1
            if found != expected:
                wrong += 1
                if wrong <= 20:
                    print(f"{part}: {what} {context}: {found!r}, expected {expected!r}")

        importlib.import_module(part).check(library, random.Random(f"{options.seed} {part}"), expect)
        failed += wrong
        print(f"{part}: {count - wrong} passed, {wrong} failed ({time.monotonic() - start:.1f} s)", flush=True)
        if count == 0:
            failed += 1
    return 1 if failed else 0


sys.exit(main())
