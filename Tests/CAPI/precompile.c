/* duet_precompile.h: nothing is shared between calls, so nothing is kept of one. */
#include <malloc.h>

#include "check.h"
#include "duet_precompile.h"

static void call(uint8_t number, const uint8_t* input, size_t size) {
    uint8_t address[20] = { 0 };
    address[19] = number;
    duet_precompile_result_t result;
    EQUAL(duet_precompile(13, address, input, size, INT64_MAX, &result), DUET_PRECOMPILE_SUCCESS);
    duet_precompile_release(&result);
}

/* What a call takes of the heap has been given back when its result has, however long it took: BLAKE2F with 2^24 rounds. */
static void a_call_leaves_nothing_behind(void) {
    static uint8_t blake[213], zeros[384];
    for (int i = 0; i < 213; i++) blake[i] = (uint8_t)(i * 7);
    blake[0] = 0, blake[1] = 0, blake[2] = 0, blake[3] = 12;
    blake[212] = 1;
    /* The tables that are computed once, whatever is called, are there afterwards, and what the heap itself keeps. */
    for (int round = 0; round < 10; round++)
        for (uint8_t number = 1; number <= 9; number++) call(number, number == 9 ? blake : zeros, number == 9 ? 213 : number == 8 ? 192 : 128);
    const size_t before = mallinfo2().uordblks;
    blake[0] = 1, blake[3] = 0;
    call(9, blake, 213);
    EQUAL(mallinfo2().uordblks, before);
    for (uint8_t number = 1; number < 9; number++) call(number, zeros, number == 8 ? 192 : 128);
    EQUAL(mallinfo2().uordblks, before);
}

int main(void) {
    RUN(a_call_leaves_nothing_behind);
    return finish(__FILE__);
}
