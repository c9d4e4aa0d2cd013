/* compile: from the bytes of a program to its code.
 *
 *   compile ROUNDS gp072|gp080 BLOB…
 *
 * Prints a line for each blob: instructions, bytes of code, and nanoseconds (the least of the rounds) to decode it, and
 * to make code of it for guarded and for checked memory: what a first run takes that compiles, less what a second one
 * takes. Nothing runs: there is no gas. */
#define _POSIX_C_SOURCE 200809L
#include "pvm_ext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void require(int condition, const char* what) {
    if (condition) return;
    fprintf(stderr, "compile: %s\n", what);
    exit(1);
}

static double run(pvm_vm_t* vm) {
    const double start = now();
    const pvm_exit_t reason = pvm_run(vm, 0);
    const double taken = now() - start;
    require(reason == PVM_EXIT_OOG, "the run does not end for want of gas");
    return taken;
}

/* The least nanoseconds so far: to decode, for a first run (which compiles), for a second one. */
struct least { double decode, first, second; };

static void keep(double* least, double value) {
    if (value < *least) *least = value;
}

static void measure(const uint8_t* blob, size_t size, pvm_isa_t isa, pvm_memory_mode_t mode, struct least* least,
                    pvm_program_t** kept) {
    pvm_program_t* program = NULL;
    /* An empty cache: the program is new to the library. */
    require(pvm_cache_set_limit(0) == PVM_OK && pvm_cache_set_limit((size_t)1 << 30) == PVM_OK, "no cache");
    const double start = now();
    const pvm_error_t error = pvm_program_create(blob, size, PVM_FORMAT_BLOB, isa, &program);
    keep(&least->decode, now() - start);
    require(error == PVM_OK, pvm_error_message(error));
    pvm_vm_t* vm = NULL;
    require(pvm_vm_create(program, NULL, 0, 0, &vm) == PVM_OK && pvm_set_engine(vm, PVM_ENGINE_RECOMPILER) == PVM_OK
                && pvm_set_memory_mode(vm, mode) == PVM_OK, "no VM");
    keep(&least->first, run(vm));
    keep(&least->second, run(vm));
    pvm_destroy(vm);
    *kept = program;
}

int main(int count, char** words) {
    require(count >= 4, "ROUNDS gp072|gp080 BLOB…");
    const int rounds = atoi(words[1]);
    const pvm_isa_t isa = strcmp(words[2], "gp080") == 0 ? PVM_ISA_GP080 : PVM_ISA_GP072;
    for (int index = 3; index < count; index++) {
        FILE* file = fopen(words[index], "rb");
        require(file != NULL && fseek(file, 0, SEEK_END) == 0, words[index]);
        const size_t size = (size_t)ftell(file);
        rewind(file);
        uint8_t* blob = malloc(size);
        require(blob != NULL && fread(blob, 1, size, file) == size, words[index]);
        fclose(file);
        struct least guarded = { 1e18, 1e18, 1e18 }, checked = guarded;
        pvm_program_t* program = NULL;
        for (int round = 0; round < rounds; round++) {
            measure(blob, size, isa, PVM_MEMORY_GUARDED, &guarded, &program);
            pvm_program_release(program);
            measure(blob, size, isa, PVM_MEMORY_CHECKED, &checked, &program);
            if (round + 1 < rounds) pvm_program_release(program);
        }
        keep(&guarded.decode, checked.decode);
        printf("%u %u %.0f %.0f %.0f\n", pvm_program_instruction_count(program), pvm_program_code_size(program),
               guarded.decode, guarded.first - guarded.second, checked.first - checked.second);
        pvm_program_release(program);
        free(blob);
    }
    return 0;
}
