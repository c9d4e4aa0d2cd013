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

/* Gets the calling thread ready for compiled code on guarded memory. The handler for SIGSEGV and SIGBUS comes in front of those that are
 * there now, which still get every signal that is not compiled code's, and the thread gets an alternate signal stack if it has none. False
 * if that is impossible, or if the thread blocks SIGSEGV: then a fault would end the process.
 *
 * To be called for every run, because hosts install handlers and block signals at any time. A run that a host call has interrupted
 * need not ask again as long as it is on the same thread: *thread, the thread's number, is that of the run's last part, else 0. */
bool duet_faults_ready(uint64_t *thread);

/* Was this thread not ready when that was last asked? */
bool duet_faults_unready(void);

#if defined(__x86_64__) && defined(__linux__)

/* What is kept for each thread. A number is given to one thread only, unlike addresses; 0: not ready yet. */
struct duet_fault_thread {
    const struct duet_fault_scope *scope;
    uint64_t number;
    bool has_stack;
    bool is_unready;
};

/* Static thread-local storage can be read by a signal handler anywhere: the default kind may have to allocate first. */
extern _Thread_local struct duet_fault_thread duet_fault_thread __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* In assembly, because a run may come back from a host call on another thread, and a compiler takes the thread of a function for
 * granted. */
static inline uint64_t duet_faults_thread(void) {
    uint64_t number;
    __asm__ volatile("movq duet_fault_thread@gottpoff(%%rip), %0\n\tmovq %%fs:8(%0), %0" : "=r"(number));
    return number;
}

/* Around compiled code and nothing else: faults in between are handled as the scope says. The answer is what was said before (a signal
 * handler of the host's may run another VM), to be said again afterwards. Before: duet_faults_ready on this thread. */
static inline const struct duet_fault_scope *duet_faults_enter(const struct duet_fault_scope *scope) {
    const struct duet_fault_scope *outer;
    uint64_t place;
    __asm__ volatile("movq duet_fault_thread@gottpoff(%%rip), %1\n\tmovq %%fs:(%1), %0\n\tmovq %2, %%fs:(%1)"
                     : "=&r"(outer), "=&r"(place) : "r"(scope) : "memory");
    return outer;
}

static inline void duet_faults_leave(const struct duet_fault_scope *outer) {
    uint64_t place;
    __asm__ volatile("movq duet_fault_thread@gottpoff(%%rip), %0\n\tmovq %1, %%fs:(%0)" : "=&r"(place) : "r"(outer) : "memory");
}

#else

static inline uint64_t duet_faults_thread(void) { return 0; }
static inline const struct duet_fault_scope *duet_faults_enter(const struct duet_fault_scope *scope) { return scope; }
static inline void duet_faults_leave(const struct duet_fault_scope *outer) { (void)outer; }

#endif

#endif
