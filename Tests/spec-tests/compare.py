"""compare.py OURS THEIRS: the fixtures of two folders that `fill` has written, by file and test. What a fixture says of how it was
made ("_info") is left out. Every fixture of either side has to be on the other."""

import json
import sys
from pathlib import Path


def fixtures(folder):
    found = {}
    for path in sorted(Path(folder).rglob("*.json")):
        name = path.relative_to(folder)
        if ".meta" in name.parts:
            continue
        for test, fixture in json.loads(path.read_text()).items():
            fixture.pop("_info", None)
            found[f"{name}: {test}"] = fixture
    return found


def differences(ours, theirs, place=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key), theirs.get(key), f"{place}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, pair in enumerate(zip(ours, theirs)):
            yield from differences(*pair, f"{place}/{index}")
    elif ours != theirs:
        yield f"{place}: {str(ours)[:100]}, expected {str(theirs)[:100]}"


def main():
    ours, theirs = map(fixtures, sys.argv[1:3])
    alike, wrong = 0, 0
    for name in sorted(ours.keys() | theirs.keys()):
        found = list(differences(ours.get(name), theirs.get(name)))
        alike += not found
        wrong += bool(found)
        if found and wrong <= 20:
            print(name, *(f"    {line}" for line in found[:5]), sep="\n")
    print(f"{alike} fixtures alike, {wrong} different")
    return 1 if wrong or not alike else 0


sys.exit(main())
