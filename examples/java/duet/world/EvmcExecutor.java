package duet.world;

import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;

import duet.frame.Frame;
import duet.frame.Library;
import duet.frame.Numbers;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayDeque;
import java.util.Deque;

/** Runs code through EVMC, with the world as its host. */
public final class EvmcExecutor implements Message.Executor {
    private final Arena arena = Arena.ofConfined();
    private final EvmcHost host = new EvmcHost(this, arena);
    private final MemorySegment vm;
    private final MethodHandle execute, release, destroy;
    private World world;
    private Message.Executor inner = this;
    /** Outputs that the library may still read: until the execution that asked for them is over. */
    private final Deque<Arena> outputs = new ArrayDeque<>();

    public EvmcExecutor() {
        long address;
        try {
            address = (long) Library.function("evmc_create_duet", FunctionDescriptor.of(LONG)).invokeExact();
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        vm = MemorySegment.ofAddress(address).reinterpret(EvmcLayouts.VM.size());
        execute = Library.function(vm.get(LONG, EvmcLayouts.VM.offset("execute")),
            FunctionDescriptor.of(EvmcLayouts.RESULT.layout(), LONG, LONG, LONG, INT, LONG, LONG, LONG));
        // Every result of this library has the same release function; its address is asked for at the first one.
        release = java.lang.foreign.Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(LONG));
        destroy = Library.function(vm.get(LONG, EvmcLayouts.VM.offset("destroy")), FunctionDescriptor.ofVoid(LONG));
    }

    long vm() {
        return vm.address();
    }

    World world() {
        return world;
    }

    Message.Result call(Message message) {
        return Calls.call(world, message, inner);
    }

    /** Room for an output that lives as long as the execution that runs now. */
    MemorySegment keep(byte[] octets) {
        return outputs.peek().allocateFrom(ValueLayout.JAVA_BYTE, octets);
    }

    /** Gives a frame this host. Calls of its code run on `frames`. */
    void attach(Frame frame, World world, Message.Executor frames) {
        this.world = world;
        this.inner = frames;
        if (outputs.isEmpty()) outputs.push(arena);
        frame.number(frame.extension("host"), host.interfaceAddress());
    }

    @Override
    public Message.Result execute(World world, Message message, byte[] code) {
        this.world = world;
        try (Arena room = Arena.ofConfined()) {
            outputs.push(room);
            MemorySegment struct = message(room, message);
            MemorySegment codeRoom = room.allocateFrom(ValueLayout.JAVA_BYTE, code);
            MemorySegment result = (MemorySegment) execute.invoke((java.lang.foreign.SegmentAllocator) room, vm.address(), host.interfaceAddress(), 0L,
                world.revision, struct.address(), codeRoom.address(), (long) code.length);
            byte[] output = Library.bytes(result.get(LONG, EvmcLayouts.RESULT.offset("output_data")),
                result.get(LONG, EvmcLayouts.RESULT.offset("output_size")));
            int status = result.get(INT, EvmcLayouts.RESULT.offset("status_code"));
            long function = result.get(LONG, EvmcLayouts.RESULT.offset("release"));
            if (function != 0) release.invoke(MemorySegment.ofAddress(function), result.address());
            return new Message.Result(status, result.get(LONG, EvmcLayouts.RESULT.offset("gas_left")),
                result.get(LONG, EvmcLayouts.RESULT.offset("gas_refund")), output, Bytes.NO_ADDRESS);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        } finally {
            outputs.pop();
        }
    }

    private static MemorySegment message(Arena room, Message message) {
        MemorySegment struct = room.allocate(EvmcLayouts.MESSAGE.layout());
        struct.set(INT, EvmcLayouts.MESSAGE.offset("kind"), message.kind());
        struct.set(INT, EvmcLayouts.MESSAGE.offset("flags"), message.flags());
        struct.set(INT, EvmcLayouts.MESSAGE.offset("depth"), message.depth());
        struct.set(LONG, EvmcLayouts.MESSAGE.offset("gas"), message.gas());
        put(struct, "recipient", message.recipient());
        put(struct, "sender", message.sender());
        put(struct, "value", message.value());
        put(struct, "create2_salt", message.salt());
        put(struct, "code_address", message.codeAddress());
        struct.set(LONG, EvmcLayouts.MESSAGE.offset("input_data"), room.allocateFrom(ValueLayout.JAVA_BYTE, message.input()).address());
        struct.set(LONG, EvmcLayouts.MESSAGE.offset("input_size"), message.input().length);
        return struct;
    }

    private static void put(MemorySegment struct, String field, Bytes value) {
        MemorySegment.copy(value.octets(), 0, struct, ValueLayout.JAVA_BYTE, EvmcLayouts.MESSAGE.offset(field), value.octets().length);
    }

    @Override
    public void close() {
        try {
            destroy.invoke(vm.address());
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        arena.close();
    }
}
