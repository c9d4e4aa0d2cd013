/* Montgomery multiplication, operand by operand (Koç, Acar, Kaliski: "Analyzing and comparing Montgomery multiplication
 * algorithms", the method they call CIOS). p leaves its highest bit free, so one word above it holds every intermediate sum. */
#include "CPVM.h"

const duet_modulus4 duet_bn254_p = {
    {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029}, 0x87d20782e4866389};
const duet_modulus6 duet_bls12381_p = {
    {0xb9feffffffffaaab, 0x1eabfffeb153ffff, 0x6730d2a0f6b0f624, 0x64774b84f38512bf, 0x4b1ba7b6434bacd7, 0x1a0111ea397fe69a},
    0x89f3fffcfffcfffd};

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS uint64_t multiply_add(uint64_t a, uint64_t b, uint64_t c, uint64_t *carry) {
    unsigned __int128 sum = (unsigned __int128)a * b + c + *carry;
    *carry = (uint64_t)(sum >> 64);
    return (uint64_t)sum;
}

ALWAYS void multiply(uint64_t *r, const uint64_t *a, const uint64_t *b, const uint64_t *p, uint64_t inverse, int n) {
    uint64_t t[6] = {0};
    DUET_UNROLL for (int i = 0; i < n; i++) {
        uint64_t high = 0, reduced = 0;
        t[0] = multiply_add(a[i], b[0], t[0], &high);
        uint64_t m = t[0] * inverse;
        multiply_add(m, p[0], t[0], &reduced);
        DUET_UNROLL for (int j = 1; j < n; j++) {
            t[j] = multiply_add(a[i], b[j], t[j], &high);
            t[j - 1] = multiply_add(m, p[j], t[j], &reduced);
        }
        t[n - 1] = high + reduced;
    }
    duet_reduce_once(t, p, n);
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = t[i];
}

/* r = a b, 2 n words */
ALWAYS void multiply_wide(uint64_t *r, const uint64_t *a, const uint64_t *b, int n) {
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = 0;
    DUET_UNROLL for (int i = 0; i < n; i++) {
        uint64_t high = 0;
        DUET_UNROLL for (int j = 0; j < n; j++) r[i + j] = multiply_add(a[i], b[j], r[i + j], &high);
        r[i + n] = high;
    }
}

/* t = t / 2^(64 n) for t of n words: at most p. */
ALWAYS void reduce_low(uint64_t *t, const uint64_t *p, uint64_t inverse, int n) {
    DUET_UNROLL for (int i = 0; i < n; i++) {
        uint64_t carry = 0, m = t[0] * inverse;
        multiply_add(m, p[0], t[0], &carry);
        DUET_UNROLL for (int j = 1; j < n; j++) t[j - 1] = multiply_add(m, p[j], t[j], &carry);
        t[n - 1] = carry;
    }
}

#if defined(__x86_64__)
/* The same with MULX and the two carry chains of ADCX and ADOX, which compilers do not make use of. */

/* -1: not asked yet */
static _Atomic int with_adx = -1;

static __attribute__((noinline)) int ask_adx(void) {
    uint32_t needed = DUET_CPU_BMI2 | DUET_CPU_ADX;
    int answer = (duet_cpu_features() & needed) == needed;
    atomic_store_explicit(&with_adx, answer, memory_order_relaxed);
    return answer;
}

ALWAYS int has_adx(void) {
    int answer = atomic_load_explicit(&with_adx, memory_order_relaxed);
    return __builtin_expect(answer >= 0, 1) ? answer : ask_adx();
}

void duet_montgomery_may_use_adx(int may) { atomic_store_explicit(&with_adx, may ? -1 : 0, memory_order_relaxed); }

/* (tj, ti) += rdx * word */
#define STEP(ti, tj, offset, pointer) \
    "mulx " offset "(%[" pointer "]), %[lo], %[hi]\n\t" \
    "adcx %[lo], %[" ti "]\n\t" \
    "adox %[hi], %[" tj "]\n\t"
#define CARRY(t) "movl $0, %k[lo]\n\t" "adcx %[lo], %[" t "]\n\t"
#define NO_CARRIES "xorl %k[lo], %k[lo]\n\t"

/* t += a[i] b, then t += m p with m so that t0 becomes 0: the next row's highest word. */
#define ROW4(i, t0, t1, t2, t3, t4) \
    "movq " i "(%[a]), %%rdx\n\t" NO_CARRIES \
    STEP(t0, t1, "0", "b") STEP(t1, t2, "8", "b") STEP(t2, t3, "16", "b") STEP(t3, t4, "24", "b") CARRY(t4) \
    "movq %[" t0 "], %%rdx\n\timulq 32(%[p]), %%rdx\n\t" NO_CARRIES \
    STEP(t0, t1, "0", "p") STEP(t1, t2, "8", "p") STEP(t2, t3, "16", "p") STEP(t3, t4, "24", "p") CARRY(t4)
#define ROW6(i, t0, t1, t2, t3, t4, t5, t6) \
    "movq " i "(%[a]), %%rdx\n\t" NO_CARRIES \
    STEP(t0, t1, "0", "b") STEP(t1, t2, "8", "b") STEP(t2, t3, "16", "b") \
    STEP(t3, t4, "24", "b") STEP(t4, t5, "32", "b") STEP(t5, t6, "40", "b") CARRY(t6) \
    "movq %[" t0 "], %%rdx\n\timulq 48(%[p]), %%rdx\n\t" NO_CARRIES \
    STEP(t0, t1, "0", "p") STEP(t1, t2, "8", "p") STEP(t2, t3, "16", "p") \
    STEP(t3, t4, "24", "p") STEP(t4, t5, "32", "p") STEP(t5, t6, "40", "p") CARRY(t6)

ALWAYS void multiply4_adx(uint64_t *r, const uint64_t *a, const uint64_t *b, const duet_modulus4 *p) {
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, lo, hi;
    __asm__(ROW4("0", "t0", "t1", "t2", "t3", "t4")
            ROW4("8", "t1", "t2", "t3", "t4", "t0")
            ROW4("16", "t2", "t3", "t4", "t0", "t1")
            ROW4("24", "t3", "t4", "t0", "t1", "t2")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [p] "r"(p)
            : "rdx", "cc", "memory");
    uint64_t t[4] = {t4, t0, t1, t2};
    duet_reduce_once(t, p->limb, 4);
    DUET_UNROLL for (int i = 0; i < 4; i++) r[i] = t[i];
}

ALWAYS void multiply6_adx(uint64_t *r, const uint64_t *a, const uint64_t *b, const duet_modulus6 *p) {
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, t5 = 0, t6 = 0, lo, hi;
    __asm__(ROW6("0", "t0", "t1", "t2", "t3", "t4", "t5", "t6")
            ROW6("8", "t1", "t2", "t3", "t4", "t5", "t6", "t0")
            ROW6("16", "t2", "t3", "t4", "t5", "t6", "t0", "t1")
            ROW6("24", "t3", "t4", "t5", "t6", "t0", "t1", "t2")
            ROW6("32", "t4", "t5", "t6", "t0", "t1", "t2", "t3")
            ROW6("40", "t5", "t6", "t0", "t1", "t2", "t3", "t4")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [t5] "+&r"(t5), [t6] "+&r"(t6),
              [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [p] "r"(p)
            : "rdx", "cc", "memory");
    uint64_t t[6] = {t6, t0, t1, t2, t3, t4};
    duet_reduce_once(t, p->limb, 6);
    DUET_UNROLL for (int i = 0; i < 6; i++) r[i] = t[i];
}

#define REDUCE4(t0, t1, t2, t3) \
    "movq %[" t0 "], %%rdx\n\timulq 32(%[p]), %%rdx\n\t" NO_CARRIES \
    STEP(t0, t1, "0", "p") STEP(t1, t2, "8", "p") STEP(t2, t3, "16", "p") LAST_STEP(t3, t0, "24", "p")
#define REDUCE6(t0, t1, t2, t3, t4, t5) \
    "movq %[" t0 "], %%rdx\n\timulq 48(%[p]), %%rdx\n\t" NO_CARRIES \
    STEP(t0, t1, "0", "p") STEP(t1, t2, "8", "p") STEP(t2, t3, "16", "p") \
    STEP(t3, t4, "24", "p") STEP(t4, t5, "32", "p") LAST_STEP(t5, t0, "40", "p")
/* The word that has become 0 takes the highest part. */
#define LAST_STEP(ti, tj, offset, pointer) STEP(ti, tj, offset, pointer) CARRY(tj)

ALWAYS void reduce_low4_adx(uint64_t *t, const duet_modulus4 *p) {
    uint64_t t0 = t[0], t1 = t[1], t2 = t[2], t3 = t[3], lo, hi;
    __asm__(REDUCE4("t0", "t1", "t2", "t3")
            REDUCE4("t1", "t2", "t3", "t0")
            REDUCE4("t2", "t3", "t0", "t1")
            REDUCE4("t3", "t0", "t1", "t2")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [p] "r"(p)
            : "rdx", "cc", "memory");
    t[0] = t0, t[1] = t1, t[2] = t2, t[3] = t3;
}

ALWAYS void reduce_low6_adx(uint64_t *t, const duet_modulus6 *p) {
    uint64_t t0 = t[0], t1 = t[1], t2 = t[2], t3 = t[3], t4 = t[4], t5 = t[5], lo, hi;
    __asm__(REDUCE6("t0", "t1", "t2", "t3", "t4", "t5")
            REDUCE6("t1", "t2", "t3", "t4", "t5", "t0")
            REDUCE6("t2", "t3", "t4", "t5", "t0", "t1")
            REDUCE6("t3", "t4", "t5", "t0", "t1", "t2")
            REDUCE6("t4", "t5", "t0", "t1", "t2", "t3")
            REDUCE6("t5", "t0", "t1", "t2", "t3", "t4")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [t5] "+&r"(t5),
              [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [p] "r"(p)
            : "rdx", "cc", "memory");
    t[0] = t0, t[1] = t1, t[2] = t2, t[3] = t3, t[4] = t4, t[5] = t5;
}

/* t += a[i] b; the lowest word is final. */
#define WIDE4(i, t0, t1, t2, t3, t4) \
    "movq " i "(%[a]), %%rdx\n\t" NO_CARRIES \
    STEP(t0, t1, "0", "b") STEP(t1, t2, "8", "b") STEP(t2, t3, "16", "b") STEP(t3, t4, "24", "b") CARRY(t4) \
    "movq %[" t0 "], " i "(%[r])\n\txorl %k[" t0 "], %k[" t0 "]\n\t"
#define WIDE6(i, t0, t1, t2, t3, t4, t5, t6) \
    "movq " i "(%[a]), %%rdx\n\t" NO_CARRIES \
    STEP(t0, t1, "0", "b") STEP(t1, t2, "8", "b") STEP(t2, t3, "16", "b") \
    STEP(t3, t4, "24", "b") STEP(t4, t5, "32", "b") STEP(t5, t6, "40", "b") CARRY(t6) \
    "movq %[" t0 "], " i "(%[r])\n\txorl %k[" t0 "], %k[" t0 "]\n\t"

ALWAYS void multiply_wide4_adx(uint64_t *r, const uint64_t *a, const uint64_t *b) {
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, lo, hi;
    __asm__(WIDE4("0", "t0", "t1", "t2", "t3", "t4")
            WIDE4("8", "t1", "t2", "t3", "t4", "t0")
            WIDE4("16", "t2", "t3", "t4", "t0", "t1")
            WIDE4("24", "t3", "t4", "t0", "t1", "t2")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [r] "r"(r)
            : "rdx", "cc", "memory");
    r[4] = t4, r[5] = t0, r[6] = t1, r[7] = t2;
}

ALWAYS void multiply_wide6_adx(uint64_t *r, const uint64_t *a, const uint64_t *b) {
    uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0, t4 = 0, t5 = 0, t6 = 0, lo, hi;
    __asm__(WIDE6("0", "t0", "t1", "t2", "t3", "t4", "t5", "t6")
            WIDE6("8", "t1", "t2", "t3", "t4", "t5", "t6", "t0")
            WIDE6("16", "t2", "t3", "t4", "t5", "t6", "t0", "t1")
            WIDE6("24", "t3", "t4", "t5", "t6", "t0", "t1", "t2")
            WIDE6("32", "t4", "t5", "t6", "t0", "t1", "t2", "t3")
            WIDE6("40", "t5", "t6", "t0", "t1", "t2", "t3", "t4")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [t5] "+&r"(t5), [t6] "+&r"(t6),
              [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [r] "r"(r)
            : "rdx", "cc", "memory");
    r[6] = t6, r[7] = t0, r[8] = t1, r[9] = t2, r[10] = t3, r[11] = t4;
}
#else
void duet_montgomery_may_use_adx(int may) {}
ALWAYS int has_adx(void) { return 0; }
ALWAYS void multiply4_adx(uint64_t *r, const uint64_t *a, const uint64_t *b, const duet_modulus4 *p) {}
ALWAYS void multiply6_adx(uint64_t *r, const uint64_t *a, const uint64_t *b, const duet_modulus6 *p) {}
ALWAYS void reduce_low4_adx(uint64_t *t, const duet_modulus4 *p) {}
ALWAYS void reduce_low6_adx(uint64_t *t, const duet_modulus6 *p) {}
ALWAYS void multiply_wide4_adx(uint64_t *r, const uint64_t *a, const uint64_t *b) {}
ALWAYS void multiply_wide6_adx(uint64_t *r, const uint64_t *a, const uint64_t *b) {}
#endif

void duet_multiply4(duet_limbs4 *r, const duet_limbs4 *a, const duet_limbs4 *b, const duet_modulus4 *p) {
    if (has_adx()) multiply4_adx(r->limb, a->limb, b->limb, p);
    else multiply(r->limb, a->limb, b->limb, p->limb, p->inverse, 4);
}

void duet_multiply6(duet_limbs6 *r, const duet_limbs6 *a, const duet_limbs6 *b, const duet_modulus6 *p) {
    if (has_adx()) multiply6_adx(r->limb, a->limb, b->limb, p);
    else multiply(r->limb, a->limb, b->limb, p->limb, p->inverse, 6);
}

/* The steps of the extension field, for either size and with or without ADX, which are constants wherever this is called. */

ALWAYS void product(uint64_t *r, const uint64_t *a, const uint64_t *b, const void *modulus, int n, int adx) {
    const uint64_t *p = modulus;
    if (adx && n == 4) multiply4_adx(r, a, b, modulus);
    else if (adx) multiply6_adx(r, a, b, modulus);
    else multiply(r, a, b, p, p[n], n);
}

ALWAYS void wide(uint64_t *r, const uint64_t *a, const uint64_t *b, int n, int adx) {
    if (adx && n == 4) multiply_wide4_adx(r, a, b);
    else if (adx) multiply_wide6_adx(r, a, b);
    else multiply_wide(r, a, b, n);
}

/* r = t / 2^(64 n) of 2 n words, t below p 2^(64 n) */
ALWAYS void reduce(uint64_t *r, uint64_t *t, const void *modulus, int n, int adx) {
    const uint64_t *p = modulus;
    duet_limb carry = 0;
    if (adx && n == 4) reduce_low4_adx(t, modulus);
    else if (adx) reduce_low6_adx(t, modulus);
    else reduce_low(t, p, p[n], n);
    uint64_t s[6];
    DUET_UNROLL for (int i = 0; i < n; i++) s[i] = __builtin_addcll(t[i], t[n + i], carry, &carry);
    duet_reduce_once(s, p, n);
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = s[i];
}

/* r = a + b without reduction: below 2 p */
ALWAYS void sum(uint64_t *r, const uint64_t *a, const uint64_t *b, int n) {
    duet_limb carry = 0;
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = __builtin_addcll(a[i], b[i], carry, &carry);
}

/* r = r - a; what is borrowed from beyond the highest word */
ALWAYS duet_limb take(uint64_t *r, const uint64_t *a, int n) {
    duet_limb borrow = 0;
    DUET_UNROLL for (int i = 0; i < n; i++) r[i] = __builtin_subcll(r[i], a[i], borrow, &borrow);
    return borrow;
}

/* Karatsuba's method on products that are reduced at the end: with a, b < p all stay below p 2^(64 n). */
ALWAYS void multiply_complex(uint64_t *r, const uint64_t *a, const uint64_t *b, const void *modulus, int n, int adx) {
    const uint64_t *p = modulus;
    uint64_t real[12], imaginary[12], mixed[12], left[6], right[6];
    duet_limb carry = 0;
    sum(left, a, a + n, n);
    sum(right, b, b + n, n);
    wide(mixed, left, right, n, adx);
    wide(real, a, b, n, adx);
    wide(imaginary, a + n, b + n, n, adx);
    take(mixed, real, 2 * n);
    take(mixed, imaginary, 2 * n);
    uint64_t mask = 0 - (uint64_t)take(real, imaginary, 2 * n);
    DUET_UNROLL for (int i = 0; i < n; i++) real[n + i] = __builtin_addcll(real[n + i], p[i] & mask, carry, &carry);
    reduce(r, real, modulus, n, adx);
    reduce(r + n, mixed, modulus, n, adx);
}

/* (a0 + a1) (a0 - a1) and 2 a0 a1; the factors are below 2 p, the products so below 4 p^2, which is below p 2^(64 n). */
ALWAYS void square_complex(uint64_t *r, const uint64_t *a, const void *modulus, int n, int adx) {
    const uint64_t *p = modulus;
    uint64_t both[6], difference[6], twice[6];
    sum(both, a, a + n, n);
    sum(difference, a, p, n);
    take(difference, a + n, n);
    sum(twice, a, a, n);
    product(r + n, twice, a + n, modulus, n, adx);
    product(r, both, difference, modulus, n, adx);
}

void duet_multiply_complex4(duet_complex4 *r, const duet_complex4 *a, const duet_complex4 *b, const duet_modulus4 *p) {
    if (has_adx()) multiply_complex(r->limb, a->limb, b->limb, p, 4, 1);
    else multiply_complex(r->limb, a->limb, b->limb, p, 4, 0);
}

void duet_multiply_complex6(duet_complex6 *r, const duet_complex6 *a, const duet_complex6 *b, const duet_modulus6 *p) {
    if (has_adx()) multiply_complex(r->limb, a->limb, b->limb, p, 6, 1);
    else multiply_complex(r->limb, a->limb, b->limb, p, 6, 0);
}

void duet_square_complex4(duet_complex4 *r, const duet_complex4 *a, const duet_modulus4 *p) {
    if (has_adx()) square_complex(r->limb, a->limb, p, 4, 1);
    else square_complex(r->limb, a->limb, p, 4, 0);
}

void duet_square_complex6(duet_complex6 *r, const duet_complex6 *a, const duet_modulus6 *p) {
    if (has_adx()) square_complex(r->limb, a->limb, p, 6, 1);
    else square_complex(r->limb, a->limb, p, 6, 0);
}
