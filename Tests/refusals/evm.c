/* evmc.h, duet_evm.h and duet_trace.h: an execution that memory is short for says EVMC_OUT_OF_MEMORY and can be made again. Variants: with the
 * cache and without, with a trace in lines and in batches. Then the precompiles, as a VM and by themselves. */
#include <duet_evm.h>
#include <duet_precompile.h>

#include "scenario.h"

struct evmc_host_context { trail_t trail; };

static bool account_exists(struct evmc_host_context *c, const evmc_address *a) { (void)a; note_number(&c->trail, 1); return true; }
static evmc_bytes32 word(struct evmc_host_context *c, const evmc_address *a, const evmc_bytes32 *k) {
    (void)c, (void)a;
    return *k;
}
static enum evmc_storage_status set_storage(struct evmc_host_context *c, const evmc_address *a, const evmc_bytes32 *k, const evmc_bytes32 *v) {
    (void)a;
    note(&c->trail, k, 32);
    note(&c->trail, v, 32);
    return EVMC_STORAGE_ADDED;
}
static void set_transient(struct evmc_host_context *c, const evmc_address *a, const evmc_bytes32 *k, const evmc_bytes32 *v) { set_storage(c, a, k, v); }
static evmc_bytes32 balance(struct evmc_host_context *c, const evmc_address *a) { (void)c, (void)a; evmc_bytes32 w = {{0}}; w.bytes[0] = 1; return w; }
static size_t code_size(struct evmc_host_context *c, const evmc_address *a) { (void)c, (void)a; return 100; }
static size_t copy_code(struct evmc_host_context *c, const evmc_address *a, size_t offset, uint8_t *buffer, size_t size) {
    (void)c, (void)a, (void)offset;
    memset(buffer, 7, size);
    return size;
}
static bool selfdestruct(struct evmc_host_context *c, const evmc_address *a, const evmc_address *b) { (void)c, (void)a, (void)b; return true; }
static struct evmc_result call(struct evmc_host_context *c, const struct evmc_message *message) {
    struct evmc_result result;
    memset(&result, 0, sizeof result);
    result.gas_left = message->gas / 2;
    static const uint8_t output[40] = {1, 2, 3};
    result.output_data = output;
    result.output_size = sizeof output;
    note_number(&c->trail, message->input_size);
    return result;
}
static struct evmc_tx_context tx_context(struct evmc_host_context *c) {
    (void)c;
    struct evmc_tx_context context;
    memset(&context, 0, sizeof context);
    context.block_number = 300;
    return context;
}
static evmc_bytes32 block_hash(struct evmc_host_context *c, int64_t n) { (void)c; evmc_bytes32 w = {{0}}; w.bytes[0] = (uint8_t)n; return w; }
static void emit_log(struct evmc_host_context *c, const evmc_address *a, const uint8_t *data, size_t size, const evmc_bytes32 t[], size_t count) {
    (void)a, (void)t;
    note(&c->trail, data, size);
    note_number(&c->trail, count);
}
static enum evmc_access_status access_account(struct evmc_host_context *c, const evmc_address *a) { (void)c, (void)a; return EVMC_ACCESS_COLD; }
static enum evmc_access_status access_storage(struct evmc_host_context *c, const evmc_address *a, const evmc_bytes32 *k) {
    (void)c, (void)a, (void)k;
    return EVMC_ACCESS_COLD;
}
static const struct evmc_host_interface host = {
    account_exists, word, set_storage, balance, code_size, balance, copy_code, selfdestruct, call,
    tx_context, block_hash, emit_log, access_account, access_storage, word, set_transient};

/* A loop that adds up and one that hashes; memory; KECCAK256; SSTORE; CALL and its output; CREATE; LOG2; RETURN of 64 octets. Zeros behind it make
 * it long enough for the cache. */
static const uint8_t program[600] =
    "\x60\x00\x61\x01\x2c\x5b\x90\x81\x01\x90\x60\x01\x90\x03\x80\x60\x05\x57\x50"
    "\x60\x20\x5b\x60\x40\x60\x00\x20\x60\x00\x52\x60\x01\x90\x03\x80\x60\x15\x57\x50"
    "\x60\x01\x61\x90\x00\x52\x60\x05\x60\x06\x55\x60\x20\x60\x00\x60\x20\x60\x00\x60\x00\x60\x77\x61\xff\xff\xf1\x50"
    "\x3d\x60\x00\x60\x40\x3e\x60\x10\x60\x00\x60\x00\xf0\x50\x60\x01\x60\x02\x60\x20\x60\x00\xa2\x60\x40\x60\x00\xf3";

static trail_t traced;
/* Lines are whole, or left out where memory is short for them. */
static void line(void *context, const char *text, size_t length) {
    (void)context;
    PROMISE(length > 2 && text[0] == '{' && text[length - 1] == '}');
}
static void flush(void *context, const void *records, size_t count) {
    (void)context;
    note(&traced, records, count * (DUET_EVM_RECORD_SIZE + 32));
}

static void precompiled(trail_t *trail, struct evmc_vm *vm) {
    /* MODEXP of 64-octet numbers, SHA-256, identity, and pairs of the pairing curves at infinity. */
    static const struct { uint8_t address; size_t size; } calls[] = {{5, 96 + 192}, {2, 100}, {4, 4000}, {8, 192 * 2}, {0x0f, 384 * 2}, {0x0c, 160 * 3}, {0x0e, 288 * 2}, {9, 213}};
    static uint8_t input[4000];
    memset(input, 0, sizeof input);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        memset(input, 0, sizeof input);
        if (calls[i].address == 5) {
            input[31] = input[63] = input[95] = 64;
            memset(input + 96, 0x35, 192);
        }
        uint8_t address[20] = {0};
        address[19] = calls[i].address;
        duet_precompile_result_t result;
        duet_precompile_status_t status;
        INSIDE(status = duet_precompile(14, address, input, calls[i].size, 100000000, &result));
        if (status == DUET_PRECOMPILE_NO_MEMORY) {
            PROMISE(refuse_refused() > 0 && result.output == NULL && result.output_size == 0);
            INSIDE(status = duet_precompile(14, address, input, calls[i].size, 100000000, &result));
        }
        note_number(trail, status);
        note_number(trail, (uint64_t)result.gas_left);
        note(trail, result.output, result.output_size);
        duet_precompile_release(&result);

        struct evmc_message message;
        memset(&message, 0, sizeof message);
        memcpy(&message.code_address, address, 20);
        message.gas = 100000000;
        message.input_data = input;
        message.input_size = calls[i].size;
        struct evmc_result outcome;
        INSIDE(outcome = vm->execute(vm, NULL, NULL, EVMC_OSAKA, &message, NULL, 0));
        if (outcome.status_code == EVMC_OUT_OF_MEMORY) {
            PROMISE(refuse_refused() > 0 && outcome.output_data == NULL);
            INSIDE(outcome = vm->execute(vm, NULL, NULL, EVMC_OSAKA, &message, NULL, 0));
        }
        note_number(trail, (uint64_t)outcome.status_code);
        note(trail, outcome.output_data, outcome.output_size);
        if (outcome.release) outcome.release(&outcome);
    }
}

uint64_t precompile_scenario(int variant) {
    (void)variant;
    trail_t trail = {0};
    struct evmc_vm *vm;
    INSIDE(vm = evmc_create_duet_precompiles());
    if (vm == NULL) INSIDE(vm = evmc_create_duet_precompiles());
    PROMISE(vm != NULL);
    precompiled(&trail, vm);
    vm->destroy(vm);
    return trail.value;
}

/* Variant 0: the cache; 1: none; 2: lines; 3: batches. */
uint64_t evm_scenario(int variant) {
    trail_t trail = {0};
    memset(&traced, 0, sizeof traced);
    struct evmc_vm *vm;
    INSIDE(vm = evmc_create_duet());
    if (vm == NULL) INSIDE(vm = evmc_create_duet());
    PROMISE(vm != NULL);
    PROMISE(vm->set_option(vm, "cache_bytes", variant == 1 ? "0" : "10000000") == EVMC_SET_OPTION_SUCCESS);
    static uint8_t room[8192];
    duet_trace_t trace;
    if (variant == 2) PROMISE(duet_evm_set_trace(vm, line, NULL));
    if (variant == 3) {
        duet_trace_init(&trace, room, sizeof room, flush, NULL);
        bool attached;
        INSIDE(attached = duet_evm_set_batches(vm, &trace));
        if (!attached) INSIDE(attached = duet_evm_set_batches(vm, &trace));
        PROMISE(attached);
    }
    for (int time = 0; time < 6; time++) {
        struct evmc_host_context context = {{0}};
        struct evmc_message message;
        memset(&message, 0, sizeof message);
        message.gas = 10000000;
        message.recipient.bytes[0] = 5;
        struct evmc_result result;
        const trail_t before = traced;
        INSIDE(result = vm->execute(vm, &host, &context, EVMC_OSAKA, &message, program, sizeof program));
        if (result.status_code == EVMC_OUT_OF_MEMORY) {
            PROMISE(refuse_refused() > 0 && result.output_data == NULL && result.gas_left == 0);
            memset(&context, 0, sizeof context);
            traced = before;
            INSIDE(result = vm->execute(vm, &host, &context, EVMC_OSAKA, &message, program, sizeof program));
        }
        PROMISE(result.status_code == EVMC_SUCCESS && result.output_size == 64);
        note_number(&trail, (uint64_t)result.gas_left);
        note(&trail, result.output_data, result.output_size);
        note_number(&trail, context.trail.value);
        result.release(&result);
    }
    note_number(&trail, traced.value);
    if (variant == 3) duet_evm_set_batches(vm, NULL);
    /* The cache is the process's. */
    vm->set_option(vm, "cache_bytes", "0");
    vm->set_option(vm, "cache_bytes", "67108864");
    vm->destroy(vm);
    return trail.value;
}
