/* Sums and differences of numbers of several limbs, in the form that compilers turn into adc and sbb. */
#ifndef DUET_LIMBS_H
#define DUET_LIMBS_H

#include <stdint.h>

/* left + right + *carry; the carry (0 or 1) into the next limb is left in *carry. */
static inline __attribute__((always_inline)) uint64_t duet_add_carry(uint64_t left, uint64_t right, uint64_t *carry) {
    unsigned long long out;
    uint64_t sum = __builtin_addcll(left, right, *carry, &out);
    *carry = out;
    return sum;
}

/* left - right - *borrow; the borrow (0 or 1) from the next limb is left in *borrow. */
static inline __attribute__((always_inline)) uint64_t duet_subtract_borrow(uint64_t left, uint64_t right, uint64_t *borrow) {
    unsigned long long out;
    uint64_t difference = __builtin_subcll(left, right, *borrow, &out);
    *borrow = out;
    return difference;
}

/* Comparisons of numbers of four limbs. Written with borrows, compilers make four separate comparisons of them. */
#define DUET_NUMBER(name) ((unsigned _BitInt(256))name##0 | (unsigned _BitInt(256))name##1 << 64 | (unsigned _BitInt(256))name##2 << 128 \
                           | (unsigned _BitInt(256))name##3 << 192)

static inline __attribute__((always_inline)) _Bool duet_less(uint64_t left0, uint64_t left1, uint64_t left2, uint64_t left3,
                                                             uint64_t right0, uint64_t right1, uint64_t right2, uint64_t right3) {
    return DUET_NUMBER(left) < DUET_NUMBER(right);
}

/* The same in two's complement. */
static inline __attribute__((always_inline)) _Bool duet_less_signed(uint64_t left0, uint64_t left1, uint64_t left2, uint64_t left3,
                                                                    uint64_t right0, uint64_t right1, uint64_t right2, uint64_t right3) {
    return (signed _BitInt(256))DUET_NUMBER(left) < (signed _BitInt(256))DUET_NUMBER(right);
}

#undef DUET_NUMBER
/* ⌊(2^128 - 1) / d⌋ - 2^64 for d >= 2^63 by the processor's division of two limbs by one; 0 where there is none. */
static inline __attribute__((always_inline)) uint64_t duet_reciprocal(uint64_t d) {
#if defined(__x86_64__)
    uint64_t quotient, remainder;
    __asm__("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(~UINT64_C(0)), "d"(~d), "rm"(d) : "cc");
    return quotient;
#else
    (void)d;
    return 0;
#endif
}

#endif
