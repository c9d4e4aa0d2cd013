/* What the core needs of the operating system and of C11, in the few forms it uses: Embedded Swift has no other way to libc. */
#ifndef DUET_SYSTEM_H
#define DUET_SYSTEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

/* Address space without rights. NULL if there is none left. */
static inline void *duet_reserve(size_t octets) {
    void *base = mmap(NULL, octets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}
/* Gives address space back. Where the host refuses (another mapping would have to be split, and there are as many as there may be), at
 * least its memory. */
static inline void duet_release(void *base, size_t octets) {
    if (munmap(base, octets) != 0) madvise(base, octets, MADV_DONTNEED);
}

/* Gives whole pages the rights 0 (none), 1 (read) or more (read and write). False if the host refuses. */
static inline bool duet_protect(void *base, size_t octets, int rights) {
    return mprotect(base, octets, rights == 0 ? PROT_NONE : rights == 1 ? PROT_READ : PROT_READ | PROT_WRITE) == 0;
}

/* Reservations through a small store of those that were given back. All of one size; the first `head` octets can be written,
 * and read as zeros in a new one. One that is given back is as its owner wants to find it. */
void *duet_reservation_take(size_t octets, size_t head);
void duet_reservation_give(void *base, size_t octets);

/* Makes reserved whole pages read as zeros again and gives their memory back. False for locked pages of older kernels. */
static inline bool duet_discard(void *base, size_t octets) {
    if (madvise(base, octets, MADV_DONTNEED) == 0) return true;
#if defined(MADV_DONTNEED_LOCKED)
    return madvise(base, octets, MADV_DONTNEED_LOCKED) == 0;
#else
    return false;
#endif
}

/* Puts fresh address space without rights in place of reserved whole pages: their memory, and what the host keeps to find it, are
 * given back. */
static inline bool duet_renew(void *base, size_t octets) {
    return mmap(base, octets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

/* Would the heap have so much now? For Swift's arrays, which cannot be refused. Volatile: an allocation that is not used may be left out. */
static inline bool duet_has_memory(size_t octets) {
    void *volatile block = malloc(octets + 64);
    const bool has = block != NULL;
    free(block);
    return has;
}

static inline void duet_count_up(uint32_t *count) {
    atomic_fetch_add_explicit((_Atomic uint32_t *)count, 1, memory_order_relaxed);
}

/* What is left after taking one away. */
static inline uint32_t duet_count_down(uint32_t *count) {
    return atomic_fetch_sub_explicit((_Atomic uint32_t *)count, 1, memory_order_acq_rel) - 1;
}

/* Octets that nobody outside the process can foresee; at most 256. */
static inline void duet_random(void *octets, size_t count) {
    if (getrandom(octets, count, 0) == (ssize_t)count) return;
    /* No such call here: where the system placed this process in memory has to do. */
    uintptr_t mix = (uintptr_t)octets ^ (uintptr_t)&malloc;
    for (size_t i = 0; i < count; i++) { mix = mix * 6364136223846793005u + 1442695040888963407u; ((uint8_t *)octets)[i] = (uint8_t)(mix >> 56); }
}

/* A flag that is set once: what was written before is seen by whoever sees it set. */
static inline bool duet_flag_is_set(uint32_t *flag) {
    return atomic_load_explicit((_Atomic uint32_t *)flag, memory_order_acquire) != 0;
}

static inline void duet_flag_set(uint32_t *flag) {
    atomic_store_explicit((_Atomic uint32_t *)flag, 1, memory_order_release);
}

/* Takes the pointer out of a slot, NULL if there is none; puts one in if the slot is empty. */
static inline void *duet_slot_take(void **slot) {
    return atomic_exchange_explicit((void *_Atomic *)slot, NULL, memory_order_acq_rel);
}

static inline bool duet_slot_put(void **slot, void *pointer) {
    void *none = NULL;
    return atomic_compare_exchange_strong_explicit((void *_Atomic *)slot, &none, pointer, memory_order_acq_rel, memory_order_relaxed);
}

/* Gets the memory of the whole pages in between in one go, where the kernel can: a fault for each of them takes longer. */
static inline void duet_populate(void *from, size_t octets) {
#if defined(MADV_POPULATE_WRITE)
    uintptr_t first = ((uintptr_t)from + 4095) & ~(uintptr_t)4095, end = ((uintptr_t)from + octets) & ~(uintptr_t)4095;
    if (end > first) madvise((void *)first, end - first, MADV_POPULATE_WRITE);
#else
    (void)from, (void)octets;
#endif
}

/* A sum that several threads add to: what it is with `more`. */
static inline uint64_t duet_add_to_sum(uint64_t *sum, uint64_t more) {
    return atomic_fetch_add_explicit((_Atomic uint64_t *)sum, more, memory_order_relaxed) + more;
}

static inline uint64_t duet_sum(const uint64_t *sum) {
    return atomic_load_explicit((const _Atomic uint64_t *)sum, memory_order_relaxed);
}

/* A hint that another thread may be changing: right or old. */
static inline uint8_t duet_peek(const uint8_t *hint) {
    return atomic_load_explicit((const _Atomic uint8_t *)hint, memory_order_relaxed);
}

static inline void duet_stderr_line(const char *line, size_t length) {
    flockfile(stderr);
    fwrite(line, 1, length, stderr);
    fputc('\n', stderr);
    funlockfile(stderr);
}

#endif
