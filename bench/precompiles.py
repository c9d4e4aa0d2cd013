"""precompiles.py RUNNER VECTORS ROUNDS SHA256_C [PEER]: the table of precompile times, from go-ethereum's vectors through
bench/precompiles.c. PEER is a program that reads and prints what that one does: its times stand in place of evmone's noted ones."""
import json
import os
import re
import subprocess
import sys
import tempfile

import bench

# evmone's microseconds on the machine where native sha256.c takes REFERENCE_MS at 5000.
REFERENCE_MS = 1.17
# Row, address, file, case (None: the mean of all), evmone.
ROWS = (("ecrecover", 1, "ecRecover", "ValidKey", 228), ("bn254_add", 6, "bn256Add", "chfast1", 2.1), ("bn254_mul", 7, "bn256ScalarMul", "chfast1", 112),
        ("bn254_pairing_1_pair", 8, "bn256Pairing", "one_point", None), ("bn254_pairing_2_pairs", 8, "bn256Pairing", "jeff1", None),
        ("bn254_pairing_10_pairs", 8, "bn256Pairing", "ten_point_match_1", None), ("bn254_pairing_mean", 8, "bn256Pairing", None, None), ("kzg_point_evaluation", 10, "pointEvaluation", None, 1122),
        ("p256verify", 256, "p256Verify", "CallP256Verify", 262), ("bls12_g1add", 11, "blsG1Add", "bls_g1add_(2*g1+3*g1=5*g1)", None),
        ("bls12_g1mul", 12, "blsG1Mul", "bls_g1mul_random*g1_unnormalized_scalar", None),
        ("bls12_g2mul", 14, "blsG2Mul", "bls_g2mul_random*g2_unnormalized_scalar", None),
        ("bls12_pairing_mean", 15, "blsPairing", None, None), ("bls12_map_g1", 16, "blsMapG1", "matter_fp_to_g1_0", None),
        ("bls12_map_g2", 17, "blsMapG2", "matter_fp2_to_g2_0", None), ("modexp_2048_bit_square", 5, "modexp_eip7883", "nagydani-4-square", None),
        ("modexp_2048_bit_pow0x10001", 5, "modexp_eip7883", "nagydani-4-pow0x10001", None), ("blake2f_12_rounds", 9, "blake2F", "vector 5", None))
OPENSSL = {"keccak": "sha3-256", "sha256": "sha256"}


def native_ms(source):
    """The best time of the native program at 5000."""
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "sha256")
        bench.output(bench.compiler(), "-O3", source, "-o", binary)
        return min(bench.native(binary, 5000)[1] for _ in range(30)) * 1e3


def times(output):
    """What follows the name in each line."""
    return {line.split()[0]: line.split()[1:] for line in output.splitlines()}


def main():
    runner, vectors, rounds, source, *peer = sys.argv[1:]
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
    found = times(output)
    other = times(subprocess.run([*peer, rounds], input="\n".join(lines) + "\n", text=True, capture_output=True, check=True).stdout) if peer else {}
    scale = REFERENCE_MS / native if native else 1
    if peer:
        print("| precompile | µs | peer | ratio |\n|---|---|---|---|")
        for row, *_ in ROWS:
            time, theirs = (float(known[row][0]) / counts[row] if row in known else 0 for known in (found, other))
            print(f"| {row} | {time:.2f} | {theirs:.2f} | {time / theirs if theirs else 0:.2f} |")
        return
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


if __name__ == "__main__":
    main()
