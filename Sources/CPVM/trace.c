#include "CPVM.h"

/* Records are read by programs in other languages that count octets. */
#define SIZE(type, octets) _Static_assert(sizeof(type) == (octets), #type " has another size")
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")

SIZE(duet_evm_record_t, DUET_EVM_RECORD_SIZE);
AT(duet_evm_record_t, pc, 0);
AT(duet_evm_record_t, opcode, 4);
AT(duet_evm_record_t, kind, 5);
AT(duet_evm_record_t, depth, 6);
AT(duet_evm_record_t, gas, 8);
AT(duet_evm_record_t, cost, 16);
AT(duet_evm_record_t, refund, 24);
AT(duet_evm_record_t, memory_size, 32);
AT(duet_evm_record_t, stack_size, 40);
AT(duet_evm_record_t, words, 42);
AT(duet_evm_record_t, status, 44);

SIZE(duet_evm_memory_record_t, DUET_EVM_RECORD_SIZE);
AT(duet_evm_memory_record_t, pc, 0);
AT(duet_evm_memory_record_t, opcode, 4);
AT(duet_evm_memory_record_t, kind, 5);
AT(duet_evm_memory_record_t, depth, 6);
AT(duet_evm_memory_record_t, offset, 8);
AT(duet_evm_memory_record_t, size, 16);

SIZE(duet_pvm_record_t, DUET_PVM_RECORD_SIZE);
AT(duet_pvm_record_t, pc, 0);
AT(duet_pvm_record_t, opcode, 4);
AT(duet_pvm_record_t, reg, 5);
AT(duet_pvm_record_t, access, 6);
AT(duet_pvm_record_t, access_size, 7);
AT(duet_pvm_record_t, gas, 8);
AT(duet_pvm_record_t, value, 16);
AT(duet_pvm_record_t, address, 24);
AT(duet_pvm_record_t, exit, 28);

SIZE(duet_trace_t, 128);
AT(duet_trace_t, buffer, 0);
AT(duet_trace_t, buffer_size, 8);
AT(duet_trace_t, flush, 16);
AT(duet_trace_t, context, 24);
AT(duet_trace_t, stack_words, 32);
AT(duet_trace_t, flags, 36);
AT(duet_trace_t, opcodes, 40);
AT(duet_trace_t, first_depth, 72);
AT(duet_trace_t, last_depth, 76);
AT(duet_trace_t, first_pc, 80);
AT(duet_trace_t, last_pc, 84);
AT(duet_trace_t, count, 88);
AT(duet_trace_t, total, 96);
AT(duet_trace_t, lost, 104);
AT(duet_trace_t, reserved, 112);

void duet_trace_init(duet_trace_t *trace, void *buffer, size_t size, duet_trace_flush_fn flush, void *context) {
    if (trace == NULL) return;
    memset(trace, 0, sizeof *trace);
    trace->buffer = buffer;
    trace->buffer_size = size;
    trace->flush = flush;
    trace->context = context;
    trace->stack_words = 1;
    memset(trace->opcodes, 0xff, sizeof trace->opcodes);
    trace->last_depth = UINT32_MAX;
    trace->last_pc = UINT32_MAX;
}
