/* fibers TEST (or --list): guarded VMs whose host functions change the stack: other VMs run on the thread before they return, or they
 * return on another thread. */
#define _GNU_SOURCE
#include <pthread.h>

#include "guests.h"
#include "faults.h"

/* ---- Fibers ---- */

enum { STACK_SIZE = 256 * 1024 };

typedef struct fiber {
    void* stack_pointer;   /* while it does not run */
    void* resumer;         /* the stack pointer of whoever has resumed it */
    char* stack;
    void (*function)(struct fiber*);
    void* argument;
    int is_done;
} fiber_t;

/* Keeps the registers that a function keeps, and nothing else: as greenlet and boost.context do, it leaves the signal mask alone. */
void change_stack(void** from, void* to);
__asm__(".text\n"
        "change_stack:\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n");

static void begin_fiber(void) {
    fiber_t* self;
    __asm__ volatile("mov %%rbx, %0" : "=r"(self));
    self->function(self);
    self->is_done = 1;
    void* unused;
    change_stack(&unused, self->resumer);
}

static fiber_t* fiber_new(void (*function)(fiber_t*), void* argument) {
    fiber_t* fiber = (fiber_t*)calloc(1, sizeof *fiber);
    NEED(fiber != NULL);
    fiber->stack = (char*)mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(fiber->stack != MAP_FAILED);
    fiber->function = function;
    fiber->argument = argument;
    void** top = (void**)(fiber->stack + STACK_SIZE) - 16;
    top[4] = fiber; /* rbx */
    top[6] = (void*)begin_fiber;
    fiber->stack_pointer = top;
    return fiber;
}

static void fiber_free(fiber_t* fiber) {
    CHECK(fiber->is_done);
    munmap(fiber->stack, STACK_SIZE);
    free(fiber);
}

static void __attribute__((noinline)) resume(fiber_t* fiber) { change_stack(&fiber->resumer, fiber->stack_pointer); }
static void __attribute__((noinline)) yield(fiber_t* fiber) { change_stack(&fiber->stack_pointer, fiber->resumer); }

/* ---- What they do ---- */

/* Three host calls, each with a fault that is repaired behind it; 7 counts. */
enum { CALLS = 3 };
static code_t wandering_guest(void) {
    code_t code = code_new();
    for (uint32_t i = 0; i < CALLS; i++) {
        OP(code, ECALLI, (uint8_t)i);
        OP(code, STORE_U64, 7, IMM32(DATA + i * 4096));
        OP(code, ADD_IMM_64, REGS(7, 7), 1);
    }
    OP_HALT(code, 0);
    return code;
}

static pvm_action_t yield_inside(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)vm;
    yield((fiber_t*)user_data);
    return func_id == 2 && vm->registers[8] ? PVM_ACTION_SUSPEND : PVM_ACTION_CONTINUE;
}

static pvm_engine_t engine_now;
static pvm_memory_mode_t mode_now;

static void wander(fiber_t* self) {
    const code_t code = wandering_guest();
    pvm_vm_t* vm = vm_of(&code, engine_now, mode_now);
    pvm_set_host_function(vm, yield_inside, self);
    vm->registers[7] = (uintptr_t)self->argument;
    vm->registers[8] = (uintptr_t)self->argument % 2;
    const uint64_t gas = vm->gas;
    pvm_exit_t exit = pvm_run(vm, 0);
    int faults = 0, suspensions = 0;
    while (exit == PVM_EXIT_FAULT || exit == PVM_EXIT_HOST) {
        if (exit == PVM_EXIT_FAULT) {
            EQUAL(pvm_fault_page(vm), DATA + faults * 4096);
            EQUAL(pvm_map_pages(vm, DATA_PAGE + (uint32_t)faults++, 1, PVM_ACCESS_WRITE), PVM_OK);
        } else {
            suspensions++;
            yield(self);
        }
        exit = pvm_resume(vm);
    }
    EQUAL(exit, PVM_EXIT_HALT);
    EQUAL(faults, CALLS);
    EQUAL(suspensions, (uintptr_t)self->argument % 2);
    EQUAL(gas - vm->gas, 3 * CALLS + 1);
    for (uint32_t i = 0; i < CALLS; i++) EQUAL(pvm_read_ram_bytes_64(vm, DATA + i * 4096, NULL), (uintptr_t)self->argument + i);
    pvm_destroy(vm);
}

/* ---- Tests ---- */

enum { FIBERS = 20 };

static void in_turn(void) {
    for (int order = 0; order < 3; order++) {
        fiber_t* fibers[FIBERS];
        for (uintptr_t i = 0; i < FIBERS; i++) fibers[i] = fiber_new(wander, (void*)(i + 1));
        for (int left = FIBERS, round = 0; left > 0; round++) {
            for (int i = 0; i < FIBERS; i++) {
                fiber_t* fiber = fibers[order == 0 ? i : order == 1 ? FIBERS - 1 - i : (i * 7 + round) % FIBERS];
                if (fiber->is_done) continue;
                resume(fiber);
                left -= fiber->is_done;
            }
        }
        for (int i = 0; i < FIBERS; i++) fiber_free(fibers[i]);
    }
}

static void with_each(void (*test)(void)) {
    static const struct { pvm_engine_t engine; pvm_memory_mode_t mode; } ways[] = {
        { PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED }, { PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED },
        { PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED }, { PVM_ENGINE_AUTO, PVM_MEMORY_AUTO },
    };
    NEED(pvm_set_auto_policy(3, 0) == PVM_OK); /* code for these short runs as well */
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        engine_now = ways[i].engine;
        mode_now = ways[i].mode;
        EQUAL(death_of(test), 0);
    }
}

/* Several VMs at once on one thread, each within a host function while others run. */
static void fibers_of_one_thread(void) { with_each(in_turn); }

static int blocks_signals;
static void* resume_once(void* fiber) {
    if (blocks_signals) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, NULL);
    }
    resume((fiber_t*)fiber);
    return NULL;
}
static void once_on_a_thread(fiber_t* fiber) {
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, resume_once, fiber) == 0);
    pthread_join(thread, NULL);
}

/* Each part on a thread of its own, which has never seen a VM and may get the place of the one before. */
static void each_part_elsewhere(void) {
    for (uintptr_t i = 1; i <= FIBERS; i++) {
        fiber_t* fiber = fiber_new(wander, (void*)i);
        for (int part = 0; !fiber->is_done; part++) {
            blocks_signals = (i + (uintptr_t)part) % 3 == 0;
            if (part % 4 == 3) resume(fiber); else once_on_a_thread(fiber);
        }
        fiber_free(fiber);
    }
}
static void fibers_that_change_threads(void) { with_each(each_part_elsewhere); }

/* Threads that take whatever fiber is next. */
enum { THREADS = 8, MANY = 200 };
static fiber_t* queue[MANY];
static int queued, unfinished;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static void* work(void* argument) {
    uint64_t random = (uintptr_t)argument;
    for (;;) {
        fiber_t* fiber = NULL;
        pthread_mutex_lock(&queue_lock);
        const int is_over = unfinished == 0;
        if (queued > 0) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            const int place = (int)((random >> 33) % (uint64_t)queued);
            fiber = queue[place];
            queue[place] = queue[--queued];
        }
        pthread_mutex_unlock(&queue_lock);
        if (is_over) return NULL;
        if (fiber == NULL) continue;
        resume(fiber);
        pthread_mutex_lock(&queue_lock);
        if (fiber->is_done) unfinished--; else queue[queued++] = fiber;
        pthread_mutex_unlock(&queue_lock);
    }
}
static void work_stealing(void) {
    fiber_t* fibers[MANY];
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < MANY; i++) queue[i] = fibers[i] = fiber_new(wander, (void*)(i + 1));
    queued = unfinished = MANY;
    for (uintptr_t i = 0; i < THREADS; i++) NEED(pthread_create(&threads[i], NULL, work, (void*)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < MANY; i++) fiber_free(fibers[i]);
}
static void fibers_on_many_threads(void) { with_each(work_stealing); }

static const struct { const char* name; void (*run)(void); } tests[] = {
#define TEST(name) { #name, name }
    TEST(fibers_of_one_thread), TEST(fibers_that_change_threads), TEST(fibers_on_many_threads),
};

int main(int argc, char** argv) {
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (argc == 2 && strcmp(argv[1], "--list") == 0) {
            puts(tests[i].name);
        } else if (argc == 2 && strcmp(argv[1], tests[i].name) == 0) {
            check_test = tests[i].name;
            tests[i].run();
            return finish(tests[i].name);
        }
    }
    return argc == 2 && strcmp(argv[1], "--list") == 0 ? 0 : 2;
}
