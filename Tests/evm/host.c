/* A whole EVMC host for differential tests, for every fork: calls, creations, access lists, refunds and logs by the rules of the
 * protocol, independent of the library's own. Python drives it through the test_… functions; one case at a time. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

#include "keccak.h"

enum { MAX_CODE_SIZE = 24576, CODE_DEPOSIT_GAS = 200, MAX_DEPTH = 1024 };

struct block {
    struct block *next;
    uint8_t octets[];
};

static struct state state;
static struct record *logs;
static size_t log_room;
static struct block *blocks; /* room of the case: code, data of logs, outputs */
static struct evmc_vm *vm;
static enum evmc_revision revision;
static struct evmc_tx_context transaction;
static evmc_bytes32 blob_hashes[2];
/* Runs a precompile; NULL: there is the identity alone. */
static int (*precompile)(uint32_t, const uint8_t *, const uint8_t *, size_t, int64_t, void *);
static void (*precompile_release)(void *);

static uint8_t *keep(const void *octets, size_t size) {
    struct block *block = malloc(sizeof *block + size);
    if (block == NULL) abort();
    block->next = blocks;
    blocks = block;
    if (size) memcpy(block->octets, octets, size);
    return block->octets;
}

static unsigned __int128 number_of(const evmc_bytes32 *word) {
    unsigned __int128 number = 0;
    for (int i = 0; i < 16; i++)
        if (word->bytes[i]) return ~(unsigned __int128)0;
    for (int i = 16; i < 32; i++) number = number << 8 | word->bytes[i];
    return number;
}

static evmc_bytes32 word_of(unsigned __int128 number) {
    evmc_bytes32 word = {{0}};
    for (int i = 31; i >= 16; i--, number >>= 8) word.bytes[i] = (uint8_t)number;
    return word;
}

static bool is_zero(const evmc_bytes32 *word) {
    static const evmc_bytes32 zero;
    return memcmp(word, &zero, sizeof zero) == 0;
}

static bool same(const evmc_bytes32 *left, const evmc_bytes32 *right) { return memcmp(left, right, sizeof *left) == 0; }

/* 1 to 0x0a: the number of the precompile; 0: none. Those after Cancun are no part of these tests. */
static int precompile_number(const evmc_address *address) {
    for (int i = 0; i < 19; i++)
        if (address->bytes[i]) return 0;
    int last = revision >= EVMC_CANCUN ? 10 : revision >= EVMC_ISTANBUL ? 9 : revision >= EVMC_BYZANTIUM ? 8 : 4;
    return address->bytes[19] <= last ? address->bytes[19] : 0;
}

static bool is_empty(const struct account *account) { return account->nonce == 0 && account->balance == 0 && account->code_size == 0; }

static void touch(const evmc_address *address) { state_account(&state, address)->exists = true; }

/* ---- What the VM asks ---- */

static bool account_exists(struct evmc_host_context *context, const evmc_address *address) {
    (void)context;
    struct account *account = state_account(&state, address);
    return revision >= EVMC_SPURIOUS_DRAGON ? !is_empty(account) : account->exists;
}

static evmc_bytes32 get_storage(struct evmc_host_context *context, const evmc_address *address, const evmc_bytes32 *key) {
    (void)context;
    return account_slot(state_account(&state, address), key)->current;
}

static evmc_bytes32 get_transient(struct evmc_host_context *context, const evmc_address *address, const evmc_bytes32 *key) {
    (void)context;
    return account_slot(state_account(&state, address), key)->transient;
}

static void set_transient(struct evmc_host_context *context, const evmc_address *address, const evmc_bytes32 *key, const evmc_bytes32 *value) {
    (void)context;
    account_slot(state_account(&state, address), key)->transient = *value;
}

static enum evmc_storage_status set_storage(struct evmc_host_context *context, const evmc_address *address, const evmc_bytes32 *key,
                                            const evmc_bytes32 *value) {
    (void)context;
    struct slot *slot = account_slot(state_account(&state, address), key);
    evmc_bytes32 original = slot->original, current = slot->current;
    slot->current = *value;
    if (same(&current, value)) return EVMC_STORAGE_ASSIGNED;
    if (same(&original, &current)) {
        if (is_zero(&current)) return EVMC_STORAGE_ADDED;
        return is_zero(value) ? EVMC_STORAGE_DELETED : EVMC_STORAGE_MODIFIED;
    }
    if (is_zero(&original)) return is_zero(value) ? EVMC_STORAGE_ADDED_DELETED : EVMC_STORAGE_ASSIGNED;
    if (is_zero(&current)) return same(&original, value) ? EVMC_STORAGE_DELETED_RESTORED : EVMC_STORAGE_DELETED_ADDED;
    if (is_zero(value)) return EVMC_STORAGE_MODIFIED_DELETED;
    return same(&original, value) ? EVMC_STORAGE_MODIFIED_RESTORED : EVMC_STORAGE_ASSIGNED;
}

static evmc_bytes32 get_balance(struct evmc_host_context *context, const evmc_address *address) {
    (void)context;
    return word_of(state_account(&state, address)->balance);
}

static size_t get_code_size(struct evmc_host_context *context, const evmc_address *address) {
    (void)context;
    return state_account(&state, address)->code_size;
}

static evmc_bytes32 get_code_hash(struct evmc_host_context *context, const evmc_address *address) {
    evmc_bytes32 hash = {{0}};
    if (!account_exists(context, address)) return hash;
    struct account *account = state_account(&state, address);
    keccak256(account->code, account->code_size, hash.bytes);
    return hash;
}

static size_t copy_code(struct evmc_host_context *context, const evmc_address *address, size_t offset, uint8_t *buffer, size_t size) {
    (void)context;
    struct account *account = state_account(&state, address);
    if (offset >= account->code_size) return 0;
    size_t part = account->code_size - offset < size ? account->code_size - offset : size;
    if (part) memcpy(buffer, account->code + offset, part);
    return part;
}

static bool selfdestruct(struct evmc_host_context *context, const evmc_address *address, const evmc_address *beneficiary) {
    (void)context;
    touch(beneficiary);
    struct account *heir = state_account(&state, beneficiary), *account = state_account(&state, address);
    heir = state_account(&state, beneficiary);
    unsigned __int128 balance = account->balance;
    bool dies = revision < EVMC_CANCUN || account->created;
    if (heir != account) {
        account->balance = 0;
        heir->balance += balance;
    } else if (dies) {
        account->balance = 0;
    }
    if (!dies || account->destructed) return false;
    account->destructed = true;
    return true;
}

static void emit_log(struct evmc_host_context *context, const evmc_address *address, const uint8_t *data, size_t size,
                     const evmc_bytes32 topics[], size_t topic_count) {
    (void)context;
    if (state.log_count == log_room) {
        log_room = log_room ? 2 * log_room : 16;
        logs = realloc(logs, log_room * sizeof *logs);
        if (logs == NULL) abort();
    }
    struct record *log = &logs[state.log_count++];
    *log = (struct record){.address = *address, .data = keep(data, size), .data_size = size, .topic_count = topic_count};
    if (topic_count) memcpy(log->topics, topics, topic_count * sizeof *topics);
}

static enum evmc_access_status access_account(struct evmc_host_context *context, const evmc_address *address) {
    (void)context;
    struct account *account = state_account(&state, address);
    bool warm = account->warm || precompile_number(address);
    account->warm = true;
    return warm ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD;
}

static enum evmc_access_status access_storage(struct evmc_host_context *context, const evmc_address *address, const evmc_bytes32 *key) {
    (void)context;
    struct slot *slot = account_slot(state_account(&state, address), key);
    bool warm = slot->warm;
    slot->warm = true;
    return warm ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD;
}

static struct evmc_tx_context get_tx_context(struct evmc_host_context *context) {
    (void)context;
    return transaction;
}

/* As the reference makes them up: the hash of the number's decimal digits. */
static evmc_bytes32 get_block_hash(struct evmc_host_context *context, int64_t number) {
    (void)context;
    char digits[20];
    size_t count = 0;
    evmc_bytes32 hash;
    for (uint64_t rest = (uint64_t)number; count == 0 || rest; rest /= 10) digits[19 - count++] = (char)('0' + rest % 10);
    keccak256((const uint8_t *)digits + 20 - count, count, hash.bytes);
    return hash;
}

static struct evmc_result call(struct evmc_host_context *context, const struct evmc_message *message);

static const struct evmc_host_interface host = {
    .account_exists = account_exists, .get_storage = get_storage, .set_storage = set_storage, .get_balance = get_balance,
    .get_code_size = get_code_size, .get_code_hash = get_code_hash, .copy_code = copy_code, .selfdestruct = selfdestruct,
    .call = call, .get_tx_context = get_tx_context, .get_block_hash = get_block_hash, .emit_log = emit_log,
    .access_account = access_account, .access_storage = access_storage, .get_transient_storage = get_transient,
    .set_transient_storage = set_transient};

/* ---- Calls and creations ---- */

static struct evmc_result failure(enum evmc_status_code status, int64_t gas_left) {
    return (struct evmc_result){.status_code = status, .gas_left = gas_left};
}

/* A result of the VM with its output kept, so that nothing is left to release. */
static struct evmc_result execute(const struct evmc_message *message, const uint8_t *code, size_t size) {
    struct evmc_result result = vm->execute(vm, &host, NULL, revision, message, code, size);
    struct evmc_result kept = result;
    kept.release = NULL;
    kept.output_data = result.output_size ? keep(result.output_data, result.output_size) : NULL;
    if (result.release) result.release(&result);
    return kept;
}

static struct evmc_result run_precompile(const struct evmc_message *message) {
    if (precompile == NULL) {
        int64_t cost = 15 + 3 * (int64_t)((message->input_size + 31) / 32);
        if (message->code_address.bytes[19] != 4) abort(); /* The generator keeps away from the others. */
        if (cost > message->gas) return failure(EVMC_OUT_OF_GAS, 0);
        return (struct evmc_result){.gas_left = message->gas - cost, .output_size = message->input_size,
                                    .output_data = keep(message->input_data, message->input_size)};
    }
    struct { int64_t gas_left; uint8_t *output; size_t output_size; } out = {0, NULL, 0};
    int status = precompile(revision, message->code_address.bytes, message->input_data, message->input_size, message->gas, &out);
    struct evmc_result result = failure(EVMC_PRECOMPILE_FAILURE, 0);
    if (status == 2) result.status_code = EVMC_OUT_OF_GAS;
    if (status == 0)
        result = (struct evmc_result){.gas_left = out.gas_left, .output_data = keep(out.output, out.output_size), .output_size = out.output_size};
    precompile_release(&out);
    return result;
}

static bool transfer(const evmc_address *from, const evmc_address *to, unsigned __int128 value) {
    touch(to);
    struct account *payer = state_account(&state, from);
    if (payer->balance < value) return false;
    payer->balance -= value;
    state_account(&state, to)->balance += value;
    return true;
}

/* KEC of RLP([sender, nonce]), or of 0xff, sender, salt and KEC of the initcode (EIP-1014); its last 20 octets. */
static evmc_address new_address(const struct evmc_message *message, uint64_t nonce) {
    uint8_t octets[85], hash[32];
    size_t size;
    if (message->kind == EVMC_CREATE2) {
        octets[0] = 0xff;
        memcpy(octets + 1, &message->sender, 20);
        memcpy(octets + 21, &message->create2_salt, 32);
        keccak256(message->input_data, message->input_size, octets + 53);
        size = 85;
    } else {
        int width = 0;
        while (width < 8 && nonce >> 8 * width) width++;
        octets[1] = 0x94;
        memcpy(octets + 2, &message->sender, 20);
        size = 22;
        if (nonce < 0x80) {
            octets[size++] = nonce ? (uint8_t)nonce : 0x80;
        } else {
            octets[size++] = (uint8_t)(0x80 + width);
            for (int i = width - 1; i >= 0; i--) octets[size++] = (uint8_t)(nonce >> 8 * i);
        }
        octets[0] = (uint8_t)(0xc0 + size - 1);
    }
    keccak256(octets, size, hash);
    evmc_address address;
    memcpy(&address, hash + 12, 20);
    return address;
}

/* Charges for the new code and puts it in place. */
static void deploy(struct evmc_result *result, const evmc_address *address) {
    int64_t cost = CODE_DEPOSIT_GAS * (int64_t)result->output_size;
    enum evmc_status_code status = EVMC_SUCCESS;
    if (revision >= EVMC_LONDON && result->output_size && result->output_data[0] == 0xef) status = EVMC_CONTRACT_VALIDATION_FAILURE;
    else if (revision >= EVMC_SPURIOUS_DRAGON && result->output_size > MAX_CODE_SIZE) status = EVMC_FAILURE;
    else if (cost > result->gas_left && revision >= EVMC_HOMESTEAD) status = EVMC_OUT_OF_GAS;
    if (status != EVMC_SUCCESS) {
        *result = failure(status, 0);
        return;
    }
    if (cost <= result->gas_left) { /* In Frontier a creation that cannot pay leaves an account without code. */
        result->gas_left -= cost;
        struct account *account = state_account(&state, address);
        account->code = keep(result->output_data, result->output_size);
        account->code_size = result->output_size;
    }
    result->output_size = 0;
    result->create_address = *address;
}

static struct evmc_result create(const struct evmc_message *message) {
    struct account *sender = state_account(&state, &message->sender);
    if (sender->nonce == UINT64_MAX) return failure(EVMC_FAILURE, message->gas);
    evmc_address address = new_address(message, sender->nonce++);
    struct account *account = state_account(&state, &address);
    account->warm = true;
    if (account->nonce || account->code_size) return failure(EVMC_FAILURE, 0);

    struct state before;
    state_copy(&before, &state);
    account->exists = account->created = true;
    if (revision >= EVMC_SPURIOUS_DRAGON) account->nonce = 1;
    struct evmc_result result = failure(EVMC_INSUFFICIENT_BALANCE, message->gas);
    if (transfer(&message->sender, &address, number_of(&message->value))) {
        struct evmc_message inner = *message;
        inner.recipient = inner.code_address = address;
        inner.input_data = NULL;
        inner.input_size = 0;
        result = execute(&inner, message->input_data, message->input_size);
        if (result.status_code == EVMC_SUCCESS) deploy(&result, &address);
    }
    if (result.status_code != EVMC_SUCCESS) {
        state_free(&state);
        state = before;
        result.gas_refund = 0;
    } else {
        state_free(&before);
    }
    return result;
}

static struct evmc_result call(struct evmc_host_context *context, const struct evmc_message *message) {
    (void)context;
    if (message->depth > MAX_DEPTH) return failure(EVMC_CALL_DEPTH_EXCEEDED, message->gas);
    if (message->kind == EVMC_CREATE || message->kind == EVMC_CREATE2) return create(message);

    struct state before;
    state_copy(&before, &state);
    struct evmc_result result = {.gas_left = message->gas};
    unsigned __int128 value = number_of(&message->value);
    bool funded = message->kind == EVMC_CALL ? transfer(&message->sender, &message->recipient, value)
        : message->kind == EVMC_DELEGATECALL || state_account(&state, &message->recipient)->balance >= value;
    struct account *account = state_account(&state, &message->code_address);
    if (!funded) result.status_code = EVMC_INSUFFICIENT_BALANCE;
    else if (precompile_number(&message->code_address)) result = run_precompile(message);
    else if (account->code_size) result = execute(message, account->code, account->code_size);
    if (result.status_code != EVMC_SUCCESS) {
        state_free(&state);
        state = before;
        result.gas_refund = 0;
    } else {
        state_free(&before);
    }
    return result;
}

/* ---- What Python calls ---- */

void test_use(struct evmc_vm *the_vm, void *run, void *release) {
    vm = the_vm;
    precompile = (int (*)(uint32_t, const uint8_t *, const uint8_t *, size_t, int64_t, void *))run;
    precompile_release = (void (*)(void *))release;
}

void test_begin(int the_revision) {
    revision = (enum evmc_revision)the_revision;
    state_free(&state);
    while (blocks) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

void test_account(const uint8_t *address, uint64_t nonce, uint64_t balance, const uint8_t *code, size_t code_size) {
    struct account *account = state_account(&state, (const evmc_address *)address);
    account->exists = true;
    account->nonce = nonce;
    account->balance = balance;
    account->code = keep(code, code_size);
    account->code_size = code_size;
}

void test_slot(const uint8_t *address, const uint8_t *key, const uint8_t *value) {
    struct slot *slot = account_slot(state_account(&state, (const evmc_address *)address), (const evmc_bytes32 *)key);
    memcpy(&slot->original, value, sizeof slot->original);
    slot->current = slot->original;
}

/* As by a transaction's access list. */
void test_warm(const uint8_t *address) { state_account(&state, (const evmc_address *)address)->warm = true; }

/* The block and the transaction: its words in the order of evmc_tx_context, then two blob hashes. */
void test_environment(const uint8_t *origin, const uint8_t *coinbase, int64_t number, int64_t timestamp, int64_t gas_limit,
                      const evmc_bytes32 words[7]) {
    transaction = (struct evmc_tx_context){.tx_gas_price = words[0], .block_number = number, .block_timestamp = timestamp,
                                           .block_gas_limit = gas_limit, .block_prev_randao = words[1], .chain_id = words[2],
                                           .block_base_fee = words[3], .blob_base_fee = words[4], .blob_hashes = blob_hashes,
                                           .blob_hashes_count = 2};
    memcpy(&transaction.tx_origin, origin, 20);
    memcpy(&transaction.block_coinbase, coinbase, 20);
    memcpy(blob_hashes, words + 5, sizeof blob_hashes);
}

static struct evmc_result last;

/* The call of a transaction. Results: status, gas left, refund, size of the output, logs, accounts. */
void test_run(const uint8_t *sender, const uint8_t *to, const uint8_t *input, size_t input_size, uint64_t value, int64_t gas, int64_t results[6]) {
    struct evmc_message message = {.kind = EVMC_CALL, .gas = gas, .input_data = input, .input_size = input_size, .value = word_of(value)};
    memcpy(&message.sender, sender, 20);
    memcpy(&message.recipient, to, 20);
    message.code_address = message.recipient;
    state_account(&state, &message.sender)->warm = true;
    state_account(&state, &message.recipient)->warm = true;
    if (revision >= EVMC_SHANGHAI) state_account(&state, &transaction.block_coinbase)->warm = true; /* EIP-3651 */
    last = call(NULL, &message);
    int64_t all[6] = {last.status_code, last.gas_left, last.gas_refund, (int64_t)last.output_size, (int64_t)state.log_count, (int64_t)state.count};
    memcpy(results, all, sizeof all);
}

const uint8_t *test_output(void) { return last.output_data; }

/* address, count of topics, topics, size of the data in 8 octets, data; then the same again. Returns how many octets there are. */
size_t test_logs(uint8_t *out, size_t room) {
    size_t size = 0;
    for (size_t i = 0; i < state.log_count; i++) {
        const struct record *log = &logs[i];
        if (size + 21 + 128 + 8 + log->data_size > room) return 0;
        memcpy(out + size, &log->address, 20);
        out[size + 20] = (uint8_t)log->topic_count;
        memcpy(out + size + 21, log->topics, 32 * log->topic_count);
        size += 21 + 32 * log->topic_count;
        uint64_t data_size = log->data_size;
        memcpy(out + size, &data_size, 8);
        memcpy(out + size + 8, log->data, log->data_size);
        size += 8 + log->data_size;
    }
    return size;
}

/* An account: its address, then nonce, balance, exists, destructed, size of the code, count of slots. */
void test_account_at(size_t index, uint8_t *address, uint64_t values[6]) {
    const struct account *account = &state.accounts[index];
    uint64_t all[6] = {account->nonce, (uint64_t)account->balance, account->exists, account->destructed, account->code_size, account->slot_count};
    memcpy(address, &account->address, 20);
    memcpy(values, all, sizeof all);
}

const uint8_t *test_code_at(size_t index) { return state.accounts[index].code; }

void test_slot_at(size_t index, size_t slot, uint8_t *key, uint8_t *value) {
    memcpy(key, &state.accounts[index].slots[slot].key, 32);
    memcpy(value, &state.accounts[index].slots[slot].current, 32);
}
