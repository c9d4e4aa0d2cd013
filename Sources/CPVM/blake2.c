/* The rounds of BLAKE2b with a row of its 4 × 4 words in each of four vector registers: AVX-512VL has rotations, and AVX2's
 * permutations turn columns into diagonals. What bounds a round is the chain of sums, differences and rotations, not their number. */
#include "hashes.h"

static const uint8_t schedules[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

const uint8_t *duet_blake2b_schedules(void) { return schedules[0]; }

#if defined(__x86_64__)
#include <immintrin.h>

/* The sum of a and a message's word, before b is there: compilers would begin with b, which is what everything waits for. */
#define ADD(word) a = _mm256_add_epi64(a, word); __asm__("" : "+x"(a))
/* Half a round: G on the four columns. x and y are the message's words for it. */
#define MIX(x, y) \
    ADD(x); a = _mm256_add_epi64(a, b), d = _mm256_ror_epi64(_mm256_xor_si256(d, a), 32); \
    c = _mm256_add_epi64(c, d), b = _mm256_ror_epi64(_mm256_xor_si256(b, c), 24); \
    ADD(y); a = _mm256_add_epi64(a, b), d = _mm256_ror_epi64(_mm256_xor_si256(d, a), 16); \
    c = _mm256_add_epi64(c, d), b = _mm256_ror_epi64(_mm256_xor_si256(b, c), 63)
/* Moves the diagonals to columns (1, 2, 3) and back (3, 2, 1). b, on which the next step waits, is the row that stays. */
#define TURN(row_a, row_d, row_c) \
    a = _mm256_permute4x64_epi64(a, row_a), d = _mm256_permute4x64_epi64(d, row_d), c = _mm256_permute4x64_epi64(c, row_c)
#define LEFT 0x39
#define HALF 0x4e
#define RIGHT 0x93

__attribute__((target("avx2,avx512f,avx512vl")))
void duet_blake2b_rounds(uint64_t *v, const uint64_t *m, uint32_t rounds) {
    /* The words that each round takes, in the order in which it takes them. The second half works on rows that are turned against
     * those of RFC 7693 by one, so its words are, too. */
    __m256i words[10][4];
    for (uint32_t round = 0; round < (rounds < 10 ? rounds : 10); round++) {
        const uint8_t *s = schedules[round];
        words[round][0] = _mm256_set_epi64x((long long)m[s[6]], (long long)m[s[4]], (long long)m[s[2]], (long long)m[s[0]]);
        words[round][1] = _mm256_set_epi64x((long long)m[s[7]], (long long)m[s[5]], (long long)m[s[3]], (long long)m[s[1]]);
        words[round][2] = _mm256_set_epi64x((long long)m[s[12]], (long long)m[s[10]], (long long)m[s[8]], (long long)m[s[14]]);
        words[round][3] = _mm256_set_epi64x((long long)m[s[13]], (long long)m[s[11]], (long long)m[s[9]], (long long)m[s[15]]);
    }
    __m256i a = _mm256_loadu_si256((const __m256i *)v), b = _mm256_loadu_si256((const __m256i *)(v + 4));
    __m256i c = _mm256_loadu_si256((const __m256i *)(v + 8)), d = _mm256_loadu_si256((const __m256i *)(v + 12));
#define ROUND(words) \
    MIX((words)[0], (words)[1]); \
    TURN(RIGHT, HALF, LEFT); \
    MIX((words)[2], (words)[3]); \
    TURN(LEFT, HALF, RIGHT)
    for (; rounds >= 10; rounds -= 10) {
#pragma clang loop unroll(full)
        for (int round = 0; round < 10; round++) { ROUND(words[round]); }
    }
    for (uint32_t round = 0; round < rounds; round++) { ROUND(words[round]); }
    _mm256_storeu_si256((__m256i *)v, a), _mm256_storeu_si256((__m256i *)(v + 4), b);
    _mm256_storeu_si256((__m256i *)(v + 8), c), _mm256_storeu_si256((__m256i *)(v + 12), d);
}
#else
void duet_blake2b_rounds(uint64_t *v, const uint64_t *m, uint32_t rounds) {
    (void)v, (void)m, (void)rounds; /* no such processor */
}
#endif
