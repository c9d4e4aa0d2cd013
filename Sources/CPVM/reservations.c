/* Reservations that are not in use, kept for the next VM: reserving and giving back address space, and the page faults of fresh
 * memory, cost more than the rest of making a small VM. A handful. */
#include "CPVM.h"

#define SLOTS 8

static void *_Atomic slots[SLOTS];

void *duet_reservation_take(size_t octets, size_t head) {
    for (int i = 0; i < SLOTS; i++) {
        void *base = atomic_load_explicit(&slots[i], memory_order_relaxed);
        if (base != NULL && (base = atomic_exchange_explicit(&slots[i], NULL, memory_order_acq_rel)) != NULL) return base;
    }
    void *base = duet_reserve(octets);
    if (base != NULL && !duet_protect(base, head, 2)) {
        duet_release(base, octets);
        return NULL;
    }
    return base;
}

void duet_reservation_give(void *base, size_t octets) {
    for (int i = 0; i < SLOTS; i++) {
        void *expected = NULL;
        if (atomic_compare_exchange_strong_explicit(&slots[i], &expected, base, memory_order_acq_rel, memory_order_relaxed)) return;
    }
    duet_release(base, octets);
}
