package duet.world;

import java.util.List;

/** A call or creation, as evmc_message has it; of a creation the input is the initcode. */
public record Message(int kind, int flags, int depth, long gas, Bytes recipient, Bytes sender, byte[] input, Bytes value, Bytes salt, Bytes codeAddress) {
    /** How it ended; the status is an evmc_status_code. */
    public record Result(int status, long gasLeft, long gasRefund, byte[] output, Bytes createAddress) {
        public static Result failure(int status, long gasLeft) {
            return new Result(status, gasLeft, 0, new byte[0], Bytes.NO_ADDRESS);
        }
    }

    public record Log(Bytes address, List<Bytes> topics, Bytes data) {}

    /** What runs code: the frame, or EVMC. */
    public interface Executor extends AutoCloseable {
        Result execute(World world, Message message, byte[] code);

        @Override
        void close();
    }

    public boolean isStatic() {
        return (flags & 1) != 0;
    }

    public boolean isCreation() {
        return kind == 3 || kind == 4;
    }
}
