#include "refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>

static bool inside, stays_so;
static long at, count, number_refused, live;

void refuse_enter(void) { inside = true; }
void refuse_leave(void) {
    inside = false;
    if (number_refused > 0) at = 0;
}
void refuse_at(long number, bool stays) {
    at = number;
    stays_so = stays;
    count = number_refused = 0;
}
long refuse_count(void) { return count; }
long refuse_refused(void) { return number_refused; }
long refuse_live(void) { return live; }

static bool is_refused(void) {
    if (!inside) return false;
    count++;
    if (at == 0 || (stays_so ? count < at : count != at)) return false;
    number_refused++;
    errno = ENOMEM;
    return true;
}

static void *counted(void *block) {
    live += block != NULL;
    return block;
}

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__real_aligned_alloc(size_t, size_t);
int __real_posix_memalign(void **, size_t, size_t);
void __real_free(void *);
void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_mprotect(void *, size_t, int);

void *__wrap_malloc(size_t size) { return is_refused() ? NULL : counted(__real_malloc(size)); }
void *__wrap_calloc(size_t n, size_t size) { return is_refused() ? NULL : counted(__real_calloc(n, size)); }
void *__wrap_aligned_alloc(size_t alignment, size_t size) { return is_refused() ? NULL : counted(__real_aligned_alloc(alignment, size)); }

void *__wrap_realloc(void *old, size_t size) {
    if (is_refused()) return NULL;
    void *block = __real_realloc(old, size);
    return old == NULL ? counted(block) : block;
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t size) {
    if (is_refused()) return ENOMEM;
    const int error = __real_posix_memalign(block, alignment, size);
    if (error == 0) counted(*block);
    return error;
}

void __wrap_free(void *block) {
    live -= block != NULL;
    __real_free(block);
}

void *__wrap_mmap(void *place, size_t size, int rights, int flags, int file, off_t offset) {
    return is_refused() ? MAP_FAILED : __real_mmap(place, size, rights, flags, file, offset);
}

/* Taking all rights away can be refused as well: the kernel may have to split a mapping. */
int __wrap_mprotect(void *place, size_t size, int rights) { return is_refused() ? -1 : __real_mprotect(place, size, rights); }
