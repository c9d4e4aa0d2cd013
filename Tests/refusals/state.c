/* duet_state.h. On DUET_STATE_ERR_NO_MEMORY the state is as it was, down to the order of its accounts, the last transaction's changes, logs and
 * output, and every pointer that it has handed out. */
#include <duet_state.h>

#include "scenario.h"

static evmc_address address_of(uint8_t first, uint8_t last) {
    evmc_address address = {{0}};
    address.bytes[0] = first;
    address.bytes[19] = last;
    return address;
}

static evmc_bytes32 number(uint64_t value) {
    evmc_bytes32 word = {{0}};
    for (int i = 0; i < 8; i++) word.bytes[31 - i] = (uint8_t)(value >> (8 * i));
    return word;
}

static duet_receipt_t receipt;

/* All that can be seen of a state without changing it, with the pointers. */
static void look(duet_state_t *state, trail_t *trail, int pointers) {
    const size_t accounts = duet_state_account_count(state);
    note_number(trail, accounts);
    for (size_t i = 0; i < accounts; i++) {
        duet_account_t account;
        PROMISE(duet_state_account_at(state, i, &account) == DUET_STATE_OK);
        note(trail, &account.address, 20);
        note_number(trail, account.exists);
        note_number(trail, account.nonce);
        note(trail, &account.balance, 32);
        note(trail, &account.code_hash, 32);
        note(trail, account.code, account.code_size);
        if (pointers) note(trail, &account.code, sizeof account.code);
        const size_t slots = duet_state_slot_count(state, i);
        note_number(trail, slots);
        for (size_t slot = 0; slot < slots; slot++) {
            evmc_bytes32 key, value;
            PROMISE(duet_state_slot_at(state, i, slot, &key, &value) == DUET_STATE_OK);
            note(trail, &key, 32);
            note(trail, &value, 32);
        }
    }
    const size_t changes = duet_state_change_count(state);
    note_number(trail, changes);
    for (size_t i = 0; i < changes; i++) {
        duet_account_t account;
        PROMISE(duet_state_change(state, i, &account) == DUET_STATE_OK);
        note(trail, &account.address, 20);
        note_number(trail, account.exists);
        const size_t slots = duet_state_slot_change_count(state, i);
        note_number(trail, slots);
        for (size_t slot = 0; slot < slots; slot++) {
            evmc_bytes32 key, value;
            PROMISE(duet_state_slot_change(state, i, slot, &key, &value) == DUET_STATE_OK);
            note(trail, &key, 32);
            note(trail, &value, 32);
        }
    }
    duet_log_t log;
    for (size_t i = 0; duet_state_log(state, i, &log) == DUET_STATE_OK; i++) {
        note(trail, &log.address, 20);
        note(trail, log.topics, log.topic_count * 32);
        note(trail, log.data, log.data_size);
        if (pointers) note(trail, &log.data, sizeof log.data);
    }
    if (receipt.output_size > 0) note(trail, receipt.output, receipt.output_size);
}

static uint64_t seen(duet_state_t *state) {
    trail_t trail = {0};
    if (state != NULL) look(state, &trail, 1);
    return trail.value;
}

/* STEP(expression): a call that gives an error. Refused, it has changed nothing, and does its work when it is made again. */
#define STEP(expected, expression) do { \
        const duet_receipt_t kept = receipt; \
        const uint64_t before = seen(state); \
        duet_state_error_t error; \
        INSIDE(error = (expression)); \
        if (error == DUET_STATE_ERR_NO_MEMORY) { \
            PROMISE(refuse_refused() > 0); \
            receipt = kept; \
            PROMISE(seen(state) == before); \
            INSIDE(error = (expression)); \
        } \
        PROMISE(error == (expected)); \
        if (error != DUET_STATE_OK) { \
            receipt = kept; \
            PROMISE(seen(state) == before); \
        } \
    } while (0)

/* SSTORE(1, 42), SSTORE(2, 0); MSTORE and LOG1; CREATE of one octet of code; CREATE that fails; SHA-256 of memory; memory up to 0x4000; TSTORE;
 * RETURN of 32 octets. */
static const uint8_t worker[] =
    "\x60\x2a\x60\x01\x55\x60\x00\x60\x02\x55\x60\x2a\x60\x00\x52\x60\x05\x60\x20\x60\x00\xa1"
    "\x69\x60\x00\x60\x00\x53\x60\x01\x60\x00\xf3\x60\x00\x52\x60\x0a\x60\x16\x60\x00\xf0\x50"
    "\x69\x60\x00\x60\x00\x53\x60\x01\x60\x00\xfd\x60\x00\x52\x60\x0a\x60\x16\x60\x00\xf0\x50"
    "\x60\x20\x60\x00\x60\x20\x60\x00\x60\x02\x5a\xfa\x50\x60\x01\x61\x40\x00\x52"
    "\x60\x01\x60\x01\x5d\x60\x20\x60\x00\xf3";
/* Slots that are the input and the 15 behind it become what they are; SLOADs of others. */
static const uint8_t writer[] =
    "\x5f\x35\x60\x10\x5b\x80\x15\x60\x1e\x57\x81\x81\x01\x80\x55\x81\x81\x60\x80\x01\x01\x54\x50\x60\x01\x90\x03\x60\x04\x56\x5b\x00";
static const uint8_t destroyer[] = "\x33\xff";

static duet_transaction_t call(evmc_address sender, evmc_address to, uint64_t nonce) {
    duet_transaction_t transaction;
    memset(&transaction, 0, sizeof transaction);
    transaction.sender = sender;
    transaction.to = to;
    transaction.nonce = nonce;
    transaction.gas_limit = 2000000;
    transaction.max_fee_per_gas = transaction.max_priority_fee_per_gas = number(10);
    return transaction;
}

static void root_of(duet_state_t *state, trail_t *trail) {
    evmc_bytes32 root;
    STEP(DUET_STATE_OK, duet_state_root(state, &root));
    note(trail, &root, 32);
}

/* The example of EIP-155. */
static void decode(trail_t *trail) {
    static const char hex[] = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe"
                              "537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
    uint8_t bytes[sizeof hex / 2];
    for (size_t i = 0; i < sizeof bytes; i++) {
        unsigned octet;
        sscanf(hex + 2 * i, "%2x", &octet);
        bytes[i] = (uint8_t)octet;
    }
    duet_state_t *state = NULL;
    duet_transaction_t *transaction = NULL;
    evmc_address sender;
    evmc_bytes32 hash;
    STEP(DUET_STATE_OK, duet_transaction_decode(bytes, sizeof bytes, &transaction));
    STEP(DUET_STATE_OK, duet_transaction_sender(transaction, true, &sender));
    note(trail, &sender, 20);
    STEP(DUET_STATE_OK, duet_transaction_hash(transaction, &hash));
    note(trail, &hash, 32);
    duet_transaction_free(transaction);
    STEP(DUET_TX_ERR_RLP, duet_transaction_decode(bytes, sizeof bytes - 1, &transaction));
}

/* Variant 1 asks for the root after each step. */
uint64_t state_scenario(int variant) {
    trail_t trail = {0};
    memset(&receipt, 0, sizeof receipt);
    duet_state_t *state;
    INSIDE(state = duet_state_create());
    if (state == NULL) INSIDE(state = duet_state_create());
    PROMISE(state != NULL);
    const evmc_address sender = address_of(1, 1), work = address_of(2, 2), write = address_of(3, 3), destroy = address_of(4, 4);
    const evmc_uint256be rich = number(UINT64_C(1) << 60), none = number(0), one = number(1);
    duet_block_t block;
    memset(&block, 0, sizeof block);
    block.number = 1;
    block.gas_limit = block.gas_left = 30000000;
    block.coinbase = address_of(9, 9);
    block.base_fee = number(7);
    block.chain_id = number(1);

    STEP(DUET_STATE_OK, duet_state_set_account(state, &sender, 0, &rich));
    STEP(DUET_STATE_OK, duet_state_set_account(state, &work, 1, &none));
    STEP(DUET_STATE_OK, duet_state_set_code(state, &work, worker, sizeof worker - 1));
    STEP(DUET_STATE_OK, duet_state_set_code(state, &write, writer, sizeof writer - 1));
    STEP(DUET_STATE_OK, duet_state_set_account(state, &destroy, 1, &one));
    STEP(DUET_STATE_OK, duet_state_set_code(state, &destroy, destroyer, sizeof destroyer - 1));
    for (uint64_t i = 2; i < 6; i++) {
        const evmc_bytes32 key = number(i), value = number(7);
        STEP(DUET_STATE_OK, duet_state_set_storage(state, &work, &key, &value));
    }
    if (variant == 1) root_of(state, &trail);

    duet_transaction_t transaction = call(sender, work, 0);
    STEP(DUET_STATE_OK, duet_state_check(state, EVMC_OSAKA, &block, &transaction));
    STEP(DUET_STATE_OK, duet_state_execute(state, NULL, EVMC_OSAKA, &block, &transaction, &receipt));
    PROMISE(receipt.success && receipt.log_count == 1 && receipt.output_size == 32);
    note_number(&trail, (uint64_t)receipt.gas_used);
    note(&trail, receipt.bloom, 256);
    evmc_bytes32 hash;
    STEP(DUET_STATE_OK, duet_state_logs_hash(state, &hash));
    note(&trail, &hash, 32);
    look(state, &trail, 0);
    /* Rejected: what the last one did is still there. */
    STEP(DUET_TX_ERR_NONCE_TOO_LOW, duet_state_execute(state, NULL, EVMC_OSAKA, &block, &transaction, &receipt));
    if (variant == 1) root_of(state, &trail);

    /* Slots that come, and that go again. */
    static const uint64_t inputs[] = {100, 0x100};
    for (size_t i = 0; i < 2; i++) {
        const evmc_bytes32 input = number(inputs[i]);
        const evmc_bytes32 key = number(inputs[i] + 3), value = number(0);
        transaction = call(sender, write, 1 + i);
        transaction.data = input.bytes;
        transaction.data_size = 32;
        STEP(DUET_STATE_OK, duet_state_execute(state, NULL, EVMC_OSAKA, &block, &transaction, &receipt));
        PROMISE(receipt.success);
        if (variant == 1) root_of(state, &trail);
        STEP(DUET_STATE_OK, duet_state_set_storage(state, &write, &key, &value));
        if (variant == 1) root_of(state, &trail);
    }
    /* A creation, an access list, and an account that destroys itself. */
    transaction = call(sender, work, 3);
    transaction.is_creation = true;
    transaction.to = address_of(0, 0);
    transaction.data = (const uint8_t *)"\x60\x05\x60\x00\x53\x60\x20\x60\x00\xf3";
    transaction.data_size = 10;
    STEP(DUET_STATE_OK, duet_state_execute(state, NULL, EVMC_OSAKA, &block, &transaction, &receipt));
    PROMISE(receipt.success);
    note(&trail, &receipt.contract_address, 20);
    const evmc_bytes32 keys[2] = {number(5), number(6)};
    const duet_access_tuple_t tuple = {work, keys, 2};
    transaction = call(sender, destroy, 4);
    transaction.type = DUET_TX_ACCESS_LIST;
    transaction.has_chain_id = true;
    transaction.chain_id = number(1);
    transaction.access_list = &tuple;
    transaction.access_list_count = 1;
    STEP(DUET_STATE_OK, duet_state_execute(state, NULL, EVMC_SHANGHAI, &block, &transaction, &receipt));
    PROMISE(receipt.success);
    look(state, &trail, 0);
    if (variant == 1) root_of(state, &trail);

    STEP(DUET_STATE_OK, duet_state_system_call(state, NULL, EVMC_OSAKA, &block, &work, NULL, 0, &receipt));
    STEP(DUET_STATE_OK, duet_state_system_call(state, NULL, EVMC_OSAKA, &block, &sender, NULL, 0, &receipt));
    for (uint8_t i = 0; i < 4; i++) {
        const evmc_address who = address_of(7, (uint8_t)(i / 2));
        STEP(DUET_STATE_OK, duet_state_add_balance(state, &who, i < 2 ? &one : &none, i % 2));
    }
    look(state, &trail, 0);
    root_of(state, &trail);
    duet_state_free(state);
    decode(&trail);
    return trail.value;
}
