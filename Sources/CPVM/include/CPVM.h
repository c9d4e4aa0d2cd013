/* The C side of the package: the public headers, and what only C can say. */
#ifndef CPVM_H
#define CPVM_H

#ifndef PVM_NO_SHORT_NAMES
#define PVM_NO_SHORT_NAMES
#endif
#include "../../../include/pvm_ext.h"
#include "../../../include/duet_precompile.h"
#include "../../../include/evmc.h"
#include "system.h"
#include "limbs.h"
#include "faults.h"
#include "machine.h"
#include "montgomery.h"
#include "hashes.h"

/* The rights of a guest memory that has no page: 2^20 zeros that nobody writes. */
uint8_t *duet_no_rights(void);

/* Zeroed room that is never given back, for a table of the process. */
void *duet_static_space(size_t octets);

/* What the environment asks for. */
pvm_engine_t duet_default_engine(void);
pvm_memory_mode_t duet_default_memory_mode(void);

/* Carries out one instruction; what the entries of dispatch_table call with their own opcode. */
void duet_dispatch(VM *vm, uint8_t opcode, const uint8_t *operands, size_t length);

#endif
