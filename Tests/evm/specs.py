"""ethereum/execution-specs (`ethereum-execution` of PyPI): every fork from Frontier to Osaka, as the protocol is written."""

import importlib
import sys
from dataclasses import fields

from ethereum.crypto.hash import keccak256
from ethereum_types.bytes import Bytes, Bytes20, Bytes32
from ethereum_types.numeric import U64, U256, Uint

from generate import COINBASE, SENDER
from opcodes import FORKS as ALL
from outcome import Outcome

# Constantinople is left out: what the specifications call so is Petersburg.
FORKS = [fork for fork in ALL if fork != "constantinople"]
MODULE = {"petersburg": "constantinople"}

STATUS = {"Revert": "revert", "OutOfGasError": "out of gas", "StackUnderflowError": "stack underflow", "StackOverflowError": "stack overflow",
          "InvalidOpcode": "undefined instruction", "InvalidJumpDestError": "bad jump destination",
          "WriteInStaticContext": "static mode violation", "OutOfBoundsRead": "invalid memory access",
          "InvalidParameter": "precompile failure"}

sys.setrecursionlimit(200_000)


class Fork:
    def __init__(self, name):
        path = f"ethereum.forks.{MODULE.get(name, name)}"
        self.vm = importlib.import_module(path + ".vm")
        self.interpreter = importlib.import_module(path + ".vm.interpreter")
        self.state = importlib.import_module(path + ".state")
        self.types = importlib.import_module(path + ".fork_types")
        self.precompiles = importlib.import_module(path + ".vm.precompiled_contracts.mapping").PRE_COMPILED_CONTRACTS
        self.shape = {kind: [field.name for field in fields(getattr(self.vm, kind))]
                      for kind in ("BlockEnvironment", "TransactionEnvironment", "Message")}

    def make(self, kind, values):
        """An instance with those of the values that the fork's type has."""
        return getattr(self.vm, kind)(**{name: values[name] for name in self.shape[kind]})


class Specs:
    def __init__(self, environment):
        e = self.environment = environment
        self.forks = {}
        self.hashes = [keccak256(str(number).encode()) for number in range(e["number"] - 256, e["number"])]
        self.block = {"chain_id": U64(e["chain_id"]), "block_gas_limit": Uint(e["gas_limit"]), "gas_limit": Uint(e["gas_limit"]),
                      "block_hashes": self.hashes, "coinbase": Bytes20(COINBASE), "number": Uint(e["number"]),
                      "base_fee_per_gas": Uint(e["base_fee"]), "time": U256(e["timestamp"]), "difficulty": Uint(e["difficulty"]),
                      "prev_randao": Bytes32(e["difficulty"].to_bytes(32, "big")), "excess_blob_gas": U64(0),
                      "parent_beacon_block_root": Bytes32(bytes(32))}
        self.transaction = {"origin": Bytes20(SENDER), "gas_price": Uint(e["gas_price"]), "access_list_addresses": set(),
                            "access_list_storage_keys": set(), "blob_versioned_hashes": tuple(Bytes32(h) for h in e["blob_hashes"]),
                            "authorizations": (), "index_in_block": Uint(0), "tx_hash": None}

    def run(self, case, gas):
        if case.fork not in self.forks:
            self.forks[case.fork] = Fork(case.fork)
        fork = self.forks[case.fork]
        state = fork.state.State()
        for address, (nonce, balance, code, storage) in case.accounts.items():
            address = Bytes20(address)
            fork.state.set_account(state, address, fork.types.Account(Uint(nonce), U256(balance), Bytes(code)))
            for slot, value in storage.items():
                fork.state.set_storage(state, address, Bytes32(slot.to_bytes(32, "big")), U256(value))
        warm = {Bytes20(SENDER), Bytes20(case.to)} | set(fork.precompiles)
        if "base_fee_per_gas" in fork.shape["BlockEnvironment"] and case.fork not in ("london", "paris"):
            warm.add(Bytes20(COINBASE))
        transaction = dict(self.transaction, gas=Uint(gas))
        if hasattr(fork.state, "TransientStorage"):
            transaction["transient_storage"] = fork.state.TransientStorage()
        to = Bytes20(case.to)
        evm = fork.interpreter.process_message(fork.make("Message", {
            "block_env": fork.make("BlockEnvironment", dict(self.block, state=state)),
            "tx_env": fork.make("TransactionEnvironment", transaction), "caller": Bytes20(SENDER), "target": to, "current_target": to,
            "gas": Uint(gas), "value": U256(case.value), "data": Bytes(case.data), "code_address": to,
            "code": Bytes(case.accounts[case.to][2]), "depth": Uint(0), "should_transfer_value": True, "is_static": False,
            "accessed_addresses": warm, "accessed_storage_keys": set(), "disable_precompiles": False, "parent_evm": None}))
        status = STATUS.get(type(evm.error).__name__, type(evm.error).__name__) if evm.error else "success"
        logs, refund, destructed = [], 0, frozenset()
        if not evm.error:
            refund = int(evm.refund_counter)
            destructed = frozenset(bytes(address) for address in evm.accounts_to_delete)
            logs = [(bytes(log.address), [bytes(topic) for topic in log.topics], bytes(log.data)) for log in evm.logs]
        return Outcome(status, int(evm.gas_left), refund, bytes(evm.output), logs, self.accounts(state), destructed)

    def adapt(self, case):
        """Every case can be run as it is."""

    def warm(self, case):
        """Accounts that are warm for a reason of this side's own: none."""
        return ()

    def accounts(self, state):
        accounts = {}
        for address, account in state._main_trie._data.items():
            if account is not None:
                slots = state._storage_tries.get(address)
                storage = {int.from_bytes(key, "big"): int(value) for key, value in slots._data.items()} if slots else {}
                accounts[bytes(address)] = (int(account.nonce), int(account.balance), bytes(account.code), storage)
        return accounts
