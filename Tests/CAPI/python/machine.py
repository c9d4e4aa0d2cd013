#!/usr/bin/env python3
"""machine.py LIBPVM_SO: create, memory, callback, child machine, resume, errors and destroy from Python's ctypes."""
import ctypes
import struct
import sys
import unittest
from ctypes import POINTER, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_uint8, c_void_p

LIBRARY = sys.argv.pop(1) if len(sys.argv) > 1 else "build/libpvm.so"

OK, OOB = 0, (1 << 32) - 3
RESULT_OK, RESULT_OOG, RESULT_PANIC, RESULT_HOST_CALL, RESULT_ERROR = range(5)
HALT, PANIC, FAULT, HOST, OOG = range(5)
EXIT_REFUSED = 6


class VM(ctypes.Structure):
    """The public part of struct VM; the machine itself stays behind the pointer."""

    _fields_ = [
        ("registers", c_uint64 * 13), ("pc", c_uint64), ("code", POINTER(c_uint8)), ("bitmask", POINTER(c_uint8)), ("gas", c_uint64),
        ("host_call", c_int), ("host_func_id", c_int), ("is_child", c_int),
        ("rw_data", POINTER(c_uint8)), ("ro_data", POINTER(c_uint8)), ("output", POINTER(c_uint8)), ("stack", POINTER(c_uint8)),
        ("rw_data_address", c_uint32), ("rw_data_address_end", c_uint32), ("ro_data_address", c_uint32),
        ("ro_data_address_end", c_uint32), ("output_address", c_uint32), ("output_end", c_uint32), ("stack_address", c_uint32),
        ("stack_address_end", c_uint32), ("current_heap_pointer", c_uint32), ("max_heapsize", c_uint32), ("code_len", c_uint32),
        ("bitmask_len", c_uint32), ("result_code", c_int), ("machine_state", c_int), ("terminated", c_int), ("initializing", c_int),
        ("fault_address", c_uint32), ("j_size", c_uint32), ("j", POINTER(c_uint32)), ("service_index", c_uint32),
        ("core_index", c_uint32), ("ext_vm", POINTER(c_uint8)), ("ext_invoke_host_func", c_void_p), ("host_callback", c_void_p),
        ("pvm_logging", c_int), ("pvm_tracing", c_int),
    ]


VMPointer = POINTER(VM)
Callback = ctypes.CFUNCTYPE(c_int, VMPointer, c_int)
HostFunction = ctypes.CFUNCTYPE(c_int, VMPointer, c_int, c_void_p)

lib = ctypes.CDLL(LIBRARY)


def declare(name, result, *arguments):
    function = getattr(lib, name)
    function.restype = result
    function.argtypes = arguments


declare("pvm_create", VMPointer, c_uint32, c_char_p, c_size_t, POINTER(c_uint64), c_char_p, c_size_t, POINTER(c_uint32), c_size_t, c_uint64)
declare("pvm_execute", c_int, VMPointer, c_uint32, c_uint32)
declare("pvm_destroy", None, VMPointer)
declare("pvm_set_memory_bounds", None, VMPointer, *[c_uint32] * 8)
declare("pvm_set_host_callback", None, VMPointer, Callback)
declare("pvm_get_gas", c_uint64, VMPointer)
declare("pvm_set_register", None, VMPointer, c_int, c_uint64)
declare("pvm_get_register", c_uint64, VMPointer, c_int)
declare("pvm_write_ram_bytes", c_uint64, VMPointer, c_uint32, c_char_p, c_uint32)
declare("pvm_read_ram_bytes", c_uint64, VMPointer, c_uint32, c_char_p, c_uint32, POINTER(c_int))
declare("pvm_write_ram_bytes_64", c_uint64, VMPointer, c_uint32, c_uint64)
declare("pvm_read_ram_bytes_64", c_uint64, VMPointer, c_uint32, POINTER(c_int))
declare("pvm_get_machine_state", c_uint8, VMPointer)
declare("pvm_abi_version", c_uint32)
declare("pvm_version", c_char_p)
declare("pvm_error_message", c_char_p, c_int)
declare("pvm_program_create", c_int, c_char_p, c_size_t, c_int, c_int, POINTER(c_void_p))
declare("pvm_program_release", None, c_void_p)
declare("pvm_vm_create", c_int, c_void_p, c_char_p, c_size_t, c_uint64, POINTER(VMPointer))
declare("pvm_set_host_function", c_int, VMPointer, HostFunction, c_void_p)
declare("pvm_run", c_int, VMPointer, c_uint32)
declare("pvm_resume", c_int, VMPointer)
declare("pvm_charge_gas", c_int, VMPointer, c_uint64)
declare("pvm_get_gas_signed", c_int64, VMPointer)
declare("pvm_map_pages", c_int, VMPointer, c_uint32, c_uint32, c_int)
declare("pvm_write", c_int, VMPointer, c_uint64, c_uint64, c_char_p)
declare("get_opcode_name", c_char_p, c_uint8)

DATA = 0x20000


def assemble(*instructions):
    """Code and bitmask (one octet per code octet) of instructions given as octet lists."""
    code = b"".join(bytes(instruction) for instruction in instructions)
    mask = b"".join(b"\1" + b"\0" * (len(instruction) - 1) for instruction in instructions)
    return code, mask


def imm(number):
    return list(struct.pack("<I", number & 0xFFFFFFFF))


HALTING = [50, 0, 0, 0, 0xFF]  # jump_ind r0, to 2^32 - 2^16 while r0 is 0
# load_u64 r7 = [DATA]; ecalli 7; store_u64 [DATA + 8] = r7; halt
ASKING = assemble([58, 7, *imm(DATA)], [10, 7], [62, 7, *imm(DATA + 8)], HALTING)


class Machine(unittest.TestCase):
    def machine(self, gas=100, program=ASKING):
        code, mask = program
        vm = lib.pvm_create(3, code, len(code), None, mask, len(mask), None, 0, gas)
        self.assertTrue(vm)
        self.addCleanup(lib.pvm_destroy, vm)
        lib.pvm_set_memory_bounds(vm, DATA, DATA + 0x1000, 0, 0, 0, 0, 0, 0)
        return vm

    def test_struct(self):
        self.assertEqual(ctypes.sizeof(VM), 304)
        vm = self.machine()
        self.assertEqual(vm.contents.service_index, 3)
        self.assertEqual(bytes(vm.contents.code[: vm.contents.code_len]), ASKING[0])
        self.assertEqual(lib.pvm_abi_version(), 1)
        self.assertRegex(lib.pvm_version().decode(), r"^\d+\.\d+\.\d+$")
        self.assertEqual(lib.get_opcode_name(149), b"ADD_IMM_64")

    def test_callback(self):
        vm = self.machine()
        calls = []

        @Callback
        def serve(guest, number):
            calls.append((number, guest.contents.pc, guest.contents.gas))
            lib.pvm_set_register(guest, 7, lib.pvm_get_register(guest, 7) * 2)
            return 0

        lib.pvm_set_host_callback(vm, serve)
        self.assertEqual(lib.pvm_write_ram_bytes_64(vm, DATA, 21), OK)
        self.assertEqual(lib.pvm_execute(vm, 0, 0), RESULT_OK)
        self.assertEqual(calls, [(7, 6, 98)])
        self.assertEqual(lib.pvm_read_ram_bytes_64(vm, DATA + 8, None), 42)
        self.assertEqual(lib.pvm_get_gas(vm), 96)
        self.assertEqual(lib.pvm_get_machine_state(vm), HALT)

    def test_callback_ends_the_run(self):
        for answer, result, state in ((1, RESULT_OK, HALT), (2, RESULT_PANIC, PANIC), (99, RESULT_PANIC, PANIC)):
            vm = self.machine()
            serve = Callback(lambda guest, number, answer=answer: answer)
            lib.pvm_set_host_callback(vm, serve)
            self.assertEqual(lib.pvm_execute(vm, 0, 0), result)
            self.assertEqual(vm.contents.machine_state, state)
            self.assertEqual(vm.contents.pc, 6)

    def test_child_and_resume(self):
        vm = self.machine()
        self.assertEqual(lib.pvm_execute(vm, 0, 1), RESULT_HOST_CALL)
        self.assertEqual((vm.contents.machine_state, vm.contents.host_func_id, vm.contents.pc), (HOST, 7, 6))
        vm.contents.registers[7] = 2**64 - 1
        self.assertEqual(lib.pvm_resume(vm), HALT)
        self.assertEqual(lib.pvm_read_ram_bytes_64(vm, DATA + 8, None), 2**64 - 1)
        self.assertEqual(lib.pvm_resume(vm), EXIT_REFUSED)

    def test_memory(self):
        vm = self.machine()
        error = c_int(7)
        buffer = ctypes.create_string_buffer(5)
        self.assertEqual(lib.pvm_write_ram_bytes(vm, DATA + 9, b"hello", 5), OK)
        self.assertEqual(lib.pvm_read_ram_bytes(vm, DATA + 9, buffer, 5, ctypes.byref(error)), OK)
        self.assertEqual((buffer.raw, error.value), (b"hello", 0))
        self.assertEqual(lib.pvm_write_ram_bytes(vm, DATA + 0xFFE, b"hello", 5), OOB)
        self.assertEqual(lib.pvm_read_ram_bytes(vm, 100, buffer, 5, ctypes.byref(error)), OOB)
        self.assertEqual(error.value & 0xFFFFFFFF, OOB)
        self.assertEqual(buffer.raw, b"hello")

    def test_errors(self):
        vm = self.machine(gas=1)
        self.assertEqual(lib.pvm_execute(vm, 0, 0), RESULT_OOG)
        self.assertEqual((vm.contents.pc, vm.contents.gas, lib.pvm_get_gas_signed(vm)), (6, 0, -1))
        vm.contents.gas = 10
        self.assertEqual(lib.pvm_execute(vm, 1, 0), RESULT_PANIC)
        self.assertEqual((vm.contents.machine_state, vm.contents.pc, vm.contents.gas), (PANIC, 1, 9))
        lib.pvm_set_memory_bounds(vm, 0, 0, 0, 0, 0, 0, 0, 0)
        self.assertEqual(lib.pvm_execute(vm, 0, 0), RESULT_PANIC)
        self.assertEqual((vm.contents.machine_state, vm.contents.fault_address), (FAULT, DATA))
        self.assertEqual(lib.pvm_execute(None, 0, 0), RESULT_ERROR)
        self.assertFalse(lib.pvm_create(0, None, 0, None, None, 0, None, 0, 1))
        program = c_void_p(1)
        error = lib.pvm_program_create(b"\0\0\5\1", 4, 1, 0, ctypes.byref(program))
        self.assertEqual(error, 31)
        self.assertFalse(program)
        self.assertGreater(len(lib.pvm_error_message(error)), 5)

    def test_program_and_host_function(self):
        code, mask = ASKING
        bits = sum(1 << index for index, octet in enumerate(mask) if octet)
        blob = bytes([0, 0, len(code)]) + code + bits.to_bytes((len(code) + 7) // 8, "little")
        program = c_void_p()
        self.assertEqual(lib.pvm_program_create(blob, len(blob), 0, 0, ctypes.byref(program)), 0)
        vm = VMPointer()
        self.assertEqual(lib.pvm_vm_create(program, None, 0, 1000, ctypes.byref(vm)), 0)
        lib.pvm_program_release(program)
        self.addCleanup(lib.pvm_destroy, vm)
        self.assertEqual(lib.pvm_map_pages(vm, DATA >> 12, 1, 2), 0)
        self.assertEqual(lib.pvm_write(vm, DATA, 8, struct.pack("<Q", 5)), 0)
        seen = []

        @HostFunction
        def serve(guest, number, data):
            seen.append((number, data))
            return 0 if lib.pvm_charge_gas(guest, 100) == 0 else 3

        self.assertEqual(lib.pvm_set_host_function(vm, serve, 1234), 0)
        self.assertEqual(lib.pvm_run(vm, 0), HALT)
        self.assertEqual(seen, [(7, 1234)])
        self.assertEqual(vm.contents.gas, 896)
        self.assertEqual(lib.pvm_read_ram_bytes_64(vm, DATA + 8, None), 5)


if __name__ == "__main__":
    unittest.main()
