/* duet_trace.h: traces in batches, of the EVM (duet_evm_set_batches) and of the PVM (pvm_set_trace_batches).
 *
 * A trace is a stream of records of one size, written into a buffer that the caller supplies. The library calls back when the
 * buffer is full, or has no more than 66 places left and what comes at once may need them, and when the outermost execution ends: so a record
 * costs a few nanoseconds, in whatever language the callback is written. An execution without a trace pays nothing. A buffer of 16 to
 * 32 KiB stays in the processor's first cache; larger ones are slower, not faster.
 *
 * All numbers are little-endian, as the machine has them; words of the EVM's stack are big-endian, 32 octets each. Records start at
 * multiples of 8 octets.
 */
#ifndef DUET_TRACE_H
#define DUET_TRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a record is. */
enum {
    DUET_RECORD_INSTRUCTION = 0,
    /* EVM, with DUET_TRACE_MEMORY: memory that an instruction has written. */
    DUET_RECORD_MEMORY = 1
};

/* An instruction of the EVM, in the order in which they begin. `duet_trace_t.stack_words` words of 32 octets follow: the top of the
 * stack before the instruction, the topmost first; those that the stack does not have are zero. Gas is that of EIP-3155. */
typedef struct {
    uint32_t pc;          /* offset in the code */
    uint8_t opcode;
    uint8_t kind;         /* DUET_RECORD_INSTRUCTION */
    uint16_t depth;       /* of the message: 0 for the outermost */
    int64_t gas;          /* before the instruction */
    int64_t cost;         /* what it took; for calls and creations with the gas that they hand on; if it failed, its fixed cost at least */
    int64_t refund;       /* of this execution, before the instruction; below 0 is possible */
    uint64_t memory_size; /* in octets, before the instruction */
    uint16_t stack_size;  /* in words, before the instruction */
    uint16_t words;       /* how many of the words behind the record are of the stack */
    int32_t status;       /* enum evmc_status_code: 0, or why the instruction failed. REVERT does not fail, nor does a call whose
                           * callee does. If the host answers a call with a status below 0, the record of the call has 0 all the same */
} duet_evm_record_t;

/* Memory that an instruction has written; the octets stand where the words are otherwise, zeros behind them. A long range takes
 * several records. They come behind the record of their instruction, and where that is a call, behind those of the callee. */
typedef struct {
    uint32_t pc;          /* of the instruction */
    uint8_t opcode;
    uint8_t kind;         /* DUET_RECORD_MEMORY */
    uint16_t depth;
    uint64_t offset;      /* in the memory */
    uint64_t size;        /* octets: 1 … 32 * stack_words */
    uint64_t reserved[3]; /* 0 */
} duet_evm_memory_record_t;

enum { DUET_EVM_RECORD_SIZE = 48 /* without the words */ };

/* An instruction of the PVM. */
typedef struct {
    uint32_t pc;
    uint8_t opcode;       /* what the code has at pc; 0 (trap) behind its end */
    uint8_t reg;          /* the register that it wrote, DUET_NO_REGISTER if none */
    uint8_t access;       /* DUET_ACCESS_… */
    uint8_t access_size;  /* octets, 0 without an access */
    int64_t gas;          /* before the instruction; from 2^63 on it shows as 2^63 - 1. 0.8.0 takes the gas of a block before its first
                           * instruction: that one has the gas before, the others what is left behind the block */
    uint64_t value;       /* of the register afterwards, 0 without one */
    uint32_t address;     /* of the memory that it touched, or wanted to; 0 without an access */
    uint32_t exit;        /* 0: the run went on; 1 + the exit (pvm_exit_t) with which the instruction ended it */
} duet_pvm_record_t;

enum { DUET_PVM_RECORD_SIZE = 32, DUET_NO_REGISTER = 255 };
enum { DUET_ACCESS_NONE = 0, DUET_ACCESS_READ = 1, DUET_ACCESS_WRITE = 2 };

/* Gets `count` records at the start of the buffer, which is free again when it returns; never 0. It runs on the thread of the
 * execution and must not use the machine that is traced, nor change or free the trace. */
typedef void (*duet_trace_flush_fn)(void *context, const void *records, size_t count);

enum {
    DUET_TRACE_FAULTS_ONLY = 1, /* only instructions that failed. EVM: `status` is not 0; PVM: panic, page fault, out of gas */
    DUET_TRACE_MEMORY = 2       /* EVM: records of the memory that is written; wants at least one stack word */
};

enum { DUET_MAX_STACK_WORDS = 32 };

/* A trace: where it goes, and what it leaves out. The caller's, and to be kept while a machine uses it; one machine at a time.
 * duet_trace_init fills it in; fields may be changed afterwards while no execution runs, and are read when the next one starts. A
 * trace that is then no longer valid is as good as none. When record sizes change (stack_words), `count` must be 0.
 *
 * Valid is: a buffer at a multiple of 8 with room for one record, at most 32 stack words, no flags but those above, and not
 * DUET_TRACE_MEMORY without stack words. */
typedef struct {
    void *buffer;         /* at a multiple of 8 */
    size_t buffer_size;   /* in octets; at least one record */
    duet_trace_flush_fn flush; /* NULL: the buffer fills up once, and what comes then is counted in `lost` */
    void *context;        /* for flush */
    uint32_t stack_words; /* EVM: 0 … 32 */
    uint32_t flags;       /* DUET_TRACE_… */
    uint64_t opcodes[4];  /* filter: bit n % 64 of number n / 64 for opcode n */
    uint32_t first_depth, last_depth; /* filter, both included; EVM only */
    uint32_t first_pc, last_pc;       /* filter, both included */
    /* Up to date whenever the outermost execution has ended, and for the caller to set to 0 between executions. */
    uint64_t count;       /* records at the start of the buffer that have not been handed over: 0, unless flush is NULL */
    uint64_t total;       /* records written so far, those of earlier batches included */
    uint64_t lost;        /* records for which there was no room */
    uint64_t reserved[2]; /* 0 */
} duet_trace_t;

/* A trace of everything, with one word of the stack. NULL as trace: nothing happens. */
void duet_trace_init(duet_trace_t *trace, void *buffer, size_t size, duet_trace_flush_fn flush, void *context);

#ifdef __cplusplus
}
#endif

#endif
