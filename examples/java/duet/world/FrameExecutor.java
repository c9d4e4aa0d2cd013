package duet.world;

import duet.frame.Frame;
import duet.frame.Layouts;
import duet.frame.Library;
import duet.frame.Numbers;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Runs code on message frames: one for each depth, used again and again. What a frame asks for by suspension is answered from the world. */
public final class FrameExecutor implements Message.Executor {
    /** Where the world outside comes from. */
    public enum Source { SUSPENSION, AREAS, HOST }

    private final boolean second;
    private final Source source;
    private final List<Frame> frames = new ArrayList<>();
    private final Requests requests = new Requests(this);
    private EvmcExecutor host;
    private long callbacks, trace;
    /** How often a frame was suspended, and of that by a request of each kind. */
    public long suspensions;
    public final long[] kinds = new long[16];

    public FrameExecutor(boolean second, Source source) {
        this.second = second;
        this.source = source;
        if (source == Source.HOST) host = new EvmcExecutor();
    }

    /** For the following executions: TracerCallbacks, and a duet_trace_t; 0 for none. */
    public void trace(long callbacks, long trace) {
        this.callbacks = callbacks;
        this.trace = trace;
    }

    @Override
    public Message.Result execute(World world, Message message, byte[] code) {
        while (frames.size() <= message.depth()) frames.add(new Frame(second));
        Frame frame = frames.get(message.depth());
        fill(frame, world, message, code);
        Set<Bytes> cold = Set.of();
        if (source == Source.HOST) host.attach(frame, world, this);
        int error;
        while (true) {
            if (source == Source.AREAS) Areas.load(frame, world, message.recipient(), cold);
            error = frame.execute(callbacks);
            // Logs, and what areas have, belong before whatever the frame asks for.
            boolean hadLogs = takeLogs(frame, world);
            if (source == Source.AREAS) Areas.store(frame, world);
            if (error != 0 || frame.state() != Numbers.CODE_SUSPENDED) break;
            suspensions++;
            kinds[frame.integer(frame.extension("request"))]++;
            // A log that there was no room for may fit now. If it is answered, it must not be among those that come later.
            if (hadLogs && frame.integer(frame.extension("request")) == Numbers.ASK_LOG) continue;
            cold = requests.answer(frame, world, source == Source.AREAS);
        }
        if (error != 0) throw new IllegalStateException((second ? "second layout, " : "first layout, ") + source + ": " + Library.errorMessage(error));
        int status = Numbers.status(frame.state(), frame.haltReason());
        boolean hasOutput = status == Numbers.STATUS_SUCCESS || status == Numbers.STATUS_REVERT;
        return new Message.Result(status, frame.gas(), status == Numbers.STATUS_SUCCESS ? frame.number(frame.at.gasRefund()) : 0,
            hasOutput ? frame.output() : new byte[0], Bytes.NO_ADDRESS);
    }

    private void fill(Frame frame, World world, Message message, byte[] code) {
        frame.clear();
        frame.code(code);
        frame.input(message.input());
        frame.growing();
        frame.withoutWarmArea(source != Source.AREAS);
        frame.number(frame.at.gasRemaining(), message.gas());
        frame.integer(frame.at.type(), message.isCreation() ? Numbers.CONTRACT_CREATION : Numbers.MESSAGE_CALL);
        frame.integer(frame.at.isStatic(), message.isStatic() ? 1 : 0);
        frame.integer(frame.at.depth(), message.depth());
        frame.octets(frame.at.recipient(), message.recipient().octets());
        frame.octets(frame.at.sender(), message.sender().octets());
        frame.octets(frame.at.contract(), message.codeAddress().octets());
        frame.octets(frame.at.value(), message.value().octets());
        frame.octets(frame.at.apparentValue(), message.value().octets());

        World.Context context = world.context;
        frame.octets(frame.at.originator(), context.origin().octets());
        frame.octets(frame.at.miningBeneficiary(), context.coinbase().octets());
        frame.octets(frame.at.gasPrice(), context.gasPrice().octets());
        frame.integer(frame.extension("revision"), world.revision);
        frame.number(frame.extension("block_number"), context.number());
        frame.number(frame.extension("block_timestamp"), context.timestamp());
        frame.number(frame.extension("block_gas_limit"), context.gasLimit());
        frame.octets(frame.extension("prev_randao"), context.prevRandao().octets());
        frame.octets(frame.extension("chain_id"), context.chainId().octets());
        frame.octets(frame.extension("base_fee"), context.baseFee().octets());
        frame.octets(frame.extension("blob_base_fee"), context.blobBaseFee().octets());
        frame.number(frame.extension("trace"), trace);
    }

    private static final long LOG_ADDRESS = Layouts.LOG.offset("address"), LOG_TOPICS = Layouts.LOG.offset("topic_count"),
        LOG_DATA = Layouts.LOG.offset("data_size");

    /** What the frame has logged so far is the world's from now on; a failure undoes it there. The area is empty again. */
    private static boolean takeLogs(Frame frame, World world) {
        long place = frame.number(frame.at.logsPtr());
        int count = frame.integer(frame.at.logCount());
        for (int i = 0; i < count; i++) {
            Bytes address = new Bytes(frame.octets(place + LOG_ADDRESS, 20));
            int topicCount = frame.integer(place + LOG_TOPICS), size = frame.integer(place + LOG_DATA);
            place += Layouts.LOG.size();
            List<Bytes> topics = new ArrayList<>();
            for (int topic = 0; topic < topicCount; topic++, place += 32) topics.add(new Bytes(frame.octets(place, 32)));
            world.log(new Message.Log(address, topics, new Bytes(frame.octets(place, size))));
            place += (size + 7L) / 8 * 8;
        }
        frame.integer(frame.at.logCount(), 0);
        return count > 0;
    }

    @Override
    public void close() {
        frames.forEach(Frame::close);
        if (host != null) host.close();
    }
}
