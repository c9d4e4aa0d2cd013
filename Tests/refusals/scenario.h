/* What the scenarios share. A scenario calls the functions of a header. A call that says that memory is short is looked at (nothing may have
 * changed) and made again; what comes of it all, folded into a number, must be the same whatever was refused. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "refuse.h"

static inline void promise(int kept, const char *text, const char *file, int line) {
    if (kept) return;
    fprintf(stderr, "%s:%d: broken promise: %s (after %ld allocations, %ld refused)\n", file, line, text, refuse_count(), refuse_refused());
    abort();
}
#define PROMISE(condition) promise((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* Everything that is observed, in order. */
typedef struct { uint64_t value; } trail_t;

static inline void note(trail_t *trail, const void *octets, size_t size) {
    for (size_t i = 0; i < size; i++) trail->value = (trail->value ^ ((const uint8_t *)octets)[i]) * UINT64_C(0x100000001b3) + 1;
}
static inline void note_number(trail_t *trail, uint64_t number) { note(trail, &number, sizeof number); }

/* INSIDE(call): the call, with allocations that may be refused. */
#define INSIDE(call) do { refuse_enter(); call; refuse_leave(); } while (0)

uint64_t state_scenario(int variant);
uint64_t evm_scenario(int variant);
uint64_t frame_scenario(int variant);
uint64_t precompile_scenario(int variant);
uint64_t pvm_scenario(int variant);
uint64_t ecalli_scenario(int variant);

#endif
