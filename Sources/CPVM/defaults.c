#define _GNU_SOURCE
#include "CPVM.h"

#include <pthread.h>

/* DUET_PVM_ENGINE and DUET_PVM_MEMORY, for programs that know pvm.h alone, and DUET_PVM_PERF. Read once: the environment is not to be read while
 * somebody changes it. */
static pvm_engine_t engine = PVM_ENGINE_AUTO;
static pvm_memory_mode_t memory = PVM_MEMORY_AUTO;
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
    return engine;
}

pvm_memory_mode_t duet_default_memory_mode(void) {
    pthread_once(&once, read_environment);
    return memory;
}

int duet_perf_wanted(void) {
    pthread_once(&once, read_environment);
    return perf;
}
