/* evmc.h: EVMC, the interface between an Ethereum client (the Host) and an Ethereum virtual machine, ABI version 12.
 *
 * Names, types, order and values of this file are a public contract: that of EVMC 12.1.0. A client or a VM written for it
 * compiles and runs here unchanged, and the other way round. What Duet adds to it is in duet_evm.h.
 *
 * Common to everything
 *   Octet order  Numbers in evmc_bytes32 and evmc_address are big-endian: bytes[0] is the most significant octet.
 *   Units        Gas, sizes and depths are plain counts; value, balance and prices are in wei.
 *   Ownership    The callee may read what a pointer argument points to until it returns, and no longer. The one exception
 *                is the output of an evmc_result, which lives until the result's release function is called.
 *   Threading    A VM instance is used by one thread at a time; different instances run in parallel.
 *   Signs        A status below 0 is a fault of the VM or of the Host, never of the code that was run.
 */
#ifndef EVMC_H
#define EVMC_H

/* Marks a declaration as deprecated, where the compiler knows how. */
#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 6)
#define EVMC_DEPRECATED __attribute__((deprecated))
#else
#define EVMC_DEPRECATED
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum
{
    EVMC_ABI_VERSION = 12 /* evmc_vm::abi_version of every VM that is made for this file */
};

/* ---- Words and addresses ---- */

/* 32 octets: a hash, a storage key or value, or a big-endian number. */
typedef struct evmc_bytes32
{
    uint8_t bytes[32];
} evmc_bytes32;

/* The same where it means a number. */
typedef struct evmc_bytes32 evmc_uint256be;

/* The address of an account. */
typedef struct evmc_address
{
    uint8_t bytes[20];
} evmc_address;

/* ---- Messages ---- */

enum evmc_call_kind
{
    EVMC_CALL = 0,         /* CALL, STATICCALL (with EVMC_STATIC) and the message of a transaction */
    EVMC_DELEGATECALL = 1, /* since Homestead; value is the caller's own and nothing is transferred */
    EVMC_CALLCODE = 2,
    EVMC_CREATE = 3,
    EVMC_CREATE2 = 4,      /* since Constantinople */
    EVMC_EOFCREATE = 5     /* of the object format, which no fork has */
};

/* Bits of evmc_message::flags. */
enum evmc_flags
{
    EVMC_STATIC = 1,   /* no state may be changed; holds for all calls below */
    EVMC_DELEGATED = 2 /* EIP-7702: the code comes from the account that the called one delegates to */
};

/* One message call. */
struct evmc_message
{
    enum evmc_call_kind kind;
    uint32_t flags;              /* of evmc_flags */
    int32_t depth;               /* of the call: 0 for the message of a transaction, at most 1024 */
    int64_t gas;                 /* what the call may spend; never negative */
    evmc_address recipient;      /* ADDRESS: whose storage and balance the code works on */
    evmc_address sender;         /* CALLER */
    const uint8_t* input_data;   /* calldata; the initcode when the VM asks its Host for a creation. May be NULL if input_size is 0 */
    size_t input_size;
    evmc_uint256be value;        /* CALLVALUE */
    evmc_bytes32 create2_salt;   /* for EVMC_CREATE2 and EVMC_EOFCREATE: what the Host computes the new address from */
    evmc_address code_address;   /* calls to the Host: the account that the code, or the precompile, is to be taken from */
    const uint8_t* code;         /* the code, for VMs and Hosts that hand it on with the message. May be NULL if code_size is 0 */
    size_t code_size;
};

/* An initcode of a transaction (TXCREATE, which no fork has). */
typedef struct evmc_tx_initcode
{
    evmc_bytes32 hash;   /* Keccak-256 of the code */
    const uint8_t* code;
    size_t code_size;
} evmc_tx_initcode;

/* What the transaction and its block give to every call. */
struct evmc_tx_context
{
    evmc_uint256be tx_gas_price;      /* GASPRICE: the effective one */
    evmc_address tx_origin;           /* ORIGIN */
    evmc_address block_coinbase;      /* COINBASE */
    int64_t block_number;             /* NUMBER */
    int64_t block_timestamp;          /* TIMESTAMP, in seconds */
    int64_t block_gas_limit;          /* GASLIMIT */
    evmc_uint256be block_prev_randao; /* PREVRANDAO; before Paris DIFFICULTY */
    evmc_uint256be chain_id;          /* CHAINID */
    evmc_uint256be block_base_fee;    /* BASEFEE */
    evmc_uint256be blob_base_fee;     /* BLOBBASEFEE */
    const evmc_bytes32* blob_hashes;  /* BLOBHASH; good as long as the call lasts */
    size_t blob_hashes_count;
    const evmc_tx_initcode* initcodes;
    size_t initcodes_count;
};

/* ---- Results ---- */

enum evmc_status_code
{
    EVMC_SUCCESS = 0,

    /* What the code, or the call, did wrong. All but EVMC_REVERT take all gas. */
    EVMC_FAILURE = 1,                          /* anything without a status of its own */
    EVMC_REVERT = 2,                           /* REVERT: gas_left and output are kept */
    EVMC_OUT_OF_GAS = 3,
    EVMC_INVALID_INSTRUCTION = 4,              /* INVALID, 0xfe (EIP-141) */
    EVMC_UNDEFINED_INSTRUCTION = 5,            /* an opcode that the fork does not have */
    EVMC_STACK_OVERFLOW = 6,                   /* more than 1024 words */
    EVMC_STACK_UNDERFLOW = 7,
    EVMC_BAD_JUMP_DESTINATION = 8,
    EVMC_INVALID_MEMORY_ACCESS = 9,            /* RETURNDATACOPY behind the end of the data */
    EVMC_CALL_DEPTH_EXCEEDED = 10,
    EVMC_STATIC_MODE_VIOLATION = 11,
    EVMC_PRECOMPILE_FAILURE = 12,
    EVMC_CONTRACT_VALIDATION_FAILURE = 13,
    EVMC_ARGUMENT_OUT_OF_RANGE = 14,
    EVMC_WASM_UNREACHABLE_INSTRUCTION = 15,    /* Wasm: never from an EVM */
    EVMC_WASM_TRAP = 16,                       /* Wasm: never from an EVM */
    EVMC_INSUFFICIENT_BALANCE = 17,            /* of the caller, for the value to be transferred */

    /* What the VM or the Host did wrong. Such an execution says nothing about the code. */
    EVMC_INTERNAL_ERROR = -1,
    EVMC_REJECTED = -2,                        /* the VM does not run this code or message; another one may */
    EVMC_OUT_OF_MEMORY = -3
};

struct evmc_result;

/* Frees what belongs to a result; the result itself is the caller's. To be called once at most; result is not NULL. */
typedef void (*evmc_release_result_fn)(const struct evmc_result* result);

/* How an execution, or a call through the Host, ended. */
struct evmc_result
{
    enum evmc_status_code status_code;
    int64_t gas_left;               /* 0 unless the status is EVMC_SUCCESS or EVMC_REVERT */
    int64_t gas_refund;             /* of this execution and all below, may be negative; 0 unless the status is EVMC_SUCCESS */
    const uint8_t* output_data;     /* of RETURN or REVERT; may be NULL if output_size is 0 */
    size_t output_size;
    evmc_release_result_fn release; /* may be NULL: nothing to free */
    evmc_address create_address;    /* the new account of a creation; zeros otherwise */
    uint8_t padding[4];             /* with create_address 24 octets for the maker of a result that is no creation's */
};

/* ---- What the Host gives to the VM. Every function gets the context that evmc_execute_fn was called with. ---- */

struct evmc_host_context; /* opaque: the Host's own */

typedef struct evmc_tx_context (*evmc_get_tx_context_fn)(struct evmc_host_context* context);

/* The hash of one of the 256 blocks before this one; zeros if it is not known. The VM asks for no other. */
typedef evmc_bytes32 (*evmc_get_block_hash_fn)(struct evmc_host_context* context, int64_t number);

/* Whether an account exists; since Spurious Dragon (EIP-161) whether it exists and is not empty. */
typedef bool (*evmc_account_exists_fn)(struct evmc_host_context* context,
                                       const evmc_address* address);

/* Zeros if there is no such entry or account. */
typedef evmc_bytes32 (*evmc_get_storage_fn)(struct evmc_host_context* context,
                                            const evmc_address* address,
                                            const evmc_bytes32* key);

/* Transient storage (EIP-1153). Zeros if there is no such entry. */
typedef evmc_bytes32 (*evmc_get_transient_storage_fn)(struct evmc_host_context* context,
                                                      const evmc_address* address,
                                                      const evmc_bytes32* key);

/* What setting a storage entry did. An arrow chain gives the value at the start of the transaction, the present one and
 * the new one; X, Y and Z are different and not zero. Gas costs and refunds follow from it (EIP-1283, 2200, 2929, 3529). */
enum evmc_storage_status
{
    EVMC_STORAGE_ASSIGNED = 0,         /* whatever is none of those below, above all: nothing changed */
    EVMC_STORAGE_ADDED = 1,            /* 0 -> 0 -> Z */
    EVMC_STORAGE_DELETED = 2,          /* X -> X -> 0 */
    EVMC_STORAGE_MODIFIED = 3,         /* X -> X -> Z */
    EVMC_STORAGE_DELETED_ADDED = 4,    /* X -> 0 -> Z */
    EVMC_STORAGE_MODIFIED_DELETED = 5, /* X -> Y -> 0 */
    EVMC_STORAGE_DELETED_RESTORED = 6, /* X -> 0 -> X */
    EVMC_STORAGE_ADDED_DELETED = 7,    /* 0 -> Y -> 0 */
    EVMC_STORAGE_MODIFIED_RESTORED = 8 /* X -> Y -> X */
};

typedef enum evmc_storage_status (*evmc_set_storage_fn)(struct evmc_host_context* context,
                                                        const evmc_address* address,
                                                        const evmc_bytes32* key,
                                                        const evmc_bytes32* value);

typedef void (*evmc_set_transient_storage_fn)(struct evmc_host_context* context,
                                              const evmc_address* address,
                                              const evmc_bytes32* key,
                                              const evmc_bytes32* value);

/* 0 if there is no such account. */
typedef evmc_uint256be (*evmc_get_balance_fn)(struct evmc_host_context* context,
                                              const evmc_address* address);

/* 0 if there is no such account. */
typedef size_t (*evmc_get_code_size_fn)(struct evmc_host_context* context,
                                        const evmc_address* address);

/* Keccak-256 of the account's code; zeros if there is no such account (or, since EIP-161, an empty one). */
typedef evmc_bytes32 (*evmc_get_code_hash_fn)(struct evmc_host_context* context,
                                              const evmc_address* address);

/* Copies code from code_offset on, as much as there is and fits. Returns how many octets that is. */
typedef size_t (*evmc_copy_code_fn)(struct evmc_host_context* context,
                                    const evmc_address* address,
                                    size_t code_offset,
                                    uint8_t* buffer_data,
                                    size_t buffer_size);

/* SELFDESTRUCT of address in favour of beneficiary. True if it is the account's first in this transaction. */
typedef bool (*evmc_selfdestruct_fn)(struct evmc_host_context* context,
                                     const evmc_address* address,
                                     const evmc_address* beneficiary);

/* topics_count is 0 to 4. */
typedef void (*evmc_emit_log_fn)(struct evmc_host_context* context,
                                 const evmc_address* address,
                                 const uint8_t* data,
                                 size_t data_size,
                                 const evmc_bytes32 topics[],
                                 size_t topics_count);

/* Whether an account or a storage entry was accessed before in this transaction (EIP-2929). */
enum evmc_access_status
{
    EVMC_ACCESS_COLD = 0,
    EVMC_ACCESS_WARM = 1
};

/* Marks the account as accessed; returns what it was before. */
typedef enum evmc_access_status (*evmc_access_account_fn)(struct evmc_host_context* context,
                                                          const evmc_address* address);

/* Marks the storage entry as accessed; returns what it was before. */
typedef enum evmc_access_status (*evmc_access_storage_fn)(struct evmc_host_context* context,
                                                          const evmc_address* address,
                                                          const evmc_bytes32* key);

/* Carries out a call or creation that the code asks for. The VM releases the result. */
typedef struct evmc_result (*evmc_call_fn)(struct evmc_host_context* context,
                                           const struct evmc_message* msg);

struct evmc_host_interface
{
    evmc_account_exists_fn account_exists;
    evmc_get_storage_fn get_storage;
    evmc_set_storage_fn set_storage;
    evmc_get_balance_fn get_balance;
    evmc_get_code_size_fn get_code_size;
    evmc_get_code_hash_fn get_code_hash;
    evmc_copy_code_fn copy_code;
    evmc_selfdestruct_fn selfdestruct;
    evmc_call_fn call;
    evmc_get_tx_context_fn get_tx_context;
    evmc_get_block_hash_fn get_block_hash;
    evmc_emit_log_fn emit_log;
    evmc_access_account_fn access_account;
    evmc_access_storage_fn access_storage;
    evmc_get_transient_storage_fn get_transient_storage;
    evmc_set_transient_storage_fn set_transient_storage;
};

/* ---- The VM ---- */

struct evmc_vm;

/* Frees the instance and everything it holds, but no result that it returned. */
typedef void (*evmc_destroy_fn)(struct evmc_vm* vm);

enum evmc_set_option_result
{
    EVMC_SET_OPTION_SUCCESS = 0,
    EVMC_SET_OPTION_INVALID_NAME = 1,
    EVMC_SET_OPTION_INVALID_VALUE = 2
};

/* Name and value end with NUL and are not NULL. */
typedef enum evmc_set_option_result (*evmc_set_option_fn)(struct evmc_vm* vm,
                                                          char const* name,
                                                          char const* value);

/* The forks of Ethereum, oldest first; EVMC_PETERSBURG is Constantinople without EIP-1283. */
enum evmc_revision
{
    EVMC_FRONTIER = 0,
    EVMC_HOMESTEAD = 1,
    EVMC_TANGERINE_WHISTLE = 2,
    EVMC_SPURIOUS_DRAGON = 3,
    EVMC_BYZANTIUM = 4,
    EVMC_CONSTANTINOPLE = 5,
    EVMC_PETERSBURG = 6,
    EVMC_ISTANBUL = 7,
    EVMC_BERLIN = 8,
    EVMC_LONDON = 9,
    EVMC_PARIS = 10,
    EVMC_SHANGHAI = 11,
    EVMC_CANCUN = 12,
    EVMC_PRAGUE = 13,
    EVMC_OSAKA = 14,
    EVMC_EXPERIMENTAL = 15, /* what a VM has of forks to come */

    EVMC_MAX_REVISION = EVMC_EXPERIMENTAL,
    EVMC_LATEST_STABLE_REVISION = EVMC_CANCUN /* of the day of EVMC 12.1.0 */
};

/* Runs code with the input and gas of msg.
 *   host     not NULL, nor any of its functions
 *   context  handed to every host function; may be NULL
 *   msg      not NULL
 *   code     may be NULL if code_size is 0 */
typedef struct evmc_result (*evmc_execute_fn)(struct evmc_vm* vm,
                                              const struct evmc_host_interface* host,
                                              struct evmc_host_context* context,
                                              enum evmc_revision rev,
                                              const struct evmc_message* msg,
                                              uint8_t const* code,
                                              size_t code_size);

enum evmc_capabilities
{
    EVMC_CAPABILITY_EVM1 = (1u << 0),       /* EVM bytecode */
    EVMC_CAPABILITY_EWASM = (1u << 1),
    EVMC_CAPABILITY_PRECOMPILES = (1u << 2) /* runs precompiles by evmc_message::code_address */
};

typedef uint32_t evmc_capabilities_flagset; /* bits of evmc_capabilities */

/* May change when an option is set. */
typedef evmc_capabilities_flagset (*evmc_get_capabilities_fn)(struct evmc_vm* vm);

/* An instance. None of the pointers is NULL, but set_option may be. The names end with NUL, are not empty and are UTF-8. */
struct evmc_vm
{
    const int abi_version; /* EVMC_ABI_VERSION; a loader checks it before it touches the rest */
    const char* name;
    const char* version;
    evmc_destroy_fn destroy;
    evmc_execute_fn execute;
    evmc_get_capabilities_fn get_capabilities;
    evmc_set_option_fn set_option;
};

/* ---- The layout that 64-bit programs agree on ---- */

#if defined(__LP64__) && (defined(__cplusplus) ? __cplusplus >= 201103L : __STDC_VERSION__ >= 201112L)
#ifdef __cplusplus
#define EVMC_CHECK(condition) static_assert(condition, "not the layout of EVMC 12")
#else
#define EVMC_CHECK(condition) _Static_assert(condition, "not the layout of EVMC 12")
#endif
#define EVMC_CHECK_FIELD(type, field, offset) EVMC_CHECK(offsetof(struct type, field) == (offset))

EVMC_CHECK(sizeof(bool) == 1);
EVMC_CHECK(sizeof(enum evmc_call_kind) == 4 && sizeof(enum evmc_status_code) == 4 && sizeof(enum evmc_storage_status) == 4);
EVMC_CHECK(sizeof(enum evmc_access_status) == 4 && sizeof(enum evmc_set_option_result) == 4 && sizeof(enum evmc_revision) == 4);
EVMC_CHECK(sizeof(evmc_bytes32) == 32 && sizeof(evmc_address) == 20);

EVMC_CHECK(sizeof(struct evmc_message) == 184);
EVMC_CHECK_FIELD(evmc_message, kind, 0);
EVMC_CHECK_FIELD(evmc_message, flags, 4);
EVMC_CHECK_FIELD(evmc_message, depth, 8);
EVMC_CHECK_FIELD(evmc_message, gas, 16);
EVMC_CHECK_FIELD(evmc_message, recipient, 24);
EVMC_CHECK_FIELD(evmc_message, sender, 44);
EVMC_CHECK_FIELD(evmc_message, input_data, 64);
EVMC_CHECK_FIELD(evmc_message, input_size, 72);
EVMC_CHECK_FIELD(evmc_message, value, 80);
EVMC_CHECK_FIELD(evmc_message, create2_salt, 112);
EVMC_CHECK_FIELD(evmc_message, code_address, 144);
EVMC_CHECK_FIELD(evmc_message, code, 168);
EVMC_CHECK_FIELD(evmc_message, code_size, 176);

EVMC_CHECK(sizeof(evmc_tx_initcode) == 48);
EVMC_CHECK(sizeof(struct evmc_tx_context) == 256);
EVMC_CHECK_FIELD(evmc_tx_context, tx_origin, 32);
EVMC_CHECK_FIELD(evmc_tx_context, block_coinbase, 52);
EVMC_CHECK_FIELD(evmc_tx_context, block_number, 72);
EVMC_CHECK_FIELD(evmc_tx_context, block_timestamp, 80);
EVMC_CHECK_FIELD(evmc_tx_context, block_gas_limit, 88);
EVMC_CHECK_FIELD(evmc_tx_context, block_prev_randao, 96);
EVMC_CHECK_FIELD(evmc_tx_context, chain_id, 128);
EVMC_CHECK_FIELD(evmc_tx_context, block_base_fee, 160);
EVMC_CHECK_FIELD(evmc_tx_context, blob_base_fee, 192);
EVMC_CHECK_FIELD(evmc_tx_context, blob_hashes, 224);
EVMC_CHECK_FIELD(evmc_tx_context, blob_hashes_count, 232);
EVMC_CHECK_FIELD(evmc_tx_context, initcodes, 240);
EVMC_CHECK_FIELD(evmc_tx_context, initcodes_count, 248);

EVMC_CHECK(sizeof(struct evmc_result) == 72);
EVMC_CHECK_FIELD(evmc_result, gas_left, 8);
EVMC_CHECK_FIELD(evmc_result, gas_refund, 16);
EVMC_CHECK_FIELD(evmc_result, output_data, 24);
EVMC_CHECK_FIELD(evmc_result, output_size, 32);
EVMC_CHECK_FIELD(evmc_result, release, 40);
EVMC_CHECK_FIELD(evmc_result, create_address, 48);
EVMC_CHECK_FIELD(evmc_result, padding, 68);

EVMC_CHECK(sizeof(struct evmc_host_interface) == 128);
EVMC_CHECK_FIELD(evmc_host_interface, call, 64);
EVMC_CHECK_FIELD(evmc_host_interface, access_account, 96);
EVMC_CHECK_FIELD(evmc_host_interface, set_transient_storage, 120);

EVMC_CHECK(sizeof(struct evmc_vm) == 56);
EVMC_CHECK_FIELD(evmc_vm, name, 8);
EVMC_CHECK_FIELD(evmc_vm, version, 16);
EVMC_CHECK_FIELD(evmc_vm, destroy, 24);
EVMC_CHECK_FIELD(evmc_vm, execute, 32);
EVMC_CHECK_FIELD(evmc_vm, get_capabilities, 40);
EVMC_CHECK_FIELD(evmc_vm, set_option, 48);

#undef EVMC_CHECK
#undef EVMC_CHECK_FIELD
#endif

#ifdef __cplusplus
}
#endif

#endif
