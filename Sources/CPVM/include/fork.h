/* Locks in processes that fork: a child has one thread, and nobody in it would ever open what another thread had locked. So a fork waits
 * for all locks of the library, and finds them open in parent and child. */
#ifndef DUET_FORK_H
#define DUET_FORK_H

#include <pthread.h>
#include <stdbool.h>

/* The locks that are there from the start, in the order in which a thread takes several. Those of duet_fork_guard come before
 * DUET_LOCK_FAULTS. */
enum duet_lock { DUET_LOCK_CACHE, DUET_LOCK_FUSION, DUET_LOCK_FAULTS, DUET_LOCK_ONCE, DUET_LOCKS };

void duet_lock(enum duet_lock which);
void duet_unlock(enum duet_lock which);

extern pthread_mutex_t duet_locks[DUET_LOCKS] __attribute__((visibility("hidden")));

/* The same for a lock that has just been made, and its end. False if there are too many. Who makes or ends one holds one of those
 * above, or knows that nobody forks. */
bool duet_fork_guard(pthread_mutex_t *lock);
void duet_fork_forget(pthread_mutex_t *lock);

/* Called in each child with all locks held, for what other threads were doing. One function: the program cache's. */
void duet_fork_in_child(void (*function)(void));

#endif
