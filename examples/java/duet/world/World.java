package duet.world;

import duet.frame.Library;
import duet.frame.Numbers;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Accounts, storage and logs of one transaction, from Byzantium on, with everything that can be undone. It answers what EVMC's host functions
 * are asked, whichever way the question comes. Small and plain; a client has its own.
 */
public final class World {
    /** What the block and the transaction give to every call. */
    public record Context(long number, long timestamp, long gasLimit, Bytes coinbase, Bytes prevRandao, Bytes chainId, Bytes baseFee,
                          Bytes blobBaseFee, Bytes origin, Bytes gasPrice) {}

    public static final class Slot {
        public Bytes value = Bytes.ZERO, original = Bytes.ZERO, passing = Bytes.ZERO;
        public boolean isWarm;
    }

    public static final class Account {
        public long nonce;
        public BigInteger balance = BigInteger.ZERO;
        public byte[] code = {};
        public boolean isWarm, isCreated, isDestroyed;
        public final Map<Bytes, Slot> slots = new TreeMap<>();

        boolean isEmpty() {
            return nonce == 0 && balance.signum() == 0 && code.length == 0;
        }
    }

    public final int revision;
    public final Context context;
    public final Map<Bytes, Account> accounts = new TreeMap<>();
    public final List<Message.Log> logs = new ArrayList<>();
    private final Deque<Runnable> journal = new ArrayDeque<>();

    public World(int revision, Context context) {
        this.revision = revision;
        this.context = context;
    }

    public int mark() {
        return journal.size();
    }

    /** Everything as it was at the mark. */
    public void undo(int mark) {
        while (journal.size() > mark) journal.pop().run();
    }

    public Account account(Bytes address) {
        return accounts.computeIfAbsent(address, a -> new Account());
    }

    Slot slot(Bytes address, Bytes key) {
        return account(address).slots.computeIfAbsent(key, k -> new Slot());
    }

    public boolean exists(Bytes address) {
        return !account(address).isEmpty();
    }

    public Bytes storage(Bytes address, Bytes key) {
        return slot(address, key).value;
    }

    /** Gives the evmc_storage_status. */
    public int setStorage(Bytes address, Bytes key, Bytes value) {
        Slot slot = slot(address, key);
        Bytes original = slot.original, current = slot.value;
        journal.push(() -> slot.value = current);
        slot.value = value;
        if (current.equals(value)) return 0;
        if (original.equals(current)) return current.isZero() ? 1 : value.isZero() ? 2 : 3;
        if (original.isZero()) return value.isZero() ? 7 : 0;
        if (current.isZero()) return original.equals(value) ? 6 : 4;
        if (value.isZero()) return 5;
        return original.equals(value) ? 8 : 0;
    }

    public Bytes passing(Bytes address, Bytes key) {
        return slot(address, key).passing;
    }

    /** Transient storage. */
    public void setPassing(Bytes address, Bytes key, Bytes value) {
        Slot slot = slot(address, key);
        Bytes before = slot.passing;
        journal.push(() -> slot.passing = before);
        slot.passing = value;
    }

    public Bytes codeHash(Bytes address) {
        return exists(address) ? new Bytes(Library.keccak256(account(address).code)) : Bytes.ZERO;
    }

    public boolean accessAccount(Bytes address) {
        // Precompiles are always warm.
        if (Library.isPrecompile(revision, address.octets())) return true;
        Account account = account(address);
        boolean was = account.isWarm;
        if (!was) {
            journal.push(() -> account.isWarm = false);
            account.isWarm = true;
        }
        return was;
    }

    public boolean accessStorage(Bytes address, Bytes key) {
        Slot slot = slot(address, key);
        boolean was = slot.isWarm;
        if (!was) {
            journal.push(() -> slot.isWarm = false);
            slot.isWarm = true;
        }
        return was;
    }

    public void log(Message.Log log) {
        logs.add(log);
        journal.push(() -> logs.remove(logs.size() - 1));
    }

    /** Whether it is the account's first. */
    public boolean selfdestruct(Bytes address, Bytes heir) {
        Account account = account(address);
        boolean first = !account.isDestroyed, goes = revision < Numbers.CANCUN || account.isCreated;
        BigInteger all = account.balance;
        if (!address.equals(heir)) setBalance(account(heir), account(heir).balance.add(all));
        if (!address.equals(heir) || goes) setBalance(account, BigInteger.ZERO);
        if (goes && first) {
            journal.push(() -> account.isDestroyed = false);
            account.isDestroyed = true;
        }
        return first;
    }

    public Bytes blockHash(long number) {
        return new Bytes(Library.keccak256(Long.toString(number).getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    }

    void setBalance(Account account, BigInteger balance) {
        BigInteger before = account.balance;
        journal.push(() -> account.balance = before);
        account.balance = balance;
    }

    boolean transfer(Bytes from, Bytes to, BigInteger value) {
        if (account(from).balance.compareTo(value) < 0) return false;
        setBalance(account(from), account(from).balance.subtract(value));
        setBalance(account(to), account(to).balance.add(value));
        return true;
    }

    void setNonce(Account account, long nonce) {
        long before = account.nonce;
        journal.push(() -> account.nonce = before);
        account.nonce = nonce;
    }

    void setCode(Account account, byte[] code) {
        byte[] before = account.code;
        journal.push(() -> account.code = before);
        account.code = code;
    }

    void setCreated(Account account) {
        journal.push(() -> account.isCreated = false);
        account.isCreated = true;
    }

    /** All of it as text, the same for the same world: accounts that do not exist and entries that are zero are left out. */
    public String describe() {
        StringBuilder text = new StringBuilder();
        accounts.forEach((address, account) -> {
            StringBuilder storage = new StringBuilder();
            account.slots.forEach((key, slot) -> {
                if (!slot.value.isZero() || !slot.passing.isZero() || slot.isWarm)
                    storage.append("  ").append(key).append(" = ").append(slot.value).append(slot.passing.isZero() ? "" : " passing " + slot.passing)
                        .append(slot.isWarm ? " warm\n" : "\n");
            });
            if (account.isEmpty() && storage.isEmpty() && !account.isWarm && !account.isDestroyed) return;
            text.append(address).append(" nonce ").append(account.nonce).append(" balance ").append(account.balance).append(" code ")
                .append(new Bytes(account.code)).append(account.isWarm ? " warm" : "").append(account.isCreated ? " created" : "")
                .append(account.isDestroyed ? " destroyed\n" : "\n").append(storage);
        });
        for (Message.Log log : logs) text.append("log ").append(log).append('\n');
        return text.toString();
    }
}
