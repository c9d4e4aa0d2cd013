/* Parts of hash functions that use instructions for which Swift has no names. */
#ifndef DUET_HASHES_H
#define DUET_HASHES_H

#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4, 4.2.2: the 64 constants of SHA-256. */
const uint32_t *duet_sha256_constants(void);

/* Takes blocks of 64 octets into the state. Only for processors with DUET_CPU_SHA. */
void duet_sha256_blocks(uint32_t *state, const uint8_t *data, size_t blocks);

/* Takes blocks of 136 octets into the 25 lanes of Keccak-f[1600], whose round constants are given. Only for processors with
 * DUET_CPU_AVX512. */
void duet_keccak_absorb(uint64_t *state, const uint8_t *data, size_t blocks, const uint64_t *constants);

/* RFC 7693, 2.7: the ten message schedules of BLAKE2b, 16 octets each. */
const uint8_t *duet_blake2b_schedules(void);

/* Rounds of BLAKE2b (RFC 7693, 3.2) on the 16 words of the work vector v with the 16 of the message m. Only for processors with
 * DUET_CPU_AVX512. */
void duet_blake2b_rounds(uint64_t *v, const uint64_t *m, uint32_t rounds);

#endif
