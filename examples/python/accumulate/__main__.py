"""Runs vectors of accumulation, and shows where the first difference is."""
import argparse
import glob
import sys

sys.path.append(sys.path[0] + "/..")  # duet.py and jam

from accumulation import accumulate, provide
from duet import GP072, GP080
from jam.vectors import difference, load


def run(path, isa):
    """What is wrong; None if nothing is."""
    try:
        vector = load(path, isa)
    except (KeyError, OSError, ValueError) as error:
        return f"no vector of this version: {error!r}"
    if vector is None: return REFUSED
    chain, before, reports, preimages, expected = vector
    after = accumulate(chain, before, reports)
    provide(after.accounts, preimages, chain.slot)
    return difference(expected, after)


REFUSED = "the block was refused: nothing to run"
parser = argparse.ArgumentParser(prog="accumulate", description=__doc__)
parser.add_argument("--isa", choices=("0.7.2", "0.8.0"), default="0.7.2", help="version of the Gray Paper")
parser.add_argument("vectors", nargs="+", metavar="FILE|FOLDER", help="a .json or .bin file, or a folder of .bin files")
options, results = parser.parse_args(), []
for name in options.vectors:
    for path in sorted(glob.glob(name + "/**/*[0-9].bin", recursive=True)) or [name]:
        results.append(run(path, GP080 if options.isa == "0.8.0" else GP072))
        print(f"{path}: {results[-1] or 'passed'}", flush=True)
failed = sum(result not in (None, REFUSED) for result in results)
print(f"{results.count(None)} passed, {failed} failed")
sys.exit(failed > 0)
