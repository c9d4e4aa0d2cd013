import CPVM
import VMCommon

/// What `Batched` does before and after each instruction. It has to cost little more than the instruction itself: what is usual stands in
/// the loop, without a call.
extension Machine {
    /// Records the instruction at pc, checks it and pays its fixed cost. Gives its octet, nil if it has failed.
    @inline(__always)
    mutating func checkRecorded() -> UInt8? {
        let offset = offset
        let octet = frame.pointee.image.octet(at: offset, frame.pointee.original)
        // Of the stack.
        let octets = UInt64(bitPattern: Int64(UnsafeRawPointer(sp) - UnsafeRawPointer(frame.pointee.stack)))
        if frame.batches.pointee.isPlain || frame.wantsRecord(octet, offset, sp) { record(octet, offset, octets) }
        let check = frame.pointee.batch.checks[Int(octet)]
        let rest = gas &- Int64(check.gas)
        guard octets &- UInt64(check.lowest) < UInt64(check.heights), rest >= 0 else {
            frame.pointee.status = frame.reasonAgainst(octet, Int(octets / 32))
            return nil
        }
        gas = rest
        return octet
    }

    @inline(__always)
    private func record(_ octet: UInt8, _ offset: Int, _ octets: UInt64) {
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
            frame.recordWords(room, sp, Int(height))
        }
    }

    /// The instruction has succeeded.
    @inline(__always)
    func completeRecord() {
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
        guard frame.batches.pointee.isOut else { return false }
        frame.enterBatches()
        return true
    }
}

extension Frame.Handle {
    /// The topmost words, and zeros where there are none.
    @inline(never)
    fileprivate func recordWords(_ record: UnsafeMutableRawPointer, _ sp: UnsafeMutablePointer<U256>, _ height: Int) {
        let words = batches.pointee.words
        record.storeBytes(of: UInt64(height | Swift.min(height, words) &<< 16), toByteOffset: 40, as: UInt64.self)
        for index in 0..<words {
            let word = index < height ? sp[-1 - index] : .zero
            word.storeBigEndian(to: record + Int(DUET_EVM_RECORD_SIZE) + 32 * index)
        }
    }

    /// Why an instruction cannot begin.
    @inline(never)
    fileprivate func reasonAgainst(_ octet: UInt8, _ height: Int) -> evmc_status_code {
        let row = pointee.traits[Int(octet)]
        if !row.isDefined { return EVMC_UNDEFINED_INSTRUCTION }
        if height < Int(row.stackIn) { return EVMC_STACK_UNDERFLOW }
        return height + Int(row.stackChange) > stackLimit ? EVMC_STACK_OVERFLOW : EVMC_OUT_OF_GAS
    }
}

/// `Traits`, as few comparisons want them.
struct BatchCheck: BitwiseCopyable {
    /// The octets on the stack must be from `lowest` up to `lowest + heights - 1`; of an octet that is no instruction `heights` is 0.
    var lowest: UInt16 = 0
    var heights: UInt16 = 0
    var gas: UInt16 = 0
    private var unused: UInt16 = 0

    fileprivate init(_ row: Traits) {
        guard row.isDefined else { return }
        lowest = UInt16(row.stackIn) * 32
        let highest = stackLimit - Swift.max(0, Int(row.stackChange))
        heights = UInt16((highest - Int(row.stackIn)) * 32 + 1)
        gas = row.gas
    }
}

private let checks = Table<BatchCheck>(count: Fork.count * 256) { place in
    guard let fork = Fork(rawValue: UInt8(place / 256)) else { return BatchCheck(Traits()) }
    return BatchCheck(traits(of: fork)[place % 256])
}

func batchChecks(of fork: Fork) -> UnsafePointer<BatchCheck> { checks.address + Int(fork.rawValue) * 256 }
