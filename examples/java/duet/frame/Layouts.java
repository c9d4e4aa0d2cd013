package duet.frame;

import static duet.frame.Struct.BYTE;
import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;
import static duet.frame.Struct.SHORT;
import static duet.frame.Struct.octets;

import java.lang.foreign.MemoryLayout;
import java.util.List;

/** The structs of evm_frame.h and duet_trace.h, field by field. Pointers are numbers of 64 bits: nothing here follows them by itself. */
public final class Layouts {
    private Layouts() {}

    public static final Struct HEADER = new Struct("MessageFrameMemory",
        "pc", INT, "section", INT, "gas_remaining", LONG, "gas_refund", LONG, "stack_size", INT, "memory_size", INT,
        "state", INT, "type", INT, "is_static", INT, "depth", INT,
        "stack_ptr", LONG, "memory_ptr", LONG, "code_ptr", LONG, "input_ptr", LONG, "output_ptr", LONG, "return_data_ptr", LONG,
        "logs_ptr", LONG, "warm_addresses_ptr", LONG,
        "code_size", INT, "input_size", INT, "output_size", INT, "return_data_size", INT, "log_count", INT,
        "warm_address_count", INT, "self_destruct_count", INT, "created_count", INT,
        "recipient", octets(20), "sender", octets(20), "contract", octets(20), "originator", octets(20),
        "mining_beneficiary", octets(20), "value", octets(32), "apparent_value", octets(32), "gas_price", octets(32),
        "halt_reason", INT, "reserved", octets(24), "extension_ptr", LONG, "segment_size", LONG);

    public static final Struct HEADER_V2 = new Struct("MessageFrameMemoryV2",
        "pc", INT, "section", INT, "gas_remaining", LONG, "gas_refund", LONG, "stack_size", INT, "memory_size", INT,
        "state", INT, "type", INT, "is_static", INT, "depth", INT,
        "stack_ptr", LONG, "memory_ptr", LONG, "code_ptr", LONG, "input_ptr", LONG, "output_ptr", LONG, "return_data_ptr", LONG,
        "logs_ptr", LONG, "warm_addresses_ptr", LONG, "storage_ptr", LONG, "witness_ptr", LONG,
        "code_size", INT, "input_size", INT, "output_size", INT, "return_data_size", INT, "log_count", INT,
        "warm_address_count", INT, "warm_storage_count", INT, "storage_slot_count", INT, "max_storage_slots", INT,
        "recipient", octets(20), "sender", octets(20), "contract", octets(20), "originator", octets(20),
        "mining_beneficiary", octets(20), "value", octets(32), "apparent_value", octets(32), "gas_price", octets(32),
        "halt_reason", INT, "reserved", octets(4), "extension_ptr", LONG, "segment_size", LONG);

    public static final Struct LOG = new Struct("duet_frame_log_t",
        "address", octets(20), "topic_count", INT, "data_size", INT, "reserved", INT);

    public static final Struct SLOT = new Struct("duet_frame_slot_t",
        "address", octets(20), "key", octets(32), "value", octets(32), "original", octets(32), "is_warm", BYTE, "reserved", octets(7));

    public static final Struct ACCOUNT = new Struct("duet_frame_account_t",
        "address", octets(20), "balance", octets(32), "reserved_52", octets(4), "nonce", LONG, "code_hash", octets(32),
        "code_size", INT, "reserved_100", octets(4), "code_offset", LONG, "is_warm", BYTE, "reserved", octets(15));

    public static final Struct WITNESS = new Struct("duet_frame_witness_t",
        "account_count", INT, "max_accounts", INT, "accounts_ptr", LONG, "code_count", INT, "reserved_20", INT,
        "codes_ptr", LONG, "codes_size", LONG, "storage_count", INT, "max_storage", INT, "storage_ptr", LONG);

    public static final Struct REQUEST = new Struct("duet_frame_request_t",
        "kind", INT, "answered", INT, "address", octets(20), "topic_count", INT, "key", octets(32), "value", octets(32),
        "offset", LONG, "size", LONG, "topics", octets(128),
        "call_kind", INT, "call_flags", INT, "gas", LONG, "depth", INT, "recipient", octets(20), "sender", octets(20),
        "code_address", octets(20),
        "number", LONG, "word", octets(32), "output_ptr", LONG, "output_size", LONG, "gas_left", LONG, "gas_refund", LONG,
        "status", INT, "create_address", octets(20));

    public static final Struct ANSWER = new Struct("duet_frame_answer_t", "kind", INT, "size", INT, "number", LONG, "word", octets(32));

    public static final Struct EXTENSION = new Struct("duet_frame_extension_t",
        "struct_size", INT, "revision", INT, "flags", INT, "error", INT, "host", LONG, "host_context", LONG,
        "grow", LONG, "grow_context", LONG, "trace", LONG, "witness_ptr", LONG,
        "block_number", LONG, "block_timestamp", LONG, "block_gas_limit", LONG, "prev_randao", octets(32), "chain_id", octets(32),
        "base_fee", octets(32), "blob_base_fee", octets(32), "blob_hashes_ptr", LONG, "blob_hash_count", LONG,
        "request", REQUEST.layout(), "answer_count", INT, "answers_pc", INT,
        "answers", MemoryLayout.sequenceLayout(8, ANSWER.layout()));

    public static final Struct RESULT = new Struct("OperationResult", "gas_cost", LONG, "halt_reason", INT, "pc_increment", INT);

    public static final Struct CALLBACKS = new Struct("TracerCallbacks", "trace_pre_execution", LONG, "trace_post_execution", LONG);

    public static final Struct TRACE = new Struct("duet_trace_t",
        "buffer", LONG, "buffer_size", LONG, "flush", LONG, "context", LONG, "stack_words", INT, "flags", INT,
        "opcodes", octets(32), "first_depth", INT, "last_depth", INT, "first_pc", INT, "last_pc", INT,
        "count", LONG, "total", LONG, "lost", LONG, "reserved", octets(16));

    public static final Struct RECORD = new Struct("duet_evm_record_t",
        "pc", INT, "opcode", BYTE, "kind", BYTE, "depth", SHORT, "gas", LONG, "cost", LONG, "refund", LONG, "memory_size", LONG,
        "stack_size", SHORT, "words", SHORT, "status", INT);

    public static final Struct MEMORY_RECORD = new Struct("duet_evm_memory_record_t",
        "pc", INT, "opcode", BYTE, "kind", BYTE, "depth", SHORT, "offset", LONG, "size", LONG, "reserved", octets(24));

    public static final List<Struct> ALL = List.of(HEADER, HEADER_V2, LOG, SLOT, ACCOUNT, WITNESS, REQUEST, ANSWER, EXTENSION, RESULT,
        CALLBACKS, TRACE, RECORD, MEMORY_RECORD);

    /** Size of the stack's area: 1024 words. */
    public static final int STACK_AREA = 32768;
}
