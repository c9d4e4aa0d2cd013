/* Frames whose memory is not what the library has left there: answers that nobody gave, headers that change while a frame runs, areas that
 * overlap. Whatever stands in a client's memory, nothing outside of the segment is read, and what cannot be is refused. */
#include "frame.h"

static int v2;

static duet_frame_request_t *request_of(Frame *f) { return &extension_of(f)->request; }

/* A frame with memory behind it that must not be read: a secret, so that reading it shows. */
enum { BEHIND = 200000, SECRET = 0x5e };
typedef union {
    Frame frame;
    uint8_t octets[SEGMENT + BEHIND];
    uint64_t aligned;
} Room;

static Frame *with_secret(Frame *f) {
    Room *room = (Room *)malloc(sizeof(Room));
    NEED(room != NULL);
    memset(room, SECRET, sizeof *room);
    room->frame = *f;
    free(f);
    return &room->frame;
}

static void plain_answer(duet_frame_request_t *r) {
    r->number = r->kind == DUET_ASK_ACCOUNT_EXISTS || r->kind == DUET_ASK_CODE_SIZE;
    r->output_size = 0;
    r->answered = 1;
}

/* Answers until the frame asks for `kind`. */
static void run_until(Frame *f, uint32_t kind) {
    for (int round = 0; round < 20; round++) {
        run_frame(f, v2, NULL);
        NEED(f->first.state == FRAME_CODE_SUSPENDED);
        if (request_of(f)->kind == kind) return;
        plain_answer(request_of(f));
    }
    NEED(0);
}

/* Nothing but state, halt reason and error may have changed: put back, the frame runs as if it had never been forged. */
static void refused(Frame *f) {
    EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
    EQUAL(PART(f, v2, halt_reason), HALT_OUT_OF_BOUNDS);
    EQUAL(extension_of(f)->error, DUET_FRAME_ERR_ANSWER);
}

/* CALL of 0x77, then all that RETURNDATACOPY gives into memory, and its last octet is returned. */
static const char call_code[] = "\x5f\x5f\x5f\x5f\x5f\x60\x77\x61\xff\xff\xf1\x50\x3d\x5f\x5f\x3e\x60\x20\x5f\xf3";

static Frame *calling(void) {
    Frame *f = new_frame(v2, call_code, sizeof call_code - 1);
    f->first.warm_addresses_ptr = 0;
    f->first.logs_ptr = 0;
    return with_secret(f);
}

static void forged_calls(void) {
    static const struct { uint64_t output_ptr, output_size; } places[] = {
        {SEGMENT + 100, 1000}, {SEGMENT + 99000, 1000}, {AT_ANSWER, BEHIND}, {UINT64_C(1) << 63, 32}, {32, UINT64_C(1) << 63},
        {UINT64_MAX - 15, 32}, {UINT64_MAX, UINT64_MAX}, {UINT64_C(1) << 40, 32}, {AT_ANSWER, 8}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        Frame *f = calling();
        run_until(f, DUET_ASK_CALL);
        /* The answer stands in the list; the request is not answered. */
        duet_frame_extension_t *x = extension_of(f);
        x->answers[x->answer_count].kind = DUET_ASK_CALL;
        x->answer_count++;
        request_of(f)->output_ptr = places[i].output_ptr;
        request_of(f)->output_size = places[i].output_size;
        const int64_t gas = f->first.gas_remaining;
        const uint32_t pc = f->first.pc;
        run_frame(f, v2, NULL);
        refused(f);
        EQUAL(f->first.pc, pc);
        EQUAL(f->first.gas_remaining, gas);
        /* The client takes it back and answers. */
        x->answer_count--;
        f->first.state = FRAME_CODE_SUSPENDED;
        request_of(f)->output_ptr = AT_ANSWER;
        request_of(f)->output_size = 1;
        f->octets[AT_ANSWER] = 0x11;
        request_of(f)->gas_left = 100;
        request_of(f)->answered = 1;
        run_frame(f, v2, NULL);
        EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
        EQUAL(f->octets[AT_OUTPUT], 0x11);
        free(f);
    }
}

/* EXTCODECOPY of 200 octets; the first word of memory is returned. */
static void forged_code(void) {
    static const char code[] = "\x60\xc8\x5f\x5f\x60\x77\x3c\x60\x20\x5f\xf3";
    static const uint32_t sizes[] = {33, 200, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Frame *f = with_secret(new_frame(v2, code, sizeof code - 1));
        f->first.warm_addresses_ptr = 0;
        run_until(f, DUET_ASK_CODE);
        duet_frame_extension_t *x = extension_of(f);
        x->answers[x->answer_count].kind = DUET_ASK_CODE;
        x->answers[x->answer_count].size = sizes[i];
        x->answer_count++;
        request_of(f)->output_ptr = SEGMENT + 5000;
        request_of(f)->output_size = 200;
        run_frame(f, v2, NULL);
        refused(f);
        free(f);
    }
}

/* Answers with numbers that are none, and lists of a length that is none. */
static void forged_numbers(void) {
    static const struct { const char *code; size_t size; uint32_t kind; int64_t number; } cases[] = {
        {"\x60\x77\x3b", 3, DUET_ASK_CODE_SIZE, -1},
        {"\x60\x77\x3b", 3, DUET_ASK_CODE_SIZE, INT64_MIN},
        {"\x60\x01\x60\x02\x55", 5, DUET_ASK_SET_STORAGE, 9},
        {"\x60\x01\x60\x02\x55", 5, DUET_ASK_SET_STORAGE, 1000000},
        {"\x60\x01\x60\x02\x55", 5, DUET_ASK_SET_STORAGE, INT64_MIN},
        {"\x60\x02\x54", 3, DUET_ASK_STORAGE, 0}, /* of a kind that there is not */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Frame *f = with_secret(new_frame(v2, cases[i].code, cases[i].size));
        f->first.warm_addresses_ptr = 0;
        run_until(f, cases[i].kind);
        duet_frame_extension_t *x = extension_of(f);
        duet_frame_answer_t *a = &x->answers[x->answer_count++];
        a->kind = cases[i].kind == DUET_ASK_STORAGE ? 99 : cases[i].kind;
        a->number = cases[i].number;
        run_frame(f, v2, NULL);
        refused(f);
        free(f);
    }
    static const uint32_t counts[] = {9, 1000, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        Frame *f = with_secret(new_frame(v2, "\x60\x77\x31", 3));
        f->first.warm_addresses_ptr = 0;
        run_until(f, DUET_ASK_BALANCE);
        extension_of(f)->answer_count = counts[i];
        run_frame(f, v2, NULL);
        refused(f);
        free(f);
    }
}

/* A tracer that writes into the header, which it must not: the frame then ends in some way, and nothing outside of it is touched. */
static int spoilt;
static Frame *spoiling;
static void spoil(MessageFrameMemory *frame) {
    Frame *f = (Frame *)(void *)frame;
    if (f->first.pc < 4) return;
    f->first.stack_size = f->first.memory_size = UINT32_MAX;
    PART(f, v2, code_size) = PART(f, v2, input_size) = PART(f, v2, return_data_size) = UINT32_MAX;
    PART(f, v2, log_count) = PART(f, v2, warm_address_count) = UINT32_MAX;
    f->first.stack_ptr = f->first.memory_ptr = f->first.return_data_ptr = f->first.logs_ptr = f->first.segment_size = UINT64_C(1) << 45;
    f->first.output_ptr = f->first.code_ptr = f->first.input_ptr = f->first.warm_addresses_ptr = UINT64_MAX - 7;
    if (v2) f->second.storage_slot_count = f->second.max_storage_slots = UINT32_MAX;
    extension_of(f)->blob_hash_count = extension_of(f)->blob_hashes_ptr = UINT64_MAX;
    extension_of(f)->answer_count = UINT32_MAX;
    extension_of(f)->host = (const struct evmc_host_interface *)(uintptr_t)16;
    extension_of(f)->grow = NULL;
    spoilt++;
}

static void changed_while_running(void) {
    /* PUSH0s; BALANCE of 0x77 (warm addresses), SLOAD (the storage area), BLOBHASH, LOG0, CALLDATACOPY, CODECOPY, RETURN */
    static const char code[] = "\x5f\x5f\x5f\x5f\x60\x77\x31\x50\x60\x05\x54\x50\x60\x01\x49\x50\x60\x20\x5f\xa0\x60\x40\x5f\x5f\x37"
                               "\x60\x40\x5f\x60\x40\x39\x60\x40\x5f\xf3";
    Frame *f = with_secret(new_frame(v2, code, sizeof code - 1));
    /* All that it asks for is there. */
    enum { AT_WITNESS = AT_ANSWER + 4 };
    duet_frame_witness_t *h = (duet_frame_witness_t *)(void *)(f->octets + AT_WITNESS);
    memset(h, 0, 1024 - 8);
    if (v2) {
        f->second.witness_ptr = AT_WITNESS;
        f->second.storage_ptr = AT_WARM - 248;
        f->second.max_storage_slots = 2;
    } else {
        extension_of(f)->witness_ptr = AT_WITNESS;
    }
    extension_of(f)->flags = DUET_FRAME_COMPLETE_WITNESS;
    h->max_storage = 2;
    h->storage_ptr = 256;
    TracerCallbacks tracer = {spoil, NULL};
    spoilt = 0;
    spoiling = f;
    run_frame(f, v2, &tracer);
    CHECK(spoilt > 0);
    CHECK(f->first.state != FRAME_CODE_EXECUTING);
    for (int i = SEGMENT; i < SEGMENT + BEHIND; i++) NEED(((Room *)(void *)f)->octets[i] == SECRET);
    free(f);
}

/* What `grow` gives is looked at anew; code and input must be what they were. */
static int damage;
static Room *left; /* where the frame was */
static void *grow_wrongly(void *context, void *frame, uint64_t octets) {
    (void)context;
    Room *moved = (Room *)malloc(sizeof(Room));
    NEED(moved != NULL && octets <= BEHIND / 2);
    memset(moved, SECRET, sizeof *moved);
    memcpy(moved, frame, SEGMENT);
    Frame *f = &moved->frame;
    f->first.memory_ptr = SEGMENT;
    f->first.segment_size = SEGMENT + BEHIND;
    memcpy(moved->octets + SEGMENT, f->octets + AT_MEMORY, f->first.memory_size);
    switch (damage) {
    case 1: PART(f, v2, code_size) += 100; break;
    case 2: PART(f, v2, input_size) = 1; break;
    case 3: f->first.stack_ptr = 0; break;
    case 4: f->first.extension_ptr = 0; break;
    case 5: PART(f, v2, return_data_size) = UINT32_MAX; break;
    case 6: f->first.segment_size = SEGMENT; break;
    case 7: extension_of(f)->struct_size = 1; break;
    case 8: f->first.extension_ptr += 4; break;
    case 9: f->first.extension_ptr = UINT64_MAX - 7; break;
    case 10: extension_of(f)->blob_hash_count = UINT64_MAX; break;
    default: break;
    }
    left = (Room *)frame;
    memset(left, 0xdd, sizeof *left);
    spoiling = f;
    return moved;
}

static void grown_wrongly(void) {
    /* MSTORE at 0x8000, CALLDATACOPY of 64 octets, BLOBHASH 0, MSTORE, RETURN 32 */
    static const char code[] = "\x5f\x49\x50\x60\x01\x61\x80\x00\x52\x60\x40\x5f\x5f\x37\x5f\x49\x5f\x52\x60\x20\x5f\xf3";
    for (damage = 0; damage < 11; damage++) {
        Frame *f = with_secret(new_frame(v2, code, sizeof code - 1));
        PART(f, v2, input_size) = 64;
        extension_of(f)->grow = grow_wrongly;
        extension_of(f)->blob_hashes_ptr = AT_ANSWER + 4;
        extension_of(f)->blob_hash_count = 1;
        memset(f->octets + AT_ANSWER + 4, 0x42, 32);
        spoiling = f;
        run_frame(f, v2, NULL);
        f = spoiling;
        if (damage == 0) {
            /* The hash is read where the frame is now. */
            EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
            EQUAL(f->octets[AT_OUTPUT], 0x42);
        } else {
            EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
            if (damage < 7 && damage != 4) CHECK(extension_of(f)->error != DUET_FRAME_OK);
        }
        /* Nothing is written where it was. */
        size_t written = 0;
        for (size_t i = 0; i < sizeof *left; i++) written += left->octets[i] != 0xdd;
        EQUAL(written, 0);
        free(left);
        free(f);
    }
}

/* Code, input and return data may lie in the memory that code copies them to, and logs too: copies are as if there were two of them. */
static void overlapping_areas(void) {
    uint8_t text[64];
    /* CALLDATACOPY(32, 0, 64); CODECOPY(64 + 1, 0, 32); LOG0(0, 96); RETURN(0, 128) */
    static const char code[] = "\x60\x40\x5f\x60\x20\x37\x60\x20\x5f\x60\x41\x39\x60\x60\x5f\xa0\x60\x80\x5f\xf3";
    memset(text, 0, sizeof text);
    Frame *f = new_frame(v2, code, sizeof code - 1);
    f->first.memory_size = 160;
    memset(f->octets + AT_MEMORY, 0, 160);
    for (int i = 0; i < 64; i++) f->octets[AT_MEMORY + i] = (uint8_t)(i + 1);
    f->first.input_ptr = AT_MEMORY;
    PART(f, v2, input_size) = 64;
    f->first.code_ptr = AT_MEMORY + 96;
    memcpy(f->octets + AT_MEMORY + 96, code, sizeof code - 1);
    f->first.logs_ptr = 0;
    f->first.output_ptr = AT_MEMORY + 8;
    /* The areas are what lies between starts: memory ends where the code begins. */
    run_frame(f, v2, NULL);
    CHECK(f->first.state == FRAME_EXCEPTIONAL_HALT || f->first.state == FRAME_CODE_SUSPENDED || f->first.state == FRAME_COMPLETED_SUCCESS);
    free(f);

    /* Memory and input start together, so that the input lies in the memory as a whole. */
    static const char copying[] = "\x60\x40\x5f\x60\x20\x37\x60\x80\x5f\xf3";
    f = new_frame(v2, copying, sizeof copying - 1);
    f->first.memory_size = 128;
    memset(f->octets + AT_MEMORY, 0, 128);
    for (int i = 0; i < 64; i++) f->octets[AT_MEMORY + i] = (uint8_t)(i + 1);
    f->first.input_ptr = AT_MEMORY;
    PART(f, v2, input_size) = 64;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    for (int i = 0; i < 64; i++) EQUAL(f->octets[AT_OUTPUT + 32 + i], i + 1);
    free(f);

    /* The output area lies in the memory. */
    f = new_frame(v2, "\x60\x40\x5f\xf3", 4);
    f->first.memory_size = 128;
    for (int i = 0; i < 128; i++) f->octets[AT_MEMORY + i] = (uint8_t)i;
    f->first.output_ptr = AT_MEMORY;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    for (int i = 0; i < 64; i++) EQUAL(f->octets[f->first.output_ptr + i], i);
    free(f);

    /* So do the logs: their data is what it was. */
    f = new_frame(v2, "\x60\x40\x5f\xa0\x00", 5);
    f->first.memory_size = 128;
    for (int i = 0; i < 128; i++) f->octets[AT_MEMORY + i] = (uint8_t)i;
    f->first.logs_ptr = AT_MEMORY;
    run_frame(f, v2, NULL);
    EQUAL(f->first.state, FRAME_COMPLETED_SUCCESS);
    EQUAL(PART(f, v2, log_count), 1);
    for (int i = 0; i < 64; i++) EQUAL(f->octets[AT_MEMORY + sizeof(duet_frame_log_t) + i], i);
    free(f);
}

/* What a witness has written to may not lie where the library looks for the client's functions, or for what the witness is. */
static void witness_over_the_extension(void) {
    enum { AT_WITNESS = AT_ANSWER + 4 };
    static const int64_t places[] = {0, 8, AT_EXTENSION - AT_WITNESS, 128 - AT_WITNESS};
    for (int accounts = 0; accounts < 2; accounts++) {
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            Frame *f = with_secret(new_frame(v2, "\x00", 1));
            duet_frame_witness_t *h = (duet_frame_witness_t *)(void *)(f->octets + AT_WITNESS);
            memset(h, 0, sizeof *h);
            if (v2) f->second.witness_ptr = AT_WITNESS; else extension_of(f)->witness_ptr = AT_WITNESS;
            if (accounts) {
                h->account_count = 1;
                h->accounts_ptr = (uint64_t)places[i];
            } else {
                h->max_storage = 1;
                h->storage_ptr = (uint64_t)places[i];
            }
            run_frame(f, v2, NULL);
            EQUAL(f->first.state, FRAME_EXCEPTIONAL_HALT);
            EQUAL(extension_of(f)->error, DUET_FRAME_ERR_AREA);
            free(f);
        }
    }
}

int main(void) {
    cache_at_once();
    for (v2 = 0; v2 < 2; v2++) {
        RUN(forged_calls);
        RUN(forged_code);
        RUN(forged_numbers);
        RUN(changed_while_running);
        RUN(grown_wrongly);
        RUN(overlapping_areas);
        RUN(witness_over_the_extension);
    }
    return finish(__FILE__);
}
