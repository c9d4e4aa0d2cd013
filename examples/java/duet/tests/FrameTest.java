package duet.tests;

import duet.frame.Frame;
import duet.frame.Frame.Area;
import duet.frame.Layouts;
import duet.frame.Library;
import duet.frame.Numbers;
import duet.world.Assembler;
import duet.world.Bytes;
import java.util.Arrays;

/** A frame as a client uses it: again and again, growing, suspended and moved, and with what is wrong with it. */
public final class FrameTest {
    private static Frame frame(boolean second, String code) {
        Frame frame = new Frame(second);
        frame.code(Assembler.code(code));
        frame.number(frame.at.gasRemaining(), 1_000_000);
        frame.integer(frame.extension("revision"), Numbers.CANCUN);
        return frame;
    }

    public void testInputAndOutput() {
        for (boolean second : new boolean[] {false, true})
            try (Frame frame = frame(second, "CALLDATASIZE 0 0 CALLDATACOPY CALLDATASIZE 1 RETURN")) {
                frame.input(Bytes.hex("0x0102030405"));
                Tests.same(0, frame.execute(0), "error");
                Tests.same(Numbers.COMPLETED_SUCCESS, frame.state(), "state");
                Tests.isTrue(Arrays.equals(Bytes.hex("0x0203040500"), frame.output()), "output " + new Bytes(frame.output()));
            }
    }

    public void testSameFrameAgain() {
        try (Frame frame = frame(false, "5 3 ADD 0 MSTORE 32 0 RETURN")) {
            for (int i = 0; i < 100; i++) {
                frame.again(1000 + i);
                Tests.same(0, frame.execute(0), "error");
                Tests.same(Bytes.word(8), new Bytes(frame.output()), "output");
                Tests.same(1000L + i - 24, frame.gas(), "gas");
            }
            frame.code(Assembler.code("7 0 MSTORE 32 0 RETURN"));
            frame.again(1000);
            Tests.same(0, frame.execute(0), "error");
            Tests.same(Bytes.word(7), new Bytes(frame.output()), "output of other code at the same place");
        }
    }

    public void testOutputLargerThanItsArea() {
        try (Frame frame = frame(false, "9 5000 MSTORE 5032 0 RETURN")) {
            Tests.same(0, frame.execute(0), "error");
            byte[] output = frame.output();
            Tests.same(5032, output.length, "octets");
            Tests.same((byte) 9, output[5031], "the last one");
        }
    }

    public void testMemoryGrows() {
        try (Frame frame = frame(true, "7 0 MSTORE 9 90000 MSTORE 0 MLOAD 90000 MLOAD ADD 0 MSTORE 32 0 RETURN")) {
            frame.growing();
            Tests.same(0, frame.execute(0), "error");
            Tests.same(Bytes.word(16), new Bytes(frame.output()), "output");
            Tests.isTrue(frame.size(Area.MEMORY) >= 90032, "room");
        }
    }

    public void testMemoryThatMayNotGrow() {
        try (Frame frame = frame(false, "9 90000 MSTORE")) {
            Tests.same(12, frame.execute(0), "error"); // DUET_FRAME_ERR_GROW
            Tests.same(Numbers.EXCEPTIONAL_HALT, frame.state(), "state");
            Tests.isTrue(!Library.errorMessage(12).isEmpty(), "a sentence");
        }
    }

    /** Suspended at SLOAD; then a copy elsewhere is answered and goes on. */
    public void testSuspendedAndMoved() {
        try (Frame frame = frame(false, "7 SLOAD 1 ADD 0 MSTORE 32 0 RETURN")) {
            frame.integer(frame.extension("revision"), Numbers.ISTANBUL);
            Tests.same(0, frame.execute(0), "error");
            Tests.same(Numbers.CODE_SUSPENDED, frame.state(), "state");
            Tests.same(2, frame.pc(), "pc");
            Tests.same(1, frame.stackSize(), "words on the stack");
            long request = frame.extension("request");
            Tests.same(Numbers.ASK_STORAGE, frame.integer(request + Layouts.REQUEST.offset("kind")), "kind");
            Tests.same(Bytes.word(7), new Bytes(frame.octets(request + Layouts.REQUEST.offset("key"), 32)), "key");
            frame.reserve(Area.CODE, 100_000);
            request = frame.extension("request");
            frame.octets(request + Layouts.REQUEST.offset("word"), Bytes.word(41).octets());
            frame.integer(request + Layouts.REQUEST.offset("answered"), 1);
            Tests.same(0, frame.execute(0), "error");
            Tests.same(Bytes.word(42), new Bytes(frame.output()), "output");
        }
    }

    /** The client does the instruction itself, as Besu's experiment has it. */
    public void testSuspendedInstructionDoneByTheClient() {
        try (Frame frame = frame(false, "7 SLOAD 1 ADD 0 MSTORE 32 0 RETURN")) {
            frame.integer(frame.extension("revision"), Numbers.ISTANBUL);
            frame.executeMessage(0);
            Tests.same(Numbers.CODE_SUSPENDED, frame.state(), "state");
            frame.octets(frame.place(Area.STACK), Bytes.word(99).octets());
            frame.number(frame.at.gasRemaining(), frame.gas() - 800);
            frame.integer(frame.at.pc(), frame.pc() + 1);
            frame.executeMessage(0);
            Tests.same(Numbers.COMPLETED_SUCCESS, frame.state(), "state");
            Tests.same(Bytes.word(100), new Bytes(frame.output()), "output");
            Tests.same(1_000_000L - 800 - 24, frame.gas(), "gas");
        }
    }

    public void testInconsistentFrames() {
        for (boolean second : new boolean[] {false, true})
            try (Frame frame = frame(second, "STOP")) {
                frame.integer(frame.at.stackSize(), 1025);
                Tests.same(4, frame.execute(0), "a stack of 1025 words");
                Tests.same(Numbers.EXCEPTIONAL_HALT, frame.state(), "state");
                Tests.same(Numbers.HALT_OUT_OF_BOUNDS, frame.haltReason(), "halt reason");
                frame.again(1000);
                frame.number(frame.at.codePtr(), frame.segment().byteSize());
                frame.integer(frame.at.codeSize(), 1);
                Tests.same(3, frame.execute(0), "code behind the segment");
                Tests.same(2, frame.execute(0), "a frame that has ended");
            }
        Tests.same(1, Library.execute(0, 0, 0), "no frame");
    }
}
