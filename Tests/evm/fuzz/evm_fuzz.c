/* Fuzz target over evmc_vm::execute under a hostile host: one that answers anything, calls back into the VM wherever it can, and
 * leaves functions out. An input is a header, which says how the call and the host are to be, and the code.
 *
 * Every input runs twice, and a third time with a trace in batches, and must end alike. What evmc.h promises of a result is checked; a broken promise aborts. */
#include <duet_evm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GAS 200000
#define MAX_REENTRY 6
#define MAX_HOST_CALLS 400

static void promise(int kept, const char *text, int line) {
    if (kept) return;
    fprintf(stderr, "evm_fuzz.c:%d: broken promise: %s\n", line, text);
    abort();
}
#define PROMISE(condition) promise((condition) ? 1 : 0, #condition, __LINE__)

/* ---- The host ---- */

struct evmc_host_context {
    struct evmc_vm *vm;
    const struct evmc_host_interface *interface;
    enum evmc_revision revision;
    uint64_t state;   /* of its random numbers */
    unsigned malice;  /* of 256: how often an answer is one that no proper host gives */
    int depth;        /* of calls back into the VM */
    int calls_left;
    const uint8_t *code;
    size_t code_size;
    int64_t held;     /* outputs that wait for their release */
    uint64_t trail;   /* everything the VM did, folded into a number */
};

static struct evmc_host_context *current;

static uint64_t next(struct evmc_host_context *host) {
    host->state ^= host->state << 13;
    host->state ^= host->state >> 7;
    host->state ^= host->state << 17;
    return host->state * UINT64_C(0x9e3779b97f4a7c15);
}

static unsigned below(struct evmc_host_context *host, unsigned limit) { return (unsigned)((next(host) >> 33) % limit); }
static bool is_malicious(struct evmc_host_context *host) { return below(host, 256) < host->malice; }

static void note(struct evmc_host_context *host, const void *octets, size_t size) {
    for (size_t i = 0; i < size; i++) host->trail = (host->trail ^ ((const uint8_t *)octets)[i]) * UINT64_C(0x100000001b3);
}

static evmc_bytes32 word(struct evmc_host_context *host) {
    evmc_bytes32 word = {{0}};
    switch (below(host, 4)) {
    case 0: break;
    case 1: word.bytes[31] = (uint8_t)below(host, 256); break;
    case 2: memset(&word, 0xff, sizeof word); break;
    default: for (size_t i = 0; i < sizeof word; i++) word.bytes[i] = (uint8_t)below(host, 256);
    }
    return word;
}

static int64_t edge(struct evmc_host_context *host) {
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 255, 256, INT64_MAX - 1, INT64_MAX, INT64_C(1) << 32};
    return below(host, 2) ? (int64_t)next(host) : edges[below(host, sizeof edges / sizeof *edges)];
}

static void execute_again(struct evmc_host_context *host);

/* A host function begins: the VM may be called from it. */
static void enter(struct evmc_host_context *host, const void *octets, size_t size) {
    PROMISE(host == current);
    note(host, octets, size);
    if (host->calls_left > 0 && below(host, 64) == 0) execute_again(host);
}

static bool account_exists(struct evmc_host_context *host, const evmc_address *address) {
    enter(host, address, sizeof *address);
    return below(host, 2);
}

static evmc_bytes32 get_storage(struct evmc_host_context *host, const evmc_address *address, const evmc_bytes32 *key) {
    (void)address;
    enter(host, key, sizeof *key);
    return word(host);
}

static enum evmc_storage_status set_storage(struct evmc_host_context *host, const evmc_address *address, const evmc_bytes32 *key,
                                            const evmc_bytes32 *value) {
    (void)address, (void)key;
    enter(host, value, sizeof *value);
    return is_malicious(host) ? (enum evmc_storage_status)(int32_t)edge(host) : (enum evmc_storage_status)below(host, 9);
}

static void set_transient_storage(struct evmc_host_context *host, const evmc_address *address, const evmc_bytes32 *key, const evmc_bytes32 *value) {
    (void)address, (void)key;
    enter(host, value, sizeof *value);
}

static evmc_bytes32 get_balance(struct evmc_host_context *host, const evmc_address *address) {
    enter(host, address, sizeof *address);
    return word(host);
}

static size_t get_code_size(struct evmc_host_context *host, const evmc_address *address) {
    enter(host, address, sizeof *address);
    return is_malicious(host) ? (size_t)edge(host) : below(host, 24577);
}

/* Sometimes a delegation (EIP-7702). It may say that it wrote more than there is room for. */
static size_t copy_code(struct evmc_host_context *host, const evmc_address *address, size_t offset, uint8_t *buffer, size_t size) {
    enter(host, address, sizeof *address);
    PROMISE(size == 0 || buffer != NULL);
    const size_t part = size == 0 ? 0 : (size_t)(next(host) % (size + 1));
    if (part) memset(buffer, (int)below(host, 256), part);
    if (offset == 0 && part >= 3 && below(host, 2)) memcpy(buffer, "\xef\x01\x00", 3);
    return is_malicious(host) ? (size_t)edge(host) : part;
}

static bool selfdestruct(struct evmc_host_context *host, const evmc_address *address, const evmc_address *beneficiary) {
    (void)address;
    enter(host, beneficiary, sizeof *beneficiary);
    return below(host, 2);
}

static void emit_log(struct evmc_host_context *host, const evmc_address *address, const uint8_t *data, size_t size,
                     const evmc_bytes32 topics[], size_t count) {
    (void)address;
    PROMISE(count <= 4);
    PROMISE(size == 0 || data != NULL);
    if (size) note(host, data, size);
    enter(host, topics, count * sizeof *topics);
}

static enum evmc_access_status access_account(struct evmc_host_context *host, const evmc_address *address) {
    enter(host, address, sizeof *address);
    return is_malicious(host) ? (enum evmc_access_status)(int32_t)edge(host) : (enum evmc_access_status)below(host, 2);
}

static enum evmc_access_status access_storage(struct evmc_host_context *host, const evmc_address *address, const evmc_bytes32 *key) {
    (void)key;
    return access_account(host, address);
}

static struct evmc_tx_context get_tx_context(struct evmc_host_context *host) {
    static const evmc_bytes32 hashes[2];
    enter(host, NULL, 0);
    struct evmc_tx_context context;
    memset(&context, (int)below(host, 256), sizeof context);
    context.block_number = edge(host);
    context.block_timestamp = edge(host);
    context.blob_hashes = hashes;
    context.blob_hashes_count = below(host, 3);
    if (is_malicious(host)) { /* Hashes that are not there. */
        context.blob_hashes = NULL;
        context.blob_hashes_count = below(host, 3);
    }
    return context;
}

static evmc_bytes32 get_block_hash(struct evmc_host_context *host, int64_t number) {
    enter(host, &number, sizeof number);
    PROMISE(number >= 0);
    return word(host);
}

static void release(const struct evmc_result *result) {
    PROMISE(current != NULL && current->held > 0);
    current->held--;
    free((void *)result->output_data);
}

static struct evmc_result call(struct evmc_host_context *host, const struct evmc_message *message) {
    PROMISE(message->gas >= 0 && message->depth > 0 && message->depth <= 1024);
    PROMISE(message->input_size == 0 || message->input_data != NULL);
    if (message->input_size) note(host, message->input_data, message->input_size);
    enter(host, &message->gas, sizeof message->gas);
    struct evmc_result result = {.status_code = (enum evmc_status_code)below(host, 4), .gas_left = 0};
    if (host->calls_left > 0 && host->depth < MAX_REENTRY && below(host, 3) == 0) {
        host->calls_left--;
        host->depth++;
        result = host->vm->execute(host->vm, host->interface, host, host->revision, message, host->code, host->code_size);
        host->depth--;
        return result;
    }
    if (message->gas > 0 && result.status_code != EVMC_FAILURE) result.gas_left = (int64_t)(next(host) % (uint64_t)message->gas);
    if (below(host, 2)) {
        result.output_size = below(host, 200);
        uint8_t *output = malloc(result.output_size + 1);
        if (output == NULL) abort();
        memset(output, (int)below(host, 256), result.output_size + 1);
        result.output_data = output;
        result.release = release;
        host->held++;
    }
    memset(&result.create_address, (int)below(host, 256), sizeof result.create_address);
    if (is_malicious(host)) {
        switch (below(host, 5)) {
        case 0: result.status_code = (enum evmc_status_code)(int32_t)edge(host); break;
        case 1: result.gas_left = edge(host); break;
        case 2: result.gas_refund = edge(host); break;
        case 3: /* A size without octets. */
            if (result.output_data == NULL) result.output_size = (size_t)edge(host);
            break;
        default: result.gas_left = message->gas; break;
        }
    }
    return result;
}

static const struct evmc_host_interface whole = {
    account_exists, get_storage, set_storage, get_balance, get_code_size, get_balance, copy_code, selfdestruct, call,
    get_tx_context, get_block_hash, emit_log, access_account, access_storage, get_storage, set_transient_storage};

/* ---- A run ---- */

static void check(const struct evmc_result *result, const struct evmc_message *message) {
    const bool keeps = result->status_code == EVMC_SUCCESS || result->status_code == EVMC_REVERT;
    PROMISE(result->status_code >= EVMC_OUT_OF_MEMORY && result->status_code <= EVMC_INSUFFICIENT_BALANCE);
    PROMISE(result->gas_left >= 0 && (keeps || result->gas_left == 0));
    PROMISE(message == NULL || message->gas < 0 || result->gas_left <= message->gas);
    PROMISE(result->status_code == EVMC_SUCCESS || result->gas_refund == 0);
    PROMISE(result->output_size == 0 || result->output_data != NULL);
    PROMISE(result->output_size <= 64u << 20);
}

/* From within a host function, with another message and any revision. */
static void execute_again(struct evmc_host_context *host) {
    if (host->depth >= MAX_REENTRY) return;
    host->calls_left--;
    host->depth++;
    struct evmc_message message = {.kind = EVMC_CALL, .gas = below(host, 5000), .depth = (int32_t)below(host, 1025)};
    const struct evmc_result result = host->vm->execute(host->vm, host->interface, host, (enum evmc_revision)below(host, 16), &message,
                                                        host->code, below(host, (unsigned)host->code_size + 1));
    check(&result, &message);
    note(host, result.output_data, result.output_size);
    if (result.release) result.release(&result);
    host->depth--;
}

struct header {
    uint8_t revision, flags, oddity, malice, mode, depth;
    uint16_t input_size;
    uint32_t gas;
    uint64_t seed;
};

enum { HEADER = 20 };

static uint64_t run(struct evmc_vm *vm, const struct header *header, const uint8_t *code, size_t code_size) {
    static const char *const modes[] = {"interpreter", "auto", "fast"};
    static const uint8_t input[512] = {1, 2, 3, 4, 5};
    struct evmc_host_interface interface = whole;
    struct evmc_host_context host = {.vm = vm, .interface = &interface, .state = header->seed | 1, .malice = header->malice / 4,
                                     .calls_left = MAX_HOST_CALLS, .code = code, .code_size = code_size, .trail = 1};
    host.revision = (enum evmc_revision)(header->revision < 240 ? header->revision % 16 : header->revision - 228);
    struct evmc_message message = {.kind = (enum evmc_call_kind)(header->flags >> 4 & 3), .flags = header->flags & 1,
                                   .depth = header->depth * 5, .gas = header->gas % MAX_GAS, .input_data = input,
                                   .input_size = header->input_size % sizeof input, .value = word(&host)};
    const struct evmc_host_interface *given = &interface;
    const struct evmc_message *sent = &message;
    if (header->oddity > 200) {
        switch (header->oddity % 10) {
        case 0: given = NULL; break;
        case 1: sent = NULL; break;
        case 2: message.gas = edge(&host) | INT64_MIN; break;
        case 3: message.input_data = NULL; break;
        case 4: code = NULL; break;
        case 5: message.depth = (int32_t)edge(&host); break;
        case 6: message.kind = (enum evmc_call_kind)(int32_t)edge(&host); break;
        case 7: message.flags = (uint32_t)edge(&host); break;
        case 8: host.revision = (enum evmc_revision)(int32_t)edge(&host); break;
        default: /* A function is missing. */
            memset((char *)&interface + sizeof(void *) * (header->seed % (sizeof interface / sizeof(void *))), 0, sizeof(void *));
        }
    }
    vm->set_option(vm, "mode", modes[header->mode % 3]);
    current = &host;
    const struct evmc_result result = vm->execute(vm, given, &host, host.revision, sent, code, code_size);
    check(&result, sent);
    int64_t numbers[3] = {result.status_code, result.gas_left, result.gas_refund};
    note(&host, numbers, sizeof numbers);
    if (result.output_size) note(&host, result.output_data, result.output_size);
    if (result.release) result.release(&result);
    PROMISE(host.held == 0);
    current = NULL;
    return host.trail;
}

/* A trace in batches, of any kind, into a buffer between two guards. */
enum { GUARD = 8, ROOM = 600 };
static uint64_t traced_room[GUARD + ROOM + GUARD];
static uint64_t traced_records;

static void take_records(void *context, const void *records, size_t count) {
    const duet_trace_t *trace = (const duet_trace_t *)context;
    PROMISE(records == traced_room + GUARD && count > 0);
    PROMISE(count <= trace->buffer_size / (DUET_EVM_RECORD_SIZE + 32 * trace->stack_words));
    traced_records += count;
}

static void run_traced(struct evmc_vm *vm, const struct header *header, const uint8_t *code, size_t code_size, uint64_t trail) {
    const uint64_t choice = header->seed * UINT64_C(0x9e3779b97f4a7c15) >> 16;
    duet_trace_t trace;
    duet_trace_init(&trace, traced_room + GUARD, sizeof(uint64_t) * (choice % 3 == 0 ? ROOM : choice % (ROOM + 1)), take_records, &trace);
    trace.stack_words = choice >> 10 & 1 ? (uint32_t)(choice >> 11 & 3) : (uint32_t)(choice >> 13 & 63);
    trace.flags = (uint32_t)(choice >> 19 & 3);
    if (choice >> 21 & 1) trace.opcodes[choice >> 22 & 3] = choice;
    if (choice >> 24 & 1) trace.last_pc = (uint32_t)(choice >> 25 & 63);
    if (choice >> 31 & 1) trace.first_depth = (uint32_t)(choice >> 32 & 7);
    if ((choice >> 35 & 7) == 0) trace.flush = NULL;
    memset(traced_room, 0xa5, sizeof traced_room);
    traced_records = 0;
    const size_t record = DUET_EVM_RECORD_SIZE + 32 * (size_t)trace.stack_words;
    PROMISE(duet_evm_set_batches(vm, &trace) == (trace.stack_words <= 32 && trace.buffer_size >= record && !(trace.flags & 2 && trace.stack_words == 0)));
    PROMISE(run(vm, header, code, code_size) == trail);
    for (size_t i = 0; i < GUARD; i++) PROMISE(traced_room[i] == UINT64_C(0xa5a5a5a5a5a5a5a5) && traced_room[GUARD + ROOM + i] == UINT64_C(0xa5a5a5a5a5a5a5a5));
    if (trace.flush == NULL) PROMISE(trace.count == trace.total);
    else PROMISE(trace.count == 0 && trace.total == traced_records && trace.lost == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct evmc_vm *vm;
    if (vm == NULL) {
        vm = evmc_create_duet();
        /* The second run of code is from the cache. */
        vm->set_option(vm, "cache_after", "0");
    }
    if (vm == NULL || size < HEADER) return 0;
    struct header header = {.revision = data[0], .flags = data[1], .oddity = data[2], .malice = data[3], .mode = data[4], .depth = data[5]};
    memcpy(&header.input_size, data + 6, sizeof header.input_size);
    memcpy(&header.gas, data + 8, sizeof header.gas);
    memcpy(&header.seed, data + 12, sizeof header.seed);
    const uint64_t trail = run(vm, &header, data + HEADER, size - HEADER);
    /* A new instance knows nothing of the first run, and goes over from one pace to the other elsewhere. */
    static const char *const patience[] = {"0", "1", "4", "256"};
    struct evmc_vm *other = evmc_create_duet();
    if (other == NULL) return 0;
    PROMISE(other->set_option(other, "analyse_after", patience[header.seed % 4]) == EVMC_SET_OPTION_SUCCESS);
    PROMISE(run(other, &header, data + HEADER, size - HEADER) == trail);
    run_traced(other, &header, data + HEADER, size - HEADER, trail);
    other->destroy(other);
    return 0;
}
