package duet.world;

import duet.frame.Numbers;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A call of the contract "main" in a world of a few contracts, written for what a frame asks of the world outside. */
public record Scenario(String name, int revision, long gas, byte[] input, Map<String, byte[]> contracts) {
    private static final int[] FORKS = {Numbers.BYZANTIUM, Numbers.ISTANBUL, Numbers.BERLIN, Numbers.LONDON, Numbers.CANCUN, Numbers.OSAKA};
    private static final Bytes SENDER = Bytes.address("0x5e4de7");

    static Bytes place(String contract) {
        if (contract.equals("nobody")) return Bytes.address("0x00dead00");
        return Bytes.address("0xc0de" + String.format("%032x", contract.hashCode() & 0xffffffffL));
    }

    public World world() {
        World world = new World(revision, new World.Context(1000, 1_700_000_000, 30_000_000, Bytes.address("0xc01ba5e"), Bytes.word(0x1234567),
            Bytes.word(1), Bytes.word(7), Bytes.word(1), SENDER, Bytes.word(10)));
        world.account(SENDER).balance = BigInteger.TEN.pow(18);
        contracts.forEach((name, code) -> {
            World.Account account = world.account(place(name));
            account.code = code;
            account.nonce = 1;
            account.balance = BigInteger.valueOf(1000);
            World.Slot slot = new World.Slot();
            slot.value = slot.original = Bytes.word(77);
            account.slots.put(Bytes.word(7), slot);
        });
        if (revision >= Numbers.BERLIN) {
            world.account(SENDER).isWarm = true;
            world.account(place("main")).isWarm = true;
        }
        return world;
    }

    public Message message() {
        Bytes main = place("main");
        return new Message(Numbers.CALL, 0, 0, gas, main, SENDER, input, Bytes.word(5), Bytes.ZERO, main);
    }

    private static final class Maker {
        final List<Scenario> list = new ArrayList<>();

        void add(String name, int from, long gas, String... contracts) {
            Map<String, Bytes> places = new LinkedHashMap<>();
            places.put("nobody", place("nobody"));
            for (int i = 0; i < contracts.length; i += 2) places.put(contracts[i], place(contracts[i]));
            Map<String, byte[]> codes = new LinkedHashMap<>();
            for (int i = 0; i < contracts.length; i += 2) codes.put(contracts[i], Assembler.code(contracts[i + 1], places));
            for (int fork : FORKS)
                if (fork >= from) list.add(new Scenario(name + ", fork " + fork, fork, gas, Bytes.hex("0x0102030405"), codes));
        }

        void add(String name, String... contracts) {
            add(name, Numbers.BYZANTIUM, 3_000_000, contracts);
        }
    }

    private static String call(String opcode, String target, String value, String outputSize) {
        boolean hasValue = opcode.equals("CALL") || opcode.equals("CALLCODE");
        return outputSize + " 0 4 0 " + (hasValue ? value + " " : "") + target + " 200000 " + opcode + " ";
    }

    /** Ends with the first 32 octets of memory as output. */
    private static final String OUT = " 0 MSTORE 32 0 RETURN";
    /** The sum of what is on the stack counts in memory at 64. */
    private static final String KEEP = " 64 MLOAD 3 MUL ADD 64 MSTORE ";
    private static final String END = " 32 64 RETURN";

    public static List<Scenario> all() {
        Maker m = new Maker();
        m.add("storage, every status", "main",
            "1 0 SSTORE 2 0 SSTORE 0 0 SSTORE 5 7 SSTORE 0 7 SSTORE 6 7 SSTORE 77 7 SSTORE 78 7 SSTORE 0 7 SSTORE 77 7 SSTORE 0 7 SSTORE"
            + " 7 SLOAD 0 SLOAD 9 SLOAD ADD ADD" + OUT);
        m.add("storage, then failure", "main", "1 0 SSTORE 9 7 SSTORE 1 0 0 LOG1 INVALID");
        m.add("storage, then revert", "main", "1 0 SSTORE 9 7 SSTORE 32 0 0 LOG0 3 0 MSTORE 32 0 REVERT");
        m.add("calls with value", "main",
            call("CALL", "[other]", "9", "32") + "0 MLOAD ADD" + KEEP + call("CALL", "[nobody]", "1", "0") + KEEP
            + call("CALL", "[nobody]", "0", "0") + KEEP + call("CALL", "[other]", "5000", "32") + KEEP
            + call("CALLCODE", "[other]", "2", "32") + KEEP + "[other] BALANCE" + KEEP + "ADDRESS BALANCE" + KEEP + END,
            "other", "CALLVALUE CALLDATASIZE ADD CALLER ADD 1 0 SSTORE" + OUT);
        m.add("return data", "main",
            call("CALL", "[other]", "0", "0") + KEEP + "RETURNDATASIZE" + KEEP + "RETURNDATASIZE 0 128 RETURNDATACOPY 192 MLOAD" + KEEP
            + call("CALL", "[fails]", "0", "32") + KEEP + "RETURNDATASIZE" + KEEP + "0 MLOAD" + KEEP
            + call("CALL", "[large]", "0", "7") + KEEP + "RETURNDATASIZE" + KEEP + "RETURNDATASIZE 0 128 RETURNDATACOPY 192 MLOAD" + KEEP
            + "[large] EXTCODESIZE" + KEEP + "64 0 128 [large] EXTCODECOPY RETURNDATASIZE" + KEEP + "32 9968 0 RETURNDATACOPY 0 MLOAD" + KEEP + END,
            "other", "42 32 MSTORE 96 0 RETURN",
            "fails", "17 0 MSTORE 5 7 SSTORE 32 0 REVERT",
            "large", "23 9968 MSTORE 10000 0 RETURN");
        m.add("more return data than there is", "main", call("CALL", "[other]", "0", "0") + "33 0 0 RETURNDATACOPY", "other", "32 0 RETURN");
        m.add("logs", "main",
            "0 0 LOG0 3 5 LOG0 7 32 0 LOG1 6 7 100 3 LOG2 5 6 7 0 0 LOG3 4 5 6 7 64 0 LOG4 STOP");
        m.add("logs of a call between", "main",
            "1 8 0 LOG1 " + call("CALL", "[other]", "0", "0") + "2 8 0 LOG1 " + call("CALL", "[fails]", "0", "0") + "3 8 0 LOG1 STOP",
            "other", "11 40 0 LOG1 STOP", "fails", "12 40 0 LOG1 0 0 REVERT");
        m.add("logs beyond their area", "main",
            "1 3000 0 LOG1 2 3000 0 LOG1 3 8 0 LOG1 4 10000 0 LOG1 5 6 7 8 9000 0 LOG4 5 0 0 LOG1 STOP");
        m.add("selfdestruct", "main", call("CALL", "[other]", "3", "0") + KEEP + call("CALL", "[other]", "0", "0") + KEEP
            + call("CALL", "[itself]", "0", "0") + KEEP + call("CALL", "[toNobody]", "0", "0") + KEEP + END,
            "other", "[main] SELFDESTRUCT", "itself", "ADDRESS SELFDESTRUCT", "toNobody", "[nobody] SELFDESTRUCT");
        m.add("selfdestruct of the outermost", "main", "[nobody] SELFDESTRUCT");
        m.add("delegatecall and callcode", "main",
            call("DELEGATECALL", "[other]", "", "32") + KEEP + "0 MLOAD" + KEEP + call("CALLCODE", "[other]", "4", "32") + KEEP + "0 MLOAD"
            + KEEP + "1 SLOAD" + KEEP + END,
            "other", "1 SLOAD 1 ADD DUP1 1 SSTORE CALLVALUE ADD CALLER ADD ADDRESS ADD" + OUT);
        String[] changes = {"1 0 SSTORE", "0 0 LOG0", "0 0 0 0 1 [other] 1000 CALL", "0 0 0 CREATE", "[main] SELFDESTRUCT"};
        for (String change : changes)
            m.add("static: " + change, "main", call("STATICCALL", "[other]", "", "0") + KEEP + END, "other", change + " STOP");
        m.add("static: what it may", "main", call("STATICCALL", "[other]", "", "32") + "0 MLOAD ADD" + OUT,
            "other", call("CALL", "[deeper]", "0", "32") + "0 MLOAD ADD 7 SLOAD ADD" + OUT, "deeper", "1 0 SSTORE 1" + OUT);
        // Initcode: returns the 5 octets behind it; ends in memory at 0 by MSTORE of a word.
        String initcode = "PUSH14 data:6005600960003960056000f3600b 0 MSTORE ";
        m.add("creations", "main",
            initcode + "14 18 3 CREATE DUP1" + KEEP + "EXTCODESIZE" + KEEP + "14 18 0 CREATE BALANCE" + KEEP
            + "14 18 9999 CREATE" + KEEP + "0 0 0 CREATE" + KEEP + "0xfe 0 MSTORE8 1 0 0 CREATE" + KEEP
            + "0x60206000fd 0 MSTORE 5 27 0 CREATE" + KEEP + "RETURNDATASIZE" + KEEP + END);
        m.add("CREATE2", Numbers.ISTANBUL, 3_000_000, "main",
            initcode + "9 14 18 3 CREATE2 DUP1" + KEEP + "EXTCODEHASH" + KEEP + "9 14 18 0 CREATE2" + KEEP + "8 14 18 0 CREATE2" + KEEP
            + "SELFBALANCE" + KEEP + END);
        // Initcode whose code is CALLER SELFDESTRUCT: PUSH2 0x33ff, PUSH1 0, MSTORE, and the last two octets of it.
        m.add("created, called and gone", "main", "PUSH11 data:6133ff6000526002601ef3 0 MSTORE 11 21 2 CREATE DUP1" + KEEP
            + "0 0 0 0 0 DUP6 50000 CALL" + KEEP + END);
        m.add("precompiles", "main",
            "0xabcdef 0 MSTORE 32 128 32 0 0 2 50000 CALL 128 MLOAD" + KEEP + KEEP + "32 128 32 0 0 3 50000 CALL 128 MLOAD" + KEEP + KEEP
            + "32 128 32 0 0 4 50000 CALL 128 MLOAD" + KEEP + KEEP + "32 128 0 0 4 1 STATICCALL" + KEEP + "32 128 128 0 0 1 50000 CALL" + KEEP
            + "64 128 128 0 0 6 50000 CALL" + KEEP + "32 128 3 0 0 8 100000 CALL" + KEEP + END);
        m.add("other accounts", "main",
            "[other] EXTCODESIZE" + KEEP + "[nobody] EXTCODESIZE" + KEEP + "40 1 0 [other] EXTCODECOPY 0 MLOAD" + KEEP
            + "[nobody] BALANCE" + KEEP + "[other] BALANCE" + KEEP + END, "other", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 STOP");
        m.add("hashes of code", Numbers.ISTANBUL, 3_000_000, "main",
            "[other] EXTCODEHASH" + KEEP + "[nobody] EXTCODEHASH" + KEEP + "ADDRESS EXTCODEHASH" + KEEP + END, "other", "STOP");
        m.add("the block", "main",
            "COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT ADD ADD ADD ADD ORIGIN CALLER GASPRICE CALLVALUE CALLDATASIZE 0 CALLDATALOAD"
            + " ADD ADD ADD ADD ADD ADD 999 BLOCKHASH ADD 744 BLOCKHASH ADD 743 BLOCKHASH ADD 1000 BLOCKHASH ADD CODESIZE ADD" + OUT);
        m.add("the chain", Numbers.LONDON, 3_000_000, "main", "CHAINID SELFBALANCE BASEFEE ADD ADD" + OUT);
        m.add("blobs", Numbers.CANCUN, 3_000_000, "main", "BLOBBASEFEE 0 BLOBHASH ADD" + OUT);
        m.add("recursion", Numbers.BYZANTIUM, 10_000_000, "main",
            "0 0 LOG0 0 SLOAD 1 ADD 0 SSTORE 32 0 0 0 0 ADDRESS GAS CALL 0 MLOAD 1 ADD ADD" + OUT);
        m.add("recursion to the last depth", Numbers.BYZANTIUM, 4_000_000_000_000L, "main",
            "32 0 0 0 0 ADDRESS GAS CALL 0 MLOAD 1 ADD ADD" + OUT);
        m.add("a call back", "main", "CALLER [other] EQ @called JUMPI "
            + "1 7 SSTORE " + call("CALL", "[other]", "0", "32") + "7 SLOAD" + KEEP + "0 MLOAD" + KEEP + END
            + " called: 7 SLOAD 3 MUL DUP1 7 SSTORE" + OUT, "other", call("CALL", "[main]", "0", "32") + "0 MLOAD" + OUT);
        m.add("memory", "main", "1 100000 MSTORE 2 200000 MSTORE8 MSIZE 300000 MLOAD ADD 0 MSTORE 200032 0 RETURN");
        m.add("memory and a call", "main", "1 100000 MSTORE " + call("CALL", "[other]", "0", "32") + "900000 MSTORE 900032 MLOAD RETURNDATASIZE ADD"
            + " RETURNDATASIZE 0 RETURNDATASIZE RETURNDATACOPY" + KEEP + END, "other", "3 500000 MSTORE 70000 430032 RETURN");
        m.add("out of gas", Numbers.BYZANTIUM, 30_000, "main", "1 0 SSTORE 1 1 SSTORE 1 2 SSTORE 1 3 SSTORE STOP");
        m.add("a loop", "main", "1000 loop: 1 SWAP1 SUB DUP1 @loop JUMPI GAS" + OUT);
        m.add("an endless loop", Numbers.BYZANTIUM, 100_000, "main", "loop: @loop JUMP");
        m.add("underflow", "main", "1 ADD");
        m.add("overflow", "main", "loop: GAS @loop JUMP");
        m.add("a bad jump", "main", "3 JUMP STOP");
        m.add("an opcode that is none", "main", "data:0c");
        m.add("INVALID", "main", "INVALID");
        m.add("no code", "main", "STOP");
        m.add("transient storage", Numbers.CANCUN, 3_000_000, "main",
            "5 1 TSTORE 1 TLOAD" + KEEP + call("CALL", "[other]", "0", "32") + KEEP + "1 TLOAD" + KEEP + call("DELEGATECALL", "[other]", "", "32")
            + KEEP + "1 TLOAD" + KEEP + "300 0 100 MCOPY" + END, "other", "9 1 TSTORE 1 TLOAD" + OUT);
        m.add("a delegation", Numbers.OSAKA, 3_000_000, "main",
            call("CALL", "[account]", "1", "32") + "0 MLOAD ADD" + KEEP + "[account] EXTCODESIZE" + KEEP + END,
            "account", "data:ef0100" + place("other"), "other", "CALLVALUE ADDRESS ADD 7 SLOAD ADD 3 7 SSTORE" + OUT);
        return m.list;
    }
}
