#!/usr/bin/env python3
"""What tracing costs an instruction: builds bench/traces.c against build/libpvm.a and runs it.

    bench/traces.py [CASE…]

Beside straight code and a loop of the PVM it measures contracts of DUET_PROGRAMS (evm/bench, default sha1_shifts/5311).
"""

import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CASES = os.path.join(os.environ.get("DUET_PROGRAMS") or os.path.join(ROOT, "..", "shared", "programs"), "evm", "bench")


def contract(case):
    """The code of a case's contract and its input, in hexadecimal."""
    name, label = case.split("/")
    with open(os.path.join(CASES, name + ".json")) as stream:
        test = json.load(stream)[name]
    data = test["transaction"]["data"]
    labels = test["_info"].get("labels", {})
    index = next(int(number) for number, text in labels.items() if text == label)
    return test["pre"][test["transaction"]["to"]]["code"], data[index]


def main():
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for case in sys.argv[1:] or ["sha1_shifts/5311"]:
            if not os.path.isdir(CASES):
                print(f"bench: no contracts in {CASES} (set DUET_PROGRAMS)", file=sys.stderr)
                break
            arguments.append(case)
            for part, text in zip(("code", "data"), contract(case)):
                path = os.path.join(folder, case.replace("/", "-") + "." + part)
                with open(path, "w") as stream:
                    stream.write(text.removeprefix("0x"))
                arguments.append(path)
        program = os.path.join(folder, "traces")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=c11", "-Wall", "-Wextra", "-I" + os.path.join(ROOT, "build", "include"),
                        os.path.join(ROOT, "bench", "traces.c"), os.path.join(ROOT, "build", "libpvm.a"), "-lpthread", "-lm", "-o", program],
                       check=True)
        done = subprocess.run([program] + arguments, stdout=subprocess.PIPE, text=True, check=True)
    rows = {}
    for line in done.stdout.splitlines():
        name, instructions, figure, value = line.split()
        rows.setdefault((name, instructions), {})[figure] = float(value)
    print("| program | instructions | figure | ns an instruction | above untraced |\n|---|---|---|---|---|")
    for (name, instructions), figures in rows.items():
        for figure, value in figures.items():
            print(f"| {name} | {instructions} | {figure} | {value:.2f} | {value - figures['untraced']:+.2f} ({100 * (value / figures['untraced'] - 1):+.0f} %) |")


main()
