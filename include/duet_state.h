/* duet_state.h: Ethereum around the EVM: a world state in memory, transactions of every type executed on it, receipts, logs,
 * changes and the state root.
 *
 * Common to every function
 *   Errors     duet_state_error_t, DUET_STATE_OK being 0; duet_state_error_message gives a sentence for each. On an error
 *              nothing has changed: what the last transaction changed, logged and returned can still be asked for, and after
 *              DUET_STATE_ERR_NO_MEMORY the same call can be made again. NULL where a pointer is needed gives
 *              DUET_STATE_ERR_NULL, or nothing happens. A size that no object in memory can have, and data of more than 2^31 - 1
 *              octets, is DUET_STATE_ERR_ARGUMENT; nothing is read then.
 *   Ownership  Bytes handed in are copied. What a function named …_create or …_decode hands out is the caller's to release
 *              with the function its comment names. Every other pointer handed out belongs to the state and is good until it
 *              is next changed.
 *   Threads    A state is used by one thread at a time; different states know nothing of each other.
 *   Numbers    256-bit numbers are big-endian. Gas is counted in int64_t as in EVMC. Prices and balances are in wei.
 *   Stack      A transaction may nest 1024 calls. docs/state-guide.md says how much of the thread's stack that takes.
 */
#ifndef DUET_STATE_H
#define DUET_STATE_H

#include "evmc.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    DUET_STATE_OK = 0,
    DUET_STATE_ERR_NULL = 1,      /* a pointer that must be given is NULL */
    DUET_STATE_ERR_ARGUMENT = 2,  /* a value is outside its range */
    DUET_STATE_ERR_NO_MEMORY = 3, /* the host has no memory left */
    DUET_STATE_ERR_BUSY = 4,      /* the state is executing a transaction */
    DUET_STATE_ERR_VM = 5,        /* the EVM speaks another ABI than this header, failed by its own fault, or asked or answered what cannot be */

    /* Why bytes are no transaction. */
    DUET_TX_ERR_RLP = 20,         /* not the one valid RLP of the fields */
    DUET_TX_ERR_UNKNOWN_TYPE = 21,/* a type that no fork has */
    DUET_TX_ERR_SIGNATURE = 22,   /* no valid signature: r, s, v out of range, or no public key fits */

    /* Why a transaction is invalid, in the order in which the rules are checked. */
    DUET_TX_ERR_TYPE_NOT_SUPPORTED = 30,     /* the type comes with a later fork */
    DUET_TX_ERR_CHAIN_ID = 31,               /* made for another chain (EIP-155) */
    DUET_TX_ERR_INTRINSIC_GAS = 32,          /* the gas limit does not pay for the transaction itself */
    DUET_TX_ERR_FLOOR_GAS = 33,              /* the gas limit is below the floor of the call data (EIP-7623) */
    DUET_TX_ERR_NONCE_MAX = 34,              /* the sender's nonce cannot go up (EIP-2681) */
    DUET_TX_ERR_INIT_CODE_SIZE = 35,         /* init code over 49152 octets (EIP-3860) */
    DUET_TX_ERR_GAS_LIMIT_CAP = 36,          /* a gas limit over 2^24 (EIP-7825) */
    DUET_TX_ERR_BLOCK_GAS = 37,              /* more gas than the block has left */
    DUET_TX_ERR_TIP_ABOVE_FEE_CAP = 38,      /* max_priority_fee_per_gas > max_fee_per_gas (EIP-1559) */
    DUET_TX_ERR_FEE_CAP_BELOW_BASE_FEE = 39, /* max_fee_per_gas < base fee (EIP-1559) */
    DUET_TX_ERR_BLOB_CREATION = 40,          /* a blob transaction without a recipient */
    DUET_TX_ERR_NO_BLOBS = 41,               /* a blob transaction without blobs */
    DUET_TX_ERR_TOO_MANY_BLOBS = 42,         /* more blobs than the block may have, or a transaction (EIP-7594: 6) */
    DUET_TX_ERR_BLOB_VERSION = 43,           /* a versioned hash of another version than 1 */
    DUET_TX_ERR_BLOB_FEE_CAP = 44,           /* max_fee_per_blob_gas < blob base fee */
    DUET_TX_ERR_SET_CODE_CREATION = 45,      /* a set-code transaction without a recipient */
    DUET_TX_ERR_NO_AUTHORIZATIONS = 46,      /* a set-code transaction without authorizations */
    DUET_TX_ERR_NONCE_TOO_LOW = 47,          /* the sender's nonce is higher */
    DUET_TX_ERR_NONCE_TOO_HIGH = 48,         /* the sender's nonce is lower */
    DUET_TX_ERR_FUNDS = 49,                  /* the sender cannot pay for all gas, blobs and the value */
    DUET_TX_ERR_SENDER_NOT_EOA = 50          /* the sender has code that is no delegation (EIP-3607, EIP-7702) */
} duet_state_error_t;

/* A sentence without a full stop, in English. Never NULL. */
const char *duet_state_error_message(duet_state_error_t error);

/* ---- Transactions ---- */

enum {
    DUET_TX_LEGACY = 0,
    DUET_TX_ACCESS_LIST = 1, /* EIP-2930 */
    DUET_TX_DYNAMIC_FEE = 2, /* EIP-1559 */
    DUET_TX_BLOB = 3,        /* EIP-4844, as it stands in a block: without the blobs */
    DUET_TX_SET_CODE = 4     /* EIP-7702 */
};

typedef struct {
    evmc_address address;
    const evmc_bytes32 *keys;
    size_t key_count;
} duet_access_tuple_t;

/* An authorization of EIP-7702. It may be invalid: it is then passed over. */
typedef struct {
    evmc_uint256be chain_id;
    evmc_address address;
    uint64_t nonce;
    uint8_t y_parity;
    evmc_uint256be r, s;
} duet_authorization_t;

/* The fields of all types; those that a type does not have are zero, but gas prices: a legacy or access-list transaction has its
 * gas price in both. */
typedef struct {
    uint8_t type;
    bool has_chain_id; /* false: a legacy transaction for any chain */
    bool is_creation;  /* no recipient: to is zero */
    uint8_t y_parity;  /* of the signature */
    evmc_uint256be chain_id;
    uint64_t nonce;
    evmc_uint256be max_priority_fee_per_gas;
    evmc_uint256be max_fee_per_gas;
    uint64_t gas_limit;
    evmc_address to;
    evmc_address sender;
    evmc_uint256be value;
    const uint8_t *data;
    size_t data_size;
    const duet_access_tuple_t *access_list;
    size_t access_list_count;
    evmc_uint256be max_fee_per_blob_gas;
    const evmc_bytes32 *blob_hashes;
    size_t blob_hash_count;
    const duet_authorization_t *authorizations;
    size_t authorization_count;
    evmc_uint256be r, s; /* of the signature */
} duet_transaction_t;

/* Decodes a transaction as it stands in a block: RLP of a list, or a type octet and RLP. The sender is not recovered yet. To be
 * released with duet_transaction_free. */
duet_state_error_t duet_transaction_decode(const uint8_t *bytes, size_t size, duet_transaction_t **transaction);
void duet_transaction_free(duet_transaction_t *transaction);

/* The account that signed a transaction, whether decoded or put together by the caller. `low_s` is the rule of Homestead and
 * later: s in the lower half (EIP-2). */
duet_state_error_t duet_transaction_sender(const duet_transaction_t *transaction, bool low_s, evmc_address *sender);

/* The hash under which a signed transaction is known. */
duet_state_error_t duet_transaction_hash(const duet_transaction_t *transaction, evmc_bytes32 *hash);

/* ---- Blocks ---- */

/* The hash of block `number`, one of the last 256 before the current one. */
typedef evmc_bytes32 (*duet_block_hash_fn)(void *context, int64_t number);

typedef struct {
    int64_t number;
    int64_t timestamp; /* all 64 bits, as an unsigned number */
    int64_t gas_limit;
    int64_t gas_left; /* what earlier transactions of the block left of gas_limit */
    evmc_address coinbase;
    evmc_uint256be prev_randao; /* before Paris: the difficulty */
    evmc_uint256be base_fee;    /* from London on */
    evmc_uint256be chain_id;
    evmc_uint256be blob_base_fee; /* from Cancun on; see duet_blob_base_fee */
    uint64_t blobs_left;          /* blobs that the block may still have */
    duet_block_hash_fn block_hash; /* NULL: all are zero */
    void *block_hash_context;
} duet_block_t;

/* The price of a unit of blob gas (EIP-4844) by the block's excess blob gas and the chain's update fraction (3338477 in Cancun,
 * 5007716 in Prague, see EIP-7892 for later). */
evmc_uint256be duet_blob_base_fee(uint64_t excess_blob_gas, uint64_t update_fraction);

/* ---- States ---- */

typedef struct duet_state duet_state_t;

/* An empty state, to be released with duet_state_free. NULL if memory is short. */
duet_state_t *duet_state_create(void);
void duet_state_free(duet_state_t *state);

/* Puts an account in or changes it. Zero balance and nonce make an empty account, which exists before Spurious Dragon. */
duet_state_error_t duet_state_set_account(duet_state_t *state, const evmc_address *address, uint64_t nonce, const evmc_uint256be *balance);
/* At most 2^28 octets of code, else DUET_STATE_ERR_ARGUMENT. */
duet_state_error_t duet_state_set_code(duet_state_t *state, const evmc_address *address, const uint8_t *code, size_t size);
duet_state_error_t duet_state_set_storage(duet_state_t *state, const evmc_address *address, const evmc_bytes32 *key, const evmc_bytes32 *value);

/* An account as it is. Of one that does not exist everything is zero and the code hash that of no code. */
typedef struct {
    evmc_address address;
    bool exists;
    uint64_t nonce;
    evmc_uint256be balance;
    evmc_bytes32 code_hash;
    const uint8_t *code;
    size_t code_size;
} duet_account_t;

duet_state_error_t duet_state_account(duet_state_t *state, const evmc_address *address, duet_account_t *account);
duet_state_error_t duet_state_storage(duet_state_t *state, const evmc_address *address, const evmc_bytes32 *key, evmc_bytes32 *value);

/* All accounts of the state, in no particular order. Among them may be some that do not exist (any more), and slots that are zero: a
 * state forgets those in time, so that its memory is in proportion to what it holds. */
size_t duet_state_account_count(const duet_state_t *state);
duet_state_error_t duet_state_account_at(duet_state_t *state, size_t index, duet_account_t *account);
size_t duet_state_slot_count(const duet_state_t *state, size_t index);
duet_state_error_t duet_state_slot_at(const duet_state_t *state, size_t index, size_t slot, evmc_bytes32 *key, evmc_bytes32 *value);

/* The root of the state trie. After a change of k of n items it costs k log n. */
duet_state_error_t duet_state_root(duet_state_t *state, evmc_bytes32 *root);

/* ---- Execution ---- */

typedef struct {
    bool success;                     /* the receipt's status */
    enum evmc_status_code status_code;/* how the execution itself ended */
    int64_t gas_used;                 /* after refunds, the floor included */
    int64_t gas_refund;               /* what was given back of the gas that the execution used */
    evmc_uint256be gas_price;         /* effective, per unit of gas */
    evmc_address contract_address;    /* of a creation that succeeded, else zero */
    const uint8_t *output;            /* the state's, until its next transaction */
    size_t output_size;
    size_t log_count;
    uint8_t bloom[256];
} duet_receipt_t;

/* Executes a transaction and makes its changes final. An error of DUET_TX_ERR_… means that the transaction is invalid and did not
 * happen. `vm` may be any EVM of ABI 12; NULL is this library's own. */
duet_state_error_t duet_state_execute(duet_state_t *state, struct evmc_vm *vm, enum evmc_revision revision, const duet_block_t *block,
                                      const duet_transaction_t *transaction, duet_receipt_t *receipt);

/* Whether duet_state_execute would take the transaction. */
duet_state_error_t duet_state_check(duet_state_t *state, enum evmc_revision revision, const duet_block_t *block,
                                    const duet_transaction_t *transaction);

/* Calls a contract as the system does at the edges of a block (EIP-4788, 2935, 7002, 7251): from the system address, with 30 million
 * gas that nobody pays. An account without code is not called; the receipt then says success. */
duet_state_error_t duet_state_system_call(duet_state_t *state, struct evmc_vm *vm, enum evmc_revision revision, const duet_block_t *block,
                                          const evmc_address *contract, const uint8_t *data, size_t data_size, duet_receipt_t *receipt);

/* A log of the last transaction. */
typedef struct {
    evmc_address address;
    const evmc_bytes32 *topics;
    size_t topic_count;
    const uint8_t *data;
    size_t data_size;
} duet_log_t;

duet_state_error_t duet_state_log(const duet_state_t *state, size_t index, duet_log_t *log);

/* Pays an account, as a block's withdrawals and rewards do, and makes it final. With `deletes_empty` (EIP-161) an account that is
 * empty even so is removed; without it exists from then on. A balance that would reach 2^256 is DUET_STATE_ERR_ARGUMENT. */
duet_state_error_t duet_state_add_balance(duet_state_t *state, const evmc_address *address, const evmc_uint256be *amount, bool deletes_empty);

/* KEC of the RLP of the list of its logs. */
duet_state_error_t duet_state_logs_hash(const duet_state_t *state, evmc_bytes32 *hash);

/* The accounts that the last transaction wrote to, in the order in which it did; some may be what they were. */
size_t duet_state_change_count(const duet_state_t *state);
duet_state_error_t duet_state_change(duet_state_t *state, size_t index, duet_account_t *account);

/* The storage slots of such an account that were written. An account that is gone has none left. */
size_t duet_state_slot_change_count(const duet_state_t *state, size_t index);
duet_state_error_t duet_state_slot_change(const duet_state_t *state, size_t index, size_t slot, evmc_bytes32 *key, evmc_bytes32 *value);

#ifdef __cplusplus
}
#endif

#endif
