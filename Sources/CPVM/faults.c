#define _GNU_SOURCE
#include "CPVM.h"
#include "faults.h"

#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#if defined(__x86_64__) && defined(__linux__)

/* Scopes nest: a host function may run another VM. */
static _Thread_local const struct duet_fault_scope *current;

static struct sigaction previous_segv, previous_bus;

/* What would have happened without us. */
static void pass_on(int signal, siginfo_t *info, void *context) {
    const struct sigaction *previous = signal == SIGSEGV ? &previous_segv : &previous_bus;
    if (previous->sa_flags & SA_SIGINFO) {
        previous->sa_sigaction(signal, info, context);
    } else if (previous->sa_handler == SIG_DFL || previous->sa_handler == SIG_IGN) {
        /* Back to the default: returning repeats the access, which then ends the process as it should. A signal that was sent
         * and not caused would not come again, so it is. */
        struct sigaction standard = { .sa_handler = SIG_DFL };
        sigaction(signal, &standard, NULL);
        if (info->si_code <= 0) raise(signal);
    } else {
        previous->sa_handler(signal);
    }
}

static void handle(int signal, siginfo_t *info, void *context) {
    const struct duet_fault_scope *scope = current;
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
    pass_on(signal, info, context);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool installed;
static pthread_key_t stack_key;
static bool has_key;

static void free_stack(void *stack) {
    stack_t none = { .ss_flags = SS_DISABLE };
    sigaltstack(&none, NULL);
    free(stack);
}

static void install(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    has_key = pthread_key_create(&stack_key, free_stack) == 0;
    installed = has_key && sigaction(SIGSEGV, &action, &previous_segv) == 0 && sigaction(SIGBUS, &action, &previous_bus) == 0;
}

/* The calling thread's alternate stack: its own if it has one. */
static bool have_stack(void) {
    static _Thread_local bool known;
    if (known) return true;
    stack_t have;
    if (sigaltstack(NULL, &have) != 0) return false;
    if (have.ss_flags & SS_DISABLE) {
        size_t size = 64 * 1024;
        stack_t stack = { .ss_sp = malloc(size), .ss_size = size };
        if (stack.ss_sp == NULL) return false;
        if (sigaltstack(&stack, NULL) != 0 || pthread_setspecific(stack_key, stack.ss_sp) != 0) {
            free(stack.ss_sp);
            return false;
        }
    }
    known = true;
    return true;
}

bool duet_faults_install(void) {
    pthread_once(&once, install);
    return installed && have_stack();
}

void duet_call_guarded(const struct duet_fault_scope *scope, void (*entry)(void *, const void *), void *base, const void *target) {
    const struct duet_fault_scope *outer = current;
    current = scope;
    atomic_signal_fence(memory_order_seq_cst);
    entry(base, target);
    atomic_signal_fence(memory_order_seq_cst);
    current = outer;
}

#else

bool duet_faults_install(void) { return false; }

void duet_call_guarded(const struct duet_fault_scope *scope, void (*entry)(void *, const void *), void *base, const void *target) {
    (void)scope;
    entry(base, target);
}

#endif
