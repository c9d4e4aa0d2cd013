package duet.frame;

import static duet.frame.Struct.BYTE;
import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/**
 * A message frame outside the heap, to be used for one call after another. It has room for what calls have wanted so far, and moves to a larger
 * segment when one wants more. One thread at a time.
 */
public final class Frame implements AutoCloseable {
    /** The areas in their order in the segment. Memory is last: it is what grows. SCRATCH is the client's own, for answers. */
    public enum Area { STACK, CODE, INPUT, OUTPUT, RETURN_DATA, LOGS, WARM, STORAGE, WITNESS, EXTENSION, SCRATCH, MEMORY }

    private static final int COUNT = Area.values().length;
    private static final long LINE = 64;

    public final boolean second;
    public final Offsets at;
    private final long[] places = new long[COUNT];
    private final long[] sizes = new long[COUNT];
    private Arena arena;
    private MemorySegment segment;
    private final long resident;
    private final Arena callbacks = Arena.ofConfined();
    private long grow;
    private boolean hasNoWarmArea;

    /** `second`: the second layout, with storage and witness areas. */
    public Frame(boolean second) {
        this.second = second;
        at = second ? Offsets.SECOND : Offsets.FIRST;
        resident = Library.createResident();
        if (resident == 0) throw new OutOfMemoryError("duet_frame_create");
        long[] first = new long[COUNT];
        first[Area.STACK.ordinal()] = Layouts.STACK_AREA;
        first[Area.CODE.ordinal()] = 4096;
        first[Area.INPUT.ordinal()] = 4096;
        first[Area.OUTPUT.ordinal()] = 1024;
        first[Area.RETURN_DATA.ordinal()] = 1024;
        first[Area.LOGS.ordinal()] = 4096;
        first[Area.WARM.ordinal()] = 1024;
        if (second) {
            first[Area.STORAGE.ordinal()] = 32 * Layouts.SLOT.size();
            first[Area.WITNESS.ordinal()] = 4096;
        }
        first[Area.EXTENSION.ordinal()] = Layouts.EXTENSION.size();
        first[Area.SCRATCH.ordinal()] = 1024;
        first[Area.MEMORY.ordinal()] = 8192;
        move(first);
        clear();
    }

    /** Lays the segment out anew, with everything that is in it. */
    private void move(long[] wanted) {
        MemorySegment old = segment;
        Arena oldArena = arena;
        long[] oldPlaces = places.clone(), oldSizes = sizes.clone();
        long end = Layouts.HEADER.size();
        for (int i = 0; i < COUNT; i++) {
            sizes[i] = (wanted[i] + LINE - 1) / LINE * LINE;
            places[i] = end;
            end += sizes[i];
        }
        arena = Arena.ofConfined();
        segment = arena.allocate(end, LINE);
        if (old == null) {
            pointers();
            return;
        }
        MemorySegment.copy(old, 0, segment, 0, Layouts.HEADER.size());
        for (int i = 0; i < COUNT; i++) MemorySegment.copy(old, oldPlaces[i], segment, places[i], Math.min(oldSizes[i], sizes[i]));
        pointers();
        // These two lie wherever execution, or an answer, has put them.
        segment.set(LONG, at.outputPtr(), moved(old.get(LONG, at.outputPtr()), oldPlaces, oldSizes));
        segment.set(LONG, at.returnDataPtr(), moved(old.get(LONG, at.returnDataPtr()), oldPlaces, oldSizes));
        oldArena.close();
    }

    private long moved(long offset, long[] oldPlaces, long[] oldSizes) {
        for (int i = 0; i < COUNT; i++) {
            if (offset >= oldPlaces[i] && offset < oldPlaces[i] + oldSizes[i]) return offset - oldPlaces[i] + places[i];
        }
        return offset;
    }

    private void pointers() {
        segment.set(LONG, at.stackPtr(), place(Area.STACK));
        segment.set(LONG, at.memoryPtr(), place(Area.MEMORY));
        segment.set(LONG, at.codePtr(), place(Area.CODE));
        segment.set(LONG, at.inputPtr(), place(Area.INPUT));
        segment.set(LONG, at.outputPtr(), place(Area.OUTPUT));
        segment.set(LONG, at.returnDataPtr(), place(Area.RETURN_DATA));
        segment.set(LONG, at.logsPtr(), place(Area.LOGS));
        segment.set(LONG, at.warmAddressesPtr(), hasNoWarmArea ? 0 : place(Area.WARM));
        segment.set(LONG, at.extensionPtr(), place(Area.EXTENSION));
        segment.set(LONG, at.segmentSize(), segment.byteSize());
        segment.set(INT, place(Area.EXTENSION), (int) Layouts.EXTENSION.size());
    }

    /** Without the area of warm addresses a frame asks whether an address is warm. */
    public void withoutWarmArea(boolean without) {
        hasNoWarmArea = without;
        pointers();
    }

    /** Has an area be at least so large. The frame may be elsewhere afterwards. */
    public void reserve(Area area, long octets) {
        if (sizes[area.ordinal()] >= octets) return;
        long[] wanted = sizes.clone();
        wanted[area.ordinal()] = Math.max(octets, 2 * wanted[area.ordinal()]);
        move(wanted);
    }

    /** Header and extension as those of a call that has not begun. */
    public void clear() {
        segment.asSlice(0, Layouts.HEADER.size()).fill((byte) 0);
        segment.asSlice(place(Area.EXTENSION), Layouts.EXTENSION.size()).fill((byte) 0);
        pointers();
    }

    /** Ready for another call with what is in the frame: three writes, and what duet_frame_reset does. */
    public void again(long gas) {
        if (second) Library.resetV2(address()); else Library.reset(address());
        segment.set(LONG, at.outputPtr(), place(Area.OUTPUT));
        segment.set(LONG, at.returnDataPtr(), place(Area.RETURN_DATA));
        segment.set(LONG, at.gasRemaining(), gas);
    }

    public void code(byte[] code) {
        reserve(Area.CODE, code.length);
        MemorySegment.copy(code, 0, segment, BYTE, place(Area.CODE), code.length);
        segment.set(INT, at.codeSize(), code.length);
    }

    public void input(byte[] input) {
        reserve(Area.INPUT, input.length);
        MemorySegment.copy(input, 0, segment, BYTE, place(Area.INPUT), input.length);
        segment.set(INT, at.inputSize(), input.length);
    }

    /** Has memory grow when code wants more than its area has. Good as long as the frame; set anew after clear. */
    public void growing() {
        if (grow == 0) grow = Library.upcall(MethodHandles.lookup(), this, "grow", FunctionDescriptor.of(LONG, LONG, LONG, LONG), callbacks);
        segment.set(LONG, extension("grow"), grow);
    }

    private long grow(long context, long frame, long octets) {
        try {
            reserve(Area.MEMORY, octets);
            return address();
        } catch (Throwable e) {
            return 0; // No exception may leave an upcall. The frame is as it was.
        }
    }

    /** Runs the frame with the room of its own. `callbacks`: the address of TracerCallbacks, or 0. Gives the duet_frame_error_t. */
    public int execute(long callbacks) {
        return second ? Library.executeV2(resident, address(), callbacks) : Library.execute(resident, address(), callbacks);
    }

    /** The function that Besu's experiment has: no room of its own, no error. */
    public void executeMessage(long callbacks) {
        if (second) Library.executeMessageV2(address(), callbacks); else Library.executeMessage(address(), callbacks);
    }

    public MemorySegment segment() {
        return segment;
    }

    public long address() {
        return segment.address();
    }

    public long resident() {
        return resident;
    }

    public long place(Area area) {
        return places[area.ordinal()];
    }

    public long size(Area area) {
        return sizes[area.ordinal()];
    }

    public int integer(long offset) {
        return segment.get(INT, offset);
    }

    public void integer(long offset, int value) {
        segment.set(INT, offset, value);
    }

    public long number(long offset) {
        return segment.get(LONG, offset);
    }

    public void number(long offset, long value) {
        segment.set(LONG, offset, value);
    }

    public byte[] octets(long offset, long size) {
        byte[] octets = new byte[Math.toIntExact(size)];
        if (size > 0) MemorySegment.copy(segment, BYTE, offset, octets, 0, octets.length);
        return octets;
    }

    public void octets(long offset, byte[] octets) {
        MemorySegment.copy(octets, 0, segment, BYTE, offset, octets.length);
    }

    public long extension(String field) {
        return place(Area.EXTENSION) + Layouts.EXTENSION.offset(field);
    }

    public int pc() {
        return integer(at.pc());
    }

    public int state() {
        return integer(at.state());
    }

    public int haltReason() {
        return integer(at.haltReason());
    }

    public long gas() {
        return number(at.gasRemaining());
    }

    public int stackSize() {
        return integer(at.stackSize());
    }

    /** The word that is `depth` below the top. */
    public byte[] stackWord(int depth) {
        return octets(place(Area.STACK) + 32L * (stackSize() - 1 - depth), 32);
    }

    public void push(byte[] word) {
        octets(place(Area.STACK) + 32L * stackSize(), word);
        integer(at.stackSize(), stackSize() + 1);
    }

    public byte[] output() {
        return octets(number(at.outputPtr()), integer(at.outputSize()));
    }

    @Override
    public void close() {
        Library.destroyResident(resident);
        arena.close();
        callbacks.close();
    }
}
