/* Fuzz target over message frames (evm_frame.h) with a client that lies: it answers what cannot be, forges the list of answers, changes any octet of
 * the segment between a suspension and the next call, from a tracer in the middle of a run, and while `grow` moves the frame. Only how large the
 * segment is, and the pointers of the extension, are true when a call begins: the header says that these are trusted.
 *
 * The segment ends where memory ends that can be touched; what is left before it is poisoned where the address sanitizer runs. Each input
 * runs twice and must end alike. An input is a header and code, as for evm_fuzz.c. */
#define _DEFAULT_SOURCE
#include <duet_evm.h>
#include <evm_frame.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

static void promise(int kept, const char *text, int line) {
    if (kept) return;
    fprintf(stderr, "frame_fuzz.c:%d: broken promise: %s\n", line, text);
    abort();
}
#define PROMISE(condition) promise((condition) ? 1 : 0, #condition, __LINE__)

/* ---- Random numbers of an input ---- */

static uint64_t state;

static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * UINT64_C(0x9e3779b97f4a7c15);
}
static uint32_t below(uint32_t limit) { return (uint32_t)((next() >> 32) % limit); }

/* ---- Memory between pages without rights ---- */

enum { LARGEST = 1 << 18, PAGE = 4096, SLACK = 0x5a };
static uint8_t *pages[2];
static uint8_t *base;
static size_t size;

static uint8_t *room(int which, size_t octets) {
    if (pages[which] == NULL) {
        uint8_t *all = (uint8_t *)mmap(NULL, LARGEST + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED || mprotect(all + PAGE, LARGEST, PROT_READ | PROT_WRITE) != 0) abort();
        pages[which] = all + PAGE;
    }
    /* The whole of it is written anew only as far as it may have been used. */
    uint8_t *start = pages[which] + LARGEST - octets;
    ASAN_UNPOISON_MEMORY_REGION(pages[which], LARGEST);
    memset(start - 64, SLACK, 64);
    ASAN_POISON_MEMORY_REGION(pages[which], (size_t)(start - pages[which]));
    return start;
}

static void check_slack(int which, size_t octets) {
    uint8_t *start = pages[which] + LARGEST - octets;
    ASAN_UNPOISON_MEMORY_REGION(start - 64, 64);
    for (int i = 0; i < 64; i++) PROMISE(start[i - 64] == SLACK);
    ASAN_POISON_MEMORY_REGION(start - 64, 64);
}

/* Where the frame was before it last moved in a run: nothing is written there. */
static uint8_t *left;
static size_t left_size;

static void leave(uint8_t *start, size_t octets) {
    left = start;
    left_size = octets;
    memset(start, 0xdd, octets);
    ASAN_POISON_MEMORY_REGION(start, octets);
}

static void check_left(void) {
    if (left == NULL) return;
    ASAN_UNPOISON_MEMORY_REGION(left, left_size);
    for (size_t i = 0; i < left_size; i++) PROMISE(left[i] == 0xdd);
    ASAN_POISON_MEMORY_REGION(left, left_size);
    left = NULL;
}

/* ---- The client ---- */

static int v2, malice, current;
static uint64_t extension_at, witness_at;
static duet_trace_t trace;
static uint64_t traced[200];

#define HEADER_OF(start) ((MessageFrameMemory *)(void *)(start))
#define SECOND_OF(start) ((MessageFrameMemoryV2 *)(void *)(start))

static duet_frame_extension_t *extension(void) { return extension_at == 0 ? NULL : (duet_frame_extension_t *)(void *)(base + extension_at); }

/* The address of a pointer of the extension decides where its content goes, so it must be the same in both runs: it is. */
static void *grow(void *context, void *frame, uint64_t octets);

static void be_true(void) {
    MessageFrameMemory *h = HEADER_OF(base);
    h->segment_size = size;
    h->extension_ptr = extension_at;
    duet_frame_extension_t *x = extension();
    if (x == NULL) return;
    x->host = NULL;
    x->host_context = NULL;
    x->grow = (void *(*)(void *, void *, uint64_t))grow;
    x->grow_context = NULL;
    x->trace = trace.buffer != NULL ? &trace : NULL;
}

static uint64_t odd_number(void) {
    static const uint64_t numbers[] = {0, 1, 2, 7, 8, 9, 15, 16, 31, 32, 33, 255, 256, 1023, 1024, 1025, 0x7fffffff, 0x80000000, 0xffffffff,
                                       UINT64_C(1) << 32, UINT64_C(1) << 46, UINT64_C(1) << 62, UINT64_C(1) << 63, UINT64_MAX - 31, UINT64_MAX};
    switch (below(4)) {
    case 0: return below((uint32_t)size + 64);
    case 1: return next();
    default: return numbers[below(sizeof numbers / sizeof *numbers)];
    }
}

/* Some octets of the segment become others: mostly those that the library looks at. */
static void spoil(unsigned times) {
    while (times-- > 0) {
        uint64_t place;
        switch (below(6)) {
        case 0: case 1: place = below(48) * 8; break;
        case 2: case 3: place = extension_at + below(sizeof(duet_frame_extension_t) / 4) * 4; break;
        case 4: place = witness_at + below(64) * 4; break;
        default: place = below((uint32_t)size); break;
        }
        const uint64_t number = odd_number();
        const size_t octets = below(3) == 0 ? 1 : below(2) ? 4 : 8;
        if (place + octets <= size) memcpy(base + place, &number, octets);
    }
}

/* Lists and requests that nobody has made. */
static void forge(void) {
    duet_frame_extension_t *x = extension();
    if (x == NULL) return;
    for (unsigned times = 1 + below(3); times > 0; times--) {
        duet_frame_answer_t *a = &x->answers[below(8)];
        switch (below(10)) {
        case 0: x->answer_count = below(2) ? below(10) : (uint32_t)odd_number(); break;
        case 1: if (x->answer_count < 8) a = &x->answers[x->answer_count++]; a->kind = x->request.kind; break;
        case 2: a->kind = below(18); break;
        case 3: a->number = (int64_t)odd_number(); break;
        case 4: a->size = (uint32_t)odd_number(); break;
        case 5: x->request.output_ptr = odd_number(); break;
        case 6: x->request.output_size = odd_number(); break;
        case 7: x->request.kind = below(18); break;
        case 8: x->request.answered = below(2); break;
        default: x->answers_pc = HEADER_OF(base)->pc; break;
        }
    }
}

static void *grow(void *context, void *frame, uint64_t octets) {
    PROMISE(context == NULL && frame == base);
    if (below(6) == 0 || octets > 60000) return NULL;
    MessageFrameMemory *old = HEADER_OF(base);
    const uint64_t memory_ptr = old->memory_ptr;
    const uint32_t memory_size = old->memory_size;
    const size_t grown = ((size + octets + 31) & ~(size_t)31) + 8 * below(64);
    if (grown > LARGEST - 64 || memory_ptr > size || memory_size > size - memory_ptr) return NULL;
    uint8_t *moved = room(1 - current, grown);
    memcpy(moved, base, size);
    memset(moved + size, 0xa5, grown - size);
    const size_t place = (size + 31) & ~(size_t)31;
    memcpy(moved + place, base + memory_ptr, memory_size);
    leave(base, size);
    current = 1 - current;
    base = moved;
    size = grown;
    HEADER_OF(base)->memory_ptr = place;
    HEADER_OF(base)->segment_size = size;
    if (below(256) < (unsigned)malice) {
        spoil(1 + below(2));
        be_true();
    }
    return base;
}

static void before(MessageFrameMemory *frame) {
    PROMISE((uint8_t *)frame == base);
    if (below(256) < (unsigned)malice / 4) {
        /* The run goes on with what it has read. */
        spoil(1 + below(3));
        if (below(4) == 0 && extension() != NULL) memset(&extension()->host, 0x11, 5 * sizeof(void *));
        if (below(4) == 0) frame->segment_size = odd_number();
    }
}

static void after(MessageFrameMemory *frame, OperationResult *result) {
    PROMISE((uint8_t *)frame == base && result != NULL);
    if (below(256) < (unsigned)malice / 8) spoil(1);
}

static void take(void *context, const void *records, size_t count) {
    (void)context;
    PROMISE(records == traced && count > 0);
}

static void answer(void) {
    duet_frame_extension_t *x = extension();
    if (x == NULL) return;
    duet_frame_request_t *r = &x->request;
    r->number = r->kind == DUET_ASK_CODE_SIZE ? (int64_t)below(30000) : r->kind == DUET_ASK_SET_STORAGE ? (int64_t)below(9) : (int64_t)below(2);
    for (int i = 0; i < 32; i++) r->word[i] = (uint8_t)(below(2) ? 0 : next());
    r->output_ptr = FRAME_HEADER_SIZE + below((uint32_t)size - FRAME_HEADER_SIZE);
    r->output_size = below(2) ? below(80) : below((uint32_t)(size - r->output_ptr) + 1);
    if (r->kind == DUET_ASK_CODE && r->output_size > r->size) r->output_size = r->size;
    r->gas_left = r->gas > 0 ? (int64_t)(next() % ((uint64_t)r->gas + 1)) : 0;
    r->gas_refund = (int64_t)below(100);
    r->status = below(8) == 0 ? (int32_t)odd_number() : (int32_t)below(3);
    r->answered = 1;
}

/* ---- A frame ---- */

static uint64_t place(uint64_t *end, uint64_t octets, uint64_t alignment) {
    *end = (*end + alignment - 1) / alignment * alignment;
    const uint64_t start = *end;
    *end += octets;
    return start;
}

static void make(const uint8_t *code, size_t code_size, uint32_t gas) {
    static uint8_t image[1 << 17];
    uint64_t end = FRAME_HEADER_SIZE;
    size = 1024;
    memset(image, 0, sizeof image);
    const int has_extension = below(8) != 0;
    extension_at = has_extension ? place(&end, sizeof(duet_frame_extension_t), 8) : 0;
    const uint64_t stack = place(&end, FRAME_STACK_AREA, 8), memory = place(&end, below(3) * 1024, 32);
    const uint64_t code_at = place(&end, code_size + 1, 1), input = place(&end, 256, 1), output = place(&end, below(200), 1);
    const uint64_t returned = place(&end, below(200), 1), logs = place(&end, below(3) * 200, 8), warm = place(&end, below(4) * 20, 8);
    const uint64_t slots = place(&end, 5 * 124, 8);
    witness_at = below(3) ? place(&end, 56 + 3 * 128 + 4 * 124 + 300, 8) : 0;
    const uint64_t hashes = place(&end, 64, 1);
    end = place(&end, 0, 8) + 8 * below(8);
    PROMISE(end <= sizeof image);

    MessageFrameMemory *h = HEADER_OF(image);
    MessageFrameMemoryV2 *s = SECOND_OF(image);
    h->gas_remaining = gas % 300000;
    h->type = below(2);
    h->is_static = below(8) == 0;
    h->depth = below(20) == 0 ? 1024 : below(4);
    h->memory_size = 0;
    h->stack_ptr = stack, h->memory_ptr = memory, h->code_ptr = code_at, h->input_ptr = input, h->output_ptr = output;
    h->return_data_ptr = returned, h->logs_ptr = below(4) ? logs : 0, h->warm_addresses_ptr = below(4) ? warm : 0;
    h->extension_ptr = extension_at;
    if (v2) {
        s->code_size = (uint32_t)code_size, s->input_size = below(257);
        s->storage_ptr = slots, s->storage_slot_count = below(3), s->max_storage_slots = 3 + below(3), s->witness_ptr = witness_at;
    } else {
        h->code_size = (uint32_t)code_size, h->input_size = below(257);
    }
    memcpy(image + code_at, code, code_size);
    /* Addresses and keys that code finds: small numbers. */
    for (int i = 0; i < 5; i++) {
        image[slots + 124 * i + 51] = (uint8_t)below(4);
        image[slots + 124 * i + 83] = (uint8_t)below(3);
    }
    if (has_extension) {
        duet_frame_extension_t *x = (duet_frame_extension_t *)(void *)(image + extension_at);
        x->struct_size = sizeof *x;
        x->revision = below(15);
        x->flags = below(2);
        x->blob_hashes_ptr = hashes, x->blob_hash_count = below(3);
        if (!v2) x->witness_ptr = witness_at;
        x->block_number = below(2) ? 300 : (int64_t)odd_number();
    }
    if (witness_at != 0) {
        duet_frame_witness_t *w = (duet_frame_witness_t *)(void *)(image + witness_at);
        w->account_count = 1 + below(3), w->accounts_ptr = 56;
        w->storage_count = below(3), w->max_storage = 3 + below(2), w->storage_ptr = 56 + 3 * 128;
        w->codes_ptr = 56 + 3 * 128 + 4 * 124, w->codes_size = 300;
        for (uint32_t i = 0; i < w->account_count; i++) {
            duet_frame_account_t *a = (duet_frame_account_t *)(void *)(image + witness_at + 56 + 128 * i);
            a->address[19] = (uint8_t)(i * 2);
            a->balance[31] = (uint8_t)below(3);
            a->code_size = below(2) ? below(301) : 0;
            a->code_offset = w->codes_ptr + below(301 - a->code_size);
        }
        if (below(3) == 0) memcpy(image + witness_at + w->codes_ptr, "\xef\x01\x00", 3);
    }
    current = 0;
    size = end;
    base = room(0, size);
    memcpy(base, image, size);
    be_true();
}

static uint64_t run(const uint8_t *data, size_t length) {
    uint32_t gas;
    memcpy(&gas, data + 8, sizeof gas);
    memcpy(&state, data + 12, sizeof state);
    state |= 1;
    v2 = data[0] & 1;
    malice = data[3];
    memset(&trace, 0, sizeof trace);
    if (data[1] % 8 == 0) {
        duet_trace_init(&trace, traced, sizeof traced, take, NULL);
        trace.flags = data[1] >> 3 & DUET_TRACE_MEMORY;
    }
    TracerCallbacks tracer = {before, after};
    TracerCallbacks *callbacks = data[2] % 3 == 0 ? &tracer : NULL;
    static bool caches;
    struct evmc_vm *vm = caches ? NULL : evmc_create_duet();
    if (vm != NULL) {
        /* The second run of code is from the cache. */
        caches = vm->set_option(vm, "cache_after", "0") == EVMC_SET_OPTION_SUCCESS;
        vm->destroy(vm);
    }
    duet_frame_t *resident = data[4] % 2 ? duet_frame_create() : NULL;
    make(data + 20, length - 20, gas);

    uint64_t trail = 1;
    for (int round = 0; round < 40; round++) {
        const duet_frame_error_t error = v2 ? duet_frame_execute_v2(resident, SECOND_OF(base), callbacks)
                                            : duet_frame_execute(resident, HEADER_OF(base), callbacks);
        check_slack(current, size);
        check_left();
        const MessageFrameMemory *h = HEADER_OF(base);
        PROMISE(error <= DUET_FRAME_ERR_OUTSIDE);
        if (callbacks == NULL || malice == 0) {
            PROMISE(error == DUET_FRAME_ERR_STATE || h->state == FRAME_CODE_SUSPENDED || h->state == FRAME_COMPLETED_SUCCESS
                    || h->state == FRAME_REVERT || h->state == FRAME_EXCEPTIONAL_HALT);
            PROMISE(error == DUET_FRAME_OK || error == DUET_FRAME_ERR_STATE || h->state == FRAME_EXCEPTIONAL_HALT);
            const uint32_t output = v2 ? SECOND_OF(base)->output_size : h->output_size;
            if (h->state == FRAME_COMPLETED_SUCCESS && error == DUET_FRAME_OK && output > 0)
                PROMISE(h->output_ptr >= FRAME_HEADER_SIZE && h->output_ptr <= size && output <= size - h->output_ptr);
        }
        trail = trail * 31 + error;
        for (size_t i = 0; i < FRAME_HEADER_SIZE; i++) trail = (trail ^ base[i]) * UINT64_C(0x100000001b3);
        if (error == DUET_FRAME_OK && h->state != FRAME_CODE_SUSPENDED && below(4)) break;
        /* What has ended or been refused is tried again. */
        if (HEADER_OF(base)->state != FRAME_CODE_SUSPENDED) HEADER_OF(base)->state = below(2) ? FRAME_CODE_SUSPENDED : FRAME_NOT_STARTED;
        if (below(10)) answer();
        if (below(256) < (unsigned)malice) {
            if (below(2)) forge();
            if (below(2)) spoil(1 + below(3));
        }
        be_true();
    }
    duet_frame_destroy(resident);
    return trail;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
    if (length < 20 || length > 4096) return 0;
    const uint64_t trail = run(data, length);
    PROMISE(run(data, length) == trail);
    return 0;
}
