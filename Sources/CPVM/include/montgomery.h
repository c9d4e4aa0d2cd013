/* Arithmetic modulo an odd number p of four or six 64-bit limbs, least significant first, in Montgomery form: the limbs
 * of a stand for a / 2^(64 n). Operands and results are below p, and p leaves the highest bit of its highest limb free.
 * A result may lie where an operand does. In C for the carry chains, which Swift does not express (docs/decisions/0011). */
#ifndef DUET_MONTGOMERY_H
#define DUET_MONTGOMERY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct { uint64_t limb[4]; } duet_limbs4;
typedef struct { uint64_t limb[6]; } duet_limbs6;

/* a0 + a1 u with u^2 = -1: the limbs of a0, then those of a1 */
typedef struct { uint64_t limb[8]; } duet_complex4;
typedef struct { uint64_t limb[12]; } duet_complex6;

/* A modulus and -1/p modulo 2^64. */
typedef struct { uint64_t limb[4], inverse; } duet_modulus4;
typedef struct { uint64_t limb[6], inverse; } duet_modulus6;

/* r = a b / 2^256, r = a b / 2^384 */
void duet_multiply4(duet_limbs4 *r, const duet_limbs4 *a, const duet_limbs4 *b, const duet_modulus4 *p);
void duet_multiply6(duet_limbs6 *r, const duet_limbs6 *a, const duet_limbs6 *b, const duet_modulus6 *p);

/* r = a b and r = a^2 in the extension by u */
void duet_multiply_complex4(duet_complex4 *r, const duet_complex4 *a, const duet_complex4 *b, const duet_modulus4 *p);
void duet_multiply_complex6(duet_complex6 *r, const duet_complex6 *a, const duet_complex6 *b, const duet_modulus6 *p);
void duet_square_complex4(duet_complex4 *r, const duet_complex4 *a, const duet_modulus4 *p);
void duet_square_complex6(duet_complex6 *r, const duet_complex6 *a, const duet_modulus6 *p);

/* For tests: 0 makes all of the above do without the instructions of ADX and BMI2; 1 lets it use them if there are any. */
void duet_montgomery_may_use_adx(int may);

/* The moduli of the fields that BN254 and BLS12-381 are defined over. */
extern const duet_modulus4 duet_bn254_p;
extern const duet_modulus6 duet_bls12381_p;
static inline const duet_modulus4 *duet_bn254_modulus(void) { return &duet_bn254_p; }
static inline const duet_modulus6 *duet_bls12381_modulus(void) { return &duet_bls12381_p; }

#if defined(__clang__)
typedef unsigned long long duet_word;
#define DUET_UNROLL _Pragma("clang loop unroll(full)")

/* r = r - p unless that is negative or carry (of the sum that gave r) is 0 */
static inline __attribute__((always_inline)) void duet_reduce_once(uint64_t *r, const uint64_t *p, int n) {
    duet_word borrow = 0;
    uint64_t d[6];
    DUET_UNROLL for (int i = 0; i < n; i++) d[i] = __builtin_subcll(r[i], p[i], borrow, &borrow);
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = borrow ? r[i] : d[i];
}

static inline __attribute__((always_inline)) void duet_add_modulo(uint64_t *r, const uint64_t *a, const uint64_t *b, const uint64_t *p, int n) {
    duet_word carry = 0;
    uint64_t s[6];
    DUET_UNROLL for (int i = 0; i < n; i++) s[i] = __builtin_addcll(a[i], b[i], carry, &carry);
    duet_reduce_once(s, p, n);
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = s[i];
}

static inline __attribute__((always_inline)) void duet_subtract_modulo(uint64_t *r, const uint64_t *a, const uint64_t *b, const uint64_t *p, int n) {
    duet_word borrow = 0, carry = 0;
    uint64_t d[6];
    DUET_UNROLL for (int i = 0; i < n; i++) d[i] = __builtin_subcll(a[i], b[i], borrow, &borrow);
    uint64_t mask = 0 - (uint64_t)borrow;
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = __builtin_addcll(d[i], p[i] & mask, carry, &carry);
}

/* r / 2 modulo p */
static inline __attribute__((always_inline)) void duet_halve(uint64_t *r, const uint64_t *p, int n) {
    duet_word carry = 0;
    uint64_t mask = 0 - (r[0] & 1);
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = __builtin_addcll(r[i], p[i] & mask, carry, &carry);
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = r[i] >> 1 | (i + 1 < n ? r[i + 1] : carry) << 63;
}

static inline __attribute__((always_inline)) bool duet_is_reduced(const uint64_t *a, const uint64_t *p, int n) {
    duet_word borrow = 0;
    DUET_UNROLL for (int i = 0; i < n; i++) (void)__builtin_subcll(a[i], p[i], borrow, &borrow);
    return borrow != 0;
}

static inline void duet_halve4(duet_limbs4 *r, const duet_modulus4 *p) { duet_halve(r->limb, p->limb, 4); }
static inline void duet_halve6(duet_limbs6 *r, const duet_modulus6 *p) { duet_halve(r->limb, p->limb, 6); }
/* Is a below p? */
static inline bool duet_is_reduced4(const duet_limbs4 *a, const duet_modulus4 *p) { return duet_is_reduced(a->limb, p->limb, 4); }
static inline bool duet_is_reduced6(const duet_limbs6 *a, const duet_modulus6 *p) { return duet_is_reduced(a->limb, p->limb, 6); }
static inline void duet_add4(duet_limbs4 *r, const duet_limbs4 *a, const duet_limbs4 *b, const duet_modulus4 *p) {
    duet_add_modulo(r->limb, a->limb, b->limb, p->limb, 4);
}
static inline void duet_add6(duet_limbs6 *r, const duet_limbs6 *a, const duet_limbs6 *b, const duet_modulus6 *p) {
    duet_add_modulo(r->limb, a->limb, b->limb, p->limb, 6);
}
static inline void duet_subtract4(duet_limbs4 *r, const duet_limbs4 *a, const duet_limbs4 *b, const duet_modulus4 *p) {
    duet_subtract_modulo(r->limb, a->limb, b->limb, p->limb, 4);
}
static inline void duet_subtract6(duet_limbs6 *r, const duet_limbs6 *a, const duet_limbs6 *b, const duet_modulus6 *p) {
    duet_subtract_modulo(r->limb, a->limb, b->limb, p->limb, 6);
}
#endif

#endif
