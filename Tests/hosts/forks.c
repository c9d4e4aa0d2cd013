/* forks TEST [COUNT] (or --list): processes that fork while threads of theirs are in the library. The child has a copy of whatever the
 * others were doing, and none of the threads that would finish it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>

#include "evm.h"
#include "guests.h"
#include "faults.h"
#include "duet_precompile.h"

static int forks = 1000;

/* ---- What parent and children do ---- */

static uint64_t next_random(uint64_t* state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* A program that no other is equal to, of so many instructions; a fault at DATA is in it. */
enum { LARGE = 4000 };
typedef struct { uint8_t octets[8 * LARGE], mask[8 * LARGE]; size_t size; } large_t;
static void large_add(large_t* code, const uint8_t* octets, size_t count) {
    memcpy(code->octets + code->size, octets, count);
    memset(code->mask + code->size, 0, count);
    code->mask[code->size] = 1;
    code->size += count;
}
static pvm_program_t* unique_program(uint64_t number, int instructions) {
    large_t* code = (large_t*)malloc(sizeof *code);
    NEED(code != NULL);
    code->size = 0;
    const uint8_t mark[] = { LOAD_IMM_64, 9, IMM32(number), IMM32(number >> 32) };
    large_add(code, mark, sizeof mark);
    const uint8_t store[] = { STORE_U64, 7, IMM32(DATA) };
    large_add(code, store, sizeof store);
    for (int i = 0; i < instructions; i++) {
        const uint8_t add[] = { ADD_IMM_64, REGS(8, 8), (uint8_t)i };
        large_add(code, add, sizeof add);
    }
    const uint8_t halt[] = { JUMP_IND, 0, 0, 0, 0xff };
    large_add(code, halt, sizeof halt);
    pvm_program_t* program = NULL;
    EQUAL(pvm_program_create_raw(code->octets, code->size, code->mask, code->size, NULL, 0, PVM_ISA_GP072, &program), PVM_OK);
    free(code);
    return program;
}

static void run_program(pvm_program_t* program, pvm_engine_t engine, pvm_memory_mode_t mode) {
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, 100000, &vm) == PVM_OK);
    EQUAL(pvm_set_engine(vm, engine), PVM_OK);
    EQUAL(pvm_set_memory_mode(vm, mode), PVM_OK);
    vm->registers[7] = 5;
    fault_and_repair(vm);
}

/* Above what is not looked for in the cache, and different each time. */
static Code* contract(uint64_t number) {
    Code* code = (Code*)malloc(sizeof *code);
    NEED(code != NULL);
    code->size = 0;
    push(code, number);
    emit(code, 0x50); /* POP */
    for (int i = 0; i < 2000; i++) { push(code, (uint64_t)i); emit(code, 0x50); }
    push(code, 7); push(code, 0); emit(code, 0x52); /* MSTORE */
    push(code, 32); push(code, 0); emit(code, 0xf3); /* RETURN */
    return code;
}
static void run_contract(struct evmc_vm* vm, uint64_t number) {
    Host host = fresh_host();
    Code* code = contract(number);
    for (int i = 0; i < 3; i++) {
        const End end = execute_on(vm, &host, EVMC_OSAKA, 0, 1000000, code);
        EQUAL(end.status, EVMC_SUCCESS);
        EQUAL(end.output[31], 7);
    }
    free(code);
}

/* ---- Load ---- */

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static pvm_program_t* shared; /* is being compiled at this moment, or soon will be */
static volatile int stop;

static void share(pvm_program_t* program) {
    pthread_mutex_lock(&shared_lock);
    pvm_program_t* before = shared;
    shared = pvm_program_retain(program);
    pthread_mutex_unlock(&shared_lock);
    pvm_program_release(before);
}

static void* load(void* argument) {
    const uintptr_t self = (uintptr_t)argument;
    uint64_t random = self;
    struct evmc_vm* evm = evmc_create_duet();
    NEED(evm != NULL);
    /* Much comes into the cache of analysed code. */
    EQUAL(evm->set_option(evm, "cache_after", "0"), EVMC_SET_OPTION_SUCCESS);
    while (!stop) {
        const uint64_t number = next_random(&random) << 8 | self;
        switch (self % 4) {
        case 0: { /* compiles large programs */
            pvm_program_t* program = unique_program(number, LARGE - 10);
            share(program);
            run_program(program, PVM_ENGINE_RECOMPILER, number % 512 < 256 ? PVM_MEMORY_GUARDED : PVM_MEMORY_CHECKED);
            pvm_program_release(program);
            break;
        }
        case 1: { /* creates and destroys */
            for (int i = 0; i < 50; i++) guarded_faults(1);
            pvm_program_t* program = unique_program(number, 20);
            run_program(program, PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED);
            pvm_program_release(program);
            if (number % 1024 < 256) pvm_cache_set_limit(0); /* it is filled anew */
            pvm_cache_set_limit(16 << 20);
            break;
        }
        case 2:
            run_contract(evm, number);
            break;
        default:
            run_contract(evm, number % 20);
            if (number % 64 < 16) evm->set_option(evm, "cache_bytes", "0");
            evm->set_option(evm, "cache_bytes", "1000000");
        }
    }
    evm->destroy(evm);
    return NULL;
}

static int generations; /* that the child is to have, in their turn */
static void in_the_child(void) {
    pvm_program_t* program = shared; /* nobody changes it here */
    if (program != NULL) {
        run_program(program, PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED);
        run_program(program, PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED);
    }
    guarded_faults(2);
    program = unique_program(42, 20);
    run_program(program, PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED);
    pvm_program_release(program);
    pvm_cache_statistics_t statistics;
    EQUAL(pvm_cache_statistics(&statistics), PVM_OK);
    EQUAL(pvm_cache_set_limit(0), PVM_OK);
    struct evmc_vm* evm = evmc_create_duet();
    NEED(evm != NULL);
    for (uint64_t i = 0; i < 4; i++) run_contract(evm, i);
    evm->set_option(evm, "cache_bytes", "0");
    evm->destroy(evm);
    if (generations-- > 0) EQUAL(death_of(in_the_child), 0);
}

static void pause_for(long nanoseconds) {
    const struct timespec time = { 0, nanoseconds };
    nanosleep(&time, NULL);
}

static void forks_under_load(void) {
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) NEED(pthread_create(&threads[i], NULL, load, (void*)i) == 0);
    uint64_t random = 1;
    int bad = 0;
    for (int i = 0; i < forks && bad < 3; i++) {
        pause_for((long)(next_random(&random) % 300000));
        /* The child reads it without a lock, as its copy. */
        pthread_mutex_lock(&shared_lock);
        generations = i % 10 == 0 ? 2 : 0;
        const int death = death_of(in_the_child);
        pthread_mutex_unlock(&shared_lock);
        if (!CHECK(death == 0)) {
            fprintf(stderr, "    child %d: %d%s\n", i, death, death == SIGALRM ? " (it hung)" : "");
            bad++;
        }
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

/* ---- The first use of all ---- */

/* Makes the tables of a curve when it is called for the first time. */
static void recover(void) {
    static const uint8_t r[32] = {
        0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b, 0x07,
        0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17, 0x98 };
    uint8_t s[32] = { 0 }, hash[32] = { 0 }, address[20];
    s[31] = 1;
    hash[0] = 1;
    EQUAL(duet_recover_address(hash, 0, r, s, address), 1);
}
static void first_things(void) {
    recover();
    guarded_faults(1);
    pvm_program_t* program = unique_program(3, 20);
    run_program(program, PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED);
    pvm_program_release(program);
    struct evmc_vm* evm = evmc_create_duet();
    NEED(evm != NULL);
    run_contract(evm, 1);
    evm->set_option(evm, "cache_bytes", "0");
    evm->destroy(evm);
}
static void* first_thing(void* argument) {
    switch ((uintptr_t)argument) {
    case 0: recover(); break;
    case 1: guarded_faults(1); break;
    default: {
        struct evmc_vm* evm = evmc_create_duet();
        run_contract(evm, 1);
        evm->destroy(evm);
    }
    }
    return NULL;
}

static long wait_now;
static void fork_at_first_use(void) {
    pthread_t threads[3];
    for (uintptr_t i = 0; i < 3; i++) NEED(pthread_create(&threads[i], NULL, first_thing, (void*)i) == 0);
    pause_for(wait_now);
    EQUAL(death_of(first_things), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
}
static void forks_at_first_use(void) {
    uint64_t random = 2;
    int bad = 0;
    for (int i = 0; i < forks / 2 && bad < 3; i++) {
        wait_now = (long)(next_random(&random) % 1000000);
        bad += !EQUAL(death_of(fork_at_first_use), 0);
    }
}

static const struct { const char* name; void (*run)(void); } tests[] = {
#define TEST(name) { #name, name }
    TEST(forks_under_load), TEST(forks_at_first_use),
};

int main(int argc, char** argv) {
    (void)run_on_small_stack, (void)execute, (void)open_instances, (void)close_instances;
    if (argc == 3) forks = atoi(argv[2]);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (argc == 2 && strcmp(argv[1], "--list") == 0) {
            puts(tests[i].name);
        } else if (argc >= 2 && strcmp(argv[1], tests[i].name) == 0) {
            check_test = tests[i].name;
            tests[i].run();
            return finish(tests[i].name);
        }
    }
    return argc == 2 && strcmp(argv[1], "--list") == 0 ? 0 : 2;
}
