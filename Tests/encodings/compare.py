"""Compares what objdump makes of code.bin with expected.txt, line by line: the place and the text of every instruction."""
import re
import subprocess
import sys

SHOWN = 20


def disassembled(objdump, path):
    """(place, text) of each instruction; runs of spaces become one, comments go."""
    run = subprocess.run([objdump, "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", "-z", path],
                         stdout=subprocess.PIPE, text=True, check=True)
    for line in run.stdout.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+(.*)$", line)
        if match:
            text = match[2].split("#")[0]
            yield int(match[1], 16), " ".join(text.split())


def main(objdump, folder):
    with open(f"{folder}/expected.txt") as file:
        expected = [(int(place, 16), text) for place, text in (line.rstrip("\n").split("\t") for line in file)]
    # By place: one instruction of a wrong length must not make all that follow it wrong.
    shown = dict(disassembled(objdump, f"{folder}/code.bin"))
    wrong = [(place, text) for place, text in expected if shown.get(place) != text]
    for place, text in wrong[:SHOWN]:
        print(f"{place:#x}: expected '{text}', objdump shows '{shown.get(place, 'no instruction that begins here')}'")
    if len(wrong) > SHOWN:
        print(f"and {len(wrong) - SHOWN} more")
    between = set(shown) - {place for place, _ in expected}
    for place in sorted(between)[:SHOWN]:
        print(f"{place:#x}: objdump shows '{shown[place]}' where no instruction should begin")
    print(f"{len(expected) - len(wrong)} passed, {len(wrong) + len(between)} failed")
    return 1 if wrong or between or not expected else 0


sys.exit(main(*sys.argv[1:]))
