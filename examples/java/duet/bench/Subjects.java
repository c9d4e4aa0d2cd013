package duet.bench;

import static duet.frame.Struct.BYTE;
import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;

import duet.frame.BatchTrace;
import duet.frame.Frame;
import duet.frame.Library;
import duet.frame.Numbers;
import duet.frame.Offsets;
import duet.frame.StepTracer;
import duet.world.StateTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is measured: each runs one program so many times, from a call's beginning to its result, and gives a number made of the results. */
final class Subjects {
    interface Subject {
        long run(int times);
    }

    static final String PLAIN = "Java, longs", PLAIN_TRACED = "Java, longs, traced", OBJECTS = "Java, objects", OBJECTS_TRACED = "Java, objects, traced",
        RESIDENT = "frame in place", CRITICAL = "frame in place, critical", FILLED = "frame filled and read", PLAIN_MESSAGE = "execute_message",
        ARENA = "arena per call", ARENA_CALLBACKS = "arena per call, callbacks", CALLBACKS = "callbacks", CALLBACKS_READ = "callbacks, read",
        BATCH = "batched", BATCH_READ = "batched, read", BATCH_WORD = "batched with a word, read";

    private static final Offsets AT = Offsets.FIRST;
    private static final int BUFFER = 384;

    private Subjects() {}

    /** Counts, as the experiment's tracer does. */
    private static final class Counter extends StepTracer implements PlainEvm.Tracer {
        long count;

        @Override
        protected void before(long frame) {
            count++;
        }

        @Override
        protected void after(long frame, long gasCost, int haltReason, int pcIncrement) {
            count++;
        }

        @Override
        public void before(PlainEvm evm) {
            count++;
        }

        @Override
        public void after(PlainEvm evm, long cost, int halt) {
            count++;
        }
    }

    /** Reads what a tracer wants at least. */
    private static final class Reader extends StepTracer {
        long sum;

        @Override
        protected void before(long frame) {
            sum += Library.MEMORY.get(INT, frame + AT.pc()) + Library.MEMORY.get(LONG, frame + AT.gasRemaining());
        }

        @Override
        protected void after(long frame, long gasCost, int haltReason, int pcIncrement) {
            sum += gasCost + haltReason;
        }
    }

    private static Frame frame(byte[] code) {
        Frame frame = new Frame(false);
        frame.code(code);
        return frame;
    }

    /** In place: what has changed since the last call is set back, and gas is set; state and gas are read. */
    private static long once(Frame frame, long callbacks) {
        frame.again(Programs.GAS);
        frame.execute(callbacks);
        return frame.state() + frame.gas();
    }

    static Map<String, Subject> untraced(byte[] code) {
        Map<String, Subject> all = new LinkedHashMap<>();
        all.put(PLAIN, plain(code, null));
        Frame resident = frame(code);
        all.put(RESIDENT, times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) sum += once(resident, 0);
            return sum;
        });
        Frame filled = new Frame(false);
        all.put(FILLED, times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) sum += fill(filled, code);
            return sum;
        });
        return all;
    }

    static Map<String, Subject> all(byte[] code, boolean isStraight) {
        Map<String, Subject> all = untraced(code);
        all.put(PLAIN_TRACED, plain(code, new Counter()));
        if (isStraight) {
            all.put(OBJECTS, objects(code, null));
            all.put(OBJECTS_TRACED, objects(code, new Counter()));
        }
        Frame critical = frame(code);
        all.put(CRITICAL, times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                critical.again(Programs.GAS);
                Library.executeCritical(critical.resident(), critical.address());
                sum += critical.state() + critical.gas();
            }
            return sum;
        });
        Frame message = frame(code);
        all.put(PLAIN_MESSAGE, times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                message.again(Programs.GAS);
                message.executeMessage(0);
                sum += message.state() + message.gas();
            }
            return sum;
        });
        Counter counter = new Counter();
        all.put(ARENA, arena(code, 0));
        all.put(ARENA_CALLBACKS, arena(code, counter.callbacks()));
        all.put(CALLBACKS, traced(frame(code), counter.callbacks()));
        all.put(CALLBACKS_READ, traced(frame(code), new Reader().callbacks()));
        all.put(BATCH, batched(code, 0, false));
        all.put(BATCH_READ, batched(code, 0, true));
        all.put(BATCH_WORD, batched(code, 1, true));
        return all;
    }

    private static Subject plain(byte[] code, PlainEvm.Tracer tracer) {
        PlainEvm evm = new PlainEvm();
        evm.load(code);
        return times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                evm.start(Programs.GAS);
                evm.run(tracer);
                sum += evm.state + evm.gas;
            }
            return sum;
        };
    }

    private static Subject objects(byte[] code, PlainEvm.Tracer tracer) {
        ObjectEvm evm = new ObjectEvm();
        PlainEvm shown = new PlainEvm();
        return times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) sum += PlainEvm.SUCCESS + evm.run(code, Programs.GAS, tracer, shown);
            return sum;
        };
    }

    private static Subject traced(Frame frame, long callbacks) {
        return times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) sum += once(frame, callbacks);
            return sum;
        };
    }

    private static long sink;

    private static Subject batched(byte[] code, int words, boolean reads) {
        Frame frame = frame(code);
        BatchTrace trace = new BatchTrace(BUFFER, words, reads ? Subjects::read : (records, count, size) -> sink += count);
        trace.attach(frame);
        return times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) sum += once(frame, 0);
            return sum;
        };
    }

    /** Every record: pc, opcode, gas and cost, and the topmost word if there is one. */
    private static void read(MemorySegment records, long count, long size) {
        long sum = 0;
        for (long at = 0, end = count * size; at < end; at += size) {
            sum += records.get(INT, at + BatchTrace.PC) + records.get(BYTE, at + BatchTrace.OPCODE) + records.get(LONG, at + BatchTrace.GAS)
                + records.get(LONG, at + BatchTrace.COST);
            if (size > BatchTrace.WORD) sum += records.get(LONG, at + BatchTrace.WORD) + records.get(LONG, at + BatchTrace.WORD + 24);
        }
        sink += sum;
    }

    /** A contract of evm-benchmarks, untraced and traced; empty if its code asks for something from outside. Puts its operations into `count`. */
    static Map<String, Subject> contract(StateTest test, int[] count) {
        Map<String, Subject> all = new LinkedHashMap<>();
        long gas = test.message().gas();
        Frame frame = contractFrame(test, gas);
        BatchTrace counting = new BatchTrace(1, 0, null);
        counting.attach(frame);
        frame.execute(0);
        if (frame.state() != Numbers.COMPLETED_SUCCESS) return all;
        count[0] = (int) (counting.number("total") + counting.number("lost"));
        frame.number(frame.extension("trace"), 0);
        all.put(RESIDENT, contractRuns(frame, gas, 0));
        all.put(CALLBACKS, contractRuns(contractFrame(test, gas), gas, new Counter().callbacks()));
        for (String name : new String[] {BATCH, BATCH_READ, BATCH_WORD}) {
            Frame traced = contractFrame(test, gas);
            new BatchTrace(BUFFER, name.equals(BATCH_WORD) ? 1 : 0, name.equals(BATCH) ? (records, n, size) -> sink += n : Subjects::read).attach(traced);
            all.put(name, contractRuns(traced, gas, 0));
        }
        return all;
    }

    private static Frame contractFrame(StateTest test, long gas) {
        Frame frame = frame(test.world(Numbers.ISTANBUL).account(test.message().recipient()).code);
        frame.input(test.input());
        frame.integer(frame.extension("revision"), Numbers.ISTANBUL);
        frame.growing();
        frame.again(gas);
        return frame;
    }

    private static Subject contractRuns(Frame frame, long gas, long callbacks) {
        return times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                frame.again(gas);
                frame.execute(callbacks);
                sum += frame.state() + frame.gas();
            }
            return sum;
        };
    }

    private static final byte[] ADDRESS = new byte[20], WORD = new byte[32], INPUT = new byte[4];

    /** All that a client writes for a call that has nothing to do with the one before, code and input included, and reads after it. */
    private static long fill(Frame frame, byte[] code) {
        frame.again(Programs.GAS);
        context(frame, code);
        frame.execute(0);
        return read(frame);
    }

    private static void context(Frame frame, byte[] code) {
        frame.code(code);
        frame.input(INPUT);
        frame.integer(AT.type(), Numbers.MESSAGE_CALL);
        frame.integer(AT.isStatic(), 0);
        frame.integer(AT.depth(), 0);
        frame.octets(AT.recipient(), ADDRESS);
        frame.octets(AT.sender(), ADDRESS);
        frame.octets(AT.contract(), ADDRESS);
        frame.octets(AT.originator(), ADDRESS);
        frame.octets(AT.miningBeneficiary(), ADDRESS);
        frame.octets(AT.value(), WORD);
        frame.octets(AT.apparentValue(), WORD);
        frame.octets(AT.gasPrice(), WORD);
    }

    private static long read(Frame frame) {
        long sum = frame.state() + frame.gas();
        for (int i = 0; i < frame.stackSize(); i++) sink += frame.stackWord(i)[31];
        sink += frame.output().length + frame.number(AT.gasRefund()) + frame.pc() + frame.haltReason() + frame.integer(AT.logCount());
        return sum;
    }

    /** A frame that is allocated for the call, as the experiment had it at first: no room that stays. */
    private static Subject arena(byte[] code, long callbacks) {
        return times -> {
            long sum = 0;
            for (int i = 0; i < times; i++) {
                try (Arena arena = Arena.ofConfined()) {
                    long size = 384 + 32768 + 1024 + (code.length + 7L) / 8 * 8 + 1024 + 1024;
                    MemorySegment frame = arena.allocate(size, 8);
                    long place = 384;
                    frame.set(LONG, AT.stackPtr(), place);
                    frame.set(LONG, AT.memoryPtr(), place += 32768);
                    frame.set(LONG, AT.codePtr(), place += 1024);
                    MemorySegment.copy(code, 0, frame, BYTE, place, code.length);
                    frame.set(LONG, AT.outputPtr(), place += (code.length + 7L) / 8 * 8);
                    frame.set(LONG, AT.returnDataPtr(), place + 1024);
                    frame.set(INT, AT.codeSize(), code.length);
                    frame.set(LONG, AT.segmentSize(), size);
                    frame.set(LONG, AT.gasRemaining(), Programs.GAS);
                    for (long at : new long[] {AT.recipient(), AT.sender(), AT.contract(), AT.originator(), AT.miningBeneficiary()})
                        MemorySegment.copy(ADDRESS, 0, frame, BYTE, at, 20);
                    Library.executeMessage(frame.address(), callbacks);
                    sum += frame.get(INT, AT.state()) + frame.get(LONG, AT.gasRemaining());
                }
            }
            return sum;
        };
    }
}
