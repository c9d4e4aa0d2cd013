package duet.frame;

import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Path;

/**
 * The functions of the library. Pointers go as numbers: a MemorySegment as argument costs a check of its arena at each call, and a pointer
 * of an upcall would become an object.
 */
public final class Library {
    private Library() {}

    private static final Linker LINKER = Linker.nativeLinker();
    /** Alive as long as the process: the library itself, and what is made once. */
    public static final Arena FOREVER = Arena.global();
    private static final Path FILE = Path.of(System.getProperty("duet.library", "build/libpvm.so")).toAbsolutePath();
    private static final SymbolLookup SYMBOLS = lookup();

    /** All memory, for what the library points at. */
    public static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final MethodHandle EXECUTE_MESSAGE = find("execute_message", null, LONG, LONG);
    private static final MethodHandle EXECUTE_MESSAGE_V2 = find("execute_message_v2", null, LONG, LONG);
    private static final MethodHandle EXECUTE = find("duet_frame_execute", INT, LONG, LONG, LONG);
    private static final MethodHandle EXECUTE_V2 = find("duet_frame_execute_v2", INT, LONG, LONG, LONG);
    private static final MethodHandle EXECUTE_CRITICAL = find(Linker.Option.critical(false), "duet_frame_execute", INT, LONG, LONG, LONG);
    private static final MethodHandle CREATE = find("duet_frame_create", LONG);
    private static final MethodHandle DESTROY = find("duet_frame_destroy", null, LONG);
    private static final MethodHandle RESET = find("duet_frame_reset", null, LONG);
    private static final MethodHandle RESET_V2 = find("duet_frame_reset_v2", null, LONG);
    private static final MethodHandle ERROR_MESSAGE = find("duet_frame_error_message", LONG, INT);
    private static final MethodHandle TRACE_INIT = find("duet_trace_init", null, LONG, LONG, LONG, LONG, LONG);
    private static final MethodHandle KECCAK = find("duet_keccak256", null, LONG, LONG, LONG);
    private static final MethodHandle PRECOMPILE = find("duet_precompile", INT, INT, LONG, LONG, LONG, LONG, LONG);
    private static final MethodHandle PRECOMPILE_RELEASE = find("duet_precompile_release", null, LONG);
    private static final MethodHandle PRECOMPILE_NAME = find("duet_precompile_name", LONG, INT, LONG);

    private static SymbolLookup lookup() {
        try {
            return SymbolLookup.libraryLookup(FILE, FOREVER);
        } catch (IllegalArgumentException e) {
            return name -> java.util.Optional.empty();
        }
    }

    public static boolean isAvailable() {
        return SYMBOLS.find("execute_message").isPresent();
    }

    public static String file() {
        return FILE.toString();
    }

    private static MethodHandle find(String name, MemoryLayout result, MemoryLayout... parameters) {
        return find(null, name, result, parameters);
    }

    private static MethodHandle find(Linker.Option option, String name, MemoryLayout result, MemoryLayout... parameters) {
        FunctionDescriptor descriptor = result == null ? FunctionDescriptor.ofVoid(parameters) : FunctionDescriptor.of(result, parameters);
        MemorySegment symbol = SYMBOLS.find(name).orElse(null);
        if (symbol == null) {
            // Whoever calls it learns which function of which file is missing.
            String message = FILE + " has no " + name;
            MethodHandle fail = MethodHandles.insertArguments(MethodHandles.throwException(void.class, UnsatisfiedLinkError.class), 0, new UnsatisfiedLinkError(message));
            MethodType type = descriptor.toMethodType();
            fail = MethodHandles.dropArguments(fail, 0, type.parameterList());
            return result == null ? fail : MethodHandles.filterReturnValue(fail, MethodHandles.zero(type.returnType()));
        }
        return option == null ? LINKER.downcallHandle(symbol, descriptor) : LINKER.downcallHandle(symbol, descriptor, option);
    }

    /** A function of the library that is found by name, for clients of other headers. */
    public static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(SYMBOLS.find(name).orElseThrow(() -> new UnsatisfiedLinkError(FILE + " has no " + name)), descriptor);
    }

    /** A function that the library has a pointer to. */
    public static MethodHandle function(long address, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(MemorySegment.ofAddress(address), descriptor);
    }

    /**
     * A C function pointer to `method` of `target`, a method of the lookup's class; good as long as the arena. An exception that leaves the
     * method ends the JVM.
     */
    public static long upcall(MethodHandles.Lookup lookup, Object target, String method, FunctionDescriptor descriptor, Arena arena) {
        try {
            MethodHandle handle = lookup.findVirtual(lookup.lookupClass(), method, descriptor.toMethodType()).bindTo(target);
            return LINKER.upcallStub(handle, descriptor, arena).address();
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(e);
        }
    }

    public static void executeMessage(long frame, long callbacks) {
        try {
            EXECUTE_MESSAGE.invokeExact(frame, callbacks);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static void executeMessageV2(long frame, long callbacks) {
        try {
            EXECUTE_MESSAGE_V2.invokeExact(frame, callbacks);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    /** Gives a duet_frame_error_t. */
    public static int execute(long resident, long frame, long callbacks) {
        try {
            return (int) EXECUTE.invokeExact(resident, frame, callbacks);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static int executeV2(long resident, long frame, long callbacks) {
        try {
            return (int) EXECUTE_V2.invokeExact(resident, frame, callbacks);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    /**
     * The same without the change of the thread's state that lets the collector run meanwhile: a few nanoseconds less. Only for code whose
     * gas keeps it short, and only without any callback.
     */
    public static int executeCritical(long resident, long frame) {
        try {
            return (int) EXECUTE_CRITICAL.invokeExact(resident, frame, 0L);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static long createResident() {
        try {
            return (long) CREATE.invokeExact();
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static void destroyResident(long resident) {
        try {
            DESTROY.invokeExact(resident);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static void reset(long frame) {
        try {
            RESET.invokeExact(frame);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static void resetV2(long frame) {
        try {
            RESET_V2.invokeExact(frame);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static String errorMessage(int error) {
        try {
            return MEMORY.getString((long) ERROR_MESSAGE.invokeExact(error));
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static void traceInit(long trace, long buffer, long size, long flush, long context) {
        try {
            TRACE_INIT.invokeExact(trace, buffer, size, flush, context);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static byte[] keccak256(byte[] octets) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment room = arena.allocate(octets.length + 32L);
            MemorySegment.copy(octets, 0, room, ValueLayout.JAVA_BYTE, 0, octets.length);
            KECCAK.invokeExact(room.address(), (long) octets.length, room.address() + octets.length);
            return room.asSlice(octets.length, 32).toArray(ValueLayout.JAVA_BYTE);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    public static boolean isPrecompile(int revision, byte[] address) {
        try (Arena arena = Arena.ofConfined()) {
            return (long) PRECOMPILE_NAME.invokeExact(revision, arena.allocateFrom(ValueLayout.JAVA_BYTE, address).address()) != 0;
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    /** What a precompile gave: a duet_precompile_status_t, and if that is 0 gas and output. */
    public record Precompiled(int status, long gasLeft, byte[] output) {}

    public static Precompiled precompile(int revision, byte[] address, byte[] input, long gas) {
        try (Arena arena = Arena.ofConfined()) {
            long target = arena.allocateFrom(ValueLayout.JAVA_BYTE, address).address();
            long data = arena.allocateFrom(ValueLayout.JAVA_BYTE, input).address();
            MemorySegment result = arena.allocate(24, 8);
            int status = (int) PRECOMPILE.invokeExact(revision, target, data, (long) input.length, gas, result.address());
            byte[] output = bytes(result.get(LONG, 8), result.get(LONG, 16));
            PRECOMPILE_RELEASE.invokeExact(result.address());
            return new Precompiled(status, result.get(LONG, 0), output);
        } catch (Throwable e) {
            throw raise(e);
        }
    }

    /** A copy of what lies at an address. */
    public static byte[] bytes(long address, long size) {
        byte[] octets = new byte[Math.toIntExact(size)];
        if (size > 0) MemorySegment.copy(MEMORY, ValueLayout.JAVA_BYTE, address, octets, 0, octets.length);
        return octets;
    }

    private static RuntimeException raise(Throwable e) {
        if (e instanceof RuntimeException r) return r;
        if (e instanceof Error r) throw r;
        return new IllegalStateException(e);
    }
}
