package duet.tests;

import duet.frame.Library;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Runs the methods of the test classes whose names begin with "test". The last line counts. */
public final class Tests {
    private Tests() {}

    static void isTrue(boolean condition, String what) {
        if (!condition) throw new AssertionError(what);
    }

    static void same(Object expected, Object actual, String what) {
        if (!expected.equals(actual)) throw new AssertionError(what + ": " + actual + ", not " + expected);
    }

    public static void main(String[] arguments) throws Exception {
        int passed = 0, failed = 0;
        for (Class<?> type : List.of(NativeMessageProcessorTest.class, LayoutTest.class, FrameTest.class, TraceTest.class)) {
            Method[] methods = type.getDeclaredMethods();
            Arrays.sort(methods, Comparator.comparing(Method::getName));
            for (Method method : methods) {
                if (!method.getName().startsWith("test")) continue;
                String name = type.getSimpleName() + "." + method.getName();
                try {
                    method.invoke(type.getDeclaredConstructor().newInstance());
                    passed++;
                } catch (InvocationTargetException e) {
                    failed++;
                    System.out.println(name + ": " + e.getCause());
                    if (!(e.getCause() instanceof AssertionError)) e.getCause().printStackTrace(System.out);
                }
            }
        }
        System.out.printf("Tests: %d passed, %d failed (%s)%n", passed, failed, Library.file());
        if (failed > 0) System.exit(1);
    }
}
