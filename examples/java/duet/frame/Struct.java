package duet.frame;

import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A C struct: fields in their order, with the padding that a C compiler puts between them. */
public final class Struct {
    public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    public static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    public static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    public static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private final String name;
    private final GroupLayout layout;
    private final List<String> fields = new ArrayList<>();

    /** Names and layouts in turn. */
    public Struct(String name, Object... namesAndLayouts) {
        this.name = name;
        List<MemoryLayout> members = new ArrayList<>();
        long offset = 0, alignment = 1;
        for (int i = 0; i < namesAndLayouts.length; i += 2) {
            String field = (String) namesAndLayouts[i];
            MemoryLayout member = (MemoryLayout) namesAndLayouts[i + 1];
            offset = pad(members, offset, member.byteAlignment());
            alignment = Math.max(alignment, member.byteAlignment());
            members.add(member.withName(field));
            fields.add(field);
            offset += member.byteSize();
        }
        pad(members, offset, alignment);
        layout = MemoryLayout.structLayout(members.toArray(new MemoryLayout[0])).withName(name);
    }

    private static long pad(List<MemoryLayout> members, long offset, long alignment) {
        long padding = -offset & (alignment - 1);
        if (padding > 0) members.add(MemoryLayout.paddingLayout(padding));
        return offset + padding;
    }

    public static MemoryLayout octets(long count) {
        return MemoryLayout.sequenceLayout(count, BYTE);
    }

    public String name() {
        return name;
    }

    public GroupLayout layout() {
        return layout;
    }

    public long size() {
        return layout.byteSize();
    }

    public List<String> fields() {
        return fields;
    }

    public long offset(String field) {
        return layout.byteOffset(MemoryLayout.PathElement.groupElement(field));
    }

    public long size(String field) {
        return layout.select(MemoryLayout.PathElement.groupElement(field)).byteSize();
    }
}
