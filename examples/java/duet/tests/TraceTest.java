package duet.tests;

import duet.frame.BatchTrace;
import duet.frame.Frame;
import duet.frame.Layouts;
import duet.frame.Numbers;
import duet.frame.StepTracer;
import duet.frame.Steps;
import duet.frame.Struct;
import duet.world.Assembler;
import duet.world.Bytes;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Both kinds of trace. */
public final class TraceTest {
    private static final String LOOP = "100 loop: 1 SWAP1 SUB DUP1 @loop JUMPI 0 MSTORE 32 0 RETURN";

    private static Frame frame(String code) {
        Frame frame = new Frame(false);
        frame.code(Assembler.code(code));
        frame.number(frame.at.gasRemaining(), 1_000_000);
        frame.integer(frame.extension("revision"), Numbers.ISTANBUL);
        return frame;
    }

    public void testFieldsOfRecords() {
        List<String> lines = new ArrayList<>();
        BatchTrace.Reader reader = (records, count, size) -> {
            for (long at = 0; at < count * size; at += size)
                lines.add(records.get(Struct.INT, at + BatchTrace.PC) + " " + records.get(Struct.BYTE, at + BatchTrace.OPCODE) + " "
                    + records.get(Struct.LONG, at + BatchTrace.GAS) + " " + records.get(Struct.LONG, at + BatchTrace.COST) + " "
                    + records.get(Struct.SHORT, at + BatchTrace.STACK_SIZE) + " " + records.get(Struct.LONG, at + BatchTrace.MEMORY_SIZE) + " "
                    + new Bytes(records.asSlice(at + BatchTrace.WORD, 32).toArray(Struct.BYTE)).number());
        };
        try (Frame frame = frame("5 3 ADD 0 MSTORE STOP"); BatchTrace batch = new BatchTrace(100, 1, reader)) {
            batch.attach(frame);
            Tests.same(0, frame.execute(0), "error");
            Tests.same(List.of("0 96 1000000 3 0 0 0", "2 96 999997 3 1 0 5", "4 1 999994 3 2 0 3", "5 96 999991 3 1 0 8",
                "7 82 999988 6 2 0 0", "8 0 999982 0 0 32 0"), lines, "records");
            Tests.same(6L, batch.number("total"), "total");
        }
    }

    public void testBatchesHaveTheStepsOfCallbacks() {
        for (int records : new int[] {1, 7, 1000}) {
            Steps single = new Steps(), batched = new Steps();
            try (Frame frame = frame(LOOP); StepTracer tracer = single.tracer(false); BatchTrace batch = new BatchTrace(records, 1, batched::read)) {
                frame.execute(tracer.callbacks());
                Tests.same(Numbers.COMPLETED_SUCCESS, frame.state(), "state");
                long gas = frame.gas();
                frame.again(1_000_000);
                batch.attach(frame);
                frame.execute(0);
                Tests.same(gas, frame.gas(), "gas");
                Tests.same(706L, single.count(), "steps");
                Tests.isTrue(single.sameAs(batched), single.difference(batched));
            }
        }
    }

    /** Of a frame with both, the callbacks alone are called. */
    public void testBothAtOnce() {
        Steps single = new Steps(), batched = new Steps();
        try (Frame frame = frame(LOOP); StepTracer tracer = single.tracer(false); BatchTrace batch = new BatchTrace(64, 2, batched::read)) {
            batch.attach(frame);
            frame.execute(tracer.callbacks());
            Tests.same(706L, single.count(), "steps");
            Tests.same(0L, batched.count(), "records");
        }
    }

    public void testWithoutFlush() {
        Steps whole = new Steps(), part = new Steps();
        try (Frame frame = frame(LOOP); BatchTrace large = new BatchTrace(1000, 1, null); BatchTrace small = new BatchTrace(10, 1, null)) {
            large.attach(frame);
            frame.execute(0);
            whole.read(large.records(), large.number("count"), large.recordSize());
            Tests.same(706L, whole.count(), "records");
            Tests.same(0L, large.number("lost"), "lost");
            frame.again(1_000_000);
            small.attach(frame);
            frame.execute(0);
            part.read(small.records(), small.number("count"), small.recordSize());
            Tests.same(10L, part.count(), "records of a small buffer");
            Tests.same(696L, small.number("lost"), "lost");
        }
    }

    public void testFilters() {
        try (Frame frame = frame(LOOP); BatchTrace batch = new BatchTrace(1000, 0, null)) {
            batch.attach(frame);
            for (int i = 0; i < 4; i++) batch.opcodes(i, i == 1 ? 1L << 0x57 - 64 : 0);
            frame.execute(0);
            Tests.same(100L, batch.number("count"), "JUMPI");
            batch.restart();
            for (int i = 0; i < 4; i++) batch.opcodes(i, -1);
            batch.integer("first_pc", 2);
            batch.integer("last_pc", 2);
            frame.again(1_000_000);
            frame.execute(0);
            Tests.same(100L, batch.number("count"), "at pc 2");
        }
    }

    public void testFaults() {
        Steps single = new Steps();
        try (Frame frame = frame("1 2 3 POP POP POP POP"); StepTracer tracer = single.tracer(false); BatchTrace batch = new BatchTrace(100, 0, null)) {
            frame.execute(tracer.callbacks());
            Tests.same(7L, single.count(), "steps");
            batch.integer("flags", BatchTrace.FAULTS_ONLY);
            batch.attach(frame);
            frame.again(1_000_000);
            frame.execute(0);
            Tests.same(1L, batch.number("count"), "faults");
            MemorySegment record = batch.records();
            Tests.same(Numbers.STATUS_STACK_UNDERFLOW, record.get(Struct.INT, BatchTrace.STATUS), "status");
            Tests.same(9, record.get(Struct.INT, BatchTrace.PC), "pc");
        }
    }

    /** An instruction that suspends the frame appears once. */
    public void testSuspended() {
        Steps single = new Steps(), batched = new Steps();
        try (Frame frame = frame("7 SLOAD POP STOP"); StepTracer tracer = single.tracer(false); BatchTrace batch = new BatchTrace(100, 1, batched::read)) {
            suspendOnce(frame, tracer.callbacks());
            frame.again(1_000_000);
            batch.attach(frame);
            suspendOnce(frame, 0);
            Tests.same(4L, single.count(), "steps");
            Tests.isTrue(single.sameAs(batched), single.difference(batched));
        }
    }

    private static void suspendOnce(Frame frame, long callbacks) {
        Tests.same(0, frame.execute(callbacks), "error");
        Tests.same(Numbers.CODE_SUSPENDED, frame.state(), "state");
        frame.integer(frame.extension("request") + Layouts.REQUEST.offset("answered"), 1);
        Tests.same(0, frame.execute(callbacks), "error");
        Tests.same(Numbers.COMPLETED_SUCCESS, frame.state(), "state");
    }
}
