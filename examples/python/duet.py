"""What these examples use of the library: an invocation with a host behind it, and a guest as a host call sees it."""
import ctypes
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint64, c_void_p

GP072, GP080 = 0, 1  # pvm_isa_t
HALT, PANIC = 0, 1  # pvm_exit_t
CONTINUE, ACTION_PANIC, ACTION_OOG = 0, 2, 3  # pvm_action_t
NONE, WHO, FULL, CORE, CASH, LOW, HUH = (2**64 - n for n in (1, 4, 5, 6, 7, 8, 9))
OK, SERVICE_IMAGE = 0, 3


class Invocation(ctypes.Structure):
    _fields_ = [("exit", c_int), ("gas_used", c_uint64), ("output", c_void_p), ("output_len", c_size_t)]


# A VM is what its struct begins with: 13 registers.
HostFunction = ctypes.CFUNCTYPE(c_int, POINTER(c_uint64 * 13), c_int, c_void_p)
library = ctypes.CDLL(os.environ.get("DUET_LIBRARY", os.path.dirname(__file__) + "/../../build/libpvm.so"))
library.pvm_get_gas.restype = library.pvm_host_call_gas.restype = c_uint64
library.pvm_host_call_name.restype = c_char_p


class End(Exception):
    """Ends the guest's run, with a pvm_action_t."""


class Guest:
    """A guest in a host call. What it has no gas or no right for ends its run."""

    def __init__(self, vm, isa):
        self.vm, self.isa, self.registers = vm, isa, vm.contents

    def gas(self):
        return library.pvm_get_gas(self.vm)

    def charge(self, gas):
        if library.pvm_charge_gas(self.vm, c_uint64(gas)) != OK:
            raise End(ACTION_OOG)

    def read(self, address, size):
        # Guests may ask for 2^64 bytes: see that they have them before making room.
        if size >= 2**32 or not library.pvm_is_readable(self.vm, c_uint64(address), c_uint64(size)):
            raise End(ACTION_PANIC)
        data = ctypes.create_string_buffer(size)
        library.pvm_read(self.vm, c_uint64(address), c_uint64(size), data)
        return data.raw

    def write(self, address, data):
        if library.pvm_write(self.vm, c_uint64(address), c_uint64(len(data)), data) != OK:
            raise End(ACTION_PANIC)


def call_name(isa, number):
    """The Gray Paper's name of a host call."""
    return library.pvm_host_call_name(isa, number).decode()


def call_gas(isa, number, registers, units=0):
    """What a host call costs that a guest makes with these registers; units is what they do not tell (pvm_ext.h)."""
    return library.pvm_host_call_gas(isa, number, (c_uint64 * 13)(*registers), c_uint64(units))


def served(guest, name):
    """Has the library serve a host call: "gas", "grow_heap" or "unknown"."""
    return getattr(library, "pvm_host_" + name)(guest.vm)


def invoke(image, isa, entry, gas, arguments, serve):
    """The Gray Paper's argument invocation of a service's image: exit, gas used, output. What is no program panics and
    uses no gas. serve(guest, number) answers a pvm_action_t."""
    program, run, failures = c_void_p(), Invocation(), []

    @HostFunction
    def function(vm, number, _):
        try:
            return serve(Guest(vm, isa), number)
        except End as end:
            return end.args[0]
        except Exception as failure:  # no exception passes C: it waits until the run has ended
            failures.append(failure)
            return ACTION_PANIC

    if library.pvm_program_create(image, c_size_t(len(image)), SERVICE_IMAGE, isa, byref(program)) != OK:
        return PANIC, 0, b""
    size = c_size_t(len(arguments))
    error = library.pvm_invoke(program, entry, c_uint64(gas), arguments, size, function, None, byref(run))
    output = ctypes.string_at(run.output, run.output_len) if run.output_len else b""
    library.pvm_invocation_release(byref(run))
    library.pvm_program_release(program)
    if error != OK or failures:
        raise failures[0] if failures else MemoryError("pvm_invoke")
    return run.exit, run.gas_used, output


def keccak(data):
    digest = ctypes.create_string_buffer(32)
    library.duet_keccak256(data, c_size_t(len(data)), digest)
    return digest.raw
