/* What programs that are shared need of the operating system. */
#ifndef DUET_CACHE_H
#define DUET_CACHE_H

#include <stdint.h>

/* The cache's lock, and waiting (with the lock held, which is given up meanwhile) for what another thread is making. */
void duet_cache_lock(void);
void duet_cache_unlock(void);
void duet_cache_wait(void);
void duet_cache_wake_all(void);

/* Held while handlers of a program are fused. */
void duet_fusion_lock(void);
void duet_fusion_unlock(void);

/* Four numbers that are drawn once per process, so that nobody outside can choose bytes of equal fingerprint. */
const uint64_t *duet_fingerprint_keys(void);

/* Has duet_cache_close called when the process ends or the library is unloaded. */
void duet_cache_close_at_exit(void);
void duet_cache_close(void);

/* In the child of a fork, with the lock held: what other threads were compiling has not been compiled. */
void duet_cache_forget_compilations(void);

#endif
