/* duet_trace.h: traces in batches, of the EVM and of the PVM.
 *
 * A trace is a stream of records of one fixed size, written into a buffer that the caller supplies. The library calls back when
 * the buffer is full and when the outermost execution ends, never in between: so a record costs a few nanoseconds, in whatever
 * language the callback is written. An execution without a trace pays nothing.
 *
 * All numbers are little-endian, as the machine has them; words of the EVM's stack are big-endian, 32 octets each.
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
    /* EVM, with DUET_TRACE_MEMORY: memory that the instruction before has written. */
    DUET_RECORD_MEMORY = 1
};

/* An instruction of the EVM. `duet_trace_t.stack_words` words of 32 octets follow: the top of the stack before the instruction, the
 * topmost first; those that the stack does not have are zero. */
typedef struct {
    uint32_t pc;          /* offset in the code */
    uint8_t opcode;
    uint8_t kind;         /* DUET_RECORD_INSTRUCTION */
    uint16_t depth;       /* of the message: 0 for the outermost */
    int64_t gas;          /* before the instruction */
    int64_t cost;         /* what it took; for calls and creations with the gas that they hand on */
    int64_t refund;       /* of this execution, before the instruction; below 0 is possible */
    uint64_t memory_size; /* in octets, before the instruction */
    uint16_t stack_size;  /* in words, before the instruction */
    uint16_t words;       /* how many of the words behind the record are of the stack */
    int32_t status;       /* enum evmc_status_code: 0, or why the instruction failed */
} duet_evm_record_t;

/* Memory that the instruction of the last DUET_RECORD_INSTRUCTION has written; the octets stand where the words are otherwise. A long
 * range takes several records. */
typedef struct {
    uint32_t pc;
    uint8_t opcode;
    uint8_t kind; /* DUET_RECORD_MEMORY */
    uint16_t depth;
    uint64_t offset;
    uint64_t size; /* at most 32 times stack_words */
    uint64_t reserved[3];
} duet_evm_memory_record_t;

enum { DUET_EVM_RECORD_SIZE = 48 /* without the words */ };

/* An instruction of the PVM. */
typedef struct {
    uint32_t pc;
    uint8_t opcode;       /* as the code has it */
    uint8_t reg;          /* the register that it wrote, DUET_NO_REGISTER if none */
    uint8_t access;       /* DUET_ACCESS_… */
    uint8_t access_size;  /* octets, 0 without an access */
    int64_t gas;          /* before the instruction */
    uint64_t value;       /* of the register afterwards, 0 without one */
    uint32_t address;     /* of the memory that it touched, or wanted to; 0 without an access */
    uint32_t exit;        /* 0: the run went on; 1 + the exit (pvm_ext.h) with which the instruction ended it */
} duet_pvm_record_t;

enum { DUET_PVM_RECORD_SIZE = 32, DUET_NO_REGISTER = 255 };
enum { DUET_ACCESS_NONE = 0, DUET_ACCESS_READ = 1, DUET_ACCESS_WRITE = 2 };

/* Gets `count` records at the start of the buffer, which is free again when it returns. It runs on the thread of the execution and
 * must not use the machine that is traced, nor free the trace. */
typedef void (*duet_trace_flush_fn)(void *context, const void *records, size_t count);

enum {
    DUET_TRACE_FAULTS_ONLY = 1, /* only instructions that failed */
    DUET_TRACE_MEMORY = 2       /* EVM: records of the memory that is written; wants at least one stack word */
};

/* A trace: where it goes, and what it leaves out. The caller's, and to be kept while a machine uses it. duet_trace_init fills it in;
 * fields may be changed afterwards, while no execution runs. */
typedef struct {
    void *buffer;         /* at a multiple of 8 */
    size_t buffer_size;   /* in octets; at least one record */
    duet_trace_flush_fn flush; /* NULL: the buffer fills up once, and what comes then is counted in `lost` */
    void *context;
    uint32_t stack_words; /* EVM: 0 … 32 */
    uint32_t flags;
    uint64_t opcodes[4];  /* filter: bit n % 64 of number n / 64 for opcode n */
    uint32_t first_depth, last_depth; /* filter, both included; EVM only */
    uint32_t first_pc, last_pc;       /* filter, both included */
    /* The library's; to be set to 0 by who starts anew. */
    uint64_t count;       /* records in the buffer that have not been handed over */
    uint64_t total;       /* records so far */
    uint64_t lost;        /* records for which there was no room */
} duet_trace_t;

/* A trace of everything, with one word of the stack. */
void duet_trace_init(duet_trace_t *trace, void *buffer, size_t size, duet_trace_flush_fn flush, void *context);

#ifdef __cplusplus
}
#endif

#endif
