package duet.world;

import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;

import duet.frame.Library;
import duet.frame.Numbers;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;

/** evmc_host_interface in Java: an upcall for each question. What may fail is caught: an exception that leaves an upcall ends the JVM. */
final class EvmcHost {
    private static final MemoryLayout WORD = EvmcLayouts.BYTES32.layout();
    private static final ValueLayout BOOL = ValueLayout.JAVA_BOOLEAN;

    private final EvmcExecutor executor;
    private final Arena arena;
    private final MemorySegment table;
    private int next;

    EvmcHost(EvmcExecutor executor, Arena arena) {
        this.executor = executor;
        this.arena = arena;
        table = arena.allocate(16 * 8, 8);
        add("accountExists", BOOL, LONG, LONG);
        add("getStorage", WORD, LONG, LONG, LONG);
        add("setStorage", INT, LONG, LONG, LONG, LONG);
        add("getBalance", WORD, LONG, LONG);
        add("getCodeSize", LONG, LONG, LONG);
        add("getCodeHash", WORD, LONG, LONG);
        add("copyCode", LONG, LONG, LONG, LONG, LONG, LONG);
        add("selfdestruct", BOOL, LONG, LONG, LONG);
        add("call", EvmcLayouts.RESULT.layout(), LONG, LONG);
        add("getContext", EvmcLayouts.CONTEXT.layout(), LONG);
        add("getBlockHash", WORD, LONG, LONG);
        add("emitLog", null, LONG, LONG, LONG, LONG, LONG, LONG);
        add("accessAccount", INT, LONG, LONG);
        add("accessStorage", INT, LONG, LONG, LONG);
        add("getPassing", WORD, LONG, LONG, LONG);
        add("setPassing", null, LONG, LONG, LONG, LONG);
    }

    private void add(String method, MemoryLayout result, MemoryLayout... parameters) {
        FunctionDescriptor descriptor = result == null ? FunctionDescriptor.ofVoid(parameters) : FunctionDescriptor.of(result, parameters);
        table.setAtIndex(LONG, next++, Library.upcall(MethodHandles.lookup(), this, method, descriptor, arena));
    }

    long interfaceAddress() {
        return table.address();
    }

    private static Bytes address(long at) {
        return new Bytes(Library.bytes(at, 20));
    }

    private static Bytes word(long at) {
        return new Bytes(Library.bytes(at, 32));
    }

    private static MemorySegment word(Bytes value) {
        return MemorySegment.ofArray(value.octets());
    }

    private World world() {
        return executor.world();
    }

    private boolean accountExists(long context, long address) {
        return world().exists(address(address));
    }

    private MemorySegment getStorage(long context, long address, long key) {
        return word(world().storage(address(address), word(key)));
    }

    private int setStorage(long context, long address, long key, long value) {
        return world().setStorage(address(address), word(key), word(value));
    }

    private MemorySegment getBalance(long context, long address) {
        return word(Bytes.word(world().account(address(address)).balance));
    }

    private long getCodeSize(long context, long address) {
        return world().account(address(address)).code.length;
    }

    private MemorySegment getCodeHash(long context, long address) {
        return word(world().codeHash(address(address)));
    }

    private long copyCode(long context, long address, long offset, long buffer, long size) {
        byte[] code = world().account(address(address)).code;
        if (Long.compareUnsigned(offset, code.length) >= 0) return 0;
        long count = Math.min(size, code.length - offset);
        MemorySegment.copy(code, (int) offset, Library.MEMORY, ValueLayout.JAVA_BYTE, buffer, (int) count);
        return count;
    }

    private boolean selfdestruct(long context, long address, long heir) {
        return world().selfdestruct(address(address), address(heir));
    }

    private MemorySegment call(long context, long at) {
        MemorySegment m = Library.MEMORY.asSlice(at, EvmcLayouts.MESSAGE.size());
        Message message = new Message(m.get(INT, field("kind")), m.get(INT, field("flags")), m.get(INT, field("depth")), m.get(LONG, field("gas")),
            address(at + field("recipient")), address(at + field("sender")),
            Library.bytes(m.get(LONG, field("input_data")), m.get(LONG, field("input_size"))), word(at + field("value")),
            word(at + field("create2_salt")), address(at + field("code_address")));
        Message.Result result;
        try {
            result = executor.call(message);
        } catch (RuntimeException e) {
            result = Message.Result.failure(Numbers.STATUS_INTERNAL_ERROR, 0);
        }
        MemorySegment answer = Arena.ofAuto().allocate(EvmcLayouts.RESULT.layout());
        answer.set(INT, EvmcLayouts.RESULT.offset("status_code"), result.status());
        answer.set(LONG, EvmcLayouts.RESULT.offset("gas_left"), result.gasLeft());
        answer.set(LONG, EvmcLayouts.RESULT.offset("gas_refund"), result.gasRefund());
        if (result.output().length > 0) {
            answer.set(LONG, EvmcLayouts.RESULT.offset("output_data"), executor.keep(result.output()).address());
            answer.set(LONG, EvmcLayouts.RESULT.offset("output_size"), result.output().length);
        }
        MemorySegment.copy(result.createAddress().octets(), 0, answer, ValueLayout.JAVA_BYTE, EvmcLayouts.RESULT.offset("create_address"), 20);
        return answer;
    }

    private static long field(String name) {
        return EvmcLayouts.MESSAGE.offset(name);
    }

    private MemorySegment getContext(long context) {
        World.Context c = world().context;
        MemorySegment answer = Arena.ofAuto().allocate(EvmcLayouts.CONTEXT.layout());
        put(answer, "tx_gas_price", c.gasPrice());
        put(answer, "tx_origin", c.origin());
        put(answer, "block_coinbase", c.coinbase());
        answer.set(LONG, EvmcLayouts.CONTEXT.offset("block_number"), c.number());
        answer.set(LONG, EvmcLayouts.CONTEXT.offset("block_timestamp"), c.timestamp());
        answer.set(LONG, EvmcLayouts.CONTEXT.offset("block_gas_limit"), c.gasLimit());
        put(answer, "block_prev_randao", c.prevRandao());
        put(answer, "chain_id", c.chainId());
        put(answer, "block_base_fee", c.baseFee());
        put(answer, "blob_base_fee", c.blobBaseFee());
        return answer;
    }

    private static void put(MemorySegment struct, String field, Bytes value) {
        MemorySegment.copy(value.octets(), 0, struct, ValueLayout.JAVA_BYTE, EvmcLayouts.CONTEXT.offset(field), value.octets().length);
    }

    private MemorySegment getBlockHash(long context, long number) {
        return word(world().blockHash(number));
    }

    private void emitLog(long context, long address, long data, long size, long topics, long count) {
        List<Bytes> list = new ArrayList<>();
        for (long i = 0; i < count; i++) list.add(word(topics + 32 * i));
        world().log(new Message.Log(address(address), list, new Bytes(Library.bytes(data, size))));
    }

    private int accessAccount(long context, long address) {
        return world().accessAccount(address(address)) ? 1 : 0;
    }

    private int accessStorage(long context, long address, long key) {
        return world().accessStorage(address(address), word(key)) ? 1 : 0;
    }

    private MemorySegment getPassing(long context, long address, long key) {
        return word(world().passing(address(address), word(key)));
    }

    private void setPassing(long context, long address, long key, long value) {
        world().setPassing(address(address), word(key), word(value));
    }
}
