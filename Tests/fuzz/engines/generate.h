/* What the parts of the generator share. */
#ifndef ENGINES_GENERATE_H
#define ENGINES_GENERATE_H

#include "case.h"

/* ---- values.c ---- */

void start_random(uint64_t seed, uint64_t number);
uint64_t next(void);
unsigned below(unsigned limit);
bool one_in(unsigned n);

uint64_t edge(void);            /* a number at which operations tend to go wrong */
uint64_t value(void);
uint32_t address(void);         /* tends to be mapped, or nearly */
uint64_t register_value(void);

/* A constant in as few octets as hold it, or more; sometimes too few. */
void number(uint64_t wanted, uint64_t* value, uint8_t* length);

/* ---- instructions.c ---- */

void list_opcodes(uint32_t isa);
void put_instructions(void);
void aim(void);                 /* gives jumps their targets */

/* ---- runs.c ---- */

void lay_out(void);
void make_run(run_t* run);

/* ---- The character of the program at hand ---- */

extern struct character {
    case_t* c;
    uint8_t opcodes[256];      /* all that the set has */
    unsigned opcode_count;
    uint8_t registers[13];     /* those the program likes */
    unsigned register_count;
    uint8_t pointers[3];       /* registers that start out as addresses and are seldom written */
    uint64_t pointer_values[3];
    bool groups;               /* many accesses through the same base */
    bool fused;                /* mostly sequences that the interpreter fuses */
    bool acyclic;              /* control only goes forward, so any gas will do */
    bool odd;                  /* odd lengths, registers above 12, hidden opcodes */
    uint32_t pages[24];        /* what is mapped, and some neighbours */
    unsigned page_count;
} g;

#endif
