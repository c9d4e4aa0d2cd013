/* Traces in batches of message frames: each instruction has one record, however often the frame is suspended in it. */
#include "frame.h"

static duet_evm_record_t seen[64];
static size_t seen_count, flushes;

static void keep(void* context, const void* records, size_t count) {
    (void)context;
    NEED(seen_count + count <= 64);
    memcpy(seen + seen_count, records, count * sizeof *seen);
    seen_count += count;
    flushes++;
}

static unsigned calls_back;
static void before(MessageFrameMemory* frame) { (void)frame; calls_back++; }

/* Runs to the end and answers every question. Gives how often it was suspended. */
static unsigned run_with_answers(Frame* f, int v2, TracerCallbacks* callbacks, unsigned* of_call) {
    unsigned suspended = 0;
    *of_call = 0;
    for (;;) {
        run_frame(f, v2, callbacks);
        if (f->first.state != FRAME_CODE_SUSPENDED || suspended > 30) return suspended;
        suspended++;
        duet_frame_request_t* r = &extension_of(f)->request;
        if (r->kind == DUET_ASK_CALL) ++*of_call;
        r->answered = 1;
        r->number = 1;
        r->status = EVMC_SUCCESS;
        r->gas_left = r->kind == DUET_ASK_CALL ? r->gas - 10 : 0;
    }
}

static void each_instruction_once(void) {
    static const uint8_t code[] = {
        0x60, 1, 0x54, 0x50,                                       /* SLOAD 1, POP */
        0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x60, 9, 0x61, 0x10, 0, 0xf1, /* CALL of account 9 with 4096 gas */
        0x50, 0x60, 2, 0x60, 3, 0x55, 0x00,                        /* SSTORE 3, 2; STOP */
    };
    static const uint8_t pcs[] = {0, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14, 15, 16, 18, 20, 21};
    static uint64_t buffer[6 * 16];
    for (int v2 = 0; v2 < 2; v2++)
        for (size_t room = 1; room <= 16; room += 5) {
            Frame* f = new_frame(v2, code, sizeof code);
            duet_trace_t trace;
            duet_trace_init(&trace, buffer, room * DUET_EVM_RECORD_SIZE, keep, NULL);
            trace.stack_words = 0;
            extension_of(f)->trace = &trace;
            f->first.depth = 3;
            seen_count = flushes = 0;
            unsigned of_call;
            const unsigned suspended = run_with_answers(f, v2, NULL, &of_call);
            EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
            CHECK(suspended >= 3);
            EQUAL(of_call, 1);
            EQUAL(seen_count, sizeof pcs);
            EQUAL(trace.total, sizeof pcs);
            for (size_t i = 0; i < seen_count && i < sizeof pcs; i++) {
                EQUAL(seen[i].pc, pcs[i]);
                EQUAL(seen[i].opcode, code[pcs[i]]);
                EQUAL(seen[i].depth, 3);
                EQUAL(seen[i].status, 0);
                if (i + 1 < seen_count && seen[i].opcode != 0xf1) EQUAL(seen[i + 1].gas, seen[i].gas - seen[i].cost);
                if (seen[i].opcode == 0xf1) EQUAL(seen[i + 1].gas, seen[i].gas - seen[i].cost + 4096 - 10);
            }
            EQUAL(seen[0].gas, 1000000);
            free(f);
        }
}

static void what_is_wrong(void) {
    static const uint8_t code[] = {0x5f, 0x00};
    static uint64_t buffer[20];
    Frame* f = new_frame(0, code, sizeof code);
    duet_trace_t trace;
    duet_trace_init(&trace, buffer, 40, keep, NULL);
    extension_of(f)->trace = &trace;
    run_frame(f, 0, NULL);
    EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
    EQUAL(extension_of(f)->error, DUET_FRAME_ERR_TRACE);
    free(f);
    /* With callbacks, these alone; without a trace the next frame has none. */
    f = new_frame(0, code, sizeof code);
    duet_trace_init(&trace, buffer, sizeof buffer, keep, NULL);
    extension_of(f)->trace = &trace;
    TracerCallbacks callbacks = {before, NULL};
    seen_count = 0;
    run_frame(f, 0, &callbacks);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(calls_back, 2);
    EQUAL(seen_count, 0);
    free(f);
    f = new_frame(0, code, sizeof code);
    run_frame(f, 0, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(seen_count, 0);
    free(f);
}

int main(void) {
    cache_at_once();
    RUN(each_instruction_once);
    RUN(what_is_wrong);
    return finish(__FILE__);
}
