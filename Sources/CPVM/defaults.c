#define _GNU_SOURCE
#include "CPVM.h"

#include <pthread.h>

/* What VMs start with: pvm_set_defaults, else DUET_PVM_ENGINE and DUET_PVM_MEMORY; and DUET_PVM_PERF. Read once: the environment is not
 * to be read while somebody changes it. */

static _Atomic int engine = PVM_ENGINE_AUTO;
static _Atomic int memory = PVM_MEMORY_AUTO;
static int perf = DUET_PERF_NOTHING;

static void read_environment(void) {
    const char *wanted = getenv("DUET_PVM_ENGINE");
    if (wanted != NULL) {
        if (strcmp(wanted, "interpreter") == 0) engine = PVM_ENGINE_INTERPRETER;
        if (strcmp(wanted, "recompiler") == 0) engine = PVM_ENGINE_RECOMPILER;
    }
    wanted = getenv("DUET_PVM_MEMORY");
    if (wanted != NULL) {
        if (strcmp(wanted, "checked") == 0) memory = PVM_MEMORY_CHECKED;
        if (strcmp(wanted, "guarded") == 0) memory = PVM_MEMORY_GUARDED;
    }
    /* It makes the process write a file, which a program with more rights than its caller must not be made to do. */
    wanted = secure_getenv("DUET_PVM_PERF");
    if (wanted != NULL) {
        if (strcmp(wanted, "map") == 0) perf = DUET_PERF_FUNCTIONS;
        if (strcmp(wanted, "blocks") == 0) perf = DUET_PERF_BLOCKS;
    }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

pvm_engine_t duet_default_engine(void) {
    pthread_once(&once, read_environment);
    return (pvm_engine_t)atomic_load_explicit(&engine, memory_order_relaxed);
}

pvm_memory_mode_t duet_default_memory_mode(void) {
    pthread_once(&once, read_environment);
    return (pvm_memory_mode_t)atomic_load_explicit(&memory, memory_order_relaxed);
}

void duet_set_defaults(pvm_engine_t new_engine, pvm_memory_mode_t new_memory) {
    pthread_once(&once, read_environment);
    atomic_store_explicit(&engine, (int)new_engine, memory_order_relaxed);
    atomic_store_explicit(&memory, (int)new_memory, memory_order_relaxed);
}

int duet_perf_wanted(void) {
    pthread_once(&once, read_environment);
    return perf;
}

/* A look costs some 50 ns, a slice some 10 µs: more than guarding the memory of a VM. */
static _Atomic uint64_t auto_slice = 4096;
static _Atomic uint32_t auto_gas_per_instruction = 10;

uint64_t duet_auto_slice(void) { return atomic_load_explicit(&auto_slice, memory_order_relaxed); }
uint32_t duet_auto_gas_per_instruction(void) { return atomic_load_explicit(&auto_gas_per_instruction, memory_order_relaxed); }

void duet_set_auto_policy(uint64_t slice, uint32_t gas_per_instruction) {
    atomic_store_explicit(&auto_slice, slice, memory_order_relaxed);
    atomic_store_explicit(&auto_gas_per_instruction, gas_per_instruction, memory_order_relaxed);
}
