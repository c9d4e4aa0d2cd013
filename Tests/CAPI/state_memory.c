/* The memory of a state that lives long is in proportion to what it holds: not to what code has looked at, nor to what creations left that were
 * undone, nor to what is gone. */
#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif
#include "state.h"

static size_t in_use(void) {
    const struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
}

static duet_state_t *state;
static evmc_address sender, contract;
static uint64_t nonce;

static void begin(const void *code, size_t size) {
    state = duet_state_create();
    sender = address_of(1);
    contract = address_of(2);
    nonce = 0;
    put_account(state, sender, 0, UINT64_C(1) << 62, NULL, 0);
    put_account(state, contract, 1, 1000000, code, size);
}

/* A transaction with a number as input. */
static void run(uint64_t input, enum evmc_revision revision) {
    const duet_block_t block = a_block();
    duet_transaction_t transaction = a_transaction(sender, contract, nonce++, 1000000);
    const evmc_bytes32 word = number(input);
    transaction.data = word.bytes;
    transaction.data_size = 32;
    duet_receipt_t receipt;
    NEED(duet_state_execute(state, NULL, revision, &block, &transaction, &receipt) == DUET_STATE_OK);
}

/* Runs a warm-up and then many transactions; the memory in use must not grow by more than a few hundred octets for each hundred. */
static void stays(const void *code, size_t size, enum evmc_revision revision, int with_roots) {
    enum { FEW = 3000, MANY = 30000 };
    begin(code, size);
    evmc_bytes32 root;
    for (uint64_t i = 0; i < FEW; i++) run(i, revision);
    CHECK(duet_state_root(state, &root) == DUET_STATE_OK);
    const size_t before = in_use();
    for (uint64_t i = FEW; i < MANY; i++) {
        run(i, revision);
        if (with_roots && i % 16 == 0) CHECK(duet_state_root(state, &root) == DUET_STATE_OK);
    }
    CHECK(duet_state_root(state, &root) == DUET_STATE_OK);
    const size_t after = in_use();
    const size_t grown = after > before ? after - before : 0;
    CHECK(grown < 400000);
    if (grown >= 400000) fprintf(stderr, "%zu octets more\n", grown);
    CHECK(duet_state_account_count(state) < 1000);
    duet_state_free(state);
}

/* Memory 0 … 31 is the input; init code that gives it back as code; CREATE; REVERT. */
static void undone_creations(void) {
    /* CALLDATALOAD 0, MSTORE at 32; PUSH 12 octets of init code: CODECOPY(0, 12, 32) RETURN(0, 32); MSTORE at 0; CREATE(0, 20, 44); REVERT */
    static const char code[] = "\x5f\x35\x60\x20\x52\x6b\x60\x20\x60\x0c\x60\x00\x39\x60\x20\x60\x00\xf3\x5f\x52"
                               "\x60\x2c\x60\x14\x5f\xf0\x5f\x5f\xfd";
    stays(code, sizeof code - 1, EVMC_OSAKA, 1);
}

/* BALANCE of an address that is the input; SLOAD of that key. */
static void what_was_looked_at(void) {
    static const char code[] = "\x5f\x35\x31\x50\x5f\x35\x54\x50\x00";
    stays(code, sizeof code - 1, EVMC_OSAKA, 0);
    stays(code, sizeof code - 1, EVMC_OSAKA, 1);
}

/* SSTORE(input, 1) and SSTORE(input, 0). */
static void slots_that_are_zero_again(void) {
    static const char code[] = "\x60\x01\x5f\x35\x55\x5f\x5f\x35\x55\x00";
    stays(code, sizeof code - 1, EVMC_OSAKA, 0);
    stays(code, sizeof code - 1, EVMC_OSAKA, 1);
}

/* Each transaction clears the slot that the one before has set: SSTORE(input - 1, 0), SSTORE(input, 1). */
static void slots_that_move(void) {
    static const char code[] = "\x5f\x60\x01\x5f\x35\x03\x55\x60\x01\x5f\x35\x55\x00";
    stays(code, sizeof code - 1, EVMC_OSAKA, 0);
    stays(code, sizeof code - 1, EVMC_OSAKA, 1);
}

/* An account is created and destroyed: CREATE of init code "SELFDESTRUCT to 0", whose address depends on the creator's nonce. */
static void accounts_that_are_gone(void) {
    static const char code[] = "\x61\x5f\xff\x5f\x52\x60\x02\x60\x1e\x5f\xf0\x00";
    stays(code, sizeof code - 1, EVMC_OSAKA, 0);
    stays(code, sizeof code - 1, EVMC_OSAKA, 1);
    stays(code, sizeof code - 1, EVMC_SHANGHAI, 1);
}

/* The code of an account that gets another one. */
static void code_that_was_replaced(void) {
    begin("\x00", 1);
    uint8_t code[4096];
    memset(code, 0, sizeof code);
    size_t before = 0;
    for (uint64_t i = 0; i < 5000; i++) {
        memcpy(code, &i, sizeof i);
        NEED(duet_state_set_code(state, &contract, code, sizeof code) == DUET_STATE_OK);
        if (i == 100) before = in_use();
    }
    CHECK(in_use() < before + 100000);
    duet_account_t account;
    CHECK(duet_state_account(state, &contract, &account) == DUET_STATE_OK && account.code_size == sizeof code);
    CHECK(memcmp(account.code, code, sizeof code) == 0);
    duet_state_free(state);
}

/* What is held stays: slots and accounts among many that are not. */
static void what_is_held(void) {
    /* SLOAD(input + 2^20), BALANCE(input + 2^20), and every 8th input: SSTORE(input, input) and 1 wei for the address. */
    static const char code[] = "\x5f\x35\x62\x10\x00\x00\x01\x80\x54\x50\x31\x50\x60\x07\x5f\x35\x16\x60\x26\x57"
                               "\x5f\x35\x5f\x35\x55\x5f\x5f\x5f\x5f\x60\x01\x5f\x35\x61\xff\xff\xf1\x00\x5b\x00";
    begin(code, sizeof code - 1);
    evmc_bytes32 root;
    enum { COUNT = 8000 };
    for (uint64_t i = 256; i < COUNT; i++) {
        run(i, EVMC_OSAKA);
        if (i % 1000 == 0) NEED(duet_state_root(state, &root) == DUET_STATE_OK);
    }
    for (uint64_t i = 256; i < COUNT; i++) {
        evmc_bytes32 key = number(i), value;
        evmc_address who;
        memset(&who, 0, sizeof who);
        memcpy(who.bytes + 12, key.bytes + 24, 8);
        duet_account_t account;
        CHECK(duet_state_storage(state, &contract, &key, &value) == DUET_STATE_OK);
        EQUAL(value_of(value), i % 8 == 0 ? i : 0);
        CHECK(duet_state_account(state, &who, &account) == DUET_STATE_OK);
        EQUAL(account.exists, i % 8 == 0);
    }
    /* The same state made at once has the same root. */
    CHECK(duet_state_root(state, &root) == DUET_STATE_OK);
    duet_state_t *copy = duet_state_create();
    for (size_t i = 0; i < duet_state_account_count(state); i++) {
        duet_account_t account;
        NEED(duet_state_account_at(state, i, &account) == DUET_STATE_OK);
        if (!account.exists) continue;
        NEED(duet_state_set_account(copy, &account.address, account.nonce, &account.balance) == DUET_STATE_OK);
        NEED(duet_state_set_code(copy, &account.address, account.code, account.code_size) == DUET_STATE_OK);
        for (size_t slot = 0; slot < duet_state_slot_count(state, i); slot++) {
            evmc_bytes32 key, value;
            NEED(duet_state_slot_at(state, i, slot, &key, &value) == DUET_STATE_OK);
            NEED(duet_state_set_storage(copy, &account.address, &key, &value) == DUET_STATE_OK);
        }
    }
    evmc_bytes32 same;
    CHECK(duet_state_root(copy, &same) == DUET_STATE_OK && memcmp(&root, &same, 32) == 0);
    duet_state_free(copy);
    duet_state_free(state);
}

int main(void) {
    RUN(undone_creations);
    RUN(what_was_looked_at);
    RUN(slots_that_are_zero_again);
    RUN(slots_that_move);
    RUN(accounts_that_are_gone);
    RUN(code_that_was_replaced);
    RUN(what_is_held);
    return finish(__FILE__);
}
