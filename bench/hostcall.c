/* hostcall: what it costs to cross the border between host and guest.
 *
 *   hostcall FIB.spi
 *
 * Prints "name value" per line, each name once for every configuration: _interpreter, _checked and _guarded (the recompiler on
 * memory of that mode) behind it:
 *   callback_ns       one ecalli through pvm_set_host_callback, the guest's loop around it (two instructions) included
 *   function_ns       the same through pvm_set_host_function
 *   resume_ns         the same by leaving to the host and pvm_resume
 *   create_destroy_us pvm_vm_create and pvm_destroy for that program with an 8-octet argument
 *   create_run_us     the same with a run of fib(1) in between
 * and once
 *   program_us        decoding FIB.spi into a program
 *   found_us          the same when the cache has it
 * Each is the best of several rounds. */
#define _POSIX_C_SOURCE 200809L
#include "pvm_ext.h"

#include <stdlib.h>
#include <time.h>

enum { CALLS = 1000000, ROUNDS = 7, MACHINES = 2000 };

/* load_imm r1, CALLS; fallthrough; loop: ecalli 1; r1 -= 1; branch_ne_imm r1, 0, loop; jump_ind r0 */
static const uint8_t code[] = {
    51, 1, CALLS & 255, CALLS >> 8 & 255, CALLS >> 16 & 255, 0,
    1,
    10, 1,
    149, 0x11, 255,
    82, 1, (uint8_t)-5,
    50, 0,
};
static const uint8_t bitmask[] = { 0xc1, 0x92, 0 };

static uint64_t calls;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void require(int condition, const char* what) {
    if (condition) return;
    fprintf(stderr, "hostcall: %s\n", what);
    exit(1);
}

static pvm_host_result_t callback(pvm_vm_t* vm, int func_id) {
    vm->registers[7] += (uint64_t)func_id;
    calls++;
    return PVM_HOST_CONTINUE;
}

static pvm_action_t function(pvm_vm_t* vm, int func_id, void* user_data) {
    vm->registers[7] += (uint64_t)func_id;
    ++*(uint64_t*)user_data;
    return PVM_ACTION_CONTINUE;
}

enum way { CALLBACK, FUNCTION, RESUME };

/* Seconds of one loop of CALLS host calls. */
static double loop(enum way way) {
    pvm_vm_t* vm = pvm_create(0, code, sizeof code, NULL, bitmask, sizeof bitmask, NULL, 0, UINT64_C(1) << 40);
    require(vm != NULL, "pvm_create failed");
    pvm_set_register(vm, 0, 0xffff0000);
    if (way == CALLBACK) pvm_set_host_callback(vm, callback);
    if (way == FUNCTION) pvm_set_host_function(vm, function, &calls);
    calls = 0;
    double start = now();
    pvm_exit_t end = pvm_run(vm, 0);
    while (way == RESUME && end == PVM_EXIT_HOST) {
        vm->registers[7] += (uint64_t)vm->host_func_id;
        calls++;
        end = pvm_resume(vm);
    }
    double seconds = now() - start;
    require(end == PVM_EXIT_HALT && calls == CALLS && pvm_get_register(vm, 7) == CALLS, "the guest did not do its calls");
    pvm_destroy(vm);
    return seconds;
}

static const char* configuration;

static void report_loop(const char* name, enum way way) {
    double best = loop(way);
    for (int round = 1; round < ROUNDS; round++) {
        double seconds = loop(way);
        if (seconds < best) best = seconds;
    }
    printf("%s_%s %.3f\n", name, configuration, best / CALLS * 1e9);
}

/* Seconds for MACHINES machines made and freed. */
static double machines(pvm_program_t* program, int run) {
    const uint8_t argument[8] = { 1 };
    double start = now();
    for (int n = 0; n < MACHINES; n++) {
        pvm_vm_t* vm;
        require(pvm_vm_create(program, argument, sizeof argument, 1000000, &vm) == PVM_OK, "pvm_vm_create failed");
        if (run) require(pvm_run(vm, 0) == PVM_EXIT_HALT, "fib(1) did not halt");
        pvm_destroy(vm);
    }
    return now() - start;
}

static void report_machines(const char* name, pvm_program_t* program, int run) {
    double best = machines(program, run);
    for (int round = 1; round < ROUNDS; round++) {
        double seconds = machines(program, run);
        if (seconds < best) best = seconds;
    }
    printf("%s_%s %.3f\n", name, configuration, best / MACHINES * 1e6);
}

int main(int count, char** arguments) {
    require(count == 2, "usage: hostcall FIB.spi");
    FILE* file = fopen(arguments[1], "rb");
    require(file != NULL, "the image cannot be opened");
    static uint8_t image[1 << 20];
    size_t size = fread(image, 1, sizeof image, file);
    fclose(file);

    static const struct { const char* name; pvm_engine_t engine; pvm_memory_mode_t memory; } configurations[] = {
        { "interpreter", PVM_ENGINE_INTERPRETER, PVM_MEMORY_CHECKED },
        { "checked", PVM_ENGINE_RECOMPILER, PVM_MEMORY_CHECKED },
        { "guarded", PVM_ENGINE_RECOMPILER, PVM_MEMORY_GUARDED },
    };
    pvm_program_t* program = NULL;
    for (int i = 0; i < 3; i++) {
        configuration = configurations[i].name;
        if (pvm_set_defaults(configurations[i].engine, configurations[i].memory) != PVM_OK) continue;
        report_loop("callback_ns", CALLBACK);
        report_loop("function_ns", FUNCTION);
        report_loop("resume_ns", RESUME);
        require(pvm_program_create(image, size, PVM_FORMAT_STANDARD, PVM_ISA_GP072, &program) == PVM_OK, "the image does not decode");
        report_machines("create_destroy_us", program, 0);
        report_machines("create_run_us", program, 1);
        pvm_program_release(program);
    }
    for (int kept = 0; kept < 2; kept++) {
        double best = 1;
        for (int round = 0; round < 100; round++) {
            if (!kept) require(pvm_cache_set_limit(0) == PVM_OK && pvm_cache_set_limit(1 << 27) == PVM_OK, "the cache refuses");
            double start = now();
            require(pvm_program_create(image, size, PVM_FORMAT_STANDARD, PVM_ISA_GP072, &program) == PVM_OK, "the image does not decode");
            double seconds = now() - start;
            pvm_program_release(program);
            if (seconds < best) best = seconds;
        }
        printf("%s %.3f\n", kept ? "found_us" : "program_us", best * 1e6);
    }
    return 0;
}
