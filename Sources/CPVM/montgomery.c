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
#else
ALWAYS int has_adx(void) { return 0; }
ALWAYS void multiply4_adx(uint64_t *r, const uint64_t *a, const uint64_t *b, const duet_modulus4 *p) {}
ALWAYS void multiply6_adx(uint64_t *r, const uint64_t *a, const uint64_t *b, const duet_modulus6 *p) {}
#endif

void duet_multiply4(duet_limbs4 *r, const duet_limbs4 *a, const duet_limbs4 *b, const duet_modulus4 *p) {
    if (has_adx()) multiply4_adx(r->limb, a->limb, b->limb, p);
    else multiply(r->limb, a->limb, b->limb, p->limb, p->inverse, 4);
}

void duet_multiply6(duet_limbs6 *r, const duet_limbs6 *a, const duet_limbs6 *b, const duet_modulus6 *p) {
    if (has_adx()) multiply6_adx(r->limb, a->limb, b->limb, p);
    else multiply(r->limb, a->limb, b->limb, p->limb, p->inverse, 6);
}
