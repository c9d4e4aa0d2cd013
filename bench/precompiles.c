/* Reads lines "number hexadecimal-input" and prints for each the microseconds of a call of that precompile at Osaka: the best of
 * several runs of about two milliseconds. `precompiles ROUNDS` */
#include <duet_precompile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static void call(unsigned number, const uint8_t *input, size_t size) {
    uint8_t address[20] = {0};
    duet_precompile_result_t result;
    address[18] = (uint8_t)(number >> 8);
    address[19] = (uint8_t)number;
    if (duet_precompile(14, address, input, size, INT64_MAX, &result) != DUET_PRECOMPILE_SUCCESS) {
        fprintf(stderr, "precompile %u failed\n", number);
        exit(1);
    }
    duet_precompile_release(&result);
}

int main(int count, char **arguments) {
    int rounds = count > 1 ? atoi(arguments[1]) : 20;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        char *hex;
        unsigned number = (unsigned)strtoul(line, &hex, 10);
        hex += strspn(hex, " ");
        size_t size = strcspn(hex, "\n") / 2;
        uint8_t *input = malloc(size + 1);
        for (size_t i = 0; i < size; i++) {
            char octet[3] = {hex[2 * i], hex[2 * i + 1], 0};
            input[i] = (uint8_t)strtoul(octet, NULL, 16);
        }
        double start = seconds();
        call(number, input, size);
        double once = seconds() - start, best = 1e9;
        int repeats = once > 2e-3 ? 1 : (int)(2e-3 / (once + 1e-7)) + 1;
        for (int round = 0; round < rounds; round++) {
            start = seconds();
            for (int i = 0; i < repeats; i++) call(number, input, size);
            double each = (seconds() - start) / repeats;
            if (each < best) best = each;
        }
        printf("%.3f\n", best * 1e6);
        free(input);
    }
    free(line);
    return 0;
}
