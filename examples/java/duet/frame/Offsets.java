package duet.frame;

/**
 * Where the fields of a header lie. A record, so that the compiler takes the offsets of a constant layout for constants; -1 is a field that
 * the layout does not have.
 */
public record Offsets(long pc, long gasRemaining, long gasRefund, long stackSize, long memorySize, long state, long type, long isStatic,
                      long depth, long stackPtr, long memoryPtr, long codePtr, long inputPtr, long outputPtr, long returnDataPtr,
                      long logsPtr, long warmAddressesPtr, long storagePtr, long witnessPtr, long codeSize, long inputSize,
                      long outputSize, long returnDataSize, long logCount, long warmAddressCount, long storageSlotCount,
                      long maxStorageSlots, long recipient, long sender, long contract, long originator, long miningBeneficiary,
                      long value, long apparentValue, long gasPrice, long haltReason, long extensionPtr, long segmentSize) {
    public static final Offsets FIRST = of(Layouts.HEADER);
    public static final Offsets SECOND = of(Layouts.HEADER_V2);

    private static Offsets of(Struct h) {
        return new Offsets(h.offset("pc"), h.offset("gas_remaining"), h.offset("gas_refund"), h.offset("stack_size"), h.offset("memory_size"),
            h.offset("state"), h.offset("type"), h.offset("is_static"), h.offset("depth"), h.offset("stack_ptr"), h.offset("memory_ptr"),
            h.offset("code_ptr"), h.offset("input_ptr"), h.offset("output_ptr"), h.offset("return_data_ptr"), h.offset("logs_ptr"),
            h.offset("warm_addresses_ptr"), optional(h, "storage_ptr"), optional(h, "witness_ptr"), h.offset("code_size"),
            h.offset("input_size"), h.offset("output_size"), h.offset("return_data_size"), h.offset("log_count"),
            h.offset("warm_address_count"), optional(h, "storage_slot_count"), optional(h, "max_storage_slots"), h.offset("recipient"),
            h.offset("sender"), h.offset("contract"), h.offset("originator"), h.offset("mining_beneficiary"), h.offset("value"),
            h.offset("apparent_value"), h.offset("gas_price"), h.offset("halt_reason"), h.offset("extension_ptr"), h.offset("segment_size"));
    }

    private static long optional(Struct header, String field) {
        return header.fields().contains(field) ? header.offset(field) : -1;
    }
}
