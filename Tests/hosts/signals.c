/* signals TEST (or --list): faults of the guest stay the library's, all others the host's. The handler is installed once per
 * process, so each test has a process of its own. */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>

#include "guests.h"
#include "faults.h"

enum { MANY = 3000 };

/* ---- The host's own handler ---- */

static void own_faults_arrive(int count, const volatile char* address) {
    for (int i = 0; i < count; i++) {
        const int before = seen;
        CHECK(faults(address));
        EQUAL(seen, before + 1);
    }
}

static void handler_before_with_info(void) {
    handle_info(SIGSEGV, recover_info, 0);
    guarded_faults(1);
    own_faults_arrive(100, nowhere());
    EQUAL((uintptr_t)seen_address, (uintptr_t)nowhere());
    guarded_faults(MANY);
    EQUAL(seen, 100);
    own_faults_arrive(100, nowhere());
}

static void handler_before_without_info(void) {
    handle_plain(SIGSEGV, recover_plain);
    guarded_faults(1);
    own_faults_arrive(100, nowhere());
    guarded_faults(MANY);
    EQUAL(seen, 100);
    own_faults_arrive(100, nowhere());
}

/* A handler that takes its own faults and hands on what it does not know, as handlers in a chain must. */
static struct sigaction next_in_chain;
static void recover_or_hand_on(int number, siginfo_t* info, void* context) {
    if (info->si_addr == (const void*)nowhere()) recover_info(number, info, context);
    next_in_chain.sa_sigaction(number, info, context);
}

static void handler_after_in_a_chain(void) {
    guarded_faults(1);
    next_in_chain = handle_info(SIGSEGV, recover_or_hand_on, SA_ONSTACK | SA_NODEFER);
    CHECK(next_in_chain.sa_flags & SA_SIGINFO);
    own_faults_arrive(100, nowhere());
    guarded_faults(MANY);
    EQUAL(seen, 100);
    own_faults_arrive(100, nowhere());
}

/* One that takes everything, for a while, as code that probes an address does. */
static void handler_after_for_a_while(void) {
    guarded_faults(1);
    const struct sigaction ours = handler_of(SIGSEGV);
    handle_plain(SIGSEGV, recover_plain);
    own_faults_arrive(100, nowhere());
    NEED(sigaction(SIGSEGV, &ours, NULL) == 0);
    guarded_faults(MANY);
    EQUAL(seen, 100);
}

static void handlers_before_and_after(void) {
    handle_info(SIGSEGV, recover_info, 0);
    guarded_faults(1);
    next_in_chain = handle_info(SIGSEGV, recover_or_hand_on, SA_ONSTACK | SA_NODEFER);
    own_faults_arrive(10, nowhere());
    guarded_faults(100);
    own_faults_arrive(10, nowhere() + 4);
    EQUAL((uintptr_t)seen_address, (uintptr_t)nowhere() + 4);
    EQUAL(seen, 20);
}

static void bus_errors(void) {
    handle_info(SIGBUS, recover_info, 0);
    char* page = beyond_a_file();
    guarded_faults(1);
    own_faults_arrive(100, page);
    EQUAL((uintptr_t)seen_address, (uintptr_t)page);
    guarded_faults(MANY);
    own_faults_arrive(100, page);
    handle_plain(SIGSEGV, recover_plain); /* a SIGBUS goes to the handler of SIGBUS */
    EQUAL(seen, 200);
    own_faults_arrive(1, page);
    EQUAL((uintptr_t)seen_address, (uintptr_t)page);
}

static sigset_t mask_inside;
static void keep_mask(int number) {
    (void)number;
    sigprocmask(SIG_BLOCK, NULL, &mask_inside);
    siglongjmp(recovery, 1);
}

/* What a handler asked to be blocked while it runs is blocked, and nothing is afterwards. */
static void mask_of_the_handler(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = keep_mask;
    sigaddset(&action.sa_mask, SIGUSR1);
    NEED(sigaction(SIGSEGV, &action, NULL) == 0);
    guarded_faults(10);
    CHECK(faults(nowhere()));
    CHECK(sigismember(&mask_inside, SIGUSR1) == 1);
    CHECK(sigismember(&mask_inside, SIGSEGV) == 1);
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    CHECK(sigismember(&mask, SIGUSR1) == 0 && sigismember(&mask, SIGSEGV) == 0);
    guarded_faults(10);
}

/* A crash reporter that is to run once: it writes its report and returns, and the fault that comes again ends the process. */
static void report_once(int number) {
    (void)number;
    if (++seen > 1) _exit(3);
}
static void fault_with_a_handler_for_once(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = report_once;
    action.sa_flags = SA_RESETHAND;
    NEED(sigaction(SIGSEGV, &action, NULL) == 0);
    guarded_faults(1);
    (void)*nowhere();
}
static void handler_for_once(void) { EQUAL(death_of(fault_with_a_handler_for_once), SIGSEGV); }

/* ---- No handler without need ---- */

static void no_handler_for_checked_memory(void) {
    const code_t code = storing_guest();
    const pvm_engine_t engines[] = { PVM_ENGINE_INTERPRETER, PVM_ENGINE_RECOMPILER, PVM_ENGINE_AUTO };
    for (int i = 0; i < 300; i++) fault_and_repair(vm_of(&code, engines[i % 3], PVM_MEMORY_CHECKED));
    CHECK(handler_of(SIGSEGV).sa_handler == SIG_DFL);
    CHECK(handler_of(SIGBUS).sa_handler == SIG_DFL);
    stack_t stack;
    NEED(sigaltstack(NULL, &stack) == 0);
    CHECK(stack.ss_flags & SS_DISABLE);
    guarded_faults(1);
    CHECK(handler_of(SIGSEGV).sa_handler != SIG_DFL);
    CHECK(handler_of(SIGBUS).sa_handler != SIG_DFL);
    CHECK(handler_of(SIGSEGV).sa_flags & SA_ONSTACK);
}

/* ---- The default action ---- */

static void null_read(void) {
    guarded_faults(10);
    (void)*nowhere();
}
static void null_read_in_a_thread_without_vms(void) {
    guarded_faults(10);
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, (void* (*)(void*))(void*)null_read, NULL) == 0);
    pthread_join(thread, NULL);
}
static pvm_action_t read_null(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)vm, (void)func_id, (void)user_data;
    (void)*nowhere();
    return PVM_ACTION_CONTINUE;
}
static void null_read_in_a_callback(void) {
    const code_t code = calling_guest();
    guarded_faults(10);
    pvm_vm_t* vm = guarded_vm(&code);
    pvm_set_host_function(vm, read_null, NULL);
    pvm_run(vm, 0);
}
static void bus_read(void) {
    guarded_faults(10);
    (void)*(volatile char*)beyond_a_file();
}
static void jump_to_null(void) {
    guarded_faults(10);
    void (*volatile function)(void) = NULL;
    function();
}
static void raise_segv(void) { guarded_faults(10); raise(SIGSEGV); }
static void kill_bus(void) { guarded_faults(10); kill(getpid(), SIGBUS); }
/* Not a canonical address: the processor reports no address at all. */
static void read_of_no_address(void) {
    guarded_faults(10);
    (void)*(const volatile char*)0x8000000000000000u;
}

static void default_action_kills(void) {
    EQUAL(death_of(null_read), SIGSEGV);
    EQUAL(death_of(null_read_in_a_thread_without_vms), SIGSEGV);
    EQUAL(death_of(null_read_in_a_callback), SIGSEGV);
    EQUAL(death_of(jump_to_null), SIGSEGV);
    EQUAL(death_of(read_of_no_address), SIGSEGV);
    EQUAL(death_of(bus_read), SIGBUS);
    EQUAL(death_of(raise_segv), SIGSEGV);
    EQUAL(death_of(kill_bus), SIGBUS);
}

/* The kernel does not let a fault be ignored, but does so with a signal that was sent. */
static void raise_ignored(void) {
    signal(SIGSEGV, SIG_IGN);
    guarded_faults(10);
    raise(SIGSEGV);
    kill(getpid(), SIGSEGV);
    guarded_faults(10);
}
static void null_read_ignored(void) {
    signal(SIGSEGV, SIG_IGN);
    null_read();
}
static void ignored_signals(void) {
    EQUAL(death_of(raise_ignored), 0);
    EQUAL(death_of(null_read_ignored), SIGSEGV);
}

/* ---- Signals that are sent ---- */

static void sent_signals_arrive(void) {
    handle_info(SIGSEGV, only_count, 0);
    handle_info(SIGBUS, only_count, 0);
    guarded_faults(10);
    raise(SIGSEGV);
    EQUAL(seen, 1);
    EQUAL((uint64_t)(int64_t)seen_code, (uint64_t)(int64_t)SI_TKILL);
    kill(getpid(), SIGSEGV);
    EQUAL(seen, 2);
    EQUAL(seen_code, SI_USER);
    raise(SIGBUS);
    EQUAL(seen, 3);
    guarded_faults(10);
    EQUAL(seen, 3);
}

/* Sent to a thread in the middle of compiled code: the host's handler runs, the guest goes on as if nothing had been. */
enum { COUNT_DOWN = 1000000000 };
static volatile int running;
static void* run_counting(void* result) {
    const code_t code = counting_guest();
    pvm_vm_t* vm = guarded_vm(&code);
    vm->registers[2] = COUNT_DOWN;
    const uint64_t gas = vm->gas;
    running = 1;
    const pvm_exit_t exit = pvm_run(vm, 0);
    running = 0;
    *(int*)result = exit == PVM_EXIT_HALT && vm->registers[2] == 0 && gas - vm->gas == 2 + 2 * (uint64_t)COUNT_DOWN;
    pvm_destroy(vm);
    return NULL;
}
static void pause_a_little(void) {
    const struct timespec time = { 0, 200000 };
    nanosleep(&time, NULL);
}
static void sent_to_a_running_guest(void) {
    handle_info(SIGSEGV, only_count, 0);
    guarded_faults(1);
    pthread_t thread;
    int right = 0, sent = 0;
    running = 1;
    NEED(pthread_create(&thread, NULL, run_counting, &right) == 0);
    while (running) {
        pthread_kill(thread, SIGSEGV);
        sent++;
        pause_a_little();
    }
    pthread_join(thread, NULL);
    CHECK(right);
    CHECK(seen > 10 && seen <= sent);
}

/* ---- Stale pointers ---- */

static uint8_t* stale_view(pvm_vm_t* vm) {
    uint8_t* view = NULL;
    EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE), PVM_OK);
    EQUAL(pvm_memory_view(vm, DATA, 4096, PVM_ACCESS_WRITE, &view), PVM_OK);
    EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_NONE), PVM_OK);
    return view;
}

static const volatile char* stale;
static pvm_action_t read_stale(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)func_id;
    stale = (const volatile char*)stale_view(vm);
    *(int*)user_data = faults(stale);
    return PVM_ACTION_CONTINUE;
}

/* The address is guest memory and a guest is running, but it is the host that touches it. */
static void stale_pointer_in_a_callback(void) {
    handle_info(SIGSEGV, recover_info, 0);
    const code_t code = calling_guest();
    for (int i = 0; i < 100; i++) {
        int faulted = 0;
        pvm_vm_t* vm = guarded_vm(&code);
        pvm_set_host_function(vm, read_stale, &faulted);
        fault_and_repair(vm);
        CHECK(faulted);
        EQUAL((uintptr_t)seen_address, (uintptr_t)stale);
    }
    EQUAL(seen, 100);
}

static void* run_until_stopped(void* argument) {
    pvm_vm_t* vm = (pvm_vm_t*)argument;
    running = 1;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    return NULL;
}
static void stale_pointer_beside_a_running_guest(void) {
    handle_info(SIGSEGV, recover_info, 0);
    const code_t code = counting_guest();
    pvm_vm_t* vm = guarded_vm(&code);
    vm->registers[2] = 1;
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT); /* from here on its pages are guarded */
    stale = (const volatile char*)stale_view(vm);
    vm->registers[2] = COUNT_DOWN;
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, run_until_stopped, vm) == 0);
    while (!running) pause_a_little();
    for (int i = 0; i < 1000; i++) {
        CHECK(faults(stale));
        EQUAL((uintptr_t)seen_address, (uintptr_t)stale);
    }
    pthread_join(thread, NULL);
    EQUAL(vm->registers[2], 0);
    pvm_destroy(vm);
}

static void read_stale_unhandled(void) {
    const code_t code = calling_guest();
    int faulted = 0;
    pvm_vm_t* vm = guarded_vm(&code);
    pvm_set_host_function(vm, read_stale, &faulted);
    pvm_run(vm, 0);
}
static void stale_pointer_kills(void) { EQUAL(death_of(read_stale_unhandled), SIGSEGV); }

/* ---- Threads and their stacks ---- */

static void* faults_in_a_thread(void* argument) {
    guarded_faults(*(int*)argument);
    return NULL;
}
static void in_a_thread(void* (*function)(void*), void* argument) {
    pthread_t thread;
    NEED(pthread_create(&thread, NULL, function, argument) == 0);
    pthread_join(thread, NULL);
}

static long resident_pages(void) {
    long size = 0, resident = 0;
    FILE* file = fopen("/proc/self/statm", "r");
    NEED(file != NULL && fscanf(file, "%ld %ld", &size, &resident) == 2);
    fclose(file);
    return resident;
}

static void threads_without_a_stack(void) {
    int once = 1;
    for (int i = 0; i < 200; i++) in_a_thread(faults_in_a_thread, &once);
    const long before = resident_pages();
    for (int i = 0; i < 2000; i++) in_a_thread(faults_in_a_thread, &once);
    CHECK(resident_pages() - before < 1024); /* what a thread was given goes with it */
}

static void* faults_with_own_stack(void* argument) {
    static _Thread_local char memory[65536];
    stack_t own, after;
    memset(&own, 0, sizeof own);
    own.ss_sp = memory;
    own.ss_size = sizeof memory;
    NEED(sigaltstack(&own, NULL) == 0);
    guarded_faults(*(int*)argument);
    NEED(sigaltstack(NULL, &after) == 0);
    CHECK(after.ss_sp == own.ss_sp && after.ss_size == own.ss_size && !(after.ss_flags & SS_DISABLE));
    own.ss_flags = SS_DISABLE;
    NEED(sigaltstack(&own, NULL) == 0);
    guarded_faults(*(int*)argument); /* without it now */
    return NULL;
}
static void threads_with_a_stack(void) {
    int some = 50;
    for (int i = 0; i < 50; i++) in_a_thread(faults_with_own_stack, &some);
}

/* A thread that gets a stack of its own only after its first guarded VM keeps it. */
static void* own_stack_afterwards(void* argument) {
    guarded_faults(*(int*)argument);
    faults_with_own_stack(argument);
    return NULL;
}
static void threads_with_a_stack_afterwards(void) {
    int some = 20;
    for (int i = 0; i < 20; i++) in_a_thread(own_stack_afterwards, &some);
}

/* The host catches overflows of its own stack, on an alternate stack of its own or on the library's. */
static int __attribute__((noinline)) overflow(volatile char* above) {
    volatile char frame[4096];
    frame[0] = above[0];
    if (above[0] != 0) return 1; /* never */
    return overflow(frame) + frame[0];
}
static void* catch_overflow(void* argument) {
    (void)argument;
    guarded_faults(3);
    volatile char start[1] = { 0 };
    volatile int caught = 0;
    if (sigsetjmp(recovery, 1) == 0) overflow(start); else caught = 1;
    CHECK(caught);
    guarded_faults(3);
    return NULL;
}
static void overflow_of_the_hosts_stack(void) {
    handle_info(SIGSEGV, recover_info, SA_ONSTACK);
    for (int i = 0; i < 20; i++) in_a_thread(catch_overflow, NULL);
    EQUAL(seen, 20);
}

/* ---- Threads that block signals ---- */

static void block(int number) {
    sigset_t set;
    sigemptyset(&set);
    if (number == 0) sigfillset(&set); else sigaddset(&set, number);
    NEED(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
}
static void unblock(int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    NEED(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
}
static int is_blocked(int number) {
    sigset_t set;
    NEED(pthread_sigmask(SIG_BLOCK, NULL, &set) == 0);
    return sigismember(&set, number);
}

static int blocked_now; /* a signal, or 0 for all */
static pvm_action_t look_at_mask(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)vm, (void)func_id;
    *(int*)user_data = is_blocked(blocked_now ? blocked_now : SIGSEGV);
    return PVM_ACTION_CONTINUE;
}
static const pvm_engine_t compiling[] = { PVM_ENGINE_RECOMPILER, PVM_ENGINE_AUTO };
static const pvm_memory_mode_t guarding[] = { PVM_MEMORY_GUARDED, PVM_MEMORY_AUTO };

/* Faults as ever, and the mask is the host's: during the run, too. */
static void* fault_while_blocking(void* argument) {
    block(blocked_now);
    for (int i = 0; i < 40; i++) {
        const code_t code = calling_guest();
        int is_blocked_inside = 0;
        pvm_vm_t* vm = vm_of(&code, compiling[i % 2], guarding[i / 2 % 2]);
        pvm_set_host_function(vm, look_at_mask, &is_blocked_inside);
        fault_and_repair(vm);
        EQUAL(is_blocked_inside, 1);
        EQUAL(is_blocked(blocked_now ? blocked_now : SIGSEGV), 1);
        EQUAL(is_blocked(SIGUSR1), blocked_now == 0);
    }
    return argument;
}
static void blocked_from_the_start(void) { fault_while_blocking(NULL); }
static void blocked_in_a_thread(void) {
    guarded_faults(10);
    in_a_thread(fault_while_blocking, NULL);
    guarded_faults(10);
}
static void blocked_sigsegv_and_others(void) {
    NEED(pvm_set_auto_policy(1, 0) == PVM_OK);
    const int numbers[] = { SIGSEGV, SIGBUS, 0 };
    for (int i = 0; i < 3; i++) {
        blocked_now = numbers[i];
        EQUAL(death_of(blocked_from_the_start), 0);
        EQUAL(death_of(blocked_in_a_thread), 0);
    }
}

/* A VM that has run before, and one that a host call has interrupted, go on in a thread that blocks them, and back. */
static void* resume_into_fault(void* argument) {
    if (blocked_now) block(SIGSEGV);
    pvm_vm_t* vm = (pvm_vm_t*)argument;
    EQUAL(pvm_resume(vm), PVM_EXIT_FAULT);
    EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE), PVM_OK);
    return NULL;
}
static void* resume_to_the_end(void* argument) {
    if (!blocked_now) block(SIGSEGV);
    pvm_vm_t* vm = (pvm_vm_t*)argument;
    EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
    EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_NONE), PVM_OK);
    return NULL;
}
static void goes_to_blocking_threads(void) {
    const code_t code = calling_guest();
    pvm_vm_t* vm = guarded_vm(&code); /* without a host function: it stops at the host call */
    for (int i = 0; i < 100; i++) {
        blocked_now = i % 2;
        const uint64_t gas = vm->gas;
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
        in_a_thread(resume_into_fault, vm);
        in_a_thread(resume_to_the_end, vm);
        EQUAL(gas - vm->gas, 4);
    }
    pvm_destroy(vm);
}
static void runs_that_go_to_blocking_threads(void) { EQUAL(death_of(goes_to_blocking_threads), 0); }

/* Between two runs on one thread. */
static void blocks_and_unblocks(void) {
    const code_t code = storing_guest();
    pvm_vm_t* vm = guarded_vm(&code);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    for (int i = 0; i < 100; i++) {
        NEED(pthread_sigmask(i % 3 == 0 ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL) == 0);
        EQUAL(pvm_run(vm, 0), PVM_EXIT_FAULT);
        EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE), PVM_OK);
        EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
        EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_NONE), PVM_OK);
    }
    pvm_destroy(vm);
}
static void blocked_between_runs(void) { EQUAL(death_of(blocks_and_unblocks), 0); }

/* A SIGSEGV that was sent waits until the host wants it. */
static void sent_while_blocked(void) {
    handle_info(SIGSEGV, only_count, 0);
    guarded_faults(2);
    block(SIGSEGV);
    raise(SIGSEGV);
    guarded_faults(20);
    EQUAL(seen, 0);
    sigset_t set;
    sigpending(&set);
    CHECK(sigismember(&set, SIGSEGV));
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    EQUAL(seen, 1);
    guarded_faults(2);
}
static void sent_signals_stay_blocked(void) { EQUAL(death_of(sent_while_blocked), 0); }

/* A stack of the host's for signals on which none can be handled with the processor's registers. */
static void tiny_stack(void) {
    static char memory[2048];
    stack_t own;
    memset(&own, 0, sizeof own);
    own.ss_sp = memory;
    own.ss_size = sizeof memory;
    if (sigaltstack(&own, NULL) != 0) return; /* newer kernels do not have it */
    guarded_faults(5);
}
static void stacks_that_are_too_small(void) { EQUAL(death_of(tiny_stack), 0); }

/* ---- Nesting ---- */

static int depth;
static pvm_action_t run_another(pvm_vm_t* vm, int func_id, void* user_data) {
    (void)vm, (void)func_id;
    const code_t code = calling_guest();
    if (++depth < 8) {
        pvm_vm_t* inner = guarded_vm(&code);
        pvm_set_host_function(inner, run_another, user_data);
        fault_and_repair(inner);
    }
    depth--;
    guarded_faults(2);
    if (user_data != NULL) CHECK(faults(nowhere()));
    return PVM_ACTION_CONTINUE;
}
static void nested_vms(void) {
    handle_info(SIGSEGV, recover_info, 0);
    const code_t code = calling_guest();
    for (int i = 0; i < 100; i++) {
        pvm_vm_t* vm = guarded_vm(&code);
        pvm_set_host_function(vm, run_another, &depth);
        fault_and_repair(vm);
    }
    EQUAL(seen, 800);
}

/* ---- Processes, and the moment of installing ---- */

static void faults_of_both_kinds(void) {
    guarded_faults(100);
    own_faults_arrive(100, nowhere());
}
static void forked_process(void) {
    handle_info(SIGSEGV, recover_info, 0);
    guarded_faults(10);
    EQUAL(death_of(faults_of_both_kinds), 0);
    faults_of_both_kinds();
}

static volatile int stop_faulting;
static void* fault_on_and_on(void* argument) {
    (void)argument;
    while (!stop_faulting) {
        if (!faults(nowhere())) abort();
        running = 1;
    }
    return NULL;
}
static void install_beside_faults(void) {
    handle_info(SIGSEGV, recover_info, 0);
    pthread_t thread;
    running = 0;
    NEED(pthread_create(&thread, NULL, fault_on_and_on, NULL) == 0);
    while (!running) sched_yield();
    guarded_faults(2);
    stop_faulting = 1;
    pthread_join(thread, NULL);
}
/* A thread of the host lives on faults while the first guarded VM is made. */
static void installing_beside_faults(void) {
    for (int i = 0; i < 300; i++) EQUAL(death_of(install_beside_faults), 0);
}

/* While a run waits behind a host call, on the same thread: the mask, the handlers, or both are the host's to change. */
static void changes_while_it_waits(void) {
    const code_t code = calling_guest();
    pvm_vm_t* vm = guarded_vm(&code);
    for (int i = 0; i < 100; i++) {
        unblock(SIGSEGV);
        const uint64_t gas = vm->gas;
        EQUAL(pvm_run(vm, 0), PVM_EXIT_HOST);
        if (i % 4 & 1) block(SIGSEGV);
        if (i % 4 & 2) signal(SIGSEGV, SIG_DFL);
        EQUAL(pvm_resume(vm), PVM_EXIT_FAULT);
        EQUAL(pvm_fault_page(vm), DATA);
        EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_WRITE), PVM_OK);
        if (i % 8 & 4) block(SIGSEGV);
        EQUAL(pvm_resume(vm), PVM_EXIT_HALT);
        EQUAL(pvm_map_pages(vm, DATA_PAGE, 1, PVM_ACCESS_NONE), PVM_OK);
        EQUAL(gas - vm->gas, 4);
    }
    pvm_destroy(vm);
}
static void changed_while_a_run_waits(void) { EQUAL(death_of(changes_while_it_waits), 0); }

static const struct { const char* name; void (*run)(void); } tests[] = {
#define TEST(name) { #name, name }
    TEST(handler_before_with_info), TEST(handler_before_without_info), TEST(handler_after_in_a_chain),
    TEST(handler_after_for_a_while), TEST(handlers_before_and_after), TEST(bus_errors), TEST(mask_of_the_handler),
    TEST(handler_for_once), TEST(no_handler_for_checked_memory), TEST(default_action_kills), TEST(ignored_signals),
    TEST(sent_signals_arrive), TEST(sent_to_a_running_guest), TEST(stale_pointer_in_a_callback),
    TEST(stale_pointer_beside_a_running_guest), TEST(stale_pointer_kills), TEST(threads_without_a_stack),
    TEST(threads_with_a_stack), TEST(threads_with_a_stack_afterwards), TEST(overflow_of_the_hosts_stack), TEST(nested_vms),
    TEST(forked_process), TEST(installing_beside_faults), TEST(blocked_sigsegv_and_others), TEST(runs_that_go_to_blocking_threads),
    TEST(blocked_between_runs), TEST(changed_while_a_run_waits), TEST(sent_signals_stay_blocked), TEST(stacks_that_are_too_small),
};

int main(int argc, char** argv) {
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (argc == 2 && strcmp(argv[1], "--list") == 0) {
            puts(tests[i].name);
        } else if (argc == 2 && strcmp(argv[1], tests[i].name) == 0) {
            check_test = tests[i].name;
            tests[i].run();
            return finish(tests[i].name);
        }
    }
    return argc == 2 && strcmp(argv[1], "--list") == 0 ? 0 : 2;
}
