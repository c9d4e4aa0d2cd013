/* traces: what tracing costs an instruction.
 *
 *   traces [NAME CODE DATA]…
 *
 * Measures straight code of 10,000 EVM instructions, each further contract (code and input in hexadecimal, or - for none), and a loop
 * of the PVM. Prints "program instructions name nanoseconds" per line, the time of one instruction as the best of several rounds:
 *   untraced         at the fast pace (PVM: the interpreter)
 *   batch_0, batch_1 in batches, with so many words of the stack (PVM: batch)
 *   filtered         in batches, of LOG instructions alone (PVM: of ecalli)
 *   one_by_one       with a buffer of one record: a callback for every instruction
 *   lines            lines of EIP-3155 (PVM: of pvm_set_tracing) to a callback that drops them
 * and for the PVM
 *   recompiled       the same loop as compiled code */
#define _POSIX_C_SOURCE 200809L
#include "duet_evm.h"
#include "pvm_ext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 9, BUFFER = 24 << 10, PATTERN = 2500, LOOPS = 1 << 20 };
static const double least = 0.02; /* seconds that a round takes at least */

static uint64_t buffer[BUFFER / 8];
static uint64_t seen;

static void take(void* context, const void* records, size_t count) { (void)context; (void)records; seen += count; }
static void drop(void* context, const char* line, size_t length) { (void)context; (void)line; (void)length; seen++; }
static void drop_pvm(pvm_vm_t* vm, pvm_line_kind_t kind, const char* line, size_t length, void* data) {
    (void)vm; (void)kind; (void)line; (void)length; (void)data; seen++;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void* need(void* pointer) {
    if (pointer == NULL) { fprintf(stderr, "traces: no memory\n"); exit(1); }
    return pointer;
}

/* ---- EVM ---- */

static bool host_exists(struct evmc_host_context* h, const evmc_address* a) { (void)h; (void)a; return true; }
static evmc_bytes32 host_get(struct evmc_host_context* h, const evmc_address* a, const evmc_bytes32* k) { evmc_bytes32 v; (void)h; (void)a; (void)k; memset(&v, 0, sizeof v); return v; }
static enum evmc_storage_status host_set(struct evmc_host_context* h, const evmc_address* a, const evmc_bytes32* k, const evmc_bytes32* v) { (void)h; (void)a; (void)k; (void)v; return EVMC_STORAGE_ASSIGNED; }
static evmc_uint256be host_balance(struct evmc_host_context* h, const evmc_address* a) { (void)a; return host_get(h, a, NULL); }
static size_t host_size(struct evmc_host_context* h, const evmc_address* a) { (void)h; (void)a; return 0; }
static evmc_bytes32 host_hash(struct evmc_host_context* h, const evmc_address* a) { return host_get(h, a, NULL); }
static size_t host_copy(struct evmc_host_context* h, const evmc_address* a, size_t offset, uint8_t* b, size_t size) { (void)h; (void)a; (void)offset; (void)b; (void)size; return 0; }
static bool host_destruct(struct evmc_host_context* h, const evmc_address* a, const evmc_address* b) { (void)h; (void)a; (void)b; return false; }
static struct evmc_result host_call(struct evmc_host_context* h, const struct evmc_message* m) { struct evmc_result r; (void)h; (void)m; memset(&r, 0, sizeof r); return r; }
static struct evmc_tx_context host_transaction(struct evmc_host_context* h) { struct evmc_tx_context t; (void)h; memset(&t, 0, sizeof t); return t; }
static evmc_bytes32 host_block(struct evmc_host_context* h, int64_t n) { (void)n; return host_get(h, NULL, NULL); }
static void host_log(struct evmc_host_context* h, const evmc_address* a, const uint8_t* d, size_t n, const evmc_bytes32 t[], size_t k) { (void)h; (void)a; (void)d; (void)n; (void)t; (void)k; }
static enum evmc_access_status host_account(struct evmc_host_context* h, const evmc_address* a) { (void)h; (void)a; return EVMC_ACCESS_WARM; }
static enum evmc_access_status host_storage(struct evmc_host_context* h, const evmc_address* a, const evmc_bytes32* k) { (void)h; (void)a; (void)k; return EVMC_ACCESS_WARM; }
static void host_set_transient(struct evmc_host_context* h, const evmc_address* a, const evmc_bytes32* k, const evmc_bytes32* v) { (void)h; (void)a; (void)k; (void)v; }
static const struct evmc_host_interface host = {
    host_exists, host_get, host_set, host_balance, host_size, host_hash, host_copy, host_destruct, host_call, host_transaction,
    host_block, host_log, host_account, host_storage, host_get, host_set_transient};

typedef struct { struct evmc_vm* vm; const uint8_t *code, *data; size_t code_size, data_size; } Call;

static void execute(const Call* call) {
    struct evmc_message message;
    memset(&message, 0, sizeof message);
    message.gas = INT64_MAX / 4;
    message.input_data = call->data;
    message.input_size = call->data_size;
    struct evmc_result r = call->vm->execute(call->vm, &host, NULL, EVMC_OSAKA, &message, call->code, call->code_size);
    if (r.status_code != EVMC_SUCCESS) { fprintf(stderr, "traces: the call ends with status %d\n", (int)r.status_code); exit(1); }
    if (r.release != NULL) r.release(&r);
}

/* Seconds of one call. */
static double best(const Call* call) {
    double least_time = 1e9;
    execute(call);
    for (int round = 0; round < ROUNDS; round++) {
        unsigned calls = 0;
        const double start = now();
        do { execute(call); calls++; } while (now() - start < least);
        const double time = (now() - start) / calls;
        if (time < least_time) least_time = time;
    }
    return least_time;
}

static void report(const char* program, uint64_t instructions, const char* name, double seconds) {
    printf("%s %llu %s %.3f\n", program, (unsigned long long)instructions, name, seconds / (double)instructions * 1e9);
    fflush(stdout);
}

static void measure(const char* program, const Call* call) {
    duet_trace_t trace;
    const double untraced = best(call);
    duet_trace_init(&trace, buffer, sizeof buffer, take, NULL);
    duet_evm_set_batches(call->vm, &trace);
    execute(call);
    const uint64_t instructions = trace.total;
    report(program, instructions, "untraced", untraced);
    trace.stack_words = 0;
    report(program, instructions, "batch_0", best(call));
    trace.stack_words = 1;
    report(program, instructions, "batch_1", best(call));
    memset(trace.opcodes, 0, sizeof trace.opcodes);
    trace.opcodes[2] = UINT64_C(31) << 32;
    report(program, instructions, "filtered", best(call));
    memset(trace.opcodes, 0xff, sizeof trace.opcodes);
    trace.buffer_size = DUET_EVM_RECORD_SIZE + 32;
    report(program, instructions, "one_by_one", best(call));
    duet_evm_set_batches(call->vm, NULL);
    duet_evm_set_trace(call->vm, drop, NULL);
    report(program, instructions, "lines", best(call));
    duet_evm_set_trace(call->vm, NULL, NULL);
    report(program, instructions, "untraced_again", best(call));
}

static uint8_t digit(char c) { return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10); }

static uint8_t* from_hex(const char* text, size_t* size) {
    *size = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
    uint8_t* octets = (uint8_t*)need(malloc(*size + 1));
    for (size_t i = 0; i < *size; i++) octets[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return octets;
}

static char* read_hex(const char* path) {
    FILE* file = strcmp(path, "-") == 0 ? NULL : fopen(path, "r");
    char* text = (char*)need(calloc(1, 1 << 20));
    if (file == NULL) return strcpy(text, "-");
    const size_t size = fread(text, 1, (1 << 20) - 1, file);
    text[size] = 0;
    text[strcspn(text, "\r\n")] = 0;
    fclose(file);
    return text;
}

/* ---- PVM ---- */

/* load_imm r1, LOOPS; fallthrough; loop: r2 += r1; r3 = r2 ^ r1; [BASE] = r3; r4 = [BASE]; r1 -= 1; branch_ne_imm r1, 0, loop; jump_ind r0 */
static const uint8_t pvm_code[] = {
    51, 1, LOOPS & 255, LOOPS >> 8 & 255, LOOPS >> 16 & 255, 0,
    1,
    200, 0x12, 2,
    211, 0x12, 3,
    62, 3, 0, 0, 2,
    58, 4, 0, 0, 2,
    149, 0x11, 255,
    82, 1, (uint8_t)-19,
    50, 0,
};

static double best_pvm(pvm_program_t* program, duet_trace_t* trace, bool lines, pvm_engine_t engine) {
    double least_time = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        pvm_vm_t* vm = NULL;
        pvm_vm_create(program, NULL, 0, UINT64_C(1) << 40, &vm);
        need(vm);
        pvm_set_engine(vm, engine);
        vm->registers[0] = 0xffff0000u;
        pvm_map_pages(vm, 0x20, 1, PVM_ACCESS_WRITE);
        pvm_set_trace_batches(vm, trace);
        pvm_set_line_function(vm, drop_pvm, NULL);
        pvm_set_tracing(vm, lines);
        const double start = now();
        if (pvm_run(vm, 0) != PVM_EXIT_HALT) { fprintf(stderr, "traces: the PVM does not halt\n"); exit(1); }
        const double time = now() - start;
        if (time < least_time) least_time = time;
        pvm_destroy(vm);
    }
    return least_time;
}

static void measure_pvm(void) {
    uint8_t mask[sizeof pvm_code];
    static const unsigned starts[] = {0, 6, 7, 10, 13, 18, 23, 26, 29};
    memset(mask, 0, sizeof mask);
    for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++) mask[starts[i]] = 1;
    pvm_program_t* program = NULL;
    pvm_program_create_raw(pvm_code, sizeof pvm_code, mask, sizeof mask, NULL, 0, PVM_ISA_GP072, &program);
    need(program);
    duet_trace_t trace;
    duet_trace_init(&trace, buffer, sizeof buffer, take, NULL);
    const uint64_t instructions = 3 + 6 * (uint64_t)LOOPS;
    report("pvm_loop", instructions, "untraced", best_pvm(program, NULL, false, PVM_ENGINE_INTERPRETER));
    report("pvm_loop", instructions, "recompiled", best_pvm(program, NULL, false, PVM_ENGINE_RECOMPILER));
    report("pvm_loop", instructions, "batch", best_pvm(program, &trace, false, PVM_ENGINE_INTERPRETER));
    memset(trace.opcodes, 0, sizeof trace.opcodes);
    trace.opcodes[0] = 1 << 10;
    report("pvm_loop", instructions, "filtered", best_pvm(program, &trace, false, PVM_ENGINE_INTERPRETER));
    memset(trace.opcodes, 0xff, sizeof trace.opcodes);
    trace.buffer_size = DUET_PVM_RECORD_SIZE;
    report("pvm_loop", instructions, "one_by_one", best_pvm(program, &trace, false, PVM_ENGINE_INTERPRETER));
    report("pvm_loop", instructions, "lines", best_pvm(program, NULL, true, PVM_ENGINE_INTERPRETER));
    pvm_program_release(program);
}

int main(int count, char** arguments) {
    Call call;
    memset(&call, 0, sizeof call);
    call.vm = (struct evmc_vm*)need(evmc_create_duet());
    static uint8_t straight[6 * PATTERN];
    for (size_t i = 0; i < PATTERN; i++) {
        static const uint8_t pattern[] = {0x60, 1, 0x60, 2, 0x01, 0x50};
        memcpy(straight + 6 * i, pattern, 6);
    }
    call.code = straight;
    call.code_size = sizeof straight;
    measure("straight", &call);
    for (int i = 1; i + 2 < count; i += 3) {
        char *code = read_hex(arguments[i + 1]), *data = read_hex(arguments[i + 2]);
        call.code = from_hex(code, &call.code_size);
        call.data = from_hex(data, &call.data_size);
        measure(arguments[i], &call);
    }
    measure_pvm();
    call.vm->destroy(call.vm);
    return 0;
}
