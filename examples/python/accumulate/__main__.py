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
    except (OSError, ValueError) as error:
        return str(error)
    if vector is None: return REFUSED
    chain, before, reports, preimages, expected = vector
    after = accumulate(chain, before, reports)
    provide(after.accounts, preimages, chain.slot)
    return difference(expected, after)


ISA, REFUSED = {"0.7.2": GP072, "0.8.0": GP080}, "the block was refused: nothing to run"
parser = argparse.ArgumentParser(prog="accumulate", description=__doc__)
parser.add_argument("--isa", choices=ISA, help="version of the Gray Paper; what the vector looks like if not given")
parser.add_argument("vectors", nargs="+", metavar="FILE|FOLDER", help="a .json or .bin file, or a folder of .bin files")
options, results = parser.parse_args(), []
for name in options.vectors:
    for path in sorted(glob.glob(name + "/**/*[0-9].bin", recursive=True)) or [name]:
        results.append(run(path, ISA.get(options.isa)))
        print(f"{path}: {results[-1] or 'passed'}", flush=True)
failed = sum(result not in (None, REFUSED) for result in results)
print(f"{results.count(None)} passed, {failed} failed")
sys.exit(failed > 0)
