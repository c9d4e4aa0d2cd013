/* What hostile programs take before they run: compile [--list] or compile SHAPE OCTETS ENGINE-MODE ISA. Prints, for one program in this
 * process: milliseconds to decode it, to prepare it for the interpreter, to compile it; peak memory in KiB above that at the start; octets that were
 * handed in (code and jump table); octets of host code. A program is a bitmask, code and a jump table made of a shape; scripts/test-bounds compares
 * sizes and shapes. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "pvm_ext.h"

/* Instructions that a shape repeats: octets of each (those beyond ten are zeros), ended by a length of 0. */
struct shape {
    const char *name;
    struct { uint8_t length, octets[10]; } instructions[4];
    uint32_t jumps_per_octet;
    /* 4: as pvm_create takes them; 1: a blob with entries of one octet. */
    int octets_per_jump;
    /* 0.8.0 refuses it. */
    int only_gp072;
};

static const struct shape shapes[] = {
    { "traps", { { 1, { 0 } } }, 0, 4, 0 },
    { "invalid", { { 1, { 255 } } }, 0, 4, 1 },
    { "gaps", { { 26, { 1 } } }, 0, 4, 1 },
    { "fallthroughs", { { 1, { 1 } } }, 0, 4, 0 },
    { "unlikely", { { 1, { 2 } } }, 0, 4, 0 },
    { "host-calls", { { 1, { 10 } } }, 0, 4, 0 },
    { "jumps", { { 1, { 40 } } }, 0, 4, 0 },
    { "branches", { { 1, { 82 } } }, 0, 4, 0 },
    { "branches-of-registers", { { 1, { 172 } } }, 0, 4, 0 },
    { "dynamic-jumps", { { 1, { 50 } } }, 0, 4, 0 },
    { "dynamic-jumps-with-constant", { { 1, { 180 } } }, 0, 4, 0 },
    { "stores", { { 1, { 33 } } }, 0, 4, 0 },
    { "stores-of-constants", { { 1, { 70 } } }, 0, 4, 0 },
    { "stores-through-registers", { { 1, { 123 } } }, 0, 4, 0 },
    { "loads", { { 1, { 130 } } }, 0, 4, 0 },
    { "moves", { { 1, { 100 } } }, 0, 4, 0 },
    { "divisions", { { 1, { 204 } } }, 0, 4, 0 },
    { "upper-products", { { 1, { 215 } } }, 0, 4, 0 },
    { "long-constants", { { 10, { 20, 7, 1, 2, 3, 4, 5, 6, 7, 8 } } }, 0, 4, 0 },
    { "long-addresses", { { 10, { 33, 4, 0, 0, 2, 0, 1, 2, 3, 4 } } }, 0, 4, 0 },
    { "alternating", { { 1, { 1 } }, { 1, { 33 } }, { 1, { 180 } } }, 0, 4, 0 },
    { "blocks-of-two", { { 1, { 200 } }, { 1, { 1 } } }, 0, 4, 0 },
    { "blocks-of-two-with-division", { { 1, { 204 } }, { 1, { 1 } } }, 0, 4, 0 },
    { "blocks-of-three", { { 1, { 130 } }, { 1, { 200 } }, { 1, { 82 } } }, 0, 4, 0 },
    { "branches-far-back", { { 6, { 82, 0, 0, 0, 0, 0 } } }, 0, 4, 0 },
    { "one-block", { { 1, { 200 } } }, 0, 4, 0 },
    { "one-block-of-many-kinds", { { 1, { 130 } }, { 1, { 202 } }, { 1, { 200 } }, { 1, { 123 } } }, 0, 4, 0 },
    /* 0.8.0: instructions that come in the way of older ones, which the gas model goes through twice. */
    { "out-of-order", { { 1, { 70 } }, { 1, { 131 } }, { 1, { 105 } }, { 1, { 10 } } }, 0, 4, 0 },
    { "out-of-order-products", { { 1, { 202 } }, { 1, { 33 } }, { 1, { 218 } } }, 0, 4, 0 },
    { "jump-table", { { 1, { 1 } } }, 4, 4, 0 },
    { "jump-table-of-octets", { { 1, { 1 } } }, 4, 1, 0 }, /* 0.8.0 allows 2^24 entries */
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
        const size_t length = shape->instructions[next].length, octets = length < 10 ? length : 10;
        mask[at] = 1;
        if (at + length > size) {
            code[at++] = 0;
            continue;
        }
        memcpy(code + at, shape->instructions[next].octets, octets);
        /* A branch of six octets leads to the beginning. */
        if (length == 6 && code[at] == 82) {
            const int32_t distance = -(int32_t)at;
            memcpy(code + at + 2, &distance, 4);
        }
        at += length;
    }
    /* 0.8.0 takes only code that ends with a block. */
    for (size_t i = size - (size < 10 ? size : 10); i < size; i++) code[i] = 0, mask[i] = 1;
}

/* The Gray Paper's variable-length number, below 2^28. */
static size_t number(uint8_t *out, uint32_t value) {
    const int more = value < 1u << 7 ? 0 : value < 1u << 14 ? 1 : value < 1u << 21 ? 2 : 3;
    out[0] = (uint8_t)((0xff00u >> more) | value >> 8 * more);
    for (int i = 0; i < more; i++) out[1 + i] = (uint8_t)(value >> 8 * i);
    return 1 + (size_t)more;
}

/* A blob with jump-table entries of one octet. */
static uint8_t *blob(const uint8_t *code, const uint8_t *mask, size_t size, size_t jumps, size_t *length) {
    uint8_t *out = calloc(16 + jumps + size + size / 8 + 1, 1);
    size_t at = number(out, (uint32_t)jumps);
    out[at++] = 1;
    at += number(out + at, (uint32_t)size);
    for (size_t i = 0; i < jumps; i++) out[at++] = (uint8_t)i;
    memcpy(out + at, code, size);
    at += size;
    for (size_t i = 0; i < size; i++) out[at + i / 8] |= (uint8_t)((mask[i] != 0) << i % 8);
    *length = at + (size + 7) / 8;
    return out;
}

static pvm_vm_t *machine(pvm_program_t *program, pvm_engine_t engine, pvm_memory_mode_t mode) {
    pvm_vm_t *vm = NULL;
    if (pvm_vm_create(program, NULL, 0, 0, &vm) != PVM_OK || pvm_set_engine(vm, engine) != PVM_OK || pvm_set_memory_mode(vm, mode) != PVM_OK) {
        fprintf(stderr, "compile: no VM\n");
        exit(1);
    }
    return vm;
}

/* Milliseconds of a run without gas: it prepares or compiles, and runs nothing. */
static double first_run(pvm_vm_t *vm) {
    const double start = now();
    const pvm_exit_t exit_reason = pvm_run(vm, 0);
    const double taken = now() - start;
    if (exit_reason != PVM_EXIT_OOG) {
        fprintf(stderr, "compile: the run ends with %s\n", pvm_exit_name(exit_reason));
        exit(1);
    }
    return taken;
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
    if (isa == PVM_ISA_GP080 && shape->only_gp072) return 0;

    uint8_t *code = calloc(size, 1), *mask = calloc(size, 1);
    const size_t jumps = size * shape->jumps_per_octet;
    uint32_t *table = calloc(jumps + 1, sizeof *table);
    fill(shape, code, mask, size);
    for (size_t i = 0; i < jumps; i++) table[i] = (uint32_t)(i % size);
    size_t image_len = 0;
    uint8_t *image = shape->octets_per_jump == 1 ? blob(code, mask, size, jumps, &image_len) : NULL;
    /* A program of the same kind has run before: what the library and the host do once in a process is not counted. */
    pvm_program_t *other = NULL;
    if (pvm_program_create_raw((const uint8_t[]){ 0 }, 1, (const uint8_t[]){ 1 }, 1, NULL, 0, isa, &other) != PVM_OK) return 1;
    pvm_vm_t *warm = machine(other, PVM_ENGINE_RECOMPILER, mode);
    if (isa == PVM_ISA_GP072) first_run(warm);
    pvm_destroy(warm);
    pvm_program_release(other);
    const long before = peak();

    const double start = now();
    pvm_program_t *program = NULL;
    const pvm_error_t error = image != NULL ? pvm_program_create(image, image_len, PVM_FORMAT_BLOB, isa, &program)
                                            : pvm_program_create_raw(code, size, mask, size, table, jumps, isa, &program);
    if (error != PVM_OK) return fprintf(stderr, "compile: %s: %s\n", shape->name, pvm_error_message(error)), 1;
    const double decoded = now() - start;
    pvm_vm_t *vm = machine(program, PVM_ENGINE_RECOMPILER, mode), *interpreted = machine(program, PVM_ENGINE_INTERPRETER, mode);
    const double compiled = first_run(vm);
    pvm_cache_statistics_t statistics;
    pvm_cache_statistics(&statistics);
    /* (Where it was not compiled, the run that tried has prepared it as well.) */
    const double prepared = first_run(interpreted);
    printf("%.2f %.2f %.2f %ld %zu %llu\n", decoded, prepared, compiled, peak() - before, size + jumps * (size_t)shape->octets_per_jump,
           (unsigned long long)statistics.code_octets);
    pvm_destroy(vm);
    pvm_destroy(interpreted);
    pvm_program_release(program);
    free(code), free(mask), free(table), free(image);
    return 0;
}
