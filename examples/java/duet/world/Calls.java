package duet.world;

import duet.frame.Library;
import duet.frame.Numbers;
import java.math.BigInteger;

/** Calls and creations: what a client does around the execution of code. Rules of Byzantium to Osaka. */
public final class Calls {
    private static final int MAX_DEPTH = 1024, MAX_CODE = 24576, DEPOSIT = 200;
    private static final BigInteger NONCE_LIMIT = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    private Calls() {}

    /** Carries the message out, with everything undone if it fails. */
    public static Message.Result call(World world, Message message, Message.Executor executor) {
        if (message.depth() > MAX_DEPTH) return Message.Result.failure(Numbers.STATUS_CALL_DEPTH_EXCEEDED, message.gas());
        if (message.isCreation()) return create(world, message, executor);
        int mark = world.mark();
        Message.Result result = run(world, message, executor);
        if (result.status() != Numbers.STATUS_SUCCESS) world.undo(mark);
        return result;
    }

    private static Message.Result run(World world, Message message, Message.Executor executor) {
        if (message.kind() == Numbers.CALL && !world.transfer(message.sender(), message.recipient(), message.value().number()))
            return Message.Result.failure(Numbers.STATUS_INSUFFICIENT_BALANCE, message.gas());
        byte[] target = message.codeAddress().octets();
        if ((message.flags() & Numbers.FLAG_DELEGATED) == 0 && Library.isPrecompile(world.revision, target)) {
            Library.Precompiled done = Library.precompile(world.revision, target, message.input(), message.gas());
            if (done.status() == 0) return new Message.Result(Numbers.STATUS_SUCCESS, done.gasLeft(), 0, done.output(), Bytes.NO_ADDRESS);
            return Message.Result.failure(done.status() == 2 ? Numbers.STATUS_OUT_OF_GAS : Numbers.STATUS_PRECOMPILE_FAILURE, 0);
        }
        return executor.execute(world, message, world.account(message.codeAddress()).code);
    }

    private static Message.Result create(World world, Message message, Message.Executor executor) {
        World.Account sender = world.account(message.sender());
        if (sender.balance.compareTo(message.value().number()) < 0)
            return Message.Result.failure(Numbers.STATUS_INSUFFICIENT_BALANCE, message.gas());
        if (Long.compareUnsigned(sender.nonce, NONCE_LIMIT.longValue()) >= 0) return Message.Result.failure(Numbers.STATUS_FAILURE, message.gas());
        // The nonce and the warmth of the new address stay, whatever becomes of the creation.
        Bytes address = newAddress(message, sender.nonce);
        world.setNonce(sender, sender.nonce + 1);
        if (world.revision >= Numbers.BERLIN) world.accessAccount(address);

        int mark = world.mark();
        World.Account account = world.account(address);
        boolean taken = account.nonce != 0 || account.code.length > 0 || account.slots.values().stream().anyMatch(s -> !s.value.isZero());
        if (taken) return Message.Result.failure(Numbers.STATUS_FAILURE, 0);
        world.setNonce(account, 1);
        world.setCreated(account);
        world.transfer(message.sender(), address, message.value().number());
        Message inner = new Message(message.kind(), message.flags(), message.depth(), message.gas(), address, message.sender(), new byte[0],
            message.value(), message.salt(), address);
        Message.Result result = executor.execute(world, inner, message.input());
        if (result.status() == Numbers.STATUS_SUCCESS) result = deposit(world, account, address, result);
        if (result.status() != Numbers.STATUS_SUCCESS) world.undo(mark);
        return result;
    }

    private static Message.Result deposit(World world, World.Account account, Bytes address, Message.Result made) {
        byte[] code = made.output();
        long gas = made.gasLeft() - (long) DEPOSIT * code.length;
        if (world.revision >= Numbers.LONDON && code.length > 0 && code[0] == (byte) 0xef)
            return Message.Result.failure(Numbers.STATUS_CONTRACT_VALIDATION_FAILURE, 0);
        if (gas < 0 || code.length > MAX_CODE) return Message.Result.failure(Numbers.STATUS_OUT_OF_GAS, 0);
        world.setCode(account, code);
        return new Message.Result(Numbers.STATUS_SUCCESS, gas, made.gasRefund(), new byte[0], address);
    }

    /** The last 20 octets of the Keccak-256 of RLP([sender, nonce]), or of what EIP-1014 puts together. */
    static Bytes newAddress(Message message, long nonce) {
        byte[] octets;
        if (message.kind() == Numbers.CREATE2) {
            octets = new byte[85];
            octets[0] = (byte) 0xff;
            System.arraycopy(message.sender().octets(), 0, octets, 1, 20);
            System.arraycopy(message.salt().octets(), 0, octets, 21, 32);
            System.arraycopy(Library.keccak256(message.input()), 0, octets, 53, 32);
        } else {
            int length = (64 - Long.numberOfLeadingZeros(nonce) + 7) / 8;
            boolean isItself = nonce != 0 && Long.compareUnsigned(nonce, 128) < 0;
            octets = new byte[isItself ? 23 : 23 + length];
            octets[0] = (byte) (0xc0 + octets.length - 1);
            octets[1] = (byte) 0x94;
            System.arraycopy(message.sender().octets(), 0, octets, 2, 20);
            if (!isItself) octets[22] = (byte) (0x80 + length);
            for (int i = 0; i < length; i++) octets[octets.length - 1 - i] = (byte) (nonce >>> 8 * i);
        }
        byte[] hash = Library.keccak256(octets);
        return new Bytes(java.util.Arrays.copyOfRange(hash, 12, 32));
    }
}
