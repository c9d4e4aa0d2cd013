package duet.world;

import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;
import static duet.frame.Struct.octets;

import duet.frame.Struct;
import java.util.List;

/** The structs of evmc.h that a host in Java needs. */
public final class EvmcLayouts {
    private EvmcLayouts() {}

    public static final Struct MESSAGE = new Struct("evmc_message", "kind", INT, "flags", INT, "depth", INT, "gas", LONG,
        "recipient", octets(20), "sender", octets(20), "input_data", LONG, "input_size", LONG, "value", octets(32), "create2_salt", octets(32),
        "code_address", octets(20), "code", LONG, "code_size", LONG);

    public static final Struct CONTEXT = new Struct("evmc_tx_context", "tx_gas_price", octets(32), "tx_origin", octets(20),
        "block_coinbase", octets(20), "block_number", LONG, "block_timestamp", LONG, "block_gas_limit", LONG,
        "block_prev_randao", octets(32), "chain_id", octets(32), "block_base_fee", octets(32), "blob_base_fee", octets(32),
        "blob_hashes", LONG, "blob_hashes_count", LONG, "initcodes", LONG, "initcodes_count", LONG);

    public static final Struct RESULT = new Struct("evmc_result", "status_code", INT, "gas_left", LONG, "gas_refund", LONG,
        "output_data", LONG, "output_size", LONG, "release", LONG, "create_address", octets(20), "padding", octets(4));

    public static final Struct VM = new Struct("evmc_vm", "abi_version", INT, "name", LONG, "version", LONG, "destroy", LONG, "execute", LONG,
        "get_capabilities", LONG, "set_option", LONG);

    public static final Struct BYTES32 = new Struct("evmc_bytes32", "bytes", octets(32));

    public static final List<Struct> ALL = List.of(MESSAGE, CONTEXT, RESULT, VM, BYTES32);
}
