/* Keccak-256, for hosts in tests that must not lean on the library they test. */
#ifndef TEST_KECCAK_H
#define TEST_KECCAK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t keccak_rotate(uint64_t x, int n) { return n ? x << n | x >> (64 - n) : x; }

static inline void keccak_permute(uint64_t a[25]) {
    uint8_t lfsr = 1;
    for (int round = 0; round < 24; round++) {
        uint64_t c[5], b[25];
        for (int x = 0; x < 5; x++) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int x = 0; x < 5; x++)
            for (int y = 0; y < 5; y++) a[x + 5 * y] ^= c[(x + 4) % 5] ^ keccak_rotate(c[(x + 1) % 5], 1);
        b[0] = a[0];
        for (int x = 1, y = 0, t = 0; t < 24; t++) {
            int turned = (2 * x + 3 * y) % 5;
            b[y + 5 * turned] = keccak_rotate(a[x + 5 * y], (t + 1) * (t + 2) / 2 % 64);
            x = y;
            y = turned;
        }
        for (int y = 0; y < 5; y++)
            for (int x = 0; x < 5; x++) a[x + 5 * y] = b[x + 5 * y] ^ (~b[(x + 1) % 5 + 5 * y] & b[(x + 2) % 5 + 5 * y]);
        for (int j = 0; j < 7; j++) { /* The round constant, bit 2^j - 1 at a time. */
            if (lfsr & 1) a[0] ^= UINT64_C(1) << ((1 << j) - 1);
            lfsr = (uint8_t)(lfsr << 1 ^ (lfsr >> 7 ? 0x71 : 0));
        }
    }
}

static inline void keccak256(const uint8_t *data, size_t size, uint8_t digest[32]) {
    enum { rate = 136 };
    uint64_t state[25] = {0};
    uint8_t block[rate];
    for (;; data += rate, size -= rate) {
        size_t part = size < rate ? size : rate;
        if (part) memcpy(block, data, part);
        if (part < rate) {
            memset(block + part, 0, rate - part);
            block[part] = 1;
            block[rate - 1] |= 0x80;
        }
        for (int i = 0; i < rate; i++) state[i / 8] ^= (uint64_t)block[i] << 8 * (i % 8);
        keccak_permute(state);
        if (part < rate) break;
    }
    for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(state[i / 8] >> 8 * (i % 8));
}

#endif
