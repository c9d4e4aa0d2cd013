/* One case of the differential fuzzer: a program, its memory, and what is done with it. Everything that happens is written
 * down here, so that a case repeats itself exactly. */
#ifndef ENGINES_CASE_H
#define ENGINES_CASE_H

#include <stdbool.h>

#include "pvm_ext.h"

/* ---- Instructions, before they are octets ---- */

typedef enum {
    F_NONE, F_IMM, F_REG_EXT, F_IMM_IMM, F_OFFSET, F_REG_IMM, F_REG_IMM_IMM, F_REG_IMM_OFFSET, F_REG_REG, F_REG_REG_IMM,
    F_REG_REG_OFFSET, F_REG_REG_IMM_IMM, F_REG_REG_REG
} format_t;

format_t format_of(uint8_t opcode);
bool ends_block(uint8_t opcode);

#define NO_TARGET (-1)

typedef struct {
    uint8_t opcode;
    uint8_t a, b, d;       /* register fields as they are encoded: 13 to 255 are allowed and mean 12 */
    uint8_t x_length, y_length;
    uint8_t extra;         /* octets behind the operands that belong to the instruction all the same */
    uint8_t cut;           /* operand octets that are missing */
    bool hidden;           /* its opcode is not marked in the bitmask */
    int target;            /* instruction that the offset leads to; NO_TARGET: the offset is as given */
    uint64_t x, y;
} instruction_t;

/* ---- What the host does ---- */

typedef enum {
    E_NONE, E_REGISTER, E_GAS, E_SIGNED_GAS, E_CHARGE, E_WRITE, E_LOAD, E_MAP, E_SET_PC, E_WRITE_PC, E_HEAP, E_EXPAND, E_REPAIR,
    E_COUNT
} effect_kind_t;

/* Something done to the VM, and how the run goes on: a pvm_action_t inside a host call; after an exit 0 to resume, n > 0 for n
 * single steps first. */
typedef struct {
    uint32_t effect, then;
    int target;            /* the instruction whose offset `a` is to be, or NO_TARGET */
    uint64_t a, b;
} event_t;

#define MOST_EVENTS 8

typedef enum { HOW_FUNCTION, HOW_NOBODY, HOW_CHILD, HOW_CALLBACK, HOW_COUNT } how_t;

typedef struct {
    uint32_t how, entry;
    int entry_target;      /* the instruction that `entry` is to be, or NO_TARGET */
    uint32_t call_count, event_count;
    uint64_t gas;
    uint64_t registers[13];
    event_t calls[MOST_EVENTS];   /* one for each host call, then plain PVM_ACTION_CONTINUE */
    event_t events[MOST_EVENTS];  /* one after each exit, then the run is over */
} run_t;

/* ---- The case ---- */

#define MOST_INSTRUCTIONS 70000
#define MOST_CODE (1u << 20)
#define MOST_JUMPS 300
#define MOST_RUNS 6
#define MOST_MAPS 6
#define RAW 255

typedef struct {
    uint32_t isa;
    uint32_t entry_size;   /* octets of a jump-table entry if the program is made from a blob, else RAW */
    uint32_t step_limit;   /* steps that the stepping VM may do; 0: there is none */
    uint32_t bounds[8];    /* pvm_set_memory_bounds */
    uint32_t maps[MOST_MAPS][3];
    uint32_t map_count;
    uint64_t fill;         /* what the pages hold at first */
    uint32_t run_count;
    run_t runs[MOST_RUNS];
    uint32_t jump_count;
    uint32_t jumps[MOST_JUMPS];
    int jump_targets[MOST_JUMPS];  /* instructions, or NO_TARGET */
    uint32_t code_size;
    uint32_t tail_cut;     /* octets that the code lacks at its end */
    uint8_t code[MOST_CODE];
    uint8_t starts[MOST_CODE];     /* the bitmask, an octet for each */
    int count;             /* 0 in a case that was read from a file */
    instruction_t instructions[MOST_INSTRUCTIONS];
} case_t;

/* ---- The parts ---- */

/* generate.c: the case of that number. */
void generate(case_t* c, uint64_t seed, uint64_t number, int isa);
/* assemble.c: code, starts and jumps from the instructions. */
void assemble(case_t* c);

/* compare.c: runs the case everywhere. Returns true if all agree; else `difference` says what was seen. */
bool compare(const case_t* c);
extern char difference[1024];
extern unsigned long long exits_seen[8], exits_compared;

/* shrink.c: makes a case that fails smaller, trying each change in a process of its own. */
void shrink(case_t* c);
/* Runs the case in a process of its own: true if it differs, crashes or hangs. `difference` says which. */
bool fails(const case_t* c);

/* file.c */
bool read_case(case_t* c, const char* path);
void write_case(const case_t* c, FILE* file);
void show_case(const case_t* c, FILE* file);

#endif
