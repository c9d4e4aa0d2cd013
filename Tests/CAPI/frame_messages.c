/* The surface of evm_frame.h as the client of Besu's experiment uses it: its six tests, both layouts, callbacks, gas and ends. */
#include "frame.h"

static unsigned before_count, after_count;
static uint32_t seen_pc[64], seen_height[64], seen_next[64], seen_halt[64], seen_increment[64];
static int64_t seen_gas[64], seen_cost[64];
static uint64_t seen_top[64];

static void before(MessageFrameMemory* frame) {
    if (before_count < 64) {
        seen_pc[before_count] = frame->pc;
        seen_height[before_count] = frame->stack_size;
        seen_gas[before_count] = frame->gas_remaining;
        seen_top[before_count] = frame->stack_size ? stack_word((const Frame*)(const void*)frame, frame->stack_size - 1) : 0;
    }
    EQUAL(frame->state, FRAME_CODE_EXECUTING);
    before_count++;
}

static void after(MessageFrameMemory* frame, OperationResult* result) {
    if (after_count < 64) {
        seen_next[after_count] = frame->pc;
        seen_cost[after_count] = result->gas_cost;
        seen_halt[after_count] = result->halt_reason;
        seen_increment[after_count] = result->pc_increment;
    }
    after_count++;
    EQUAL(after_count, before_count);
}

static TracerCallbacks both = {before, after};
static int v2;

/* ---- The six tests ---- */

static void native_library_available(void) {
    execute_message(NULL, NULL);
    execute_message_v2(NULL, &both);
    EQUAL(duet_frame_execute(NULL, NULL, NULL), DUET_FRAME_ERR_NULL);
}

static void simple_execution(void) {
    Frame* f = new_frame(v2, "\x00", 1);
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(f->first.gas_remaining, 1000000);
    EQUAL(PART(f, v2, halt_reason), HALT_NONE);
    free(f);
}

static void stack_operation(void) {
    Frame* f = new_frame(v2, "\x01\x00", 2);
    set_stack_word(f, 0, 5);
    set_stack_word(f, 1, 3);
    f->first.stack_size = 2;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(f->first.stack_size, 1);
    EQUAL(stack_word(f, 0), 8);
    EQUAL(f->first.gas_remaining, 1000000 - 3);
    free(f);
}

static void out_of_gas(void) {
    Frame* f = new_frame(v2, "\x01\x00", 2);
    set_stack_word(f, 0, 5);
    set_stack_word(f, 1, 3);
    f->first.stack_size = 2;
    f->first.gas_remaining = 2;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
    EQUAL(PART(f, v2, halt_reason), HALT_INSUFFICIENT_GAS);
    EQUAL(f->first.gas_remaining, 0);
    EQUAL(f->first.pc, 0);
    EQUAL(f->first.stack_size, 2);
    free(f);
}

static void with_tracer_callbacks(void) {
    Frame* f = new_frame(v2, "\x60\x05\x60\x03\x01\x00", 6);
    before_count = after_count = 0;
    run_frame(f, v2, &both);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(before_count, 4);
    EQUAL(after_count, 4);
    const uint32_t pcs[4] = {0, 2, 4, 5}, nexts[4] = {2, 4, 5, 5}, heights[4] = {0, 1, 2, 1}, lengths[4] = {2, 2, 1, 1};
    const uint64_t tops[4] = {0, 5, 3, 8};
    for (int i = 0; i < 4; i++) {
        EQUAL(seen_pc[i], pcs[i]);
        EQUAL(seen_next[i], nexts[i]);
        EQUAL(seen_height[i], heights[i]);
        EQUAL(seen_top[i], tops[i]);
        EQUAL(seen_gas[i], 1000000 - 3 * i);
        EQUAL(seen_cost[i], i < 3 ? 3 : 0);
        EQUAL(seen_increment[i], lengths[i]);
        EQUAL(seen_halt[i], HALT_NONE);
    }
    free(f);
}

static void tracer_callback_performance(void) {
    Frame* f = new_frame(v2, "\x60\x05\x60\x03\x01\x00", 6);
    before_count = after_count = 0;
    for (int round = 0; round < 10000; round++) {
        if (v2) duet_frame_reset_v2(&f->second); else duet_frame_reset(&f->first);
        f->first.gas_remaining = 1000;
        run_frame(f, v2, &both);
    }
    EQUAL(f->first.gas_remaining, 991);
    EQUAL(before_count, 40000);
    EQUAL(after_count, 40000);
    free(f);
}

/* ---- More of them ---- */

static void one_callback_of_two(void) {
    TracerCallbacks first = {before, NULL}, second = {NULL, after};
    Frame* f = new_frame(v2, "\x60\x05\x00", 3);
    before_count = after_count = 0;
    run_frame(f, v2, &first);
    EQUAL(before_count, 2);
    EQUAL(after_count, 0);
    if (v2) duet_frame_reset_v2(&f->second); else duet_frame_reset(&f->first);
    after_count = 0; before_count = 1;
    second.trace_post_execution = NULL;
    run_frame(f, v2, &second);
    EQUAL(after_count, 0);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    free(f);
}

/* JUMP has no increment, JUMPI only where it falls through; a failing instruction has its cost and its reason. */
static void callbacks_tell_of_jumps_and_faults(void) {
    /* PUSH1 4 JUMP INVALID JUMPDEST PUSH1 0 PUSH1 0 JUMPI ADD */
    Frame* f = new_frame(v2, "\x60\x04\x56\xfe\x5b\x60\x00\x60\x00\x57\x01", 11);
    before_count = after_count = 0;
    run_frame(f, v2, &both);
    EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
    EQUAL(PART(f, v2, halt_reason), HALT_INSUFFICIENT_STACK_ITEMS);
    EQUAL(before_count, 7);
    EQUAL(seen_increment[1], 0);
    EQUAL(seen_next[1], 4);
    EQUAL(seen_cost[1], 8);
    EQUAL(seen_increment[5], 1);
    EQUAL(seen_cost[5], 10);
    EQUAL(seen_halt[5], HALT_NONE);
    EQUAL(seen_halt[6], HALT_INSUFFICIENT_STACK_ITEMS);
    EQUAL(f->first.pc, 10);
    free(f);
}

/* Words that SWAP, DUP and arithmetic touch deep in the stack are in the frame before the next callback. */
static void callbacks_see_the_whole_stack(void) {
    /* PUSH1 1 … PUSH1 4, SWAP3, DUP4, ADD, POP, STOP */
    Frame* f = new_frame(v2, "\x60\x01\x60\x02\x60\x03\x60\x04\x92\x83\x01\x50\x00", 13);
    before_count = after_count = 0;
    run_frame(f, v2, &both);
    EQUAL(before_count, 9);
    EQUAL(seen_top[5], 1); /* behind SWAP3: 4 2 3 1 */
    EQUAL(seen_top[6], 4); /* DUP4 */
    EQUAL(seen_top[7], 5);
    EQUAL(seen_top[8], 3);
    EQUAL(f->first.stack_size, 3);
    EQUAL(stack_word(f, 0), 4);
    EQUAL(stack_word(f, 1), 2);
    EQUAL(stack_word(f, 2), 3);
    free(f);
}

/* RETURN: what fits goes to the output area, the rest is shown where it lies. Memory is the frame's own, its dirt never shows. */
static void output_and_memory(void) {
    /* PUSH1 0x11 PUSH1 64 MSTORE8, PUSH1 size, PUSH1 63 RETURN */
    Frame* f = new_frame(v2, "\x60\x11\x60\x40\x53\x60\x05\x60\x3f\xf3", 10);
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(f->first.memory_size, 96);
    EQUAL(PART(f, v2, output_size), 5);
    EQUAL(f->first.output_ptr, AT_OUTPUT);
    CHECK(memcmp(f->octets + AT_OUTPUT, "\x00\x11\x00\x00\x00", 5) == 0);
    for (int i = 0; i < 96; i++) EQUAL(f->octets[AT_MEMORY + i], i == 64 ? 0x11 : 0);
    free(f);
    /* 512 octets do not fit the area of 256. PUSH1 0x22 PUSH1 0 MSTORE8 PUSH2 512 PUSH1 0 REVERT */
    f = new_frame(v2, "\x60\x22\x60\x00\x53\x61\x02\x00\x60\x00\xfd", 11);
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_REVERT);
    EQUAL(PART(f, v2, output_size), 512);
    EQUAL(f->first.output_ptr, AT_MEMORY);
    EQUAL(f->octets[f->first.output_ptr], 0x22);
    CHECK(f->first.gas_remaining > 999000);
    free(f);
}

/* The header's fields reach the code: each instruction that shows one returns it. */
static uint64_t shown(int layout, const char* code, size_t size, uint8_t word[32]) {
    uint8_t octets[64];
    memcpy(octets, code, size);
    memcpy(octets + size, "\x60\x00\x52\x60\x20\x60\x00\xf3", 8); /* MSTORE at 0, RETURN 32 octets */
    Frame* f = new_frame(layout, octets, size + 8);
    for (int i = 0; i < 100; i++) f->octets[(layout ? 164 : 144) + i] = (uint8_t)(1 + i / 20);
    memset(PART(f, layout, value), 0x66, 32);
    memset(PART(f, layout, apparent_value), 0x77, 32);
    memset(PART(f, layout, gas_price), 0x88, 32);
    PART(f, layout, input_size) = 3;
    memcpy(f->octets + AT_INPUT, "\x31\x32\x33", 3);
    f->first.depth = 7;
    duet_frame_extension_t* e = extension_of(f);
    e->block_number = 101;
    e->block_timestamp = 102;
    e->block_gas_limit = 103;
    e->prev_randao[31] = 104;
    e->chain_id[31] = 105;
    e->base_fee[31] = 106;
    e->blob_base_fee[31] = 107;
    e->blob_hashes_ptr = AT_ANSWER;
    e->blob_hash_count = 2;
    memset(f->octets + AT_ANSWER, 0x5a, 32);
    memset(f->octets + AT_ANSWER + 32, 0x5b, 32);
    run_frame(f, layout, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    memcpy(word, f->octets + AT_OUTPUT, 32);
    uint64_t low = word[31];
    free(f);
    return low;
}

static void fields(void) {
    uint8_t word[32];
    EQUAL(shown(v2, "\x30", 1, word), 1); /* ADDRESS: recipient */
    CHECK(word[11] == 0 && word[12] == 1);
    EQUAL(shown(v2, "\x33", 1, word), 2); /* CALLER: sender */
    EQUAL(shown(v2, "\x32", 1, word), 4); /* ORIGIN */
    EQUAL(shown(v2, "\x41", 1, word), 5); /* COINBASE */
    EQUAL(shown(v2, "\x34", 1, word), 0x77); /* CALLVALUE: the apparent value */
    CHECK(word[0] == 0x77);
    EQUAL(shown(v2, "\x3a", 1, word), 0x88); /* GASPRICE */
    EQUAL(shown(v2, "\x36", 1, word), 3); /* CALLDATASIZE */
    EQUAL(shown(v2, "\x5f\x35", 2, word), 0); /* CALLDATALOAD */
    CHECK(word[0] == 0x31 && word[2] == 0x33 && word[3] == 0);
    EQUAL(shown(v2, "\x38", 1, word), 9); /* CODESIZE */
    EQUAL(shown(v2, "\x43", 1, word), 101);
    EQUAL(shown(v2, "\x42", 1, word), 102);
    EQUAL(shown(v2, "\x45", 1, word), 103);
    EQUAL(shown(v2, "\x44", 1, word), 104);
    EQUAL(shown(v2, "\x46", 1, word), 105);
    EQUAL(shown(v2, "\x48", 1, word), 106);
    EQUAL(shown(v2, "\x4a", 1, word), 107);
    EQUAL(shown(v2, "\x60\x01\x49", 3, word), 0x5b); /* BLOBHASH 1 */
    EQUAL(shown(v2, "\x60\x02\x49", 3, word), 0);
}

/* Every reason that code can have for a halt, and the instruction at which it halts; of a jump to no JUMPDEST also behind others that are executed
 * with it. */
static void halts(void) {
    static const struct { const char* code; size_t size; uint32_t pc, reason, is_static; } cases[] = {
        {"\x01", 1, 0, HALT_INSUFFICIENT_STACK_ITEMS, 0}, {"\xfe", 1, 0, HALT_INVALID_OPERATION, 0}, {"\x0c", 1, 0, HALT_INVALID_OPERATION, 0},
        {"\x60\x01\x5f\x5f\x3e", 5, 4, HALT_INVALID_RETURN_DATA_BUFFER_ACCESS, 0}, {"\x5b\x5f\x5f\x56", 4, 2, HALT_TOO_MANY_STACK_ITEMS, 0},
        {"\x5f\x5f\x55", 3, 2, HALT_ILLEGAL_STATE_CHANGE, 1}, {"\x5f\x5f\xa0", 3, 2, HALT_ILLEGAL_STATE_CHANGE, 1},
        {"\x5f\x60\x01\x60\x40\x1b\x52", 7, 6, HALT_INSUFFICIENT_GAS, 0},
        /* PUSH0 JUMP; PUSH2 beyond the code; a target above 64 bits; into push data; JUMPI */
        {"\x5f\x56", 2, 1, HALT_INVALID_JUMP_DESTINATION, 0}, {"\x61\xff\xff\x56", 4, 3, HALT_INVALID_JUMP_DESTINATION, 0},
        {"\x68\x01\0\0\0\0\0\0\0\0\x56", 11, 10, HALT_INVALID_JUMP_DESTINATION, 0}, {"\x61\x5b\x04\x60\x01\x56", 6, 5, HALT_INVALID_JUMP_DESTINATION, 0},
        {"\x60\x01\x60\x03\x57", 5, 4, HALT_INVALID_JUMP_DESTINATION, 0},
        /* POP JUMP; POP POP JUMP; SWAP1 JUMP; SWAP2 SWAP1 POP JUMP; SWAP3 SWAP2 POP POP JUMP; PUSH1 DUP2 SWAP1 POP before SWAP2 SWAP1 POP JUMP */
        {"\x60\x03\x5f\x50\x56", 5, 4, HALT_INVALID_JUMP_DESTINATION, 0}, {"\x60\x03\x5f\x5f\x50\x50\x56", 7, 6, HALT_INVALID_JUMP_DESTINATION, 0},
        {"\x60\x05\x60\x01\x90\x56", 6, 5, HALT_INVALID_JUMP_DESTINATION, 0},
        {"\x60\x05\x60\x01\x60\x02\x91\x90\x50\x56", 10, 9, HALT_INVALID_JUMP_DESTINATION, 0},
        {"\x60\x05\x60\x01\x60\x02\x60\x03\x92\x91\x50\x50\x56", 13, 12, HALT_INVALID_JUMP_DESTINATION, 0},
        {"\x60\x04\x60\x01\x60\x00\x81\x90\x50\x91\x90\x50\x56", 13, 12, HALT_INVALID_JUMP_DESTINATION, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* Long code is in the cache from the second time on. */
        for (int turn = 0; turn < 4; turn++) {
            uint8_t code[400] = {0};
            memcpy(code, cases[i].code, cases[i].size);
            Frame* f = new_frame(v2, code, turn == 0 ? cases[i].size : sizeof code);
            f->first.is_static = cases[i].is_static;
            run_frame(f, v2, NULL);
            EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
            EQUAL(PART(f, v2, halt_reason), cases[i].reason);
            EQUAL(f->first.pc, cases[i].pc);
            EQUAL(f->first.gas_remaining, 0);
            EQUAL(extension_of(f)->error, DUET_FRAME_OK);
            free(f);
        }
    }
}

/* A frame goes on from any pc, with whatever stack and memory it has. */
static void starts_in_the_middle(void) {
    /* INVALID JUMPDEST PUSH1 0 MLOAD ADD PUSH1 0 MSTORE JUMPDEST STOP; start at 1, and in the middle of a block at 2 */
    for (uint32_t start = 1; start <= 2; start++) {
        Frame* f = new_frame(v2, "\xfe\x5b\x60\x00\x51\x01\x60\x00\x52\x5b\x00", 11);
        f->first.pc = start;
        f->first.state = FRAME_CODE_EXECUTING;
        set_stack_word(f, 0, 40);
        f->first.stack_size = 1;
        memset(f->octets + AT_MEMORY, 0, 32);
        f->octets[AT_MEMORY + 31] = 2;
        f->first.memory_size = 32;
        f->first.gas_refund = 77;
        run_frame(f, v2, NULL);
        EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
        EQUAL(f->octets[AT_MEMORY + 31], 42);
        EQUAL(f->first.stack_size, 0);
        EQUAL(f->first.gas_refund, 77);
        EQUAL(f->first.gas_remaining, 1000000 - 3 - 3 - 3 - 3 - 3 - 1 - (start == 1));
        EQUAL(f->first.pc, 10);
        free(f);
    }
}

/* The same frame again and again, with and without a resident one, with code of every kind of length. */
static void resident(void) {
    duet_frame_t* kept = duet_frame_create();
    NEED(kept != NULL);
    for (size_t size = 1; size < 2000; size = size * 3 + 1) {
        uint8_t* code = (uint8_t*)malloc(size);
        NEED(code != NULL);
        for (int change = 0; change < 2; change++) {
            memset(code, 0x5b, size);
            if (change) code[0] = 0x5f;
            Frame* f = new_frame(v2, code, size);
            for (int round = 0; round < 4; round++) {
                if (v2) duet_frame_reset_v2(&f->second); else duet_frame_reset(&f->first);
                f->first.gas_remaining = 1000000;
                EQUAL(v2 ? duet_frame_execute_v2(kept, &f->second, NULL) : duet_frame_execute(kept, &f->first, NULL), DUET_FRAME_OK);
                EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
                EQUAL(f->first.gas_remaining, 1000000 - (int64_t)size - change);
                EQUAL(f->first.stack_size, change);
            }
            /* One that has ended is not run again. */
            EQUAL(v2 ? duet_frame_execute_v2(kept, &f->second, NULL) : duet_frame_execute(kept, &f->first, NULL), DUET_FRAME_ERR_STATE);
            EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
            free(f);
        }
        free(code);
    }
    duet_frame_destroy(kept);
    duet_frame_destroy(NULL);
}

int main(void) {
    cache_at_once();
    RUN(native_library_available);
    for (v2 = 0; v2 < 2; v2++) {
        RUN(simple_execution);
        RUN(stack_operation);
        RUN(out_of_gas);
        RUN(with_tracer_callbacks);
        RUN(tracer_callback_performance);
        RUN(one_callback_of_two);
        RUN(callbacks_tell_of_jumps_and_faults);
        RUN(callbacks_see_the_whole_stack);
        RUN(output_and_memory);
        RUN(fields);
        RUN(halts);
        RUN(starts_in_the_middle);
        RUN(resident);
    }
    return finish(__FILE__);
}
