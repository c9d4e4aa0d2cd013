#define _GNU_SOURCE
#include "CPVM.h"

#if defined(__x86_64__) && defined(__linux__)

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define THREAD_LOCAL static _Thread_local __attribute__((tls_model("initial-exec")))

_Thread_local struct duet_fault_thread duet_fault_thread;
_Static_assert(offsetof(struct duet_fault_thread, scope) == 0 && offsetof(struct duet_fault_thread, number) == 8,
               "faults.h reads them in assembly");

/* ---- The handlers that were there before ---- */

/* A host may install handlers of its own at any time, in front of ours, so ours may come to stand in several places of the chain:
 * behind each of them lies the one that it replaced. The last is the host's latest. */
enum { LEVELS = 8 };

struct chain {
    int signal;
    struct sigaction previous[LEVELS];
    _Atomic int count;
};

static struct chain chains[] = { { .signal = SIGSEGV }, { .signal = SIGBUS } };

/* How many levels down the chain this thread is, while a handler of the host's runs that may hand the signal on to ours, and the
 * stack frame that it runs under. A frame that is not deeper than that belongs to a later signal: the host's handler has jumped
 * out. */
THREAD_LOCAL int depth;
THREAD_LOCAL const char *frame;

static void take_default(int signal, const siginfo_t *info) {
    struct sigaction standard;
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    sigaction(signal, &standard, NULL);
    /* A fault comes again when the handler returns; a signal that was sent does not. */
    if (info->si_code <= 0) raise(signal);
}

/* What would have happened without us. */
static void pass_on(struct chain *chain, siginfo_t *info, void *context) {
    const char *here = __builtin_frame_address(0);
    if (depth > 0 && here >= frame) depth = 0;
    int level = atomic_load_explicit(&chain->count, memory_order_acquire) - 1 - depth;
    struct sigaction previous;
    memset(&previous, 0, sizeof previous);
    if (level >= 0) previous = chain->previous[level];

    int takes_info = previous.sa_flags & SA_SIGINFO;
    if (!takes_info && previous.sa_handler == SIG_IGN && info->si_code <= 0) return;
    if (!takes_info && (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN)) return take_default(chain->signal, info);

    if (previous.sa_flags & (int)SA_RESETHAND) {
        chain->previous[level].sa_handler = SIG_DFL;
        chain->previous[level].sa_flags = 0;
    }
    sigset_t mask = previous.sa_mask;
    if (!(previous.sa_flags & SA_NODEFER)) sigaddset(&mask, chain->signal);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    int outer_depth = depth;
    const char *outer_frame = frame;
    depth = outer_depth + 1;
    frame = here;
    if (takes_info) previous.sa_sigaction(chain->signal, info, context);
    else previous.sa_handler(chain->signal);
    depth = outer_depth;
    frame = outer_frame;
}

static void handle(int signal, siginfo_t *info, void *context) {
    const struct duet_fault_scope *scope = duet_fault_thread.scope;
    ucontext_t *state = context;
    if (scope != NULL && info->si_code > 0) {
        const uint8_t *at = (const uint8_t *)state->uc_mcontext.gregs[REG_RIP];
        const uint8_t *address = info->si_addr;
        if (at >= scope->code && at < scope->code + scope->code_size && address >= scope->memory &&
            address < scope->memory + scope->memory_size) {
            *scope->place = (uint64_t)(uintptr_t)at;
            state->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)scope->way_out;
            return;
        }
    }
    pass_on(&chains[signal == SIGSEGV ? 0 : 1], info, context);
}

static bool is_same(const struct sigaction *a, const struct sigaction *b) {
    return (a->sa_flags & SA_SIGINFO) == (b->sa_flags & SA_SIGINFO) && a->sa_handler == b->sa_handler;
}

/* Puts our handler in front, if it is not there. */
static bool stand_in_front(struct chain *chain) {
    struct sigaction now;
    if (sigaction(chain->signal, NULL, &now) != 0) return false;
    if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle) return true;
    /* Where the host has gone back to a handler that it had before, the later ones are gone. */
    int count = atomic_load_explicit(&chain->count, memory_order_relaxed), level = 0;
    while (level < count && !is_same(&chain->previous[level], &now)) level++;
    if (level == LEVELS) level = LEVELS - 1;
    /* In place before ours can be called: a fault may happen in any thread at any time. */
    chain->previous[level] = now;
    atomic_store_explicit(&chain->count, level + 1, memory_order_release);
    struct sigaction ours;
    memset(&ours, 0, sizeof ours);
    ours.sa_sigaction = handle;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&ours.sa_mask);
    return sigaction(chain->signal, &ours, NULL) == 0;
}

/* ---- Alternate stacks ---- */

/* Ample for handlers of the host's that used to run on the thread's own stack; untouched pages cost nothing. The page below has
 * no rights. */
enum { STACK = 1024 * 1024, GUARD = 64 * 1024 };

static pthread_key_t stack_key;

static void free_stack(void *base) {
    stack_t have;
    if (sigaltstack(NULL, &have) == 0 && have.ss_sp == (char *)base + GUARD) {
        stack_t none = { .ss_flags = SS_DISABLE };
        sigaltstack(&none, NULL);
    }
    munmap(base, GUARD + STACK);
}

/* What the kernel puts on the stack is as large as the processor's registers; what is above that is the handler's. */
static size_t least_stack(void) {
    unsigned long frame = 0;
#if defined(AT_MINSIGSTKSZ)
    frame = getauxval(AT_MINSIGSTKSZ);
#endif
    return (frame < 2048 ? 2048 : frame) + 2048;
}

/* Gives the calling thread an alternate stack if it has none. False if that is impossible, or if its own is too small to handle a
 * fault on. */
static bool have_stack(void) {
    stack_t have;
    if (sigaltstack(NULL, &have) != 0) return false;
    if (!(have.ss_flags & SS_DISABLE)) return have.ss_size >= least_stack();
    char *base = pthread_getspecific(stack_key);
    bool is_new = base == NULL;
    if (is_new) {
        base = mmap(NULL, GUARD + STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED) return false;
        if (mprotect(base + GUARD, STACK, PROT_READ | PROT_WRITE) != 0 || pthread_setspecific(stack_key, base) != 0) {
            munmap(base, GUARD + STACK);
            return false;
        }
    }
    stack_t stack = { .ss_sp = base + GUARD, .ss_size = STACK };
    if (sigaltstack(&stack, NULL) == 0) return true;
    if (is_new) {
        pthread_setspecific(stack_key, NULL);
        munmap(base, GUARD + STACK);
    }
    return false;
}

/* ---- Entry points ---- */

static bool has_key;

static bool install(void) {
    duet_lock(DUET_LOCK_FAULTS);
    if (!has_key) has_key = pthread_key_create(&stack_key, free_stack) == 0;
    bool installed = has_key && stand_in_front(&chains[0]) && stand_in_front(&chains[1]);
    duet_unlock(DUET_LOCK_FAULTS);
    return installed;
}

/* Guest memory raises SIGSEGV alone. The kernel is asked itself: the C library's set has 1024 signals. */
static bool is_blocked(void) {
    uint64_t mask = 0;
    return syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask) != 0 || (mask >> (SIGSEGV - 1) & 1) != 0;
}

static bool get_ready(struct duet_fault_thread *own) {
    if (is_blocked()) return false;
    struct sigaction now;
    bool in_front = sigaction(SIGSEGV, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle;
    if (!in_front && !install()) return false;
    /* The stack is looked at once per thread: without one, the handler runs on the stack of the run. */
    if (!own->has_stack) own->has_stack = have_stack();
    return own->has_stack;
}

bool duet_faults_ready(uint64_t *thread) {
    static _Atomic uint64_t numbers;
    struct duet_fault_thread *own = &duet_fault_thread;
    if (*thread != 0 && *thread == own->number) return true;
    *thread = 0;
    own->is_unready = !get_ready(own);
    if (own->is_unready) return false;
    if (own->number == 0) own->number = atomic_fetch_add_explicit(&numbers, 1, memory_order_relaxed) + 1;
    *thread = own->number;
    return true;
}

bool duet_faults_unready(void) { return duet_fault_thread.is_unready; }

#else

bool duet_faults_ready(uint64_t *thread) {
    (void)thread;
    return false;
}

bool duet_faults_unready(void) { return true; }

#endif
