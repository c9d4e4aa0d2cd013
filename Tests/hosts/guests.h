/* Guest programs for the tests of hosts, and the means to run them in a chosen way. */
#ifndef GUESTS_H
#define GUESTS_H

#include "check.h"

enum { DATA_PAGE = 0x30, DATA = DATA_PAGE * 4096 };

/* Stores 5 at DATA, in a page that is not there at first. */
static inline code_t storing_guest(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 5);
    OP(code, STORE_U64, 7, IMM32(DATA));
    OP_HALT(code, 0);
    return code;
}

/* The same around a host call. */
static inline code_t calling_guest(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 7, 5);
    OP(code, ECALLI, 3);
    OP(code, STORE_U64, 7, IMM32(DATA));
    OP_HALT(code, 0);
    return code;
}

/* Counts register 2 down to 0. */
static inline code_t counting_guest(void) {
    code_t code = code_new();
    OP(code, FALLTHROUGH);
    OP(code, ADD_IMM_64, REGS(2, 2), (uint8_t)-1);
    OP(code, BRANCH_NE_IMM, 2, (uint8_t)-3);
    OP_HALT(code, 0);
    return code;
}

static inline pvm_vm_t* vm_of(const code_t* code, pvm_engine_t engine, pvm_memory_mode_t mode) {
    pvm_vm_t* vm = code_vm(code, UINT64_MAX / 2);
    NEED(vm != NULL);
    EQUAL(pvm_set_engine(vm, engine), PVM_OK);
    EQUAL(pvm_set_memory_mode(vm, mode), PVM_OK);
    return vm;
}

static inline pvm_vm_t* guarded_vm(const code_t* code) { return vm_of(code, PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED); }

/* Runs into the fault of the two storing guests, repairs it, goes on and frees the VM. */
static inline void fault_and_repair(pvm_vm_t* vm) {
    EQUAL(pvm_run(vm, 0), PVM_EXIT_FAULT);
    EQUAL(pvm_fault_page(vm), DATA);
    EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(pvm_read_ram_bytes_64(vm, DATA, NULL), 5);
    pvm_destroy(vm);
}

static inline void guarded_faults(int count) {
    const code_t code = storing_guest();
    for (int i = 0; i < count; i++) fault_and_repair(guarded_vm(&code));
}

#endif /* GUESTS_H */
