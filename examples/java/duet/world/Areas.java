package duet.world;

import duet.frame.Frame;
import duet.frame.Frame.Area;
import duet.frame.Layouts;
import duet.frame.Library;
import duet.frame.Numbers;
import duet.frame.Struct;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts into the areas of a frame of the second layout what code is likely to want, so that it finds it without suspending: the storage entries of
 * the executing account, which addresses are warm, and in the witness accounts. Takes back what code has changed. What is not there
 * is asked for.
 *
 * An instruction that waits for a call is done anew when it goes on: what it has read before must not change meanwhile. A call changes
 * accounts, so the witness is filled for code that calls nobody.
 */
final class Areas {
    private static final long SLOT_KEY = Layouts.SLOT.offset("key"), SLOT_VALUE = Layouts.SLOT.offset("value"),
        SLOT_ORIGINAL = Layouts.SLOT.offset("original"), SLOT_WARM = Layouts.SLOT.offset("is_warm");
    private static final long BALANCE = Layouts.ACCOUNT.offset("balance"), NONCE = Layouts.ACCOUNT.offset("nonce"),
        CODE_HASH = Layouts.ACCOUNT.offset("code_hash"), CODE_SIZE = Layouts.ACCOUNT.offset("code_size"),
        CODE_OFFSET = Layouts.ACCOUNT.offset("code_offset"), WARM = Layouts.ACCOUNT.offset("is_warm");

    private Areas() {}

    /** Addresses that are `cold` stay so in the areas, even if the world has them as warm. */
    static void load(Frame frame, World world, Bytes recipient, Set<Bytes> cold) {
        loadSlots(frame, world, recipient);
        loadWarm(frame, world, cold);
        if (!calls(frame)) loadAccounts(frame, world);
    }

    private static boolean calls(Frame frame) {
        byte[] code = frame.octets(frame.number(frame.at.codePtr()), frame.integer(frame.at.codeSize()));
        for (int i = 0; i < code.length; i++) {
            int opcode = code[i] & 0xff;
            if (opcode >= 0xf0 && opcode != 0xf3 && opcode != 0xfd && opcode != 0xfe) return true;
            if (opcode >= 0x60 && opcode <= 0x7f) i += opcode - 0x5f;
        }
        return false;
    }

    private static void loadWarm(Frame frame, World world, Set<Bytes> cold) {
        List<Bytes> warm = world.accounts.entrySet().stream().filter(e -> e.getValue().isWarm && !cold.contains(e.getKey())).map(Map.Entry::getKey).toList();
        frame.reserve(Area.WARM, 20L * (warm.size() + 8));
        long place = frame.place(Area.WARM);
        for (Bytes address : warm) {
            frame.octets(place, address.octets());
            place += 20;
        }
        frame.integer(frame.at.warmAddressCount(), warm.size());
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
            frame.segment().set(Struct.BYTE, place + SLOT_WARM, (byte) (entry.getValue().isWarm ? 1 : 0));
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
            frame.segment().set(Struct.BYTE, place + WARM,
                (byte) (account.isWarm || Library.isPrecompile(world.revision, entry.getKey().octets()) ? 1 : 0));
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
        place = frame.number(frame.at.warmAddressesPtr());
        for (int i = frame.integer(frame.at.warmAddressCount()); i > 0; i--, place += 20)
            if (world.revision >= Numbers.BERLIN) world.accessAccount(new Bytes(frame.octets(place, 20)));
        long witness = frame.number(frame.at.witnessPtr());
        if (witness == 0) return;
        place = witness + frame.number(witness + Layouts.WITNESS.offset("accounts_ptr"));
        for (int i = frame.integer(witness + Layouts.WITNESS.offset("account_count")); i > 0; i--, place += Layouts.ACCOUNT.size())
            if (isWarm(frame, place + WARM) && world.revision >= Numbers.BERLIN) world.accessAccount(new Bytes(frame.octets(place, 20)));
    }

    private static boolean isWarm(Frame frame, long place) {
        return frame.octets(place, 1)[0] != 0;
    }
}
