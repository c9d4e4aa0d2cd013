package duet.frame;

import static duet.frame.Struct.INT;
import static duet.frame.Struct.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;

/** A duet_trace_t with its buffer: the library writes a record for each instruction and calls Java once per buffer. */
public final class BatchTrace implements AutoCloseable {
    /** Reads `count` records of `size` octets each, the first at offset 0. Must not throw. */
    public interface Reader {
        void read(MemorySegment records, long count, long size);
    }

    public static final long PC = Layouts.RECORD.offset("pc"), OPCODE = Layouts.RECORD.offset("opcode"), KIND = Layouts.RECORD.offset("kind"),
        DEPTH = Layouts.RECORD.offset("depth"), GAS = Layouts.RECORD.offset("gas"), COST = Layouts.RECORD.offset("cost"),
        REFUND = Layouts.RECORD.offset("refund"), MEMORY_SIZE = Layouts.RECORD.offset("memory_size"),
        STACK_SIZE = Layouts.RECORD.offset("stack_size"), WORDS = Layouts.RECORD.offset("words"), STATUS = Layouts.RECORD.offset("status"),
        WORD = Layouts.RECORD.size();
    public static final int INSTRUCTION = 0, MEMORY = 1;
    public static final int FAULTS_ONLY = 1, WITH_MEMORY = 2;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment trace = arena.allocate(Layouts.TRACE.layout());
    private final MemorySegment buffer;
    private final Reader reader;
    private final long recordSize;

    /** A null reader: the buffer fills up once, and `records` are to be read afterwards. */
    public BatchTrace(int records, int stackWords, Reader reader) {
        this.reader = reader;
        recordSize = Layouts.RECORD.size() + 32L * stackWords;
        buffer = arena.allocate(records * recordSize, 64);
        long flush = reader == null ? 0 : Library.upcall(MethodHandles.lookup(), this, "flush", FunctionDescriptor.ofVoid(LONG, LONG, LONG), arena);
        Library.traceInit(trace.address(), buffer.address(), buffer.byteSize(), flush, 0);
        integer("stack_words", stackWords);
    }

    private void flush(long context, long records, long count) {
        reader.read(buffer, count, recordSize);
    }

    /** Fields of duet_trace_t, filters above all. */
    public void integer(String field, int value) {
        trace.set(INT, Layouts.TRACE.offset(field), value);
    }

    public void number(String field, long value) {
        trace.set(LONG, Layouts.TRACE.offset(field), value);
    }

    public long number(String field) {
        return trace.get(LONG, Layouts.TRACE.offset(field));
    }

    /** One of the four words of the filter of opcodes. */
    public void opcodes(int word, long bits) {
        trace.set(LONG, Layouts.TRACE.offset("opcodes") + 8L * word, bits);
    }

    /** The buffer is empty again, and nothing is counted. */
    public void restart() {
        number("count", 0);
        number("total", 0);
        number("lost", 0);
    }

    public MemorySegment records() {
        return buffer;
    }

    public long recordSize() {
        return recordSize;
    }

    public long address() {
        return trace.address();
    }

    /** Of the frame's next executions, until it is cleared. */
    public void attach(Frame frame) {
        frame.number(frame.extension("trace"), address());
    }

    @Override
    public void close() {
        arena.close();
    }
}
