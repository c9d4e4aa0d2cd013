#!/usr/bin/env python3
"""programs.py DUET PROGRAMS: runs every program of expected.jsonl with the tool and compares gas, status, output and
registers; disassembles the JAM services."""
import json
import pathlib
import subprocess
import sys

DUET, PROGRAMS = sys.argv[1], pathlib.Path(sys.argv[2])


def run(*arguments):
    return subprocess.run([DUET, "pvm", *map(str, arguments)], capture_output=True, text=True, timeout=600)


def differences(isa, row):
    """What the tool makes of a row, compared with the row."""
    image = PROGRAMS / isa / row["program"]
    result = run("run", image, "--isa", isa, "--entry", row["entry"], "--args", row["args"], "--gas", row["gas_limit"], "--json")
    try:
        actual = json.loads(result.stdout)
    except json.JSONDecodeError:
        return [f"no JSON but {result.stdout!r} {result.stderr!r}"]
    return [f"{key} is {actual.get(key)}, not {row[key]}" for key in ("status", "gas_used", "output", "regs") if actual.get(key) != row[key]]


def disassembly_problems(image):
    """A service's disassembly has a line for each instruction: at least one for every ten octets of code."""
    result = run("disasm", image)
    lines = result.stdout.splitlines()
    if result.returncode != 0:
        return [f"exit status {result.returncode}: {result.stderr.strip()}"]
    if len(lines) < image.stat().st_size / 10:
        return [f"only {len(lines)} lines"]
    return []


def main():
    count = failed = 0
    cases = []
    for isa in ("gp072", "gp080"):
        rows = (PROGRAMS / isa / "expected.jsonl").read_text().splitlines()
        cases += [(f"{isa}/{row['program']}", lambda isa=isa, row=row: differences(isa, row)) for row in map(json.loads, rows)]
    for image in sorted((PROGRAMS / "jam-services").glob("*.jamservice")):
        cases.append((image.name, lambda image=image: disassembly_problems(image)))
    for name, case in cases:
        problems = case()
        count += 1
        failed += bool(problems)
        for problem in problems:
            print(f"programs: {name}: {problem}")
    print(f"programs: {count - failed} passed, {failed} failed")
    sys.exit(1 if failed or not count else 0)


main()
