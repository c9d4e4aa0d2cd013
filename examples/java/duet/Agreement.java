package duet;

import duet.frame.BatchTrace;
import duet.frame.Library;
import duet.frame.Numbers;
import duet.frame.StepTracer;
import duet.frame.Steps;
import duet.world.Bytes;
import duet.world.Calls;
import duet.world.EvmcExecutor;
import duet.world.FrameExecutor;
import duet.world.FrameExecutor.Source;
import duet.world.Json;
import duet.world.Message;
import duet.world.Scenario;
import duet.world.StateTest;
import duet.world.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Runs contracts by every way that the library has and compares everything that comes out: EVMC with a host in Java; frames of both layouts
 * that suspend, that ask an EVMC host, and that have the world in their areas; and both kinds of trace.
 *
 *     Agreement [FOLDER [FILE]]     folder: ipsilon/evm-benchmarks files; file: what `duet evm bench --json` says of them
 */
public final class Agreement {
    private final Map<String, FrameExecutor> frames = new LinkedHashMap<>();
    private final EvmcExecutor evmc = new EvmcExecutor();
    private int compared, failed;
    private long steps;

    private Agreement() {
        frames.put("first layout, suspended", new FrameExecutor(false, Source.SUSPENSION));
        frames.put("second layout, suspended", new FrameExecutor(true, Source.SUSPENSION));
        frames.put("second layout, areas", new FrameExecutor(true, Source.AREAS));
        frames.put("first layout, host", new FrameExecutor(false, Source.HOST));
        frames.put("second layout, host", new FrameExecutor(true, Source.HOST));
    }

    private static String outcome(World world, Message message, Message.Executor executor) {
        Message.Result result = Calls.call(world, message, executor);
        // A frame has one halt reason for INVALID and for opcodes that are none.
        int status = result.status() == Numbers.STATUS_INVALID_INSTRUCTION ? Numbers.STATUS_UNDEFINED_INSTRUCTION : result.status();
        return "status " + status + "\ngas left " + result.gasLeft() + "\nrefund " + result.gasRefund() + "\noutput "
            + new Bytes(result.output()) + "\n" + world.describe();
    }

    private void compare(String name, Supplier<World> world, Message message) {
        String expected = outcome(world.get(), message, evmc);
        frames.forEach((way, executor) -> check(name + ", " + way, expected, outcome(world.get(), message, executor)));
    }

    private void check(String name, String expected, String actual) {
        compared++;
        if (expected.equals(actual)) return;
        failed++;
        String[] left = expected.split("\n"), right = actual.split("\n");
        int line = 0;
        while (line < left.length && line < right.length && left[line].equals(right[line])) line++;
        System.out.println(name + ": EVMC has\n    " + line(left, line) + "\n  and the frame\n    " + line(right, line));
    }

    private static String line(String[] lines, int number) {
        if (number >= lines.length) return "no more";
        return lines[number].length() > 300 ? lines[number].substring(0, 300) + "…" : lines[number];
    }

    /** Both kinds of trace, of both layouts, with a host and suspended: the steps must be the same, and tracing must change nothing. */
    private void trace(String name, Supplier<World> world, Message message, int bufferRecords) {
        Steps expected = null;
        for (String way : new String[] {"first layout, host", "second layout, host", "first layout, suspended"}) {
            FrameExecutor executor = frames.get(way);
            String plain = outcome(world.get(), message, executor);
            Steps single = new Steps(), batched = new Steps(), prepared = new Steps();
            // Without words, and with room for 64, records of known code are prepared.
            try (StepTracer tracer = single.tracer(way.startsWith("second")); BatchTrace batch = new BatchTrace(bufferRecords, 1, batched::read);
                 BatchTrace plainBatch = new BatchTrace(64 + bufferRecords / 8, 0, prepared::read)) {
                executor.trace(tracer.callbacks(), 0);
                check(name + ", " + way + ", traced by steps", plain, outcome(world.get(), message, executor));
                executor.trace(0, batch.address());
                check(name + ", " + way + ", traced in batches", plain, outcome(world.get(), message, executor));
                executor.trace(0, plainBatch.address());
                check(name + ", " + way + ", traced in batches without words", plain, outcome(world.get(), message, executor));
                executor.trace(0, 0);
            }
            if (expected == null) expected = single;
            steps += single.count();
            same(name + ", " + way + ": steps", expected, single);
            // A trace in batches is for one run at a time, and with a host the calls run inside of their caller.
            if (way.endsWith("suspended") || expected.deepest() == 0) {
                same(name + ", " + way + ": batches", expected, batched);
                compared++;
                if (!expected.sameWithoutTop(prepared)) {
                    failed++;
                    System.out.println(name + ", " + way + ": batches without words differ: " + batched.difference(prepared));
                }
            }
        }
    }

    private void same(String name, Steps expected, Steps actual) {
        compared++;
        if (expected.sameAs(actual)) return;
        failed++;
        System.out.println(name + " differ: " + expected.difference(actual));
    }

    /** The gas that the tool has measured for each case, with a host that is written in Swift. */
    private static Map<String, Long> measured(Path file) throws java.io.IOException {
        Map<String, Long> gas = new LinkedHashMap<>();
        for (String line : Files.readAllLines(file)) {
            Map<String, Object> fields = Json.object(Json.parse(line));
            gas.put((String) fields.get("case"), Long.parseLong((String) fields.get("gas_used")));
        }
        return gas;
    }

    private void run(Path folder, Path file) throws java.io.IOException {
        Map<String, Long> measured = file == null ? Map.of() : measured(file);
        for (Scenario scenario : Scenario.all()) {
            compare(scenario.name(), scenario::world, scenario.message());
            trace(scenario.name(), scenario::world, scenario.message(), 7);
        }
        int files = 0;
        if (folder != null && Files.isDirectory(folder)) {
            for (StateTest test : StateTest.folder(folder)) {
                files++;
                compare(test.name(), () -> test.world(Numbers.ISTANBUL), test.message());
                if (measured.containsKey(test.name())) {
                    Message.Result result = Calls.call(test.world(Numbers.ISTANBUL), test.message(), frames.get("first layout, suspended"));
                    check(test.name() + ", gas of the tool", measured.get(test.name()).toString(), Long.toString(test.message().gas() - result.gasLeft()));
                }
                // An upcall for each of millions of steps would take a while.
                if (!test.name().startsWith("snailtracer") && !test.name().startsWith("blake2b_shifts") && !test.name().startsWith("loop_")
                    && !test.name().endsWith("/5311"))
                    trace(test.name(), () -> test.world(Numbers.ISTANBUL), test.message(), 4096);
            }
        }
        FrameExecutor suspended = frames.get("first layout, suspended"), areas = frames.get("second layout, areas");
        System.out.printf("Agreement: %d scenarios and %d cases of evm-benchmarks; %d outcomes compared, %d steps traced both ways, %d failed%n",
            Scenario.all().size(), files, compared, steps, failed);
        System.out.printf("    frames were suspended %d times, with areas %d times%n", suspended.suspensions, areas.suspensions);
        for (int kind = 1; kind < 16; kind++)
            if (suspended.kinds[kind] == 0 && kind != Numbers.ASK_NOTHING) {
                failed++;
                System.out.println("    no frame was suspended for a request of kind " + kind);
            }
    }

    public static void main(String[] arguments) throws Exception {
        if (!Library.isAvailable()) {
            System.out.println("Agreement: " + Library.file() + " is no library with execute_message");
            System.exit(1);
        }
        // Calls that nest 1024 deep through upcalls want a deep stack; and what is confined to a thread must be made on it.
        int[] failed = {1};
        Thread thread = new Thread(null, () -> failed[0] = check(arguments), "agreement", 1L << 30);
        thread.start();
        thread.join();
        System.exit(failed[0] == 0 ? 0 : 1);
    }

    private static int check(String[] arguments) {
        try {
            Agreement agreement = new Agreement();
            agreement.run(arguments.length > 0 ? Path.of(arguments[0]) : null, arguments.length > 1 ? Path.of(arguments[1]) : null);
            agreement.frames.values().forEach(FrameExecutor::close);
            agreement.evmc.close();
            return agreement.failed;
        } catch (java.io.IOException e) {
            System.out.println("Agreement: " + e.getMessage());
            return 1;
        }
    }
}
