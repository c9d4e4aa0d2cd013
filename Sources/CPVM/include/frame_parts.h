/* What the two layouts of evm_frame.h have in common behind their offsets. */
#ifndef DUET_FRAME_PARTS_H
#define DUET_FRAME_PARTS_H

#include "../../../include/evm_frame.h"

struct duet_frame_sizes {
    uint32_t code, input, output, return_data, logs, warm_addresses;
};

struct duet_frame_context {
    uint8_t recipient[20], sender[20], contract[20], originator[20], mining_beneficiary[20];
    uint8_t value[32], apparent_value[32], gas_price[32];
    uint32_t halt_reason;
};

#define DUET_SAME(part, field, member) \
    FRAME_ASSERT(offsetof(MessageFrameMemory, field) - DUET_FIRST_##part == offsetof(struct duet_frame_##part, member) \
                 && offsetof(MessageFrameMemoryV2, field) - DUET_SECOND_##part == offsetof(struct duet_frame_##part, member))

enum {
    DUET_FIRST_sizes = offsetof(MessageFrameMemory, code_size),
    DUET_SECOND_sizes = offsetof(MessageFrameMemoryV2, code_size),
    DUET_FIRST_context = offsetof(MessageFrameMemory, recipient),
    DUET_SECOND_context = offsetof(MessageFrameMemoryV2, recipient)
};

DUET_SAME(sizes, input_size, input);
DUET_SAME(sizes, output_size, output);
DUET_SAME(sizes, return_data_size, return_data);
DUET_SAME(sizes, log_count, logs);
DUET_SAME(sizes, warm_address_count, warm_addresses);
DUET_SAME(context, sender, sender);
DUET_SAME(context, contract, contract);
DUET_SAME(context, originator, originator);
DUET_SAME(context, mining_beneficiary, mining_beneficiary);
DUET_SAME(context, value, value);
DUET_SAME(context, apparent_value, apparent_value);
DUET_SAME(context, gas_price, gas_price);
DUET_SAME(context, halt_reason, halt_reason);
/* The first 112 octets are the same. */
FRAME_ASSERT(offsetof(MessageFrameMemory, warm_addresses_ptr) == offsetof(MessageFrameMemoryV2, warm_addresses_ptr));
FRAME_ASSERT(offsetof(MessageFrameMemory, extension_ptr) == offsetof(MessageFrameMemoryV2, extension_ptr));

static inline struct duet_frame_sizes *duet_sizes_of_frame(void *frame, bool is_second) {
    return (struct duet_frame_sizes *)((uint8_t *)frame + (is_second ? DUET_SECOND_sizes : DUET_FIRST_sizes));
}

static inline struct duet_frame_context *duet_context_of_frame(void *frame, bool is_second) {
    return (struct duet_frame_context *)((uint8_t *)frame + (is_second ? DUET_SECOND_context : DUET_FIRST_context));
}

/* Octets of a fixed size as EVMC has them. */
static inline evmc_address duet_address_at(const void *octets) {
    evmc_address address;
    memcpy(&address, octets, sizeof address);
    return address;
}

static inline evmc_bytes32 duet_bytes32_at(const void *octets) {
    evmc_bytes32 bytes;
    memcpy(&bytes, octets, sizeof bytes);
    return bytes;
}

#endif
