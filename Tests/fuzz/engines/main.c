/* engines: random programs on every engine and memory mode, compared after every exit.
 *     engines [--programs N] [--seed S] [--isa gp072|gp080|all] [--from N] [--keep-going] [--folder FOLDER] [FILE…]
 * Cases kept in FOLDER are replayed first, FILEs instead of random programs. A case that fails is made smaller, shown, and
 * kept in FOLDER. With --keep-going the search goes on after it. */
#define _DEFAULT_SOURCE

#include <dirent.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "case.h"

#define BATCH 200

static case_t the_case;
static unsigned long long passed, failed;

/* What the worker process shares with this one. */
static struct {
    unsigned long long number, compared, seen[8];
} *progress;

static void keep(const char* folder) {
    char path[512];
    uint64_t hash = 14695981039346656037u;
    for (uint32_t i = 0; i < the_case.code_size; i++) hash = (hash ^ the_case.code[i]) * 1099511628211u;
    snprintf(path, sizeof path, "%s/%s-%08x.json", folder, the_case.isa == PVM_ISA_GP080 ? "gp080" : "gp072", (unsigned)(hash >> 32));
    FILE* file = fopen(path, "w");
    if (!file) return;
    write_case(&the_case, file);
    fclose(file);
    printf("kept as %s\n", path);
}

static void report(uint64_t seed, const char* folder) {
    failed++;
    printf("program %llu of seed %llu: ", progress->number, (unsigned long long)seed);
    if (!fails(&the_case)) {
        printf("does not fail again in a process of its own\n");
        return;
    }
    printf("%s\n", difference);
    shrink(&the_case);
    printf("made smaller: %s\n", difference);
    show_case(&the_case, stdout);
    write_case(&the_case, stdout);
    keep(folder);
}

/* Programs from..<to in a process of its own, which ends at the first that fails: false, and `progress` has its number. */
static bool work(uint64_t seed, uint64_t from, uint64_t to, int isa) {
    progress->number = from;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        for (uint64_t number = from; number < to; number++) {
            progress->number = number;
            /* Ends the process if a program does not. */
            if (number % 1024 == 0 || number == from) alarm(60);
            generate(&the_case, seed, number, isa);
            const bool agree = compare(&the_case);
            progress->compared += exits_compared;
            exits_compared = 0;
            for (int i = 0; i < 8; i++) progress->seen[i] += exits_seen[i], exits_seen[i] = 0;
            if (!agree) _exit(1);
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool replay(const char* path) {
    if (!read_case(&the_case, path)) printf("%s: cannot be read\n", path);
    else if (fails(&the_case)) printf("%s: %s\n", path, difference);
    else return passed++, true;
    failed++;
    return false;
}

static void replay_all(const char* folder) {
    struct dirent** names;
    const int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (strstr(names[i]->d_name, ".json")) replay(path);
        free(names[i]);
    }
    if (count >= 0) free(names);
}

int main(int argc, char** argv) {
    unsigned long long programs = 200000, seed = 1, from = 0;
    const char* folder = "Tests/fuzz/engines/regressions";
    int isa = -1, files = 0;
    bool keeps_going = false;
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) return 2;
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "--programs") == 0 && more) programs = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && more) seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--from") == 0 && more) from = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--folder") == 0 && more) folder = argv[++i];
        else if (strcmp(argv[i], "--keep-going") == 0) keeps_going = true;
        else if (strcmp(argv[i], "--isa") == 0 && more) isa = strcmp(argv[++i], "gp072") == 0 ? 0 : strcmp(argv[i], "gp080") == 0 ? 1 : -1;
        else if (argv[i][0] == '-') return fprintf(stderr, "engines: what is %s?\n", argv[i]), 2;
        else { replay(argv[i]); show_case(&the_case, stdout); files++; }
    }
    if (files == 0) {
        replay_all(folder);
        if (passed + failed) printf("%llu kept cases replayed, %llu failed\n", passed + failed, failed);
        struct timespec start, now;
        clock_gettime(CLOCK_MONOTONIC, &start);
        const unsigned long long end = from + programs;
        while (from < end && (failed == 0 || keeps_going) && failed < 30) {
            /* A process that goes on for long collects page tables, and changing the rights of 4 GiB takes it longer and longer. */
            const unsigned long long until = end - from < BATCH ? end : from + BATCH;
            const bool agree = work(seed, from, until, isa);
            passed += (agree ? until : progress->number) - from;
            from = agree ? until : progress->number + 1;
            if (agree) continue;
            generate(&the_case, seed, progress->number, isa);
            report(seed, folder);
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        const double seconds = (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) * 1e-9;
        printf("seed %llu: %llu exits compared in %.1f s (%.0f programs a second):", seed, progress->compared, seconds, (double)passed / seconds);
        for (int i = 0; i < 8; i++) if (progress->seen[i]) printf(" %s %llu", pvm_exit_name((pvm_exit_t)i), progress->seen[i]);
        printf("\n");
    }
    printf("%llu passed, %llu failed\n", passed, failed);
    return failed ? 1 : 0;
}
