/* pvm.h: a PVM (the JAM Gray Paper's 13-register machine, appendix A) for any language with a C foreign-function interface.
 *
 * Names, types, argument order, struct layout and macro values of this file are a public contract shared with other
 * libraries: a program written for one of them compiles and runs here unchanged. What the contract does not have
 * (programs as handles, page rights, stepping, inner machines, error messages) is in pvm_ext.h.
 *
 * Common to every function
 *   Handles    A pvm_vm_t is made by pvm_create and freed by pvm_destroy. One thread uses a handle at a time; different
 *              handles run in parallel. NULL handles are tolerated: the call does nothing and returns 0, NULL or an error.
 *   Ownership  Everything handed in is copied before the call returns. Pointers handed out belong to the VM and live as
 *              long as it does.
 *   Units      Addresses and lengths are octets of guest memory, addresses run from 0 to 2^32 - 1. Gas is an unsigned
 *              64-bit number.
 *   Live state vm->registers, vm->gas and vm->pc may be read and written by the host inside a host call and between runs;
 *              the engine honours what it finds. All other fields are to be read only.
 *   Callbacks  Inside a host callback, reads, writes, getters and setters on the running VM work. pvm_execute and
 *              pvm_destroy of the running VM are refused (PVM_RESULT_ERROR; nothing happens).
 */
#ifndef PVM_H
#define PVM_H

#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Constants. Define PVM_NO_SHORT_NAMES before the include to keep these macros out of your program; the ones with a
 * meaning beyond this file stand under longer names in pvm_ext.h. */
#ifndef PVM_NO_SHORT_NAMES

#define REG_SIZE 13    /* registers of the machine */
#define Z_P (1 << 12)  /* octets of a page */
#define Z_A 2          /* alignment of dynamic jump addresses */
#define OK 0           /* success of a memory access or host call */

#define W_X 1024
#define M 128
#define V 1023
#define Z_Q (1 << 16)
#define Z_I (1 << 24)  /* octets reserved for the arguments of a standard program */
#define Z_Z (1 << 16)  /* octets of a zone of a standard program */

/* Host call results in their 32-bit form. The Gray Paper of today counts down from 2^64 (see pvm_ext.h). */
#define NONE ((uint64_t)((1ULL << 32) - 1))
#define WHAT ((uint64_t)((1ULL << 32) - 2))
#define OOB  ((uint64_t)((1ULL << 32) - 3))
#define WHO  ((uint64_t)((1ULL << 32) - 4))
#define FULL ((uint64_t)((1ULL << 32) - 5))
#define CORE ((uint64_t)((1ULL << 32) - 6))
#define CASH ((uint64_t)((1ULL << 32) - 7))
#define LOW  ((uint64_t)((1ULL << 32) - 8))
#define HUH  ((uint64_t)((1ULL << 32) - 9))

/* vm->machine_state: how the last run ended. */
#define HALT  0  /* regular end */
#define PANIC 1  /* trap, bad jump, access below 2^16 */
#define FAULT 2  /* inaccessible page: vm->fault_address */
#define HOST  3  /* stopped at an ecalli: vm->host_func_id */
#define OOG   4  /* the next instruction could not be paid */

/* vm->result_code: the same as a JAM work digest has it. */
#define WORKDIGEST_OK         0
#define WORKDIGEST_OOG        1
#define WORKDIGEST_PANIC      2
#define WORKDIGEST_BAD_EXPORT 3
#define WORKDIGEST_OVERSIZE   4
#define WORKDIGEST_BAD        5
#define WORKDIGEST_BIG        6

#endif /* PVM_NO_SHORT_NAMES */

/* What pvm_execute returns. */
typedef enum {
    PVM_RESULT_OK = 0,        /* halted */
    PVM_RESULT_OOG = 1,       /* out of gas */
    PVM_RESULT_PANIC = 2,     /* panic or page fault (vm->machine_state tells which) */
    PVM_RESULT_HOST_CALL = 3, /* stopped at an ecalli, can be resumed */
    PVM_RESULT_ERROR = 4      /* the call was refused; nothing ran */
} pvm_result_t;

/* What a host callback returns. Any other value counts as PVM_HOST_ERROR. */
typedef enum {
    PVM_HOST_CONTINUE = 0,  /* go on behind the ecalli, or at vm->pc if the callback changed it */
    PVM_HOST_TERMINATE = 1, /* end the run as a regular halt */
    PVM_HOST_ERROR = 2      /* end the run as a panic */
} pvm_host_result_t;

typedef struct VM VM;
typedef VM pvm_vm_t;

/* A host call. func_id: the low 32 bits of the ecalli's immediate, signed. The ecalli itself has been charged, vm->pc is
 * the ecalli's, and registers, gas and memory are those of the guest at this moment. */
typedef pvm_host_result_t (*pvm_host_callback_t)(
    pvm_vm_t* vm,
    int func_id
);

struct VM {
    uint64_t registers[13];        /* live */
    uint64_t pc;                   /* live: of the instruction that ended the last run, or that the next one starts with */
    uint8_t* code;                 /* the VM's copy of the instruction octets */
    uint8_t* bitmask;              /* the VM's copy of the opcode bitmask, in the form it was given */
    uint64_t gas;                  /* live: gas left */
    int host_call;                 /* 1 while a host call is pending or being served */
    int host_func_id;              /* its number */
    int is_child;                  /* what pvm_execute was told */

    /* The four regions of pvm_set_memory_bounds (or of a standard program) in host memory, NULL if there is none. */
    uint8_t* rw_data;
    uint8_t* ro_data;
    uint8_t* output;
    uint8_t* stack;
    uint32_t rw_data_address;
    uint32_t rw_data_address_end;
    uint32_t ro_data_address;
    uint32_t ro_data_address_end;
    uint32_t output_address;
    uint32_t output_end;
    uint32_t stack_address;
    uint32_t stack_address_end;
    uint32_t current_heap_pointer; /* end of the heap in octets */
    uint32_t max_heapsize;         /* address that the heap cannot pass: the next region, else 2^32 (shown as 2^32 - 1) */

    uint32_t code_len;
    uint32_t bitmask_len;

    int result_code;               /* WORKDIGEST_* of the last run */
    int machine_state;             /* HALT … OOG of the last run */
    int terminated;                /* 1 after a run that ended with anything but a host call */
    int initializing;              /* 1 until the first run */
    uint32_t fault_address;        /* address of the page after FAULT */
    uint32_t j_size;               /* entries of j */
    uint32_t* j;                   /* the VM's copy of the jump table */
    uint32_t service_index;
    uint32_t core_index;           /* the host's: the engine never touches it */

    uint8_t* ext_vm;               /* the host's: the engine never touches it */

    /* The host's: serves host calls where no callback is set. The run goes on unless it sets vm->terminated. */
    void (*ext_invoke_host_func)(struct VM* vm, int host_func_id);

    void* host_callback;           /* what pvm_set_host_callback set */

    int pvm_logging;               /* what pvm_set_logging set */
    int pvm_tracing;               /* what pvm_set_tracing set */
};

/* ---- Life ---- */

/* Makes a VM for raw code of the Gray Paper 0.7.2 instruction set (pvm_ext.h has the others).
 * bitmask: one octet per code octet (bitmask_len == code_len; any non-zero octet counts as set) or packed, least
 *   significant bit first (bitmask_len == (code_len + 7) / 8; spare bits are ignored). One-octet code has both forms at
 *   once: any non-zero octet counts as set.
 * jump_table: code offsets, may be NULL if jump_table_len (entries) is 0. initial_regs: 13 values, or NULL for zeros.
 * Returns NULL if code is NULL, code_len is 0 or over 2^28, bitmask is NULL or its length is neither form's,
 *   jump_table is NULL though jump_table_len is not 0, jump_table_len is over 2^26, or memory is short. */
pvm_vm_t* pvm_create(uint32_t service_index,
                     const uint8_t* code, size_t code_len,
                     const uint64_t* initial_regs,
                     const uint8_t* bitmask, size_t bitmask_len,
                     const uint32_t* jump_table, size_t jump_table_len,
                     uint64_t initial_gas);

/* Runs from entry_point until the guest ends or needs its host.
 * Returns, and leaves in vm->machine_state:
 *   PVM_RESULT_OK / HALT          regular halt, or a callback returned PVM_HOST_TERMINATE
 *   PVM_RESULT_OOG / OOG          vm->pc is the instruction that could not be paid, nothing of it was done, vm->gas is 0
 *                                 (0.7.2) or what was left (0.8.0; 0 if it was a host call that could not be paid)
 *   PVM_RESULT_PANIC / PANIC      trap, bad jump, access below 2^16, or a callback returned PVM_HOST_ERROR
 *   PVM_RESULT_PANIC / FAULT      vm->fault_address is the address of the lowest inaccessible page
 *   PVM_RESULT_HOST_CALL / HOST   an ecalli, if is_child is not 0 or there is no callback: vm->host_func_id; vm->pc is the
 *                                 ecalli's. pvm_resume goes on behind it; pvm_execute at vm->pc repeats it.
 *   PVM_RESULT_ERROR              vm is NULL or running; nothing happened
 * vm->pc is the instruction that ended the run (the Gray Paper's Psi returns 0 after halt and panic). An entry point that
 * is no opcode is a trap: one unit of gas, then panic (0.8.0: panic, no gas). Starting again at the instruction that ended
 * the last run with FAULT carries that run on: the instruction is not charged a second time. */
pvm_result_t pvm_execute(pvm_vm_t* vm, uint32_t entry_point, uint32_t is_child);

/* Frees the VM and all it owns. NULL and a VM that is running are left alone. */
void pvm_destroy(pvm_vm_t* vm);

/* Makes four zeroed regions and forgets whatever was mapped before. Starts are rounded down and ends up to whole pages; an
 * end that is not above its start makes an empty region; what lies below 2^16 is never accessible.
 *   rw      readable and writable, from rw_addr up to the heap pointer, which starts out as rw_end
 *   ro      readable; the host may write it until the first run
 *   output  readable; the host may write it until the first run (a standard program finds its arguments here)
 *   stack   readable and writable
 * Where regions overlap, a page has the rights of the first of: stack, rw, output, ro. Where memory is short there is no
 * region at all afterwards: vm->rw_data, ro_data, output and stack are NULL. */
void pvm_set_memory_bounds(pvm_vm_t* vm,
    uint32_t rw_addr, uint32_t rw_end,
    uint32_t ro_addr, uint32_t ro_end,
    uint32_t output_addr, uint32_t output_end,
    uint32_t stack_addr, uint32_t stack_end);

/* Sets the function that serves ecalli, NULL for none. */
void pvm_set_host_callback(pvm_vm_t* vm, pvm_host_callback_t callback);

/* Gas left. */
uint64_t pvm_get_gas(pvm_vm_t* vm);

/* HALT … OOG of the last run (0 before the first). */
uint8_t pvm_get_machine_state(pvm_vm_t* vm);

/* Registers 0 to 12. Other indices: no effect, and 0. */
void pvm_set_register(pvm_vm_t* vm, int index, uint64_t value);
uint64_t pvm_get_register(pvm_vm_t* vm, int index);

/* The 13 registers themselves, live. */
const uint64_t* pvm_get_registers(pvm_vm_t* vm);

/* Moves the end of the heap (octets). Pages from the start of the rw region up to it become readable and writable, pages
 * behind it are taken away. A pointer below the start of the rw region or above vm->max_heapsize has no effect, nor has one
 * for which memory is short: vm->current_heap_pointer tells. */
void pvm_set_heap_pointer(pvm_vm_t* vm, uint32_t pointer);

/* ---- Guest memory ----
 * The whole range is accessible or nothing is touched. Numbers are little-endian. Ranges that pass 2^32 and addresses below
 * 2^16 are out of bounds; an access of length 0 succeeds anywhere. */

/* Return 0 or OOB. The page must be writable (before the first run, ro and output pages are too). */
uint64_t pvm_write_ram_bytes_8(pvm_vm_t* vm, uint32_t address, uint8_t data);
uint64_t pvm_write_ram_bytes_16(pvm_vm_t* vm, uint32_t address, uint16_t data);
uint64_t pvm_write_ram_bytes_32(pvm_vm_t* vm, uint32_t address, uint32_t data);
uint64_t pvm_write_ram_bytes_64(pvm_vm_t* vm, uint32_t address, uint64_t data);
uint64_t pvm_write_ram_bytes(pvm_vm_t* vm, uint32_t address, const uint8_t* data, uint32_t length);

/* Return the number, or 0 with *error_code = (int)OOB. *error_code is 0 otherwise; error_code may be NULL. */
uint8_t pvm_read_ram_bytes_8(pvm_vm_t* vm, uint32_t address, int* error_code);
uint16_t pvm_read_ram_bytes_16(pvm_vm_t* vm, uint32_t address, int* error_code);
uint32_t pvm_read_ram_bytes_32(pvm_vm_t* vm, uint32_t address, int* error_code);
uint64_t pvm_read_ram_bytes_64(pvm_vm_t* vm, uint32_t address, int* error_code);
/* Returns 0 or OOB (and sets *error_code likewise). */
uint64_t pvm_read_ram_bytes(pvm_vm_t* vm, uint32_t address, uint8_t* buffer, uint32_t length, int* error_code);

/* WORKDIGEST_* of the last run. */
int pvm_get_result_code(pvm_vm_t* vm);

/* vm->terminated. */
int pvm_is_terminated(pvm_vm_t* vm);

/* ---- Debugging ---- */

/* Logging writes a line per run, host call and exit; tracing a line per instruction (format and where to: pvm_ext.h). Tracing
 * that a host function turns on begins with the next run; what it turns off ends at once. */
void pvm_set_logging(pvm_vm_t* vm, int enable);
void pvm_set_tracing(pvm_vm_t* vm, int enable);

/* ---- The machine's own functions, exposed for tools that were written against them ---- */

/* "ra", "sp", "t0" … "a5"; "?" for other indices. */
const char* reg_name(int index);

/* Moves the end of the heap to new_size, as sbrk would: only upwards, and not into the next region. */
void pvm_expand_heap(pvm_vm_t* vm, uint32_t new_size);

/* Ends the run as a panic with the given WORKDIGEST_* code. */
void pvm_panic(VM* vm, uint64_t err_code);

/* One handler per opcode: handler(vm, operand octets, their number) carries out that instruction at vm->pc, without gas
 * and without asking the host (an ecalli leaves vm->machine_state HOST). init_dispatch_table need not be called. */
extern void (*dispatch_table[256])(VM*, uint8_t*, size_t);
void init_dispatch_table(void);

/* "ADD_IMM_64" …; "UNKNOWN" for octets that are no opcode (0.7.2). */
const char* get_opcode_name(uint8_t opcode);

/* The Gray Paper's branch(vx, true) at vm->pc and djump(a): set vm->pc, or end the run. */
void pvm_branch(VM* vm, uint64_t vx);
void pvm_djump(VM* vm, uint64_t a);

/* P and Z of the Gray Paper: x rounded up to pages and to zones, modulo 2^32. */
uint32_t p_func(uint32_t x);
uint32_t z_func(uint32_t x);

#ifdef __cplusplus
}
#endif

#endif /* PVM_H */
