import CPVM
import EVMRules
import VMCommon

/// Which octets of the transaction's context an instruction pushes, as a big-endian number.
extension Machine {
    @inline(__always)
    mutating func coinbase() { pushAddress(52) }
    @inline(__always)
    mutating func timestamp() { pushNumber(frame.context().pointee.block_timestamp) }
    @inline(__always)
    mutating func number() { pushNumber(frame.context().pointee.block_number) }
    @inline(__always)
    mutating func prevrandao() { pushWord(96) }
    @inline(__always)
    mutating func gaslimit() { pushNumber(frame.context().pointee.block_gas_limit) }
    @inline(__always)
    mutating func chainid() { pushWord(128) }
    @inline(__always)
    mutating func basefee() { pushWord(160) }
    @inline(__always)
    mutating func blobbasefee() { pushWord(192) }

    @inline(__always)
    mutating func selfbalance<P: Pace>(_ pace: P.Type) -> Bool {
        guard settle(balanceOfSelf(frame, sp, gas), pace) else { return false }
        sp += 1
        pc += 1
        return true
    }

    @inline(__always)
    mutating func blobhash() {
        hashOfBlob(frame, sp)
        pc += 1
    }

    @inline(__always)
    mutating func blockhash<P: Pace>(_ pace: P.Type) -> Bool {
        guard settle(hashOfBlock(frame, sp, gas), pace) else { return false }
        pc += 1
        return true
    }

    /// The word at an offset of `evmc_tx_context`; evmc.h asserts the offsets.
    @inline(__always)
    mutating func pushWord(_ offset: Int) { push(U256(bigEndian: UnsafeRawPointer(frame.context()) + offset)) }

    @inline(__always)
    mutating func pushAddress(_ offset: Int) { push(U256(address: UnsafeRawPointer(frame.context()) + offset)) }

    @inline(__always)
    private mutating func pushNumber(_ number: Int64) { push(U256(UInt64(bitPattern: number))) }
}

@inline(never)
private func balanceOfSelf(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    frame.ask()
    frame.withHost { duet_host_get_balance($0, frame.recipient, limbs(sp)) }
    return frame.answered(gas)
}

@inline(never)
private func hashOfBlob(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>) {
    let context = frame.context()
    let count = UInt64(clamping: context.pointee.blob_hashes_count)
    guard sp[-1].fitsOneLimb, sp[-1].limb0 < count, let hashes = context.pointee.blob_hashes else {
        sp[-1] = .zero
        return
    }
    sp[-1] = U256(bigEndian: UnsafeRawPointer(hashes + Int(truncatingIfNeeded: sp[-1].limb0)))
}

/// Of the 256 blocks before this one; the host is asked for no other.
@inline(never)
private func hashOfBlock(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let present = UInt64(bitPattern: max(0, frame.context().pointee.block_number))
    let number = sp[-1].limb0
    guard sp[-1].fitsOneLimb, number < present, present - number <= Limit.blockHashes else {
        sp[-1] = .zero
        return gas
    }
    frame.ask()
    let operand = sp[-1]
    frame.withHost { duet_host_get_block_hash($0, Int64(truncatingIfNeeded: number), limbs(sp - 1)) }
    return frame.answered(gas, sp - 1, operand)
}
