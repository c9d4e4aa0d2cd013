/* Without CPVM.h: the check of the assembler builds this file with any compiler. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

void *duet_static_space(size_t octets);
void **duet_spare_buffer(void);

/* Room for the tables that the core computes once. Not const: as zero-initialised data it takes no room in the library file. */
static _Alignas(64) uint8_t space[512 * 1024];
static _Atomic size_t used;

void *duet_static_space(size_t octets) {
    size_t start = atomic_fetch_add_explicit(&used, (octets + 63) & ~(size_t)63, memory_order_relaxed);
    /* Which tables there are is known when the library is built; a test makes them all. */
    if (start + octets > sizeof space) abort();
    return space + start;
}

void **duet_spare_buffer(void) {
    static void *spare;
    return &spare;
}
