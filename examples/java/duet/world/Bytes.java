package duet.world;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.HexFormat;

/** Octets as a key: an address, a word. */
public record Bytes(byte[] octets) implements Comparable<Bytes> {
    public static final Bytes ZERO = new Bytes(new byte[32]);
    public static final Bytes NO_ADDRESS = new Bytes(new byte[20]);

    public static byte[] hex(String text) {
        String digits = text.startsWith("0x") ? text.substring(2) : text;
        return HexFormat.of().parseHex(digits.length() % 2 == 0 ? digits : "0" + digits);
    }

    public static Bytes address(String hex) {
        return new Bytes(padded(hex(hex), 20));
    }

    public static Bytes word(BigInteger number) {
        return new Bytes(padded(number.toByteArray(), 32));
    }

    public static Bytes word(long number) {
        return word(BigInteger.valueOf(number));
    }

    /** The last `size` octets, with zeros before them. */
    public static byte[] padded(byte[] octets, int size) {
        byte[] result = new byte[size];
        int count = Math.min(size, octets.length);
        System.arraycopy(octets, octets.length - count, result, size - count, count);
        return result;
    }

    public BigInteger number() {
        return new BigInteger(1, octets);
    }

    public boolean isZero() {
        for (byte octet : octets) if (octet != 0) return false;
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes b && Arrays.equals(octets, b.octets);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(octets);
    }

    @Override
    public int compareTo(Bytes other) {
        return Arrays.compareUnsigned(octets, other.octets);
    }

    @Override
    public String toString() {
        return HexFormat.of().formatHex(octets);
    }
}
