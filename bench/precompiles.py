"""precompiles.py RUNNER VECTORS ROUNDS SHA256_C: the table of precompile times, from go-ethereum's vectors through bench/precompiles.c."""
import json
import os
import re
import subprocess
import sys
import tempfile

<<<<<<< HEAD
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
=======
import bench

# evmone's microseconds on the machine where native sha256.c takes REFERENCE_MS at 5000.
REFERENCE_MS = 1.17
# Row, address, file, case (None: the mean of all), evmone.
ROWS = (("ecrecover", 1, "ecRecover", "ValidKey", 228), ("bn254_add", 6, "bn256Add", "chfast1", 2.1), ("bn254_mul", 7, "bn256ScalarMul", "chfast1", 112),
        ("bn254_pairing_1_pair", 8, "bn256Pairing", "one_point", None), ("bn254_pairing_2_pairs", 8, "bn256Pairing", "jeff1", None),
        ("bn254_pairing_10_pairs", 8, "bn256Pairing", "ten_point_match_1", None), ("bn254_pairing_mean", 8, "bn256Pairing", None, 2623), ("kzg_point_evaluation", 10, "pointEvaluation", None, 1122),
        ("p256verify", 256, "p256Verify", "CallP256Verify", 262), ("bls12_g1add", 11, "blsG1Add", "bls_g1add_(2*g1+3*g1=5*g1)", None),
        ("bls12_g1mul", 12, "blsG1Mul", "bls_g1mul_random*g1_unnormalized_scalar", None),
        ("bls12_g2mul", 14, "blsG2Mul", "bls_g2mul_random*g2_unnormalized_scalar", None),
        ("bls12_pairing_mean", 15, "blsPairing", None, None), ("bls12_map_g1", 16, "blsMapG1", "matter_fp_to_g1_0", None),
        ("bls12_map_g2", 17, "blsMapG2", "matter_fp2_to_g2_0", None), ("modexp_2048_bit_square", 5, "modexp_eip7883", "nagydani-4-square", None),
        ("modexp_2048_bit_pow0x10001", 5, "modexp_eip7883", "nagydani-4-pow0x10001", None), ("blake2f_12_rounds", 9, "blake2F", "vector 5", None))
OPENSSL = {"keccak": "sha3-256", "sha256": "sha256"}
>>>>>>> d9ea4bdb5c6b69036e8c24b30f55e1315646894c


def native_ms(source):
    """The best time of the native program at 5000."""
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "sha256")
        bench.output(bench.compiler(), "-O3", source, "-o", binary)
        return min(bench.native(binary, 5000)[1] for _ in range(30)) * 1e3


def main():
<<<<<<< HEAD
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
=======
    runner, vectors, rounds, source = sys.argv[1:]
    native = native_ms(source) if os.path.exists(source) else 0
    lines, counts = [], {}
    for row, number, name, wanted, _ in ROWS:
        with open(os.path.join(vectors, "precompiles", name + ".json")) as file:
            cases = [case for case in json.load(file) if wanted is None or wanted in case["Name"]]
        if not cases:
            sys.exit(f"no case {wanted} in {name}.json")
        cases = cases if wanted is None else cases[:1]
        counts[row] = len(cases)
        for case in cases:
            lines.append(f"{row} {number} {case['Input'] or '-'}")
    lines += ["keccak 0 16384", "sha256 0 16384"]
    output = subprocess.run([runner, rounds], input="\n".join(lines) + "\n", text=True, capture_output=True, check=True).stdout
    found = {line.split()[0]: line.split()[1:] for line in output.splitlines()}
    scale = REFERENCE_MS / native if native else 1
    print(f"native sha256.c at 5000: {native:.3f} ms; 'scaled' is for the machine where it takes {REFERENCE_MS} ms\n")
    print("| precompile | µs | scaled | evmone | ratio |\n|---|---|---|---|---|")
    for row, _, _, _, evmone in ROWS:
        time = float(found[row][0]) / counts[row]
        print(f"| {row} | {time:.2f} | {time * scale:.2f} | {evmone or ''} | {f'{time * scale / evmone:.2f}' if evmone else ''} |")
    print("\n| hash, 16 KiB | MB/s | octets per tick | OpenSSL MB/s | ratio |\n|---|---|---|---|---|")
    for name, algorithm in OPENSSL.items():
        speed, ticks = map(float, found[name])
        best = 0.0
        for _ in range(3):
            try:
                text = subprocess.run(["openssl", "speed", "-seconds", "1", "-bytes", "16384", "-evp", algorithm], capture_output=True, text=True).stdout
                best = max(best, float(re.findall(r"([\d.]+)k\s*$", text)[-1]) / 1000)
            except (OSError, IndexError):
                break
        print(f"| {name} | {speed:.0f} | {ticks:.3f} | {best:.0f} | {speed / best if best else 0:.2f} |")
>>>>>>> d9ea4bdb5c6b69036e8c24b30f55e1315646894c


main()
