"""Compares traces (EIP-3155), line by line, with those of ethereum/execution-specs: see scripts/test-traces."""

import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "evm"))

import cases
import generate
import lines
import opcodes
import reference

# As transition tools have the names. What the specifications call Constantinople is Petersburg.
FORK_NAMES = {"tangerine_whistle": "EIP150", "spurious_dragon": "EIP158", "petersburg": "ConstantinopleFix"}
FORKS = [fork for fork in opcodes.FORKS if fork != "constantinople"]
# A longer trace takes the reference too long.
LONGEST = 20_000


class Run:
    def __init__(self, duet):
        self.duet = duet
        self.traces = self.lines = self.failures = 0

    def fail(self, name, text):
        self.failures += 1
        print(f"{name}: {text}")

    def compare(self, name, fork, ours, theirs, authorizes=False):
        self.traces += 1
        self.lines += len(theirs)
        difference = lines.Comparison(fork, authorizes).run(ours, theirs)
        if difference:
            self.fail(name, difference)

    def transition(self, name, fork, inputs):
        """A block through both transition tools."""
        with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
            process = subprocess.run(
                [self.duet, "evm", "t8n", "--input.alloc", "stdin", "--input.env", "stdin", "--input.txs", "stdin", "--output.alloc", "stdout",
                 "--output.result", "stdout", "--output.basedir", ours, "--state.fork", fork, "--state.reward", "-1", "--trace"],
                input=json.dumps(inputs), capture_output=True, text=True)
            if process.returncode != 0:
                return self.fail(name, process.stderr.strip())
            wanted = reference.transition(inputs, fork, theirs)
            result = json.loads(process.stdout)["result"]
            for field in ("stateRoot", "gasUsed"):
                if result[field] != wanted["result"][field]:
                    self.fail(name, f"{field}: {result[field]}, theirs {wanted['result'][field]}: {result.get('rejected')} {wanted['result'].get('rejected')}")
            # Ours are numbered as the transactions are in the file, theirs as those are that could be read.
            found = {path.name: path for path in pathlib.Path(ours).glob("trace-*")}
            expected = {path.name: path for path in pathlib.Path(theirs).glob("trace-*")}
            if found.keys() != expected.keys():
                return self.fail(name, f"files {sorted(found)}, theirs {sorted(expected)}")
            for file, path in sorted(found.items()):
                index = int(re.match(r"trace-(\d+)", file)[1])
                self.compare(f"{name}, {fork}, transaction {index}", fork, lines.parse(path.read_text()), lines.parse(expected[file].read_text()),
                             "authorizationList" in inputs["txs"][index])

    def program(self, seed):
        """A random program, called by a transaction."""
        case = generate.generate(seed, FORKS)
        fork = FORK_NAMES.get(case.fork, case.fork.capitalize())
        alloc = {cases.SENDER: cases.account(balance=10**24, nonce=0)}
        for address, (nonce, balance, code, storage) in case.accounts.items():
            if address != generate.SENDER:
                alloc["0x" + address.hex()] = cases.account(code.hex(), storage, balance, nonce)
        # More gas gives longer traces, not other ones.
        transaction = cases.transaction("0x" + case.to.hex(), min(case.gas, 150_000), case.data.hex(), case.value)
        inputs = {"alloc": alloc, "env": {**cases.env(), "currentDifficulty": "0x20000"} if opcodes.REVISION[case.fork] < opcodes.REVISION["paris"] else cases.env(),
                  "txs": [transaction]}
        self.transition(f"program {seed}", fork, inputs)

    def state_file(self, path, count, rng):
        """Some cases of a file of state tests."""
        process = subprocess.run([self.duet, "evm", "statetest", "--json", str(path)], capture_output=True, text=True)
        traces, current = [], []
        for line in process.stderr.splitlines():
            if line.startswith('{"stateRoot"'):
                traces.append((current, json.loads(line)["stateRoot"]))
                current = []
            else:
                current.append(line)
        every = [(name, fork, post, test) for name, test in json.loads(path.read_text()).items() for fork, posts in test["post"].items() for post in posts]
        if len(every) != len(traces):
            return self.fail(str(path), f"{len(traces)} traces of {len(every)} cases")
        suitable = [index for index, (_, fork, post, _) in enumerate(every)
                    if reference.supports(fork) and "expectException" not in post and 0 < len(traces[index][0]) < LONGEST]
        for index in rng.sample(suitable, min(count, len(suitable))):
            (name, fork, post, test), (ours, root) = every[index], traces[index]
            theirs, their_root = reference.state_case(test, fork, post)
            if root != their_root:
                self.fail(name, f"state root {root}, theirs {their_root}")
            self.compare(f"{path.name}: {name}, {fork}, {post['indexes']}", fork, [json.loads(line) for line in ours], lines.parse(theirs),
                         "authorizationList" in test["transaction"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duet", required=True)
    parser.add_argument("--programs", type=int, default=150, help="random programs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--states", help="a folder of state tests")
    parser.add_argument("--files", type=int, default=60, help="files of it, at random")
    parser.add_argument("--cases", type=int, default=2, help="cases of each file, at random")
    parser.add_argument("--only", help="cases of our own whose names have this, and nothing else")
    options = parser.parse_args()
    run = Run(options.duet)
    for name, fork, inputs in cases.cases():
        if options.only is None or options.only in name:
            run.transition(name, fork, inputs)
    if options.only is None:
        for number in range(options.programs):
            run.program(f"{options.seed}-{number}")
        if options.states:
            rng = random.Random(options.seed)
            files = sorted(pathlib.Path(options.states).rglob("*.json"))
            for path in rng.sample(files, min(options.files, len(files))):
                run.state_file(path, options.cases, rng)
    print(f"{run.traces} traces, {run.lines} lines, {run.failures} differences")
    return 0 if run.failures == 0 and run.traces > 0 else 1


sys.exit(main())
