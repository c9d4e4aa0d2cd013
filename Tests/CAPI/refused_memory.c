/* The process's first program, VM and compilation, with each allocation refused in turn: an error or the interpreter, never the end of the
 * process. Every try is a process of its own, so that it is the first one there too. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#ifdef __cplusplus
#define THROWS_NOTHING noexcept
extern "C" {
#else
#define THROWS_NOTHING
#endif

/* glibc's own, under the names that it keeps for this. */
void* __libc_malloc(size_t) THROWS_NOTHING;
void* __libc_calloc(size_t, size_t) THROWS_NOTHING;
void* __libc_realloc(void*, size_t) THROWS_NOTHING;
void* __libc_memalign(size_t, size_t) THROWS_NOTHING;

static long until_refused = -1; /* allocations before the one that is refused; below 0: none is */

static int is_refused(void) THROWS_NOTHING { return until_refused >= 0 && until_refused-- == 0; }

void* malloc(size_t size) THROWS_NOTHING { return is_refused() ? NULL : __libc_malloc(size); }
void* calloc(size_t count, size_t size) THROWS_NOTHING { return is_refused() ? NULL : __libc_calloc(count, size); }
void* realloc(void* old, size_t size) THROWS_NOTHING { return is_refused() ? NULL : __libc_realloc(old, size); }
void* aligned_alloc(size_t alignment, size_t size) THROWS_NOTHING { return is_refused() ? NULL : __libc_memalign(alignment, size); }
int posix_memalign(void** memory, size_t alignment, size_t size) THROWS_NOTHING {
    void* const given = is_refused() ? NULL : __libc_memalign(alignment, size);
    if (given == NULL) return ENOMEM;
    *memory = given;
    return 0;
}

#ifdef __cplusplus
}
#endif

/* Sums up 1 to 100 on a new VM: 1 if that was right or refused as an error. */
static int sums(pvm_engine_t engine, pvm_memory_mode_t mode, pvm_isa_t isa) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 2, 100);
    OP(code, FALLTHROUGH);
    OP(code, ADD_64, REGS(7, 2), 7);
    OP(code, ADD_IMM_64, REGS(2, 2), (uint8_t)-1);
    OP(code, BRANCH_NE_IMM, 2, (uint8_t)-6);
    OP_HALT(code, 0);
    code_jump_entry(&code, 4);
    pvm_program_t* program = NULL;
    const pvm_error_t error = pvm_program_create_raw(code.octets, code.size, code.mask, code.size, code.jumps, code.jump_count, isa, &program);
    if (error != PVM_OK) return error == PVM_ERR_NO_MEMORY && program == NULL;
    pvm_vm_t* vm = NULL;
    int good = 1;
    const pvm_error_t no_vm = pvm_vm_create(program, NULL, 0, 100000, &vm);
    if (no_vm != PVM_OK) {
        good = no_vm == PVM_ERR_NO_MEMORY && vm == NULL;
    } else {
        good = pvm_set_engine(vm, engine) != PVM_ERR_NO_MEMORY && pvm_set_memory_mode(vm, mode) != PVM_ERR_NO_MEMORY;
        good = good && pvm_run(vm, 0) == PVM_EXIT_HALT && vm->registers[7] == 5050;
        pvm_destroy(vm);
    }
    pvm_program_release(program);
    return good;
}

static void first_time(pvm_engine_t engine, pvm_memory_mode_t mode, pvm_isa_t isa) {
    for (long refused = 0; refused < 200; refused++) {
        const pid_t child = fork();
        NEED(child >= 0);
        if (child == 0) {
            if (engine == PVM_ENGINE_AUTO) pvm_set_auto_policy(1, 0);
            until_refused = refused;
            int good = sums(engine, mode, isa);
            const int was_refused = until_refused < 0;
            /* With memory there again all is as it should be, code and all. */
            until_refused = -1;
            good = good && sums(engine, mode, isa);
            /* With what the library does when a process ends: nothing is left of the heap. */
            exit(!good ? 2 : was_refused ? 1 : 0);
        }
        int status = 0;
        NEED(waitpid(child, &status, 0) == child);
        if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) < 2)) {
            fprintf(stderr, "allocation %ld, engine %d, memory mode %d, instruction set %d\n", refused, (int)engine, (int)mode, (int)isa);
            return;
        }
        if (WEXITSTATUS(status) == 0) {
            CHECK(refused > 5);
            return;
        }
    }
    CHECK(!"more allocations than there can be");
}

static void nothing_ends_the_process(void) {
    for (int engine = 0; engine < 3; engine++)
        for (int mode = 1; mode < 3; mode++)
            for (int isa = 0; isa < 2; isa++) first_time((pvm_engine_t)engine, (pvm_memory_mode_t)mode, (pvm_isa_t)isa);
}

int main(void) {
    /* A memory checker has an allocator of its own in place of the one here, and nothing could be refused. */
    const char* preloaded = getenv("LD_PRELOAD");
    if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL) {
        puts("refused_memory.c: skipped under valgrind, whose allocator cannot be told to refuse");
        return 0;
    }
    RUN(nothing_ends_the_process);
    return finish(__FILE__);
}
