"""state.py DUET VECTORS SHA256_C [RUNS]: how long all state tests take, beside a native program before and after each run, as machines change
their speed while they are shared."""
import re
import subprocess
import sys
import time

from precompiles import REFERENCE_MS, native_ms

COUNT = 115_078


def main():
    duet, vectors, source, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 3
    command = [duet, "conformance", "state", f"{vectors}/state", "--expected", "conformance/expected-failures.txt", "--first", "CALLBlake2f_MaxRounds"]
    print(f"'scaled' is for the machine where the native sha256.c takes {REFERENCE_MS} ms at 5000\n")
    print("| seconds | sha256.c before and after, ms | scaled | longest files |\n|---|---|---|---|")
    native = native_ms(source)
    for _ in range(runs):
        before, start = native, time.monotonic()
        output = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
        taken = time.monotonic() - start
        if not output or output[-1] != f"{COUNT} passed, 0 failed":
            sys.exit("\n".join(output[-20:]))
        native = native_ms(source)
        longest = re.sub(r"^longest: ", "", output[-2])
        # The faster one, so that no slow moment of the machine makes the figure better.
        scaled = taken * REFERENCE_MS / min(before, native)
        print(f"| {taken:.1f} | {before:.2f}, {native:.2f} | {scaled:.1f} | {longest} |", flush=True)


if __name__ == "__main__":
    main()
