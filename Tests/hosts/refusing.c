/* Linked to a test program: before its main, the host becomes one that refuses what DUET_REFUSALS says.
 *   data KIB      memory beyond what the program has when it starts (RLIMIT_DATA)
 *   space MIB     address space beyond it (RLIMIT_AS)
 *   exec EPERM    pages that can be executed, as SELinux and seccomp do (or EACCES)
 *   signals       to deliver any signal to the first thread and those it makes */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static void need(int condition, const char* what) {
    if (condition) return;
    perror(what);
    _Exit(2);
}

static unsigned long long kib_of(const char* name) {
    char line[256];
    unsigned long long kib = 0;
    FILE* status = fopen("/proc/self/status", "r");
    need(status != NULL, "/proc/self/status");
    while (fgets(line, sizeof line, status))
        if (strncmp(line, name, strlen(name)) == 0) sscanf(line + strlen(name), ": %llu", &kib);
    fclose(status);
    return kib;
}

static void refuse_more(int resource, unsigned long long kib) {
    const struct rlimit limit = { kib * 1024, kib * 1024 };
    need(setrlimit(resource, &limit) == 0, "setrlimit");
}

static void refuse_execution(unsigned error) {
    enum { PROTECTION = offsetof(struct seccomp_data, args[2]) };
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pkey_mprotect, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PROTECTION),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
    need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
    need(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "seccomp");
    const int mayExecute = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    need(!mayExecute && errno == (int)error, "the filter refuses nothing");
}

__attribute__((constructor)) static void become(void) {
    const char* what = getenv("DUET_REFUSALS");
    unsigned long long most = 0;
    if (what == NULL) return;
    if (sscanf(what, "data %llu", &most) == 1) return refuse_more(RLIMIT_DATA, kib_of("VmData") + most);
    if (sscanf(what, "space %llu", &most) == 1) return refuse_more(RLIMIT_AS, kib_of("VmSize") + most * 1024);
    if (strcmp(what, "exec EPERM") == 0) return refuse_execution(EPERM);
    if (strcmp(what, "exec EACCES") == 0) return refuse_execution(EACCES);
    if (strcmp(what, "signals") == 0) {
        sigset_t all;
        sigfillset(&all);
        need(sigprocmask(SIG_BLOCK, &all, NULL) == 0, "sigprocmask");
        return;
    }
    need(0, what);
}
