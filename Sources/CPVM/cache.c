#define _GNU_SOURCE
#include "CPVM.h"

#include <pthread.h>
#include <time.h>
#if defined(__linux__)
#include <sys/random.h>
#endif

static pthread_cond_t made = PTHREAD_COND_INITIALIZER;

/* Threads of the parent that waited are not in the child, and those that were compiling never come to an end. */
static void forget_other_threads(void) {
    made = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    duet_cache_forget_compilations();
}

void duet_cache_lock(void) { duet_lock(DUET_LOCK_CACHE); }
void duet_cache_unlock(void) { duet_unlock(DUET_LOCK_CACHE); }

void duet_cache_wait(void) { pthread_cond_wait(&made, &duet_locks[DUET_LOCK_CACHE]); }
void duet_cache_wake_all(void) { pthread_cond_broadcast(&made); }

void duet_fusion_lock(void) { duet_lock(DUET_LOCK_FUSION); }
void duet_fusion_unlock(void) { duet_unlock(DUET_LOCK_FUSION); }

static uint64_t keys[4];

static void draw_keys(void) {
#if defined(__linux__)
    if (getrandom(keys, sizeof keys, GRND_NONBLOCK) == (ssize_t)sizeof keys) return;
#endif
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t state = (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec << 20 ^ (uint64_t)(uintptr_t)&now;
    for (int i = 0; i < 4; i++) {
        state = (state ^ state >> 29) * 0x9e3779b97f4a7c15u + (uint64_t)(uintptr_t)keys;
        keys[i] = state ^ state >> 32;
    }
}

/* Before any program is made. */
static void begin(void) {
    draw_keys();
    duet_fork_in_child(forget_other_threads);
}

const uint64_t *duet_fingerprint_keys(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    return keys;
}

/* Not a tail call: checkers of locks take whoever calls from here for the library. */
static void close_at_exit(void) {
    duet_cache_close();
    atomic_signal_fence(memory_order_seq_cst);
}

static void register_close(void) { atexit(close_at_exit); }

void duet_cache_close_at_exit(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_close);
}
