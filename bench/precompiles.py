#!/usr/bin/env python3
"""precompiles.py [--rounds N]: microseconds per call of the precompiles on go-ethereum's vectors, the best of N runs each, beside the
time of the native sha256 (5000) of DUET_PROGRAMS, by which figures of other machines can be scaled. Needs build/libpvm.a."""
import argparse
import json
import os
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.path.join(ROOT, "..", "shared")
VECTORS = os.environ.get("DUET_VECTORS") or os.path.join(SHARED, "vectors")
PROGRAMS = os.environ.get("DUET_PROGRAMS") or os.path.join(SHARED, "programs")
# Title, file, number, the cases (None for all: the mean), evmone 0.23's microseconds where sha256 takes 1.17 ms
ROWS = [
    ("ecrecover", "ecRecover", 1, ["ValidKey"], 228),
    ("bn254 add", "bn256Add", 6, ["chfast1"], 2.1),
    ("bn254 mul", "bn256ScalarMul", 7, ["chfast1"], 112),
    ("bn254 pairing, 1 pair", "bn256Pairing", 8, ["one_point"], None),
    ("bn254 pairing, 2 pairs", "bn256Pairing", 8, ["jeff1"], None),
    ("bn254 pairing, 10 pairs", "bn256Pairing", 8, ["ten_point_match_1"], None),
    ("bn254 pairing, mean", "bn256Pairing", 8, None, 2623),
    ("KZG point evaluation", "pointEvaluation", 10, None, 1122),
    ("BLS12-381 G1 add", "blsG1Add", 11, None, None),
    ("BLS12-381 G1 multiple", "blsG1Mul", 12, None, None),
    ("BLS12-381 G2 add", "blsG2Add", 13, None, None),
    ("BLS12-381 G2 multiple", "blsG2Mul", 14, None, None),
    ("BLS12-381 pairing, mean", "blsPairing", 15, None, None),
    ("BLS12-381 map to G1", "blsMapG1", 16, None, None),
    ("BLS12-381 map to G2", "blsMapG2", 17, None, None),
    ("P256VERIFY", "p256Verify", 256, None, 262),
]


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program, native = os.path.join(folder, "measure"), os.path.join(folder, "sha256")
        run("cc", "-O2", f"-I{ROOT}/build/include", f"{ROOT}/bench/precompiles.c", f"{ROOT}/build/libpvm.a", "-o", program)
        run("clang", "-O3", os.path.join(PROGRAMS, "pvm", "c", "sha256.c"), "-o", native)
        run("tar", "-C", folder, "-xJf", os.path.join(VECTORS, "evm", "precompiles.tar.xz"))
        scale = lambda: min(float(run(native, "5000").split()[1]) * 1000 for _ in range(5))
        reference = scale()
        print("| precompile | µs per call | evmone, scaled | ratio |\n|---|---|---|---|")
        for title, name, number, chosen, evmone in ROWS:
            cases = json.load(open(os.path.join(folder, "precompiles", name + ".json")))
            lines = [f"{number} {case['Input']}\n" for case in cases if chosen is None or case["Name"] in chosen]
            times = [float(time) for time in run(program, str(options.rounds), input="".join(lines)).split()]
            mean = sum(times) / len(times)
            reference = min(reference, scale())
            peer = evmone and evmone * reference / 1.17
            print(f"| {title} | {mean:.2f} | " + (f"{peer:.1f} | {mean / peer:.2f} |" if peer else "| |"), flush=True)
        print(f"\nNative sha256 (5000): {reference:.2f} ms")


main()
