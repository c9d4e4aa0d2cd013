/* threads [--threads N] [--rounds N] [--checked] [--no-accounts]: many threads create, run and destroy VMs over 20 shared programs, in every
 * engine and memory mode, with room for all of their code and with room for a part; each run must equal what a single thread and
 * the interpreter made of it before, and compiled code must stay within the cache's bound.
 * The accounts at the end are exact with GLIBC_TUNABLES=glibc.malloc.tcache_count=0.
 * --checked leaves guarded memory out, --no-accounts what is left of memory at the end (where a checker does that). */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>

#include "check.h"

enum { PROGRAMS = 20, VARIANTS = 6, MAX_THREADS = 64, PAGES = 8, FIRST_PAGE = 0x30, BASE = FIRST_PAGE * 4096 };

/* ---- Programs ---- */

static uint64_t state;
static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

/* Random work in a loop: arithmetic, stores and loads over pages of which some are missing at first, host calls, and some way
 * out at the end. Register 2 counts, 3 holds an address, the others hold data. */
static code_t random_guest(uint64_t seed) {
    state = seed;
    code_t code = code_new();
    OP(code, LOAD_IMM, 3, IMM32(BASE));
    OP(code, FALLTHROUGH);
    const uint32_t loop = code.size;
    const uint32_t count = 6 + draw(30);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t a = (uint8_t)(4 + draw(9)), b = (uint8_t)(4 + draw(9)), c = (uint8_t)(4 + draw(9));
        const uint32_t address = BASE + draw(PAGES * 4096 - 8);
        switch (draw(9)) {
        case 0: case 1: OP(code, ADD_64, REGS(a, b), c); break;
        case 2: OP(code, ADD_IMM_64, REGS(a, b), (uint8_t)draw(256)); break;
        case 3: OP(code, STORE_U64, a, IMM32(address)); break;
        case 4: OP(code, LOAD_U64, a, IMM32(address)); break;
        case 5: OP(code, STORE_IND_U64, REGS(a, 3), (uint8_t)draw(128)); break;
        case 6: OP(code, LOAD_IND_U8, REGS(a, 3), (uint8_t)draw(128)); break;
        case 7: OP(code, MOVE_REG, REGS(a, b)); break;
        default: OP(code, ECALLI, (uint8_t)draw(100)); break;
        }
    }
    OP(code, ADD_IMM_64, REGS(3, 3), IMM32(draw(3000)));
    OP(code, ADD_IMM_64, REGS(2, 2), (uint8_t)-1);
    OP(code, BRANCH_NE_IMM, 2, IMM32(0));
    /* The one-octet second operand octet says how long the immediate is: none, and the offset takes the rest. */
    const uint32_t back = loop - (code.size - 6);
    for (int i = 0; i < 4; i++) code.octets[code.size - 4 + (uint32_t)i] = (uint8_t)(back >> (8 * i));
    switch (draw(4)) {
    case 0: OP(code, TRAP); break;
    case 1: OP(code, JUMP_IND, 12, IMM32(6)); break; /* mostly nowhere */
    default: OP_HALT(code, 0); break;
    }
    return code;
}

static code_t codes[PROGRAMS];
static pvm_isa_t isa_of(int number) { return number % 2 ? PVM_ISA_GP080 : PVM_ISA_GP072; }

/* ---- One case and what is seen of it ---- */

typedef struct { uint64_t hash, exits[8]; } observation_t;

static void mix(observation_t* seen, uint64_t value) {
    seen->hash = (seen->hash ^ value) * 0x9e3779b97f4a7c15u;
    seen->hash ^= seen->hash >> 29;
}

static void look_at(observation_t* seen, const pvm_vm_t* vm, pvm_exit_t exit) {
    seen->exits[exit]++;
    mix(seen, (uint64_t)exit);
    mix(seen, vm->pc);
    mix(seen, (uint64_t)pvm_get_gas_signed(vm));
    for (int i = 0; i < 13; i++) mix(seen, vm->registers[i]);
    if (exit == PVM_EXIT_FAULT) mix(seen, pvm_fault_page(vm));
    if (exit == PVM_EXIT_HOST) mix(seen, (uint64_t)vm->host_func_id);
}

static pvm_action_t serve(pvm_vm_t* vm, int func_id, void* user_data) {
    observation_t* seen = (observation_t*)user_data;
    look_at(seen, vm, PVM_EXIT_NONE);
    vm->registers[4 + func_id % 9] += (uint64_t)func_id + 1;
    if (func_id % 5 == 0) return pvm_charge_gas(vm, 3) == PVM_OK ? PVM_ACTION_CONTINUE : PVM_ACTION_OOG;
    if (func_id % 7 == 0) return PVM_ACTION_SUSPEND;
    return PVM_ACTION_CONTINUE;
}

/* Runs a program to its end: faults are repaired, suspended runs taken up, gas is given once more. */
static int observe(pvm_program_t* program, int variant, pvm_engine_t engine, pvm_memory_mode_t mode, observation_t* seen) {
    memset(seen, 0, sizeof *seen);
    pvm_vm_t* vm = NULL;
    const uint64_t gas = variant % 3 == 0 ? 1000000 : variant % 3 == 1 ? 137 + (uint64_t)variant : 1501;
    if (pvm_vm_create(program, NULL, 0, gas, &vm) != PVM_OK) return 0;
    if (pvm_set_engine(vm, engine) != PVM_OK || pvm_set_memory_mode(vm, mode) != PVM_OK) return 0;
    pvm_map_pages(vm, FIRST_PAGE + (uint32_t)variant % PAGES, 2, variant < 3 ? PVM_ACCESS_WRITE : PVM_ACCESS_READ);
    pvm_set_host_function(vm, serve, seen);
    vm->registers[2] = 20 + 10 * (uint64_t)variant;
    int gifts = 1;
    pvm_exit_t exit = pvm_run(vm, 0);
    for (int exits = 0; exits < 200; exits++) {
        look_at(seen, vm, exit);
        if (exit == PVM_EXIT_FAULT) {
            const uint32_t page = pvm_fault_page(vm) / 4096;
            if (page < FIRST_PAGE || page > FIRST_PAGE + 40) break;
            pvm_map_pages(vm, page, 1, PVM_ACCESS_WRITE);
        } else if (exit == PVM_EXIT_OOG) {
            if (gifts-- == 0) break;
            pvm_set_gas(vm, 5000);
        } else if (exit != PVM_EXIT_HOST) {
            break;
        }
        exit = pvm_resume(vm);
    }
    for (uint32_t page = FIRST_PAGE; page < FIRST_PAGE + 44; page++) {
        uint64_t octets[512];
        mix(seen, (uint64_t)pvm_page_access(vm, page));
        if (pvm_read(vm, page * 4096u, 4096, (uint8_t*)octets) != PVM_OK) continue;
        for (int i = 0; i < 512; i++) mix(seen, octets[i]);
    }
    pvm_destroy(vm);
    return 1;
}

static observation_t expected[PROGRAMS][VARIANTS];

static void prepare(void) {
    uint64_t exits[8] = { 0 };
    for (int i = 0; i < PROGRAMS; i++) {
        codes[i] = random_guest((uint64_t)i + 1);
        pvm_program_t* program = code_program(&codes[i], isa_of(i));
        NEED(program != NULL);
        for (int variant = 0; variant < VARIANTS; variant++) {
            NEED(observe(program, variant, PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED, &expected[i][variant]));
            for (int exit = 0; exit < 8; exit++) exits[exit] += expected[i][variant].exits[exit];
        }
        pvm_program_release(program);
    }
    printf("threads: per pass");
    for (int exit = 0; exit < 8; exit++) {
        if (exit == PVM_EXIT_STEP || exit == PVM_EXIT_REFUSED) continue;
        const char* name = exit == PVM_EXIT_NONE ? "host functions" : pvm_exit_name((pvm_exit_t)exit);
        printf("%s %s %" PRIu64, exit ? "," : "", name, exits[exit]);
        CHECK(exits[exit] > 0); /* every kind of exit happens */
    }
    printf("\n");
}

/* ---- Threads ---- */

static int thread_count = MAX_THREADS, rounds = 30, only_checked, no_accounts;
static pvm_program_t* shared[PROGRAMS];
static pthread_barrier_t barrier;

static int same(pvm_program_t* program, int number, uint32_t choice) {
    static const pvm_engine_t engines[] = { PVM_ENGINE_RECOMPILER, PVM_ENGINE_AUTO, PVM_ENGINE_RECOMPILER, PVM_ENGINE_INTERPRETER };
    static const pvm_memory_mode_t modes[] = { PVM_MEMORY_GUARDED, PVM_MEMORY_CHECKED, PVM_MEMORY_AUTO };
    const int variant = (int)(choice % VARIANTS);
    const pvm_engine_t engine = engines[choice / VARIANTS % 4];
    const pvm_memory_mode_t mode = only_checked ? PVM_MEMORY_CHECKED : modes[choice / VARIANTS / 4 % 3];
    observation_t seen;
    const int done = observe(program, variant, engine, mode, &seen);
    pvm_cache_statistics_t cache;
    if (pvm_cache_statistics(&cache) != PVM_OK || cache.octets > cache.limit || cache.code_octets > cache.limit) {
        fprintf(stderr, "%" PRIu64 " octets of programs, %" PRIu64 " of code: the limit is %" PRIu64 "\n", cache.octets, cache.code_octets, cache.limit);
        return 0;
    }
    if (done && memcmp(&seen, &expected[number][variant], sizeof seen) == 0) return 1;
    fprintf(stderr, "program %d, variant %d, engine %d, memory %d differs from the interpreter\n", number, variant, engine, mode);
    return 0;
}

/* Each round: all threads start on the same fresh programs at once, so that they are compiled by several; then each goes its
 * own way, with programs of its own made from the same code among them. */
static void* work(void* argument) {
    const uintptr_t self = (uintptr_t)argument;
    uint64_t random = self * 0x9e3779b97f4a7c15u + 1;
    uintptr_t wrong = 0;
    for (int round = 0; round < rounds; round++) {
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            for (int i = 0; i < PROGRAMS; i++) shared[i] = code_program(&codes[i], isa_of(i));
        pthread_barrier_wait(&barrier);
        for (int i = 0; i < PROGRAMS; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            const uint32_t choice = (uint32_t)(random >> 34);
            const int number = i < 5 ? (round + i) % PROGRAMS : (int)(choice / 100 % PROGRAMS);
            if (choice % 5 == 4) {
                pvm_program_t* own = code_program(&codes[number], isa_of(number));
                wrong += own == NULL || !same(own, number, choice / 7);
                pvm_program_release(own);
            } else {
                wrong += !same(pvm_program_retain(shared[number]), number, choice / 7);
                pvm_program_release(shared[number]);
            }
        }
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            for (int i = 0; i < PROGRAMS; i++) pvm_program_release(shared[i]);
    }
    return (void*)wrong;
}

static void all_threads(void) {
    pthread_t threads[MAX_THREADS];
    NEED(pthread_barrier_init(&barrier, NULL, (unsigned)thread_count) == 0);
    for (int i = 0; i < thread_count; i++) NEED(pthread_create(&threads[i], NULL, work, (void*)(uintptr_t)(i + 1)) == 0);
    for (int i = 0; i < thread_count; i++) {
        void* wrong = NULL;
        pthread_join(threads[i], &wrong);
        EQUAL((uintptr_t)wrong, 0);
    }
    pthread_barrier_destroy(&barrier);
}

/* Each program is compiled once for each memory mode, whoever wants it first. */
static void with_room_for_all(void) {
    NEED(pvm_cache_set_limit(0) == PVM_OK && pvm_cache_set_limit(128 << 20) == PVM_OK);
    pvm_cache_statistics_t before, after;
    NEED(pvm_cache_statistics(&before) == PVM_OK);
    all_threads();
    NEED(pvm_cache_statistics(&after) == PVM_OK);
    CHECK(after.compilations - before.compilations <= 2 * PROGRAMS);
    CHECK(after.compilations > before.compilations);
    EQUAL(after.evictions, before.evictions);
    CHECK(after.hits > before.hits);
    /* What is left then is no program. */
    EQUAL(pvm_cache_set_limit(0), PVM_OK);
    NEED(pvm_cache_statistics(&after) == PVM_OK);
    EQUAL(after.octets, 0);
    EQUAL(after.code_octets, 0);
}

/* They come and go, and some find no room. */
static void with_room_for_some(void) {
    NEED(pvm_cache_set_limit(64 * 1024) == PVM_OK);
    pvm_cache_statistics_t before, after;
    NEED(pvm_cache_statistics(&before) == PVM_OK);
    all_threads();
    NEED(pvm_cache_statistics(&after) == PVM_OK);
    CHECK(after.evictions > before.evictions);
    printf("threads: with 64 KiB %" PRIu64 " compilations, %" PRIu64 " evictions\n", after.compilations - before.compilations,
           after.evictions - before.evictions);
}

/* ---- What is left afterwards ---- */

typedef struct { uint64_t heap, reservations, executable; } left_t;

/* Octets of the heap; of mappings as large as guest memory, which guarding may have split; and of executable memory
 * without a file. */
static left_t left(void) {
    left_t result = { 0, 0, 0 };
    if (no_accounts) return result;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    malloc_trim(0);
    result.heap = mallinfo2().uordblks;
    FILE* maps = fopen("/proc/self/maps", "r");
    NEED(maps != NULL);
    char line[512];
    while (fgets(line, sizeof line, maps)) {
        uint64_t start, end, inode;
        char rights[5];
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64, &start, &end, rights, &inode) != 4 || inode) continue;
        if (end - start >= (uint64_t)1 << 31) result.reservations += end - start;
        if (rights[2] == 'x') {
            CHECK(rights[1] != 'w');
            result.executable += end - start;
        }
    }
    fclose(maps);
#endif
    return result;
}

int main(int argc, char** argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--checked") == 0) only_checked = 1;
        else if (strcmp(argv[i], "--no-accounts") == 0) no_accounts = 1;
        else if (i + 1 < argc && strcmp(argv[i], "--threads") == 0) thread_count = atoi(argv[++i]);
        else if (i + 1 < argc && strcmp(argv[i], "--rounds") == 0) rounds = atoi(argv[++i]);
        else return 2;
    }
    if (thread_count < 1 || thread_count > MAX_THREADS) return 2;
    check_test = "threads";
    prepare();
    /* Auto goes over to compiled code in the middle of these short runs. */
    NEED(pvm_set_auto_policy(60, 1) == PVM_OK);
    with_room_for_all();
    const left_t once = left();
    with_room_for_some();
    with_room_for_all();
    const left_t twice = left();
    printf("threads: %d threads, heap %" PRIu64 " then %" PRIu64 ", reservations %" PRIu64 " MiB then %" PRIu64
           " MiB, executable %" PRIu64 " KiB then %" PRIu64 " KiB\n", thread_count, once.heap, twice.heap,
           once.reservations >> 20, twice.reservations >> 20, once.executable >> 10, twice.executable >> 10);
    CHECK(twice.heap <= once.heap + 16384);
    CHECK(twice.reservations <= once.reservations + ((uint64_t)1 << 32));
    CHECK(twice.reservations <= (uint64_t)64 << 30); /* a handful is kept for the next VM, not one for each thread */
    CHECK(twice.executable <= once.executable + 65536);
    return finish(__FILE__);
}
