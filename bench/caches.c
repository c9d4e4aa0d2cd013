/* caches: what the caches of analysed and of compiled code cost and save, whatever runs.
 *
 *   caches evm      executions of EVM code in turn, at several working sets: with the cache, and without one in the same process
 *   caches attack   transactions that each call 600 contracts of 24,576 JUMPDESTs
 *   caches pvm      runs of PVM programs in turn with the engine `auto`, and with the interpreter
 *
 * Prints tables in Markdown. Times are of the thread's processor time. A working set of 1 takes up what the cache may. "all": from the first execution on, everything that
 * the cache did included; "later": the last third. */
#define _POSIX_C_SOURCE 200809L
#include "duet_evm.h"
#include "duet_state.h"
#include "pvm_ext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void stop(const char* what) { fprintf(stderr, "caches: %s\n", what); exit(1); }

static void* need(void* pointer) {
    if (pointer == NULL) stop("no memory");
    return pointer;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const double sets[] = { 0.5, 1, 2, 10 };

/* ---- EVM ---- */

static bool host_exists(struct evmc_host_context* h, const evmc_address* a) { (void)h; (void)a; return true; }
static evmc_bytes32 host_get(struct evmc_host_context* h, const evmc_address* a, const evmc_bytes32* k) { evmc_bytes32 v; (void)h; (void)a; (void)k; memset(&v, 0, sizeof v); return v; }
static enum evmc_storage_status host_set(struct evmc_host_context* h, const evmc_address* a, const evmc_bytes32* k, const evmc_bytes32* v) { (void)h; (void)a; (void)k; (void)v; return EVMC_STORAGE_ASSIGNED; }
static evmc_bytes32 host_of(struct evmc_host_context* h, const evmc_address* a) { return host_get(h, a, NULL); }
static size_t host_size(struct evmc_host_context* h, const evmc_address* a) { (void)h; (void)a; return 0; }
static size_t host_copy(struct evmc_host_context* h, const evmc_address* a, size_t o, uint8_t* b, size_t n) { (void)h; (void)a; (void)o; (void)b; (void)n; return 0; }
static bool host_destruct(struct evmc_host_context* h, const evmc_address* a, const evmc_address* b) { (void)h; (void)a; (void)b; return false; }
static struct evmc_result host_call(struct evmc_host_context* h, const struct evmc_message* m) { struct evmc_result r; (void)h; (void)m; memset(&r, 0, sizeof r); return r; }
static struct evmc_tx_context host_transaction(struct evmc_host_context* h) { struct evmc_tx_context t; (void)h; memset(&t, 0, sizeof t); return t; }
static evmc_bytes32 host_block(struct evmc_host_context* h, int64_t n) { (void)n; return host_get(h, NULL, NULL); }
static void host_log(struct evmc_host_context* h, const evmc_address* a, const uint8_t* d, size_t n, const evmc_bytes32 t[], size_t k) { (void)h; (void)a; (void)d; (void)n; (void)t; (void)k; }
static enum evmc_access_status host_account(struct evmc_host_context* h, const evmc_address* a) { (void)h; (void)a; return EVMC_ACCESS_WARM; }
static enum evmc_access_status host_storage(struct evmc_host_context* h, const evmc_address* a, const evmc_bytes32* k) { (void)h; (void)a; (void)k; return EVMC_ACCESS_WARM; }
static void host_transient(struct evmc_host_context* h, const evmc_address* a, const evmc_bytes32* k, const evmc_bytes32* v) { (void)h; (void)a; (void)k; (void)v; }
static const struct evmc_host_interface host = {
    host_exists, host_get, host_set, host_of, host_size, host_of, host_copy, host_destruct, host_call, host_transaction,
    host_block, host_log, host_account, host_storage, host_get, host_transient};

enum { SHARE = 11 }; /* octets of an image for one of the code, about */

/* Code of that size that starts with `start` and goes on with `filling`; `number` makes it another one wherever one looks. */
static uint8_t* make_code(size_t size, const uint8_t* start, size_t start_size, const uint8_t* filling, size_t filling_size, unsigned number) {
    uint8_t* code = (uint8_t*)need(malloc(size));
    for (size_t i = 0; i < size; i++) code[i] = filling[i % filling_size];
    memcpy(code, start, start_size);
    /* POP JUMPDEST or JUMPDEST POP; nobody executes them. */
    for (size_t bit = 0; start_size + 2 * bit + 2 < size; bit++)
        if (number >> bit % 24 & 1) code[start_size + 2 * bit] = 0x5f;
    return code;
}

static double run_all(struct evmc_vm* vm, uint8_t** codes, size_t count, size_t size, int64_t gas, int rounds) {
    const double start = now();
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < count; i++) {
            struct evmc_message message;
            memset(&message, 0, sizeof message);
            message.gas = gas;
            struct evmc_result r = vm->execute(vm, &host, NULL, EVMC_OSAKA, &message, codes[i], size);
            if (r.release != NULL) r.release(&r);
        }
    return (now() - start) / rounds / (double)count;
}

/* The row that is printed is the middle one of these, by what the cache costs in all. */
enum { TIMES = 5 };
typedef struct {
    double without, all, later;
} Row;

static int by_ratio(const void* left, const void* right) {
    const Row *a = (const Row*)left, *b = (const Row*)right;
    const double difference = a->all / a->without - b->all / b->without;
    return (difference > 0) - (difference < 0);
}

static void evm_row(const char* name, size_t size, const uint8_t* start, size_t start_size, const uint8_t* filling, size_t filling_size, int64_t gas, size_t limit) {
    struct evmc_vm* vm = (struct evmc_vm*)need(evmc_create_duet());
    char text[32];
    snprintf(text, sizeof text, "%zu", limit);
    for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) {
        const size_t count = (size_t)(sets[set] * (double)limit / (double)(size * SHARE));
        uint8_t** codes = (uint8_t**)need(calloc(count, sizeof *codes));
        for (size_t i = 0; i < count; i++) codes[i] = make_code(size, start, start_size, filling, filling_size, (unsigned)(i + 1));
        vm->set_option(vm, "cache_bytes", "0");
        const int rounds = 1 + (int)(0.15 / (run_all(vm, codes, count, size, gas, 2) * (double)count));
        /* Each time without the cache before and after: what the machine does besides then counts for both. */
        Row times[TIMES];
        for (int time = 0; time < TIMES; time++) {
            double parts[3];
            const double before = run_all(vm, codes, count, size, gas, rounds);
            vm->set_option(vm, "cache_bytes", text);
            for (int part = 0; part < 3; part++) parts[part] = run_all(vm, codes, count, size, gas, rounds);
            vm->set_option(vm, "cache_bytes", "0");
            times[time].without = (before + run_all(vm, codes, count, size, gas, rounds)) / 2;
            times[time].all = (parts[0] + parts[1] + parts[2]) / 3;
            times[time].later = parts[2];
        }
        qsort(times, TIMES, sizeof *times, by_ratio);
        const Row row = times[TIMES / 2];
        printf("| %s | %zu | %.1f | %zu | %.2f | %.2f | %.2f | %.2f | %.2f |\n", name, size, sets[set], count, row.without * 1e6, row.all * 1e6,
               row.later * 1e6, row.all / row.without, row.later / row.without);
        fflush(stdout);
        for (size_t i = 0; i < count; i++) free(codes[i]);
        free(codes);
    }
    vm->destroy(vm);
}

static void evm(void) {
    static const uint8_t halt[] = { 0x00 }, jumpdests[] = { 0x5b }, pairs[] = { 0x5f, 0x50 };
    /* PUSH2 n; JUMPDEST; PUSH1 1; SWAP1; SUB; DUP1; PUSH1 3; JUMPI; STOP, with n of 30 and of 300 */
    static const uint8_t loop[] = { 0x61, 0, 30, 0x5b, 0x60, 1, 0x90, 0x03, 0x80, 0x60, 3, 0x57, 0 };
    static const uint8_t longer[] = { 0x61, 1, 44, 0x5b, 0x60, 1, 0x90, 0x03, 0x80, 0x60, 3, 0x57, 0 };
    /* JUMPDEST PUSH2 JUMP from one to the next, 399 times, and then a STOP */
    static uint8_t chain[2000];
    for (unsigned at = 0; at < sizeof chain; at += 5) {
        const uint8_t link[5] = { 0x5b, 0x61, (uint8_t)((at + 5) >> 8), (uint8_t)(at + 5), 0x56 };
        memcpy(chain + at, link, 5);
    }
    chain[sizeof chain - 4] = 0;
    const size_t limit = 16 << 20;
    printf("| code | octets | working set | codes | without, µs | all, µs | later, µs | all | later |\n|---|---|---|---|---|---|---|---|---|\n");
    evm_row("STOP at the head", 24576, halt, 1, jumpdests, 1, 100000, limit);
    evm_row("STOP at the head", 4096, halt, 1, jumpdests, 1, 100000, limit);
    evm_row("STOP at the head", 1024, halt, 1, jumpdests, 1, 100000, limit);
    evm_row("STOP at the head", 600, halt, 1, jumpdests, 1, 100000, limit);
    evm_row("100 JUMPDESTs, then no gas", 24576, jumpdests, 1, jumpdests, 1, 100, limit);
    evm_row("all of it, JUMPDEST", 24576, jumpdests, 1, jumpdests, 1, 100000, limit);
    evm_row("all of it, PUSH0 POP", 4096, pairs, 2, pairs, 2, 100000, limit);
    evm_row("loop, 30 times", 24576, loop, sizeof loop, jumpdests, 1, 100000, limit);
    evm_row("399 jumps", 24576, chain, sizeof chain, jumpdests, 1, 100000, limit);
    evm_row("399 jumps", 4096, chain, sizeof chain, jumpdests, 1, 100000, limit);
    evm_row("loop, 300 times", 4096, longer, sizeof longer, jumpdests, 1, 100000, limit);
}

/* ---- A transaction that calls many contracts ---- */

enum { CONTRACTS = 600, CONTRACT = 24576 };

static evmc_address address_of(unsigned number) {
    evmc_address a;
    memset(&a, 0, sizeof a);
    a.bytes[0] = 0xc0;
    a.bytes[18] = (uint8_t)(number >> 8);
    a.bytes[19] = (uint8_t)number;
    return a;
}

static void attack_with(const char* cache, double* seconds, int transactions, long long* gas) {
    static uint8_t caller[CONTRACTS * 40], code[CONTRACT];
    size_t size = 0;
    duet_state_t* state = (duet_state_t*)need(duet_state_create());
    struct evmc_vm* vm = (struct evmc_vm*)need(evmc_create_duet());
    vm->set_option(vm, "cache_bytes", "0");
    vm->set_option(vm, "cache_bytes", cache);
    for (unsigned i = 0; i < CONTRACTS; i++) {
        const evmc_address a = address_of(i);
        memset(code, 0x5b, sizeof code);
        for (size_t bit = 0; 1000 + 2 * bit < CONTRACT; bit++) if ((i + 1) >> bit % 12 & 1) code[1000 + 2 * bit] = 0x5f;
        evmc_uint256be none;
        memset(&none, 0, sizeof none);
        if (duet_state_set_account(state, &a, 1, &none) != DUET_STATE_OK || duet_state_set_code(state, &a, code, sizeof code) != DUET_STATE_OK) stop("no contract");
        /* PUSH0 four times, PUSH20 the address, PUSH1 200 gas, STATICCALL, POP */
        memset(caller + size, 0x5f, 4);
        caller[size + 4] = 0x73;
        memcpy(caller + size + 5, a.bytes, 20);
        memcpy(caller + size + 25, "\x60\xc8\xfa\x50", 4);
        size += 29;
    }
    evmc_address to, sender;
    memset(&to, 0xee, sizeof to);
    memset(&sender, 0xaa, sizeof sender);
    evmc_uint256be rich;
    memset(&rich, 0, sizeof rich);
    rich.bytes[10] = 1;
    if (duet_state_set_account(state, &to, 1, &rich) != DUET_STATE_OK || duet_state_set_code(state, &to, caller, size) != DUET_STATE_OK
        || duet_state_set_account(state, &sender, 0, &rich) != DUET_STATE_OK) stop("no account");
    duet_block_t block;
    memset(&block, 0, sizeof block);
    block.number = 1;
    block.gas_limit = block.gas_left = INT64_MAX / 2;
    block.chain_id.bytes[31] = 1;
    for (int i = 0; i < transactions; i++) {
        duet_transaction_t transaction;
        duet_receipt_t receipt;
        memset(&transaction, 0, sizeof transaction);
        transaction.nonce = (uint64_t)i;
        transaction.gas_limit = 16000000;
        transaction.to = to;
        transaction.sender = sender;
        const double start = now();
        if (duet_state_execute(state, vm, EVMC_OSAKA, &block, &transaction, &receipt) != DUET_STATE_OK || !receipt.success) stop("the transaction fails");
        seconds[i] = now() - start;
        *gas = receipt.gas_used;
    }
    vm->destroy(vm);
    duet_state_free(state);
}

static void attack(void) {
    enum { COUNT = 200 };
    static const int told[] = { 0, 1, 2, 9, 99, 199 };
    double with[COUNT], without[COUNT];
    long long gas = 0;
    attack_with("0", without, 3, &gas);
    attack_with("67108864", with, COUNT, &gas);
    attack_with("0", without, COUNT, &gas);
    printf("| transaction | without, ms | Mgas/s | with the cache, ms | Mgas/s | ratio |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const int at = told[i];
        printf("| %d | %.2f | %.1f | %.2f | %.1f | %.2f |\n", at + 1, without[at] * 1e3, (double)gas / without[at] / 1e6, with[at] * 1e3,
               (double)gas / with[at] / 1e6, with[at] / without[at]);
    }
    double all = 0, base = 0;
    for (int i = 0; i < COUNT; i++) all += with[i], base += without[i];
    printf("| all %d | %.2f | %.1f | %.2f | %.1f | %.2f |\n", COUNT, base * 1e3, (double)gas * COUNT / base / 1e6, all * 1e3, (double)gas * COUNT / all / 1e6, all / base);
}

/* ---- PVM ---- */

enum { PROGRAM = 600000, RUN_GAS = 5000 };

/* A loop at the head, which is all that runs; behind it so much code that nobody runs. */
static pvm_program_t* make_program(unsigned number) {
    static uint8_t code[PROGRAM], mask[PROGRAM / 8 + 1];
    /* 0: r2 += r1 (200); 3: r1 -= 1 (149); 6: jump to 0 (40) */
    static const uint8_t head[] = { 200, 0x12, 2, 149, 0x11, 0xff, 40, 0xfa };
    memset(mask, 0, sizeof mask);
    memcpy(code, head, sizeof head);
    mask[0] = 1 | 1 << 3 | 1 << 6;
    size_t at = sizeof head;
    /* load_imm (51) of a number, and the sum with another register */
    for (; at + 9 <= PROGRAM; at += 9) {
        code[at] = 51;
        code[at + 1] = (uint8_t)(at / 9 % 12);
        for (int i = 0; i < 4; i++) code[at + 2 + (size_t)i] = (uint8_t)((number * 2654435761u + (unsigned)at) >> 8 * i);
        code[at + 6] = 200;
        code[at + 7] = 0x34;
        code[at + 8] = 5;
        mask[at / 8] |= (uint8_t)(1 << at % 8);
        mask[(at + 6) / 8] |= (uint8_t)(1 << (at + 6) % 8);
    }
    pvm_program_t* program = NULL;
    if (pvm_program_create_raw(code, at, mask, (at + 7) / 8, NULL, 0, PVM_ISA_GP072, &program) != PVM_OK) stop("no program");
    return program;
}

static double run_programs(pvm_program_t** programs, size_t count, pvm_engine_t engine, int rounds) {
    const double start = now();
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < count; i++) {
            pvm_vm_t* vm = NULL;
            if (pvm_vm_create(programs[i], NULL, 0, RUN_GAS, &vm) != PVM_OK || pvm_set_engine(vm, engine) != PVM_OK
                || pvm_set_memory_mode(vm, PVM_MEMORY_CHECKED) != PVM_OK || pvm_run(vm, 0) != PVM_EXIT_OOG) stop("a run fails");
            pvm_destroy(vm);
        }
    return (now() - start) / rounds / (double)count;
}

static void pvm(void) {
    pvm_cache_statistics_t before, after;
    pvm_program_t* one = make_program(0);
    pvm_cache_statistics(&before);
    run_programs(&one, 1, PVM_ENGINE_RECOMPILER, 1);
    pvm_cache_statistics(&after);
    pvm_program_release(one);
    const double code = (double)(after.code_octets - before.code_octets);
    if (code <= 0) {
        printf("caches: no recompiler for this processor: nothing was measured\n");
        return;
    }
    printf("| working set | programs | interpreter, µs a run | all, µs | later, µs | compilations | all | later |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) {
        /* What is compiled of ten programs fits. */
        const size_t limit = (size_t)(10 * code) + 4096, count = (size_t)(sets[set] * 10);
        pvm_program_t** programs = (pvm_program_t**)need(calloc(count, sizeof *programs));
        pvm_cache_set_limit(0);
        for (size_t i = 0; i < count; i++) programs[i] = make_program((unsigned)(1 + i + 1000 * set));
        double interpreted = run_programs(programs, count, PVM_ENGINE_INTERPRETER, 2);
        const int rounds = 1 + (int)(0.3 / (interpreted * (double)count));
        pvm_cache_set_limit(limit);
        pvm_cache_statistics(&before);
        double parts[3];
        for (int part = 0; part < 3; part++) {
            parts[part] = run_programs(programs, count, PVM_ENGINE_AUTO, rounds);
        }
        pvm_cache_statistics(&after);
        interpreted = run_programs(programs, count, PVM_ENGINE_INTERPRETER, 2 * rounds);
        const double all = (parts[0] + parts[1] + parts[2]) / 3;
        printf("| %.1f | %zu | %.2f | %.2f | %.2f | %llu | %.2f | %.2f |\n", sets[set], count, interpreted * 1e6, all * 1e6, parts[2] * 1e6,
               (unsigned long long)(after.compilations - before.compilations), all / interpreted, parts[2] / interpreted);
        fflush(stdout);
        for (size_t i = 0; i < count; i++) pvm_program_release(programs[i]);
        free(programs);
    }
}

int main(int count, char** arguments) {
    const char* what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "evm") == 0) evm();
    else if (strcmp(what, "attack") == 0) attack();
    else if (strcmp(what, "pvm") == 0) pvm();
    else stop("evm, attack or pvm");
    return 0;
}
