"""libpvm.so through ctypes: the few calls of pvm_ext.h that the comparison needs."""

import ctypes as c
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXITS = ["halt", "panic", "page-fault", "host-call", "out-of-gas", "step", "refused", "none"]
ACTIONS = {"continue": 0, "halt": 1, "panic": 2, "out-of-gas": 3, "page-fault": 4, "suspend": 5}
ACCESS = {None: 0, "R": 1, "W": 2}
ISA = {"gp072": 0, "gp080": 1}
FORMATS = {"blob": 1, "standard": 2}


class VM(c.Structure):
    """The first fields of struct VM; the rest is not looked at."""
    _fields_ = [("registers", c.c_uint64 * 13), ("pc", c.c_uint64), ("code", c.c_void_p), ("bitmask", c.c_void_p),
                ("gas", c.c_uint64), ("host_call", c.c_int), ("host_func_id", c.c_int), ("is_child", c.c_int)]


class Invocation(c.Structure):
    """pvm_invocation_t"""
    _fields_ = [("exit", c.c_int), ("gas_used", c.c_uint64), ("output", c.c_void_p), ("output_len", c.c_size_t)]


P = c.POINTER(VM)
HOST_FUNCTION = c.CFUNCTYPE(c.c_int, P, c.c_int, c.c_void_p)

SIGNATURES = {
    "pvm_program_create": (c.c_int, [c.c_char_p, c.c_size_t, c.c_int, c.c_int, c.POINTER(c.c_void_p)]),
    "pvm_program_create_raw": (c.c_int, [c.c_char_p, c.c_size_t, c.c_char_p, c.c_size_t, c.POINTER(c.c_uint32),
                                         c.c_size_t, c.c_int, c.POINTER(c.c_void_p)]),
    "pvm_program_release": (None, [c.c_void_p]),
    "pvm_program_code_size": (c.c_uint32, [c.c_void_p]),
    "pvm_program_jump_table_size": (c.c_uint32, [c.c_void_p]),
    "pvm_program_is_block_start": (c.c_int, [c.c_void_p, c.c_uint32]),
    "pvm_program_block_gas": (c.c_uint64, [c.c_void_p, c.c_uint32]),
    "pvm_vm_create": (c.c_int, [c.c_void_p, c.c_char_p, c.c_size_t, c.c_uint64, c.POINTER(P)]),
    "pvm_destroy": (None, [P]),
    "pvm_set_memory_bounds": (None, [P] + [c.c_uint32] * 8),
    "pvm_map_pages": (c.c_int, [P, c.c_uint32, c.c_uint32, c.c_int]),
    "pvm_page_access": (c.c_int, [P, c.c_uint32]),
    "pvm_memory_view": (c.c_int, [P, c.c_uint64, c.c_uint64, c.c_int, c.POINTER(c.c_void_p)]),
    "pvm_load": (c.c_int, [P, c.c_uint64, c.c_uint64, c.c_char_p]),
    "pvm_run": (c.c_int, [P, c.c_uint32]),
    "pvm_resume": (c.c_int, [P]),
    "pvm_step": (c.c_int, [P]),
    "pvm_set_pc": (c.c_int, [P, c.c_uint64]),
    "pvm_set_gas": (c.c_int, [P, c.c_uint64]),
    "pvm_get_gas_signed": (c.c_int64, [P]),
    "pvm_fault_page": (c.c_uint32, [P]),
    "pvm_heap": (c.c_int, [P] + [c.POINTER(c.c_uint64)] * 3),
    "pvm_set_host_function": (c.c_int, [P, HOST_FUNCTION, c.c_void_p]),
    "pvm_invoke": (c.c_int, [c.c_void_p, c.c_uint32, c.c_uint64, c.c_char_p, c.c_size_t, c.c_void_p, c.c_void_p,
                             c.POINTER(Invocation)]),
    "pvm_invocation_release": (None, [c.POINTER(Invocation)]),
    "pvm_inner_call": (c.c_int, [P, c.c_int]),
    "pvm_host_gas": (c.c_int, [P]),
    "pvm_host_grow_heap": (c.c_int, [P]),
    "pvm_host_call_gas": (c.c_uint64, [c.c_int, c.c_int, c.POINTER(c.c_uint64), c.c_uint64]),
    "pvm_host_call_name": (c.c_char_p, [c.c_int, c.c_int]),
    "pvm_error_message": (c.c_char_p, [c.c_int]),
    "pvm_build_info": (c.c_char_p, []),
}


class Refused(Exception):
    """The library gave an error code."""


class Library:
    def __init__(self, path=None):
        self.path = path or os.path.join(ROOT, "build", "libpvm.so")
        handle = c.CDLL(self.path)
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(handle, name)
            function.restype, function.argtypes = result, arguments
            setattr(self, name[4:], function)

    def check(self, error):
        if error:
            raise Refused("%d: %s" % (error, self.error_message(error).decode()))

    def program(self, isa, image, format):
        program = c.c_void_p()
        self.check(self.program_create(image, len(image), FORMATS[format], ISA[isa], c.byref(program)))
        return program

    def raw_program(self, isa, code, bitmask, jumps):
        program = c.c_void_p()
        table = (c.c_uint32 * max(1, len(jumps)))(*jumps)
        self.check(self.program_create_raw(code, len(code), bitmask, len(bitmask), table, len(jumps), ISA[isa],
                                           c.byref(program)))
        return program

    def vm(self, program, arguments, gas):
        vm = P()
        self.check(self.vm_create(program, arguments, len(arguments), gas, c.byref(vm)))
        return vm

    def page(self, vm, page):
        """(access, contents) of a page"""
        access = self.page_access(vm, page)
        if access == 0:
            return None
        view = c.c_void_p()
        self.check(self.memory_view(vm, page * 4096, 4096, 1, c.byref(view)))
        return " RW"[access], c.string_at(view, 4096)

    def heap_bounds(self, vm):
        start, end, limit = c.c_uint64(), c.c_uint64(), c.c_uint64()
        self.check(self.heap(vm, c.byref(start), c.byref(end), c.byref(limit)))
        return start.value, end.value, limit.value
