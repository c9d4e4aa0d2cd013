/* What the core needs of the operating system and of C11, in the few forms it uses: Embedded Swift has no other way to libc. */
#ifndef DUET_SYSTEM_H
#define DUET_SYSTEM_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

/* Address space that reads as zeros and takes up memory only where it is written. NULL if there is none left. */
static inline void *duet_reserve(size_t octets) {
    void *base = mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

static inline void duet_release(void *base, size_t octets) { munmap(base, octets); }

/* Gives whole pages the rights 0 (none), 1 (read) or more (read and write). Not 0 if the host refuses. */
static inline int duet_protect(void *base, size_t octets, int rights) {
    return mprotect(base, octets, rights == 0 ? PROT_NONE : rights == 1 ? PROT_READ : PROT_READ | PROT_WRITE);
}

/* Reservations through a small store of those that were given back. All of one size, and given back reading as zeros. */
void *duet_reservation_take(size_t octets);
void duet_reservation_give(void *base, size_t octets);

/* Makes reserved whole pages read as zeros again and gives their memory back. */
static inline void duet_discard(void *base, size_t octets) {
    if (madvise(base, octets, MADV_DONTNEED) != 0) memset(base, 0, octets); /* locked pages */
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

static inline void duet_stderr_line(const char *line, size_t length) {
    flockfile(stderr);
    fwrite(line, 1, length, stderr);
    fputc('\n', stderr);
    funlockfile(stderr);
}

#endif
