package duet.bench;

import java.io.ByteArrayOutputStream;

/** Code of a given number of operations, the last a STOP. */
final class Programs {
    private Programs() {}

    static final long GAS = 1_000_000;

    /** PUSH1, PUSH1, ADD, POP and again; with 4 operations what the experiment's test runs: PUSH1 5, PUSH1 3, ADD, STOP. */
    static byte[] straight(int operations) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        for (int i = 0; i < operations - 1; i++) {
            switch (i % 4) {
                case 0 -> push(code, 5 + i % 200);
                case 1 -> push(code, 3);
                case 2 -> code.write(0x01);
                default -> code.write(0x50);
            }
        }
        code.write(0x00);
        return code.toByteArray();
    }

    /** PUSH2 n, then JUMPDEST, PUSH1 1, SWAP1, SUB, DUP1, PUSH1 3, JUMPI n times; as near to the number as it comes. */
    static byte[] loop(int operations) {
        int rounds = Math.max(1, (operations - 2) / 7);
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        code.writeBytes(new byte[] {0x61, (byte) (rounds >> 8), (byte) rounds, 0x5b, 0x60, 1, (byte) 0x90, 0x03, (byte) 0x80, 0x60, 3, 0x57, 0});
        return code.toByteArray();
    }

    private static void push(ByteArrayOutputStream code, int octet) {
        code.write(0x60);
        code.write(octet);
    }
}
