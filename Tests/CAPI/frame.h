/* Message frames for tests: a segment with all areas, in either layout. Works in C11 and in C++17. */
#ifndef FRAME_H
#define FRAME_H

#include "check.h"
#include "duet_evm.h"
#include "evm_frame.h"

enum {
    AT_EXTENSION = FRAME_HEADER_SIZE,
    AT_STACK = AT_EXTENSION + (int)sizeof(duet_frame_extension_t),
    AT_MEMORY = AT_STACK + FRAME_STACK_AREA,
    MEMORY_ROOM = 4096,
    AT_CODE = AT_MEMORY + MEMORY_ROOM,
    CODE_ROOM = 30000,
    AT_INPUT = AT_CODE + CODE_ROOM + 16 - CODE_ROOM % 16,
    AT_OUTPUT = AT_INPUT + 1024,
    AT_RETURN = AT_OUTPUT + 256,
    AT_LOGS = AT_RETURN + 256,
    AT_WARM = AT_LOGS + 512,
    AT_ANSWER = AT_WARM + 100,
    SEGMENT = AT_ANSWER + 1024 + 4
};

typedef union {
    MessageFrameMemory first;
    MessageFrameMemoryV2 second;
    uint8_t octets[SEGMENT];
    uint64_t aligned;
} Frame;

/* Fields that the layouts have at different places. */
#define PART(frame, v2, field) (*((v2) ? &(frame)->second.field : &(frame)->first.field))

static inline duet_frame_extension_t* extension_of(Frame* f) { return (duet_frame_extension_t*)(void*)(f->octets + AT_EXTENSION); }

/* A frame for the code, with 1,000,000 gas. */
static inline Frame* new_frame(int v2, const void* code, size_t size) {
    Frame* f = (Frame*)malloc(sizeof(Frame));
    NEED(f != NULL && size <= CODE_ROOM);
    memset(f, 0xa5, sizeof *f);
    memset(f, 0, FRAME_HEADER_SIZE + sizeof(duet_frame_extension_t));
    f->first.gas_remaining = 1000000;
    f->first.type = FRAME_MESSAGE_CALL;
    f->first.stack_ptr = AT_STACK;
    f->first.memory_ptr = AT_MEMORY;
    f->first.code_ptr = AT_CODE;
    f->first.input_ptr = AT_INPUT;
    f->first.output_ptr = AT_OUTPUT;
    f->first.return_data_ptr = AT_RETURN;
    f->first.logs_ptr = AT_LOGS;
    f->first.warm_addresses_ptr = AT_WARM;
    f->first.extension_ptr = AT_EXTENSION;
    f->first.segment_size = SEGMENT;
    PART(f, v2, code_size) = (uint32_t)size;
    memcpy(f->octets + AT_CODE, code, size);
    extension_of(f)->struct_size = sizeof(duet_frame_extension_t);
    extension_of(f)->revision = EVMC_OSAKA;
    return f;
}

static inline void run_frame(Frame* f, int v2, TracerCallbacks* tracer) {
    if (v2) execute_message_v2(&f->second, tracer); else execute_message(&f->first, tracer);
}

/* The lowest 8 octets of a word of the stack, counted from the bottom. */
static inline uint64_t stack_word(const Frame* f, unsigned index) {
    uint64_t value = 0;
    for (int i = 24; i < 32; i++) value = value << 8 | f->octets[f->first.stack_ptr + 32 * index + i];
    return value;
}

static inline void set_stack_word(Frame* f, unsigned index, uint64_t value) {
    memset(f->octets + AT_STACK + 32 * index, 0, 32);
    for (int i = 0; i < 8; i++) f->octets[AT_STACK + 32 * index + 31 - i] = (uint8_t)(value >> (8 * i));
}

/* Code is in the cache from its second execution on, so that tests come to it. */
static inline void cache_at_once(void) {
    struct evmc_vm* vm = evmc_create_duet();
    NEED(vm != NULL && vm->set_option(vm, "cache_after", "0") == EVMC_SET_OPTION_SUCCESS);
    vm->destroy(vm);
}

#endif
