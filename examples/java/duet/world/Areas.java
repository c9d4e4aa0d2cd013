package duet.world;

import duet.frame.Frame;
import duet.frame.Frame.Area;
import duet.frame.Layouts;
import duet.frame.Numbers;
import java.util.Map;

/**
 * Fills the storage area of a frame of the second layout with the entries of the executing account, and its witness with accounts, so that code
 * finds them without suspending; and takes back what code has changed. What does not fit is asked for.
 */
final class Areas {
    private static final long SLOT_KEY = Layouts.SLOT.offset("key"), SLOT_VALUE = Layouts.SLOT.offset("value"),
        SLOT_ORIGINAL = Layouts.SLOT.offset("original"), SLOT_WARM = Layouts.SLOT.offset("is_warm");
    private static final long BALANCE = Layouts.ACCOUNT.offset("balance"), NONCE = Layouts.ACCOUNT.offset("nonce"),
        CODE_HASH = Layouts.ACCOUNT.offset("code_hash"), CODE_SIZE = Layouts.ACCOUNT.offset("code_size"),
        CODE_OFFSET = Layouts.ACCOUNT.offset("code_offset"), WARM = Layouts.ACCOUNT.offset("is_warm");

    private Areas() {}

    static void load(Frame frame, World world, Bytes recipient) {
        loadSlots(frame, world, recipient);
        loadAccounts(frame, world);
    }

    private static void loadSlots(Frame frame, World world, Bytes recipient) {
        Map<Bytes, World.Slot> slots = world.account(recipient).slots;
        int room = slots.size() + 8;
        frame.reserve(Area.STORAGE, room * Layouts.SLOT.size());
        long place = frame.place(Area.STORAGE);
        for (Map.Entry<Bytes, World.Slot> entry : slots.entrySet()) {
            frame.octets(place, recipient.octets());
            frame.octets(place + SLOT_KEY, entry.getKey().octets());
            frame.octets(place + SLOT_VALUE, entry.getValue().value.octets());
            frame.octets(place + SLOT_ORIGINAL, entry.getValue().original.octets());
            frame.segment().set(java.lang.foreign.ValueLayout.JAVA_BYTE, place + SLOT_WARM, (byte) (entry.getValue().isWarm ? 1 : 0));
            place += Layouts.SLOT.size();
        }
        frame.number(frame.at.storagePtr(), frame.place(Area.STORAGE));
        frame.integer(frame.at.storageSlotCount(), slots.size());
        frame.integer(frame.at.maxStorageSlots(), room);
    }

    private static void loadAccounts(Frame frame, World world) {
        long codes = 0;
        int count = 0;
        for (World.Account account : world.accounts.values()) {
            if (account.isEmpty()) continue;
            count++;
            codes += account.code.length;
        }
        long accountsAt = Layouts.WITNESS.size(), codesAt = accountsAt + count * Layouts.ACCOUNT.size();
        frame.reserve(Area.WITNESS, codesAt + codes);
        long witness = frame.place(Area.WITNESS), place = witness + accountsAt, code = codesAt;
        for (Map.Entry<Bytes, World.Account> entry : world.accounts.entrySet()) {
            World.Account account = entry.getValue();
            if (account.isEmpty()) continue;
            frame.octets(place, entry.getKey().octets());
            frame.octets(place + BALANCE, Bytes.word(account.balance).octets());
            frame.number(place + NONCE, account.nonce);
            frame.octets(place + CODE_HASH, world.codeHash(entry.getKey()).octets());
            frame.integer(place + CODE_SIZE, account.code.length);
            frame.number(place + CODE_OFFSET, code);
            frame.segment().set(java.lang.foreign.ValueLayout.JAVA_BYTE, place + WARM,
                (byte) (account.isWarm || duet.frame.Library.isPrecompile(world.revision, entry.getKey().octets()) ? 1 : 0));
            frame.octets(witness + code, account.code);
            code += account.code.length;
            place += Layouts.ACCOUNT.size();
        }
        frame.number(frame.at.witnessPtr(), witness);
        frame.integer(witness + Layouts.WITNESS.offset("account_count"), count);
        frame.integer(witness + Layouts.WITNESS.offset("max_accounts"), count);
        frame.number(witness + Layouts.WITNESS.offset("accounts_ptr"), accountsAt);
        frame.integer(witness + Layouts.WITNESS.offset("code_count"), count);
        frame.number(witness + Layouts.WITNESS.offset("codes_ptr"), codesAt);
        frame.number(witness + Layouts.WITNESS.offset("codes_size"), codes);
        frame.integer(witness + Layouts.WITNESS.offset("storage_count"), 0);
        frame.integer(witness + Layouts.WITNESS.offset("max_storage"), 0);
        frame.number(witness + Layouts.WITNESS.offset("storage_ptr"), codesAt);
    }

    /** What code has changed, into the world, where a failure undoes it. */
    static void store(Frame frame, World world) {
        long place = frame.number(frame.at.storagePtr());
        for (int i = frame.integer(frame.at.storageSlotCount()); i > 0; i--, place += Layouts.SLOT.size()) {
            Bytes address = new Bytes(frame.octets(place, 20)), key = new Bytes(frame.octets(place + SLOT_KEY, 32));
            Bytes value = new Bytes(frame.octets(place + SLOT_VALUE, 32));
            if (!world.storage(address, key).equals(value)) world.setStorage(address, key, value);
            if (isWarm(frame, place + SLOT_WARM) && world.revision >= Numbers.BERLIN) world.accessStorage(address, key);
        }
        long witness = frame.number(frame.at.witnessPtr());
        place = witness + frame.number(witness + Layouts.WITNESS.offset("accounts_ptr"));
        for (int i = frame.integer(witness + Layouts.WITNESS.offset("account_count")); i > 0; i--, place += Layouts.ACCOUNT.size()) {
            if (isWarm(frame, place + WARM) && world.revision >= Numbers.BERLIN) world.accessAccount(new Bytes(frame.octets(place, 20)));
        }
    }

    private static boolean isWarm(Frame frame, long place) {
        return frame.octets(place, 1)[0] != 0;
    }
}
