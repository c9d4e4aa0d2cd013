/* Times precompiles of build/libpvm.a. Reads lines "NAME NUMBER INPUT" (INPUT in hexadecimal, "-" for none), which belong together
 * where the name is the same, and prints "NAME MICROSECONDS" for one round through all inputs of a name; the best of ROUNDS
 * rounds. With a name of "keccak" or "sha256" and the number 0 it prints octets per second and per tick of the time stamp counter
 * over a message of that many octets as INPUT says in decimal. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#define TICKS() __rdtsc()
#else
#define TICKS() 0
#endif
#include "duet_precompile.h"

enum { OSAKA = 14, MAX_INPUTS = 256 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* a busy machine takes the processor away in between */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct input { uint8_t address[20]; uint8_t *octets; size_t size; };
static struct input inputs[MAX_INPUTS];
static int count;

static void call(const struct input *input) {
    duet_precompile_result_t result;
    if (duet_precompile(OSAKA, input->address, input->octets, input->size, INT64_MAX, &result) != DUET_PRECOMPILE_SUCCESS) {
        fprintf(stderr, "a call failed\n");
        exit(1);
    }
    duet_precompile_release(&result);
}

static void time_group(const char *name, int rounds) {
    double best = 1e9;
    if (count == 0) return;
    for (int i = 0; i < count; i++) call(&inputs[i]);
    double once = now();
    for (int i = 0; i < count; i++) call(&inputs[i]);
    once = now() - once;
    int repeat = once > 1e-3 ? 1 : (int)(1e-3 / (once + 1e-9)) + 1;
    for (int round = 0; round < rounds; round++) {
        double start = now();
        for (int k = 0; k < repeat; k++)
            for (int i = 0; i < count; i++) call(&inputs[i]);
        double time = (now() - start) / repeat;
        if (time < best) best = time;
    }
    printf("%s %.3f\n", name, best * 1e6);
    for (int i = 0; i < count; i++) free(inputs[i].octets);
    count = 0;
}

static void throughput(const char *name, size_t size, int rounds) {
    uint8_t *message = calloc(1, size + 1), digest[32], sha[20] = {0};
    double best = 1e9, ticks = 1e18;
    sha[19] = 2;
    for (int round = 0; round < rounds; round++) {
        double start = now();
        unsigned long long first = TICKS();
        for (int k = 0; k < 16; k++) {
            if (strcmp(name, "keccak") == 0) {
                duet_keccak256(message, size, digest);
            } else {
                duet_precompile_result_t result;
                duet_precompile(OSAKA, sha, message, size, INT64_MAX, &result);
                duet_precompile_release(&result);
            }
        }
        double t = (double)(TICKS() - first), seconds = now() - start;
        if (seconds < best) best = seconds;
        if (t < ticks) ticks = t;
    }
    printf("%s %.1f %.4f\n", name, 16.0 * (double)size / best / 1e6, 16.0 * (double)size / ticks);
    free(message);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 30;
    static char line[1 << 20], name[64], last[64], text[1 << 20];
    while (fgets(line, sizeof line, stdin)) {
        unsigned number;
        if (sscanf(line, "%63s %u %1048575s", name, &number, text) != 3) return 2;
        if (strcmp(name, last) != 0) time_group(last, rounds);
        strcpy(last, name);
        if (number == 0) {
            throughput(name, (size_t)strtoul(text, NULL, 10), rounds);
            continue;
        }
        if (count == MAX_INPUTS) return 2;
        struct input *input = &inputs[count++];
        memset(input->address, 0, 20);
        input->address[18] = (uint8_t)(number >> 8), input->address[19] = (uint8_t)number;
        input->size = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
        input->octets = malloc(input->size + 1);
        for (size_t i = 0; i < input->size; i++) {
            unsigned octet;
            sscanf(text + 2 * i, "%2x", &octet);
            input->octets[i] = (uint8_t)octet;
        }
    }
    time_group(last, rounds);
    return 0;
}
