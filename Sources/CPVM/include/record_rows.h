/* Sums of rows of six 64-bit limbs, which is what records of a trace without words are made of. */
#ifndef DUET_RECORD_ROWS_H
#define DUET_RECORD_ROWS_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t duet_pair __attribute__((vector_size(16)));

/* Adds a row, given in pairs of limbs, to each of `count` rows, and writes the sums one behind the other, at a multiple of 8. It leaves the last one if that would stand
 * alone; how many it has done comes back. Only for processors with DUET_CPU_AVX512, which have AVX2. */
size_t duet_add_to_rows(void *to, const void *rows, size_t count, duet_pair first, duet_pair second, duet_pair third);

#endif
