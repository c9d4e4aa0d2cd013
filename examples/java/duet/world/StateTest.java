package duet.world;

import duet.frame.Numbers;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A case of a state-test file as ipsilon/evm-benchmarks has them: a state, and a call with all of the transaction's gas. */
public record StateTest(String name, Map<String, Object> test, byte[] input) {
    public static List<StateTest> folder(Path folder) throws IOException {
        List<StateTest> cases = new ArrayList<>();
        try (var files = Files.newDirectoryStream(folder, "*.json")) {
            List<Path> sorted = new ArrayList<>();
            files.forEach(sorted::add);
            sorted.sort(null);
            for (Path file : sorted) cases.addAll(file(file));
        }
        return cases;
    }

    private static List<StateTest> file(Path file) throws IOException {
        List<StateTest> cases = new ArrayList<>();
        for (Map.Entry<String, Object> entry : Json.object(Json.parse(Files.readString(file))).entrySet()) {
            Map<String, Object> test = Json.object(entry.getValue());
            List<Object> data = Json.list(Json.object(test.get("transaction")).get("data"));
            Map<String, Object> labels = Json.object(Json.object(test.get("_info")).get("labels"));
            for (int i = 0; i < data.size(); i++)
                cases.add(new StateTest(entry.getKey() + "/" + labels.get(Integer.toString(i)), test, Bytes.hex((String) data.get(i))));
        }
        return cases;
    }

    private static BigInteger number(Object text) {
        return new BigInteger(1, Bytes.hex((String) text));
    }

    private static Bytes word(Object text) {
        return new Bytes(Bytes.padded(Bytes.hex((String) text), 32));
    }

    /** The state before the call. */
    public World world(int revision) {
        Map<String, Object> env = Json.object(test.get("env")), transaction = Json.object(test.get("transaction"));
        World world = new World(revision, new World.Context(number(env.get("currentNumber")).longValue(),
            number(env.get("currentTimestamp")).longValue(), number(env.get("currentGasLimit")).longValue(),
            Bytes.address((String) env.get("currentCoinbase")),
            word(env.get(revision < Numbers.PARIS ? "currentDifficulty" : "currentRandom")), Bytes.word(1), word(env.get("currentBaseFee")),
            Bytes.word(1), Bytes.address((String) transaction.get("sender")), word(transaction.get("gasPrice"))));
        Json.object(test.get("pre")).forEach((address, value) -> {
            Map<String, Object> fields = Json.object(value);
            World.Account account = world.account(Bytes.address(address));
            account.balance = number(fields.get("balance"));
            account.nonce = number(fields.get("nonce")).longValue();
            account.code = Bytes.hex((String) fields.get("code"));
            Json.object(fields.get("storage")).forEach((key, entry) -> {
                World.Slot slot = new World.Slot();
                slot.value = slot.original = word(entry);
                account.slots.put(word(key), slot);
            });
        });
        return world;
    }

    public Message message() {
        Map<String, Object> transaction = Json.object(test.get("transaction"));
        Bytes to = Bytes.address((String) transaction.get("to"));
        return new Message(Numbers.CALL, 0, 0, number(Json.list(transaction.get("gasLimit")).get(0)).longValue(), to,
            Bytes.address((String) transaction.get("sender")), input, word(Json.list(transaction.get("value")).get(0)), Bytes.ZERO, to);
    }
}
