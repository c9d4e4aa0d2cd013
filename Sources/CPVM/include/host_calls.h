/* EVMC's host functions with words as the EVM's stack has them: four 64-bit limbs, the lowest first. Only C passes the
 * interface's structures by value at no cost. */
#ifndef DUET_HOST_CALLS_H
#define DUET_HOST_CALLS_H

#include <stdlib.h>
#include <string.h>
#include "../../../include/evmc.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "words are turned round for little-endian processors"
#endif

static inline evmc_bytes32 duet_bytes32(const uint64_t *word) {
    evmc_bytes32 bytes;
    const uint64_t turned[4] = {__builtin_bswap64(word[3]), __builtin_bswap64(word[2]), __builtin_bswap64(word[1]), __builtin_bswap64(word[0])};
    memcpy(&bytes, turned, sizeof bytes);
    return bytes;
}

static inline void duet_word(uint64_t *word, evmc_bytes32 bytes) {
    uint64_t turned[4];
    memcpy(turned, &bytes, sizeof turned);
    word[0] = __builtin_bswap64(turned[3]);
    word[1] = __builtin_bswap64(turned[2]);
    word[2] = __builtin_bswap64(turned[1]);
    word[3] = __builtin_bswap64(turned[0]);
}

/* The lowest 20 octets. */
static inline evmc_address duet_address(const uint64_t *word) {
    const evmc_bytes32 bytes = duet_bytes32(word);
    evmc_address address;
    memcpy(&address, bytes.bytes + 12, sizeof address);
    return address;
}

/* A host and its context. */
struct duet_host {
    const struct evmc_host_interface *interface;
    struct evmc_host_context *context;
};

static inline bool duet_host_is_complete(const struct evmc_host_interface *host) {
    return host->account_exists && host->get_storage && host->set_storage && host->get_balance && host->get_code_size
        && host->get_code_hash && host->copy_code && host->selfdestruct && host->call && host->get_tx_context
        && host->get_block_hash && host->emit_log && host->access_account && host->access_storage
        && host->get_transient_storage && host->set_transient_storage;
}

static inline bool duet_host_account_exists(const struct duet_host *host, const evmc_address *address) {
    return host->interface->account_exists(host->context, address);
}

/* A host whose answer is neither cold nor warm has said cold. */
static inline bool duet_host_account_is_warm(const struct duet_host *host, const evmc_address *address) {
    return host->interface->access_account(host->context, address) == EVMC_ACCESS_WARM;
}

static inline bool duet_host_storage_is_warm(const struct duet_host *host, const evmc_address *account, const uint64_t *key) {
    const evmc_bytes32 bytes = duet_bytes32(key);
    return host->interface->access_storage(host->context, account, &bytes) == EVMC_ACCESS_WARM;
}

/* In these the word is the key before and the value afterwards. */
static inline void duet_host_get_storage(const struct duet_host *host, const evmc_address *account, uint64_t *word) {
    const evmc_bytes32 key = duet_bytes32(word);
    duet_word(word, host->interface->get_storage(host->context, account, &key));
}

static inline void duet_host_get_transient_storage(const struct duet_host *host, const evmc_address *account, uint64_t *word) {
    const evmc_bytes32 key = duet_bytes32(word);
    duet_word(word, host->interface->get_transient_storage(host->context, account, &key));
}

static inline uint32_t duet_host_set_storage(const struct duet_host *host, const evmc_address *account, const uint64_t *key,
                                             const uint64_t *value) {
    const evmc_bytes32 key_bytes = duet_bytes32(key), value_bytes = duet_bytes32(value);
    return (uint32_t)host->interface->set_storage(host->context, account, &key_bytes, &value_bytes);
}

static inline void duet_host_set_transient_storage(const struct duet_host *host, const evmc_address *account, const uint64_t *key,
                                                   const uint64_t *value) {
    const evmc_bytes32 key_bytes = duet_bytes32(key), value_bytes = duet_bytes32(value);
    host->interface->set_transient_storage(host->context, account, &key_bytes, &value_bytes);
}

static inline void duet_host_get_balance(const struct duet_host *host, const evmc_address *address, uint64_t *word) {
    duet_word(word, host->interface->get_balance(host->context, address));
}

static inline size_t duet_host_get_code_size(const struct duet_host *host, const evmc_address *address) {
    return host->interface->get_code_size(host->context, address);
}

static inline void duet_host_get_code_hash(const struct duet_host *host, const evmc_address *address, uint64_t *word) {
    duet_word(word, host->interface->get_code_hash(host->context, address));
}

/* No host is believed to have copied more than there was room for. */
static inline size_t duet_host_copy_code(const struct duet_host *host, const evmc_address *address, size_t offset, uint8_t *buffer,
                                         size_t size) {
    const size_t copied = host->interface->copy_code(host->context, address, offset, buffer, size);
    return copied < size ? copied : size;
}

static inline bool duet_host_selfdestruct(const struct duet_host *host, const evmc_address *address, const evmc_address *beneficiary) {
    return host->interface->selfdestruct(host->context, address, beneficiary);
}

static inline void duet_host_get_block_hash(const struct duet_host *host, int64_t number, uint64_t *word) {
    duet_word(word, host->interface->get_block_hash(host->context, number));
}

static inline void duet_host_get_tx_context(const struct duet_host *host, struct evmc_tx_context *context) {
    *context = host->interface->get_tx_context(host->context);
}

/* The topics lie on the stack, the first one on top: at first, first - 1 word … */
static inline void duet_host_emit_log(const struct duet_host *host, const evmc_address *address, const uint8_t *data, size_t size,
                                      const uint64_t *first, size_t count) {
    evmc_bytes32 topics[4];
    for (size_t i = 0; i < count; ++i) topics[i] = duet_bytes32(first - 4 * i);
    host->interface->emit_log(host->context, address, data, size, topics, count);
}

static inline void duet_host_call(const struct duet_host *host, const struct evmc_message *message, struct evmc_result *result) {
    *result = host->interface->call(host->context, message);
}

static inline void duet_result_release(struct evmc_result *result) {
    if (result->release != NULL) result->release(result);
    memset(result, 0, sizeof *result);
}

/* The release function of results of the EVM: their output is a block of the C heap. */
static inline void duet_output_free(const struct evmc_result *result) { free((void *)(uintptr_t)result->output_data); }

/* Octets of the C heap at a multiple of 64. NULL if memory is short. */
static inline void *duet_allocate_aligned(size_t octets) { return aligned_alloc(64, (octets + 63) & ~(size_t)63); }

/* A number that is not the same in every process. */
static inline uint64_t duet_seed(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)&now) * 0x9e3779b97f4a7c15u;
}

#endif
