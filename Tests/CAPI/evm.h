/* A host of EVMC whose answers a test sets, code that a test assembles, and runs of it on both paces of the interpreter: an
 * instance that is traced takes every instruction with care. Works in C11 and in C++17. */
#ifndef EVM_H
#define EVM_H

#include <pthread.h>

#include "check.h"
#include "duet_evm.h"

struct evmc_host_context {
    bool exists, warm;
    uint64_t balance;
    enum evmc_storage_status store;
    const uint8_t* code; /* of every account */
    size_t code_size;
    uint8_t log[64];
    size_t log_size, log_topics;
    struct evmc_message message; /* the last call's */
    struct evmc_result answer;   /* to every call */
    bool gives_gas_back;
    unsigned calls;
    uint8_t key[32], value[32];
    struct evmc_vm* vm; /* not NULL: calls run `own_code` on it */
    const uint8_t* own_code;
    size_t own_size;
    const struct evmc_host_interface* interface;
    enum evmc_revision revision;
};
typedef struct evmc_host_context Host;

static bool host_exists(Host* h, const evmc_address* a) { (void)a; return h->exists; }
static evmc_bytes32 host_get(Host* h, const evmc_address* a, const evmc_bytes32* k) { (void)a; evmc_bytes32 v; (void)k; memcpy(&v, h->value, 32); return v; }
static enum evmc_storage_status host_set(Host* h, const evmc_address* a, const evmc_bytes32* k, const evmc_bytes32* v) {
    (void)a; memcpy(h->key, k, 32); memcpy(h->value, v, 32); return h->store;
}
static evmc_uint256be host_balance(Host* h, const evmc_address* a) {
    evmc_uint256be v; (void)a; memset(&v, 0, sizeof v);
    for (int i = 0; i < 8; i++) v.bytes[31 - i] = (uint8_t)(h->balance >> (8 * i));
    return v;
}
static size_t host_size(Host* h, const evmc_address* a) { (void)a; return h->code_size; }
static evmc_bytes32 host_hash(Host* h, const evmc_address* a) { evmc_bytes32 v; (void)h; (void)a; memset(&v, 0xcc, sizeof v); return v; }
static size_t host_copy(Host* h, const evmc_address* a, size_t offset, uint8_t* buffer, size_t size) {
    (void)a;
    if (offset >= h->code_size) return 0;
    size_t n = h->code_size - offset < size ? h->code_size - offset : size;
    memcpy(buffer, h->code + offset, n);
    return n;
}
static bool host_destruct(Host* h, const evmc_address* a, const evmc_address* b) { (void)h; (void)a; (void)b; return true; }
/* What the host of the test program refuses is not the test's matter (scripts/test-refusing-hosts). */
static inline void look_for_refusal(enum evmc_status_code status) {
    if (status == EVMC_OUT_OF_MEMORY && check_is_refusing_memory()) check_refused(__FILE__, __LINE__, "memory of an execution");
}
static struct evmc_result host_call(Host* h, const struct evmc_message* m) {
    h->calls++;
    h->message = *m;
    if (h->vm != NULL) return h->vm->execute(h->vm, h->interface, h, h->revision, m, h->own_code, h->own_size);
    struct evmc_result r = h->answer;
    if (h->gives_gas_back) r.gas_left = m->gas;
    return r;
}
static struct evmc_tx_context host_transaction(Host* h) {
    struct evmc_tx_context t; (void)h; memset(&t, 0, sizeof t);
    t.block_number = 1000; t.block_timestamp = 7; t.block_gas_limit = 9; t.chain_id.bytes[31] = 5;
    return t;
}
static evmc_bytes32 host_block(Host* h, int64_t n) { evmc_bytes32 v; (void)h; memset(&v, 0, sizeof v); v.bytes[31] = (uint8_t)n; v.bytes[0] = 1; return v; }
static void host_log(Host* h, const evmc_address* a, const uint8_t* d, size_t n, const evmc_bytes32 t[], size_t k) {
    (void)a; (void)t; h->log_size = n; h->log_topics = k; if (n > 0 && n <= 64) memcpy(h->log, d, n);
}
static enum evmc_access_status host_account(Host* h, const evmc_address* a) { (void)a; return h->warm ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD; }
static enum evmc_access_status host_storage(Host* h, const evmc_address* a, const evmc_bytes32* k) { (void)a; (void)k; return h->warm ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD; }
static void host_set_transient(Host* h, const evmc_address* a, const evmc_bytes32* k, const evmc_bytes32* v) { (void)a; memcpy(h->key, k, 32); memcpy(h->value, v, 32); }

static const struct evmc_host_interface host_functions = {
    host_exists, host_get, host_set, host_balance, host_size, host_hash, host_copy, host_destruct, host_call, host_transaction,
    host_block, host_log, host_account, host_storage, host_get, host_set_transient};

/* As host_call, on hosts that refuse memory. Apart, because a test has 1024 of the other one on a small stack. */
static struct evmc_result host_call_and_look(Host* h, const struct evmc_message* m) {
    const struct evmc_result result = host_call(h, m);
    if (h->vm != NULL) look_for_refusal(result.status_code);
    return result;
}
static const struct evmc_host_interface looking_functions = {
    host_exists, host_get, host_set, host_balance, host_size, host_hash, host_copy, host_destruct, host_call_and_look, host_transaction,
    host_block, host_log, host_account, host_storage, host_get, host_set_transient};
static inline const struct evmc_host_interface* functions_now(void) { return check_is_refusing_memory() ? &looking_functions : &host_functions; }

static inline Host fresh_host(void) { Host h; memset(&h, 0, sizeof h); h.interface = functions_now(); h.warm = true; h.exists = true; h.revision = EVMC_OSAKA; return h; }

/* Code, octet by octet. */
typedef struct { uint8_t octets[70000]; size_t size; } Code;
static inline void emit(Code* c, unsigned octet) { c->octets[c->size++] = (uint8_t)octet; }
/* PUSHn of a number in as many octets as it is given. */
static inline void push_wide(Code* c, uint64_t value, unsigned octets) {
    emit(c, 0x5f + octets);
    for (unsigned i = octets; i-- > 0;) emit(c, i < 8 ? (unsigned)(value >> (8 * i)) & 0xff : 0);
}
static inline void push(Code* c, uint64_t value) {
    unsigned octets = 1;
    while (octets < 8 && value >> (8 * octets)) octets++;
    push_wide(c, value, octets);
}

typedef struct { enum evmc_status_code status; int64_t left, refund; uint8_t output[64]; size_t output_size; } End;

static struct evmc_vm* quick;
/* Analyses every block at once, and has no other pace until something fails. */
static struct evmc_vm* eager;
/* Traces, and takes care of every instruction. */
static struct evmc_vm* careful;
static void ignore_line(void* context, const char* line, size_t length) { (void)context; (void)line; (void)length; }

static inline void open_instances(void) {
    quick = evmc_create_duet();
    eager = evmc_create_pvm();
    careful = evmc_create();
    NEED(quick != NULL && eager != NULL && careful != NULL);
    NEED(eager->set_option(eager, "analyse_after", "0") == EVMC_SET_OPTION_SUCCESS);
    NEED(duet_evm_set_trace(careful, ignore_line, NULL));
    /* Code is in the cache from its second execution on, so that tests come to it. */
    NEED(quick->set_option(quick, "cache_after", "0") == EVMC_SET_OPTION_SUCCESS);
}
/* Empties the cache first, so that nothing of the heap is left at the end. */
static inline void close_instances(void) {
    quick->set_option(quick, "cache_bytes", "0");
    quick->destroy(quick);
    eager->destroy(eager);
    careful->destroy(careful);
}

static inline End execute_on(struct evmc_vm* vm, Host* host, enum evmc_revision rev, uint32_t flags, int64_t gas, const Code* code) {
    struct evmc_message message;
    memset(&message, 0, sizeof message);
    message.gas = gas;
    message.flags = flags;
    struct evmc_result r = vm->execute(vm, functions_now(), host, rev, &message, code->octets, code->size);
    look_for_refusal(r.status_code);
    End end;
    memset(&end, 0, sizeof end);
    end.status = r.status_code;
    end.left = r.gas_left;
    end.refund = r.gas_refund;
    end.output_size = r.output_size;
    if (r.output_size > 0) memcpy(end.output, r.output_data, r.output_size < 64 ? r.output_size : 64);
    if (r.release != NULL) r.release(&r);
    return end;
}

static inline void compare_ends(const char* pace, const End* other, const End* end, enum evmc_revision rev, const Code* code) {
    if (end->status == other->status && end->left == other->left && end->refund == other->refund && end->output_size == other->output_size
        && memcmp(end->output, other->output, 64) == 0) return;
    fprintf(stderr, "paces: %d gas %" PRId64 ", %s %d gas %" PRId64 " (revision %d, opcode 0x%02x)\n", (int)end->status, end->left,
            pace, (int)other->status, other->left, (int)rev, code->size ? code->octets[code->size - 1] : 0);
    CHECK(!"all paces end alike");
}

/* At all paces, which must end alike; the host starts from the same state each time. */
static inline End execute(Host* host, enum evmc_revision rev, uint32_t flags, int64_t gas, const Code* code) {
    Host copy = *host, third = *host;
    End with_care = execute_on(careful, &copy, rev, flags, gas, code);
    End at_once = execute_on(eager, &third, rev, flags, gas, code);
    End end = execute_on(quick, host, rev, flags, gas, code);
    compare_ends("careful", &with_care, &end, rev, code);
    compare_ends("eager", &at_once, &end, rev, code);
    return end;
}

/* Runs it on a thread with a stack of 512 KiB, which 1024 nested calls fit. */
static inline void run_on_small_stack(void* (*function)(void*)) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    EQUAL(pthread_attr_setstacksize(&attributes, check_is_refusing_memory() ? 1 << 20 : 512 << 10), 0);
    NEED(pthread_create(&thread, &attributes, function, NULL) == 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

#endif
