/* A host's own faults: how to cause them, and handlers that recover from them. */
#ifndef FAULTS_H
#define FAULTS_H

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static _Thread_local sigjmp_buf recovery;
static volatile sig_atomic_t seen; /* signals that reached the host */
static void* volatile seen_address;
static volatile int seen_code;

static inline void recover_plain(int number) {
    (void)number;
    seen++;
    siglongjmp(recovery, 1);
}

static inline void recover_info(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    seen++;
    seen_address = info->si_addr;
    siglongjmp(recovery, 1);
}

static inline void only_count(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    seen++;
    seen_code = info->si_code;
}

static inline struct sigaction handle_info(int number, void (*handler)(int, siginfo_t*, void*), int flags) {
    struct sigaction action, old;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    NEED(sigaction(number, &action, &old) == 0);
    return old;
}

static inline void handle_plain(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    NEED(sigaction(number, &action, NULL) == 0);
}

static inline struct sigaction handler_of(int number) {
    struct sigaction action;
    NEED(sigaction(number, NULL, &action) == 0);
    return action;
}

/* Reads the octet; 1 if the host's handler had to recover from it. */
static inline int faults(const volatile char* address) {
    if (sigsetjmp(recovery, 1) != 0) return 1;
    (void)*address;
    return 0;
}

static inline const volatile char* nowhere(void) {
    const volatile char* volatile null = NULL;
    return null + 16;
}

/* A page of a file that has no octets: an access is SIGBUS. */
static inline char* beyond_a_file(void) {
    char name[] = "/tmp/hosts.XXXXXX";
    const int file = mkstemp(name);
    NEED(file >= 0);
    unlink(name);
    char* page = (char*)mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    NEED(page != MAP_FAILED);
    close(file);
    return page;
}

/* Calls the function in a process of its own: the signal that ended it; 0 if it came to its end, -1 after a failed check. */
static inline int death_of(void (*function)(void)) {
    fflush(NULL);
    const pid_t child = fork();
    NEED(child >= 0);
    if (child == 0) {
        alarm(20);
        check_failures = 0;
        function();
        _exit(check_failures ? 1 : 0);
    }
    int status = 0;
    NEED(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) ? -1 : 0;
}

#endif /* FAULTS_H */
