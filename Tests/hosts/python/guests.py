"""guests.py LIBPVM_SO MODE: guarded VMs that fault in a Python whose faulthandler is on. MODE says what happens then:

before    faulthandler first, then guests in several threads; the process ends well
between   faulthandler is on, off and on again around guests, as it was before the first; the process ends well
after     guests first, then faulthandler, then more guests; the process ends well
null      a null read of the host's own, after guests
callback  a null read in a host call of a running guest
thread    a null read in a thread, while others run guests
"""
import ctypes
import faulthandler
import sys
import threading
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_uint8, c_void_p

lib = ctypes.CDLL(sys.argv[1])
mode = sys.argv[2]

DATA_PAGE = 0x30
DATA = DATA_PAGE * 4096
RECOMPILER, GUARDED, WRITE, HALT, FAULT, CONTINUE = 2, 2, 2, 0, 2, 0
HostFunction = ctypes.CFUNCTYPE(c_int, c_void_p, c_int, c_void_p)


def declare(name, result, *arguments):
    function = getattr(lib, name)
    function.restype, function.argtypes = result, arguments
    return function


create = declare("pvm_create", c_void_p, c_uint32, c_char_p, c_size_t, POINTER(c_uint64), c_char_p, c_size_t, POINTER(c_uint32),
                 c_size_t, c_uint64)
set_engine = declare("pvm_set_engine", c_int, c_void_p, c_int)
set_memory_mode = declare("pvm_set_memory_mode", c_int, c_void_p, c_int)
set_host_function = declare("pvm_set_host_function", c_int, c_void_p, HostFunction, c_void_p)
map_pages = declare("pvm_map_pages", c_int, c_void_p, c_uint32, c_uint32, c_int)
run = declare("pvm_run", c_int, c_void_p, c_uint32)
resume = declare("pvm_resume", c_int, c_void_p)
fault_page = declare("pvm_fault_page", c_uint32, c_void_p)
read_64 = declare("pvm_read_ram_bytes_64", c_uint64, c_void_p, c_uint32, POINTER(c_int))
destroy = declare("pvm_destroy", None, c_void_p)

# Register 7 becomes 5, the host is called, register 7 is stored at DATA, halt.
INSTRUCTIONS = [bytes([51, 7, 5]), bytes([10, 3]), bytes([62, 7]) + DATA.to_bytes(4, "little"), bytes([50, 0, 0, 0, 0xff])]
CODE = b"".join(INSTRUCTIONS)
BITMASK = b"".join(b"\1" + bytes(len(instruction) - 1) for instruction in INSTRUCTIONS)


def guest(serve):
    vm = create(0, CODE, len(CODE), None, BITMASK, len(BITMASK), None, 0, 1000)
    function = HostFunction(serve)
    assert set_engine(vm, RECOMPILER) == 0 and set_memory_mode(vm, GUARDED) == 0 and set_host_function(vm, function, None) == 0
    assert run(vm, 0) == FAULT and fault_page(vm) == DATA
    assert map_pages(vm, DATA_PAGE, 1, WRITE) == 0
    assert resume(vm) == HALT and read_64(vm, DATA, None) == 5
    destroy(vm)


def goes_on(vm, number, data):
    return CONTINUE


def null_read(*arguments):
    ctypes.string_at(16)
    return CONTINUE


failures = []


def guests(count):
    try:
        for _ in range(count):
            guest(goes_on)
    except BaseException as failure:
        failures.append(failure)


def in_threads(count):
    threads = [threading.Thread(target=guests, args=(count,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    return threads


def join(threads):
    for thread in threads:
        thread.join()


if mode != "after":
    faulthandler.enable(all_threads=True)
guests(100)
if mode == "before":
    join(in_threads(2000))
elif mode == "between":
    for _ in range(20):
        faulthandler.disable()
        faulthandler.enable(all_threads=True)
        guests(20)
elif mode == "after":
    faulthandler.enable(all_threads=True)
    join(in_threads(500))
elif mode == "null":
    null_read()
elif mode == "callback":
    guest(null_read)
elif mode == "thread":
    running = in_threads(1000000)
    thread = threading.Thread(target=null_read)
    thread.start()
    join([thread] + running)
assert not failures, failures
print("guests: fine")
