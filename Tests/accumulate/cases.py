#!/usr/bin/env python3
"""The runner of examples/python/accumulate on cases that are made here: it passes what is right, and names what is not."""
import copy
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import unittest

from calls import DATA, EXAMPLES, HASH, guest, service
from duet import GP072, GP080, SERVICE_IMAGE, call_gas, library
from jam.codec import blake

CALLS = [("write", DATA, 4, DATA, 8), ("solicit", DATA, 5), ("yield", DATA), ("transfer", 2, 7, 500, DATA), ("checkpoint",)]
NUMBERS = {"write": 4, "solicit": 23, "yield": 25, "transfer": 20, "checkpoint": 17}  # of 0.7.2


def hexadecimal(data):
    return "0x" + data.hex()


def code_of(isa):
    return guest(isa, CALLS)


def gas_of(isa):
    """What the run costs: the library's price of its one block (0.7.2: of each instruction) and of its calls."""
    code = code_of(isa)
    if isa == GP080:
        program = ctypes.c_void_p()
        assert library.pvm_program_create(code, ctypes.c_size_t(len(code)), SERVICE_IMAGE, isa, ctypes.byref(program)) == 0
        library.pvm_program_block_gas.restype = ctypes.c_uint64
        gas = library.pvm_program_block_gas(program, 5)
        library.pvm_program_release(program)
    else:
        gas = sum(len(call) + 1 for call in CALLS) + 3  # load_imm_64 for each register, ecalli, store; two more and the jump
    for name, *registers in CALLS:
        number = NUMBERS[name] + (isa == GP080)
        gas += call_gas(isa, number, [0] * 7 + registers + [0] * (6 - len(registers)), 500 if name == "transfer" else 0)
    return gas


def account(account, storage=(), blobs=(), requests=()):
    names = ("version", "code_hash", "balance", "min_item_gas", "min_memo_gas", "bytes", "deposit_offset", "items", "creation_slot",
             "last_accumulation_slot", "parent_service")
    info = {name: getattr(account, name) for name in names}
    return {"service": {**info, "code_hash": hexadecimal(account.code_hash)},
            "storage": [{"key": hexadecimal(key), "value": hexadecimal(value)} for key, value in storage],
            "preimage_blobs": [{"hash": hexadecimal(blake(data)), "blob": hexadecimal(data)} for data in blobs],
            "preimage_requests": [{"key": {"hash": hexadecimal(hash), "length": length}, "value": slots}
                                  for hash, length, slots in requests]}


def case(isa):
    """Service 1 makes the calls; its transfer reaches service 2, which has no code, in the next round."""
    new, code = isa == GP080, code_of(isa)
    report = {
        "package_spec": {"hash": hexadecimal(HASH), "length": 1, "erasure_root": hexadecimal(HASH), "exports_root": hexadecimal(HASH),
                         "exports_count": 0, **({"erasure_shards": 6} if new else {})},
        "context": {"anchor": hexadecimal(HASH), "state_root": hexadecimal(HASH), "beefy_root": hexadecimal(HASH),
                    "lookup_anchor": hexadecimal(HASH), "lookup_anchor_slot": 1, "prerequisites": []},
        "core_index": 0, "authorizer_hash": hexadecimal(HASH), "auth_gas_used": 0, "auth_output": "0x", "segment_root_lookup": [],
        "results": [{"service_id": 1, "code_hash": hexadecimal(blake(code)), "payload_hash": hexadecimal(HASH), "accumulate_gas": 100000,
                     "result": {"panic": None}, "refine_load": {}}]}
    privileges = {"bless": 0, "assign": [0, 0], "designate": 0, "register": 0, "always_acc": []}
    one, two = service(code), service(code_hash=bytes(32))
    before = {"slot": 42, "entropy": hexadecimal(HASH), "ready_queue": [[]] * 12, "accumulated": [[]] * 12, "privileges": privileges,
              "statistics": [], "accounts": [{"id": 1, "data": account(one, blobs=[code])}, {"id": 2, "data": account(two)}]}
    after = copy.deepcopy(before)
    one.items, one.bytes, one.balance, one.last_accumulation_slot = 3, 34 + 4 + 8 + 81 + 5, 10**6 - 7, 43
    two.balance, two.last_accumulation_slot = 10**6 + 7, 43 if new else 0  # in 0.7.2 a transfer alone does not count
    after["accounts"] = [{"id": 1, "data": account(one, [(HASH[:4], HASH[:8])], [code], [(HASH, 5, [])])}, {"id": 2, "data": account(two)}]
    counted = {"accumulate_count": 1, **({"accumulate_transfer_count": 0} if new else {}), "accumulate_gas_used": gas_of(isa)}
    moved = {"accumulate_count": 0, "accumulate_transfer_count": 1, "accumulate_gas_used": 0}
    after.update(slot=43, accumulated=[[]] * 11 + [[hexadecimal(HASH)]],
                 statistics=[{"id": 1, "record": counted}] + [{"id": 2, "record": moved}] * new)
    # One output: its root is the keccak of the service's number and of the output.
    digest = ctypes.create_string_buffer(32)
    library.duet_keccak256(b"\1\0\0\0" + HASH, ctypes.c_size_t(36), digest)
    return {"input": {"slot": 43, "reports": [report]}, "pre_state": before, "output": {"ok": hexadecimal(digest.raw)}, "post_state": after}


class Runner(unittest.TestCase):
    def run_cases(self, *cases, options=()):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for index, value in enumerate(cases):
                paths.append(os.path.join(folder, f"case-{index}.json"))
                with open(paths[-1], "w") as file:
                    file.write(value if isinstance(value, str) else json.dumps(value))
            done = subprocess.run([sys.executable, EXAMPLES + "/accumulate", *options, *paths], capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            return done.returncode, [line.rsplit(".json: ", 1)[-1] for line in done.stdout.splitlines()]

    def test_what_is_right_passes(self):
        self.assertEqual(self.run_cases(case(GP072), case(GP080)), (0, ["passed", "passed", "2 passed, 0 failed"]))
        self.assertEqual(self.run_cases(case(GP080), options=("--isa", "0.8.0"))[0], 0)
        self.assertEqual(self.run_cases(case(GP080), options=("--isa", "0.7.2"))[0], 1)

    def test_what_is_wrong_is_named(self):
        def changed(change):
            value = case(GP080)
            change(value["post_state"])
            return value

        wrong = {
            "slot": lambda state: state.update(slot=44),
            "accounts.1.balance": lambda state: state["accounts"][0]["data"]["service"].update(balance=5),
            "accounts.1.data.": lambda state: state["accounts"][0]["data"]["storage"][0].update(value="0x00"),
            "accounts.2": lambda state: state["accounts"].pop(),
            "statistics.1.2": lambda state: state["statistics"][0]["record"].update(accumulate_gas_used=1),
            "statistics.2.1": lambda state: state["statistics"][1]["record"].update(accumulate_transfer_count=2),
            "accumulated.11.0": lambda state: state.update(accumulated=[[]] * 12),
            "privileges.bless": lambda state: state["privileges"].update(bless=1),
        }
        status, lines = self.run_cases(*map(changed, wrong.values()))
        self.assertEqual((status, lines[-1]), (1, f"0 passed, {len(wrong)} failed"))
        for path, line in zip(wrong, lines):
            self.assertTrue(line.startswith(path) and "expected" in line, f"{path}: {line}")
        value = case(GP080)
        value["output"]["ok"] = hexadecimal(bytes(32))
        self.assertIn("root: expected 00", self.run_cases(value)[1][0])

    def test_what_is_no_vector_is_said(self):
        status, lines = self.run_cases("", "{", "[]", "7", '{"input": {}}', json.dumps({**case(GP080), "pre_state": None}))
        self.assertEqual((status, lines[-1]), (1, "0 passed, 6 failed"))
        for line in lines[:-1]:
            self.assertTrue(line.startswith("no vector of accumulation"), line)


if __name__ == "__main__":
    unittest.main()
