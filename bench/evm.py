#!/usr/bin/env python3
"""The EVM's half of the benchmark: calls of real contracts.

    bench/evm.py [--rounds N] [--runs K] [--mode M] [--rev NAME] [--json FILE]

Needs DUET_PROGRAMS (default ../shared/programs beside the project): evm/bench/*.json, state tests of ipsilon/evm-benchmarks. Every
round runs `duet evm bench` over all of them; the best time of each case counts.
"""

import argparse
import glob
import json
import math
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CASES = os.path.join(os.environ.get("DUET_PROGRAMS") or os.path.join(ROOT, "..", "shared", "programs"), "evm", "bench")
DUET = os.path.join(ROOT, "build", "bin", "duet")
# Cases of one kind of instruction; the geometric mean is that of the others.
MICRO = ("JUMPDEST_n0", "jump_around", "loop_with_many_jumpdests", "memory_grow_mstore", "signextend")


def measure(files, options):
    command = [DUET, "evm", "bench", "--json", "--runs", str(options.runs), "--rev", options.rev] + files
    if options.mode:
        command += ["--mode", options.mode]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit("bench: " + (done.stderr.strip() or f"exit status {done.returncode}"))
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--mode")
    parser.add_argument("--rev", default="istanbul")
    parser.add_argument("--json")
    options = parser.parse_args()

    files = sorted(glob.glob(os.path.join(CASES, "*.json")))
    if not files:
        print(f"bench: no contracts in {CASES}: nothing was measured (set DUET_PROGRAMS)")
        return
    best = {}
    for _ in range(options.rounds):
        for figures in measure(files, options):
            case = best.setdefault(figures["case"], figures)
            if figures["us_min"] < case["us_min"]:
                best[figures["case"]] = figures
    print(f"EVM: {options.rev}, mode {options.mode or 'auto'}, {options.rounds} rounds of {options.runs} runs; µs per call\n")
    print("| case | µs | gas used | M gas/s |\n|---|---|---|---|")
    for name, figures in best.items():
        print(f"| {name} | {figures['us_min']:.1f} | {figures['gas_used']} | {figures['gas_used'] / figures['us_min']:.0f} |")
    for kind, chosen in (("whole programs", [n for n in best if not n.startswith(MICRO)]), ("micro cases", [n for n in best if n.startswith(MICRO)])):
        if chosen:
            mean = math.exp(sum(math.log(best[name]["us_min"]) for name in chosen) / len(chosen))
            print(f"| geometric mean, {kind} | {mean:.1f} | | |")
    if options.json:
        with open(options.json, "w") as stream:
            json.dump(list(best.values()), stream, indent=1)


main()
