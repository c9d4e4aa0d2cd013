/* The state of the test host: a handful of accounts in arrays. A snapshot is a copy of all of it. */
#ifndef TEST_STATE_H
#define TEST_STATE_H

#include <evmc.h>

struct slot {
    evmc_bytes32 key, original, current, transient;
    bool warm;
};

struct account {
    evmc_address address;
    bool exists, warm;
    bool created;    /* in this transaction */
    bool destructed; /* in this transaction */
    uint64_t nonce;
    unsigned __int128 balance; /* the tests' balances are below 2^128 */
    uint8_t *code;             /* not owned: all codes live as long as the case */
    size_t code_size;
    struct slot *slots;
    size_t slot_count, slot_room;
};

struct record {
    evmc_address address;
    uint8_t *data;
    size_t data_size, topic_count;
    evmc_bytes32 topics[4];
};

struct state {
    struct account *accounts;
    size_t count, room;
    size_t log_count;
};

/* The account, made (without existing) if it is not known. Good until the next call. */
struct account *state_account(struct state *state, const evmc_address *address);
struct slot *account_slot(struct account *account, const evmc_bytes32 *key);
void state_copy(struct state *to, const struct state *from);
void state_free(struct state *state);

#endif
