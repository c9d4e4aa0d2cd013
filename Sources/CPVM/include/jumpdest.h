/* Jump destinations of EVM code without looking at all of it. */
#ifndef JUMPDEST_H
#define JUMPDEST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Is there among the 32 octets before `place` one that, as PUSHn, would have the octet there in its data? If not, it starts an
 * instruction, whatever comes before. The octet at distance d must be 0x5f + d or more, and no more than PUSH32 (0x7f), which is the
 * greatest signed number. */
static inline bool duet_may_be_data(const uint8_t *place) {
    typedef signed char octets __attribute__((vector_size(16)));
    const octets first = {126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116, 115, 114, 113, 112, 111};
    const octets second = {110, 109, 108, 107, 106, 105, 104, 103, 102, 101, 100, 99, 98, 97, 96, 95};
    octets far, near;
    memcpy(&far, place - 32, 16);
    memcpy(&near, place - 16, 16);
    octets covers = (far > first) | (near > second);
    uint64_t halves[2];
    memcpy(halves, &covers, 16);
    return (halves[0] | halves[1]) != 0;
}

#endif
