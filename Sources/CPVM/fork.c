#include "CPVM.h"

#include <pthread.h>

pthread_mutex_t duet_locks[DUET_LOCKS] = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER };

/* More than the library makes: one for each part of a cache, and that of the memory of code. */
enum { MOST = 128 };
static _Atomic(pthread_mutex_t *) others[MOST];
static _Atomic(void (*)(void)) in_child;

/* One fork at a time; what it has locked. */
static pthread_mutex_t forking = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t *locked[DUET_LOCKS + MOST];
static int count;

static void take(pthread_mutex_t *lock) {
    pthread_mutex_lock(lock);
    locked[count++] = lock;
}

static void before(void) {
    pthread_mutex_lock(&forking);
    count = 0;
    for (int i = 0; i < DUET_LOCK_FAULTS; i++) take(&duet_locks[i]);
    for (int i = 0; i < MOST; i++) {
        pthread_mutex_t *lock = atomic_load_explicit(&others[i], memory_order_acquire);
        if (lock != NULL) take(lock);
    }
    for (int i = DUET_LOCK_FAULTS; i < DUET_LOCKS; i++) take(&duet_locks[i]);
}

static void in_parent(void) {
    while (count > 0) pthread_mutex_unlock(locked[--count]);
    pthread_mutex_unlock(&forking);
}

static void in_the_child(void) {
    void (*function)(void) = atomic_load_explicit(&in_child, memory_order_acquire);
    if (function != NULL) function();
    in_parent();
}

/* Where there is no memory for that, a fork may find locks taken; the library works all the same. */
static void watch_forks(void) { pthread_atfork(before, in_parent, in_the_child); }

void duet_lock(enum duet_lock which) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    pthread_mutex_lock(&duet_locks[which]);
}

void duet_unlock(enum duet_lock which) { pthread_mutex_unlock(&duet_locks[which]); }

/* Never waits for a lock: whoever calls it may hold any. */
bool duet_fork_guard(pthread_mutex_t *lock) {
    for (int i = 0; i < MOST; i++) {
        pthread_mutex_t *none = NULL;
        if (atomic_compare_exchange_strong_explicit(&others[i], &none, lock, memory_order_acq_rel, memory_order_relaxed)) return true;
    }
    return false;
}

void duet_fork_forget(pthread_mutex_t *lock) {
    for (int i = 0; i < MOST; i++) {
        pthread_mutex_t *expected = lock;
        if (atomic_compare_exchange_strong_explicit(&others[i], &expected, NULL, memory_order_acq_rel, memory_order_relaxed)) return;
    }
}

void duet_fork_in_child(void (*function)(void)) { atomic_store_explicit(&in_child, function, memory_order_release); }
