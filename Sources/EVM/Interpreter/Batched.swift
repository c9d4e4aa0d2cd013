import CPVM
import VMCommon

/// What `Batched` does before each instruction. It has to cost no more than the instruction itself: everything that is usual stands in the
/// loop, without a call.
extension Machine {
    /// Records the instruction at pc, checks it and pays its fixed cost. Gives its octet, nil if it has failed.
    @inline(__always)
    mutating func checkRecorded() -> UInt8? {
        let offset = offset
        let octet = frame.pointee.image.octet(at: offset, frame.pointee.original)
        let height = sp - frame.pointee.stack
        let isPlain = record(octet, offset, height)
        let row = frame.pointee.traits[Int(octet)]
        let rest = gas - Int64(row.gas)
        let heightAfter = height + Int(row.stackChange)
        guard row.isDefined, height >= Int(row.stackIn), heightAfter <= stackLimit, rest >= 0 else {
            frame.pointee.status = reason(row, height)
            return nil
        }
        gas = rest
        if !isPlain { frame.noteWrite(octet, offset, sp) }
        return octet
    }

    /// Completes the record of the instruction before and begins the next one. False if the trace is not plain.
    @inline(__always)
    private func record(_ octet: UInt8, _ offset: Int, _ height: Int) -> Bool {
        let batches = frame.batches
        let isPlain = batches.pointee.isPlain
        var record = batches.record
        record.pointee.cost = record.pointee.gas &- gas
        if isPlain {
            let place = batches.pointee.buffer.place(behind: batches.pointee.advance)
            batches.pointee.buffer.next = place
            batches.pointee.advance = batches.pointee.buffer.recordSize
            batches.pointee.advanceOfFault = batches.pointee.buffer.recordSize
            record = place.assumingMemoryBound(to: duet_evm_record_t.self)
        } else {
            record = frame.turnFiltered(octet, offset)
            if batches.pointee.advanceOfFault == 0 { return false }
        }
        let words = batches.pointee.words
        let room = UnsafeMutableRawPointer(record)
        // pc, opcode, kind (0) and depth at once; and so the height, the words, and no error.
        room.storeBytes(of: UInt64(truncatingIfNeeded: offset) | UInt64(octet) &<< 32 | frame.pointee.batch.head, as: UInt64.self)
        record.pointee.gas = gas
        record.pointee.refund = frame.pointee.refund
        record.pointee.memory_size = frame.pointee.memory.size
        room.storeBytes(of: UInt64(truncatingIfNeeded: height | min(height, words) &<< 16), toByteOffset: 40, as: UInt64.self)
        if words == 1 {
            let word = height == 0 ? U256.zero : sp[-1]
            word.storeBigEndian(to: room + 48)
        } else if words != 0 {
            frame.recordWords(room + 48, sp, height)
        }
        return isPlain
    }

    @inline(never)
    private func reason(_ row: Traits, _ height: Int) -> evmc_status_code {
        if !row.isDefined { return EVMC_UNDEFINED_INSTRUCTION }
        if height < Int(row.stackIn) { return EVMC_STACK_UNDERFLOW }
        return height + Int(row.stackChange) > stackLimit ? EVMC_STACK_OVERFLOW : EVMC_OUT_OF_GAS
    }
}

extension Frame.Handle {
    /// The topmost words, and zeros where there are none.
    @inline(never)
    fileprivate func recordWords(_ place: UnsafeMutableRawPointer, _ sp: UnsafeMutablePointer<U256>, _ height: Int) {
        for index in 0..<batches.pointee.words {
            let word = index < height ? sp[-1 - index] : .zero
            word.storeBigEndian(to: place + 32 * index)
        }
    }
}
