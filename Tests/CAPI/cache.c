/* The program cache, and the engine that goes over to compiled code by itself. */
#include <pthread.h>

#include "check.h"

static pvm_cache_statistics_t statistics(void) {
    pvm_cache_statistics_t result;
    EQUAL(pvm_cache_statistics(&result), PVM_OK);
    return result;
}

/* Counts register 2 down to 0 and adds what it passes to register 7; `salt` makes programs of other bytes. */
static code_t counting(uint32_t salt) {
    code_t code = code_new();
    OP(code, LOAD_IMM, 4, IMM32(salt));             /* 0 */
    OP(code, FALLTHROUGH);                          /* 6 */
    OP(code, ADD_64, REGS(7, 2), 7);                /* 7 */
    OP(code, ADD_IMM_64, REGS(2, 2), (uint8_t)-1);  /* 10 */
    OP(code, BRANCH_NE_IMM, 2, (uint8_t)-6);        /* 13 */
    OP_HALT(code, 0);
    return code;
}

/* Runs it on a VM of its own: 1 if all is right. */
static int counts(pvm_program_t* program, uint64_t n, pvm_engine_t engine, pvm_memory_mode_t mode) {
    pvm_vm_t* vm = NULL;
    if (pvm_vm_create(program, NULL, 0, UINT64_C(1) << 40, &vm) != PVM_OK) return 0;
    if (pvm_set_engine(vm, engine) != PVM_OK || pvm_set_memory_mode(vm, mode) != PVM_OK) return 0;
    vm->registers[2] = n;
    const int good = pvm_run(vm, 0) == PVM_EXIT_HALT && vm->registers[7] == n * (n + 1) / 2 && vm->gas == (UINT64_C(1) << 40) - 3 - 3 * n;
    pvm_destroy(vm);
    return good;
}

static int has_recompiler(void) {
    const code_t code = counting(0);
    pvm_program_t* program = code_program(&code, PVM_ISA_GP072);
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, 0, &vm) == PVM_OK);
    const int has = pvm_set_engine(vm, PVM_ENGINE_RECOMPILER) == PVM_OK;
    pvm_destroy(vm);
    pvm_program_release(program);
    return has;
}

static void the_same_bytes_are_the_same_program(void) {
    const code_t code = counting(1), other = counting(2);
    const pvm_cache_statistics_t before = statistics();
    pvm_program_t* first = code_program(&code, PVM_ISA_GP072);
    pvm_program_t* second = code_program(&code, PVM_ISA_GP072);
    CHECK(first != NULL && first == second);
    pvm_program_t* newer = code_program(&code, PVM_ISA_GP080);
    CHECK(newer != NULL && newer != first);
    EQUAL(pvm_program_isa(newer), PVM_ISA_GP080);
    pvm_program_t* different = code_program(&other, PVM_ISA_GP072);
    CHECK(different != NULL && different != first);
    pvm_program_release(first);
    pvm_program_release(second);
    pvm_program_release(newer);
    pvm_program_release(different);
    /* No handle is left, and still it is there. */
    pvm_program_t* again = code_program(&code, PVM_ISA_GP072);
    CHECK(again == first);
    CHECK(counts(again, 10, PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED));
    pvm_program_release(again);
    const pvm_cache_statistics_t after = statistics();
    EQUAL(after.hits - before.hits, 2);
    EQUAL(after.misses - before.misses, 3);
    EQUAL(after.programs - before.programs, 3);
    CHECK(after.octets > before.octets && after.octets <= after.limit);
}

/* The parts of a raw program: code, bitmask, table; what differs in one of them alone is another program. */
static void every_part_counts(void) {
    const uint8_t octets[3] = { TRAP, TRAP, TRAP }, mask[3] = { 1, 1, 1 }, packed[1] = { 7 };
    const uint8_t other_octets[3] = { TRAP, FALLTHROUGH, TRAP }, other_mask[3] = { 1, 0, 1 };
    const uint32_t jumps[2] = { 0, 1 }, other_jumps[2] = { 0, 2 };
    pvm_program_t* programs[6] = { NULL };
    EQUAL(pvm_program_create_raw(octets, 3, mask, 3, jumps, 2, PVM_ISA_GP072, &programs[0]), PVM_OK);
    EQUAL(pvm_program_create_raw(other_octets, 3, mask, 3, jumps, 2, PVM_ISA_GP072, &programs[1]), PVM_OK);
    EQUAL(pvm_program_create_raw(octets, 3, other_mask, 3, jumps, 2, PVM_ISA_GP072, &programs[2]), PVM_OK);
    EQUAL(pvm_program_create_raw(octets, 3, packed, 1, jumps, 2, PVM_ISA_GP072, &programs[3]), PVM_OK);
    EQUAL(pvm_program_create_raw(octets, 3, mask, 3, other_jumps, 2, PVM_ISA_GP072, &programs[4]), PVM_OK);
    EQUAL(pvm_program_create_raw(octets, 3, mask, 3, jumps, 1, PVM_ISA_GP072, &programs[5]), PVM_OK);
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < i; j++) CHECK(programs[i] != programs[j]);
    EQUAL(pvm_program_jump_table_size(programs[5]), 1);
    for (int i = 0; i < 6; i++) pvm_program_release(programs[i]);
    /* A blob is not found as raw code, nor under another format that it does not fit. */
    const uint8_t blob[] = { 0, 0, 3, TRAP, TRAP, TRAP, 7 };
    pvm_program_t* image = NULL;
    EQUAL(pvm_program_create(blob, sizeof blob, PVM_FORMAT_BLOB, PVM_ISA_GP072, &image), PVM_OK);
    EQUAL(pvm_program_format(image), PVM_FORMAT_BLOB);
    pvm_program_release(image);
    CHECK(pvm_program_create(blob, sizeof blob, PVM_FORMAT_STANDARD, PVM_ISA_GP072, &image) != PVM_OK);
    CHECK(pvm_program_create(blob, sizeof blob - 1, PVM_FORMAT_BLOB, PVM_ISA_GP072, &image) != PVM_OK);
}

static void the_limit_bounds_what_is_kept(void) {
    const pvm_cache_statistics_t before = statistics();
    EQUAL(pvm_cache_set_limit(64 * 1024), PVM_OK);
    CHECK(statistics().octets <= 64 * 1024);
    for (uint32_t i = 0; i < 300; i++) {
        const code_t code = counting(1000 + i);
        pvm_program_t* program = code_program(&code, PVM_ISA_GP072);
        NEED(program != NULL);
        CHECK(counts(program, 3, PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED) || !has_recompiler());
        pvm_program_release(program);
        const pvm_cache_statistics_t now = statistics();
        CHECK(now.octets <= now.limit && now.code_octets <= now.limit);
    }
    pvm_cache_statistics_t after = statistics();
    EQUAL(after.limit, 64 * 1024);
    CHECK(after.evictions - before.evictions > 200);
    CHECK(after.programs > 5 && after.programs < 100);
    /* The latest is there, the first is not. */
    for (int i = 0; i < 2; i++) {
        const code_t code = counting(i == 0 ? 1299 : 1000);
        pvm_program_release(code_program(&code, PVM_ISA_GP072));
        const pvm_cache_statistics_t now = statistics();
        EQUAL(now.hits - after.hits, i == 0);
        EQUAL(now.misses - after.misses, i == 1);
        after = now;
    }
    EQUAL(pvm_cache_set_limit((size_t)before.limit), PVM_OK);
}

/* Of three that do not fit together the one goes that was not asked for. */
static void the_least_recently_used_goes_first(void) {
    const code_t a = counting(1), b = counting(2), c = counting(3);
    EQUAL(pvm_cache_set_limit(0), PVM_OK);
    EQUAL(statistics().programs, 0);
    EQUAL(pvm_cache_set_limit(1 << 20), PVM_OK);
    pvm_program_release(code_program(&a, PVM_ISA_GP072));
    const uint64_t one = statistics().octets;
    EQUAL(pvm_cache_set_limit((size_t)(2 * one)), PVM_OK);
    pvm_program_release(code_program(&b, PVM_ISA_GP072));
    EQUAL(statistics().octets, 2 * one);
    pvm_program_release(code_program(&a, PVM_ISA_GP072));
    pvm_program_release(code_program(&c, PVM_ISA_GP072));
    EQUAL(statistics().octets, 2 * one);
    const uint64_t hits = statistics().hits;
    pvm_program_release(code_program(&a, PVM_ISA_GP072));
    EQUAL(statistics().hits, hits + 1);
    pvm_program_release(code_program(&b, PVM_ISA_GP072));
    EQUAL(statistics().hits, hits + 1);
    EQUAL(pvm_cache_set_limit(128 << 20), PVM_OK);
}

static void code_is_compiled_once_and_comes_back(void) {
    if (!has_recompiler()) return;
    const code_t code = counting(77);
    pvm_program_t* program = code_program(&code, PVM_ISA_GP072);
    pvm_cache_statistics_t start = statistics();
    for (int i = 0; i < 10; i++) {
        CHECK(counts(program, 50, PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED));
        CHECK(counts(program, 50, PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED));
        pvm_program_release(program);
        program = code_program(&code, PVM_ISA_GP072);
    }
    EQUAL(statistics().compilations - start.compilations, 2);
    CHECK(statistics().code_octets >= start.code_octets + 2 * 4096);
    /* A VM that has run keeps its code when the cache is emptied; the program has to be compiled again. */
    pvm_vm_t* vm = NULL;
    NEED(pvm_vm_create(program, NULL, 0, 1000000, &vm) == PVM_OK);
    EQUAL(pvm_set_engine(vm, PVM_ENGINE_RECOMPILER), PVM_OK);
    EQUAL(pvm_set_memory_mode(vm, PVM_MEMORY_CHECKED), PVM_OK);
    for (int i = 0; i < 3; i++) {
        vm->registers[2] = 20;
        vm->registers[7] = 0;
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
        EQUAL(vm->registers[7], 210);
        if (i == 0) EQUAL(pvm_cache_set_limit(0), PVM_OK);
        EQUAL(statistics().code_octets, 4096);
    }
    EQUAL(statistics().compilations - start.compilations, 2);
    pvm_destroy(vm);
    EQUAL(statistics().code_octets, 0);
    /* With no room at all the interpreter runs. */
    CHECK(counts(program, 50, PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED));
    EQUAL(statistics().compilations - start.compilations, 2);
    EQUAL(pvm_cache_set_limit(128 << 20), PVM_OK);
    CHECK(counts(program, 50, PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED));
    EQUAL(statistics().compilations - start.compilations, 3);
    pvm_program_release(program);
}

static pvm_action_t look_and_charge(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)func_id;
    *(uint64_t*)user_data += vm->gas;
    if (vm->registers[2] % 3 == 0 && pvm_charge_gas(vm, 5) != PVM_OK) return PVM_ACTION_OOG;
    return PVM_ACTION_CONTINUE;
}

/* Auto goes over in the middle of a run, wherever the slice ends: the host sees the same gas as with the interpreter. */
static void auto_goes_over_where_nobody_sees_it(void) {
    code_t code = code_new();
    OP(code, FALLTHROUGH);                          /* 0 */
    OP(code, ADD_64, REGS(7, 2), 7);                /* 1 */
    OP(code, ECALLI, 3);                            /* 4 */
    OP(code, ADD_IMM_64, REGS(2, 2), (uint8_t)-1);  /* 6 */
    OP(code, BRANCH_NE_IMM, 2, (uint8_t)-8);        /* 9 */
    OP_HALT(code, 0);
    for (int isa = 0; isa < 2; isa++) {
        for (uint64_t slice = 0; slice < 60; slice++) {
            for (uint64_t gas = slice % 2 ? 100000 : 90; gas < 100001; gas += 99910) {
                uint64_t seen[2] = { 0, 0 }, left[2], pc[2];
                pvm_exit_t exits[2];
                EQUAL(pvm_cache_set_limit(0), PVM_OK);
                EQUAL(pvm_cache_set_limit(128 << 20), PVM_OK);
                pvm_program_t* program = code_program(&code, (pvm_isa_t)isa);
                EQUAL(pvm_set_auto_policy(slice ? slice : 1, (uint32_t)(slice % 3)), PVM_OK);
                for (int way = 0; way < 2; way++) {
                    pvm_vm_t* vm = NULL;
                    NEED(pvm_vm_create(program, NULL, 0, gas, &vm) == PVM_OK);
                    EQUAL(pvm_set_engine(vm, way ? PVM_ENGINE_AUTO : PVM_ENGINE_INTERPRETER), PVM_OK);
                    EQUAL(pvm_set_memory_mode(vm, slice % 4 ? PVM_MEMORY_AUTO : PVM_MEMORY_CHECKED), PVM_OK);
                    pvm_set_host_function(vm, look_and_charge, &seen[way]);
                    vm->registers[2] = 60;
                    exits[way] = pvm_run(vm, 0);
                    left[way] = vm->gas;
                    pc[way] = vm->pc;
                    pvm_destroy(vm);
                }
                EQUAL(exits[1], exits[0]);
                EQUAL(left[1], left[0]);
                EQUAL(pc[1], pc[0]);
                EQUAL(seen[1], seen[0]);
                pvm_program_release(program);
            }
        }
    }
    EQUAL(pvm_set_auto_policy(0, 1), PVM_ERR_ARGUMENT);
    EQUAL(pvm_set_auto_policy(4096, 10), PVM_OK);
}

static void auto_compiles_what_runs_long(void) {
    if (!has_recompiler()) return;
    const code_t once = counting(500), often = counting(501), far = counting(502);
    pvm_program_t* program = code_program(&once, PVM_ISA_GP072);
    uint64_t compiled = statistics().compilations;
    for (int i = 0; i < 20; i++) CHECK(counts(program, 10, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO));
    EQUAL(statistics().compilations, compiled);
    pvm_program_release(program);
    /* In the middle of a run. */
    program = code_program(&far, PVM_ISA_GP072);
    CHECK(counts(program, 1000000, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO));
    EQUAL(statistics().compilations, compiled + 1);
    CHECK(counts(program, 1000000, PVM_ENGINE_AUTO, PVM_MEMORY_AUTO));
    EQUAL(statistics().compilations, compiled + 1);
    pvm_program_release(program);
    /* After many short ones. */
    program = code_program(&often, PVM_ISA_GP072);
    for (int i = 0; i < 40; i++) CHECK(counts(program, 500, PVM_ENGINE_AUTO, PVM_MEMORY_CHECKED));
    EQUAL(statistics().compilations, compiled + 2);
    pvm_program_release(program);
}

/* What was thrown out has to earn its code again, and until then runs no slower than if there were no code. */
static void eviction_forgets_what_was_earned(void) {
    if (!has_recompiler()) return;
    const code_t code = counting(600);
    pvm_program_t* program = code_program(&code, PVM_ISA_GP072);
    /* Seven instructions: 2 * 64 and 7000 gas, and a run of n takes 3 n + 3. */
    EQUAL(pvm_set_auto_policy(64, 1000), PVM_OK);
    const uint64_t compiled = statistics().compilations;
    for (uint64_t times = 1; times <= 3; times++) {
        for (int i = 0; i < 7; i++) CHECK(counts(program, 330, PVM_ENGINE_AUTO, PVM_MEMORY_CHECKED));
        EQUAL(statistics().compilations - compiled, times - 1);
        CHECK(counts(program, 330, PVM_ENGINE_AUTO, PVM_MEMORY_CHECKED));
        EQUAL(statistics().compilations - compiled, times);
        for (int i = 0; i < 20; i++) CHECK(counts(program, 330, PVM_ENGINE_AUTO, PVM_MEMORY_CHECKED));
        EQUAL(statistics().compilations - compiled, times);
        EQUAL(pvm_cache_set_limit(0), PVM_OK);
        EQUAL(pvm_cache_set_limit(128 << 20), PVM_OK);
    }
    pvm_program_release(program);
    EQUAL(pvm_set_auto_policy(4096, 10), PVM_OK);
}

/* More programs than fit, in turn: apart from 2^20 to start with, compiling costs no more than a twentieth of what is executed. */
static void a_small_cache_does_not_compile_all_the_time(void) {
    if (!has_recompiler()) return;
    enum { MANY = 6, GAS_PER_INSTRUCTION = 20000 };
    pvm_program_t* programs[MANY];
    EQUAL(pvm_cache_set_limit(0), PVM_OK);
    EQUAL(pvm_cache_set_limit(12 * 1024), PVM_OK);
    EQUAL(pvm_set_auto_policy(64, GAS_PER_INSTRUCTION), PVM_OK);
    for (uint32_t i = 0; i < MANY; i++) {
        const code_t code = counting(700 + i);
        programs[i] = code_program(&code, PVM_ISA_GP072);
    }
    const uint64_t compiled = statistics().compilations, price = 7 * GAS_PER_INSTRUCTION;
    uint64_t gas = 0;
    for (int round = 0; round < 160; round++) {
        for (int i = 0; i < MANY; i++) {
            CHECK(counts(programs[i], 20000, PVM_ENGINE_AUTO, PVM_MEMORY_CHECKED));
            gas += 60000;
        }
    }
    const uint64_t times = statistics().compilations - compiled;
    CHECK(times >= MANY);
    CHECK(times * price <= (UINT64_C(1) << 20) + gas / 20 + price);
    for (int i = 0; i < MANY; i++) pvm_program_release(programs[i]);
    EQUAL(pvm_set_auto_policy(4096, 10), PVM_OK);
    EQUAL(pvm_cache_set_limit(128 << 20), PVM_OK);
}

static void defaults_are_for_vms_made_afterwards(void) {
    const code_t code = counting(9);
    pvm_program_t* program = code_program(&code, PVM_ISA_GP072);
    pvm_vm_t *before = NULL, *after = NULL;
    NEED(pvm_vm_create(program, NULL, 0, 5, &before) == PVM_OK);
    const pvm_engine_t engine = pvm_get_engine(before);
    EQUAL(pvm_set_defaults(PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED), PVM_OK);
    EQUAL(pvm_set_defaults((pvm_engine_t)3, PVM_MEMORY_CHECKED), PVM_ERR_ARGUMENT);
    EQUAL(pvm_set_defaults(PVM_ENGINE_INTERPRETER, (pvm_memory_mode_t)3), PVM_ERR_ARGUMENT);
    NEED(pvm_vm_create(program, NULL, 0, 5, &after) == PVM_OK);
    EQUAL(pvm_get_engine(before), engine);
    EQUAL(pvm_get_engine(after), PVM_ENGINE_INTERPRETER);
    EQUAL(pvm_get_memory_mode(after), PVM_MEMORY_CHECKED);
    EQUAL(pvm_set_defaults(PVM_ENGINE_AUTO, PVM_MEMORY_AUTO), PVM_OK);
    pvm_destroy(before);
    pvm_destroy(after);
    pvm_program_release(program);
    EQUAL(pvm_cache_statistics(NULL), PVM_ERR_NULL);
}

/* ---- Threads ---- */

enum { THREADS = 8, PROGRAMS = 12, ROUNDS = 60 };
static code_t codes[PROGRAMS];

static void* make_and_run(void* argument) {
    uint64_t random = (uint64_t)(uintptr_t)argument * 0x9e3779b97f4a7c15u + 1;
    uintptr_t wrong = 0;
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        pvm_program_t* program = code_program(&codes[random >> 40 & 0xffff ? (random >> 40) % PROGRAMS : 0], PVM_ISA_GP072);
        const pvm_engine_t engine = random >> 33 & 1 ? PVM_ENGINE_RECOMPILER : PVM_ENGINE_AUTO;
        wrong += !counts(program, 100 + round % 7, engine, random >> 34 & 1 ? PVM_MEMORY_CHECKED : PVM_MEMORY_AUTO);
        const pvm_cache_statistics_t now = statistics();
        wrong += now.octets > now.limit || now.code_octets > now.limit;
        pvm_program_release(program);
    }
    return (void*)wrong;
}

/* With room for all of them, each is compiled once per memory mode, by whomever; with room for a few they come and go. */
static void threads_share_it(void) {
    if (!has_recompiler()) return;
    for (uint32_t i = 0; i < PROGRAMS; i++) codes[i] = counting(2000 + i);
    EQUAL(pvm_set_auto_policy(50, 0), PVM_OK);
    for (int tight = 0; tight < 2; tight++) {
        EQUAL(pvm_cache_set_limit(0), PVM_OK);
        EQUAL(pvm_cache_set_limit(tight ? 24 * 1024 : 16 << 20), PVM_OK);
        const uint64_t compiled = statistics().compilations;
        pthread_t threads[THREADS];
        for (uintptr_t i = 0; i < THREADS; i++) NEED(pthread_create(&threads[i], NULL, make_and_run, (void*)(i + 1)) == 0);
        for (int i = 0; i < THREADS; i++) {
            void* wrong = NULL;
            pthread_join(threads[i], &wrong);
            EQUAL((uintptr_t)wrong, 0);
        }
        if (tight) CHECK(statistics().compilations - compiled > 2 * PROGRAMS);
        else EQUAL(statistics().compilations - compiled, 2 * PROGRAMS);
    }
    EQUAL(pvm_cache_set_limit(128 << 20), PVM_OK);
    EQUAL(pvm_set_auto_policy(4096, 10), PVM_OK);
}

int main(void) {
    /* Some of them count what is compiled, in either memory mode: nothing or less, where the host refuses memory, pages for code, or to guard. */
    const int compiles = !check_is_refusing();
    RUN(the_same_bytes_are_the_same_program);
    RUN(every_part_counts);
    if (compiles) RUN(the_limit_bounds_what_is_kept);
    RUN(the_least_recently_used_goes_first);
    if (compiles) RUN(code_is_compiled_once_and_comes_back);
    RUN(auto_goes_over_where_nobody_sees_it);
    if (compiles) RUN(auto_compiles_what_runs_long);
    if (compiles) RUN(eviction_forgets_what_was_earned);
    if (compiles) RUN(a_small_cache_does_not_compile_all_the_time);
    RUN(defaults_are_for_vms_made_afterwards);
    if (compiles) RUN(threads_share_it);
    return finish(__FILE__);
}
