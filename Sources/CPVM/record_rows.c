/* Two rows of six limbs are three vectors of four. */
#include "record_rows.h"

#if defined(__x86_64__)
typedef uint64_t four __attribute__((vector_size(32)));
/* The same wherever they lie. */
typedef uint64_t stored_pair __attribute__((vector_size(16), aligned(8)));
typedef uint64_t stored_four __attribute__((vector_size(32), aligned(8)));

__attribute__((target("avx2")))
size_t duet_add_to_rows(void *to, const void *rows, size_t count, duet_pair first, duet_pair second, duet_pair third) {
    const stored_pair *row = (const stored_pair *)rows;
    stored_pair *place = (stored_pair *)to;
    size_t done = 0;
    /* A store across the end of a cache line takes several times as long: one row alone, if it has to be. */
    if (((uintptr_t)to & 16) != 0 && count > 0) {
        place[0] = row[0] + first, place[1] = row[1] + second, place[2] = row[2] + third;
        place += 3, row += 3, done = 1;
    }
    const four low = __builtin_shufflevector(first, second, 0, 1, 2, 3), middle = __builtin_shufflevector(third, first, 0, 1, 2, 3);
    const four high = __builtin_shufflevector(second, third, 0, 1, 2, 3);
    for (; done + 2 <= count; done += 2, place += 6, row += 6) {
        stored_four *places = (stored_four *)place;
        const stored_four *pair = (const stored_four *)row;
        places[0] = pair[0] + low, places[1] = pair[1] + middle, places[2] = pair[2] + high;
    }
    return done;
}
#else
size_t duet_add_to_rows(void *to, const void *rows, size_t count, duet_pair first, duet_pair second, duet_pair third) {
    (void)to, (void)rows, (void)count, (void)first, (void)second, (void)third; /* no such processor */
    return 0;
}
#endif
