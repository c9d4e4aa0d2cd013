#!/usr/bin/env python3
"""seeds.py VECTORS PROGRAMS FOLDER: writes fuzz inputs made from the vectors and programs into FOLDER.

The form of an input is described at `take_program` in pvm_fuzz.c.
"""
import json
import pathlib
import sys

BLOB, STANDARD, SERVICE = 3, 4, 5
SERVED = 16
# run; step; access memory; map; run; inner call; execute; resume; invoke
CALLS = bytes([0, 0, 2, 5, 8, 1, 0, 0, 8, 2, 5, 1, 0, 0, 1, 2, 0, 0, 17, 1, 0, 0, 1, 8, 0, 1, 0, 0, 1, 0, 0, 0, 3, 0, 1, 1, 28, 0, 8, 0, 1, 31])


def write(folder, name, isa, form, image):
    if len(image) > 8000:
        return 0
    for served in (0, SERVED):
        data = bytes([isa | form << 1 | served]) + len(image).to_bytes(2, "little") + image + CALLS
        (folder / f"{name}-{served}").write_bytes(data)
    return 2


def main():
    vectors, programs, folder = map(pathlib.Path, sys.argv[1:4])
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for isa, name in ((0, "gp072"), (1, "gp080"), (0, "w3f-v0.4")):
        for path in sorted((vectors / "pvm" / name).glob("*.json")):
            count += write(folder, f"{name}-{path.stem}", isa, BLOB, bytes(json.loads(path.read_text())["program"]))
    for isa, name in ((0, "gp072"), (1, "gp080")):
        for path in sorted((programs / "pvm" / name).glob("*.spi")):
            count += write(folder, f"{name}-{path.stem}", isa, STANDARD, path.read_bytes())
            count += write(folder, f"{name}-{path.stem}-service", isa, SERVICE, b"\x04meta" + path.read_bytes())
    print(f"seeds: {count} files" if count else "seeds: no vectors here")


main()
