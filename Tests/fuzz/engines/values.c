/* Random numbers, and those that are worth trying. */
#include "generate.h"

/* ---- Random numbers: splitmix64, as Vigna published it ---- */

static uint64_t state;

uint64_t next(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

unsigned below(unsigned limit) { return (unsigned)(((next() >> 32) * limit) >> 32); }
bool one_in(unsigned n) { return below(n) == 0; }

void start_random(uint64_t seed, uint64_t number) {
    state = seed * 0xd1342543de82ef95u + number;
    next();
    state ^= next();
}

/* ---- Values ---- */

uint64_t edge(void) {
    static const uint64_t edges[] = {
        0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
        0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x100000001, 0x7fffffffffffffff, 0x8000000000000000,
        0x8000000000000001, 0xffffffff00000000, 0xffffffff7fffffff, 0xffffffff80000000, 0xffffffff80000001, 0xfffffffffffffffe,
        0xffffffffffffffff, 0xffffffffffffff80, 0xffffffffffff8000, 0x5555555555555555, 0x0123456789abcdef, 0xffff0000
    };
    return edges[below(sizeof edges / sizeof *edges)];
}

uint64_t value(void) {
    switch (below(8)) {
    case 0: case 1: case 2: return edge();
    case 3: return below(40);
    case 4: return 0u - (uint64_t)below(40);
    case 5: return (1ull << below(64)) + below(3) - 1;
    case 6: return next() >> below(64);
    default: return next();
    }
}

/* An address that tends to be mapped, or nearly. */
uint32_t address(void) {
    if (one_in(50)) {
        static const uint32_t corners[] = { 0, 0xffff, 0xfff8, 0xfffc, 0x10000, 0xffffffff, 0xfffffff8, 0xfffffffc, 0x80000000, 0x7ffffffc };
        return corners[below(sizeof corners / sizeof *corners)] + (one_in(3) ? below(16) : 0);
    }
    if (one_in(80)) return (uint32_t)next();
    const uint32_t page = g.pages[below(g.page_count)] << 12;
    switch (below(10)) {
    case 0: return page + below(16);
    case 1: return page - below(12);
    case 2: return page + 4096 - below(12);
    default: return page + below(4089);
    }
}

uint64_t register_value(void) {
    switch (below(10)) {
    case 0: return address();
    case 1: return address() | next() << 32;
    case 2: return 2 * below(g.c->jump_count + 2);
    default: return value();
    }
}

/* Sign-extends the low `length` octets. */
static uint64_t extended(uint64_t x, int length) {
    return length == 0 ? 0 : (uint64_t)((int64_t)(x << (64 - 8 * length)) >> (64 - 8 * length));
}

/* A constant in as few octets as hold it, or more; sometimes too few. */
void number(uint64_t wanted, uint64_t* value, uint8_t* length) {
    int fits = 0;
    while (fits < 4 && extended(wanted, fits) != wanted) fits++;
    *value = wanted;
    *length = (uint8_t)(one_in(6) ? (int)below(5) : one_in(4) && fits < 4 ? fits + 1 : fits);
}
