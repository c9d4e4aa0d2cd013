#!/usr/bin/env python3
"""The library against the reference model.

    scripts/differential [--programs N | --seconds N] [--seed S] [--isa gp072|gp080|all] [--only PART]

Parts, in order: the cases under regressions/; tables of edge operands; then, in turn until N programs have run or the time
is up, random programs (each run, stepped and run with callbacks), images, inner machines, argument invocations and prices of
host calls. A difference ends the run with exit status 1; a program is made smaller first and printed as a case for regressions/.
"""

import argparse
import json
import mmap
import os
import random
import signal
import struct
import sys
import time
import traceback

import blobs
import inner
import invocation
import prices
import tables
from case import MODES, compare
from generate import Generator
from library import Library
from listing import listing
from minimise import minimise
from model import isa as isas

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = ["regressions", "tables", "programs", "images", "inner", "invocations", "prices"]
PATIENCE = 60  # seconds for one check


class Tally:
    """Passed, failed and what is being checked, in memory that parent and child share."""

    def __init__(self, shared):
        self.shared = shared
        self.passed = self.failed = 0

    def note(self, name):
        record = struct.pack("<QQ", self.passed, self.failed) + name.encode()[:1000]
        self.shared[:len(record) + 1] = record + b"\0"

    def now(self):
        passed, failed = struct.unpack("<QQ", self.shared[:16])
        return passed, failed, self.shared[16:1100].split(b"\0")[0].decode()

    def add(self, name, check):
        self.note(name)
        lines = check()
        if lines:
            self.failed += 1
            print("FAILED", name)
            for line in lines:
                print("   ", line)
            sys.stdout.flush()
        else:
            self.passed += 1
        self.note(name)


def regressions(library, tally, versions):
    folder = os.path.join(HERE, "regressions")
    for file in sorted(os.listdir(folder)):
        if file.endswith(".json"):
            with open(os.path.join(folder, file)) as stream:
                case = json.load(stream)
            if case["isa"] in versions:
                for mode in MODES:
                    tally.add("%s, %s" % (file, mode), lambda: compare(library, case, mode))


def edge_tables(library, tally, versions):
    for version in versions:
        for name, table in tables.tables(isas.BY_NAME[version]):
            tally.add("%s table of %s" % (version, name), lambda: tables.check(library, table)[:10])


def program(library, r, version):
    """Lines on one random program."""
    source = Generator(r, version).source()
    case = source.case()
    for mode in MODES:
        try:
            lines = compare(library, case, mode)
        except RuntimeError:  # it would run too long; the model finds out first
            return []
        if lines:
            smallest = minimise(source, lambda case: compare(library, case, mode)).case()
            lines = compare(library, smallest, mode)
            return (["mode: %s" % mode, "program:"] + listing(smallest) + lines
                    + ["case:", json.dumps(smallest)])
    return []


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=2000, metavar="N")
    parser.add_argument("--seconds", type=float, metavar="N", help="instead of a number of programs")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first program: 'seed/isa/part/number'")
    parser.add_argument("--isa", choices=["gp072", "gp080", "all"], default="all")
    parser.add_argument("--only", choices=PARTS, action="append", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--case", metavar="FILE", help="only this case")
    parser.add_argument("--library", metavar="FILE", help="instead of build/libpvm.so")
    parser.add_argument("--failures", type=int, default=1, metavar="N", help="stop at the Nth difference")
    return parser.parse_args()


def work(options, tally):
    """Everything that was asked for, in this process."""
    end = time.monotonic() + options.seconds if options.seconds else None
    versions = ["gp072", "gp080"] if options.isa == "all" else [options.isa]
    parts = options.only or PARTS
    library = Library(options.library)
    print("%s; seed %d" % (library.build_info().decode(), options.seed), flush=True)
    if options.case:
        with open(options.case) as stream:
            case = json.load(stream)
        print("\n".join(listing(case)))
        for mode in MODES:
            tally.add(mode, lambda: compare(library, case, mode))
        return
    if "regressions" in parts:
        regressions(library, tally, versions)
    if "tables" in parts:
        edge_tables(library, tally, versions)
    number = options.first
    checks = {"programs": program, "images": blobs.check, "inner": inner.check, "invocations": invocation.check, "prices": prices.check}
    random_parts = [part for part in checks if part in parts]
    while random_parts and tally.failed < options.failures:
        if (time.monotonic() > end) if end else (number >= options.first + options.programs):
            break
        for version in versions:
            for part in random_parts:
                seed = "%d/%s/%s/%d" % (options.seed, version, part, number)
                tally.add(seed, lambda: checks[part](library, random.Random(seed), version))
        number += 1


def main():
    """The work is done by a child, so that a crash or a hang of the library is a difference with a name, too."""
    options = arguments()
    shared = mmap.mmap(-1, 4096)
    tally = Tally(shared)
    child = os.fork()
    if child == 0:
        try:
            work(options, tally)
        except BaseException:
            traceback.print_exc()
            os._exit(2)
        finally:
            sys.stdout.flush()
        os._exit(0)
    seen, since = None, time.monotonic()
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if tally.now() != seen:
            seen, since = tally.now(), time.monotonic()
        if time.monotonic() - since > PATIENCE:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.02)
    passed, failed, name = tally.now()
    if status:
        failed += 1
        print("FAILED", name, "(%s)" % ("no end in sight" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
                                        else "signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "error"))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
