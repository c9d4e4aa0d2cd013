/* duet_precompile.h: Ethereum's precompiled contracts for any host.
 *
 * Revisions  The forks by EVMC's numbers: 0 Frontier, 1 Homestead, 2 Tangerine Whistle, 3 Spurious Dragon, 4 Byzantium,
 *            5 Constantinople, 6 Petersburg, 7 Istanbul, 8 Berlin, 9 London, 10 Paris, 11 Shanghai, 12 Cancun, 13 Prague,
 *            14 Osaka.
 * Addresses  20 octets.
 * Input      May be NULL if its size is 0. It is only read, and not kept. A size that no object in memory can have counts as an
 *            argument that is not allowed; nothing is read then.
 * Threads    Any number of threads may call any of these functions at once; nothing is shared between calls.
 */
#ifndef DUET_PRECOMPILE_H
#define DUET_PRECOMPILE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    DUET_PRECOMPILE_SUCCESS = 0,
    DUET_PRECOMPILE_FAILURE = 1,     /* the input is not what the precompile takes; the call fails and its gas is lost */
    DUET_PRECOMPILE_OUT_OF_GAS = 2,  /* the call fails and its gas is lost */
    DUET_PRECOMPILE_NONE = 3,        /* no precompile has this address at this revision */
    DUET_PRECOMPILE_NO_MEMORY = 4,   /* the host has no memory left: no outcome of the call, which has not taken place */
    DUET_PRECOMPILE_ARGUMENT = 5     /* NULL where a pointer is needed, an unknown revision, or a negative amount of gas */
} duet_precompile_status_t;

typedef struct {
    int64_t gas_left;     /* 0 unless the call succeeded */
    uint8_t* output;      /* NULL if output_size is 0 */
    size_t output_size;   /* octets; 0 unless the call succeeded */
} duet_precompile_result_t;

/* Calls the precompile with `gas` units of gas. *result is written in every case, and its output is the caller's to give
 * back with duet_precompile_release. ECREC and P256VERIFY succeed with no output when they find no valid signature. */
duet_precompile_status_t duet_precompile(uint32_t revision, const uint8_t* address, const uint8_t* input, size_t input_size,
                                         int64_t gas, duet_precompile_result_t* result);

/* Frees the output and makes the result empty. NULL and empty results are allowed. */
void duet_precompile_release(duet_precompile_result_t* result);

/* What a call costs; UINT64_MAX stands for all that is more. 0 if there is no such precompile or an argument is not allowed. */
uint64_t duet_precompile_gas(uint32_t revision, const uint8_t* address, const uint8_t* input, size_t input_size);

/* The name that the execution specifications give it, as "ECREC" or "BLS12_G1ADD"; NULL if the address has no precompile at
 * this revision. */
const char* duet_precompile_name(uint32_t revision, const uint8_t* address);

/* Keccak-256 as Ethereum uses it; `digest` has room for 32 octets. Does nothing if a pointer that is needed is NULL or
 * the size is none that can be. */
void duet_keccak256(const uint8_t* data, size_t size, uint8_t* digest);

/* The address (20 octets) whose key made the signature r, s (32 octets each, big-endian) of the 32-octet `hash`; `parity` is
 * that of the y coordinate, 0 or 1. Takes a high s too. 1 if there is such a key, else 0. */
int duet_recover_address(const uint8_t* hash, uint32_t parity, const uint8_t* r, const uint8_t* s, uint8_t* address);

struct evmc_vm;

/* A new EVMC instance (evmc.h) with EVMC_CAPABILITY_PRECOMPILES alone, to be freed by its destroy function; NULL if memory is
 * short. Its execute runs the precompile at code_address of the message with the message's input and gas, looks neither at the
 * code nor at the host (both may be NULL), and may run on any number of threads at once. EVMC_REJECTED says that the address
 * has no precompile at this revision; EVMC_EXPERIMENTAL counts as Osaka. It has no options. */
struct evmc_vm* evmc_create_duet_precompiles(void);

#ifdef __cplusplus
}
#endif
#endif
