/* Page faults of compiled code: a signal handler that sends them to the code's own way out. */
#ifndef DUET_FAULTS_H
#define DUET_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a thread is while it runs compiled code. */
struct duet_fault_scope {
    const uint8_t *code;   /* faults of instructions in these octets … */
    size_t code_size;
    const uint8_t *memory; /* … on these addresses … */
    size_t memory_size;
    const uint8_t *way_out;/* … go on here, … */
    uint64_t *place;       /* … with the faulting instruction's address left here. */
};

/* From here on faults of the calling thread are handled as the scope says; gives back what was said before, which the way out hands
 * to duet_faults_leave. Before: duet_faults_install must have succeeded. */
const struct duet_fault_scope *duet_faults_enter(const struct duet_fault_scope *scope);
void duet_faults_leave(const struct duet_fault_scope *outer);

/* Puts the handler for SIGSEGV and SIGBUS in front of those that are there now: they still get every signal that is not compiled
 * code's. To be called before every guarded run, because hosts install handlers at any time; where a host call only has interrupted
 * a run (`carries_on`), that is not looked at again. Gives the calling thread an alternate signal stack if it has none. False if
 * that is impossible. */
bool duet_faults_install(bool carries_on);

#endif
