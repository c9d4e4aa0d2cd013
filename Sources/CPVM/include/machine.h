/* What generated code needs of the operating system and the processor. */
#ifndef DUET_MACHINE_H
#define DUET_MACHINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "fork.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/auxv.h>
#endif

/* Locks, behind which no other is taken. NULL if memory is short. */
static inline pthread_mutex_t *duet_mutex_create(void) {
    pthread_mutex_t *mutex = malloc(sizeof *mutex);
    if (mutex == NULL) return NULL;
    if (pthread_mutex_init(mutex, NULL) == 0) {
        if (duet_fork_guard(mutex)) return mutex;
        pthread_mutex_destroy(mutex);
    }
    free(mutex);
    return NULL;
}

static inline void duet_mutex_destroy(pthread_mutex_t *mutex) {
    duet_fork_forget(mutex);
    pthread_mutex_destroy(mutex);
    free(mutex);
}

/* Pages of code. No page is ever writable and executable at once. */
static inline size_t duet_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/* Address space for code without any rights. NULL if there is none left. */
static inline void *duet_code_reserve(size_t octets) {
    void *base = mmap(NULL, octets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

static inline bool duet_code_make_writable(void *pages, size_t octets) {
    return mprotect(pages, octets, PROT_READ | PROT_WRITE) == 0;
}

bool duet_code_make_executable(void *pages, size_t octets);

/* Has the host said that this process may not have such pages (as SELinux and seccomp filters do)? It will not change its mind. */
bool duet_code_is_forbidden(void);

/* Takes all rights from reserved pages and gives their memory back. */
static inline bool duet_code_discard(void *pages, size_t octets) {
    return mmap(pages, octets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

/* Features of the processor that the code generators use; none on others than x86-64. */
enum {
    DUET_CPU_BMI1 = 1,
    DUET_CPU_BMI2 = 2,
    DUET_CPU_LZCNT = 4,
    DUET_CPU_POPCNT = 8,
    DUET_CPU_ADX = 16,
    DUET_CPU_FSGSBASE = 32,
    DUET_CPU_SHA = 64,     /* with SSE4.1 */
    DUET_CPU_AVX512 = 128, /* F and VL, and an operating system that keeps the registers */
    DUET_CPU_VBMI = 256,   /* VBMI and BW, with those */
};

/* With DUET_CPU=baseline in the environment none either: tests of the paths for older processors. */
static inline uint32_t duet_cpu_features(void) {
    uint32_t features = 0;
    const char *cpu = getenv("DUET_CPU");
    if (cpu != NULL && strcmp(cpu, "baseline") == 0) return 0;
#if defined(__x86_64__)
    unsigned a, b, c, d;
    bool sse41 = false, registers = false;
    if (__get_cpuid(1, &a, &b, &c, &d)) {
        if (c & 1u << 23) features |= DUET_CPU_POPCNT;
        sse41 = c & 1u << 19;
        if (c & 1u << 27) {
            uint32_t low, high;
            __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
            registers = (low & 0xe6) == 0xe6;
        }
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & 1u << 5)) features |= DUET_CPU_LZCNT;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        if (b & 1u << 3) features |= DUET_CPU_BMI1;
        if (b & 1u << 8) features |= DUET_CPU_BMI2;
        if (b & 1u << 19) features |= DUET_CPU_ADX;
        if (sse41 && b & 1u << 29) features |= DUET_CPU_SHA;
        if (registers && b & 1u << 16 && b & 1u << 31) {
            features |= DUET_CPU_AVX512;
            if (b & 1u << 30 && c & 1u << 1) features |= DUET_CPU_VBMI;
        }
    }
#if defined(__linux__)
    /* Whether programs may use them is the kernel's to say: bit 1 of AT_HWCAP2. */
    if (getauxval(AT_HWCAP2) & 1u << 1) features |= DUET_CPU_FSGSBASE;
#endif
#endif
    return features;
}

/* The base of the segment GS of this thread, which no C library uses on x86-64. With DUET_CPU_FSGSBASE alone. */
static inline uint64_t duet_segment_base(void) {
    uint64_t base = 0;
#if defined(__x86_64__)
    __asm__ volatile("rdgsbase %0" : "=r"(base));
#endif
    return base;
}

static inline void duet_set_segment_base(uint64_t base) {
#if defined(__x86_64__)
    __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
#else
    (void)base;
#endif
}

#endif
