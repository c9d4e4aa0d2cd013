package duet.bench;

import com.sun.management.ThreadMXBean;
import duet.frame.Library;
import duet.world.StateTest;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Nanoseconds a call, for scripts/bench-java: a line of JSON for each subject and number of operations. The processor's time of the thread
 * counts, so that other work on the machine does less harm; that of the collector and the compiler is not in it.
 *
 *     FrameBench [ROUNDS [MILLISECONDS [FOLDER]]]     folder: ipsilon/evm-benchmarks files
 */
public final class FrameBench {
    private static final ThreadMXBean CLOCK = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** Cases whose calls take so long that a round of callbacks would take seconds. */
    private static final List<String> LONG_ONES = List.of("snailtracer", "blake2b_shifts", "loop_with");
    private final int rounds;
    private final long slice;
    private final List<Measured> list = new ArrayList<>();

    private static final class Measured {
        final String program, name;
        final int operations;
        final Subjects.Subject subject;
        int times = 1;
        double[] taken;

        Measured(String program, int operations, String name, Subjects.Subject subject) {
            this.program = program;
            this.operations = operations;
            this.name = name;
            this.subject = subject;
        }
    }

    private FrameBench(int rounds, long milliseconds) {
        this.rounds = rounds;
        slice = milliseconds * 1_000_000;
    }

    private void add(String program, int operations, Map<String, Subjects.Subject> subjects) {
        long expected = 0;
        String first = null;
        for (Map.Entry<String, Subjects.Subject> entry : subjects.entrySet()) {
            // All must come to the same: the state that Besu has for success, and the gas that is left.
            long result = entry.getValue().run(1);
            if (first == null) {
                first = entry.getKey();
                expected = result;
            }
            if (result != expected) throw new IllegalStateException(program + " " + operations + ": " + entry.getKey() + " gives " + result + ", " + first + " " + expected);
            list.add(new Measured(program, operations, entry.getKey(), entry.getValue()));
        }
    }

    private static long sink;

    /** Until it has run for a good while, in which everything is compiled; then so many times that a round lasts a slice. */
    private void warm(Measured m) {
        long total = 0, start = System.nanoTime();
        int times = 1;
        while (System.nanoTime() - start < 20 * slice) {
            long before = CLOCK.getCurrentThreadCpuTime();
            sink += m.subject.run(times);
            total = CLOCK.getCurrentThreadCpuTime() - before;
            if (total < slice) times = Math.min(times * 2, 1 << 24);
        }
        m.times = (int) Math.max(1, times * (double) slice / Math.max(total, 1));
        m.taken = new double[rounds];
    }

    private void measure() {
        for (Measured m : list) warm(m);
        for (int round = 0; round < rounds; round++)
            for (Measured m : list) {
                long before = CLOCK.getCurrentThreadCpuTime();
                sink += m.subject.run(m.times);
                m.taken[round] = (double) (CLOCK.getCurrentThreadCpuTime() - before) / m.times;
            }
        for (Measured m : list) {
            Arrays.sort(m.taken);
            System.out.printf("{\"program\": \"%s\", \"operations\": %d, \"subject\": \"%s\", \"ns\": %.2f, \"least\": %.2f}%n", m.program, m.operations,
                m.name, m.taken[rounds / 2], m.taken[0]);
        }
    }

    public static void main(String[] arguments) throws java.io.IOException {
        FrameBench bench = new FrameBench(arguments.length > 0 ? Integer.parseInt(arguments[0]) : 15, arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10);
        if (!Library.isAvailable()) throw new IllegalStateException(Library.file() + " has no execute_message");
        for (int operations : new int[] {4, 500, 10_000}) {
            bench.add("straight", operations, Subjects.all(Programs.straight(operations), true));
            if (operations > 4) bench.add("loop", operations, Subjects.all(Programs.loop(operations), false));
        }
        for (int operations : new int[] {8, 16, 24, 32, 48, 64, 96, 128, 160, 200, 256, 320, 400}) {
            bench.add("straight", operations, Subjects.untraced(Programs.straight(operations)));
            bench.add("loop", operations, Subjects.untraced(Programs.loop(operations)));
        }
        if (arguments.length > 2) {
            for (StateTest test : StateTest.folder(Path.of(arguments[2]))) {
                if (LONG_ONES.stream().anyMatch(test.name()::startsWith)) continue;
                int[] count = {0};
                Map<String, Subjects.Subject> subjects = Subjects.contract(test, count);
                if (!subjects.isEmpty()) bench.add(test.name(), count[0], subjects);
            }
        }
        bench.measure();
        if (sink == 42) System.err.println(sink);
    }
}
