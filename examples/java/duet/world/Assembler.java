package duet.world;

import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;

/**
 * Instructions by name to code. A number or 0x… is pushed with as many octets as it needs, "name:" is a JUMPDEST, "@name" pushes its place,
 * "[name]" pushes 20 octets of the address that the environment has for it, "data:HEX" is what it says.
 */
public final class Assembler {
    private static final Map<String, Integer> OPCODES = new HashMap<>();

    static {
        name(0x00, "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND");
        name(0x10, "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ");
        name(0x20, "KECCAK256");
        name(0x30, "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY GASPRICE EXTCODESIZE"
            + " EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH");
        name(0x40, "BLOCKHASH COINBASE TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE");
        name(0x50, "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY PUSH0");
        for (int i = 1; i <= 32; i++) OPCODES.put("PUSH" + i, 0x5f + i);
        for (int i = 1; i <= 16; i++) {
            OPCODES.put("DUP" + i, 0x7f + i);
            OPCODES.put("SWAP" + i, 0x8f + i);
        }
        for (int i = 0; i <= 4; i++) OPCODES.put("LOG" + i, 0xa0 + i);
        name(0xf0, "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2");
        OPCODES.put("STATICCALL", 0xfa);
        name(0xfd, "REVERT INVALID SELFDESTRUCT");
    }

    private static void name(int first, String names) {
        for (String name : names.split(" ")) OPCODES.put(name, first++);
    }

    private Assembler() {}

    public static byte[] code(String text) {
        return code(text, Map.of());
    }

    public static byte[] code(String text, Map<String, Bytes> addresses) {
        Map<String, Integer> labels = new HashMap<>();
        pass(text, addresses, labels); // Where the labels are.
        return pass(text, addresses, labels);
    }

    private static byte[] pass(String text, Map<String, Bytes> addresses, Map<String, Integer> labels) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        for (String word : text.trim().split("\\s+")) {
            if (word.endsWith(":")) {
                labels.put(word.substring(0, word.length() - 1), code.size());
                code.write(0x5b);
            } else if (word.startsWith("@")) {
                int place = labels.getOrDefault(word.substring(1), 0);
                code.write(0x61);
                code.write(place >> 8);
                code.write(place);
            } else if (word.startsWith("[")) {
                code.write(0x73);
                code.writeBytes(addresses.get(word.substring(1, word.length() - 1)).octets());
            } else if (word.startsWith("data:")) {
                code.writeBytes(Bytes.hex(word.substring(5)));
            } else if (OPCODES.containsKey(word)) {
                code.write(OPCODES.get(word));
            } else {
                byte[] number = word.startsWith("0x") ? Bytes.hex(word) : Bytes.hex(Long.toHexString(Long.parseLong(word)));
                code.write(0x5f + number.length);
                code.writeBytes(number);
            }
        }
        return code.toByteArray();
    }
}
