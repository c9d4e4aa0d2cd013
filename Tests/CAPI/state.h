/* States for tests: addresses, numbers, an account with Ether, a block, a transaction. Works in C11 and in C++17. */
#ifndef STATE_H
#define STATE_H

#include "check.h"
#include "duet_state.h"

static inline evmc_address address_of(uint64_t low) {
    evmc_address result;
    memset(&result, 0, sizeof result);
    result.bytes[0] = 0x10;
    for (int i = 0; i < 8; i++) result.bytes[19 - i] = (uint8_t)(low >> (8 * i));
    return result;
}

static inline evmc_bytes32 number(uint64_t value) {
    evmc_bytes32 result;
    memset(&result, 0, sizeof result);
    for (int i = 0; i < 8; i++) result.bytes[31 - i] = (uint8_t)(value >> (8 * i));
    return result;
}

static inline uint64_t value_of(evmc_bytes32 word) {
    uint64_t result = 0;
    for (int i = 24; i < 32; i++) result = result << 8 | word.bytes[i];
    return result;
}

static inline duet_block_t a_block(void) {
    duet_block_t block;
    memset(&block, 0, sizeof block);
    block.number = 1;
    block.timestamp = 1000;
    block.gas_limit = block.gas_left = 30000000;
    block.coinbase = address_of(0xc0);
    block.base_fee = number(7);
    block.chain_id = number(1);
    return block;
}

static inline duet_transaction_t a_transaction(evmc_address sender, evmc_address to, uint64_t nonce, uint64_t gas) {
    duet_transaction_t transaction;
    memset(&transaction, 0, sizeof transaction);
    transaction.sender = sender;
    transaction.to = to;
    transaction.nonce = nonce;
    transaction.gas_limit = gas;
    transaction.max_fee_per_gas = transaction.max_priority_fee_per_gas = number(10);
    return transaction;
}

/* Puts an account in. */
static inline void put_account(duet_state_t *state, evmc_address address, uint64_t nonce, uint64_t balance, const void *code, size_t size) {
    const evmc_uint256be amount = number(balance);
    CHECK(duet_state_set_account(state, &address, nonce, &amount) == DUET_STATE_OK);
    CHECK(duet_state_set_code(state, &address, (const uint8_t *)code, size) == DUET_STATE_OK);
}

#endif
