import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Guarded VMs that fault, beside what the JVM itself does with SIGSEGV: null checks, stack overflows, safepoints. */
public final class Guests {
    private static native int run(int count, boolean upcalls);
    private static native void crash();

    private static final class Node {
        int value = 1;
        Node next;
    }

    private static volatile Node nothing = null;
    private static volatile boolean done = false;
    private static final AtomicLong right = new AtomicLong(), nulls = new AtomicLong(), overflows = new AtomicLong();

    /** Called from within a guest's host call. */
    static int serve(int number) {
        nullPointer();
        return number + 1;
    }

    private static int valueOf(Node node) { return node.value; } // compiled, its null check is a fault

    private static void nullPointer() {
        try {
            valueOf(nothing);
            throw new AssertionError("a null pointer was read");
        } catch (NullPointerException expected) {
            nulls.incrementAndGet();
        }
    }

    private static int deep(int level) { return level + deep(level + 1) % 7; }

    private static void stackOverflow() {
        try {
            deep(0);
            throw new AssertionError("no end of the stack");
        } catch (StackOverflowError expected) {
            overflows.incrementAndGet();
        }
    }

    private static void load() {
        System.load(System.getProperty("shim"));
    }

    private static Thread start(List<Throwable> failures, Runnable body) {
        Thread thread = new Thread(() -> {
            try {
                body.run();
            } catch (Throwable failure) {
                synchronized (failures) { failures.add(failure); }
            }
        });
        thread.start();
        return thread;
    }

    private static void runGuests(int runs, boolean upcalls) {
        for (int left = runs; left > 0; left -= 500) {
            int count = Math.min(left, 500);
            int good = run(count, upcalls);
            if (good != count) throw new AssertionError((count - good) + " of " + count + " runs were wrong");
            right.addAndGet(good);
            nullPointer();
            if (left % 5000 == 0) stackOverflow();
        }
    }

    private static void collectGarbage() {
        Node list = null;
        for (int i = 0; !done; i++) {
            Node node = new Node();
            node.next = i % 100000 == 0 ? null : list;
            list = node;
            if (i % 5000000 == 0) System.gc();
        }
    }

    private static void faultInJava() {
        while (!done) {
            for (int i = 0; i < 1000; i++) nullPointer();
            stackOverflow();
        }
    }

    /** Arguments: runs per thread, threads. With "crash" alone: a native null read, after some guests. */
    public static void main(String[] arguments) throws Exception {
        boolean crashes = arguments.length == 1 && arguments[0].equals("crash");
        // Warm enough that the null check is compiled code before the library is there.
        for (int i = 0; i < 20000; i++) valueOf(new Node());
        for (int i = 0; i < 20000; i++) nullPointer();
        load();
        if (crashes) {
            run(100, false);
            crash();
            return;
        }
        int runs = Integer.parseInt(arguments[0]), count = Integer.parseInt(arguments[1]);
        List<Throwable> failures = new ArrayList<>();
        Thread garbage = start(failures, Guests::collectGarbage), faults = start(failures, Guests::faultInJava);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean upcalls = i % 2 == 1;
            threads.add(start(failures, () -> runGuests(runs, upcalls)));
        }
        for (Thread thread : threads) thread.join();
        done = true;
        garbage.join();
        faults.join();
        for (Throwable failure : failures) failure.printStackTrace();
        System.out.println("java: " + right + " runs, " + nulls + " null pointers, " + overflows + " stack overflows, "
            + failures.size() + " failures");
        if (!failures.isEmpty() || right.get() != (long) runs * count || overflows.get() == 0) System.exit(1);
    }
}
