package duet.frame;

import static duet.frame.Struct.BYTE;
import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;
import static duet.frame.Struct.SHORT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** The steps of an execution from either kind of trace, in one form: compared by their hash, the first ones kept to be shown. */
public final class Steps {
    /** `top` is a hash of the topmost stack word before the instruction, 0 if there is none. */
    public record Step(int depth, int pc, int opcode, long gas, long cost, int stackSize, long memorySize, long refund, int top, boolean failed) {}

    private static final int KEPT = 100_000;
    private final List<Step> first = new ArrayList<>();
    private long count, hash, withoutTop;
    private int deepest;

    /** The number of a step that begins. Those of a call that it makes begin before it is over. */
    private long begin() {
        if (count < KEPT) first.add(null);
        return count++;
    }

    private void end(long number, Step step) {
        if (number < KEPT) first.set((int) number, step);
        deepest = Math.max(deepest, step.depth);
        hash += mixed(step.hashCode(), number);
        withoutTop += mixed(new Step(step.depth, step.pc, step.opcode, step.gas, step.cost, step.stackSize, step.memorySize, step.refund, 0, step.failed).hashCode(), number);
    }

    private static long mixed(int hash, long number) {
        long mixed = (hash * 0x9e3779b97f4a7c15L ^ number) * 0xbf58476d1ce4e5b9L;
        return mixed ^ mixed >>> 31;
    }

    public long count() {
        return count;
    }

    /** The depth of the deepest call. */
    public int deepest() {
        return deepest;
    }

    public boolean sameAs(Steps other) {
        return count == other.count && hash == other.hash;
    }

    /** The same for traces one of which has no stack words. */
    public boolean sameWithoutTop(Steps other) {
        return count == other.count && withoutTop == other.withoutTop;
    }

    /** Where two traces part, in words. */
    public String difference(Steps other) {
        for (int i = 0; i < Math.min(first.size(), other.first.size()); i++)
            if (!first.get(i).equals(other.first.get(i))) return "step " + i + ": " + first.get(i) + " and " + other.first.get(i);
        if (count != other.count) {
            List<Step> longer = count > other.count ? first : other.first;
            int at = (int) Math.min(count, other.count);
            return count + " and " + other.count + " steps" + (at < longer.size() ? ", the first too many " + longer.get(at) : "");
        }
        return hash == other.hash ? "none" : "somewhere behind the first " + KEPT;
    }

    private static int top(MemorySegment memory, long at) {
        int hash = 1;
        for (int i = 0; i < 4; i++) hash = hash * 31 + Long.hashCode(memory.get(LONG.withByteAlignment(1), at + 8 * i));
        return hash;
    }

    /**
     * Of calls and creations, callbacks have what went and did not come back, records what they paid and handed on: both are right, and not the
     * same.
     */
    private static long comparable(int opcode, long cost) {
        return opcode >= 0xf0 && opcode <= 0xfa && opcode != 0xf3 ? 0 : cost;
    }

    /** A tracer of single steps that adds them here. */
    public StepTracer tracer(boolean second) {
        Offsets at = second ? Offsets.SECOND : Offsets.FIRST;
        MemorySegment all = Library.MEMORY;
        return new StepTracer() {
            private final ArrayList<Step> open = new ArrayList<>();
            private final ArrayList<Long> numbers = new ArrayList<>();

            @Override
            protected void before(long frame) {
                int pc = all.get(INT, frame + at.pc()), stack = all.get(INT, frame + at.stackSize());
                int opcode = pc < all.get(INT, frame + at.codeSize()) ? all.get(BYTE, frame + all.get(LONG, frame + at.codePtr()) + pc) & 0xff : 0;
                int top = stack == 0 ? 0 : top(all, frame + all.get(LONG, frame + at.stackPtr()) + 32L * (stack - 1));
                numbers.add(begin());
                open.add(new Step(all.get(INT, frame + at.depth()), pc, opcode, all.get(LONG, frame + at.gasRemaining()), 0, stack,
                    all.get(INT, frame + at.memorySize()), all.get(LONG, frame + at.gasRefund()), top, false));
            }

            @Override
            protected void after(long frame, long gasCost, int haltReason, int pcIncrement) {
                Step s = open.remove(open.size() - 1);
                end(numbers.remove(numbers.size() - 1), new Step(s.depth, s.pc, s.opcode, s.gas, comparable(s.opcode, gasCost), s.stackSize, s.memorySize, s.refund, s.top, haltReason != 0));
            }
        };
    }

    /** Adds records of a batch. */
    public void read(MemorySegment records, long count, long size) {
        for (long at = 0, end = count * size; at < end; at += size) {
            if (records.get(BYTE, at + BatchTrace.KIND) != BatchTrace.INSTRUCTION) continue;
            int stack = records.get(SHORT, at + BatchTrace.STACK_SIZE) & 0xffff, opcode = records.get(BYTE, at + BatchTrace.OPCODE) & 0xff;
            end(begin(), new Step(records.get(SHORT, at + BatchTrace.DEPTH) & 0xffff, records.get(INT, at + BatchTrace.PC),
                opcode, records.get(LONG, at + BatchTrace.GAS), comparable(opcode, records.get(LONG, at + BatchTrace.COST)),
                stack, records.get(LONG, at + BatchTrace.MEMORY_SIZE), records.get(LONG, at + BatchTrace.REFUND),
                stack == 0 || size == BatchTrace.WORD ? 0 : top(records, at + BatchTrace.WORD), records.get(INT, at + BatchTrace.STATUS) != 0));
        }
    }
}
