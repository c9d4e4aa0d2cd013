"""An EVMC VM (ours, or any other of ABI 12) under the test host of host.c."""

import ctypes

from generate import COINBASE, SENDER
from opcodes import REVISION
from outcome import Outcome

STATUS = {0: "success", 1: "failure", 2: "revert", 3: "out of gas", 4: "invalid instruction", 5: "undefined instruction",
          6: "stack overflow", 7: "stack underflow", 8: "bad jump destination", 9: "invalid memory access", 10: "call depth exceeded",
          11: "static mode violation", 12: "precompile failure", 13: "contract validation failure", 14: "argument out of range",
          17: "insufficient balance", -1: "internal error", -2: "rejected", -3: "out of memory"}


def word(number):
    return number.to_bytes(32, "big")


class Library:
    def __init__(self, host, vm, mode=None):
        self.host = ctypes.CDLL(host)
        self.vm = ctypes.CDLL(vm)
        # A loader's rule: evmc_create and the name of the file, or evmc_create alone.
        name = vm.rsplit("/", 1)[-1].removeprefix("lib").split(".")[0]
        create = getattr(self.vm, f"evmc_create_{name}", None) or self.vm.evmc_create
        create.restype = ctypes.c_void_p
        self.handle = create()
        if mode:
            self.set_option(b"mode", mode.encode())
        h = self.host
        precompile = getattr(self.vm, "duet_precompile", None)
        release = getattr(self.vm, "duet_precompile_release", None)
        h.test_use.argtypes = [ctypes.c_void_p] * 3
        h.test_use(self.handle, ctypes.cast(precompile, ctypes.c_void_p) if precompile else None,
                   ctypes.cast(release, ctypes.c_void_p) if release else None)
        h.test_account.argtypes = [ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_size_t]
        h.test_slot.argtypes = [ctypes.c_char_p] * 3
        h.test_warm.argtypes = [ctypes.c_char_p]
        h.test_environment.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_char_p]
        h.test_run.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64, ctypes.c_int64,
                               ctypes.c_void_p]
        h.test_output.restype = h.test_code_at.restype = ctypes.c_void_p
        h.test_logs.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        h.test_logs.restype = ctypes.c_size_t
        h.test_account_at.argtypes = [ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
        h.test_code_at.argtypes = [ctypes.c_size_t]
        h.test_slot_at.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
        self.results = (ctypes.c_int64 * 6)()
        self.values = (ctypes.c_uint64 * 6)()
        self.address = ctypes.create_string_buffer(20)
        self.key, self.value = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
        self.room = ctypes.create_string_buffer(1 << 22)

    def set_option(self, name, value):
        """evmc_vm::set_option, the last of the seven members."""
        pointer = ctypes.cast(self.handle, ctypes.POINTER(ctypes.c_void_p))[6]
        function = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)(pointer)
        assert function(self.handle, name, value) == 0, f"{name.decode()}={value.decode()} is refused"

    def environment(self, e):
        words = b"".join(map(word, (e["gas_price"], e["difficulty"], e["chain_id"], e["base_fee"], 1))) + b"".join(e["blob_hashes"])
        self.host.test_environment(SENDER, COINBASE, e["number"], e["timestamp"], e["gas_limit"], words)

    def run(self, case, gas, warm=()):
        """The call with `gas` left after what the transaction itself costs; `warm` are addresses that were accessed before."""
        h = self.host
        h.test_begin(REVISION[case.fork])
        for address, (nonce, balance, code, storage) in case.accounts.items():
            h.test_account(address, nonce, balance, code, len(code))
            for slot, value in storage.items():
                h.test_slot(address, word(slot), word(value))
        for address in warm:
            h.test_warm(address)
        h.test_run(SENDER, case.to, case.data, len(case.data), case.value, gas, self.results)
        status, gas_left, refund, output_size, log_count, account_count = self.results
        output = ctypes.string_at(h.test_output(), output_size) if output_size else b""
        accounts, destructed = {}, set()
        for index in range(account_count):
            self.account(index, accounts, destructed)
        return Outcome(STATUS.get(status, str(status)), gas_left, refund, output, self.logs(log_count), accounts, frozenset(destructed))

    def logs(self, count):
        logs = []
        if count:
            octets = ctypes.string_at(self.room, self.host.test_logs(self.room, len(self.room)))
            at = 0
            while at < len(octets):
                topics = octets[at + 20]
                end = at + 21 + 32 * topics
                size = int.from_bytes(octets[end:end + 8], "little")
                logs.append((octets[at:at + 20], [octets[t:t + 32] for t in range(at + 21, end, 32)], octets[end + 8:end + 8 + size]))
                at = end + 8 + size
        return logs

    def account(self, index, accounts, destructed):
        h = self.host
        h.test_account_at(index, self.address, self.values)
        nonce, balance, _, is_destructed, code_size, slot_count = self.values
        storage = {}
        for slot in range(slot_count):
            h.test_slot_at(index, slot, self.key, self.value)
            value = int.from_bytes(self.value.raw, "big")
            if value:
                storage[int.from_bytes(self.key.raw, "big")] = value
        code = ctypes.string_at(h.test_code_at(index), code_size) if code_size else b""
        accounts[self.address.raw] = (nonce, balance, code, storage)
        if is_destructed:
            destructed.add(self.address.raw)
