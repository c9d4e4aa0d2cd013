#!/usr/bin/env python3
"""Mutates the JSON files that the tool reads, and wants an answer to each of them: whatever stands in a file, no signal, an exit status that
is one of the tool's own, a reason where the status is not 0, and JSON where JSON is printed."""
import argparse
import copy
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HEX = "0123456789abcdef"
# A run may take as long as the gas that a file gives: that is no failure.
PATIENCE = 20


class Raw:
    """A number as it shall stand in the file."""

    def __init__(self, text):
        self.text = text


def edge(rng):
    return (1 << rng.choice([0, 1, 7, 8, 16, 31, 32, 53, 62, 63, 64, 127, 128, 255, 256, 257, 511])) + rng.choice([-1, 0, 1])


def atom(rng, old):
    """Something that does not belong where it comes to stand, or nearly does."""
    kind = rng.randrange(14)
    if kind == 0: return None
    if kind == 1: return rng.choice([True, False])
    if kind == 2: return rng.choice([[], {}, [[]], {"": None}])
    if kind == 3: return Raw(rng.choice(["1e400", "-0", "-1", "1.5", "1E5", str(edge(rng)), "-" + str(edge(rng)), "9" * 400, "01", "+1", "NaN"]))
    if kind in (4, 5): return hex(max(0, edge(rng)))
    if kind == 6: return str(edge(rng))
    if kind == 7: return rng.choice(["", "0x", "0X", "0x0", "0xg", "zz", "-1", " 1", "1 ", "0x:bigint 0x1" + "0" * 64, "\u00e9", "\0", "0x" + "0" * 200])
    if kind == 8: return "0x" + "".join(rng.choice(HEX) for _ in range(rng.choice([1, 39, 40, 41, 42, 63, 64, 65, 66, 2000])))
    if kind == 9: return rng.choice([edge(rng), rng.randrange(1 << 16), 0])
    if kind == 10 and isinstance(old, str) and old:
        at = rng.randrange(len(old))
        return old[:at] + rng.choice(list(HEX) + ["", "g", "00", " "]) + old[at + 1:]
    if kind == 11 and isinstance(old, str): return old + rng.choice(["0", "00", "f", " "])
    if kind == 12 and isinstance(old, str): return old[:-1]
    if kind == 13 and isinstance(old, int) and not isinstance(old, bool): return old + rng.choice([-1, 1, 256])
    return rng.choice(["Prague", "Osaka", "Frontier", "Nowhere", "", 0, "0x1"])


def places(value, found):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    for key, inner in items:
        found.append((value, key))
        places(inner, found)
    return found


# In an object: the name of a member that the file shall have a second time.
TWICE = "\u0000twice"


def mutate(rng, value):
    value = copy.deepcopy(value)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        spots = places(value, [])
        if not spots: return atom(rng, value)
        holder, key = rng.choice(spots)
        kind = rng.randrange(10)
        if kind < 6: holder[key] = atom(rng, holder[key])
        elif kind == 6: del holder[key]
        elif kind == 7 and isinstance(holder, list): holder.insert(key, copy.deepcopy(holder[key]))
        elif kind == 7: holder[str(atom(rng, key))] = holder[key]
        elif kind == 8:
            other, name = rng.choice(spots)
            try: holder[key] = copy.deepcopy(other[name])
            except (KeyError, IndexError): pass
        elif isinstance(holder, dict): holder[TWICE] = key
    return value


def text(value):
    if isinstance(value, Raw): return value.text
    if isinstance(value, list): return "[" + ", ".join(text(item) for item in value) + "]"
    if isinstance(value, dict):
        members = [(key, item) for key, item in value.items() if key != TWICE]
        again = value.get(TWICE)
        members += [(key, item) for key, item in members if key == again]
        return "{" + ", ".join(json.dumps(key) + ": " + text(item) for key, item in members) + "}"
    return json.dumps(value, ensure_ascii=False)


def octets(rng, value):
    data = bytearray(text(value).encode("utf-8", "surrogatepass"))
    if rng.randrange(8) == 0:
        for _ in range(rng.choice([1, 1, 3, 10])):
            at = rng.randrange(len(data) + 1) if data else 0
            kind = rng.randrange(4)
            if kind == 0: data[at:at + 1] = bytes([rng.randrange(256)])
            elif kind == 1: data[at:at] = rng.choice([b"[" * 600, b"{\"a\":", b"\\u12", b"\xff", b"\"", b"\0", b"1" * 50])
            elif kind == 2: del data[at:]
            else: del data[at:at + rng.randrange(1, 20)]
    return bytes(data)


class Fuzzer:
    def __init__(self, options):
        self.tool = options.tool
        self.keep = options.keep
        self.rng = random.Random(options.seed)
        self.folder = tempfile.mkdtemp(prefix="fuzz-tool-")
        self.files = self.slow = 0
        self.failures = []
        self.seeds = {}
        for path in sorted(glob.glob(os.path.join(HERE, "seeds", "*.json"))):
            self.seeds[os.path.basename(path)[:-5]] = json.load(open(path))
        if options.cases:
            for path in sorted(glob.glob(os.path.join(options.cases, "*.json"))):
                self.seeds["state-case-" + os.path.basename(path)[:-5]] = json.load(open(path))

        self.image = self.path("jam.spi")
        subprocess.run([self.tool, "pvm", "asm", os.path.join(HERE, "seeds", "jam.pvm"), "-o", self.image], check=True)

    def path(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def complaint(self, arguments, is_json=False):
        """What is wrong with the tool's answer, None if nothing is."""
        try:
            run = subprocess.run([self.tool, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.slow += 1
            return None
        if run.returncode < 0 or run.returncode > 63:
            return "ended by signal %d: %s" % (-run.returncode, run.stderr.decode(errors="replace")[-600:])
        if b"Fatal error" in run.stderr: return run.stderr.decode(errors="replace")[-600:]
        if run.returncode != 0 and not run.stderr.strip() and not run.stdout.strip(): return "status %d without a reason" % run.returncode
        if is_json and run.stdout.strip():
            try: json.loads(run.stdout)
            except ValueError as error: return "its output is no JSON: %s" % error
        return None

    def fail(self, name, arguments, complaint, files):
        folder = os.path.join(self.keep, "%s-%d" % (name, len(self.failures)))
        os.makedirs(folder, exist_ok=True)
        for file in files: shutil.copy(file, folder)
        self.failures.append("%s: duet %s: %s; kept in %s" % (name, " ".join(arguments), complaint, folder))
        print("fuzz-tool: " + self.failures[-1], flush=True)

    def many(self, name, command, seed, count, file, is_json=False):
        """Files of one kind in a folder, which one process reads; after a failure each alone."""
        base = self.path(name, "")
        shutil.rmtree(base)
        files = []
        for index in range(count):
            files.append(self.path(name, str(index), file))
            with open(files[-1], "wb") as out: out.write(octets(self.rng, mutate(self.rng, seed)))
        self.files += count
        if self.complaint([*command, base], is_json) is None: return
        for path in files:
            complaint = self.complaint([*command, path], is_json)
            if complaint: self.fail(name, [*command, os.path.basename(path)], complaint, [path])

    def transition(self):
        rng, seed = self.rng, copy.deepcopy(self.seeds["transition"])
        target = rng.choice(list(seed))
        mutated = {target: mutate(rng, seed[target])}
        if rng.randrange(4) == 0: mutated["env"] = mutate(rng, seed["env"])
        fork = rng.choice(["Frontier", "Byzantium", "London", "Paris", "Shanghai", "Cancun", "Prague", "Osaka"])
        if fork in ("Cancun", "Prague", "Osaka") and rng.randrange(2):
            # What is computed from the parent is reached only if it is not given.
            for key in ("currentExcessBlobGas", "currentBaseFee"): seed["env"].pop(key)
        files, arguments = [], ["evm", "t8n", "--state.fork", fork, "--output.result=stdout", "--output.alloc=stdout", "--output.body=stdout"]
        for key, value in seed.items():
            path = self.path("transition", key + ".json")
            with open(path, "wb") as out: out.write(octets(rng, mutated[key]) if key in mutated else text(value).encode())
            files.append(path)
            arguments += ["--input." + key, path]
        if rng.randrange(4) == 0: arguments.append("--state-test")
        self.files += 1
        complaint = self.complaint(arguments, is_json=True)
        if complaint: self.fail("transition", arguments, complaint, files)

    def single(self, name, command, content, prefix=""):
        path = self.path(name, "input.json")
        with open(path, "wb") as out: out.write(content)
        self.files += 1
        complaint = self.complaint([*command, prefix + path])
        if complaint: self.fail(name, command, complaint, [path])

    def round(self):
        rng = self.rng
        states = [name for name in self.seeds if name.startswith("state-")]
        self.many("statetest", ["evm", "statetest"], self.seeds[rng.choice(states)], 40, "test.json", is_json=True)
        self.many("conformance-state", ["conformance", "state", "--jobs", "2"], self.seeds[rng.choice(states)], 20, "test.json")
        for _ in range(10): self.transition()
        self.many("pvm", ["conformance", "pvm"], self.seeds[rng.choice(["pvm-steps", "pvm-w3f"])], 30, "vector.json")
        self.many("precompiles", ["conformance", "precompiles"], self.seeds["precompiles"], 20, rng.choice(["modexp.json", "fail-blake2f.json", "ecRecover.json"]))
        self.many("opcodes", ["conformance", "opcodes"], self.seeds["opcodes"], 10, "testcases_sub.json")
        self.many("rlp", ["conformance", "rlp"], self.seeds["rlp"], 20, "rlp.json")
        self.many("trie", ["conformance", "trie"], self.seeds["trie"], 20, rng.choice(["trie.json", "secure.json"]))
        for _ in range(3): self.single("bench", ["evm", "bench", "--runs", "1"], octets(rng, mutate(rng, self.seeds["bench"])))
        for _ in range(5):
            command = rng.choice([["run", self.image], ["trace", self.image, "--format", rng.choice(["json", "html"])]])
            self.single("jam", ["pvm", *command, "--host"], octets(rng, mutate(rng, self.seeds["jam"])), prefix="jam=")
        code = self.seeds["state-legacy"]["legacy"]["pre"]["0x0000000000000000000000000000000000001000"]["code"]
        self.single("run", ["evm", "run", "--gas", "100000"], octets(rng, atom(rng, code)), prefix="@")
        self.single("trace", ["evm", "trace", "--state-test"], octets(rng, mutate(rng, self.seeds[rng.choice(states)])))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", default="")
    parser.add_argument("--keep", default="build/fuzz-tool")
    options = parser.parse_args()
    fuzzer = Fuzzer(options)
    end = time.monotonic() + options.seconds
    while time.monotonic() < end and len(fuzzer.failures) < 20: fuzzer.round()
    shutil.rmtree(fuzzer.folder)
    print("fuzz-tool: %d inputs, %d ran into the time limit, %d failures" % (fuzzer.files, fuzzer.slow, len(fuzzer.failures)))
    sys.exit(1 if fuzzer.failures else 0)


main()
