#!/usr/bin/env python3
"""Real blocks with the EVM's code cache, at first sight and repeated, and without it.

    bench/blocks.py [--rounds N] [--only TEXT]

Needs DUET_BLOCKS (default ../shared/blocks beside the project): blocks.tar.xz, a header, transactions and the part of the state that they
touch for each block, and the code of the contracts. bench/blocks.c executes them through the C functions of build/libpvm.a.
"""

import argparse
import glob
import json
import math
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BLOCKS = os.environ.get("DUET_BLOCKS") or os.path.join(ROOT, "..", "shared", "blocks")
WORK = os.path.join(ROOT, "build", "bench")
REVISIONS = ["Frontier", "Homestead", "TangerineWhistle", "SpuriousDragon", "Byzantium", "Constantinople", "Petersburg", "Istanbul", "Berlin", "London",
             "Paris", "Shanghai", "Cancun", "Prague", "Osaka"]
ALIASES = {"EIP150": "TangerineWhistle", "EIP158": "SpuriousDragon", "ConstantinopleFix": "Petersburg", "Merge": "Paris", "DaoFork": "Homestead",
           "DAOFork": "Homestead", "MuirGlacier": "Istanbul", "ArrowGlacier": "London", "GrayGlacier": "London"}
BEACON_ROOTS, HISTORY = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02", "0x0000f90827f1c53a10cb7a02335b175320002935"


def number(text):
    return int(text, 16) if isinstance(text, str) else int(text or 0)


def word(value):
    return f"{number(value):064x}"


def lines(block):
    """A block as bench/blocks.c reads it."""
    header = block["header"]
    fork = ALIASES.get(block["fork"], block["fork"])
    revision = REVISIONS.index(fork)
    yield f"revision {revision}"
    for name, key in (("number", "number"), ("timestamp", "timestamp"), ("gas_limit", "gasLimit"), ("gas_used", "gasUsed")):
        yield f"{name} {number(header[key])}"
    yield f"coinbase {header['miner']}"
    yield f"randao {word(header['mixHash'] if revision >= REVISIONS.index('Paris') else header['difficulty'])}"
    if "baseFeePerGas" in header:
        yield f"base_fee {word(header['baseFeePerGas'])}"
    if "excessBlobGas" in header:
        yield f"blob_fee {number(header['excessBlobGas'])} {3338477 if fork == 'Cancun' else 5007716}"
    for height, value in (block.get("blockHashes") or {}).items():
        yield f"hash {number(height)} {value}"
    if revision >= REVISIONS.index("Cancun"):
        yield f"call {BEACON_ROOTS} {header['parentBeaconBlockRoot']}"
    if revision >= REVISIONS.index("Prague"):
        yield f"call {HISTORY} {header['parentHash']}"
    for address, account in block["pre"].items():
        yield f"account {address} {number(account.get('nonce', 0))} {word(account.get('balance', 0))} {account.get('codeHash', '')}"
        for key, value in account.get("storage", {}).items():
            yield f"slot {word(key)} {word(value)}"
    for transaction in block["transactions"]:
        yield f"transaction {transaction}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="blocks whose file names contain this")
    parser.add_argument("--library", default=os.path.join(ROOT, "build", "libpvm.a"), help="another build of the library to measure")
    options = parser.parse_args()
    archive = os.path.join(BLOCKS, "blocks.tar.xz")
    if not os.path.exists(archive):
        print(f"bench: no blocks in {BLOCKS}: nothing was measured (set DUET_BLOCKS)")
        return
    os.makedirs(WORK, exist_ok=True)
    subprocess.run(["tar", "xJf", archive, "-C", WORK], check=True)
    host = os.path.join(WORK, "blocks-host")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-std=c11", "-Wall", "-Wextra", "-pthread", "-I", os.path.join(ROOT, "include"), os.path.join(ROOT, "bench", "blocks.c"),
                    options.library, "-lm", "-o", host], check=True)
    print("| block | fork | transactions | Mgas | without, ms | first | second | tenth | hundredth |\n|---|---|---|---|---|---|---|---|---|")
    ratios = []
    for path in sorted(glob.glob(os.path.join(WORK, "blocks", "*.json")) + glob.glob(os.path.join(WORK, "witness", "*.json")), key=lambda p: int(os.path.basename(p)[:-5])):
        if options.only not in path:
            continue
        with open(path) as stream:
            block = json.load(stream)
        case = os.path.join(WORK, "block.txt")
        with open(case, "w") as stream:
            stream.write("".join(line + "\n" for line in lines(block)))
        done = subprocess.run([host, os.path.join(WORK, "codes.txt"), case, str(options.rounds)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"bench: block {block['number']}: {done.stderr.strip()}")
        count, gas, *times = done.stdout.split()
        # A first execution in a new process beside another one: what each takes besides, pages that are new for one, is the same then.
        without, again, first, *later = [float(time) for time in times]
        ratios.append([first / without] + [time / again for time in later])
        print(f"| {block['number']} | {block['fork']} | {count} | {int(gas) / 1e6:.2f} | {without / 1e3:.3f} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios[-1]) + " |", flush=True)
    if ratios:
        means = [math.exp(sum(math.log(row[i]) for row in ratios) / len(ratios)) for i in range(4)]
        print("| geometric mean | | | | | " + " | ".join(f"**{mean:.2f}**" for mean in means) + " |")
        print("| greatest | | | | | " + " | ".join(f"{max(row[i] for row in ratios):.2f}" for i in range(4)) + " |")


main()
