/* pvm_ext.h: what JAM teams ask for beyond pvm.h: programs as handles, precise errors, page rights, run control,
 * zero-copy memory, inner machines, tracing, the Gray Paper's two instruction sets.
 *
 * Common to every function
 *   Order      The handle first, then what goes in, then what comes out.
 *   Errors     pvm_error_t, PVM_OK being 0; pvm_error_message gives a sentence for each. On an error nothing has changed
 *              and out parameters are NULL or 0. NULL where a pointer is needed gives PVM_ERR_NULL.
 *   Outcomes   pvm_exit_t names how a run ended, here and in the tool. Its first five values are those of
 *              vm->machine_state and of the Gray Paper's inner-machine results.
 *   Ownership  Bytes handed in are copied. What a function named …_create or …_invoke hands out is the caller's to release
 *              with the function its comment names; every other pointer handed out belongs to the object it came from.
 *   Threads    A program is immutable: any number of threads and VMs share one. A VM is used by one thread at a time.
 *   Units      Addresses and lengths: octets of guest memory. Pages: 4096 octets. Gas: unsigned 64 bits.
 *   Callbacks  In a host function, everything works on the running VM but pvm_run, pvm_resume, pvm_step, pvm_execute,
 *              pvm_set_memory_bounds and pvm_destroy, which are refused (PVM_EXIT_REFUSED, PVM_ERR_BUSY or no effect). It may
 *              change to another stack, run other VMs meanwhile, and return on another thread. On guarded memory it
 *              returns with SIGSEGV neither blocked on its thread nor in other hands than before.
 *   Processes  A program may fork at any time. The child can use the library, and the objects of the thread that forked.
 *   After exit Registers, pc, gas and memory of a VM stay readable and writable after every exit, until pvm_destroy.
 */
#ifndef PVM_EXT_H
#define PVM_EXT_H

#include "duet_trace.h"
#include "pvm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ---- */

/* Goes up when something declared here changes in a way that a compiled program notices. */
#define PVM_ABI_VERSION 1

uint32_t pvm_abi_version(void);     /* the library's PVM_ABI_VERSION */
const char* pvm_version(void);      /* major.minor.patch */
const char* pvm_build_info(void);   /* "duet 1.2.3 (gray paper 0.7.2, 0.8.0; x86_64; interpreter, recompiler; checked, guarded)" */

/* ---- Errors and outcomes ---- */

typedef enum {
    PVM_OK = 0,
    PVM_ERR_NULL = 1,            /* a pointer that must be given is NULL */
    PVM_ERR_ARGUMENT = 2,        /* a value is outside its range */
    PVM_ERR_NO_MEMORY = 3,       /* the host has no memory or address space left */
    PVM_ERR_BUSY = 4,            /* not allowed on a VM that is running */
    PVM_ERR_UNSUPPORTED = 5,     /* not available in this build or on this processor */
    PVM_ERR_OUT_OF_BOUNDS = 6,   /* guest memory that is not accessible in this way */
    PVM_ERR_OUT_OF_GAS = 7,      /* less gas than was to be charged */

    /* Program images, in the order in which they are read. "Number" is the Gray Paper's variable-length natural. */
    PVM_ERR_EMPTY = 20,                /* no octets */
    PVM_ERR_METADATA_TRUNCATED = 21,   /* service image: the metadata or its length ends early */
    PVM_ERR_HEADER_TRUNCATED = 22,     /* standard program: shorter than its 11-octet header */
    PVM_ERR_RO_DATA_TRUNCATED = 23,    /* standard program: read-only data ends early */
    PVM_ERR_RW_DATA_TRUNCATED = 24,    /* standard program: read-write data ends early */
    PVM_ERR_CODE_LENGTH_TRUNCATED = 25,/* standard program: no 4-octet code length */
    PVM_ERR_CODE_LENGTH_MISMATCH = 26, /* standard program: the code length is not what follows */
    PVM_ERR_NUMBER_TRUNCATED = 27,     /* blob: a number ends early */
    PVM_ERR_NUMBER_NOT_MINIMAL = 28,   /* blob: a number has a shorter encoding */
    PVM_ERR_JUMP_TABLE_TRUNCATED = 29, /* blob: the jump table ends early */
    PVM_ERR_JUMP_ENTRY_TOO_LARGE = 30, /* blob: a jump-table entry does not fit 64 bits */
    PVM_ERR_CODE_TRUNCATED = 31,       /* blob: the code ends early */
    PVM_ERR_BITMASK_TRUNCATED = 32,    /* blob: the bitmask ends early */
    PVM_ERR_BITMASK_PADDING = 33,      /* blob: a spare bit of the bitmask is set */
    PVM_ERR_TRAILING_OCTETS = 34,      /* blob: octets follow the bitmask */
    PVM_ERR_TOO_LARGE = 35,            /* code or jump table over 2^28 octets (0.8.0: 2^25 octets, 2^24 entries), or an image over 2^30 */
    PVM_ERR_NO_CODE = 36,              /* raw program or 0.8.0: no code at all */
    PVM_ERR_INVALID_OPCODE = 37,       /* 0.8.0: an instruction that is none of the set, or one longer than 25 octets */
    PVM_ERR_UNKNOWN_FORMAT = 38,       /* none of the three formats fits */
    PVM_ERR_NO_TERMINATOR = 39         /* 0.8.0: the last instruction ends no basic block */
} pvm_error_t;

/* A sentence without a full stop, in English. Never NULL. */
const char* pvm_error_message(pvm_error_t error);

typedef enum {
    PVM_EXIT_HALT = 0,
    PVM_EXIT_PANIC = 1,
    PVM_EXIT_FAULT = 2,    /* pvm_fault_page */
    PVM_EXIT_HOST = 3,     /* an ecalli that the caller has to serve: vm->host_func_id */
    PVM_EXIT_OOG = 4,
    PVM_EXIT_STEP = 5,     /* pvm_step: one instruction was done, the run can go on */
    PVM_EXIT_REFUSED = 6,  /* the call was not possible: NULL or running VM, or nothing left to resume; nothing happened */
    PVM_EXIT_NONE = 7      /* the VM has not run yet */
} pvm_exit_t;

/* "halt", "panic", "page-fault", "host-call", "out-of-gas", "step", "refused", "none". */
const char* pvm_exit_name(pvm_exit_t exit);

/* Host call results as the Gray Paper has them today. */
#define PVM_HOST_OK   ((uint64_t)0)
#define PVM_HOST_NONE ((uint64_t)0 - 1)
#define PVM_HOST_WHAT ((uint64_t)0 - 2)
#define PVM_HOST_OOB  ((uint64_t)0 - 3)
#define PVM_HOST_WHO  ((uint64_t)0 - 4)
#define PVM_HOST_FULL ((uint64_t)0 - 5)
#define PVM_HOST_CORE ((uint64_t)0 - 6)
#define PVM_HOST_CASH ((uint64_t)0 - 7)
#define PVM_HOST_LOW  ((uint64_t)0 - 8)
#define PVM_HOST_HUH  ((uint64_t)0 - 9)

#define PVM_PAGE_SIZE 4096u
#define PVM_ZONE_SIZE 65536u
#define PVM_MAX_ARGUMENTS 16777216u /* octets of arguments of a standard program */
#define PVM_REGISTERS 13

/* ---- Programs ---- */

typedef struct pvm_program pvm_program_t;

typedef enum {
    PVM_ISA_GP072 = 0,  /* Gray Paper 0.7.2: 139 opcodes, 1 gas each */
    PVM_ISA_GP080 = 1   /* Gray Paper 0.8.0: renumbered, gas per basic block by its pipeline model */
} pvm_isa_t;

typedef enum {
    PVM_FORMAT_AUTO = 0,      /* the first that fits: standard, service, blob */
    PVM_FORMAT_BLOB = 1,      /* jump table, code, bitmask (deblob) */
    PVM_FORMAT_STANDARD = 2,  /* memory layout and blob (function Y) */
    PVM_FORMAT_SERVICE = 3,   /* length-prefixed metadata and standard program */
    PVM_FORMAT_RAW = 4        /* pvm_program_create_raw; not a format of bytes */
} pvm_format_t;

/* Decodes an image. On success *program has one reference, to be given back with pvm_program_release.
 * 0.8.0 takes valid programs only: every instruction known, the last one a terminator. To a host one that is refused is what the
 * Gray Paper says of it: an argument invocation of it panics and uses no gas. */
pvm_error_t pvm_program_create(const uint8_t* image, size_t image_len, pvm_format_t format, pvm_isa_t isa,
                               pvm_program_t** program);

/* The same from code, bitmask and jump table, as pvm_create takes them. */
pvm_error_t pvm_program_create_raw(const uint8_t* code, size_t code_len,
                                   const uint8_t* bitmask, size_t bitmask_len,
                                   const uint32_t* jump_table, size_t jump_table_len,
                                   pvm_isa_t isa, pvm_program_t** program);

/* One reference more (returns program) and one less (the last one frees it). VMs hold references of their own. */
pvm_program_t* pvm_program_retain(pvm_program_t* program);
void pvm_program_release(pvm_program_t* program);

pvm_isa_t pvm_program_isa(const pvm_program_t* program);
pvm_format_t pvm_program_format(const pvm_program_t* program);
uint32_t pvm_program_code_size(const pvm_program_t* program);         /* octets of code */
uint32_t pvm_program_instruction_count(const pvm_program_t* program); /* opcodes in the bitmask */
uint32_t pvm_program_jump_table_size(const pvm_program_t* program);   /* entries */
size_t pvm_program_footprint(const pvm_program_t* program);           /* octets of host memory it holds */

/* Is there an instruction at pc, and does a basic block start there (1 or 0)? */
int pvm_program_is_instruction(const pvm_program_t* program, uint32_t pc);
int pvm_program_is_block_start(const pvm_program_t* program, uint32_t pc);

/* Gas of the whole basic block that starts at pc; 0 if none does. */
uint64_t pvm_program_block_gas(const pvm_program_t* program, uint32_t pc);

/* The metadata of a service image (NULL and 0 for other formats). */
const uint8_t* pvm_program_metadata(const pvm_program_t* program, size_t* length);

/* "ADD_IMM_64" … for an opcode octet of the given set, "UNKNOWN" if it has none. */
const char* pvm_opcode_name(pvm_isa_t isa, uint8_t opcode);

/* ---- Machines ---- */

/* Makes a VM, to be freed with pvm_destroy. A standard program or service starts with memory and registers as function Y
 * lays them out, arguments (at most PVM_MAX_ARGUMENTS octets, else PVM_ERR_ARGUMENT) included. A blob or raw program starts
 * with no memory and zero registers; arguments_len must then be 0. Costs microseconds. */
pvm_error_t pvm_vm_create(pvm_program_t* program, const uint8_t* arguments, size_t arguments_len, uint64_t gas,
                          pvm_vm_t** vm);

/* The program a VM runs (no reference is added). */
pvm_program_t* pvm_vm_program(const pvm_vm_t* vm);

typedef enum { PVM_ENGINE_AUTO = 0, PVM_ENGINE_INTERPRETER = 1, PVM_ENGINE_RECOMPILER = 2 } pvm_engine_t;
typedef enum { PVM_MEMORY_AUTO = 0, PVM_MEMORY_CHECKED = 1, PVM_MEMORY_GUARDED = 2 } pvm_memory_mode_t;

/* Choose before a run; PVM_ERR_UNSUPPORTED for what this build does not have (the recompiler and guarded memory exist on x86-64
 * Linux). Engines and memory modes differ in time alone: every result is the same.
 *   PVM_ENGINE_AUTO         starts in the interpreter at once and goes over to compiled code when that pays, in the middle of a
 *                           run or when the program has been run often. Where there is no recompiler: the interpreter.
 *   PVM_ENGINE_RECOMPILER   compiles a program when it first runs. Where it cannot have memory for that, where the code would be more than
 *                           64 KiB and 8 octets (checked memory: 16) an octet of the program's, of which compilers' programs take 3
 *                           (6), and for tracing and single steps, the interpreter runs.
 *   PVM_MEMORY_CHECKED      tests every access. No signal is handled.
 *   PVM_MEMORY_GUARDED      gives the host's pages the guest's rights. The first run of compiled code on it (no earlier) installs
 *                           handlers for SIGSEGV and SIGBUS, which pass on every signal that no guest access caused. Pointers
 *                           from pvm_memory_view and struct VM must be used within the rights of their pages.
 *                           Memory is checked all the same while a thread runs the VM that blocks SIGSEGV or whose signal
 *                           stack is too small, and from when on the host has refused to change the rights of its pages.
 *   PVM_MEMORY_AUTO         guarded for compiled code, else checked. Hosts that want no signal handlers choose CHECKED.
 * The queries answer what is used where the VM compiles, never AUTO. */
pvm_error_t pvm_set_engine(pvm_vm_t* vm, pvm_engine_t engine);
pvm_engine_t pvm_get_engine(const pvm_vm_t* vm);
pvm_error_t pvm_set_memory_mode(pvm_vm_t* vm, pvm_memory_mode_t mode);
pvm_memory_mode_t pvm_get_memory_mode(const pvm_vm_t* vm);

/* What VMs made from now on start with, those of pvm_create and pvm_invoke among them. Before the first call it is what the
 * environment variables DUET_PVM_ENGINE (interpreter, recompiler, auto) and DUET_PVM_MEMORY (checked, guarded, auto) said when the
 * first VM was made, else AUTO. Any thread may call it. */
pvm_error_t pvm_set_defaults(pvm_engine_t engine, pvm_memory_mode_t mode);

/* When PVM_ENGINE_AUTO goes over to compiled code. It looks when a run begins and whenever the interpreter has used up slice gas
 * (1 at least; 4096 unless set). A program is compiled once its VMs have used up 2 * slice gas and gas_per_instruction (10 unless
 * set) for each of its instructions. A VM takes code that is there: at once on checked memory, on guarded memory once it has
 * used up slice gas itself. (0.8.0, where an instruction can cost 60 gas: for each unit of gas that all its blocks cost.) What has been thrown
 * out of the cache starts anew, and more than a small part of what is executed never goes into compiling, however many programs want their
 * code. For the process; any thread may call it. */
pvm_error_t pvm_set_auto_policy(uint64_t slice, uint32_t gas_per_instruction);

/* ---- The program cache ----
 * Programs, decoded and compiled, are kept for the process and found again by their bytes: making a program or VM of the same
 * bytes again decodes and compiles nothing. The least recently used go first; what a handle or VM holds stays alive all the
 * same, and a program whose code has gone is compiled again when it next runs (PVM_ENGINE_AUTO: when it has earned it again). All
 * functions may be called by any thread. */

typedef struct {
    uint64_t limit;           /* octets: pvm_cache_set_limit */
    uint64_t octets;          /* that the kept programs and their code take up, never above the limit */
    uint64_t programs;        /* kept */
    uint64_t hits;            /* programs asked for that were there … */
    uint64_t misses;          /* … and that were not */
    uint64_t evictions;       /* programs that had to go */
    uint64_t compilations;
    uint64_t code_octets;     /* of executable memory in use, in whole pages, for programs that are kept or running */
    uint64_t code_octets_peak;
} pvm_cache_statistics_t;

/* Bounds what the cache keeps, and beside that all executable memory of the library (which has a bound of 2^30 of its own): a
 * program for whose code there is no room runs in the interpreter. 128 MiB unless set. 0 empties the cache and turns
 * compiling off, SIZE_MAX is no limit. A lower limit takes effect at once, but for the code of running VMs. */
pvm_error_t pvm_cache_set_limit(size_t octets);
pvm_error_t pvm_cache_statistics(pvm_cache_statistics_t* statistics);

/* ---- Host calls ----
 * When a host function runs, the ecalli itself has been charged (0.7.2: 1 gas; 0.8.0: with its block), vm->pc is the
 * ecalli's. It may change registers, memory, gas and pc; where it leaves pc alone the run goes on behind the ecalli. */

typedef enum {
    PVM_ACTION_CONTINUE = 0,
    PVM_ACTION_HALT = 1,
    PVM_ACTION_PANIC = 2,
    PVM_ACTION_OOG = 3,      /* end the run as out of gas */
    PVM_ACTION_FAULT = 4,    /* end the run as a page fault at pvm_set_fault_page's address */
    PVM_ACTION_SUSPEND = 5   /* end the run with PVM_EXIT_HOST; pvm_resume goes on behind the ecalli */
} pvm_action_t;              /* any other value counts as PVM_ACTION_PANIC */

typedef pvm_action_t (*pvm_host_function_t)(pvm_vm_t* vm, int func_id, void* user_data);

/* Replaces pvm_set_host_callback's (and that one replaces this): the later call counts. NULL: none. user_data is handed
 * through and never touched. */
pvm_error_t pvm_set_host_function(pvm_vm_t* vm, pvm_host_function_t function, void* user_data);

/* Takes gas. With less than amount left: PVM_ERR_OUT_OF_GAS, gas is 0, the signed view shows what is missing; a host
 * function then returns PVM_ACTION_OOG. */
pvm_error_t pvm_charge_gas(pvm_vm_t* vm, uint64_t amount);

/* Gas of the host call of that number (Gray Paper appendix B), to be taken with pvm_charge_gas before the call does anything. registers:
 * the guest's 13, as it made the call with them. units: what they do not tell; 0 first, and what the price is then higher is to be
 * taken when it is known.
 *     grow_heap  pages that it adds (0 where it adds none)
 *     invoke     gas that it hands to the inner machine; what comes back is to be given back
 *     transfer   register 9 if the transfer is queued, else 0
 * Numbers that the instruction set does not have, and calls that a context does not have, cost what -1 costs. What passes 2^64 - 1
 * costs 2^64 - 1, and so does everything if isa is none or registers is NULL. */
uint64_t pvm_host_call_gas(pvm_isa_t isa, int func_id, const uint64_t* registers, uint64_t units);

/* "gas", "fetch" …: the Gray Paper's name of a host call, "unknown" for numbers that the instruction set does not have. */
const char* pvm_host_call_name(pvm_isa_t isa, int func_id);

/* The functions below that serve a host call take its gas first. Where that is not there they answer PVM_ACTION_OOG: gas is 0 and
 * nothing else has changed. */

/* What the Gray Paper does for a host call it does not know: sets register 7 to WHAT. */
pvm_action_t pvm_host_unknown(pvm_vm_t* vm);

/* The host call gas: answers in register 7 what is left. */
pvm_action_t pvm_host_gas(pvm_vm_t* vm);

/* The host call grow_heap of the Gray Paper 0.8.0 (0.7.2: pvm_host_unknown): moves the end of a standard program's heap to page
 * register 7 where it can, answers the end in register 7. PVM_ACTION_PANIC where the host has no memory for it. */
pvm_action_t pvm_host_grow_heap(pvm_vm_t* vm);

/* ---- Run control ---- */

/* Runs from entry, not as a child (vm->is_child becomes 0): an ecalli ends the run with PVM_EXIT_HOST only where there is no
 * host function and no callback. */
pvm_exit_t pvm_run(pvm_vm_t* vm, uint32_t entry);

/* Goes on from where the last run ended: behind the ecalli after PVM_EXIT_HOST, at vm->pc otherwise, and at vm->pc in any
 * case if the host has changed it. An instruction that faulted is not charged again. A run that ended with halt or panic
 * has nothing to go on with (PVM_EXIT_REFUSED) until pvm_set_pc. */
pvm_exit_t pvm_resume(pvm_vm_t* vm);

/* As pvm_resume for one instruction. 0.8.0 charges a block with its first instruction. */
pvm_exit_t pvm_step(pvm_vm_t* vm);

/* Sets where pvm_resume and pvm_step go on, even if it is the value vm->pc already has. */
pvm_error_t pvm_set_pc(pvm_vm_t* vm, uint64_t pc);
uint64_t pvm_get_pc(const pvm_vm_t* vm);

/* Gas with a sign: below zero by what was missing when the last run or charge ended out of gas. Values of 2^63 and more
 * show as 2^63 - 1. Setting a negative value leaves vm->gas at 0; what is missing is forgotten when the next run or step begins. */
int64_t pvm_get_gas_signed(const pvm_vm_t* vm);
pvm_error_t pvm_set_gas_signed(pvm_vm_t* vm, int64_t gas);
pvm_error_t pvm_set_gas(pvm_vm_t* vm, uint64_t gas);

pvm_exit_t pvm_exit_reason(const pvm_vm_t* vm);      /* of the last run */
uint32_t pvm_fault_page(const pvm_vm_t* vm);         /* address of the page after PVM_EXIT_FAULT */
pvm_error_t pvm_set_fault_page(pvm_vm_t* vm, uint32_t address); /* for PVM_ACTION_FAULT; rounded down to its page */

/* The heap: first octet, end, and the address the end cannot pass (2^32 at most). Any out pointer may be NULL. */
pvm_error_t pvm_heap(const pvm_vm_t* vm, uint64_t* start, uint64_t* end, uint64_t* limit);

/* The Gray Paper's argument invocation Psi_M, from creation to output. */
typedef struct {
    pvm_exit_t exit;        /* HALT, OOG, or PANIC (also for a page fault and for arguments over the maximum) */
    uint64_t gas_used;      /* never more than was given */
    uint8_t* output;        /* what registers 7 and 8 point at after HALT; NULL if empty or not readable */
    size_t output_len;
} pvm_invocation_t;

/* function NULL: every ecalli is pvm_host_unknown. Release with pvm_invocation_release. */
pvm_error_t pvm_invoke(pvm_program_t* program, uint32_t entry, uint64_t gas, const uint8_t* arguments, size_t arguments_len,
                       pvm_host_function_t function, void* user_data, pvm_invocation_t* invocation);
void pvm_invocation_release(pvm_invocation_t* invocation);

/* The output rule of Psi_M on a VM that has halted: registers 7 and 8 as a range, NULL and 0 if it is not readable. The
 * pointer is into guest memory: valid until the VM runs, maps or is destroyed. */
pvm_error_t pvm_output(const pvm_vm_t* vm, const uint8_t** output, size_t* output_len);

/* ---- Memory ---- */

typedef enum { PVM_ACCESS_NONE = 0, PVM_ACCESS_READ = 1, PVM_ACCESS_WRITE = 2 /* and read */ } pvm_access_t;

/* Gives page_count pages from first_page (an address divided by 4096, 16 at least) their rights. Pages that had none come
 * up zeroed, pages that get none lose their contents, others keep them. Any number of regions may exist. What the host
 * refuses (PVM_ERR_NO_MEMORY) may be asked for again. */
pvm_error_t pvm_map_pages(pvm_vm_t* vm, uint32_t first_page, uint32_t page_count, pvm_access_t access);

pvm_access_t pvm_page_access(const pvm_vm_t* vm, uint32_t page);

/* 1 if every octet of the range may be read (written) by the guest. An empty range: 1. */
int pvm_is_readable(const pvm_vm_t* vm, uint64_t address, uint64_t length);
int pvm_is_writable(const pvm_vm_t* vm, uint64_t address, uint64_t length);

/* All or nothing, with the guest's rights. The addresses and lengths of host calls are 64-bit registers: hand them over as
 * they are. */
pvm_error_t pvm_read(const pvm_vm_t* vm, uint64_t address, uint64_t length, uint8_t* data);
pvm_error_t pvm_write(pvm_vm_t* vm, uint64_t address, uint64_t length, const uint8_t* data);

/* As pvm_write, but pages that are only readable take it too: for laying out memory. PVM_ERR_NO_MEMORY where the host
 * refuses to open them. */
pvm_error_t pvm_load(pvm_vm_t* vm, uint64_t address, uint64_t length, const uint8_t* data);

/* A direct pointer to a range that has the given rights (READ or WRITE) all over. Valid until pages of the range change
 * their rights or the VM is destroyed; the guest sees writes at once. An empty range gives a pointer to nothing. */
pvm_error_t pvm_memory_view(pvm_vm_t* vm, uint64_t address, uint64_t length, pvm_access_t access, uint8_t** view);

/* ---- Inner machines ----
 * The refine host calls on machines that a guest makes itself. Each takes its gas (pvm_host_call_gas), reads and sets the guest's
 * registers and returns the action, so that a host function is one line: return pvm_inner_peek(vm). Machines are numbered from 0,
 * the lowest free number first, belong to the VM and go with it; they have its instruction set. Where the host has no memory for
 * what is asked, the action is PVM_ACTION_PANIC.
 * Under 0.8.0 a guest has at most 63, and invoke takes the machine's gas from the guest's and gives back what is left of it. */
pvm_action_t pvm_inner_machine(pvm_vm_t* vm);  /* r7, r8: blob, r9: pc -> r7: number, HUH, FULL (0.8.0) */
pvm_action_t pvm_inner_peek(pvm_vm_t* vm);     /* r7: number, r8: to (guest), r9: from (inner), r10: octets -> OK, WHO, OOB */
pvm_action_t pvm_inner_poke(pvm_vm_t* vm);     /* r7: number, r8: from (guest), r9: to (inner), r10: octets -> OK, WHO, OOB */
pvm_action_t pvm_inner_pages(pvm_vm_t* vm);    /* r7: number, r8: page, r9: pages, r10: rights 0 to 4 -> OK, WHO, HUH */
pvm_action_t pvm_inner_invoke(pvm_vm_t* vm);   /* r7: number, r8: gas and registers -> r7: pvm_exit_t 0 to 4, r8: detail */
pvm_action_t pvm_inner_expunge(pvm_vm_t* vm);  /* r7: number -> its pc, WHO */

/* Serves func_id if it is one of the six under the VM's instruction set (0.7.2: 8 to 13; 0.8.0: 9 to 14), else
 * pvm_host_unknown. */
pvm_action_t pvm_inner_call(pvm_vm_t* vm, int func_id);

/* How many machines there are; the machine of that number as a VM to look at (NULL if none; not to be run or destroyed). */
uint32_t pvm_inner_count(const pvm_vm_t* vm);
pvm_vm_t* pvm_inner_vm(const pvm_vm_t* vm, uint64_t number);

/* How many machines the VM may have at once (1024 unless set). Beyond it pvm_inner_machine answers PVM_ACTION_PANIC: a
 * host's protection, not a rule of the Gray Paper (0.8.0 has one of its own). */
pvm_error_t pvm_set_inner_limit(pvm_vm_t* vm, uint32_t count);

/* ---- Lines ----
 * A trace line shows an instruction and the state it left behind:
 *     "    2: PC 57368 ADD_IMM_64           g=9999998 reg=[4294901760 4278058944 0 0 0 0 0 4278124544 3 0 0 0 0]"
 * (step, and pc, right-aligned in 5 columns; the first line of a VM is step 1, and what is executed without tracing does not
 * count; an instruction that ends the run shows the state it ended with). A log line starts with "duet:". */
typedef enum { PVM_LINE_TRACE = 0, PVM_LINE_LOG = 1, PVM_LINE_ECALLI = 2 /* pvm_set_ecalli_trace */ } pvm_line_kind_t;

/* line has no newline and is NUL-terminated as well; it is gone after the call. */
typedef void (*pvm_line_function_t)(pvm_vm_t* vm, pvm_line_kind_t kind, const char* line, size_t length, void* user_data);

/* Where lines go while pvm_set_tracing or pvm_set_logging is on. NULL: stderr. */
pvm_error_t pvm_set_line_function(pvm_vm_t* vm, pvm_line_function_t function, void* user_data);

/* ---- Traces in batches ----
 * Records of duet_pvm_record_t for every instruction of a run, one that could not be paid included (it has exit 1 + PVM_EXIT_OOG,
 * and neither register nor access). The interpreter runs, whatever the engine; results are the same. The execution of
 * duet_trace.h is a run here: pvm_run, pvm_resume, pvm_execute, or pvm_step, whose batch has one record. Depth and stack words
 * mean nothing. Inner machines have no part in it: pvm_inner_vm gives a handle that takes a trace of its own. */

/* Traces the runs of this VM from the next one on, beside what lines there are; NULL turns that off. PVM_ERR_ARGUMENT if the
 * trace is not valid, PVM_ERR_BUSY while a run writes to the VM's trace. */
pvm_error_t pvm_set_trace_batches(pvm_vm_t* vm, duet_trace_t* trace);

/* ---- Ecalli traces ----
 * The text format of JIP-7: the program, what lies in memory at its start, each ecalli with pc, gas and registers, what the host
 * read and wrote while it served it, and how the run ended. It replays without the host, on any implementation. */

/* Hands the lines of such traces to function, with the kind PVM_LINE_ECALLI, from the next run on; NULL turns that off. Every
 * engine runs and writes the same. A trace begins with pvm_run or pvm_execute, and with pvm_resume and pvm_step where none is
 * under way (after a page fault or out of gas, which end one); it goes on with pvm_resume and pvm_step where a run was
 * interrupted by PVM_EXIT_HOST or PVM_EXIT_STEP, and ends with HALT, OOG or PANIC (for page faults too).
 * What the host does is seen where it goes through functions of these headers between an ecalli and the moment the guest goes
 * on: reading and writing memory, pvm_memory_view (asked for to write, its range counts as written), rights of pages, the heap;
 * registers and gas are compared. Memory that a host changes through pointers which it got before is not seen, nor is what it
 * changes between two steps. Of pvm_inner_… the lines have what is read and written in the memory of this VM: the code of
 * `machine`, what `peek` and `poke` copy, the 112 octets of `invoke`. What inner machines do is no part of the trace, which
 * replays without them.
 * What JIP-7 has no line for stands in comments that begin with "comment duet": instruction set and format, rights of pages, the
 * heap, a pc that the host has set, and that what the run starts with is paid. PVM_ERR_BUSY while the VM is running. */
pvm_error_t pvm_set_ecalli_trace(pvm_vm_t* vm, pvm_line_function_t function, void* user_data);

/* pvm_invoke, which is what JIP-7 makes a trace of, with its lines handed to line (NULL: none). Where there is no run, as for too
 * many arguments, there are no lines. */
pvm_error_t pvm_invoke_traced(pvm_program_t* program, uint32_t entry, uint64_t gas, const uint8_t* arguments, size_t arguments_len,
                              pvm_host_function_t function, void* user_data, pvm_line_function_t line, void* line_data,
                              pvm_invocation_t* invocation);

typedef struct pvm_replay pvm_replay_t;

typedef enum {
    PVM_REPLAY_START = 0,      /* a trace begins: pvm_replay_vm is the VM that is going to run */
    PVM_REPLAY_ECALLI = 1,     /* the guest came to the ecalli that the trace has, and what the host did has been done */
    PVM_REPLAY_END = 2,        /* the run ended as the trace says; another trace may follow */
    PVM_REPLAY_DONE = 3,       /* the text has no further trace, or the step before has failed */
    PVM_REPLAY_DIVERGED = 4,   /* the guest did something else: kind and what follows it in the report */
    PVM_REPLAY_MALFORMED = 5,  /* a line is broken, or not one that can stand there */
    PVM_REPLAY_INCOMPLETE = 6, /* the text ends within a trace */
    PVM_REPLAY_FAILED = 7      /* error: the program is none, or memory is short */
} pvm_replay_step_t;

typedef enum {
    PVM_DIVERGED_NOT = 0,
    PVM_DIVERGED_EXIT = 1,     /* expected and actual: pvm_exit_t, PVM_EXIT_HOST for an ecalli */
    PVM_DIVERGED_NUMBER = 2,   /* of the ecalli */
    PVM_DIVERGED_PC = 3,
    PVM_DIVERGED_GAS = 4,
    PVM_DIVERGED_REGISTER = 5, /* index */
    PVM_DIVERGED_MEMORY = 6,   /* the octet at address, which the host read */
    PVM_DIVERGED_ACCESS = 7    /* the host read or wrote memory from address on that the guest does not have */
} pvm_divergence_t;

typedef struct {
    uint64_t line;             /* of the text, from 1: the last one that was read */
    uint64_t ecallis;          /* of this trace that were the same */
    pvm_error_t error;
    pvm_divergence_t kind;
    uint32_t index;
    uint64_t address;
    uint64_t expected;         /* what the trace says */
    uint64_t actual;
} pvm_replay_report_t;

/* Makes a replay of a text with any number of traces, to be freed with pvm_replay_destroy. Lines may have anything before and
 * behind what is of the format; others are ignored. isa is for traces that do not say it themselves. */
pvm_error_t pvm_replay_create(const char* text, size_t length, pvm_isa_t isa, pvm_engine_t engine, pvm_memory_mode_t mode,
                              pvm_replay_t** replay);

/* Goes on to the next thing to tell. The report is filled in whatever that is; it may be NULL. */
pvm_replay_step_t pvm_replay_next(pvm_replay_t* replay, pvm_replay_report_t* report);

/* The VM of the trace, to look at between two steps and to trace (NULL if there is none; not to be destroyed). It is gone with the
 * next trace. Behind PVM_REPLAY_START it may be run, with a host of one's own; the replay is then good for nothing but
 * pvm_replay_destroy. */
pvm_vm_t* pvm_replay_vm(const pvm_replay_t* replay);

void pvm_replay_destroy(pvm_replay_t* replay);

#ifdef __cplusplus
}
#endif

#endif /* PVM_EXT_H */
