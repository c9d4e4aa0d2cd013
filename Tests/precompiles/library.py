"""The library's duet_precompile.h in Python."""
import ctypes
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REVISIONS = ("Frontier", "Homestead", "TangerineWhistle", "SpuriousDragon", "Byzantium", "Constantinople", "Petersburg",
             "Istanbul", "Berlin", "London", "Paris", "Shanghai", "Cancun", "Prague", "Osaka")
STATUS = ("success", "failure", "out of gas", "none", "no memory", "argument")
GAS = (1 << 63) - 1


class Result(ctypes.Structure):
    _fields_ = [("gas_left", ctypes.c_int64), ("output", ctypes.POINTER(ctypes.c_uint8)), ("output_size", ctypes.c_size_t)]


class Library:
    def __init__(self, path=None):
        self.c = ctypes.CDLL(path or os.environ.get("DUET_LIBRARY", os.path.join(ROOT, "build", "libpvm.so")))
        octets = ctypes.c_char_p
        self.c.duet_precompile.argtypes = [ctypes.c_uint32, octets, octets, ctypes.c_size_t, ctypes.c_int64,
                                           ctypes.POINTER(Result)]
        self.c.duet_precompile_gas.argtypes = [ctypes.c_uint32, octets, octets, ctypes.c_size_t]
        self.c.duet_precompile_gas.restype = ctypes.c_uint64
        self.c.duet_precompile_name.argtypes = [ctypes.c_uint32, octets]
        self.c.duet_precompile_name.restype = octets
        self.c.duet_keccak256.argtypes = [octets, ctypes.c_size_t, octets]
        self.c.duet_recover_address.argtypes = [octets, ctypes.c_uint32, octets, octets, octets]

    @staticmethod
    def address(number):
        return number.to_bytes(20, "big")

    def call(self, number, data, revision="Osaka", gas=GAS):
        """The status, the output and the gas that the call used."""
        result = Result()
        status = self.c.duet_precompile(REVISIONS.index(revision), self.address(number), data, len(data), gas,
                                        ctypes.byref(result))
        output = ctypes.string_at(result.output, result.output_size) if result.output_size else b""
        left = result.gas_left
        self.c.duet_precompile_release(ctypes.byref(result))
        return STATUS[status], output, gas - left

    def run(self, number, data, revision="Osaka"):
        """The output of a call that succeeds; None for one that fails."""
        status, output, _ = self.call(number, data, revision)
        assert status in ("success", "failure"), status
        return output if status == "success" else None

    def gas(self, number, data, revision="Osaka"):
        return self.c.duet_precompile_gas(REVISIONS.index(revision), self.address(number), data, len(data))

    def name(self, number, revision="Osaka"):
        name = self.c.duet_precompile_name(REVISIONS.index(revision), self.address(number))
        return name and name.decode()

    def keccak256(self, data):
        digest = ctypes.create_string_buffer(32)
        self.c.duet_keccak256(data, len(data), digest)
        return digest.raw

    def recover(self, digest, parity, r, s):
        address = ctypes.create_string_buffer(20)
        found = self.c.duet_recover_address(digest, parity, r.to_bytes(32, "big"), s.to_bytes(32, "big"), address)
        return address.raw if found else None
