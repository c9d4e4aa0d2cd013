/* What compiling hostile programs takes: compile [--list] or compile SHAPE OCTETS ENGINE-MODE ISA. Prints, for one program in this
 * process: milliseconds to decode, milliseconds to compile, peak memory in KiB above that at the start, and whether there is code.
 * A program is a bitmask, code and a jump table made of a shape; scripts/test-bounds compares sizes and shapes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "pvm_ext.h"

/* Instructions that a shape repeats: octets of each, ended by a length of 0. */
struct shape {
    const char *name;
    struct { uint8_t length, octets[10]; } instructions[4];
    uint32_t jumps_per_octet;
};

static const struct shape shapes[] = {
    { "traps", { { 1, { 0 } } }, 0 },
    { "fallthroughs", { { 1, { 1 } } }, 0 },
    { "host-calls", { { 1, { 10 } } }, 0 },
    { "jumps", { { 1, { 40 } } }, 0 },
    { "branches", { { 1, { 82 } } }, 0 },
    { "dynamic-jumps", { { 1, { 50 } } }, 0 },
    { "dynamic-jumps-with-constant", { { 1, { 180 } } }, 0 },
    { "stores", { { 1, { 33 } } }, 0 },
    { "divisions", { { 1, { 204 } } }, 0 },
    { "upper-products", { { 1, { 215 } } }, 0 },
    { "long-constants", { { 10, { 20, 7, 1, 2, 3, 4, 5, 6, 7, 8 } } }, 0 },
    { "long-addresses", { { 10, { 33, 4, 0, 0, 2, 0, 1, 2, 3, 4 } } }, 0 },
    { "alternating", { { 1, { 1 } }, { 1, { 33 } }, { 1, { 180 } } }, 0 },
    { "blocks-of-two", { { 2, { 204, 0 } }, { 1, { 1 } } }, 0 },
    { "branches-far-back", { { 6, { 82, 0, 0, 0, 0, 0 } } }, 0 },
    { "one-block", { { 1, { 200 } } }, 0 },
    { "jump-table", { { 1, { 1 } } }, 4 },
};

enum { SHAPES = sizeof shapes / sizeof *shapes };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

static long peak(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void fill(const struct shape *shape, uint8_t *code, uint8_t *mask, size_t size) {
    size_t at = 0;
    for (int next = 0; at < size; next++) {
        if (next == 4 || shape->instructions[next].length == 0) next = 0;
        size_t length = shape->instructions[next].length;
        if (at + length > size) length = 1;
        memcpy(code + at, shape->instructions[next].octets, length);
        if (length < shape->instructions[next].length) code[at] = 0;
        /* A branch of six octets leads to the beginning. */
        if (length == 6 && code[at] == 82) {
            const int32_t distance = -(int32_t)at;
            memcpy(code + at + 2, &distance, 4);
        }
        mask[at] = 1;
        at += length;
    }
    /* 0.8.0 takes only code that ends with a block. */
    for (size_t i = size - (size < 10 ? size : 10); i < size; i++) code[i] = 0, mask[i] = 1;
}

int main(int count, char **words) {
    if (count == 2 && strcmp(words[1], "--list") == 0) {
        for (int i = 0; i < SHAPES; i++) puts(shapes[i].name);
        return 0;
    }
    if (count != 5) return fprintf(stderr, "compile: --list, or SHAPE OCTETS checked|guarded gp072|gp080\n"), 2;
    const struct shape *shape = NULL;
    for (int i = 0; i < SHAPES; i++)
        if (strcmp(words[1], shapes[i].name) == 0) shape = &shapes[i];
    if (shape == NULL) return fprintf(stderr, "compile: no shape %s\n", words[1]), 2;
    const size_t size = strtoul(words[2], NULL, 0);
    const pvm_memory_mode_t mode = strcmp(words[3], "guarded") == 0 ? PVM_MEMORY_GUARDED : PVM_MEMORY_CHECKED;
    const pvm_isa_t isa = strcmp(words[4], "gp080") == 0 ? PVM_ISA_GP080 : PVM_ISA_GP072;

    uint8_t *code = malloc(size), *mask = calloc(size, 1);
    const size_t jumps = size * shape->jumps_per_octet;
    uint32_t *table = calloc(jumps + 1, sizeof *table);
    fill(shape, code, mask, size);
    for (size_t i = 0; i < jumps; i++) table[i] = (uint32_t)(i % size);
    const long before = peak();

    double start = now();
    pvm_program_t *program = NULL;
    const pvm_error_t error = pvm_program_create_raw(code, size, mask, size, table, jumps, isa, &program);
    if (error != PVM_OK) return fprintf(stderr, "compile: %s: %s\n", shape->name, pvm_error_message(error)), 1;
    const double decoded = now() - start;
    pvm_vm_t *vm = NULL;
    if (pvm_vm_create(program, NULL, 0, 0, &vm) != PVM_OK) return fprintf(stderr, "compile: no VM\n"), 1;
    if (pvm_set_engine(vm, PVM_ENGINE_RECOMPILER) != PVM_OK || pvm_set_memory_mode(vm, mode) != PVM_OK) return 1;
    start = now();
    const pvm_exit_t exit = pvm_run(vm, 0); /* without gas: compiles, and runs nothing */
    const double compiled = now() - start;
    if (exit != PVM_EXIT_OOG) return fprintf(stderr, "compile: the run ends with %s\n", pvm_exit_name(exit)), 1;
    printf("%.2f %.2f %ld %u\n", decoded, compiled, peak() - before, pvm_program_instruction_count(program));
    pvm_destroy(vm);
    pvm_program_release(program);
    free(code), free(mask), free(table);
    return 0;
}
