import CPVM
import VMCommon

/// What `Traced` does before and after each instruction. A record has to cost little more than the instruction itself: what is usual stands in
/// the loop, without a call.
extension Machine {
    /// Tells of the instruction at pc, of which nothing has been checked yet.
    @inline(__always)
    func tell() {
        let octet = pc.pointee, offset = offset(Traced.self)
        guard frame.pointee.isBatched else { return frame.traceInstruction(offset, octet, sp, gas) }
        guard frame.batches.pointee.isPlain || frame.wantsRecord(octet, offset, sp) else { return }
        // Of the stack.
        let octets = UInt64(bitPattern: Int64(UnsafeRawPointer(sp) - UnsafeRawPointer(frame.pointee.stack)))
        let batches = frame.batches
        let record = batches.record
        let room = UnsafeMutableRawPointer(record)
        // pc, opcode, kind (0) and depth at once; and so the height, the words, and no error.
        room.storeBytes(of: UInt64(truncatingIfNeeded: offset) | UInt64(octet) &<< 32 | frame.pointee.batch.head, as: UInt64.self)
        record.pointee.gas = gas
        record.pointee.refund = frame.pointee.refund
        record.pointee.memory_size = frame.pointee.memory.size
        let height = octets / 32
        let words = batches.pointee.words
        if words == 0 {
            room.storeBytes(of: height, toByteOffset: 40, as: UInt64.self)
        } else if words == 1 && height != 0 {
            room.storeBytes(of: height | 1 &<< 16, toByteOffset: 40, as: UInt64.self)
            sp[-1].storeBigEndian(to: room + Int(DUET_EVM_RECORD_SIZE))
        } else {
            frame.recordWords(room, sp, Int(truncatingIfNeeded: height))
        }
    }

    /// The instruction has succeeded.
    @inline(__always)
    func completeRecord() {
        guard frame.pointee.isBatched else { return }
        let batches = frame.batches
        let record = batches.record
        record.pointee.cost = record.pointee.gas &- gas
        if batches.pointee.isPlain {
            batches.pointee.buffer.next = batches.pointee.buffer.place(behind: batches.pointee.buffer.recordSize)
        } else {
            frame.completeFiltered()
        }
    }

    /// Behind a call or creation: did it go out? Its record is complete then.
    @inline(__always)
    func isBack() -> Bool {
        guard frame.pointee.isBatched && frame.batches.pointee.isOut else { return false }
        frame.enterBatches()
        return true
    }

    /// Control comes to a block that perhaps can be recorded at once: from here on it is `Stenciled`, if it can be at all.
    @inline(__always)
    func leaveForStencils() -> Bool {
        guard frame.pointee.isBatched && frame.pointee.batch.stencils != nil else { return false }
        completeRecord()
        frame.batches.pointee.isOut = true
        frame.forgetRecord()
        frame.pointee.care = .hot
        return true
    }
}

extension Frame.Handle {
    /// The topmost words, and zeros where there are none.
    @inline(never)
    fileprivate func recordWords(_ record: UnsafeMutableRawPointer, _ sp: UnsafeMutablePointer<U256>, _ height: Int) {
        let words = batches.pointee.words
        record.storeBytes(of: UInt64(truncatingIfNeeded: height | Swift.min(height, words) &<< 16), toByteOffset: 40, as: UInt64.self)
        for index in 0..<words {
            let word = index < height ? sp[-1 - index] : .zero
            word.storeBigEndian(to: record + Int(DUET_EVM_RECORD_SIZE) + 32 * index)
        }
    }
}
