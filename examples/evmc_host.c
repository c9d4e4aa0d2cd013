/* A complete EVMC host in memory: it deploys contracts, calls them, and carries out the calls and creations that they ask for.
 *
 *     cc -std=c11 -Iinclude examples/evmc_host.c build/libpvm.a -o evmc_host && ./evmc_host
 *
 * It follows the rules of one fork, Osaka, and has room for a handful of accounts. What a client does besides, transactions with
 * their own gas above all, is left out. */
#include <duet_evm.h>
#include <duet_precompile.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum evmc_revision revision = EVMC_OSAKA;

enum { ACCOUNTS = 16, SLOTS = 16, CODE_ROOM = 1024, MAX_DEPTH = 1024, DEPOSIT_GAS = 200 };

/* ---- The state: plain arrays, so that a snapshot is an assignment ---- */

struct slot {
    evmc_bytes32 key, original, current, transient;
    bool warm;
};

struct account {
    evmc_address address;
    uint64_t nonce, balance;
    uint8_t code[CODE_ROOM];
    size_t code_size, slot_count;
    struct slot slots[SLOTS];
    bool warm, created;
};

struct evmc_host_context {
    struct evmc_vm *vm;
    struct account accounts[ACCOUNTS];
    size_t count;
};

static void die(const char *message) {
    fprintf(stderr, "evmc_host: %s\n", message);
    exit(1);
}

static struct account *account_at(struct evmc_host_context *state, const evmc_address *address) {
    for (size_t i = 0; i < state->count; i++)
        if (memcmp(&state->accounts[i].address, address, sizeof *address) == 0) return &state->accounts[i];
    if (state->count == ACCOUNTS) die("no room for another account");
    struct account *account = &state->accounts[state->count++];
    memset(account, 0, sizeof *account);
    account->address = *address;
    return account;
}

static struct slot *slot_at(struct evmc_host_context *state, const evmc_address *address, const evmc_bytes32 *key) {
    struct account *account = account_at(state, address);
    for (size_t i = 0; i < account->slot_count; i++)
        if (memcmp(&account->slots[i].key, key, sizeof *key) == 0) return &account->slots[i];
    if (account->slot_count == SLOTS) die("no room for another storage entry");
    struct slot *slot = &account->slots[account->slot_count++];
    memset(slot, 0, sizeof *slot);
    slot->key = *key;
    return slot;
}

static bool is_zero(const evmc_bytes32 *word) {
    static const evmc_bytes32 zero;
    return memcmp(word, &zero, sizeof zero) == 0;
}

static bool same(const evmc_bytes32 *left, const evmc_bytes32 *right) { return memcmp(left, right, sizeof *left) == 0; }

static evmc_bytes32 word_of(uint64_t number) {
    evmc_bytes32 word = {{0}};
    for (int i = 31; i >= 24; i--, number >>= 8) word.bytes[i] = (uint8_t)number;
    return word;
}

/* Balances of this example fit 64 bits; nobody has as much as a greater number asks for. */
static uint64_t number_of(const evmc_bytes32 *word) {
    uint64_t number = 0;
    for (int i = 0; i < 24; i++)
        if (word->bytes[i]) return UINT64_MAX;
    for (int i = 24; i < 32; i++) number = number << 8 | word->bytes[i];
    return number;
}

static bool is_precompile(const evmc_address *address) { return duet_precompile_name(revision, address->bytes) != NULL; }

/* ---- What the VM asks the host ---- */

static bool account_exists(struct evmc_host_context *state, const evmc_address *address) {
    const struct account *account = account_at(state, address);
    return account->nonce || account->balance || account->code_size;
}

static evmc_bytes32 get_storage(struct evmc_host_context *state, const evmc_address *address, const evmc_bytes32 *key) {
    return slot_at(state, address, key)->current;
}

static enum evmc_storage_status set_storage(struct evmc_host_context *state, const evmc_address *address, const evmc_bytes32 *key,
                                            const evmc_bytes32 *value) {
    struct slot *slot = slot_at(state, address, key);
    const evmc_bytes32 original = slot->original, current = slot->current;
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

static evmc_bytes32 get_transient_storage(struct evmc_host_context *state, const evmc_address *address, const evmc_bytes32 *key) {
    return slot_at(state, address, key)->transient;
}

static void set_transient_storage(struct evmc_host_context *state, const evmc_address *address, const evmc_bytes32 *key,
                                  const evmc_bytes32 *value) {
    slot_at(state, address, key)->transient = *value;
}

static evmc_uint256be get_balance(struct evmc_host_context *state, const evmc_address *address) {
    return word_of(account_at(state, address)->balance);
}

static size_t get_code_size(struct evmc_host_context *state, const evmc_address *address) { return account_at(state, address)->code_size; }

static evmc_bytes32 get_code_hash(struct evmc_host_context *state, const evmc_address *address) {
    evmc_bytes32 hash = {{0}};
    const struct account *account = account_at(state, address);
    if (account_exists(state, address)) duet_keccak256(account->code, account->code_size, hash.bytes);
    return hash;
}

static size_t copy_code(struct evmc_host_context *state, const evmc_address *address, size_t offset, uint8_t *buffer, size_t size) {
    const struct account *account = account_at(state, address);
    if (offset >= account->code_size) return 0;
    const size_t part = account->code_size - offset < size ? account->code_size - offset : size;
    memcpy(buffer, account->code + offset, part);
    return part;
}

/* Since Cancun (EIP-6780) all but an account of the same transaction only loses its balance. This example does not remove it. */
static bool selfdestruct(struct evmc_host_context *state, const evmc_address *address, const evmc_address *beneficiary) {
    struct account *account = account_at(state, address), *heir = account_at(state, beneficiary);
    const uint64_t balance = account->balance;
    if (account != heir || account->created) account->balance = 0;
    if (account != heir) heir->balance += balance;
    return account->created;
}

static void emit_log(struct evmc_host_context *state, const evmc_address *address, const uint8_t *data, size_t data_size,
                     const evmc_bytes32 topics[], size_t topics_count) {
    (void)state, (void)address, (void)data, (void)topics;
    printf("a log of %zu octets and %zu topics\n", data_size, topics_count);
}

static enum evmc_access_status access_account(struct evmc_host_context *state, const evmc_address *address) {
    struct account *account = account_at(state, address);
    const bool warm = account->warm || is_precompile(address);
    account->warm = true;
    return warm ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD;
}

static enum evmc_access_status access_storage(struct evmc_host_context *state, const evmc_address *address, const evmc_bytes32 *key) {
    struct slot *slot = slot_at(state, address, key);
    const bool warm = slot->warm;
    slot->warm = true;
    return warm ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD;
}

static struct evmc_tx_context get_tx_context(struct evmc_host_context *state) {
    (void)state;
    return (struct evmc_tx_context){.block_number = 1, .block_timestamp = 1, .block_gas_limit = 30000000, .chain_id = word_of(1)};
}

static evmc_bytes32 get_block_hash(struct evmc_host_context *state, int64_t number) {
    (void)state, (void)number;
    return word_of(0);
}

static struct evmc_result call(struct evmc_host_context *state, const struct evmc_message *message);

static const struct evmc_host_interface interface = {
    account_exists, get_storage, set_storage, get_balance, get_code_size, get_code_hash, copy_code, selfdestruct, call, get_tx_context,
    get_block_hash, emit_log, access_account, access_storage, get_transient_storage, set_transient_storage};

/* ---- Calls and creations ---- */

static struct evmc_result failure(enum evmc_status_code status, int64_t gas_left) {
    return (struct evmc_result){.status_code = status, .gas_left = gas_left};
}

static bool transfer(struct evmc_host_context *state, const evmc_address *from, const evmc_address *to, uint64_t value) {
    struct account *payer = account_at(state, from), *payee = account_at(state, to);
    if (payer->balance < value) return false;
    payer->balance -= value;
    payee->balance += value;
    return true;
}

static void release_output(const struct evmc_result *result) { free((void *)result->output_data); }

static struct evmc_result run_precompile(const struct evmc_message *message) {
    duet_precompile_result_t done;
    const duet_precompile_status_t status = duet_precompile(revision, message->code_address.bytes, message->input_data,
                                                            message->input_size, message->gas, &done);
    if (status != DUET_PRECOMPILE_SUCCESS) return failure(status == DUET_PRECOMPILE_OUT_OF_GAS ? EVMC_OUT_OF_GAS : EVMC_PRECOMPILE_FAILURE, 0);
    struct evmc_result result = {.gas_left = done.gas_left, .output_size = done.output_size};
    if (done.output_size) {
        uint8_t *output = malloc(done.output_size);
        if (output == NULL) die("memory is short");
        memcpy(output, done.output, done.output_size);
        result.output_data = output;
        result.release = release_output;
    }
    duet_precompile_release(&done);
    return result;
}

/* The last 20 octets of the Keccak-256 of RLP([sender, nonce]), or of what EIP-1014 puts together. Nonces stay below 128 here. */
static evmc_address new_address(const struct evmc_message *message, uint64_t nonce) {
    uint8_t octets[85], hash[32];
    size_t size = 23;
    if (message->kind == EVMC_CREATE2) {
        octets[0] = 0xff;
        memcpy(octets + 1, &message->sender, 20);
        memcpy(octets + 21, &message->create2_salt, 32);
        duet_keccak256(message->input_data, message->input_size, octets + 53);
        size = 85;
    } else {
        octets[0] = 0xd6;
        octets[1] = 0x94;
        memcpy(octets + 2, &message->sender, 20);
        octets[22] = nonce == 0 ? 0x80 : (uint8_t)nonce;
    }
    duet_keccak256(octets, size, hash);
    evmc_address address;
    memcpy(&address, hash + 12, sizeof address);
    return address;
}

/* The result of a creation from that of its initcode, whose output becomes the code of the new account. */
static struct evmc_result deploy(struct evmc_host_context *state, struct evmc_result made, const evmc_address *address) {
    struct evmc_result result = {.gas_left = made.gas_left - DEPOSIT_GAS * (int64_t)made.output_size, .gas_refund = made.gas_refund,
                                 .create_address = *address};
    if (made.output_size > 0 && made.output_data[0] == 0xef) {
        result = failure(EVMC_CONTRACT_VALIDATION_FAILURE, 0);
    } else if (result.gas_left < 0 || made.output_size > CODE_ROOM) {
        result = failure(EVMC_OUT_OF_GAS, 0);
    } else if (made.output_size > 0) {
        struct account *account = account_at(state, address);
        memcpy(account->code, made.output_data, made.output_size);
        account->code_size = made.output_size;
    }
    if (made.release) made.release(&made);
    return result;
}

static struct evmc_result create(struct evmc_host_context *state, const struct evmc_message *message) {
    struct account *sender = account_at(state, &message->sender);
    const evmc_address address = new_address(message, sender->nonce++);
    struct account *account = account_at(state, &address);
    account->warm = true;
    if (account->nonce || account->code_size) return failure(EVMC_FAILURE, 0);
    account->nonce = 1;
    account->created = true;
    if (!transfer(state, &message->sender, &address, number_of(&message->value))) return failure(EVMC_INSUFFICIENT_BALANCE, message->gas);

    struct evmc_message inner = *message;
    inner.recipient = inner.code_address = address;
    inner.input_data = NULL; /* The initcode is the code, not the input. */
    inner.input_size = 0;
    const struct evmc_result result = state->vm->execute(state->vm, &interface, state, revision, &inner, message->input_data, message->input_size);
    return result.status_code == EVMC_SUCCESS ? deploy(state, result, &address) : result;
}

static struct evmc_result run_code(struct evmc_host_context *state, const struct evmc_message *message) {
    if (message->kind == EVMC_CALL && !transfer(state, &message->sender, &message->recipient, number_of(&message->value)))
        return failure(EVMC_INSUFFICIENT_BALANCE, message->gas);
    if (is_precompile(&message->code_address) && !(message->flags & EVMC_DELEGATED)) return run_precompile(message);
    const struct account *account = account_at(state, &message->code_address);
    return state->vm->execute(state->vm, &interface, state, revision, message, account->code, account->code_size);
}

static struct evmc_result call(struct evmc_host_context *state, const struct evmc_message *message) {
    if (message->depth > MAX_DEPTH) return failure(EVMC_CALL_DEPTH_EXCEEDED, message->gas);
    struct evmc_host_context *before = malloc(sizeof *before); /* Not on the stack: calls nest 1024 deep. */
    if (before == NULL) return failure(EVMC_OUT_OF_MEMORY, 0);
    *before = *state;
    const bool creates = message->kind == EVMC_CREATE || message->kind == EVMC_CREATE2;
    const struct evmc_result result = creates ? create(state, message) : run_code(state, message);
    if (result.status_code != EVMC_SUCCESS) {
        const uint64_t nonce = account_at(state, &message->sender)->nonce;
        *state = *before;
        if (creates) account_at(state, &message->sender)->nonce = nonce; /* This stays, whatever becomes of the creation. */
    }
    free(before);
    return result;
}

/* ---- A client's work ---- */

static const evmc_address client = {{0xc1}};

/* CALL or CREATE from the client. Returns the gas used; *result is the caller's to release. */
static int64_t send(struct evmc_host_context *state, enum evmc_call_kind kind, const evmc_address *to, const uint8_t *input, size_t size,
                    struct evmc_result *result) {
    struct evmc_message message = {.kind = kind, .gas = 1000000, .sender = client, .input_data = input, .input_size = size};
    if (to != NULL) message.recipient = message.code_address = *to;
    /* A transaction starts: nothing is warm but its two ends, and what is stored is the original. */
    for (struct account *account = state->accounts; account < state->accounts + state->count; account++) {
        account->warm = account->created = false;
        for (struct slot *slot = account->slots; slot < account->slots + account->slot_count; slot++) {
            slot->original = slot->current;
            slot->transient = word_of(0);
            slot->warm = false;
        }
    }
    account_at(state, &client)->warm = true;
    if (to != NULL) account_at(state, to)->warm = true;
    *result = call(state, &message);
    if (result->status_code != EVMC_SUCCESS) die("a call failed");
    return message.gas - result->gas_left;
}

static evmc_address deploy_contract(struct evmc_host_context *state, const char *name, const uint8_t *initcode, size_t size) {
    struct evmc_result result;
    const int64_t gas = send(state, EVMC_CREATE, NULL, initcode, size, &result);
    printf("%s deployed: %lld gas, %zu octets of code\n", name, (long long)gas, account_at(state, &result.create_address)->code_size);
    return result.create_address;
}

static void call_contract(struct evmc_host_context *state, const char *name, const evmc_address *to, const uint8_t *input, size_t size,
                          uint64_t expected) {
    struct evmc_result result;
    const int64_t gas = send(state, EVMC_CALL, to, input, size, &result);
    evmc_bytes32 answer = word_of(0);
    if (result.output_size == sizeof answer) memcpy(&answer, result.output_data, sizeof answer);
    if (result.release) result.release(&result);
    printf("%s answers %llu: %lld gas\n", name, (unsigned long long)number_of(&answer), (long long)gas);
    if (number_of(&answer) != expected) die("that is not the answer");
}

/* Initcode that returns the octets behind it: PUSH1 size, DUP1, PUSH1 9, PUSH0, CODECOPY, PUSH0, RETURN. */
#define INITCODE(size) 0x60, size, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3

/* Counts its calls in entry 0 and returns the count. */
static const uint8_t counter[] = {
    INITCODE(15),
    0x5f, 0x54,             /* PUSH0, SLOAD */
    0x60, 0x01, 0x01,       /* PUSH1 1, ADD */
    0x80, 0x5f, 0x55,       /* DUP1, PUSH0, SSTORE */
    0x5f, 0x52,             /* PUSH0, MSTORE */
    0x60, 0x20, 0x5f, 0xf3, /* PUSH1 32, PUSH0, RETURN */
    0x00};

/* Creates a contract from the initcode that is its call data, calls it twice and returns the second answer. */
static const uint8_t factory[] = {
    INITCODE(36),
    0x36, 0x5f, 0x5f, 0x37,                                     /* CALLDATASIZE, PUSH0, PUSH0, CALLDATACOPY */
    0x36, 0x5f, 0x5f, 0xf0,                                     /* CALLDATASIZE, PUSH0, PUSH0, CREATE */
    0x60, 0x20, 0x5f, 0x5f, 0x5f, 0x5f, 0x85, 0x5a, 0xf1, 0x50, /* PUSH1 32, PUSH0 four times, DUP6, GAS, CALL, POP */
    0x60, 0x20, 0x5f, 0x5f, 0x5f, 0x5f, 0x85, 0x5a, 0xf1, 0x50,
    0x60, 0x20, 0x5f, 0xf3,                                     /* PUSH1 32, PUSH0, RETURN */
    0x00, 0x00, 0x00, 0x00};

int main(void) {
    struct evmc_host_context *state = calloc(1, sizeof *state);
    struct evmc_vm *vm = evmc_create_duet();
    if (state == NULL || vm == NULL || vm->abi_version != EVMC_ABI_VERSION) die("there is no VM of this ABI");
    state->vm = vm;
    account_at(state, &client)->balance = 1000000;
    printf("%s %s\n", vm->name, vm->version);

    const evmc_address counter_address = deploy_contract(state, "counter", counter, sizeof counter);
    call_contract(state, "counter", &counter_address, NULL, 0, 1);
    call_contract(state, "counter", &counter_address, NULL, 0, 2);
    const evmc_address factory_address = deploy_contract(state, "factory", factory, sizeof factory);
    call_contract(state, "factory", &factory_address, counter, sizeof counter, 2);
    call_contract(state, "counter", &counter_address, NULL, 0, 3);

    vm->destroy(vm);
    free(state);
    return 0;
}
