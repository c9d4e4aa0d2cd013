#!/usr/bin/env python3
"""The benchmark: real programs in the library, as a ratio to the same C programs compiled for this machine.

    scripts/bench [--rounds N] [--runs K] [--programs LIST] [--json FILE]

Needs DUET_PROGRAMS (default ../shared/programs beside the project): pvm/c/*.c and pvm/gp072, pvm/gp080/*.spi. Native runs and
runs of the library take turns, N rounds of them, and the best time of each counts, so that both see the same machine. The last
table is what crossing the border costs (bench/hostcall.c).
"""

import argparse
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = os.path.join(os.environ.get("DUET_PROGRAMS") or os.path.join(ROOT, "..", "shared", "programs"), "pvm")
DUET = os.path.join(ROOT, "build", "bin", "duet")
SIZES = {"sieve": 1000000, "fib": 27, "sha256": 5000, "keccak": 3000, "matmul": 5, "qsort": 50000}
SETS = ["gp072", "gp080"]
# (name, instruction set, engine, memory mode), a column each.
CONFIGURATIONS = [("%s %s" % (isa, kind), isa, engine, memory)
                  for kind, engine, memory in [("interpreter", "interpreter", "checked"), ("recompiler", "recompiler", "guarded"),
                                               ("recompiler, checked", "recompiler", "checked")]
                  for isa in SETS]


def fail(message):
    print("bench: " + message, file=sys.stderr)
    sys.exit(1)


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        fail("%s: %s" % (" ".join(command), done.stderr.strip() or "exit status %d" % done.returncode))
    return done.stdout


def compiler():
    """The clang beside swift, any other clang, or cc."""
    swift = shutil.which("swift")
    beside = os.path.join(os.path.dirname(os.path.realpath(swift)), "clang") if swift else ""
    return beside if os.access(beside, os.X_OK) else shutil.which("clang") or shutil.which("cc") or fail("no C compiler")


def processor():
    try:
        with open("/proc/cpuinfo") as stream:
            return next(line.split(":", 1)[1].strip() for line in stream if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def words(n):
    return n.to_bytes(8, "little").hex()


def native(binary, n):
    result, seconds = output(binary, str(n)).split()
    return int(result), float(seconds)


def ours(image, isa, engine, memory, n, runs):
    line = output(DUET, "pvm", "bench", image, "--isa", isa, "--engine", engine, "--memory", memory, "--args", words(n),
                  "--runs", str(runs), "--json")
    return json.loads(line)


def once(image, isa, n):
    """A run whose result is looked at: (output as a number, gas used)"""
    line = output(DUET, "pvm", "run", image, "--isa", isa, "--args", words(n), "--gas", str(1 << 50), "--json")
    run = json.loads(line)
    if run["status"] != "halt":
        fail("%s ends with %s" % (image, run["status"]))
    return int.from_bytes(bytes.fromhex(run["output"]), "little"), run["gas_used"]


def measure(name, binary, rounds, runs):
    n = SIZES[name]
    image = {isa: os.path.join(PROGRAMS, isa, name + ".spi") for isa in SETS}
    expected, _ = native(binary, n)
    gas = {}
    for isa in SETS:
        result, gas[isa] = once(image[isa], isa, n)
        if result != expected:
            fail("%s (%s): the guest's result is %d, the native one %d" % (name, isa, result, expected))
    native_best = math.inf
    best = {name: math.inf for name, *_ in CONFIGURATIONS}
    for _ in range(rounds):
        native_best = min([native_best] + [native(binary, n)[1] for _ in range(5)])
        for key, isa, engine, memory in CONFIGURATIONS:
            best[key] = min(best[key], ours(image[isa], isa, engine, memory, n, runs)["seconds_min"])
    return {"program": name, "n": n, "native_ms": native_best * 1e3, "instructions": gas["gp072"], "gas_gp080": gas["gp080"],
            **{key: {"ms": best[key] * 1e3, "ratio": best[key] / native_best,
                     "instructions_per_second": gas["gp072"] / best[key]} for key in best}}


def mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values))


def border(work):
    binary = os.path.join(work, "hostcall")
    output(compiler(), "-std=c11", "-O2", "-I", os.path.join(ROOT, "build", "include"), os.path.join(ROOT, "bench", "hostcall.c"),
           os.path.join(ROOT, "build", "libpvm.a"), "-lm", "-lpthread", "-o", binary)
    lines = output(binary, os.path.join(PROGRAMS, "gp072", "fib.spi")).splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines)}


def reference():
    """{virtual machine: {program: ratio to native}}, from the table beside the programs; {} if there is none. Measured by others on
    one machine, each against its own native runs: to compare ratios with, not times."""
    try:
        with open(os.path.join(PROGRAMS, "..", "README.md")) as stream:
            lines = stream.read().split("\n## evm")[0].splitlines()
    except OSError:
        return {}
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    if not rows or not rows[0][1].startswith("native"):
        return {}
    found = {name: {} for name in rows[0][2:]}
    for row in rows[2:]:
        # "sieve (1000000)", then milliseconds: of two runs the better.
        times = [min(map(float, re.findall(r"\d+\.?\d*", cell))) for cell in row[1:]]
        for name, milliseconds in zip(rows[0][2:], times[1:]):
            found[name][row[0].split()[0]] = milliseconds / times[0]
    return found


def table(result):
    names = [name for name, *_ in CONFIGURATIONS]
    print("| program | n | native ms | " + " | ".join("%s ms | ratio" % name for name in names) + " |")
    print("|---|---|---|" + "---|---|" * len(names))
    for row in result["programs"]:
        print("| %s | %d | %.3f | " % (row["program"], row["n"], row["native_ms"])
              + " | ".join("%.2f | %.2f" % (row[name]["ms"], row[name]["ratio"]) for name in names) + " |")
    print("| geometric mean | | | " + " | ".join("| %.2f" % result["means"][name] for name in names) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=5, help="runs of the library in a round")
    parser.add_argument("--programs", default=",".join(SIZES), help="which, separated by commas")
    parser.add_argument("--json", metavar="FILE", help="also write everything there")
    options = parser.parse_args()
    if not os.path.isdir(os.path.join(PROGRAMS, "c")):
        print("bench: no programs here (DUET_PROGRAMS), nothing measured")
        return
    if not os.path.exists(DUET):
        fail("build/bin/duet is missing: run make first")
    cc = compiler()
    result = {"processor": processor(), "processors": os.cpu_count(), "load_before": os.getloadavg()[0],
              "compiler": output(cc, "--version").splitlines()[0] + ", -O3", "programs": []}
    print("Processor: %s (%d)" % (result["processor"], result["processors"]))
    print("Native compiler: %s" % result["compiler"])
    print("Load average: %.1f%s\n" % (result["load_before"], "" if result["load_before"] < 0.5 else
                                      " (the machine is busy: the longer runs, which are the guests', suffer more)"), flush=True)
    with tempfile.TemporaryDirectory() as work:
        for name in options.programs.split(","):
            if name not in SIZES:
                fail("no program is called %s" % name)
            binary = os.path.join(work, name)
            output(cc, "-O3", os.path.join(PROGRAMS, "c", name + ".c"), "-o", binary)
            result["programs"].append(measure(name, binary, options.rounds, options.runs))
        rows = result["programs"]
        result["means"] = {name: mean(row[name]["ratio"] for row in rows) for name, *_ in CONFIGURATIONS}
        result["reference"] = reference()
        table(result)
        result["border"] = border(work)
    kinds = [("interpreter", "interpreter"), ("checked", "recompiler, checked"), ("guarded", "recompiler, guarded")]
    kinds = [kind for kind in kinds if "callback_ns_" + kind[0] in result["border"]]
    print("\n| host and guest | " + " | ".join(text for _, text in kinds) + " |\n|---|" + "---|" * len(kinds))
    for key, text in [("callback_ns", "ecalli through pvm_set_host_callback, ns"),
                      ("function_ns", "ecalli through pvm_set_host_function, ns"),
                      ("resume_ns", "ecalli by leaving and pvm_resume, ns"),
                      ("create_destroy_us", "creating and destroying a VM for fib.spi, µs"),
                      ("create_run_us", "the same with fib(1) run, µs")]:
        print("| %s | %s |" % (text, " | ".join("%.2f" % result["border"][key + "_" + kind] for kind, _ in kinds)))
    print("\nDecoding fib.spi: %.2f µs; when the cache has it: %.2f µs" % (result["border"]["program_us"], result["border"]["found_us"]))
    if options.json:
        with open(options.json, "w") as stream:
            json.dump(result, stream, indent=1)
            stream.write("\n")


if __name__ == "__main__":
    main()
