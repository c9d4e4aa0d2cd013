#define _GNU_SOURCE
#include "CPVM.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

/* /tmp/perf-PID.map, where perf looks for the names of code that has no file. Other code generators in the process write it too, so
 * lines are added. /tmp belongs to everybody: the file is opened without following links, and used only if it is an ordinary file of
 * ours that goes by no other name. */
FILE *duet_perf_open(void) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    /* A pipe that somebody has put there is not waited for. */
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    if (file < 0) return NULL;
    struct stat status;
    FILE *stream = NULL;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() && status.st_nlink == 1)
        stream = fdopen(file, "a");
    if (stream == NULL) close(file);
    return stream;
}

void duet_perf_range(FILE *map, const void *start, size_t octets, uint32_t program, const char *part, uint64_t pc) {
    if (octets == 0) return;
    fprintf(map, "%" PRIxPTR " %zx pvm:%08" PRIx32 ":", (uintptr_t)start, octets, program);
    if (part != NULL) fprintf(map, "%s\n", part);
    else fprintf(map, "%" PRIu64 "\n", pc);
}

void duet_perf_close(FILE *map) { fclose(map); }
