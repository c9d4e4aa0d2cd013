/* duet_state.h: on an error nothing has changed, and neither the last transaction's changes, logs and output have; an EVM that asks the host
 * for what cannot be. What a refused allocation leaves is tested by Tests/refusals. */
#include "state.h"

static const evmc_uint256be none = {{0}};

/* Slot 1 becomes 42, a log with data of 32 octets and topic 5, returns 32 octets. */
static const char work[] = "\x60\x2a\x60\x01\x55\x60\x2a\x5f\x52\x60\x05\x60\x20\x5f\xa1\x60\x20\x5f\xf3";

static void a_rejected_transaction_forgets_nothing(void) {
    duet_state_t *state = duet_state_create();
    const evmc_address sender = address_of(1), contract = address_of(2);
    put_account(state, sender, 0, 1000000000000000000u, NULL, 0);
    put_account(state, contract, 1, 0, work, sizeof work - 1);
    const duet_block_t block = a_block();
    duet_transaction_t transaction = a_transaction(sender, contract, 0, 100000);
    duet_receipt_t receipt, again;
    NEED(duet_state_execute(state, NULL, EVMC_OSAKA, &block, &transaction, &receipt) == DUET_STATE_OK && receipt.success);
    EQUAL(receipt.log_count, 1);
    EQUAL(receipt.output_size, 32);
    const size_t accounts = duet_state_account_count(state);
    evmc_bytes32 logs, root, hash;
    CHECK(duet_state_logs_hash(state, &logs) == DUET_STATE_OK);
    CHECK(duet_state_root(state, &root) == DUET_STATE_OK);
    duet_log_t log;
    CHECK(duet_state_log(state, 0, &log) == DUET_STATE_OK);

    const evmc_address stranger = address_of(999);
    for (int error = 0; error < 6; error++) {
        duet_transaction_t wrong = a_transaction(sender, contract, 1, 100000);
        enum evmc_revision revision = EVMC_OSAKA;
        duet_state_error_t expected = DUET_STATE_OK;
        switch (error) {
        case 0: wrong.nonce = 0; expected = DUET_TX_ERR_NONCE_TOO_LOW; break;
        case 1: wrong.gas_limit = 20000; expected = DUET_TX_ERR_INTRINSIC_GAS; break;
        case 2: wrong.sender = stranger; wrong.nonce = 0; expected = DUET_TX_ERR_FUNDS; break;
        case 3: wrong.type = 7; expected = DUET_TX_ERR_UNKNOWN_TYPE; break;
        case 4: revision = (enum evmc_revision)99; expected = DUET_STATE_ERR_ARGUMENT; break;
        default: wrong.data_size = 5; expected = DUET_STATE_ERR_ARGUMENT; break;
        }
        EQUAL(duet_state_execute(state, NULL, revision, &block, &wrong, &again), expected);
        EQUAL(duet_state_account_count(state), accounts);
        EQUAL(duet_state_change_count(state), 3);
        EQUAL(duet_state_slot_change_count(state, 0) + duet_state_slot_change_count(state, 1) + duet_state_slot_change_count(state, 2), 1);
        CHECK(duet_state_logs_hash(state, &hash) == DUET_STATE_OK && memcmp(&hash, &logs, 32) == 0);
        CHECK(log.data_size == 32 && log.data[31] == 42 && log.topic_count == 1 && log.topics[0].bytes[31] == 5);
        EQUAL(receipt.output[0], 0);
        CHECK(duet_state_root(state, &hash) == DUET_STATE_OK && memcmp(&hash, &root, 32) == 0);
    }
    duet_state_free(state);
}

/* ---- An EVM that is not this library's ---- */

typedef struct {
    struct evmc_vm vm;
    int mode;
    size_t copied;
    uint8_t room[64];
} Other;

static void no_release(struct evmc_vm *vm) { (void)vm; }

static struct evmc_result other_execute(struct evmc_vm *vm, const struct evmc_host_interface *host, struct evmc_host_context *context,
                                        enum evmc_revision revision, const struct evmc_message *message, const uint8_t *code, size_t size) {
    (void)revision, (void)code, (void)size;
    Other *other = (Other *)(void *)vm;
    struct evmc_result result;
    memset(&result, 0, sizeof result);
    result.status_code = EVMC_SUCCESS;
    result.gas_left = message->gas;
    struct evmc_message call = *message;
    call.depth = 1;
    call.kind = EVMC_CALL;
    call.gas = 1000;
    const evmc_address target = address_of(2);
    call.recipient = call.code_address = target;
    switch (other->mode) {
    case 0: other->copied = host->copy_code(context, &target, (size_t)0 - 32, other->room, 32); break;
    case 1: other->copied = host->copy_code(context, &target, 2, other->room, SIZE_MAX); break;
    case 2: other->copied = host->copy_code(context, &target, SIZE_MAX, other->room, 32); break;
    case 3: host->emit_log(context, &target, other->room, SIZE_MAX, NULL, 0); break;
    case 4: host->emit_log(context, &target, NULL, 0, NULL, SIZE_MAX); break;
    case 5: result.gas_left = message->gas + 1; break;
    case 6: result.gas_left = -1; break;
    case 7: result.output_size = SIZE_MAX; result.output_data = other->room; break;
    case 8: result.output_size = 10; break;
    case 9: call.input_size = SIZE_MAX; call.input_data = other->room; host->call(context, &call); break;
    case 10: call.gas = -1; host->call(context, &call); break;
    case 11: call.depth = -1; host->call(context, &call); break;
    default: call.kind = EVMC_CREATE; call.input_size = 10; call.input_data = NULL; host->call(context, &call); break;
    }
    return result;
}

static void another_evm(void) {
    static const char code[] = "\x00secretcode"; /* never executed by this EVM */
    for (int mode = 0; mode <= 12; mode++) {
        duet_state_t *state = duet_state_create();
        const evmc_address sender = address_of(1), contract = address_of(2);
        put_account(state, sender, 0, 1000000000000000000u, NULL, 0);
        put_account(state, contract, 1, 0, code, sizeof code - 1);
        evmc_bytes32 before, after;
        CHECK(duet_state_root(state, &before) == DUET_STATE_OK);
        Other other = {{EVMC_ABI_VERSION, "other", "1", no_release, other_execute, NULL, NULL}, mode, 77, {0}};
        const duet_block_t block = a_block();
        const duet_transaction_t transaction = a_transaction(sender, contract, 0, 100000);
        duet_receipt_t receipt;
        const duet_state_error_t error = duet_state_execute(state, &other.vm, EVMC_OSAKA, &block, &transaction, &receipt);
        if (mode < 3) {
            CHECK(error == DUET_STATE_OK && receipt.success);
            /* An offset behind the code copies nothing; a buffer larger than all code gets what there is. */
            EQUAL(other.copied, mode == 1 ? sizeof code - 1 - 2 : 0);
            for (int i = 0; i < 32; i++) EQUAL(other.room[i], mode == 1 && i < (int)sizeof code - 3 ? (uint8_t)code[i + 2] : 0);
        } else {
            EQUAL(error, DUET_STATE_ERR_VM);
            CHECK(duet_state_root(state, &after) == DUET_STATE_OK && memcmp(&before, &after, 32) == 0);
        }
        duet_state_free(state);
    }
}

/* Sizes that cannot be are refused before anything is read: the pointers lead nowhere. */
static void impossible_sizes(void) {
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 31, (size_t)1 << 63, ((size_t)1 << 63) - 1, (size_t)1 << 62, (size_t)1 << 48};
    const uint8_t *nowhere = (const uint8_t *)(uintptr_t)8;
    duet_state_t *state = duet_state_create();
    const evmc_address sender = address_of(1), contract = address_of(2);
    put_account(state, sender, 0, 1000000000000000000u, NULL, 0);
    put_account(state, contract, 1, 0, work, sizeof work - 1);
    const duet_block_t block = a_block();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        duet_receipt_t receipt;
        duet_transaction_t *decoded = NULL;
        evmc_address who;
        evmc_bytes32 hash;
        EQUAL(duet_state_set_code(state, &contract, nowhere, sizes[i]), DUET_STATE_ERR_ARGUMENT);
        EQUAL(duet_state_system_call(state, NULL, EVMC_OSAKA, &block, &contract, nowhere, sizes[i], &receipt), DUET_STATE_ERR_ARGUMENT);
        EQUAL(duet_transaction_decode(nowhere, sizes[i], &decoded), DUET_STATE_ERR_ARGUMENT);
        CHECK(decoded == NULL);
        for (int field = 0; field < 5; field++) {
            duet_transaction_t transaction = a_transaction(sender, contract, 0, 100000);
            duet_access_tuple_t tuple;
            memset(&tuple, 0, sizeof tuple);
            switch (field) {
            case 0: transaction.data = nowhere; transaction.data_size = sizes[i]; break;
            case 1: transaction.access_list = (const duet_access_tuple_t *)(const void *)nowhere; transaction.access_list_count = sizes[i]; break;
            case 2: transaction.blob_hashes = (const evmc_bytes32 *)nowhere; transaction.blob_hash_count = sizes[i]; break;
            case 3: transaction.authorizations = (const duet_authorization_t *)nowhere; transaction.authorization_count = sizes[i]; break;
            default:
                tuple.keys = (const evmc_bytes32 *)nowhere;
                tuple.key_count = sizes[i];
                transaction.access_list = &tuple;
                transaction.access_list_count = 1;
            }
            transaction.type = (uint8_t)(field == 2 ? DUET_TX_BLOB : field == 3 ? DUET_TX_SET_CODE : DUET_TX_ACCESS_LIST);
            EQUAL(duet_state_execute(state, NULL, EVMC_OSAKA, &block, &transaction, &receipt), DUET_STATE_ERR_ARGUMENT);
            EQUAL(duet_state_check(state, EVMC_OSAKA, &block, &transaction), DUET_STATE_ERR_ARGUMENT);
            EQUAL(duet_transaction_sender(&transaction, true, &who), DUET_STATE_ERR_ARGUMENT);
            EQUAL(duet_transaction_hash(&transaction, &hash), DUET_STATE_ERR_ARGUMENT);
        }
    }
    /* Lists whose items share their keys cost more gas than there is, and no more than that. */
    enum { TUPLES = 4096 };
    static duet_access_tuple_t tuples[TUPLES];
    for (int i = 0; i < TUPLES; i++) {
        tuples[i].keys = (const evmc_bytes32 *)nowhere;
        tuples[i].key_count = (size_t)1 << 42;
    }
    duet_transaction_t transaction = a_transaction(sender, contract, 0, 100000);
    transaction.type = DUET_TX_ACCESS_LIST;
    transaction.access_list = tuples;
    transaction.access_list_count = TUPLES;
    EQUAL(duet_state_check(state, EVMC_OSAKA, &block, &transaction), DUET_TX_ERR_INTRINSIC_GAS);
    duet_state_free(state);
}

/* EIP-161: an account that is paid nothing is removed or made to exist. */
static void paying_nothing(void) {
    duet_state_t *state = duet_state_create();
    const evmc_address who = address_of(5);
    const evmc_uint256be one = number(1);
    duet_account_t account;
    CHECK(duet_state_add_balance(state, &who, &none, false) == DUET_STATE_OK);
    CHECK(duet_state_account(state, &who, &account) == DUET_STATE_OK && account.exists);
    CHECK(duet_state_add_balance(state, &who, &none, true) == DUET_STATE_OK);
    CHECK(duet_state_account(state, &who, &account) == DUET_STATE_OK && !account.exists);
    EQUAL(duet_state_change_count(state), 1);
    CHECK(duet_state_change(state, 0, &account) == DUET_STATE_OK && !account.exists && memcmp(&account.address, &who, 20) == 0);
    CHECK(duet_state_add_balance(state, &who, &one, true) == DUET_STATE_OK);
    CHECK(duet_state_account(state, &who, &account) == DUET_STATE_OK && account.exists);

    /* No balance begins at 0 again. */
    evmc_uint256be most;
    memset(&most, 0xff, sizeof most);
    CHECK(duet_state_add_balance(state, &who, &most, true) == DUET_STATE_ERR_ARGUMENT);
    CHECK(duet_state_account(state, &who, &account) == DUET_STATE_OK && memcmp(&account.balance, &one, 32) == 0);
    most.bytes[31] = 0xfe;
    CHECK(duet_state_add_balance(state, &who, &most, true) == DUET_STATE_OK);
    CHECK(duet_state_account(state, &who, &account) == DUET_STATE_OK && account.balance.bytes[31] == 0xff);
    duet_state_free(state);
}

int main(void) {
    RUN(a_rejected_transaction_forgets_nothing);
    RUN(another_evm);
    RUN(impossible_sizes);
    RUN(paying_nothing);
    return finish(__FILE__);
}
