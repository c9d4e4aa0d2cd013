#include "CPVM.h"

#include <errno.h>

static _Atomic bool is_forbidden;

bool duet_code_make_executable(void *pages, size_t octets) {
    __builtin___clear_cache((char *)pages, (char *)pages + octets);
    if (mprotect(pages, octets, PROT_READ | PROT_EXEC) == 0) return true;
    if (errno == EACCES || errno == EPERM) atomic_store_explicit(&is_forbidden, true, memory_order_relaxed);
    return false;
}

bool duet_code_is_forbidden(void) { return atomic_load_explicit(&is_forbidden, memory_order_relaxed); }
