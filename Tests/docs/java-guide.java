import static duet.frame.Numbers.CODE_SUSPENDED;
import static duet.frame.Numbers.COMPLETED_SUCCESS;

import duet.frame.Frame;

/** The place of the fragments of docs/java-guide.md: what they use and do not declare. */
abstract class JavaGuide {
    abstract void use(byte[] output, long gas);

    abstract void takeLogs(Frame frame);

    abstract void answer(Frame frame);

    void call(byte[] code, long gas) {
        // Fragment
    }

    void suspend(Frame frame, long callbacks) {
        int error;
        // Fragment
        if (error != 0) throw new IllegalStateException();
    }
}
