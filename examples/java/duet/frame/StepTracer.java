package duet.frame;

import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/** TracerCallbacks in Java: two upcalls for each instruction. */
public abstract class StepTracer implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final long callbacks;

    protected StepTracer() {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        long before = Library.upcall(lookup, this, "pre", FunctionDescriptor.ofVoid(LONG), arena);
        long after = Library.upcall(lookup, this, "post", FunctionDescriptor.ofVoid(LONG, LONG), arena);
        MemorySegment both = arena.allocate(Layouts.CALLBACKS.layout());
        both.set(LONG, Layouts.CALLBACKS.offset("trace_pre_execution"), before);
        both.set(LONG, Layouts.CALLBACKS.offset("trace_post_execution"), after);
        callbacks = both.address();
    }

    private static final long GAS_COST = Layouts.RESULT.offset("gas_cost"), HALT_REASON = Layouts.RESULT.offset("halt_reason"),
        PC_INCREMENT = Layouts.RESULT.offset("pc_increment");

    /** The frame's address in Library.MEMORY: it may have moved since the last call. Must not throw. */
    protected abstract void before(long frame);

    protected abstract void after(long frame, long gasCost, int haltReason, int pcIncrement);

    private void pre(long frame) {
        before(frame);
    }

    private void post(long frame, long result) {
        after(frame, Library.MEMORY.get(LONG, result + GAS_COST), Library.MEMORY.get(INT, result + HALT_REASON),
            Library.MEMORY.get(INT, result + PC_INCREMENT));
    }

    public long callbacks() {
        return callbacks;
    }

    @Override
    public void close() {
        arena.close();
    }
}
