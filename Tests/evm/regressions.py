"""Cases that once differed, with how they must end: regressions/*.json. They need no other EVM."""

import json
import os

from generate import Case

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "regressions")


def encode(case, gas, outcome):
    """A case as JSON, with the outcome that a reference gave for it."""
    accounts = {address.hex(): {"nonce": nonce, "balance": balance, "code": code.hex(), "storage": {hex(k): hex(v) for k, v in storage.items()}}
                for address, (nonce, balance, code, storage) in case.accounts.items()}
    return {"fork": case.fork, "accounts": accounts, "to": case.to.hex(), "data": case.data.hex(), "value": case.value, "gas": gas,
            "expected": {"status": outcome.status, "gas_left": outcome.gas_left, "refund": outcome.refund, "output": outcome.output.hex(),
                         "logs": len(outcome.logs)}}


def decode(record):
    accounts = {bytes.fromhex(address): (a["nonce"], a["balance"], bytes.fromhex(a["code"]),
                                         {int(k, 16): int(v, 16) for k, v in a["storage"].items()})
                for address, a in record["accounts"].items()}
    return Case(record["fork"], accounts, bytes.fromhex(record["to"]), bytes.fromhex(record["data"]), record["value"], record["gas"])


def failures(library):
    """Names of the cases that end otherwise, with what is wrong; and how many cases there are."""
    wrong, count = [], 0
    for name in sorted(os.listdir(FOLDER)):
        with open(os.path.join(FOLDER, name)) as stream:
            record = json.load(stream)
        outcome = library.run(decode(record), record["gas"])
        ended = {"status": outcome.status, "gas_left": outcome.gas_left, "refund": outcome.refund, "output": outcome.output.hex(),
                 "logs": len(outcome.logs)}
        count += 1
        if ended != record["expected"]:
            wrong.append(f"{name}: {ended}, should be {record['expected']}")
    return wrong, count
