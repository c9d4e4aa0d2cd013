/* duet_state.h: a pre-state, transactions on it, receipts, changes, roots. The roots were computed by an independent program. */
#include "check.h"

#include "duet_state.h"

static evmc_address address(const char* hex) {
    evmc_address result;
    for (int i = 0; i < 20; i++) {
        unsigned octet = 0;
        sscanf(hex + 2 * i, "%2x", &octet);
        result.bytes[i] = (uint8_t)octet;
    }
    return result;
}

static evmc_bytes32 number(uint64_t value) {
    evmc_bytes32 result;
    memset(&result, 0, sizeof result);
    for (int i = 0; i < 8; i++) result.bytes[31 - i] = (uint8_t)(value >> (8 * i));
    return result;
}

static uint64_t value(evmc_bytes32 word) {
    uint64_t result = 0;
    for (int i = 24; i < 32; i++) result = result << 8 | word.bytes[i];
    return result;
}

static int is_hex(const void* octets, size_t size, const char* hex) {
    for (size_t i = 0; i < size; i++) {
        unsigned octet = 0;
        sscanf(hex + 2 * i, "%2x", &octet);
        if (((const uint8_t*)octets)[i] != octet) return 0;
    }
    return 1;
}

static const uint8_t store[] = {0x60, 0x2a, 0x60, 0x01, 0x55, 0x00}; /* slot 1 becomes 42 */

static duet_state_t* pre_state(const uint8_t* code, size_t size, evmc_address* sender, evmc_address* contract) {
    duet_state_t* state = duet_state_create();
    *sender = address("a94f5374fce5edbc8e2a8697c15331677e6ebf0b");
    *contract = address("1000000000000000000000000000000000000000");
    evmc_uint256be balance = number(1000000000000000000u), none = number(0);
    CHECK(duet_state_set_account(state, sender, 0, &balance) == DUET_STATE_OK);
    CHECK(duet_state_set_account(state, contract, 1, &none) == DUET_STATE_OK);
    CHECK(duet_state_set_code(state, contract, code, size) == DUET_STATE_OK);
    return state;
}

static duet_block_t block(void) {
    duet_block_t result;
    memset(&result, 0, sizeof result);
    result.number = 1;
    result.timestamp = 1000;
    result.gas_limit = result.gas_left = 30000000;
    result.coinbase = address("2adc25665018aa1fe0e6bc666dac8fc2697ff9ba");
    result.base_fee = number(7);
    result.chain_id = number(1);
    return result;
}

static duet_transaction_t transaction(evmc_address sender, evmc_address to, uint64_t gas) {
    duet_transaction_t result;
    memset(&result, 0, sizeof result);
    result.sender = sender;
    result.to = to;
    result.gas_limit = gas;
    result.max_fee_per_gas = result.max_priority_fee_per_gas = number(10);
    return result;
}

static void a_transaction(void) {
    evmc_address sender, contract;
    duet_state_t* state = pre_state(store, sizeof store, &sender, &contract);
    evmc_bytes32 root;
    CHECK(duet_state_root(state, &root) == DUET_STATE_OK);
    CHECK(is_hex(root.bytes, 32, "e2889da9a51bb22fc51e20f0378939e53819f0771502945dc5ca7d02a8c26d61"));

    duet_block_t where = block();
    duet_transaction_t what = transaction(sender, contract, 100000);
    duet_receipt_t receipt;
    what.nonce = 1;
    CHECK(duet_state_execute(state, NULL, EVMC_OSAKA, &where, &what, &receipt) == DUET_TX_ERR_NONCE_TOO_HIGH);
    what.nonce = 0;
    what.gas_limit = 20999;
    CHECK(duet_state_check(state, EVMC_OSAKA, &where, &what) == DUET_TX_ERR_INTRINSIC_GAS);
    what.gas_limit = 100000;
    what.type = 9;
    CHECK(duet_state_check(state, EVMC_OSAKA, &where, &what) == DUET_TX_ERR_UNKNOWN_TYPE);
    what.type = 0;
    CHECK(duet_state_root(state, &root) == DUET_STATE_OK);
    CHECK(is_hex(root.bytes, 32, "e2889da9a51bb22fc51e20f0378939e53819f0771502945dc5ca7d02a8c26d61"));

    CHECK(duet_state_check(state, EVMC_OSAKA, &where, &what) == DUET_STATE_OK);
    CHECK(duet_state_execute(state, NULL, EVMC_OSAKA, &where, &what, &receipt) == DUET_STATE_OK);
    CHECK(receipt.success && receipt.status_code == EVMC_SUCCESS);
    EQUAL(receipt.gas_used, 43106);
    EQUAL(value(receipt.gas_price), 10);
    EQUAL(receipt.log_count, 0);
    CHECK(duet_state_root(state, &root) == DUET_STATE_OK);
    CHECK(is_hex(root.bytes, 32, "228c0a8d932c2f62ce59749deeeaf26a0eb9beb31a96ca3bd6bc72011a799b9a"));

    size_t slots = 0;
    EQUAL(duet_state_change_count(state), 3);
    for (size_t i = 0; i < duet_state_change_count(state); i++) {
        duet_account_t account;
        CHECK(duet_state_change(state, i, &account) == DUET_STATE_OK && account.exists);
        for (size_t slot = 0; slot < duet_state_slot_change_count(state, i); slot++, slots++) {
            evmc_bytes32 key, now;
            CHECK(duet_state_slot_change(state, i, slot, &key, &now) == DUET_STATE_OK);
            EQUAL(value(key), 1);
            EQUAL(value(now), 42);
        }
    }
    EQUAL(slots, 1);
    duet_state_free(state);
}

/* Before EIP-150 a contract that calls itself gets 1024 levels deep. */
static void nesting(void) {
    static const uint8_t code[] = {0x60, 1, 0x60, 0, 0x54, 0x01, 0x60, 0, 0x55, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0, 0x60, 0,
                                   0x30, 0x61, 0x27, 0x10, 0x5a, 0x03, 0xf1, 0x00};
    evmc_address sender, contract;
    duet_state_t* state = pre_state(code, sizeof code, &sender, &contract);
    duet_block_t where = block();
    duet_transaction_t what = transaction(sender, contract, 20000000);
    duet_receipt_t receipt;
    evmc_bytes32 key = number(0), depth;
    NEED(duet_state_execute(state, NULL, EVMC_HOMESTEAD, &where, &what, &receipt) == DUET_STATE_OK);
    CHECK(receipt.success);
    CHECK(duet_state_storage(state, &contract, &key, &depth) == DUET_STATE_OK);
    EQUAL(value(depth), 1025);
    duet_state_free(state);
}

/* The example of EIP-155. */
static void decoding(void) {
    static const char* hex = "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe"
                             "537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
    uint8_t bytes[112];
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned octet = 0;
        sscanf(hex + 2 * i, "%2x", &octet);
        bytes[i] = (uint8_t)octet;
    }
    duet_transaction_t* decoded = NULL;
    CHECK(duet_transaction_decode(bytes, size, &decoded) == DUET_STATE_OK);
    if (decoded == NULL) return;
    evmc_address sender;
    evmc_bytes32 hash;
    CHECK(duet_transaction_sender(decoded, true, &sender) == DUET_STATE_OK);
    CHECK(is_hex(sender.bytes, 20, "9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"));
    CHECK(duet_transaction_hash(decoded, &hash) == DUET_STATE_OK);
    CHECK(is_hex(hash.bytes, 32, "33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788"));
    CHECK(decoded->has_chain_id && value(decoded->chain_id) == 1 && decoded->nonce == 9 && decoded->gas_limit == 21000);
    duet_transaction_free(decoded);
    for (size_t length = 0; length < size; length++) {
        CHECK(duet_transaction_decode(bytes, length, &decoded) != DUET_STATE_OK && decoded == NULL);
    }
    for (size_t i = 0; i < size; i++) {
        for (unsigned octet = 0; octet < 256; octet += 5) {
            uint8_t kept = bytes[i];
            bytes[i] = (uint8_t)octet;
            if (duet_transaction_decode(bytes, size, &decoded) == DUET_STATE_OK) duet_transaction_free(decoded);
            bytes[i] = kept;
        }
    }
}

static void misuse(void) {
    duet_state_t* state = duet_state_create();
    evmc_address where = address("1000000000000000000000000000000000000000");
    evmc_bytes32 word = number(1);
    duet_account_t account;
    duet_log_t log;
    CHECK(duet_state_account(NULL, &where, &account) == DUET_STATE_ERR_NULL);
    CHECK(duet_state_set_account(state, NULL, 0, &word) == DUET_STATE_ERR_NULL);
    CHECK(duet_state_set_code(state, &where, NULL, 1) == DUET_STATE_ERR_NULL);
    CHECK(duet_state_root(state, NULL) == DUET_STATE_ERR_NULL);
    CHECK(duet_state_account_at(state, 0, &account) == DUET_STATE_ERR_ARGUMENT);
    CHECK(duet_state_log(state, 0, &log) == DUET_STATE_ERR_ARGUMENT);
    CHECK(duet_state_account(state, &where, &account) == DUET_STATE_OK && !account.exists && account.code_size == 0);
    CHECK(duet_state_root(state, &word) == DUET_STATE_OK);
    CHECK(is_hex(word.bytes, 32, "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"));
    for (int code = -1; code < 60; code++) CHECK(strlen(duet_state_error_message((duet_state_error_t)code)) > 0);
    duet_state_free(state);
    duet_state_free(NULL);
    duet_transaction_free(NULL);
}

static void blob_fee(void) {
    EQUAL(value(duet_blob_base_fee(0, 3338477)), 1);
    EQUAL(value(duet_blob_base_fee(2314057, 3338477)), 1);
    EQUAL(value(duet_blob_base_fee(2314058, 3338477)), 2);
    EQUAL(value(duet_blob_base_fee(10 * 1024 * 1024, 3338477)), 23);
    EQUAL(duet_blob_base_fee(UINT64_MAX, 3338477).bytes[0], 255);
}

int main(void) {
    RUN(a_transaction);
    RUN(nesting);
    RUN(decoding);
    RUN(misuse);
    RUN(blob_fee);
    return finish(__FILE__);
}
