#!/usr/bin/env python3
"""The reference model against the public vectors, so that comparing the library with it means something.

    check_model.py [--seconds N]

Reads DUET_VECTORS and DUET_PROGRAMS (default: ../shared/vectors and ../shared/programs beside the project). The rows of
expected.jsonl are run from the shortest up for as long as N seconds (60) allow; what was left out is said.
"""

import argparse
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

from model import isa                                    # noqa: E402
from model.host import create                            # noqa: E402
from model.machine import HALT, Machine                  # noqa: E402
from model.pipeline import block_gas                     # noqa: E402
from model.program import Program                        # noqa: E402

STATUS = {"ecalli": "host-call"}


def folder(variable, default):
    return os.path.join(os.environ.get(variable) or os.path.join(ROOT, "..", "shared", default), "pvm")


class Tally:
    passed = failed = 0

    def check(self, name, differences):
        if differences:
            self.failed += 1
            print("FAILED", name)
            for difference in differences:
                print("   ", difference)
        else:
            self.passed += 1


def compare(differences, what, expected, actual):
    if expected != actual:
        differences.append("%s: expected %s, actual %s" % (what, expected, actual))


def check_state(differences, machine, outcome, expected, where=""):
    compare(differences, where + "status", STATUS.get(expected["status"], expected["status"]), outcome)
    for key, actual in [("regs", machine.registers), ("pc", machine.pc), ("gas", machine.gas)]:
        if key in expected:
            compare(differences, where + key, expected[key], actual)
    if "page-fault-address" in expected:
        compare(differences, where + "page", expected["page-fault-address"], machine.detail)
    if "hostcall" in expected:
        compare(differences, where + "host call", expected["hostcall"], machine.detail)
    for chunk in expected.get("memory", []):
        contents = machine.ram.get(chunk["address"], len(chunk["contents"]))
        compare(differences, where + "memory at %d" % chunk["address"], chunk["contents"], list(contents))


def page_map(machine, entry):
    machine.ram.map(entry["address"] // 4096, -(-entry["length"] // 4096), "W" if entry["is-writable"] else "R")


def steps_case(version, case):
    """gp072 and gp080: schema-steps.json"""
    differences = []
    program = Program.from_blob(isa.BY_NAME[version], bytes(case["program"]))
    machine = Machine(program, case["initial-gas"], pc=case["initial-pc"])
    outcome = None
    for number, step in enumerate(case["steps"]):
        kind, value = next(iter(step.items()))
        if kind == "run":
            outcome = machine.resume()
        elif kind == "map":
            page_map(machine, value)
        elif kind == "write":
            machine.ram.put(value["address"], bytes(value["contents"]))
        elif kind == "set-reg":
            machine.registers[value["reg"]] = value["value"]
        elif kind == "assert":
            check_state(differences, machine, outcome, value, "step %d: " % number)
    for block in case["block-gas-costs"]:
        actual = block_gas(program, block["pc"]) if version == "gp080" else block_length(program, block["pc"])
        compare(differences, "gas of the block at %d" % block["pc"], block["cost"], actual)
    starts = {block["pc"] for block in case["block-gas-costs"]}
    compare(differences, "block starts", starts, program.blocks)
    return differences


def block_length(program, at):
    """Instructions from at to the end of its block: its gas in 0.7.2."""
    count = 1
    while program.opcode(at) not in program.isa.T:
        at += 1 + program.skip(at)
        count += 1
    return count


def w3f_case(case):
    """w3f-v0.4: blocks are charged in advance there, so a fault in the middle of one leaves the rest of it charged. The
    exact gas is that rest more: the instructions behind the faulting one."""
    differences = []
    program = Program.from_blob(isa.GP072, bytes(case["program"]))
    machine = Machine(program, case["initial-gas"], case["initial-regs"])
    for entry in case["initial-page-map"]:
        page_map(machine, entry)
    for chunk in case["initial-memory"]:
        machine.ram.put(chunk["address"], bytes(chunk["contents"]))
    outcome = machine.run(case["initial-pc"])
    expected = {key[len("expected-"):]: value for key, value in case.items() if key.startswith("expected-")}
    if expected["status"] == "page-fault":
        expected["gas"] += block_length(program, expected["pc"]) - 1
    check_state(differences, machine, outcome, expected)
    return differences


def invocation_case(version, row, image):
    differences = []
    machine = create(isa.BY_NAME[version], image, bytes.fromhex(row["args"]), row["gas_limit"])
    outcome = machine.run(row["entry"])
    compare(differences, "status", row["status"], outcome)
    compare(differences, "gas used", row["gas_used"], row["gas_limit"] - machine.gas)
    compare(differences, "registers", row["regs"], machine.registers)
    if outcome == HALT:
        output = machine.ram.get(machine.registers[7], machine.registers[8]).hex()
        compare(differences, "output", row["output"], output)
    return differences


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    end = time.monotonic() + parser.parse_args().seconds
    tally = Tally()
    vectors, programs = folder("DUET_VECTORS", "vectors"), folder("DUET_PROGRAMS", "programs")
    for name in ["gp072", "gp080", "w3f-v0.4"]:
        path = os.path.join(vectors, name)
        if not os.path.isdir(path):
            print("%s: no such vectors here, left out" % name)
            continue
        files = sorted(os.listdir(path))
        for file in files:
            with open(os.path.join(path, file)) as stream:
                case = json.load(stream)
            tally.check(name + "/" + file, w3f_case(case) if name == "w3f-v0.4" else steps_case(name, case))
        print("%s: %d cases" % (name, len(files)))
    for name in ["gp072", "gp080"]:
        path = os.path.join(programs, name, "expected.jsonl")
        if not os.path.isfile(path):
            print("%s programs: not here, left out" % name)
            continue
        with open(path) as stream:
            rows = sorted((json.loads(line) for line in stream), key=lambda row: row["gas_used"])
        done = 0
        for row in rows:
            if time.monotonic() > end:
                break
            with open(os.path.join(programs, name, row["program"]), "rb") as stream:
                tally.check("%s %s" % (name, row["program"]), invocation_case(name, row, stream.read()))
            done += 1
        print("%s programs: %d of %d rows (time allows no more)" % (name, done, len(rows)) if done < len(rows)
              else "%s programs: %d rows" % (name, done))
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    sys.exit(1 if tally.failed or not tally.passed else 0)


if __name__ == "__main__":
    main()
