"""Checks the pages (see scripts/test-docs): every block by its language, then the names and links of the text."""
import os
import shutil
import sys

import names
from languages import PLACE, WORK, Page
from pages import ROOT, blocks, tracked

# Each block and five names of it are wrong in a way of their own: what looks at the pages must see that.
WRONG = "Tests/docs/wrong.md"
WRONG_NAMES = 5


def verdicts(name):
    """What is wrong with each block of a page, None where nothing is."""
    page = Page(name, blocks(name))
    try:
        for block in page.blocks:
            work = page.handler(block.words)
            yield block, work(block) if work else f"no rule for a block of '{block.words}' (docs/development.md has the rules)"
    finally:
        page.clean()


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    os.makedirs(WORK, exist_ok=True)
    pages = sys.argv[1:] or sorted(path for path in tracked() if path.endswith(".md") and path != WRONG)
    count, failures = 0, 0
    for name in pages:
        for block, wrong in verdicts(name):
            count += 1
            if wrong:
                failures += 1
                print(f"test-docs: {block}: {wrong}", flush=True)
    for wrong in names.problems(pages):
        failures += 1
        print(f"test-docs: {wrong}")
    for block, wrong in verdicts(WRONG):
        if not wrong:
            failures += 1
            print(f"test-docs: {block}: is wrong, and nobody has seen it")
    if len(list(names.problems([WRONG]))) != WRONG_NAMES:
        failures += 1
        print(f"test-docs: {WRONG}: names that are wrong were not seen")
    if count == 0:
        sys.exit("test-docs: FAILED: no blocks")
    if failures:
        sys.exit(f"test-docs: FAILED: {failures} faults in {count} blocks and their text")
    print(f"test-docs: {count} blocks of {len(pages)} pages")


os.chdir(ROOT)
main()
