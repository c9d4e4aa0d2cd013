package duet.tests;

import duet.frame.Layouts;
import duet.frame.Struct;
import duet.world.EvmcLayouts;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The Java layouts against what a C compiler makes of the headers: offsets.c has printed it. */
public final class LayoutTest {
    private static final List<Struct> ALL = Stream.concat(Layouts.ALL.stream(), EvmcLayouts.ALL.stream()).toList();

    public void testEveryFieldLiesWhereTheHeaderHasIt() throws IOException {
        Map<String, String> expected = new TreeMap<>(), actual = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of(System.getProperty("duet.offsets")))) {
            String[] words = line.split(" ");
            expected.put(words[0] + "." + words[1], words[2] + " " + words[3]);
        }
        for (Struct struct : ALL) {
            actual.put(struct.name() + ".-", "0 " + struct.size());
            for (String field : struct.fields()) actual.put(struct.name() + "." + field, struct.offset(field) + " " + struct.size(field));
        }
        Tests.isTrue(expected.size() > 200, "offsets.c has printed all");
        expected.forEach((field, place) -> Tests.same(place, String.valueOf(actual.get(field)), field));
        Tests.same(expected.keySet(), actual.keySet(), "fields");
    }

    public void testHeadersHave384Octets() {
        Tests.same(384L, Layouts.HEADER.size(), "first layout");
        Tests.same(384L, Layouts.HEADER_V2.size(), "second layout");
    }

    /** The layouts serve for handles as well; the client uses offsets. */
    public void testHandles() {
        VarHandle gas = Layouts.HEADER.layout().varHandle(MemoryLayout.PathElement.groupElement("gas_remaining"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(Layouts.HEADER.layout());
            gas.set(header, 0L, 123_456_789_012L);
            Tests.same(123_456_789_012L, header.get(Struct.LONG, 8), "gas_remaining");
        }
    }
}
