/* evm_frame.h: the EVM on a message frame in memory that it shares with its client.
 *
 * For clients that keep the frame of a call outside their own heap and hand it over without copying, above all Java clients with the
 * foreign-function API (Besu's native-EVM experiment, whose two layouts these are). A frame is one segment of memory: a header of 384
 * octets, and areas of variable size behind it, which the header names by their offsets from its own start. Stack words are 32 octets,
 * big-endian, the lowest at the start of the area. Numbers of the header are little-endian.
 *
 * A call:  the client fills in header, code, input (state NOT_STARTED) and calls execute_message.
 *   COMPLETED_SUCCESS  output and gas are in the frame
 *   REVERT             the same
 *   EXCEPTIONAL_HALT   halt_reason says why, and pc is that of the instruction; gas_remaining is 0
 *   CODE_SUSPENDED     the instruction at pc needs something from outside that is not here. Either the client does the instruction
 *                      itself (stack, gas, pc), or it answers the request in the extension. Then it calls execute_message again. The
 *                      library keeps nothing between the two: the frame may be copied or moved. Stack, gas, memory and pc are those
 *                      before the instruction; accounts and entries of the frame that it has made warm stay warm if there is an
 *                      extension, whose `answers` say what they were, and are cold again without one.
 *
 * What code asks of the world outside comes from, in this order: the EVMC host of the extension, if it has one; the witness and the
 * storage and warm-address areas; the client, by suspension.
 *
 * Areas   An area reaches up to the next one, or to the end of the segment. If the header has no segment size, the last area has 1024
 *         octets (logs: 4096, memory: memory_size). An offset of 0: there is no such area. Nothing may start inside the extension or the
 *         witness's head, and no account or entry of a witness may lie in one of them or in the header. Beyond that areas may overlap; what is
 *         copied from one to another is copied as if they did not.
 * Errors  A frame that is inconsistent (areas outside the segment, a stack above 1024 words, an answer that cannot be, …) halts with
 *         OUT_OF_BOUNDS, and the extension's `error` says what is wrong; nothing else is changed. So it is if memory is short before it
 *         has begun: with state and halt reason put back it can be executed again. Memory outside the segment is never touched, whatever
 *         stands in it: all that matters is read once when a call begins, and checked. The pointers of the extension (host, grow, trace)
 *         are the client's own and are trusted.
 * Threads A frame is used by one thread at a time; different frames run in parallel. Callbacks run on the calling thread and may
 *         execute other frames.
 */
#ifndef EVM_FRAME_H
#define EVM_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include "duet_trace.h"
#include "evmc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Besu's numbers: MessageFrame.State, MessageFrame.Type and DefaultExceptionalHaltReason in the order of their declarations
 * (Besu 25.11) ---- */

enum {
    FRAME_NOT_STARTED = 0,
    FRAME_CODE_EXECUTING = 1,
    FRAME_CODE_SUCCESS = 2,
    FRAME_CODE_SUSPENDED = 3,
    FRAME_EXCEPTIONAL_HALT = 4,
    FRAME_REVERT = 5,
    FRAME_COMPLETED_FAILED = 6,
    FRAME_COMPLETED_SUCCESS = 7
};

enum { FRAME_CONTRACT_CREATION = 0, FRAME_MESSAGE_CALL = 1 };

enum {
    HALT_NONE = 0,
    HALT_INSUFFICIENT_GAS = 1,
    HALT_INSUFFICIENT_STACK_ITEMS = 2,
    HALT_INVALID_JUMP_DESTINATION = 3,
    HALT_INVALID_OPERATION = 4,
    HALT_INVALID_RETURN_DATA_BUFFER_ACCESS = 5,
    HALT_TOO_MANY_STACK_ITEMS = 6,
    HALT_ILLEGAL_STATE_CHANGE = 7,
    HALT_OUT_OF_BOUNDS = 8, /* of the frame itself: see `error` */
    HALT_CODE_TOO_LARGE = 9,
    HALT_INVALID_CODE = 10,
    HALT_PRECOMPILE_ERROR = 11
};

/* ---- The header: first layout ---- */

typedef struct MessageFrameMemory {
    uint32_t pc;
    uint32_t section;             /* of the object format, which no fork has: 0 */
    int64_t gas_remaining;
    int64_t gas_refund;           /* execution adds to it, or takes away: of this frame and of the calls below */
    uint32_t stack_size;          /* words, at most 1024 */
    uint32_t memory_size;         /* octets, a multiple of 32, below 2^31 */
    uint32_t state;
    uint32_t type;
    uint32_t is_static;           /* 0 or 1 */
    uint32_t depth;               /* 0 … 1024 */

    uint64_t stack_ptr;           /* an area of 32768 octets */
    uint64_t memory_ptr;          /* what is behind memory_size in it need not be zero */
    uint64_t code_ptr;
    uint64_t input_ptr;
    uint64_t output_ptr;          /* in: an area; out: where the output is, in this area or, if it is too small, in the memory */
    uint64_t return_data_ptr;     /* likewise; 0 with a size that is not: it did not fit, and the frame has ended */
    uint64_t logs_ptr;            /* duet_frame_log_t after duet_frame_log_t */
    uint64_t warm_addresses_ptr;  /* addresses of 20 octets */

    uint32_t code_size;
    uint32_t input_size;
    uint32_t output_size;
    uint32_t return_data_size;
    uint32_t log_count;
    uint32_t warm_address_count;
    uint32_t self_destruct_count; /* counts up when SELFDESTRUCT has been carried out */
    uint32_t created_count;       /* counts up when a creation has succeeded */

    uint8_t recipient[20];        /* ADDRESS */
    uint8_t sender[20];           /* CALLER */
    uint8_t contract[20];         /* where the code is from */
    uint8_t originator[20];       /* ORIGIN */
    uint8_t mining_beneficiary[20]; /* COINBASE */

    uint8_t value[32];            /* what has been transferred; for the client */
    uint8_t apparent_value[32];   /* CALLVALUE */
    uint8_t gas_price[32];        /* GASPRICE */

    uint32_t halt_reason;
    uint8_t reserved[24];
    uint64_t extension_ptr;       /* duet_frame_extension_t, 0: none */
    uint64_t segment_size;        /* from the header's start, in octets; 0: not known */
} MessageFrameMemory;

/* ---- The header: second layout, for execute_message_v2 ---- */

typedef struct MessageFrameMemoryV2 {
    uint32_t pc;
    uint32_t section;
    int64_t gas_remaining;
    int64_t gas_refund;
    uint32_t stack_size;
    uint32_t memory_size;
    uint32_t state;
    uint32_t type;
    uint32_t is_static;
    uint32_t depth;

    uint64_t stack_ptr;
    uint64_t memory_ptr;
    uint64_t code_ptr;
    uint64_t input_ptr;
    uint64_t output_ptr;
    uint64_t return_data_ptr;
    uint64_t logs_ptr;
    uint64_t warm_addresses_ptr;
    uint64_t storage_ptr;          /* duet_frame_slot_t after duet_frame_slot_t */
    uint64_t witness_ptr;          /* duet_frame_witness_t */

    uint32_t code_size;
    uint32_t input_size;
    uint32_t output_size;
    uint32_t return_data_size;
    uint32_t log_count;
    uint32_t warm_address_count;
    uint32_t warm_storage_count;   /* counts up with each entry that becomes warm */
    uint32_t storage_slot_count;
    uint32_t max_storage_slots;

    uint8_t recipient[20];
    uint8_t sender[20];
    uint8_t contract[20];
    uint8_t originator[20];
    uint8_t mining_beneficiary[20];

    uint8_t value[32];
    uint8_t apparent_value[32];
    uint8_t gas_price[32];

    uint32_t halt_reason;
    uint8_t reserved[4];
    uint64_t extension_ptr;
    uint64_t segment_size;
} MessageFrameMemoryV2;

enum { FRAME_HEADER_SIZE = 384, FRAME_STACK_AREA = 32768 };

/* ---- Areas ---- */

/* A log. topic_count topics of 32 octets and data_size octets of data follow, then zeros up to a multiple of 8. */
typedef struct {
    uint8_t address[20];
    uint32_t topic_count;
    uint32_t data_size;
    uint32_t reserved;
} duet_frame_log_t;

/* A storage entry that the client has looked up. Code that runs changes value and is_warm; undoing that when the frame fails is the
 * client's affair. */
typedef struct {
    uint8_t address[20];
    uint8_t key[32];
    uint8_t value[32];
    uint8_t original[32]; /* at the start of the transaction */
    uint8_t is_warm;
    uint8_t reserved[7];
} duet_frame_slot_t;

/* An account that the client has looked up: it exists. */
typedef struct {
    uint8_t address[20];
    uint8_t balance[32];
    uint8_t reserved_52[4];
    uint64_t nonce;
    uint8_t code_hash[32];
    uint32_t code_size;
    uint8_t reserved_100[4];
    uint64_t code_offset;   /* from the witness's start */
    uint8_t is_warm;
    uint8_t reserved[15];
} duet_frame_account_t;

/* Offsets count from its own start. */
typedef struct {
    uint32_t account_count;
    uint32_t max_accounts;
    uint64_t accounts_ptr;
    uint32_t code_count;
    uint32_t reserved_20;
    uint64_t codes_ptr;
    uint64_t codes_size;    /* all code lies in here */
    uint32_t storage_count;
    uint32_t max_storage;
    uint64_t storage_ptr;
} duet_frame_witness_t;

/* ---- The extension: what the experiment's header has no room for ---- */

/* What a suspended frame asks for: EVMC's host functions. */
enum {
    DUET_ASK_NOTHING = 0,
    DUET_ASK_ACCOUNT_EXISTS = 1,   /* address; answer: number 0 or 1 (EIP-161: an empty account is none) */
    DUET_ASK_STORAGE = 2,          /* address, key; answer: word */
    DUET_ASK_SET_STORAGE = 3,      /* address, key, value: to be stored; answer: number, an evmc_storage_status */
    DUET_ASK_BALANCE = 4,          /* address; answer: word */
    DUET_ASK_CODE_SIZE = 5,        /* address; answer: number */
    DUET_ASK_CODE_HASH = 6,        /* address; answer: word, zero if there is no account */
    DUET_ASK_CODE = 7,             /* address, size octets from offset on; answer: output, no more than size */
    DUET_ASK_SELFDESTRUCT = 8,     /* address, in favour of recipient: to be carried out; answer: number 1 if it is its first */
    DUET_ASK_CALL = 9,             /* a call or creation: see below */
    DUET_ASK_BLOCK_HASH = 10,      /* of block number `offset`; answer: word */
    DUET_ASK_LOG = 11,             /* the log area has no room: size octets at frame offset `offset`, topics. The answer has no value */
    DUET_ASK_ACCESS_ACCOUNT = 12,  /* address: warm from now on; answer: number 1 if it was before */
    DUET_ASK_ACCESS_STORAGE = 13,  /* address, key; likewise */
    DUET_ASK_TRANSIENT = 14,       /* address, key; answer: word */
    DUET_ASK_SET_TRANSIENT = 15    /* address, key, value: to be stored. The answer has no value */
};

typedef struct {
    uint32_t kind;           /* DUET_ASK_… */
    uint32_t answered;       /* the client sets it to 1 */

    /* The question. */
    uint8_t address[20];
    uint32_t topic_count;
    uint8_t key[32];         /* of CREATE2: the salt */
    uint8_t value[32];       /* of a call: what it transfers, or for DELEGATECALL what CALLVALUE is to show */
    uint64_t offset;
    uint64_t size;
    uint8_t topics[4][32];

    /* DUET_ASK_CALL: as evmc_message. The input is size octets at frame offset `offset`. The frame has paid for it but has not given
     * the gas away: the answer's gas_left is what comes back of `gas`. */
    uint32_t call_kind;      /* evmc_call_kind */
    uint32_t call_flags;     /* evmc_flags */
    int64_t gas;
    uint32_t depth;
    uint8_t recipient[20];
    uint8_t sender[20];
    uint8_t code_address[20];

    /* The answer. */
    int64_t number;
    uint8_t word[32];
    uint64_t output_ptr;     /* frame offset; of a call it must stay there as long as it is the return data */
    uint64_t output_size;
    int64_t gas_left;
    int64_t gas_refund;
    int32_t status;          /* of a call: evmc_status_code */
    uint8_t create_address[20];
} duet_frame_request_t;

/* An answer that the instruction at pc has been given already, by the client or from the frame's areas: it keeps to it, whatever has
 * become of these since. The library's; a list that it cannot have made is DUET_FRAME_ERR_ANSWER. */
typedef struct {
    uint32_t kind;
    uint32_t size;
    int64_t number;
    uint8_t word[32];
} duet_frame_answer_t;

typedef enum {
    DUET_FRAME_OK = 0,
    DUET_FRAME_ERR_NULL = 1,       /* no frame */
    DUET_FRAME_ERR_STATE = 2,      /* the frame has ended, or its state is unknown. Nothing is changed */
    DUET_FRAME_ERR_AREA = 3,       /* an area or what is said to be in it lies outside the segment or in the header */
    DUET_FRAME_ERR_STACK = 4,      /* more than 1024 words, or no area of 32768 octets */
    DUET_FRAME_ERR_MEMORY = 5,     /* memory_size is no multiple of 32, or above 2^31 */
    DUET_FRAME_ERR_VALUE = 6,      /* gas below 0, depth above 1024, pc behind the code, a section */
    DUET_FRAME_ERR_REVISION = 7,
    DUET_FRAME_ERR_EXTENSION = 8,  /* its struct_size is not that of this header, or it is not at a multiple of 8 */
    DUET_FRAME_ERR_HOST = 9,       /* a function of the host is missing */
    DUET_FRAME_ERR_ANSWER = 10,    /* the answer to the request is none that there can be */
    DUET_FRAME_ERR_TRACE = 11,     /* see duet_trace.h */
    DUET_FRAME_ERR_GROW = 12,      /* the code has paid for more memory than the area has, and `grow` is missing or failed */
    DUET_FRAME_ERR_NO_MEMORY = 13, /* the process is short of memory */
    DUET_FRAME_ERR_OUTSIDE = 14    /* a call could not be carried out (a status of EVMC below 0), or gave what it must not */
} duet_frame_error_t;

/* Has the memory area grow to at least `octets`, with its content, and gives the frame, which may have moved as a whole: all areas then
 * lie at new offsets or at the old ones, as the new header says. NULL: no. It must not change anything else; a frame with other code or
 * input, or without its extension, is inconsistent. */
typedef void *(*duet_frame_grow_fn)(void *context, void *frame, uint64_t octets);

enum {
    DUET_FRAME_COMPLETE_WITNESS = 1 /* an account that is not in the witness does not exist, a storage entry that is not there is zero:
                                     * both are cold, and become entries if there is room, requests if there is not */
};

typedef struct {
    uint32_t struct_size;          /* sizeof(duet_frame_extension_t) */
    uint32_t revision;             /* evmc_revision. Without an extension: EVMC_OSAKA */
    uint32_t flags;
    uint32_t error;                /* out: duet_frame_error_t */

    /* The world outside, if it is an EVMC host. Then frames do not suspend. */
    const struct evmc_host_interface *host;
    struct evmc_host_context *host_context;

    duet_frame_grow_fn grow;       /* NULL: memory is what the area has */
    void *grow_context;
    duet_trace_t *trace;           /* NULL: none. In batches; of a frame with callbacks these alone are called. The execution of duet_trace.h is
                                    * one run of the frame. A call that it is suspended for has its record before, and no other afterwards.
                                    * A frame that a host executes inside of another one's call needs a trace of its own: the outer run
                                    * goes on where it has stopped writing */
    uint64_t witness_ptr;          /* first layout: as in the second. 0: none */

    /* The block. With a host these are the host's. */
    int64_t block_number;
    int64_t block_timestamp;
    int64_t block_gas_limit;
    uint8_t prev_randao[32];
    uint8_t chain_id[32];
    uint8_t base_fee[32];
    uint8_t blob_base_fee[32];
    uint64_t blob_hashes_ptr;      /* frame offset of hashes of 32 octets */
    uint64_t blob_hash_count;

    duet_frame_request_t request;  /* of a suspended frame */
    uint32_t answer_count;
    uint32_t answers_pc;           /* of the instruction that has asked: the library's */
    duet_frame_answer_t answers[8];
} duet_frame_extension_t;

/* ---- Tracing: once before and once after each instruction ---- */

typedef struct OperationResult {
    int64_t gas_cost;
    uint32_t halt_reason;
    uint32_t pc_increment; /* 0 if the instruction has jumped */
} OperationResult;

/* Both get the frame as it is at this moment; its header, stack and memory may be read, and must not be changed. After an instruction
 * pc is that of the next one, unless execution has ended. Either may be NULL. With the second layout the pointer is one to that. */
typedef struct TracerCallbacks {
    void (*trace_pre_execution)(MessageFrameMemory *frame);
    void (*trace_post_execution)(MessageFrameMemory *frame, OperationResult *result);
} TracerCallbacks;

/* ---- Functions ---- */

/* Executes the frame's code from pc to its end, or until it is suspended. `tracer` may be NULL. */
void execute_message(MessageFrameMemory *frame, TracerCallbacks *tracer);
void execute_message_v2(MessageFrameMemoryV2 *frame, TracerCallbacks *tracer);

/* What a client keeps for frames that it uses again and again: room for execution, and the analysis of the code that ran last. A call
 * with the same code (it is compared, wherever it lies) then allocates and analyses nothing. For one thread at a time; a callback that
 * executes another frame gives NULL or another one. NULL if memory is short. */
typedef struct duet_frame duet_frame_t;
duet_frame_t *duet_frame_create(void);
void duet_frame_destroy(duet_frame_t *resident);

/* The same as execute_message and execute_message_v2, with the error as result; `resident` may be NULL. */
duet_frame_error_t duet_frame_execute(duet_frame_t *resident, MessageFrameMemory *frame, TracerCallbacks *tracer);
duet_frame_error_t duet_frame_execute_v2(duet_frame_t *resident, MessageFrameMemoryV2 *frame, TracerCallbacks *tracer);

/* Makes a frame that has ended ready for another call in place: pc, stack, memory, refund, output, return data, logs, counts and
 * halt reason are set to nothing, state to NOT_STARTED. Gas, code, input, addresses and the areas' places stay; output_ptr and
 * return_data_ptr are the client's to set if an execution has changed them. */
void duet_frame_reset(MessageFrameMemory *frame);
void duet_frame_reset_v2(MessageFrameMemoryV2 *frame);

/* A sentence without a full stop. Never NULL. */
const char *duet_frame_error_message(duet_frame_error_t error);

/* ---- Offsets are part of the contract ---- */

#ifdef __cplusplus
#define FRAME_ASSERT(condition) static_assert(condition, #condition)
#else
#define FRAME_ASSERT(condition) _Static_assert(condition, #condition)
#endif

FRAME_ASSERT(sizeof(MessageFrameMemory) == 384 && sizeof(MessageFrameMemoryV2) == 384);
FRAME_ASSERT(offsetof(MessageFrameMemory, gas_remaining) == 0x08 && offsetof(MessageFrameMemory, stack_size) == 0x18);
FRAME_ASSERT(offsetof(MessageFrameMemory, depth) == 0x2c && offsetof(MessageFrameMemory, stack_ptr) == 0x30);
FRAME_ASSERT(offsetof(MessageFrameMemory, warm_addresses_ptr) == 0x68 && offsetof(MessageFrameMemory, code_size) == 0x70);
FRAME_ASSERT(offsetof(MessageFrameMemory, created_count) == 0x8c && offsetof(MessageFrameMemory, recipient) == 0x90);
FRAME_ASSERT(offsetof(MessageFrameMemory, sender) == 0xa4 && offsetof(MessageFrameMemory, contract) == 0xb8);
FRAME_ASSERT(offsetof(MessageFrameMemory, originator) == 0xcc && offsetof(MessageFrameMemory, mining_beneficiary) == 0xe0);
FRAME_ASSERT(offsetof(MessageFrameMemory, value) == 0xf4 && offsetof(MessageFrameMemory, apparent_value) == 0x114);
FRAME_ASSERT(offsetof(MessageFrameMemory, gas_price) == 0x134 && offsetof(MessageFrameMemory, halt_reason) == 0x154);
FRAME_ASSERT(offsetof(MessageFrameMemory, reserved) == 0x158 && offsetof(MessageFrameMemory, extension_ptr) == 368);
FRAME_ASSERT(offsetof(MessageFrameMemoryV2, storage_ptr) == 112 && offsetof(MessageFrameMemoryV2, witness_ptr) == 120);
FRAME_ASSERT(offsetof(MessageFrameMemoryV2, code_size) == 128 && offsetof(MessageFrameMemoryV2, recipient) == 164);
FRAME_ASSERT(offsetof(MessageFrameMemoryV2, value) == 264 && offsetof(MessageFrameMemoryV2, halt_reason) == 360);
FRAME_ASSERT(offsetof(MessageFrameMemoryV2, extension_ptr) == 368);
FRAME_ASSERT(sizeof(duet_frame_slot_t) == 124 && sizeof(duet_frame_account_t) == 128 && sizeof(duet_frame_witness_t) == 56);
FRAME_ASSERT(offsetof(duet_frame_account_t, nonce) == 56 && offsetof(duet_frame_account_t, code_offset) == 104);
FRAME_ASSERT(sizeof(duet_frame_log_t) == 32 && sizeof(OperationResult) == 16);

#ifdef __cplusplus
}
#endif

#endif
