/* The C side of the package: the public headers, and what only C can say. */
#ifndef CPVM_H
#define CPVM_H

#ifndef PVM_NO_SHORT_NAMES
#define PVM_NO_SHORT_NAMES
#endif
#include "../../../include/pvm_ext.h"
#include "../../../include/duet_evm.h"
#include "system.h"
#include "limbs.h"
#include "faults.h"
#include "machine.h"
#include "hashes.h"
#include "host_calls.h"

/* The rights of a guest memory that has no page: 2^20 zeros that nobody writes. */
uint8_t *duet_no_rights(void);

/* Zeroed room that is never given back, for a table of the process. */
void *duet_static_space(size_t octets);

/* What the environment asks for. */
pvm_engine_t duet_default_engine(void);
pvm_memory_mode_t duet_default_memory_mode(void);

/* Carries out one instruction; what the entries of dispatch_table call with their own opcode. */
void duet_dispatch(VM *vm, uint8_t opcode, const uint8_t *operands, size_t length);

/* evmc_vm::execute. It calls the second one, which is Swift: with the result by pointer a call takes less of the native stack. */
struct evmc_result duet_evm_entry(struct evmc_vm *vm, const struct evmc_host_interface *host, struct evmc_host_context *context,
                                  enum evmc_revision rev, const struct evmc_message *msg, const uint8_t *code, size_t code_size);
void duet_evm_execute(struct evmc_vm *vm, const struct evmc_host_interface *host, struct evmc_host_context *context,
                      enum evmc_revision rev, const struct evmc_message *msg, const uint8_t *code, size_t code_size,
                      struct evmc_result *result);

#endif
