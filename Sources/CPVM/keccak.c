/* Keccak-f[1600] with a lane in each of 25 vector registers: AVX-512 has enough of them, rotates by constants and combines
 * three operands at a time. */
#include "hashes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ROTATE(lane, bits) _mm_rol_epi64(lane, bits)
#define XOR3(a, b, c) _mm_ternarylogic_epi64(a, b, c, 0x96)
/* a ^ (~b & c) */
#define CHI(a, b, c) _mm_ternarylogic_epi64(a, b, c, 0xd2)
/* θ's part for one lane, and ρ. */
#define MOVED(lane, x, bits) ROTATE(XOR3(s[lane], column[(x + 4) % 5], rotated[(x + 1) % 5]), bits)
__attribute__((target("avx512f,avx512vl")))
void duet_keccak_absorb(uint64_t *state, const uint8_t *data, size_t blocks, const uint64_t *constants) {
    __m128i s[25];
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 25; lane++) s[lane] = _mm_loadl_epi64((const __m128i *)(state + lane));
    for (; blocks > 0; blocks--, data += 136) {
#pragma clang loop unroll(full)
        for (int lane = 0; lane < 17; lane++) s[lane] = _mm_xor_si128(s[lane], _mm_loadl_epi64((const __m128i *)(data + 8 * lane)));
#pragma clang loop unroll_count(2)
        for (int round = 0; round < 24; round++) {
            __m128i column[5], rotated[5], t[25];
#pragma clang loop unroll(full)
            for (int x = 0; x < 5; x++) {
                column[x] = XOR3(XOR3(s[x], s[x + 5], s[x + 10]), s[x + 15], s[x + 20]);
                rotated[x] = ROTATE(column[x], 1);
            }
            t[0] = XOR3(s[0], column[4], rotated[1]);
            t[1] = MOVED(6, 1, 44), t[2] = MOVED(12, 2, 43), t[3] = MOVED(18, 3, 21), t[4] = MOVED(24, 4, 14);
            t[5] = MOVED(3, 3, 28), t[6] = MOVED(9, 4, 20), t[7] = MOVED(10, 0, 3), t[8] = MOVED(16, 1, 45), t[9] = MOVED(22, 2, 61);
            t[10] = MOVED(1, 1, 1), t[11] = MOVED(7, 2, 6), t[12] = MOVED(13, 3, 25), t[13] = MOVED(19, 4, 8), t[14] = MOVED(20, 0, 18);
            t[15] = MOVED(4, 4, 27), t[16] = MOVED(5, 0, 36), t[17] = MOVED(11, 1, 10), t[18] = MOVED(17, 2, 15), t[19] = MOVED(23, 3, 56);
            t[20] = MOVED(2, 2, 62), t[21] = MOVED(8, 3, 55), t[22] = MOVED(14, 4, 39), t[23] = MOVED(15, 0, 41), t[24] = MOVED(21, 1, 2);
#pragma clang loop unroll(full)
            for (int y = 0; y < 25; y += 5) {
#pragma clang loop unroll(full)
                for (int x = 0; x < 5; x++) s[y + x] = CHI(t[y + x], t[y + (x + 1) % 5], t[y + (x + 2) % 5]);
            }
            s[0] = _mm_xor_si128(s[0], _mm_loadl_epi64((const __m128i *)(constants + round)));
        }
    }
#pragma clang loop unroll(full)
    for (int lane = 0; lane < 25; lane++) _mm_storel_epi64((__m128i *)(state + lane), s[lane]);
}
#else
void duet_keccak_absorb(uint64_t *state, const uint8_t *data, size_t blocks, const uint64_t *constants) {
    (void)state, (void)data, (void)blocks, (void)constants; /* no such processor */
}
#endif
