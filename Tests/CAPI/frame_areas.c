/* Layouts field by field, and frames that are wrong: an error or a halt, never an access outside the segment, which lies between
 * pages without rights. */
#define _DEFAULT_SOURCE
#include <stddef.h>
#include <sys/mman.h>
#include "frame.h"

#define FIELD(type, name, offset, octets) \
    do { EQUAL(offsetof(type, name), offset); EQUAL(sizeof(((type*)0)->name), octets); } while (0)

/* The table of the experiment's document. */
static void first_layout(void) {
    typedef MessageFrameMemory T;
    FIELD(T, pc, 0x00, 4); FIELD(T, section, 0x04, 4); FIELD(T, gas_remaining, 0x08, 8); FIELD(T, gas_refund, 0x10, 8);
    FIELD(T, stack_size, 0x18, 4); FIELD(T, memory_size, 0x1c, 4); FIELD(T, state, 0x20, 4); FIELD(T, type, 0x24, 4);
    FIELD(T, is_static, 0x28, 4); FIELD(T, depth, 0x2c, 4);
    FIELD(T, stack_ptr, 0x30, 8); FIELD(T, memory_ptr, 0x38, 8); FIELD(T, code_ptr, 0x40, 8); FIELD(T, input_ptr, 0x48, 8);
    FIELD(T, output_ptr, 0x50, 8); FIELD(T, return_data_ptr, 0x58, 8); FIELD(T, logs_ptr, 0x60, 8); FIELD(T, warm_addresses_ptr, 0x68, 8);
    FIELD(T, code_size, 0x70, 4); FIELD(T, input_size, 0x74, 4); FIELD(T, output_size, 0x78, 4); FIELD(T, return_data_size, 0x7c, 4);
    FIELD(T, log_count, 0x80, 4); FIELD(T, warm_address_count, 0x84, 4); FIELD(T, self_destruct_count, 0x88, 4); FIELD(T, created_count, 0x8c, 4);
    FIELD(T, recipient, 0x90, 20); FIELD(T, sender, 0xa4, 20); FIELD(T, contract, 0xb8, 20); FIELD(T, originator, 0xcc, 20);
    FIELD(T, mining_beneficiary, 0xe0, 20);
    FIELD(T, value, 0xf4, 32); FIELD(T, apparent_value, 0x114, 32); FIELD(T, gas_price, 0x134, 32); FIELD(T, halt_reason, 0x154, 4);
    FIELD(T, extension_ptr, 0x170, 8); FIELD(T, segment_size, 0x178, 8);
    EQUAL(sizeof(T), 384);
}

/* That of its later header. */
static void second_layout(void) {
    typedef MessageFrameMemoryV2 T;
    FIELD(T, pc, 0, 4); FIELD(T, section, 4, 4); FIELD(T, gas_remaining, 8, 8); FIELD(T, gas_refund, 16, 8); FIELD(T, stack_size, 24, 4);
    FIELD(T, memory_size, 28, 4); FIELD(T, state, 32, 4); FIELD(T, type, 36, 4); FIELD(T, is_static, 40, 4); FIELD(T, depth, 44, 4);
    FIELD(T, stack_ptr, 48, 8); FIELD(T, memory_ptr, 56, 8); FIELD(T, code_ptr, 64, 8); FIELD(T, input_ptr, 72, 8); FIELD(T, output_ptr, 80, 8);
    FIELD(T, return_data_ptr, 88, 8); FIELD(T, logs_ptr, 96, 8); FIELD(T, warm_addresses_ptr, 104, 8); FIELD(T, storage_ptr, 112, 8);
    FIELD(T, witness_ptr, 120, 8);
    FIELD(T, code_size, 128, 4); FIELD(T, input_size, 132, 4); FIELD(T, output_size, 136, 4); FIELD(T, return_data_size, 140, 4);
    FIELD(T, log_count, 144, 4); FIELD(T, warm_address_count, 148, 4); FIELD(T, warm_storage_count, 152, 4); FIELD(T, storage_slot_count, 156, 4);
    FIELD(T, max_storage_slots, 160, 4);
    FIELD(T, recipient, 164, 20); FIELD(T, sender, 184, 20); FIELD(T, contract, 204, 20); FIELD(T, originator, 224, 20);
    FIELD(T, mining_beneficiary, 244, 20);
    FIELD(T, value, 264, 32); FIELD(T, apparent_value, 296, 32); FIELD(T, gas_price, 328, 32); FIELD(T, halt_reason, 360, 4);
    FIELD(T, extension_ptr, 368, 8); FIELD(T, segment_size, 376, 8);
    EQUAL(sizeof(T), 384);
}

static void areas_of_the_layouts(void) {
    FIELD(duet_frame_slot_t, address, 0, 20); FIELD(duet_frame_slot_t, key, 20, 32); FIELD(duet_frame_slot_t, value, 52, 32);
    FIELD(duet_frame_slot_t, original, 84, 32); FIELD(duet_frame_slot_t, is_warm, 116, 1);
    EQUAL(sizeof(duet_frame_slot_t), 124);
    FIELD(duet_frame_account_t, address, 0, 20); FIELD(duet_frame_account_t, balance, 20, 32); FIELD(duet_frame_account_t, nonce, 56, 8);
    FIELD(duet_frame_account_t, code_hash, 64, 32); FIELD(duet_frame_account_t, code_size, 96, 4);
    FIELD(duet_frame_account_t, code_offset, 104, 8); FIELD(duet_frame_account_t, is_warm, 112, 1);
    EQUAL(sizeof(duet_frame_account_t), 128);
    FIELD(duet_frame_witness_t, account_count, 0, 4); FIELD(duet_frame_witness_t, accounts_ptr, 8, 8); FIELD(duet_frame_witness_t, code_count, 16, 4);
    FIELD(duet_frame_witness_t, codes_ptr, 24, 8); FIELD(duet_frame_witness_t, codes_size, 32, 8); FIELD(duet_frame_witness_t, storage_count, 40, 4);
    FIELD(duet_frame_witness_t, max_storage, 44, 4); FIELD(duet_frame_witness_t, storage_ptr, 48, 8);
    FIELD(OperationResult, gas_cost, 0, 8); FIELD(OperationResult, halt_reason, 8, 4); FIELD(OperationResult, pc_increment, 12, 4);
    FIELD(TracerCallbacks, trace_pre_execution, 0, 8); FIELD(TracerCallbacks, trace_post_execution, 8, 8);
}

static int v2;

static void expect(Frame* f, duet_frame_error_t error) {
    const Frame before = *f;
    EQUAL(v2 ? duet_frame_execute_v2(NULL, &f->second, NULL) : duet_frame_execute(NULL, &f->first, NULL), error);
    CHECK(strlen(duet_frame_error_message(error)) > 5);
    if (error == DUET_FRAME_ERR_STATE) {
        CHECK(memcmp(&before, f, sizeof before) == 0);
    } else {
        EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
        EQUAL(PART(f, v2, halt_reason), HALT_OUT_OF_BOUNDS);
        EQUAL(f->first.stack_size, before.first.stack_size);
    }
    free(f);
}

static Frame* good(void) { return new_frame(v2, "\x5f\x00", 2); }

/* Each thing that can be wrong, alone. */
static void wrong_frames(void) {
    Frame* f = good(); run_frame(f, v2, NULL); EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS); free(f);
    uint64_t Frame_pointers[] = {offsetof(MessageFrameMemory, stack_ptr), offsetof(MessageFrameMemory, memory_ptr), offsetof(MessageFrameMemory, code_ptr),
        offsetof(MessageFrameMemory, output_ptr), offsetof(MessageFrameMemory, return_data_ptr), offsetof(MessageFrameMemory, logs_ptr),
        offsetof(MessageFrameMemory, warm_addresses_ptr), offsetof(MessageFrameMemory, extension_ptr)};
    const uint64_t places[] = {1, 8, 383, SEGMENT + 1, SEGMENT + 8, (uint64_t)1 << 40, UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63};
    for (size_t i = 0; i < sizeof Frame_pointers / sizeof *Frame_pointers; i++)
        for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
            f = good();
            memcpy(f->octets + Frame_pointers[i], &places[k], 8);
            expect(f, i == 0 ? DUET_FRAME_ERR_STACK : DUET_FRAME_ERR_AREA);
        }
    f = good(); f->first.stack_ptr = 0; expect(f, DUET_FRAME_ERR_STACK);
    f = good(); f->first.memory_ptr = AT_STACK + FRAME_STACK_AREA - 1; expect(f, DUET_FRAME_ERR_STACK);
    f = good(); f->first.stack_size = 1025; expect(f, DUET_FRAME_ERR_STACK);
    f = good(); f->first.memory_size = 31; expect(f, DUET_FRAME_ERR_MEMORY);
    f = good(); f->first.memory_size = 0xffffffe0; expect(f, DUET_FRAME_ERR_MEMORY);
    f = good(); f->first.memory_size = MEMORY_ROOM + 32; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); f->first.memory_ptr = 0; f->first.memory_size = 32; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); PART(f, v2, code_size) = SEGMENT - AT_CODE + 1; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); PART(f, v2, code_size) = UINT32_MAX; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); PART(f, v2, input_size) = SEGMENT - AT_INPUT + 1; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); f->first.input_ptr = 0; PART(f, v2, input_size) = 1; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); PART(f, v2, return_data_size) = UINT32_MAX; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); PART(f, v2, warm_address_count) = (SEGMENT - AT_WARM) / 20 + 1; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); f->first.segment_size = 383; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); f->first.segment_size = UINT64_MAX; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); f->first.extension_ptr = AT_EXTENSION + 4; expect(f, DUET_FRAME_ERR_EXTENSION);
    f = good(); extension_of(f)->struct_size--; expect(f, DUET_FRAME_ERR_EXTENSION);
    f = good(); extension_of(f)->revision = EVMC_MAX_REVISION + 1; expect(f, DUET_FRAME_ERR_REVISION);
    f = good(); extension_of(f)->blob_hash_count = UINT64_MAX; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); extension_of(f)->blob_hash_count = 1; extension_of(f)->blob_hashes_ptr = SEGMENT - 31; expect(f, DUET_FRAME_ERR_AREA);
    struct evmc_host_interface none;
    memset(&none, 0, sizeof none);
    f = good(); extension_of(f)->host = &none; expect(f, DUET_FRAME_ERR_HOST);
    f = good(); f->first.gas_remaining = -1; expect(f, DUET_FRAME_ERR_VALUE);
    f = good(); f->first.depth = 1025; expect(f, DUET_FRAME_ERR_VALUE);
    f = good(); f->first.pc = 3; expect(f, DUET_FRAME_ERR_VALUE);
    f = good(); f->first.section = 1; expect(f, DUET_FRAME_ERR_VALUE);
    const uint32_t states[] = {FRAME_CODE_SUCCESS, FRAME_EXCEPTIONAL_HALT, FRAME_REVERT, FRAME_COMPLETED_FAILED, FRAME_COMPLETED_SUCCESS, 8, UINT32_MAX};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) { f = good(); f->first.state = states[i]; expect(f, DUET_FRAME_ERR_STATE); }
    f = good(); f->first.memory_ptr = AT_EXTENSION; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); f->first.memory_ptr = AT_EXTENSION + 8; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); f->first.logs_ptr = AT_EXTENSION + sizeof(duet_frame_extension_t) - 8; expect(f, DUET_FRAME_ERR_AREA);
    f = good(); f->first.state = FRAME_CODE_SUSPENDED; extension_of(f)->request.kind = DUET_ASK_CALL; extension_of(f)->answer_count = 9; expect(f, DUET_FRAME_ERR_ANSWER);
    if (v2) {
        f = good(); f->second.storage_ptr = AT_ANSWER; f->second.max_storage_slots = 1000; expect(f, DUET_FRAME_ERR_AREA);
        f = good(); f->second.storage_slot_count = 1; expect(f, DUET_FRAME_ERR_AREA);
        f = good(); f->second.witness_ptr = SEGMENT - 55; expect(f, DUET_FRAME_ERR_AREA);
    }
    char* octets = (char*)calloc(1, 1000);
    EQUAL(duet_frame_execute(NULL, (MessageFrameMemory*)(void*)(octets + 4), NULL), DUET_FRAME_ERR_AREA);
    free(octets);
    EQUAL(strcmp(duet_frame_error_message((duet_frame_error_t)99), "unknown error"), 0);
}

/* Without a segment size areas reach to the next one, as the experiment's layout has them. */
static void unknown_size(void) {
    /* MSTORE at 4064 fits the area of 4096, at 4065 it does not. */
    for (unsigned offset = 4064; offset <= 4065; offset++) {
        uint8_t code[6] = {0x5f, 0x61, (uint8_t)(offset >> 8), (uint8_t)offset, 0x52, 0x00};
        Frame* f = new_frame(v2, code, sizeof code);
        f->first.segment_size = 0;
        run_frame(f, v2, NULL);
        EQUAL(f->first.state, offset == 4064 ? FRAME_COMPLETED_SUCCESS : FRAME_EXCEPTIONAL_HALT);
        EQUAL(extension_of(f)->error, offset == 4064 ? DUET_FRAME_OK : DUET_FRAME_ERR_GROW);
        free(f);
    }
}

/* Headers and code at random, in a segment with nothing before and behind it. */
static uint64_t seed = 88172645463325252u;
static uint64_t dice(uint64_t sides) { seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17; return seed % sides; }

static void random_frames(void) {
    const size_t room = (SEGMENT + 4095) & ~(size_t)4095;
    uint8_t* pages = (uint8_t*)mmap(NULL, room + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(pages != (uint8_t*)MAP_FAILED && mprotect(pages + 4096, room, PROT_READ | PROT_WRITE) == 0);
    static const uint8_t common[] = {0x5f, 0x60, 0x61, 0x52, 0x51, 0x53, 0x37, 0x39, 0x3e, 0xf1, 0xf0, 0x54, 0x55, 0x31, 0x3b, 0xa1, 0x5b, 0x80, 0x90, 0xf3};
    unsigned ends[8] = {0};
    for (int round = 0; round < 60000; round++) {
        uint8_t code[64];
        for (size_t i = 0; i < sizeof code; i++) code[i] = (uint8_t)(dice(3) ? common[dice(sizeof common)] : dice(256));
        Frame* f = new_frame(v2, code, sizeof code);
        f->first.gas_remaining = (int64_t)dice(200000);
        f->first.stack_size = (uint32_t)dice(20);
        for (unsigned i = 0; i < f->first.stack_size; i++) set_stack_word(f, i, dice(dice(2) ? 100 : 40000));
        for (uint64_t changes = dice(4); changes > 0; changes--) {
            const uint64_t values[] = {0, 1, 8, 32, 384, AT_STACK, AT_MEMORY, AT_CODE, SEGMENT - 64, SEGMENT - 8, SEGMENT, UINT64_MAX, dice(SEGMENT), dice(SEGMENT) & ~(uint64_t)7, (uint64_t)1 << dice(64)};
            const uint64_t value = values[dice(15)];
            const size_t at = dice(2) ? 48 + 8 * (size_t)dice(10) : 4 * (size_t)dice(96);
            memcpy(f->octets + at, &value, dice(2) ? 4 : 8);
            if (dice(3) == 0) memcpy(f->octets + AT_EXTENSION + 4 * (size_t)dice(sizeof(duet_frame_extension_t) / 4), &value, 4);
        }
        /* What only the client can vouch for. */
        duet_frame_extension_t* e = extension_of(f);
        e->host = NULL; e->grow = NULL; e->trace = NULL;
        f->first.segment_size = dice(50) ? (uint64_t)SEGMENT : dice(SEGMENT);
        uint8_t* place = pages + 4096 + (room - SEGMENT) / 8 * 8;
        memcpy(place, f, SEGMENT);
        for (int again = 0; again < 4; again++) {
            if (v2) execute_message_v2((MessageFrameMemoryV2*)(void*)place, NULL); else execute_message((MessageFrameMemory*)(void*)place, NULL);
            Frame* g = (Frame*)(void*)place;
            if (g->first.state < 8) ends[g->first.state]++;
            if (g->first.state != FRAME_CODE_SUSPENDED || g->first.extension_ptr != AT_EXTENSION) break;
            duet_frame_request_t* r = &extension_of(g)->request;
            r->answered = 1;
            r->number = (int64_t)dice(2);
            r->output_ptr = dice(2) ? (uint64_t)AT_ANSWER : dice(SEGMENT);
            r->output_size = dice(100);
            r->gas_left = r->gas ? (int64_t)dice((uint64_t)r->gas) : 0;
        }
        free(f);
    }
    CHECK(ends[FRAME_COMPLETED_SUCCESS] > 100 && ends[FRAME_EXCEPTIONAL_HALT] > 100 && ends[FRAME_CODE_SUSPENDED] > 100);
    munmap(pages, room + 8192);
}

int main(void) {
    cache_at_once();
    RUN(first_layout);
    RUN(second_layout);
    RUN(areas_of_the_layouts);
    for (v2 = 0; v2 < 2; v2++) {
        RUN(wrong_frames);
        RUN(unknown_size);
        RUN(random_frames);
    }
    return finish(__FILE__);
}
