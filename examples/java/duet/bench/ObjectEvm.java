package duet.bench;

import java.math.BigInteger;
import java.util.ArrayList;

/**
 * A second plain Java interpreter, made as Besu's first EVM is, from its description alone: a stack of immutable words of up to 32 octets,
 * operations that are objects found in a table, each giving a result object with its cost. A frame is made anew for each call. It is no
 * code of Besu's and no measurement of it; it shows what objects per operation cost.
 */
public final class ObjectEvm {
    interface Operation {
        Result execute(Frame frame);
    }

    record Result(long cost, int halt, int width) {}

    static final class Frame {
        final byte[] code;
        final ArrayList<byte[]> stack = new ArrayList<>();
        long gas;
        int pc, state, halt;

        Frame(byte[] code, long gas) {
            this.code = code;
            this.gas = gas;
        }

        byte[] pop() {
            if (stack.isEmpty()) throw new IndexOutOfBoundsException();
            return stack.remove(stack.size() - 1);
        }

        void push(byte[] word) {
            if (stack.size() == 1024) throw new IllegalStateException();
            stack.add(word);
        }
    }

    private static final Result THREE = new Result(3, 0, 1), TWO = new Result(2, 0, 1), END = new Result(0, 0, 0);
    private static final BigInteger MASK = BigInteger.ONE.shiftLeft(256).subtract(BigInteger.ONE);
    private final Operation[] operations = new Operation[256];

    public ObjectEvm() {
        operations[0x00] = frame -> {
            frame.state = PlainEvm.SUCCESS;
            return END;
        };
        operations[0x01] = frame -> {
            BigInteger sum = new BigInteger(1, frame.pop()).add(new BigInteger(1, frame.pop())).and(MASK);
            byte[] octets = sum.toByteArray();
            frame.push(octets.length == 33 ? java.util.Arrays.copyOfRange(octets, 1, 33) : octets);
            return THREE;
        };
        operations[0x50] = frame -> {
            frame.pop();
            return TWO;
        };
        operations[0x60] = frame -> {
            frame.push(new byte[] {frame.code[frame.pc + 1]});
            return new Result(3, 0, 2);
        };
    }

    public long run(byte[] code, long gas, PlainEvm.Tracer tracer, PlainEvm shown) {
        Frame frame = new Frame(code, gas);
        while (frame.state == PlainEvm.RUNNING) {
            Operation operation = operations[code[frame.pc] & 0xff];
            if (tracer != null) tracer.before(shown);
            Result result;
            try {
                result = operation.execute(frame);
            } catch (IndexOutOfBoundsException e) {
                result = new Result(0, PlainEvm.HALT_UNDERFLOW, 0);
            } catch (IllegalStateException e) {
                result = new Result(0, PlainEvm.HALT_OVERFLOW, 0);
            }
            if (result.halt != 0 || frame.gas < result.cost) {
                frame.state = PlainEvm.HALT;
                frame.gas = 0;
            } else {
                frame.gas -= result.cost;
                frame.pc += result.width;
            }
            if (tracer != null) tracer.after(shown, result.cost, result.halt);
        }
        return frame.gas;
    }
}
