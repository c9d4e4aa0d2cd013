package duet.bench;

/**
 * The other side of the comparison: a plain Java interpreter with a stack of longs, four to a word, the lowest first, as Besu's second EVM is
 * to have it. Gas and both limits of the stack are checked at each instruction, jump destinations are found once per code. It has what
 * the benchmark's code uses and is kept between calls, so that a call allocates nothing: as fast as plain Java gets.
 */
public final class PlainEvm {
    /** As Besu's OperationTracer: once before and once after each instruction. */
    public interface Tracer {
        void before(PlainEvm evm);

        void after(PlainEvm evm, long cost, int halt);
    }

    static final int RUNNING = 0, SUCCESS = 7, HALT = 4;
    static final int HALT_GAS = 1, HALT_UNDERFLOW = 2, HALT_JUMP = 3, HALT_OPERATION = 4, HALT_OVERFLOW = 6;
    private static final byte[] COST = new byte[256], TAKES = new byte[256], LEAVES = new byte[256];

    static {
        java.util.Arrays.fill(COST, (byte) -1);
        operation(0x00, 0, 0, 0);
        for (int add = 0x01; add <= 0x03; add += 2) operation(add, 3, 2, 1);
        operation(0x10, 3, 2, 1);
        operation(0x14, 3, 2, 1);
        operation(0x15, 3, 1, 1);
        for (int bits = 0x16; bits <= 0x18; bits++) operation(bits, 3, 2, 1);
        operation(0x50, 2, 1, 0);
        operation(0x56, 8, 1, 0);
        operation(0x57, 10, 2, 0);
        operation(0x5b, 1, 0, 0);
        for (int n = 1; n <= 32; n++) operation(0x5f + n, 3, 0, 1);
        for (int n = 1; n <= 16; n++) {
            operation(0x7f + n, 3, n, n + 1);
            operation(0x8f + n, 3, n + 1, n + 1);
        }
    }

    private static void operation(int opcode, int cost, int takes, int leaves) {
        COST[opcode] = (byte) cost;
        TAKES[opcode] = (byte) takes;
        LEAVES[opcode] = (byte) leaves;
    }

    private final long[] stack = new long[1024 * 4];
    private byte[] code = {};
    private long[] destinations = {};
    public int pc, size, state, halt;
    public long gas;

    public int opcode() {
        return pc < code.length ? code[pc] & 0xff : 0;
    }

    public long top() {
        return size == 0 ? 0 : stack[4 * (size - 1)];
    }

    /** Code is analysed when it changes, not at each call. */
    public void load(byte[] code) {
        this.code = code;
        destinations = new long[(code.length + 63) / 64];
        for (int i = 0; i < code.length; i++) {
            int opcode = code[i] & 0xff;
            if (opcode == 0x5b) destinations[i >> 6] |= 1L << i;
            if (opcode >= 0x60 && opcode <= 0x7f) i += opcode - 0x5f;
        }
    }

    public void start(long gas) {
        pc = size = halt = 0;
        state = RUNNING;
        this.gas = gas;
    }

    public void run(Tracer tracer) {
        if (tracer == null) untraced(); else traced(tracer);
    }

    private void traced(Tracer tracer) {
        while (state == RUNNING) {
            tracer.before(this);
            long before = gas;
            step();
            tracer.after(this, before - gas, halt);
        }
    }

    /** The loop with everything in local variables for the instructions that are common; the others go through `step`. */
    private void untraced() {
        long[] s = stack, destinations = this.destinations;
        byte[] code = this.code;
        int pc = this.pc, top = 4 * size;
        long gas = this.gas;
        while (true) {
            int opcode = pc < code.length ? code[pc] & 0xff : 0;
            switch (opcode) {
                case 0x01 -> {
                    if (top >= 8 && gas >= 3) {
                        gas -= 3;
                        add(s, top);
                        top -= 4;
                        pc++;
                        continue;
                    }
                }
                case 0x03 -> {
                    if (top >= 8 && gas >= 3) {
                        gas -= 3;
                        subtract(s, top);
                        top -= 4;
                        pc++;
                        continue;
                    }
                }
                case 0x50 -> {
                    if (top >= 4 && gas >= 2) {
                        gas -= 2;
                        top -= 4;
                        pc++;
                        continue;
                    }
                }
                case 0x57 -> {
                    if (top >= 8 && gas >= 10 && (s[top - 8] | s[top - 7] | s[top - 6] | s[top - 5]) != 0) {
                        long to = s[top - 4];
                        if ((s[top - 3] | s[top - 2] | s[top - 1]) == 0 && to >= 0 && to < code.length && (destinations[(int) to >> 6] >>> to & 1) != 0) {
                            gas -= 10;
                            top -= 8;
                            pc = (int) to;
                            continue;
                        }
                    }
                }
                case 0x5b -> {
                    if (gas >= 1) {
                        gas -= 1;
                        pc++;
                        continue;
                    }
                }
                case 0x60 -> {
                    if (top < 4096 && gas >= 3) {
                        gas -= 3;
                        s[top] = pc + 1 < code.length ? code[pc + 1] & 0xff : 0;
                        s[top + 1] = 0;
                        s[top + 2] = 0;
                        s[top + 3] = 0;
                        top += 4;
                        pc += 2;
                        continue;
                    }
                }
                case 0x80 -> {
                    if (top >= 4 && top < 4096 && gas >= 3) {
                        gas -= 3;
                        System.arraycopy(s, top - 4, s, top, 4);
                        top += 4;
                        pc++;
                        continue;
                    }
                }
                case 0x90 -> {
                    if (top >= 8 && gas >= 3) {
                        gas -= 3;
                        swap(s, top - 4, top - 8);
                        pc++;
                        continue;
                    }
                }
                default -> { }
            }
            this.pc = pc;
            this.size = top >> 2;
            this.gas = gas;
            step();
            if (state != RUNNING) return;
            pc = this.pc;
            top = 4 * size;
            gas = this.gas;
        }
    }

    private void fail(int reason) {
        state = HALT;
        halt = reason;
        gas = 0;
    }

    private void step() {
        int opcode = pc < code.length ? code[pc] & 0xff : 0;
        int cost = COST[opcode];
        if (cost < 0) {
            fail(HALT_OPERATION);
            return;
        }
        int takes = TAKES[opcode], change = LEAVES[opcode] - takes;
        if (size < takes) {
            fail(HALT_UNDERFLOW);
            return;
        }
        if (size + change > 1024) {
            fail(HALT_OVERFLOW);
            return;
        }
        if (gas < cost) {
            fail(HALT_GAS);
            return;
        }
        gas -= cost;
        long[] s = stack;
        int top = 4 * size;
        switch (opcode) {
            case 0x00 -> state = SUCCESS;
            case 0x01 -> add(s, top);
            case 0x03 -> subtract(s, top);
            case 0x10 -> set(s, top - 8, isLess(s, top - 4, top - 8));
            case 0x14 -> set(s, top - 8, s[top - 4] == s[top - 8] && s[top - 3] == s[top - 7] && s[top - 2] == s[top - 6] && s[top - 1] == s[top - 5]);
            case 0x15 -> set(s, top - 4, (s[top - 4] | s[top - 3] | s[top - 2] | s[top - 1]) == 0);
            case 0x16 -> {
                for (int i = 1; i <= 4; i++) s[top - 4 - i] &= s[top - i];
            }
            case 0x17 -> {
                for (int i = 1; i <= 4; i++) s[top - 4 - i] |= s[top - i];
            }
            case 0x18 -> {
                for (int i = 1; i <= 4; i++) s[top - 4 - i] ^= s[top - i];
            }
            case 0x50, 0x5b -> { }
            case 0x56 -> {
                jump(s, top - 4);
                size--;
                return;
            }
            case 0x57 -> {
                if ((s[top - 8] | s[top - 7] | s[top - 6] | s[top - 5]) != 0) {
                    jump(s, top - 4);
                    size -= 2;
                    return;
                }
            }
            default -> {
                if (opcode <= 0x7f) push(s, top, opcode - 0x5f);
                else if (opcode <= 0x8f) System.arraycopy(s, top - 4 * (opcode - 0x7f), s, top, 4);
                else swap(s, top - 4, top - 4 * (opcode - 0x8e));
            }
        }
        size += change;
        pc++;
    }

    private void push(long[] s, int top, int count) {
        if (count == 1) {
            s[top] = pc + 1 < code.length ? code[pc + 1] & 0xff : 0;
            s[top + 1] = s[top + 2] = s[top + 3] = 0;
            pc++;
            return;
        }
        s[top] = s[top + 1] = s[top + 2] = s[top + 3] = 0;
        for (int i = 0; i < count; i++) {
            int octet = pc + 1 + i < code.length ? code[pc + 1 + i] & 0xff : 0, place = count - 1 - i;
            s[top + (place >> 3)] |= (long) octet << 8 * (place & 7);
        }
        pc += count;
    }

    private static void swap(long[] s, int left, int right) {
        for (int i = 0; i < 4; i++) {
            long word = s[left + i];
            s[left + i] = s[right + i];
            s[right + i] = word;
        }
    }

    private static void set(long[] s, int at, boolean value) {
        s[at] = value ? 1 : 0;
        s[at + 1] = s[at + 2] = s[at + 3] = 0;
    }

    private static boolean isLess(long[] s, int left, int right) {
        for (int i = 3; i >= 0; i--) if (s[left + i] != s[right + i]) return Long.compareUnsigned(s[left + i], s[right + i]) < 0;
        return false;
    }

    private void jump(long[] s, int at) {
        long to = s[at];
        boolean isGood = (s[at + 1] | s[at + 2] | s[at + 3]) == 0 && to >= 0 && to < code.length && (destinations[(int) to >> 6] >>> to & 1) != 0;
        if (isGood) pc = (int) to; else fail(HALT_JUMP);
    }

    private static void add(long[] s, int top) {
        long a0 = s[top - 4], a1 = s[top - 3], a2 = s[top - 2], a3 = s[top - 1];
        long r0 = a0 + s[top - 8];
        long c = Long.compareUnsigned(r0, a0) < 0 ? 1 : 0;
        long b1 = s[top - 7], b2 = s[top - 6];
        long r1 = a1 + b1 + c;
        c = (a1 & b1 | (a1 | b1) & ~r1) >>> 63;
        long r2 = a2 + b2 + c;
        c = (a2 & b2 | (a2 | b2) & ~r2) >>> 63;
        s[top - 8] = r0;
        s[top - 7] = r1;
        s[top - 6] = r2;
        s[top - 5] += a3 + c;
    }

    private static void subtract(long[] s, int top) {
        long a0 = s[top - 4], a1 = s[top - 3], a2 = s[top - 2], b0 = s[top - 8], b1 = s[top - 7], b2 = s[top - 6];
        long c = Long.compareUnsigned(a0, b0) < 0 ? 1 : 0;
        long r1 = a1 - b1 - c;
        c = (~a1 & b1 | (~a1 | b1) & r1) >>> 63;
        long r2 = a2 - b2 - c;
        c = (~a2 & b2 | (~a2 | b2) & r2) >>> 63;
        s[top - 8] = a0 - b0;
        s[top - 7] = r1;
        s[top - 6] = r2;
        s[top - 5] = s[top - 1] - s[top - 5] - c;
    }
}
