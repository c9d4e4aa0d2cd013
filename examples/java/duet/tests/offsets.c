/* Prints a line for every field of the structs that the Java client maps: struct, field, offset, size; and one for each struct. */
#include <duet_evm.h>
#include <evm_frame.h>

#include <stdio.h>

#define STRUCT(type) printf("%s - 0 %zu\n", #type, sizeof(type))
#define FIELD(type, field) printf("%s %s %zu %zu\n", #type, #field, offsetof(type, field), sizeof(((type *)0)->field))

#define BOTH_HEADERS(header) \
    STRUCT(header), FIELD(header, pc), FIELD(header, section), FIELD(header, gas_remaining), FIELD(header, gas_refund), FIELD(header, stack_size), \
        FIELD(header, memory_size), FIELD(header, state), FIELD(header, type), FIELD(header, is_static), FIELD(header, depth), \
        FIELD(header, stack_ptr), FIELD(header, memory_ptr), FIELD(header, code_ptr), FIELD(header, input_ptr), FIELD(header, output_ptr), \
        FIELD(header, return_data_ptr), FIELD(header, logs_ptr), FIELD(header, warm_addresses_ptr), FIELD(header, code_size), \
        FIELD(header, input_size), FIELD(header, output_size), FIELD(header, return_data_size), FIELD(header, log_count), \
        FIELD(header, warm_address_count), FIELD(header, recipient), FIELD(header, sender), FIELD(header, contract), FIELD(header, originator), \
        FIELD(header, mining_beneficiary), FIELD(header, value), FIELD(header, apparent_value), FIELD(header, gas_price), \
        FIELD(header, halt_reason), FIELD(header, reserved), FIELD(header, extension_ptr), FIELD(header, segment_size)

typedef struct evmc_message evmc_message;
typedef struct evmc_tx_context evmc_tx_context;
typedef struct evmc_result evmc_result;
typedef struct evmc_vm evmc_vm;

static void frames(void) {
    BOTH_HEADERS(MessageFrameMemory);
    FIELD(MessageFrameMemory, self_destruct_count), FIELD(MessageFrameMemory, created_count);
    BOTH_HEADERS(MessageFrameMemoryV2);
    FIELD(MessageFrameMemoryV2, storage_ptr), FIELD(MessageFrameMemoryV2, witness_ptr), FIELD(MessageFrameMemoryV2, warm_storage_count);
    FIELD(MessageFrameMemoryV2, storage_slot_count), FIELD(MessageFrameMemoryV2, max_storage_slots);

    STRUCT(duet_frame_log_t), FIELD(duet_frame_log_t, address), FIELD(duet_frame_log_t, topic_count);
    FIELD(duet_frame_log_t, data_size), FIELD(duet_frame_log_t, reserved);
    STRUCT(duet_frame_slot_t), FIELD(duet_frame_slot_t, address), FIELD(duet_frame_slot_t, key), FIELD(duet_frame_slot_t, value);
    FIELD(duet_frame_slot_t, original), FIELD(duet_frame_slot_t, is_warm), FIELD(duet_frame_slot_t, reserved);
    STRUCT(duet_frame_account_t), FIELD(duet_frame_account_t, address), FIELD(duet_frame_account_t, balance);
    FIELD(duet_frame_account_t, reserved_52), FIELD(duet_frame_account_t, nonce), FIELD(duet_frame_account_t, code_hash);
    FIELD(duet_frame_account_t, code_size), FIELD(duet_frame_account_t, reserved_100), FIELD(duet_frame_account_t, code_offset);
    FIELD(duet_frame_account_t, is_warm), FIELD(duet_frame_account_t, reserved);
    STRUCT(duet_frame_witness_t), FIELD(duet_frame_witness_t, account_count), FIELD(duet_frame_witness_t, max_accounts);
    FIELD(duet_frame_witness_t, accounts_ptr), FIELD(duet_frame_witness_t, code_count), FIELD(duet_frame_witness_t, reserved_20);
    FIELD(duet_frame_witness_t, codes_ptr), FIELD(duet_frame_witness_t, codes_size), FIELD(duet_frame_witness_t, storage_count);
    FIELD(duet_frame_witness_t, max_storage), FIELD(duet_frame_witness_t, storage_ptr);
}

static void requests(void) {
    STRUCT(duet_frame_request_t), FIELD(duet_frame_request_t, kind), FIELD(duet_frame_request_t, answered);
    FIELD(duet_frame_request_t, address), FIELD(duet_frame_request_t, topic_count), FIELD(duet_frame_request_t, key);
    FIELD(duet_frame_request_t, value), FIELD(duet_frame_request_t, offset), FIELD(duet_frame_request_t, size);
    FIELD(duet_frame_request_t, topics), FIELD(duet_frame_request_t, call_kind), FIELD(duet_frame_request_t, call_flags);
    FIELD(duet_frame_request_t, gas), FIELD(duet_frame_request_t, depth), FIELD(duet_frame_request_t, recipient);
    FIELD(duet_frame_request_t, sender), FIELD(duet_frame_request_t, code_address), FIELD(duet_frame_request_t, number);
    FIELD(duet_frame_request_t, word), FIELD(duet_frame_request_t, output_ptr), FIELD(duet_frame_request_t, output_size);
    FIELD(duet_frame_request_t, gas_left), FIELD(duet_frame_request_t, gas_refund), FIELD(duet_frame_request_t, status);
    FIELD(duet_frame_request_t, create_address);
    STRUCT(duet_frame_answer_t), FIELD(duet_frame_answer_t, kind), FIELD(duet_frame_answer_t, size);
    FIELD(duet_frame_answer_t, number), FIELD(duet_frame_answer_t, word);

    STRUCT(duet_frame_extension_t), FIELD(duet_frame_extension_t, struct_size), FIELD(duet_frame_extension_t, revision);
    FIELD(duet_frame_extension_t, flags), FIELD(duet_frame_extension_t, error), FIELD(duet_frame_extension_t, host);
    FIELD(duet_frame_extension_t, host_context), FIELD(duet_frame_extension_t, grow), FIELD(duet_frame_extension_t, grow_context);
    FIELD(duet_frame_extension_t, trace), FIELD(duet_frame_extension_t, witness_ptr), FIELD(duet_frame_extension_t, block_number);
    FIELD(duet_frame_extension_t, block_timestamp), FIELD(duet_frame_extension_t, block_gas_limit);
    FIELD(duet_frame_extension_t, prev_randao), FIELD(duet_frame_extension_t, chain_id), FIELD(duet_frame_extension_t, base_fee);
    FIELD(duet_frame_extension_t, blob_base_fee), FIELD(duet_frame_extension_t, blob_hashes_ptr);
    FIELD(duet_frame_extension_t, blob_hash_count), FIELD(duet_frame_extension_t, request), FIELD(duet_frame_extension_t, answer_count);
    FIELD(duet_frame_extension_t, answers_pc), FIELD(duet_frame_extension_t, answers);
}

static void traces(void) {
    STRUCT(OperationResult), FIELD(OperationResult, gas_cost), FIELD(OperationResult, halt_reason), FIELD(OperationResult, pc_increment);
    STRUCT(TracerCallbacks), FIELD(TracerCallbacks, trace_pre_execution), FIELD(TracerCallbacks, trace_post_execution);
    STRUCT(duet_trace_t), FIELD(duet_trace_t, buffer), FIELD(duet_trace_t, buffer_size), FIELD(duet_trace_t, flush);
    FIELD(duet_trace_t, context), FIELD(duet_trace_t, stack_words), FIELD(duet_trace_t, flags), FIELD(duet_trace_t, opcodes);
    FIELD(duet_trace_t, first_depth), FIELD(duet_trace_t, last_depth), FIELD(duet_trace_t, first_pc), FIELD(duet_trace_t, last_pc);
    FIELD(duet_trace_t, count), FIELD(duet_trace_t, total), FIELD(duet_trace_t, lost), FIELD(duet_trace_t, reserved);
    STRUCT(duet_evm_record_t), FIELD(duet_evm_record_t, pc), FIELD(duet_evm_record_t, opcode), FIELD(duet_evm_record_t, kind);
    FIELD(duet_evm_record_t, depth), FIELD(duet_evm_record_t, gas), FIELD(duet_evm_record_t, cost), FIELD(duet_evm_record_t, refund);
    FIELD(duet_evm_record_t, memory_size), FIELD(duet_evm_record_t, stack_size), FIELD(duet_evm_record_t, words);
    FIELD(duet_evm_record_t, status);
    STRUCT(duet_evm_memory_record_t), FIELD(duet_evm_memory_record_t, pc), FIELD(duet_evm_memory_record_t, opcode);
    FIELD(duet_evm_memory_record_t, kind), FIELD(duet_evm_memory_record_t, depth), FIELD(duet_evm_memory_record_t, offset);
    FIELD(duet_evm_memory_record_t, size), FIELD(duet_evm_memory_record_t, reserved);
}

static void evmc(void) {
    STRUCT(evmc_message), FIELD(evmc_message, kind), FIELD(evmc_message, flags), FIELD(evmc_message, depth), FIELD(evmc_message, gas);
    FIELD(evmc_message, recipient), FIELD(evmc_message, sender), FIELD(evmc_message, input_data), FIELD(evmc_message, input_size);
    FIELD(evmc_message, value), FIELD(evmc_message, create2_salt), FIELD(evmc_message, code_address), FIELD(evmc_message, code);
    FIELD(evmc_message, code_size);
    STRUCT(evmc_tx_context), FIELD(evmc_tx_context, tx_gas_price), FIELD(evmc_tx_context, tx_origin);
    FIELD(evmc_tx_context, block_coinbase), FIELD(evmc_tx_context, block_number), FIELD(evmc_tx_context, block_timestamp);
    FIELD(evmc_tx_context, block_gas_limit), FIELD(evmc_tx_context, block_prev_randao), FIELD(evmc_tx_context, chain_id);
    FIELD(evmc_tx_context, block_base_fee), FIELD(evmc_tx_context, blob_base_fee), FIELD(evmc_tx_context, blob_hashes);
    FIELD(evmc_tx_context, blob_hashes_count), FIELD(evmc_tx_context, initcodes), FIELD(evmc_tx_context, initcodes_count);
    STRUCT(evmc_result), FIELD(evmc_result, status_code), FIELD(evmc_result, gas_left), FIELD(evmc_result, gas_refund);
    FIELD(evmc_result, output_data), FIELD(evmc_result, output_size), FIELD(evmc_result, release), FIELD(evmc_result, create_address);
    FIELD(evmc_result, padding);
    STRUCT(evmc_vm), FIELD(evmc_vm, abi_version), FIELD(evmc_vm, name), FIELD(evmc_vm, version), FIELD(evmc_vm, destroy);
    FIELD(evmc_vm, execute), FIELD(evmc_vm, get_capabilities), FIELD(evmc_vm, set_option);
    STRUCT(evmc_bytes32), FIELD(evmc_bytes32, bytes);
}

int main(void) {
    frames();
    requests();
    traces();
    evmc();
    return 0;
}
