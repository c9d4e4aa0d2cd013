/* DUET_PVM_PERF: the lines in /tmp/perf-PID.map name the compiled code and nothing else, and no file of somebody else's is touched.
 * Each test is a process of its own, because the library reads the environment once. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests.h"

static char map_path[64], victim[64];

static void run_guest(void) {
    code_t code = code_new();
    OP(code, LOAD_IMM_JUMP, 1 | 1 << 4, 2, 5); /* a call of the place behind the trap */
    OP(code, TRAP);
    OP(code, ADD_IMM_64, REGS(2, 2), (uint8_t)-1);
    OP(code, BRANCH_NE_IMM, 2, (uint8_t)-3);
    OP_HALT(code, 0);
    pvm_vm_t* vm = vm_of(&code, PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED);
    pvm_set_register(vm, 2, 5);
    EQUAL(pvm_run(vm, 0), PVM_EXIT_HALT);
    pvm_destroy(vm);
}

/* The lines of the map: how many, and how many of them name a place in the guest's code. */
static int lines, guest_lines;

static void read_map(void) {
    FILE* map = fopen(map_path, "r");
    NEED(map != NULL);
    struct stat status;
    EQUAL(fstat(fileno(map), &status), 0);
    EQUAL(status.st_mode & 0777, 0600);
    char line[256], part[64];
    unsigned long start, octets, end = 0;
    unsigned hash, first_hash = 0;
    lines = guest_lines = 0;
    while (fgets(line, sizeof line, map)) {
        int length = 0;
        NEED(sscanf(line, "%lx %lx pvm:%8x:%63[a-z0-9]%n", &start, &octets, &hash, part, &length) == 4);
        EQUAL(line[length], '\n');
        CHECK(octets > 0);
        if (lines == 0) first_hash = hash, STRING(part, "frame");
        else EQUAL(start, end);
        EQUAL(hash, first_hash);
        if (part[0] < 'a') guest_lines++;
        end = start + octets;
        lines++;
    }
    STRING(part, "exits");
    fclose(map);
}

static void functions(void) {
    run_guest();
    read_map();
    EQUAL(guest_lines, 2); /* the start and the place that is called */
}

static void blocks(void) {
    run_guest();
    read_map();
    CHECK(guest_lines >= 4);
}

static void is_off(void) {
    run_guest();
    CHECK(access(map_path, F_OK) != 0);
}

/* A child writes what it compiles itself to its own map, the parent's lines stay alone. */
static void after_fork(void) {
    run_guest();
    pid_t child = fork();
    NEED(child >= 0);
    if (child == 0) {
        char own[64];
        snprintf(own, sizeof own, "/tmp/perf-%ld.map", (long)getpid());
        /* The code that the parent has compiled would do for both. */
        if (pvm_cache_set_limit(0) != PVM_OK || pvm_cache_set_limit(1 << 27) != PVM_OK) _exit(2);
        run_guest();
        _exit(access(own, F_OK) == 0 && unlink(own) == 0 ? 0 : 1);
    }
    int status;
    NEED(waitpid(child, &status, 0) == child);
    EQUAL(status, 0);
    read_map();
}

/* What others may have put in the map's place. The file that it leads to stays empty, and the guest runs. */
static void stays_empty(void) {
    run_guest();
    struct stat status;
    EQUAL(stat(victim, &status), 0);
    EQUAL(status.st_size, 0);
}

static void make_victim(void) {
    int file = open(victim, O_CREAT | O_EXCL | O_WRONLY, 0600);
    NEED(file >= 0);
    close(file);
}

static void symbolic_link(void) {
    make_victim();
    EQUAL(symlink(victim, map_path), 0);
    stays_empty();
}

static void dangling_link(void) {
    EQUAL(symlink(victim, map_path), 0);
    run_guest();
    CHECK(access(victim, F_OK) != 0);
}

static void hard_link(void) {
    make_victim();
    EQUAL(link(victim, map_path), 0);
    stays_empty();
}

static void pipe_in_place(void) {
    EQUAL(mkfifo(map_path, 0600), 0);
    run_guest(); /* does not wait for a reader */
}

static void somebody_elses(void) {
    if (geteuid() != 0) return; /* only root can give a file away */
    int file = open(map_path, O_CREAT | O_EXCL | O_WRONLY, 0666);
    NEED(file >= 0);
    EQUAL(fchown(file, 12345, 12345), 0);
    run_guest();
    struct stat status;
    EQUAL(fstat(file, &status), 0);
    EQUAL(status.st_size, 0);
}

static void in_process(const char* name, const char* wanted, void (*test)(void)) {
    fflush(NULL);
    pid_t child = fork();
    NEED(child >= 0);
    if (child == 0) {
        check_test = name;
        check_failures = 0;
        snprintf(map_path, sizeof map_path, "/tmp/perf-%ld.map", (long)getpid());
        snprintf(victim, sizeof victim, "/tmp/duet-perf-%ld", (long)getpid());
        if (wanted) setenv("DUET_PVM_PERF", wanted, 1); else unsetenv("DUET_PVM_PERF");
        unlink(map_path);
        test();
        unlink(map_path);
        unlink(victim);
        exit(check_failures == 0 ? 0 : 1);
    }
    int status;
    NEED(waitpid(child, &status, 0) == child);
    check_test = name;
    EQUAL(status, 0);
}

int main(void) {
    in_process("functions", "map", functions);
    in_process("blocks", "blocks", blocks);
    in_process("off", NULL, is_off);
    in_process("unknown word", "everything", is_off);
    in_process("after fork", "map", after_fork);
    in_process("symbolic link", "map", symbolic_link);
    in_process("dangling link", "map", dangling_link);
    in_process("hard link", "map", hard_link);
    in_process("pipe", "map", pipe_in_place);
    in_process("somebody else's file", "map", somebody_elses);
    return finish(__FILE__);
}
