/* The fuzz target without libFuzzer:
 *     evm_fuzz PATH…                replays files
 *     evm_fuzz --runs N [--seed S] [--keep FILE]
 * N inputs that are made up, the same for the same seed. The input at hand is written to FILE before it runs, so that a crash
 * leaves it behind. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1200, HEADER = 20 };

static uint64_t state;
static uint8_t input[LIMIT];
static size_t input_size;

static unsigned below(unsigned limit) { /* xorshift64*, as Vigna published it */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545f4914f6cdd1du >> 33) % limit);
}

static void put(unsigned octet) { if (input_size < LIMIT) input[input_size++] = (uint8_t)octet; }

static void push(void) {
    static const uint8_t numbers[] = {0, 0, 1, 2, 4, 31, 32, 33, 64, 127, 128, 255};
    if (below(12) == 0) {
        const unsigned size = 1 + below(32);
        put(0x5f + size);
        for (unsigned i = 0; i < size; i++) put(below(4) ? 0xff : below(256));
    } else if (below(8) == 0) {
        put(0x61);
        put(below(3));
        put(below(256));
    } else {
        put(0x60);
        put(numbers[below(sizeof numbers)]);
    }
}

static void instruction(void) {
    static const uint8_t interesting[] = {0x20, 0x31, 0x37, 0x39, 0x3b, 0x3c, 0x3e, 0x3f, 0x40, 0x49, 0x51, 0x52, 0x53, 0x54, 0x55, 0x5b,
                                          0x5c, 0x5d, 0x5e, 0xa0, 0xa2, 0xa4, 0xf0, 0xf1, 0xf2, 0xf4, 0xf5, 0xfa, 0xf1, 0xfa};
    switch (below(16)) {
    case 0: put(below(256)); break;
    case 1: /* A jump, mostly to nowhere. */
        push();
        put(0x56 + below(2));
        break;
    case 2: case 3: put(0x80 + below(32)); break;
    case 4: case 5: put(1 + below(0x1e)); break;
    case 6: put(0x30 + below(0x1b)); break;
    case 7: put(0xf3); break;
    default:
        for (unsigned count = below(8); count > 0; count--) push();
        put(interesting[below(sizeof interesting)]);
    }
    if (below(3) == 0) put(0x5b);
}

static void make_up(void) {
    input_size = 0;
    for (int i = 0; i < HEADER; i++) put(below(256));
    if (below(4)) input[2] = 0; /* Nothing odd about the call. */
    if (below(2)) input[3] = 0; /* An honest host. */
    for (unsigned count = below(120); count > 0; count--) instruction();
}

static int replay(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    input_size = fread(input, 1, LIMIT, file);
    fclose(file);
    LLVMFuzzerTestOneInput(input, input_size);
    return 0;
}

int main(int count, char **words) {
    unsigned long long runs = 0, seed = 1;
    const char *keep = NULL;
    int replayed = 0;
    for (int i = 1; i < count; i++) {
        const char *next = i + 1 < count ? words[i + 1] : "";
        if (strcmp(words[i], "--runs") == 0) runs = strtoull(next, NULL, 10), i++;
        else if (strcmp(words[i], "--seed") == 0) seed = strtoull(next, NULL, 10), i++;
        else if (strcmp(words[i], "--keep") == 0) keep = next, i++;
        else if (replay(words[i])) return 1;
        else replayed++;
    }
    state = seed * 0x9e3779b97f4a7c15u | 1;
    for (unsigned long long run = 0; run < runs; run++) {
        make_up();
        if (keep != NULL) {
            FILE *file = fopen(keep, "wb");
            if (file == NULL || fwrite(input, 1, input_size, file) != input_size || fclose(file) != 0) {
                perror(keep);
                return 1;
            }
        }
        LLVMFuzzerTestOneInput(input, input_size);
    }
    printf("evm_fuzz: %d replayed, %llu made up\n", replayed, runs);
    return 0;
}
