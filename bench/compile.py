#!/usr/bin/env python3
"""bench compile [--rounds N] [--library FILE]: what it takes to decode real services and to make code of them, and
programs of one kilobyte to some megabytes made of one of them.

The services (DUET_PROGRAMS/pvm/jam-services) are 0.7.2 code; for 0.8.0 their opcodes are renumbered. Smaller programs are
the beginning of the largest service, larger ones that service again and again. bench/compile.c measures. --library: another
libpvm.a, to compare with.
"""

import argparse
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = os.environ.get("DUET_PROGRAMS", os.path.join(ROOT, "..", "shared", "programs"))
SERVICES = os.path.join(PROGRAMS, "pvm", "jam-services")
SIZES = [1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20, 8 << 20]


def number(data, at):
    """A natural number of the Gray Paper's variable length, and where it ends."""
    first, more = data[at], 0
    while more < 8 and first & 0x80 >> more:
        more += 1
    low = int.from_bytes(data[at + 1:at + 1 + more], "little")
    return low if more == 8 else (first & 0x7f >> more) << 8 * more | low, at + 1 + more


def natural(value):
    more = next(n for n in range(5) if value < 1 << 7 * (n + 1))
    return bytes([0xff00 >> more & 0xff | value >> 8 * more]) + (value & (1 << 8 * more) - 1).to_bytes(more, "little")


def parts(service):
    """(code, bit for each octet, jump table) of a service image."""
    size, at = number(service, 0)
    at += size
    ro, rw = int.from_bytes(service[at:at + 3], "little"), int.from_bytes(service[at + 3:at + 6], "little")
    at += 11 + ro + rw + 4
    jumps, at = number(service, at)
    width, at = service[at], at + 1
    size, at = number(service, at)
    table = [int.from_bytes(service[at + width * i:at + width * (i + 1)], "little") for i in range(jumps)]
    at += width * jumps
    code, mask = service[at:at + size], service[at + size:]
    return code, [mask[i >> 3] >> (i & 7) & 1 for i in range(size)], table


def renumbered(code, bits):
    """The same operations by their numbers of 0.8.0, which has no `sbrk`: that becomes a count of bits."""
    return bytes(octet - 1 if bit and 102 <= octet <= 111 else octet for octet, bit in zip(code, bits))


def blob(code, bits, table):
    size = len(code)
    mask = bytearray((size + 7) // 8)
    for i, bit in enumerate(bits):
        mask[i >> 3] |= bit << (i & 7)
    jumps = b"".join(entry.to_bytes(4, "little") for entry in table)
    return natural(len(table)) + b"\4" + natural(size) + jumps + code + bytes(mask)


def sized(code, bits, table, size):
    """A program of about that size, which ends with `trap`."""
    if size > len(code):
        times = size // len(code)
        return blob(code * times + b"\0", bits * times + [1], table)
    while not bits[size]:
        size -= 1
    return blob(code[:size] + b"\0", bits[:size] + [1], [entry for entry in table if entry < size])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--library", default=os.path.join(ROOT, "build", "libpvm.a"))
    options = parser.parse_args()
    if not os.path.isdir(SERVICES):
        print("bench compile: no services here (DUET_PROGRAMS), nothing measured")
        return
    services = sorted(os.listdir(SERVICES))
    images = {name: open(os.path.join(SERVICES, name), "rb").read() for name in services}
    largest = max(services, key=lambda name: len(parts(images[name])[0]))
    with tempfile.TemporaryDirectory() as work:
        binary = os.path.join(work, "compile")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=c11", "-Wall", "-Wextra",
                        "-I", os.path.join(ROOT, "include"), os.path.join(ROOT, "bench", "compile.c"), options.library,
                        "-lm", "-lpthread", "-o", binary], check=True)
        print("| program | instructions | bytes | set | decode | code, guarded | code, checked | all, guarded, µs |")
        print("|---|---|---|---|---|---|---|---|")
        for isa in ["gp072", "gp080"]:
            programs = {}
            for name in services:
                code, bits, table = parts(images[name])
                if isa == "gp080":
                    code = renumbered(code, bits)
                programs[name.split(".")[0]] = blob(code, bits, table)
                if name == largest:
                    made = {"%d KiB" % (size >> 10): sized(code, bits, table, size) for size in SIZES}
            programs.update(made)
            for label, data in programs.items():
                path = os.path.join(work, "program")
                with open(path, "wb") as stream:
                    stream.write(data)
                rounds = max(3, min(20 * options.rounds, options.rounds * 200_000 // len(data)))
                done = subprocess.run([binary, str(rounds), isa, path], check=True, capture_output=True, text=True)
                instructions, size, *times = map(float, done.stdout.split())
                print("| %s | %d | %d | %s | %.1f | %.1f | %.1f | %.1f |" % (
                    label, instructions, size, isa, *(time / instructions for time in times), sum(times[:2]) / 1e3),
                    flush=True)


if __name__ == "__main__":
    sys.exit(main())
