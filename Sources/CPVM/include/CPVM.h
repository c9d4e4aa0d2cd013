/* The C side of the package: the public headers, and what only C can say. */
#ifndef CPVM_H
#define CPVM_H

#ifndef PVM_NO_SHORT_NAMES
#define PVM_NO_SHORT_NAMES
#endif
#include "../../../include/pvm_ext.h"
#include "../../../include/duet_evm.h"
#include "../../../include/duet_precompile.h"
#include "../../../include/duet_state.h"
#include "../../../include/duet_trace.h"
#include "../../../include/evm_frame.h"
#include "../../../include/evmc.h"
#include "version.h"
#include "system.h"
#include "limbs.h"
#include "fork.h"
#include "faults.h"
#include "machine.h"
#include "montgomery.h"
#include "hashes.h"
#include "record_rows.h"
#include "host_calls.h"
#include "frame_parts.h"
#include "cache.h"
#include "jumpdest.h"

/* The rights of a guest memory that has no page: 2^20 zeros that nobody writes. */
uint8_t *duet_no_rights(void);

/* Zeroed room that is never given back, for a table of the process. */
void *duet_static_space(size_t octets);

/* The place of a code buffer that waits for its next use (`duet_slot_take`). */
void **duet_spare_buffer(void);

/* What the environment asks for. */
/* What new VMs start with. */
pvm_engine_t duet_default_engine(void);
pvm_memory_mode_t duet_default_memory_mode(void);
void duet_set_defaults(pvm_engine_t engine, pvm_memory_mode_t memory);

/* What perf is told of compiled code: DUET_PVM_PERF. */
enum { DUET_PERF_NOTHING, DUET_PERF_FUNCTIONS, DUET_PERF_BLOCKS };
int duet_perf_wanted(void);

/* perf's map of this process, to add to. NULL if that cannot be done safely. */
FILE *duet_perf_open(void);
/* Names a range of code "pvm:PROGRAM:PART" (PROGRAM in hexadecimal), or "pvm:PROGRAM:PC" where part is NULL. */
void duet_perf_range(FILE *map, const void *start, size_t octets, uint32_t program, const char *part, uint64_t pc);
void duet_perf_close(FILE *map);

/* pvm_set_auto_policy. */
uint64_t duet_auto_slice(void);
uint32_t duet_auto_gas_per_instruction(void);
void duet_set_auto_policy(uint64_t slice, uint32_t gas_per_instruction);

/* Carries out one instruction; what the entries of dispatch_table call with their own opcode. */
void duet_dispatch(VM *vm, uint8_t opcode, const uint8_t *operands, size_t length);

/* Swift's part of evmc_vm::execute. */
void duet_evm_execute(struct evmc_vm *vm, const struct evmc_host_interface *host, struct evmc_host_context *context,
                      enum evmc_revision rev, const struct evmc_message *msg, const uint8_t *code, size_t code_size,
                      struct evmc_result *result);

/* evmc_vm::execute. In C, because with the result by pointer a call of the Swift function takes less of the native stack. Inline, so that it
 * stands in the EVM's object code alone and a program with the PVM only needs nothing of the EVM. */
static inline struct evmc_result duet_evm_entry(struct evmc_vm *vm, const struct evmc_host_interface *host, struct evmc_host_context *context,
                                                enum evmc_revision rev, const struct evmc_message *msg, const uint8_t *code,
                                                size_t code_size) {
    struct evmc_result result;
    duet_evm_execute(vm, host, context, rev, msg, code, code_size, &result);
    return result;
}

#endif
