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

/* Loads or stores a number of four limbs limb by limb. Words of the EVM's stack are written so; a processor waits, for longer than most instructions
 * take, where it is to load 16 octets that were stored as two times 8 just before. Compilers make one move of 16 octets of two, unless they cannot see
 * where the limbs come from. */
static inline __attribute__((always_inline)) void duet_copy_word(void *to, const void *from) {
    const uint64_t *source = (const uint64_t *)from;
    uint64_t *target = (uint64_t *)to;
    uint64_t limb0 = source[0], limb1 = source[1], limb2 = source[2], limb3 = source[3];
    __asm__("" : "+r"(limb0), "+r"(limb1), "+r"(limb2), "+r"(limb3));
    target[0] = limb0;
    target[1] = limb1;
    target[2] = limb2;
    target[3] = limb3;
}

/* Two of them change places. */
static inline __attribute__((always_inline)) void duet_swap_words(void *left, void *right) {
    uint64_t *one = (uint64_t *)left, *other = (uint64_t *)right;
    for (int index = 0; index < 4; index += 2) {
        uint64_t one0 = one[index], one1 = one[index + 1], other0 = other[index], other1 = other[index + 1];
        __asm__("" : "+r"(one0), "+r"(one1), "+r"(other0), "+r"(other1));
        one[index] = other0;
        one[index + 1] = other1;
        other[index] = one0;
        other[index + 1] = one1;
    }
}

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
