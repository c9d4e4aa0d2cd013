package duet.tests;

import duet.frame.Frame;
import duet.frame.Library;
import duet.frame.Numbers;
import duet.frame.StepTracer;
import duet.world.Assembler;
import duet.world.Bytes;

/** The six tests that the description of Besu's experiment lists, by their names. */
public final class NativeMessageProcessorTest {
    private static final class CountingTracer extends StepTracer {
        int before, after;

        @Override
        protected void before(long frame) {
            before++;
        }

        @Override
        protected void after(long frame, long gasCost, int haltReason, int pcIncrement) {
            after++;
        }
    }

    private static Frame frame(String code, long gas) {
        Frame frame = new Frame(false);
        frame.code(Assembler.code(code));
        frame.number(frame.at.gasRemaining(), gas);
        frame.integer(frame.at.type(), Numbers.MESSAGE_CALL);
        return frame;
    }

    public void testNativeLibraryAvailable() {
        Tests.isTrue(Library.isAvailable(), Library.file() + " has execute_message");
    }

    public void testSimpleExecution() {
        try (Frame frame = frame("STOP", 1_000_000)) {
            frame.executeMessage(0);
            Tests.same(Numbers.COMPLETED_SUCCESS, frame.state(), "state");
            Tests.same(1_000_000L, frame.gas(), "gas: STOP costs nothing");
        }
    }

    public void testStackOperation() {
        try (Frame frame = frame("ADD STOP", 1_000_000)) {
            frame.push(Bytes.word(5).octets());
            frame.push(Bytes.word(3).octets());
            frame.executeMessage(0);
            Tests.same(Numbers.COMPLETED_SUCCESS, frame.state(), "state");
            Tests.same(1, frame.stackSize(), "words on the stack");
            Tests.same(Bytes.word(8), new Bytes(frame.stackWord(0)), "the sum");
            Tests.same(999_997L, frame.gas(), "gas");
        }
    }

    public void testOutOfGas() {
        try (Frame frame = frame("ADD STOP", 2)) {
            frame.push(Bytes.word(5).octets());
            frame.push(Bytes.word(3).octets());
            frame.executeMessage(0);
            Tests.same(Numbers.EXCEPTIONAL_HALT, frame.state(), "state");
            Tests.same(Numbers.HALT_INSUFFICIENT_GAS, frame.haltReason(), "halt reason");
            Tests.same(0L, frame.gas(), "gas");
        }
    }

    public void testWithTracerCallbacks() {
        try (Frame frame = frame("5 3 ADD STOP", 1_000_000); CountingTracer tracer = new CountingTracer()) {
            frame.executeMessage(tracer.callbacks());
            Tests.same(Numbers.COMPLETED_SUCCESS, frame.state(), "state");
            Tests.same(4, tracer.before, "calls before an instruction");
            Tests.same(4, tracer.after, "calls after one");
            Tests.same(Bytes.word(8), new Bytes(frame.stackWord(0)), "the sum");
        }
    }

    /** Says how fast it is; a test holds no figure against it. */
    public void testTracerCallbackPerformance() {
        int rounds = 10_000;
        try (Frame frame = frame("5 3 ADD STOP", 1_000_000); CountingTracer tracer = new CountingTracer()) {
            long start = System.nanoTime();
            for (int i = 0; i < rounds; i++) {
                frame.again(1_000_000);
                frame.execute(tracer.callbacks());
            }
            double taken = System.nanoTime() - start;
            Tests.same(4 * rounds, tracer.before, "calls before an instruction");
            Tests.same(4 * rounds, tracer.after, "calls after one");
            Tests.same(999_991L, frame.gas(), "gas");
            System.out.printf("testTracerCallbackPerformance: %d executions with 8 callbacks each, %.2f µs an execution, %.0f callbacks a second%n",
                rounds, taken / rounds / 1000, 8.0 * rounds / taken * 1e9);
        }
    }
}
