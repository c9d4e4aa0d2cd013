"""Transactions whose traces are hard to get right: a name, a fork and the inputs of a transition tool."""

import coincurve
from ethereum.crypto.hash import keccak256
from ethereum_rlp import rlp

KEY = "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8"
SENDER = "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b"
COINBASE = "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba"
ZERO = "0x" + "00" * 32


def address(number):
    return "0x" + number.to_bytes(20, "big").hex()


def word(number):
    return "0x" + number.to_bytes(32, "big").hex()


A, B, C, NOBODY = address(0xA000), address(0xB000), address(0xC000), address(0x9999)
# The contracts that the system calls behind a block's transactions (EIP-7002, 7251) and before them (EIP-4788, 2935).
SYSTEM = ("0x00000961ef480eb55e80d19ad83579a64c007002", "0x0000bbddc7ce488642fb579f8b00f3a590007251",
          "0x000f3df6d732807ef1319fb7b8bb8522d0beac02", "0x0000f90827f1c53a10cb7a02335b175320002935")


def account(code="", storage=(), balance=0, nonce=1):
    return {"balance": hex(balance), "nonce": hex(nonce), "code": "0x" + code, "storage": {word(key): word(value) for key, value in dict(storage).items()}}


def env():
    return {"currentCoinbase": COINBASE, "currentDifficulty": "0x0", "currentRandom": word(7), "currentGasLimit": "0x5f5e100", "currentNumber": "0x1",
            "currentTimestamp": "0x3e8", "currentBaseFee": "0xa", "parentBeaconBlockRoot": ZERO, "withdrawals": [], "currentExcessBlobGas": "0x0",
            "parentHash": word(0x11), "blockHashes": {"0": word(0x11)}}


def transaction(to=A, gas=300_000, data="", value=0, nonce=0, **more):
    return {"type": "0x0", "chainId": "0x1", "nonce": hex(nonce), "gas": hex(gas), "gasPrice": "0x14", "value": hex(value), "input": "0x" + data, "to": to,
            "secretKey": KEY, "v": "0x0", "r": "0x0", "s": "0x0", **more}


def authorization(key, target, nonce):
    message = b"\x05" + rlp.encode([(1).to_bytes(1, "big"), bytes.fromhex(target[2:]), nonce.to_bytes(8, "big").lstrip(b"\0")])
    signature = coincurve.PrivateKey(key).sign_recoverable(bytes(keccak256(message)), hasher=None)
    r, s, parity = signature[:32], signature[32:64], signature[64]
    return {"chainId": "0x1", "address": target, "nonce": hex(nonce), "v": hex(parity), "yParity": hex(parity),
            "r": hex(int.from_bytes(r, "big")), "s": hex(int.from_bytes(s, "big"))}


def account_of(key):
    return "0x" + keccak256(coincurve.PrivateKey(key).public_key.format(compressed=False)[1:])[12:].hex()


def call(to, value="5f", gas="5a", opcode="f1"):
    """CALL with neither input nor output, the result dropped."""
    values = value if opcode in ("f1", "f2") else ""
    return "5f5f5f5f" + values + "61" + to[-4:] + gas + opcode + "50"


def create(init, opcode="f0"):
    """CREATE of up to 32 octets of init code, the result dropped."""
    size = len(init) // 2
    return f"{0x5F + size:02x}{init}5f52" + ("5f" if opcode == "f5" else "") + f"60{size:02x}60{32 - size:02x}5f{opcode}50"


CLEAR = "5f5f55"  # SSTORE of 0 to slot 0


def cases():
    """(name, fork, inputs) of each."""
    def case(name, fork, code, transactions=None, **accounts):
        alloc = {SENDER: account(balance=10**24, nonce=0), A: account(code, {0: 1, 1: 1}, balance=1000)}
        alloc.update({contract: account("00") for contract in SYSTEM})
        alloc.update({{"b": B, "c": C}.get(key, key): value for key, value in accounts.items()})
        return name, fork, {"alloc": alloc, "env": env(), "txs": transactions or [transaction()]}

    clearing, failing = account("5f600755600150", {7: 9}), account("5f6007555f5ffd", {7: 9})
    yield case("refunds of callees", "Osaka", CLEAR + call(B) + "5f600155" + call(C) + "60015f55", b=clearing, c=failing)
    # Slot 0 is 1: the caller clears it, and code that it runs as its own puts it back.
    for fork in ("Istanbul", "London", "Osaka"):
        clear, back = ("600060005500", "600160005500") if fork == "Istanbul" else (CLEAR + "00", "60015f5500")
        delegate = call(B, opcode="f4").replace("5f", "6000") if fork == "Istanbul" else call(B, opcode="f4")
        yield case(f"a refund that a callee takes back, {fork}", fork, clear[:-2] + delegate + "00", b=account(back))
    yield case("creation", "Osaka", "", [transaction(None, data="600380600c6000396000f3600150")])
    yield case("creation without code", "Osaka", "", [transaction(None)])
    yield case("creation that cannot pay for its code", "Osaka", "", [transaction(None, gas=60_000, data="6107d05ff3")])
    yield case("creation of code over the limit", "Osaka", "", [transaction(None, gas=10_000_000, data="6160015ff3")])
    yield case("creation of code that starts with 0xef", "Osaka", "", [transaction(None, data="60ef5f5360015ff3")])
    yield case("creation that reverts", "Osaka", "", [transaction(None, data="602a5f5260205ffd")])
    yield case("call to no code", "Osaka", "", [transaction(NOBODY)])
    yield case("call to no code, with value", "Berlin", "", [transaction(NOBODY, value=5)])
    yield case("call of a precompile", "Osaka", "", [transaction(address(2), data="616263")])
    yield case("call of a precompile without the gas", "Osaka", "", [transaction(address(2), gas=21_050, data="")])
    yield case("output", "Osaka", "602a5f5260205ff3")
    yield case("revert with output", "Osaka", CLEAR + "602a5f5260205ffd")
    for fork in ("Frontier", "Homestead", "EIP150", "Berlin"):
        # CODECOPY of the init code behind STOP: it returns one byte of code.
        yield case(f"creation, {fork}", fork, "600a60136000" + "39" + "600a60006000f050" + "6000600060006000" + "00" + "60016000536001" + "6000f3")
        yield case(f"calls without the balance, {fork}", fork, "6000600060006000610999" + "61b0006103e8f150" + "6000600060006000610999" + "61b0006103e8f250",
                   b=account("00"))
    yield case("creations", "Osaka", create("60015f5360015ff3") + create("5f5ffd") + create("fe") + create("60ef5f5360015ff3"))
    yield case("calls without the balance", "Osaka", call(B, "610999") + call(B, "610999", opcode="f2") + call(B, "6001"), b=account("00"))
    yield case("CREATE2", "Osaka", create("60015f5360015ff3", "f5") + create("60015f5360015ff3", "f5") + create("5f5ff3", "f5"))
    yield case("creations without the balance", "Osaka", "5f5f610999f0505f5f5f610999f55000")
    yield case("precompiles", "Osaka", "5f5f60205f60025afa50" + "5f5f60205f60015afa50" + "5f5f5f5f600260015afa50" + "3d5f5f3e")
    yield case("a call of itself until the gas is gone", "Osaka", "5f5f5f5f5f305af1600101", [transaction(gas=100_000)])
    yield case("no deeper than 1024", "Homestead", "600060006000600060003061ffff5a03f1", [transaction(gas=90_000_000)])
    yield case("static calls", "Osaka", call(B, opcode="fa") + call(C, opcode="fa"), b=account("60015f55"), c=account(call(A, "6001")))
    yield case("return data", "Osaka", call(B) + "3d5f5f3e" + call(NOBODY) + "3d" + create("602a5f5260205ffd") + "60015f5f3e", b=account("602a5f5260205ff3"))
    yield case("self-destruction, London", "London", call(B) + call(B) + "00", b=account("61c000ff", balance=7))
    yield case("self-destruction, Istanbul", "Istanbul", call(B).replace("5f", "6000") + call(B).replace("5f", "6000") + "600160005500", b=account("61c000ff", balance=7))
    for bad in ("01", "0c", "fe", "600056", "60ff5b", "6000600052fe", "5f5f5f5f5f600263fffffffffff1", "5f35fe"):
        yield case(f"code {bad}", "Osaka", bad)
        yield case(f"code {bad} in a callee", "Osaka", call(B) + "3d", b=account(bad))
    yield case("transient storage and copies", "Cancun", "60015f5d5f5c602060405f5e5f5f205f5fa000")
    yield case("several transactions, one of them refused", "Prague", CLEAR, [transaction(), transaction(nonce=7), transaction(NOBODY, nonce=1), transaction(nonce=2)])
    key = bytes.fromhex("02" * 32)
    authority = account_of(key)
    dynamic = {"type": "0x4", "maxFeePerGas": "0x14", "maxPriorityFeePerGas": "0x1", "accessList": []}
    signed = transaction(authority, authorizationList=[authorization(key, B, 0)], **dynamic)
    del signed["gasPrice"]
    yield case("authorization of an account that exists", "Prague", "", [signed], b=account("60015f" + CLEAR + "5f6001550150"), **{authority: account(nonce=0, balance=1)})
    yield case("authorization of a new account", "Osaka", "", [signed], b=account("60015f" + CLEAR + "0150"))
    yield case("call of an account that has delegated", "Osaka", call(B) + call(B), b=account("ef0100" + C[2:]), c=account("60015f55"))
