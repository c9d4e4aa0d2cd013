package duet.world;

import static duet.frame.Numbers.*;

import duet.frame.Frame;
import duet.frame.Frame.Area;
import duet.frame.Layouts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Answers what a suspended frame asks for: the fields of duet_frame_request_t to the world and back. */
final class Requests {
    private static final long KIND = at("kind"), ANSWERED = at("answered"), ADDRESS = at("address"), TOPIC_COUNT = at("topic_count"),
        KEY = at("key"), VALUE = at("value"), OFFSET = at("offset"), SIZE = at("size"), TOPICS = at("topics"), CALL_KIND = at("call_kind"),
        CALL_FLAGS = at("call_flags"), GAS = at("gas"), DEPTH = at("depth"), RECIPIENT = at("recipient"), SENDER = at("sender"),
        CODE_ADDRESS = at("code_address"), NUMBER = at("number"), WORD = at("word"), OUTPUT_PTR = at("output_ptr"),
        OUTPUT_SIZE = at("output_size"), GAS_LEFT = at("gas_left"), GAS_REFUND = at("gas_refund"), STATUS = at("status"),
        CREATE_ADDRESS = at("create_address");

    private static long at(String field) {
        return Layouts.REQUEST.offset(field);
    }

    private final Message.Executor executor;

    Requests(Message.Executor executor) {
        this.executor = executor;
    }

    /**
     * With areas, a storage entry that is asked for goes into them instead of being answered. Gives the addresses that the instruction makes
     * warm when it goes on: they are warm for the call that it waits for, but must not be so in the areas before.
     */
    Set<Bytes> answer(Frame frame, World world, boolean hasAreas) {
        long request = frame.extension("request");
        Bytes address = new Bytes(frame.octets(request + ADDRESS, 20));
        Bytes key = new Bytes(frame.octets(request + KEY, 32)), value = new Bytes(frame.octets(request + VALUE, 32));
        long number = 0;
        Bytes word = Bytes.ZERO;
        int kind = frame.integer(request + KIND);
        if (hasAreas && (kind == ASK_STORAGE || kind == ASK_SET_STORAGE || kind == ASK_ACCESS_STORAGE)) {
            world.slot(address, key);
            return Set.of();
        }
        switch (kind) {
            case ASK_ACCOUNT_EXISTS -> number = world.exists(address) ? 1 : 0;
            case ASK_STORAGE -> word = world.storage(address, key);
            case ASK_SET_STORAGE -> number = world.setStorage(address, key, value);
            case ASK_BALANCE -> word = Bytes.word(world.account(address).balance);
            case ASK_CODE_SIZE -> number = world.account(address).code.length;
            case ASK_CODE_HASH -> word = world.codeHash(address);
            case ASK_CODE -> code(frame, world.account(address).code, frame.number(request + OFFSET), frame.number(request + SIZE));
            case ASK_SELFDESTRUCT -> number = world.selfdestruct(address, new Bytes(frame.octets(request + RECIPIENT, 20))) ? 1 : 0;
            case ASK_CALL -> {
                return call(frame, world, request, hasAreas);
            }
            case ASK_BLOCK_HASH -> word = world.blockHash(frame.number(request + OFFSET));
            case ASK_LOG -> log(frame, world, request, address);
            case ASK_ACCESS_ACCOUNT -> number = world.accessAccount(address) ? 1 : 0;
            case ASK_ACCESS_STORAGE -> number = world.accessStorage(address, key) ? 1 : 0;
            case ASK_TRANSIENT -> word = world.passing(address, key);
            case ASK_SET_TRANSIENT -> world.setPassing(address, key, value);
            default -> throw new IllegalStateException("a request of kind " + kind);
        }
        // The frame may have moved to make room for an answer.
        request = frame.extension("request");
        frame.number(request + NUMBER, number);
        frame.octets(request + WORD, word.octets());
        frame.integer(request + ANSWERED, 1);
        return Set.of();
    }

    private void log(Frame frame, World world, long request, Bytes address) {
        List<Bytes> topics = new ArrayList<>();
        for (int i = 0; i < frame.integer(request + TOPIC_COUNT); i++) topics.add(new Bytes(frame.octets(request + TOPICS + 32L * i, 32)));
        byte[] data = frame.octets(frame.number(request + OFFSET), frame.number(request + SIZE));
        world.log(new Message.Log(address, topics, new Bytes(data)));
    }

    /** Into the scratch area: return data of an earlier call stays where it is. */
    private void code(Frame frame, byte[] code, long offset, long size) {
        byte[] part = Long.compareUnsigned(offset, code.length) >= 0 ? new byte[0]
            : Arrays.copyOfRange(code, (int) offset, (int) (offset + Math.min(size, code.length - offset)));
        output(frame, Area.SCRATCH, part);
    }

    /** The place may change with the frame's: request fields are found anew afterwards. */
    private void output(Frame frame, Area area, byte[] octets) {
        frame.reserve(area, octets.length);
        frame.octets(frame.place(area), octets);
        long request = frame.extension("request");
        frame.number(request + OUTPUT_PTR, frame.place(area));
        frame.number(request + OUTPUT_SIZE, octets.length);
    }

    private Set<Bytes> call(Frame frame, World world, long request, boolean hasAreas) {
        Message inner = new Message(frame.integer(request + CALL_KIND), frame.integer(request + CALL_FLAGS), frame.integer(request + DEPTH),
            frame.number(request + GAS), new Bytes(frame.octets(request + RECIPIENT, 20)), new Bytes(frame.octets(request + SENDER, 20)),
            frame.octets(frame.number(request + OFFSET), frame.number(request + SIZE)), new Bytes(frame.octets(request + VALUE, 32)),
            new Bytes(frame.octets(request + KEY, 32)), new Bytes(frame.octets(request + CODE_ADDRESS, 20)));
        Set<Bytes> cold = new HashSet<>();
        if (hasAreas && world.revision >= BERLIN && !inner.isCreation())
            for (Bytes called : List.of(inner.recipient(), inner.codeAddress())) if (!world.accessAccount(called)) cold.add(called);
        Message.Result result = Calls.call(world, inner, executor);
        output(frame, Area.RETURN_DATA, result.output());
        request = frame.extension("request");
        frame.number(request + GAS_LEFT, result.gasLeft());
        frame.number(request + GAS_REFUND, result.gasRefund());
        frame.integer(request + STATUS, result.status());
        frame.octets(request + CREATE_ADDRESS, result.createAddress().octets());
        frame.integer(request + ANSWERED, 1);
        return cold;
    }
}
