"""revm, by pyrevm (PyPI): an EVM that shares nothing with the library."""

import pyrevm

from generate import COINBASE, SENDER

from outcome import NOTHING, Outcome

# The forks that it runs: pyrevm up to 0.3.7 takes the name of a fork and runs Cancun (revm 8.0.0) whatever it was.
FORKS = ["cancun"]

STATUS = {"Stop": "success", "Return": "success", "SelfDestruct": "success", "Revert": "revert", "OutOfOffset": "invalid memory access",
          "OpcodeNotFound": "undefined instruction", "StackUnderflow": "stack underflow", "StackOverflow": "stack overflow",
          "InvalidFEOpcode": "invalid instruction", "InvalidJump": "bad jump destination", "CreateInitCodeSizeLimit": "out of gas",
          "StateChangeDuringStaticCall": "static mode violation", "CallNotAllowedInsideStatic": "static mode violation"}


def hexed(address):
    return "0x" + address.hex()


class Revm:
    def __init__(self, environment):
        # pyrevm runs calls with a base fee of 0, whatever it is given.
        e = self.environment = dict(environment, base_fee=0)
        self.block = dict(number=e["number"], coinbase=hexed(COINBASE), timestamp=e["timestamp"], difficulty=e["difficulty"],
                          prevrandao=e["difficulty"].to_bytes(32, "big"), basefee=e["base_fee"], gas_limit=e["gas_limit"], excess_blob_gas=0)
        self.chain_id, self.gas_price = e["chain_id"], e["gas_price"]
        self.blob_hashes = e["blob_hashes"]

    def adapt(self, case):
        """No account starts with more than one entry: pyrevm would hand out further ones warm and as if they were new."""
        for address, (nonce, balance, code, storage) in case.accounts.items():
            case.accounts[address] = (nonce, balance, code, dict(list(storage.items())[:1]))

    def run(self, case, gas):
        """`gas` is what is left of case.gas after what the transaction itself costs."""
        environment = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=self.chain_id), block=pyrevm.BlockEnv(**self.block),
                                 tx=pyrevm.TxEnv(caller=hexed(SENDER), gas_price=self.gas_price, blob_hashes=self.blob_hashes,
                                                 max_fee_per_blob_gas=1))
        evm = pyrevm.EVM(env=environment, gas_limit=self.block["gas_limit"], spec_id="CANCUN")
        for address, (nonce, balance, code, storage) in case.accounts.items():
            name = hexed(address)
            evm.insert_account_info(name, pyrevm.AccountInfo(nonce=nonce, code=code) if code else pyrevm.AccountInfo(nonce=nonce))
            # In this order: what comes after set_balance would be warm.
            for slot, value in storage.items():
                evm.insert_account_storage(name, slot, value)
            if balance:
                evm.set_balance(name, balance)
        output = None
        try:
            output = evm.message_call(hexed(SENDER), hexed(case.to), calldata=case.data, value=case.value, gas=case.gas,
                                      gas_price=self.gas_price)
        except RuntimeError as error:
            text = str(error)
            if text.startswith("Revert"):
                output = bytes.fromhex(text[text.index("output: 0x") + 10:].split(" ")[0])
        result = evm.result
        reason = result.reason
        status = "out of gas" if reason.startswith("OutOfGas") else STATUS.get(reason, reason)
        used = result.gas_used + (result.gas_refunded if result.is_success else 0)
        outcome = Outcome(status, case.gas - used, None, output or b"", [], {}, None)
        if result.is_success:
            # What was given back is known after its cap of a fifth.
            outcome.given_back = result.gas_refunded
            outcome.logs = [(bytes.fromhex(log.address[2:]), [bytes.fromhex(topic[2:]) for topic in log.topics], bytes(log.data[1]))
                            for log in result.logs]
        outcome.evm = evm
        return outcome

    def warm(self, case):
        """set_balance and insert_account_storage leave the account warm."""
        return [COINBASE] + [address for address, (_, balance, _, storage) in case.accounts.items() if balance or storage]

    def fill(self, case, theirs, ours):
        """Looks up the accounts that our side knows: revm has no list of slots. An account that it has not loaded is as it was."""
        infos = {bytes.fromhex(address[2:]): info for address, info in theirs.evm.journal_state.items()}
        for address in set(ours.accounts) | set(infos):
            known = ours.accounts.get(address, NOTHING)
            if address not in infos:
                theirs.accounts[address] = case.accounts.get(address, NOTHING)
                continue
            info = infos[address]
            # Code that has run is followed by zeros.
            code = known[2] if (info.code or b"").rstrip(b"\0") == known[2].rstrip(b"\0") else info.code
            storage = {slot: theirs.evm.storage(hexed(address), slot) for slot in known[3]}
            theirs.accounts[address] = (info.nonce, info.balance, code, {slot: value for slot, value in storage.items() if value})
