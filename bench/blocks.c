/* blocks: how long the transactions of a block take with the code cache as it is by default and without one.
 *
 *   blocks CODES BLOCK [ROUNDS]
 *
 * CODES has contract code in hexadecimal, a line each. BLOCK is what bench/blocks.py makes of a block: lines of a word and its values (see `read_block`). Each round is a process of its own,
 * so that its first execution of the block is the first one that the cache sees; the state is made anew for each execution, and only the transactions are timed, by the
 * thread's processor time. Prints "transactions gas first second first second tenth hundredth", without the cache and with it, the times in microseconds: the least of the rounds. A round that uses other gas than the block's header says, or
 * in which a transaction is found invalid, is an error. */
#define _POSIX_C_SOURCE 200809L
#include "duet_evm.h"
#include "duet_precompile.h"
#include "duet_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 16, EXECUTIONS = 100 };

typedef struct { uint8_t* octets; size_t size; uint8_t hash[32]; } Bytes;
typedef struct { evmc_address address; uint64_t nonce; evmc_uint256be balance; uint8_t code_hash[32]; size_t first_slot, slot_count; } Account;
typedef struct { evmc_bytes32 key, value; } Slot;
typedef struct { evmc_address contract; evmc_bytes32 data; } Call;
typedef struct { int64_t number; evmc_bytes32 hash; } BlockHash;

static Bytes codes[MOST];
static Account accounts[MOST];
static Slot slots[MOST];
static duet_transaction_t* transactions[MOST];
static BlockHash hashes[512];
static Call calls[4];
static size_t code_count, account_count, slot_count, transaction_count, hash_count, call_count;
static duet_block_t block;
static enum evmc_revision revision;
static long long expected_gas;

static void stop(const char* what) { fprintf(stderr, "blocks: %s\n", what); exit(1); }

static uint8_t digit(char c) { return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10); }

static size_t from_hex(const char* text, uint8_t* octets) {
    size_t size = 0;
    if (text[0] == '0' && text[1] == 'x') text += 2;
    for (; text[0] > ' ' && text[1] > ' '; text += 2) octets[size++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
    return size;
}

/* Every word of hexadecimal has all its digits. */
static evmc_bytes32 word(const char* text) { evmc_bytes32 w; memset(&w, 0, 32); if (from_hex(text, w.bytes) != 32) stop("not 32 octets"); return w; }
static evmc_address address(const char* text) { evmc_address a; memset(&a, 0, 20); if (from_hex(text, a.bytes) != 20) stop("not 20 octets"); return a; }

static evmc_bytes32 block_hash(void* context, int64_t number) {
    evmc_bytes32 none;
    (void)context;
    for (size_t i = 0; i < hash_count; i++)
        if (hashes[i].number == number) return hashes[i].hash;
    memset(&none, 0, 32);
    return none;
}

static char* line;
static size_t line_room;

static void read_codes(const char* path) {
    FILE* file = fopen(path, "r");
    if (file == NULL) stop("no codes");
    ssize_t size;
    while ((size = getline(&line, &line_room, file)) > 0) {
        Bytes* code = &codes[code_count++];
        if (code_count == MOST || (code->octets = (uint8_t*)malloc((size_t)size)) == NULL) stop("too many codes");
        code->size = from_hex(line, code->octets);
        duet_keccak256(code->octets, code->size, code->hash);
    }
    fclose(file);
}

static void read_block(const char* path) {
    FILE* file = fopen(path, "r");
    if (file == NULL) stop("no block");
    while (getline(&line, &line_room, file) > 0) {
        char* values[5] = { NULL };
        char* rest = line;
        for (int i = 0; i < 5; i++) values[i] = strtok_r(rest, " \n", &rest);
        const char* name = values[0];
        if (account_count == MOST - 1 || slot_count == MOST - 1 || transaction_count == MOST - 1 || hash_count == 511) stop("too much");
        if (strcmp(name, "revision") == 0) revision = (enum evmc_revision)atoi(values[1]);
        else if (strcmp(name, "number") == 0) block.number = atoll(values[1]);
        else if (strcmp(name, "timestamp") == 0) block.timestamp = atoll(values[1]);
        else if (strcmp(name, "gas_limit") == 0) block.gas_limit = atoll(values[1]);
        else if (strcmp(name, "gas_used") == 0) expected_gas = atoll(values[1]);
        else if (strcmp(name, "coinbase") == 0) block.coinbase = address(values[1]);
        else if (strcmp(name, "randao") == 0) block.prev_randao = word(values[1]);
        else if (strcmp(name, "base_fee") == 0) block.base_fee = word(values[1]);
        else if (strcmp(name, "blob_fee") == 0) block.blob_base_fee = duet_blob_base_fee(strtoull(values[1], NULL, 10), strtoull(values[2], NULL, 10));
        else if (strcmp(name, "hash") == 0) { hashes[hash_count].number = atoll(values[1]); hashes[hash_count++].hash = word(values[2]); }
        else if (strcmp(name, "call") == 0) { calls[call_count].contract = address(values[1]); calls[call_count++].data = word(values[2]); }
        else if (strcmp(name, "account") == 0) {
            Account* account = &accounts[account_count++];
            account->address = address(values[1]);
            account->nonce = strtoull(values[2], NULL, 10);
            account->balance = word(values[3]);
            account->first_slot = slot_count;
            if (values[4] != NULL) from_hex(values[4], account->code_hash);
        } else if (strcmp(name, "slot") == 0) {
            accounts[account_count - 1].slot_count++;
            slots[slot_count].key = word(values[1]);
            slots[slot_count++].value = word(values[2]);
        } else if (strcmp(name, "transaction") == 0) {
            uint8_t* octets = (uint8_t*)malloc(strlen(values[1]));
            duet_transaction_t** transaction = &transactions[transaction_count++];
            if (octets == NULL || duet_transaction_decode(octets, from_hex(values[1], octets), transaction) != DUET_STATE_OK
                || duet_transaction_sender(*transaction, revision >= EVMC_HOMESTEAD, &(*transaction)->sender) != DUET_STATE_OK) stop("a transaction is malformed");
            free(octets);
        } else stop("a line is malformed");
    }
    fclose(file);
    block.chain_id.bytes[31] = 1;
    block.block_hash = block_hash;
}

static duet_state_t* make_state(void) {
    static const uint8_t none[32] = { 0 };
    duet_state_t* state = duet_state_create();
    if (state == NULL) stop("no memory");
    for (size_t i = 0; i < account_count; i++) {
        const Account* account = &accounts[i];
        if (duet_state_set_account(state, &account->address, account->nonce, &account->balance) != DUET_STATE_OK) stop("no account");
        for (size_t j = 0; j < code_count && memcmp(account->code_hash, none, 32) != 0; j++)
            if (memcmp(codes[j].hash, account->code_hash, 32) == 0 && duet_state_set_code(state, &account->address, codes[j].octets, codes[j].size) != DUET_STATE_OK) stop("no code");
        for (size_t j = account->first_slot; j < account->first_slot + account->slot_count; j++)
            if (duet_state_set_storage(state, &account->address, &slots[j].key, &slots[j].value) != DUET_STATE_OK) stop("no slot");
    }
    return state;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Microseconds that the transactions take. */
static double execute(struct evmc_vm* vm) {
    duet_state_t* state = make_state();
    duet_receipt_t receipt;
    long long gas = 0;
    block.gas_left = block.gas_limit;
    block.blobs_left = 99;
    for (size_t i = 0; i < call_count; i++) duet_state_system_call(state, vm, revision, &block, &calls[i].contract, calls[i].data.bytes, 32, &receipt);
    const double start = now();
    for (size_t i = 0; i < transaction_count; i++) {
        const duet_state_error_t error = duet_state_execute(state, vm, revision, &block, transactions[i], &receipt);
        if (error != DUET_STATE_OK) { fprintf(stderr, "transaction %zu: %s\n", i, duet_state_error_message(error)); exit(1); }
        gas += receipt.gas_used;
        block.gas_left -= receipt.gas_used;
    }
    const double taken = now() - start;
    if (gas != expected_gas) { fprintf(stderr, "blocks: %lld gas instead of %lld\n", gas, expected_gas); exit(1); }
    duet_state_free(state);
    return taken;
}

/* The first, second, tenth and hundredth execution in a new process. */
static void round_of(const char* cache, int executions, double* times) {
    static const int told[4] = { 0, 1, 9, 99 };
    int ends[2];
    if (pipe(ends) != 0) stop("no pipe");
    const pid_t child = fork();
    if (child < 0) stop("no process");
    if (child == 0) {
        struct evmc_vm* vm = evmc_create_duet();
        /* Tables that are made once, and memory that the process has from then on. The cache forgets everything after that. */
        if (vm == NULL || vm->set_option(vm, "cache_bytes", cache) != EVMC_SET_OPTION_SUCCESS) _exit(1);
        execute(vm);
        if (vm->set_option(vm, "cache_bytes", "0") != EVMC_SET_OPTION_SUCCESS || vm->set_option(vm, "cache_bytes", cache) != EVMC_SET_OPTION_SUCCESS) _exit(1);
        double all[EXECUTIONS], four[4];
        for (int i = 0; i < executions; i++) all[i] = execute(vm);
        for (int i = 0; i < 4; i++) four[i] = all[told[i] < executions ? told[i] : executions - 1];
        _exit(write(ends[1], four, sizeof four) != (ssize_t)sizeof four);
    }
    close(ends[1]);
    if (read(ends[0], times, 4 * sizeof *times) != (ssize_t)(4 * sizeof *times)) stop("a round failed");
    close(ends[0]);
    waitpid(child, NULL, 0);
}

int main(int count, char** arguments) {
    if (count < 3) stop("blocks CODES BLOCK [ROUNDS]");
    const int rounds = count > 3 ? atoi(arguments[3]) : 5;
    read_codes(arguments[1]);
    read_block(arguments[2]);
    double without[2] = { 1e18, 1e18 }, with[4] = { 1e18, 1e18, 1e18, 1e18 }, times[4];
    for (int i = 0; i < rounds; i++) {
        round_of("0", 2, times);
        for (int j = 0; j < 2; j++) if (times[j] < without[j]) without[j] = times[j];
        /* Only the last round goes on to the hundredth execution. */
        round_of("67108864", i + 1 == rounds ? EXECUTIONS : 10, times);
        for (int j = 0; j < (i + 1 == rounds ? 4 : 3); j++) if (times[j] < with[j]) with[j] = times[j];
    }
    printf("%zu %lld %.1f %.1f %.1f %.1f %.1f %.1f\n", transaction_count, expected_gas, without[0], without[1], with[0], with[1], with[2], with[3]);
    return 0;
}
