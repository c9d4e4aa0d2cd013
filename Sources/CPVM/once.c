/* The once of lazy globals in the library, in place of that of the Embedded Swift runtime, for which a thread that waits turns round and
 * round: for ever, in the child of a fork that came while another thread was making a global. Here a fork waits for it. */
#include "CPVM.h"

#if defined(DUET_EMBEDDED)

void swift_once(_Atomic intptr_t *token, void (*make)(void *), void *context);

/* Making one global may need another one. */
static _Thread_local int depth __attribute__((tls_model("initial-exec")));

static bool is_done(_Atomic intptr_t *token) { return atomic_load_explicit(token, memory_order_acquire) < 0; }

/* Callers that find a negative token do not come here. */
void swift_once(_Atomic intptr_t *token, void (*make)(void *), void *context) {
    if (is_done(token)) return;
    if (depth == 0) duet_lock(DUET_LOCK_ONCE);
    depth++;
    if (!is_done(token)) {
        make(context);
        atomic_store_explicit(token, -1, memory_order_release);
    }
    if (--depth == 0) duet_unlock(DUET_LOCK_ONCE);
}

#endif
