/* The fuzz target without libFuzzer:
 *     pvm_fuzz PATH…                                  replays files, and the files of folders
 *     pvm_fuzz --runs N [--seed S] [--corpus FOLDER]  N inputs, made up or mutated from the corpus, the same for the same seed
 * With --keep FILE the input at hand is written there before it runs, so that a crash leaves it behind. */
#ifdef PVM_FUZZ_MAIN
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "pvm_fuzz.h"

#define INPUT_LIMIT 16384
#define FILE_LIMIT 4096

/* ---- Random numbers: xorshift64*, as Vigna published it ---- */

static uint64_t state;

static uint64_t next(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
}

static unsigned below(unsigned limit) { return (unsigned)((next() >> 32) % limit); }

/* ---- Inputs ---- */

static uint8_t input[INPUT_LIMIT];
static size_t input_size;

static void put(unsigned octet) { if (input_size < INPUT_LIMIT) input[input_size++] = (uint8_t)octet; }

static void put_number(uint64_t value, int octets) { for (int i = 0; i < octets; i++) put((unsigned)(value >> (8 * i)) & 0xff); }

/* An opcode that the set has, most of the time. */
static unsigned opcode(pvm_isa_t isa) {
    if (below(50) == 0) return below(256);
    if (below(12) == 0) return 10; /* ecalli */
    for (;;) {
        const unsigned octet = below(256);
        if (strcmp(pvm_opcode_name(isa, (uint8_t)octet), "UNKNOWN") != 0) return octet;
    }
}

/* Operands: registers, then numbers that are small, point into mapped memory, or are anything. */
static size_t operands(uint8_t* out) {
    size_t count = 0;
    if (below(8)) out[count++] = (uint8_t)(below(13) | below(13) << 4);
    switch (below(5)) {
    case 0: break;
    case 1: out[count++] = (uint8_t)below(40); break;
    case 2: {
        const uint32_t address = (below(2) ? 0x20000u : 0x10000u) + below(0x2100) - below(16);
        for (int i = 0; i < 4; i++) out[count++] = (uint8_t)(address >> (8 * i));
        break;
    }
    case 3: out[count++] = (uint8_t)(0u - below(40)); break;
    default: for (unsigned i = below(10); i > 0; i--) out[count++] = (uint8_t)next(); break;
    }
    return count;
}

/* A program of instructions, in the form that the target reads. */
static void put_program(unsigned flags) {
    static uint8_t code[2048];
    static uint8_t starts[2048];
    size_t size = 0;
    const unsigned instructions = 1 + below(below(8) ? 24 : 120);
    memset(starts, 0, sizeof starts);
    for (unsigned i = 0; i < instructions && size + 16 < 2047; i++) {
        starts[size] = below(200) != 0;
        code[size++] = (uint8_t)opcode((pvm_isa_t)(flags & 1));
        size += operands(code + size);
    }
    put_number(size, 2);
    for (size_t i = 0; i < size; i++) put(code[i]);
    for (size_t i = 0; i < size; i += 8) {
        unsigned bits = 0;
        for (size_t bit = 0; bit < 8 && i + bit < size; bit++) bits |= (unsigned)starts[i + bit] << bit;
        put(bits);
    }
    const unsigned jumps = below(6);
    put(jumps);
    for (unsigned i = 0; i < jumps; i++) put_number(below((unsigned)size + 4), 2);
}

static void make_up(void) {
    input_size = 0;
    const unsigned flags = below(256) & ~14u; /* the form is chosen apart */
    if (below(6)) {
        put(flags | below(3) << 1);
        put_program(flags);
    } else {
        put(flags | (3 + below(5)) << 1);
        const unsigned size = below(80);
        put_number(size, 2);
        for (unsigned i = 0; i < size; i++) put(below(3) ? below(4) : below(256));
    }
    for (unsigned i = below(160); i > 0; i--) put(below(256));
}

/* ---- Files ---- */

static char* names[FILE_LIMIT];
static size_t name_count;

static void collect(const char* path) {
    struct stat status;
    if (stat(path, &status) != 0) {
        fprintf(stderr, "pvm_fuzz: no such file: %s\n", path);
        exit(2);
    }
    if (!S_ISDIR(status.st_mode)) {
        if (name_count < FILE_LIMIT) names[name_count++] = strdup(path);
        return;
    }
    DIR* folder = opendir(path);
    for (struct dirent* entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        char* name = (char*)malloc(strlen(path) + strlen(entry->d_name) + 2);
        sprintf(name, "%s/%s", path, entry->d_name);
        collect(name);
        free(name);
    }
    if (folder) closedir(folder);
}

static int by_name(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

/* The octets of a file, `limit` at most. */
static uint8_t* read_file(const char* name, size_t* size) {
    FILE* file = fopen(name, "rb");
    if (!file) {
        fprintf(stderr, "pvm_fuzz: cannot read %s\n", name);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t* octets = (uint8_t*)malloc(*size ? *size : 1);
    if (fread(octets, 1, *size, file) != *size) exit(2);
    fclose(file);
    return octets;
}

static void mutate(void) {
    static uint8_t* files[FILE_LIMIT];
    static size_t sizes[FILE_LIMIT];
    const unsigned which = below((unsigned)name_count);
    if (!files[which]) files[which] = read_file(names[which], &sizes[which]);
    input_size = sizes[which] < INPUT_LIMIT ? sizes[which] : INPUT_LIMIT;
    memcpy(input, files[which], input_size);
    for (unsigned count = 1 + below(6); count > 0 && input_size > 0; count--) {
        const unsigned at = below((unsigned)input_size);
        switch (below(6)) {
        case 0: input[at] ^= (uint8_t)(1u << below(8)); break;
        case 1: input[at] = (uint8_t)next(); break;
        case 2: input[at] = (uint8_t)(input[at] + (below(2) ? 1 : -1)); break;
        case 3: input_size = below(4) ? input_size : at; break;
        case 4: memmove(input + at, input + at + 1, input_size - at - 1); input_size--; break;
        default: for (unsigned more = below(12); more > 0; more--) put(below(256)); break;
        }
    }
}

static void keep(const char* name) {
    FILE* file = fopen(name, "wb");
    if (!file) return;
    fwrite(input, 1, input_size, file);
    fclose(file);
}

int main(int argc, char** argv) {
    unsigned long long runs = 0, seed = 1;
    const char* keep_name = NULL;
    for (int i = 1; i < argc; i++) {
        const int more = i + 1 < argc;
        if (strcmp(argv[i], "--runs") == 0 && more) runs = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && more) seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--keep") == 0 && more) keep_name = argv[++i];
        else if (strcmp(argv[i], "--corpus") == 0 && more) collect(argv[++i]);
        else collect(argv[i]);
    }
    qsort(names, name_count, sizeof *names, by_name);
    if (runs == 0) {
        for (size_t i = 0; i < name_count; i++) {
            size_t size = 0;
            uint8_t* octets = read_file(names[i], &size);
            LLVMFuzzerTestOneInput(octets, size);
            free(octets);
        }
        printf("pvm_fuzz: %zu files replayed\n", name_count);
    } else {
        struct timespec start, now;
        clock_gettime(CLOCK_MONOTONIC, &start);
        state = seed * 0x9e3779b97f4a7c15u | 1;
        for (unsigned long long i = 0; i < runs; i++) {
            if (name_count > 0 && below(2)) mutate();
            else make_up();
            if (keep_name) keep(keep_name);
            LLVMFuzzerTestOneInput(input, input_size);
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        printf("pvm_fuzz: %llu inputs, %llu operations, seed %llu, %.1f s\n", runs, pvm_fuzz_operations, seed,
               (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) * 1e-9);
    }
    for (size_t i = 0; i < name_count; i++) free(names[i]);
    return 0;
}
#else
typedef int pvm_fuzz_has_another_main; /* libFuzzer brings its own */
#endif
