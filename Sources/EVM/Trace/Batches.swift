import CPVM
import VMCommon

/// A trace in batches of an instance (duet_trace.h): where records go, and what is recorded.
///
/// The record of an instruction is written at `buffer.next` when the instruction begins. It is completed, and has its place, when the
/// instruction has succeeded, when it has ended the execution, or when a call goes out. So no record leaves that is not complete, and the
/// records of a called execution come behind that of the call.
struct Batches: BitwiseCopyable {
    var buffer: TraceBuffer
    /// No instruction is being executed: a call is out, or the outermost execution has not begun.
    var isOut = true
    /// With filters: does the record at `next` stay if its instruction succeeds, and if it fails?
    fileprivate var stays = true
    fileprivate var staysAsFault = true
    /// Words of the stack in a record.
    let words: Int
    /// Every instruction is recorded, and nothing else.
    fileprivate let recordsAll: Bool
    /// The same for the time being.
    fileprivate(set) var isPlain: Bool

    // What stays
    fileprivate let faultsOnly: Bool
    fileprivate let writesMemory: Bool
    fileprivate let opcodes: (UInt64, UInt64, UInt64, UInt64)
    fileprivate let firstPC: UInt32
    fileprivate let lastPC: UInt32
    fileprivate let firstDepth: UInt32
    fileprivate let lastDepth: UInt32

    /// Executions that have begun and not ended.
    fileprivate(set) var executions = 0

    /// In one allocation: this, and room for a record that is lost.
    private static let spillOffset = (MemoryLayout<Batches>.size + 63) & ~63
    static let room = spillOffset + recordSize(Int(DUET_MAX_STACK_WORDS))

    static func recordSize(_ words: Int) -> Int { Int(DUET_EVM_RECORD_SIZE) + 32 * words }

    static func isValid(_ trace: duet_trace_t) -> Bool {
        trace.stack_words <= UInt32(truncatingIfNeeded: DUET_MAX_STACK_WORDS) && TraceBuffer.isValid(trace, recordSize(Int(trace.stack_words)))
    }

    /// Of a valid trace, in memory with that `room`.
    fileprivate init(_ trace: UnsafeMutablePointer<duet_trace_t>, in room: UnsafeMutableRawPointer) {
        let given = trace.pointee
        words = Int(given.stack_words)
        buffer = TraceBuffer(trace, Batches.recordSize(words), spill: room + Batches.spillOffset)
        faultsOnly = given.flags & UInt32(truncatingIfNeeded: DUET_TRACE_FAULTS_ONLY) != 0
        writesMemory = given.flags & UInt32(truncatingIfNeeded: DUET_TRACE_MEMORY) != 0
        opcodes = given.opcodes
        (firstPC, lastPC) = (given.first_pc, given.last_pc)
        (firstDepth, lastDepth) = (given.first_depth, given.last_depth)
        recordsAll = !faultsOnly && !writesMemory && opcodes.0 & opcodes.1 & opcodes.2 & opcodes.3 == .max
            && firstPC == 0 && lastPC == .max && firstDepth == 0 && lastDepth >= 1024
        isPlain = recordsAll
    }
}

/// What an execution has to know of its trace.
struct FrameBatch: BitwiseCopyable {
    /// Of the instance.
    let batches: UnsafeMutablePointer<Batches>
    /// The depth where a record's first 8 octets have it.
    let head: UInt64
    /// Is it of a depth that is recorded?
    let isRecorded: Bool
    /// A message frame goes on with a call whose record is complete since it was suspended for it.
    var hasCalled = false
    /// In `Stenciled`: the prepared records, and what of them is at hand. NULL if it is not to be so.
    var stencils: Stencils.Handle?
    var segments = duet_segments()
    var blocks: UnsafeMutablePointer<UInt32>?
    /// Rows of the segment at hand that have been recorded; 0 for all.
    var rowsOfPiece = 0
    /// Unless 0: up to there, instructions that are executed have their records.
    var resumesAt = 0
    /// Memory that the instruction at hand writes if it succeeds; `size` 0 for none that is to be recorded.
    var offset: UInt64 = 0
    var size: UInt64 = 0
    /// A call writes what comes back, and no more.
    var isCall = false
    /// Of that instruction.
    var instruction: UInt64 = 0
}

extension UnsafeMutablePointer<Batches> {
    @inline(__always)
    var record: UnsafeMutablePointer<duet_evm_record_t> { pointee.buffer.next.assumingMemoryBound(to: duet_evm_record_t.self) }

    /// Is an instruction to be recorded, should it fail?
    fileprivate func wants(_ octet: UInt8, at offset: Int) -> Bool {
        let bits = octet < 64 ? pointee.opcodes.0 : octet < 128 ? pointee.opcodes.1 : octet < 192 ? pointee.opcodes.2 : pointee.opcodes.3
        return bits &>> UInt64(octet & 63) & 1 != 0 && offset >= Int(pointee.firstPC) && offset <= Int(pointee.lastPC)
    }
}

// MARK: From an execution's start to its end

extension Frame.Handle {
    @inline(__always)
    var batches: UnsafeMutablePointer<Batches> { pointee.batch.batches }

    /// The instance is traced in batches, and the execution is set up. False, and there is no trace: it has become invalid, the frame
    /// has callbacks of its own, or the host runs the code while it answers anything but a call.
    @inline(never)
    func startBatches() -> Bool {
        guard let batches = pointee.instance.pointee.batches, pointee.surface?.hasCallbacks != true else { return false }
        if batches.pointee.executions == 0 {
            guard let trace = pointee.instance.pointee.attached, Batches.isValid(trace.pointee) else { return false }
            batches.pointee = Batches(trace, in: UnsafeMutableRawPointer(batches))
        }
        guard batches.pointee.isOut else { return false }
        batches.pointee.executions += 1
        pointee.isBatched = true
        pointee.isTraced = true
        let depth = Int64(pointee.message.pointee.depth)
        pointee.batch = FrameBatch(
            batches: batches, head: UInt64(truncatingIfNeeded: depth) &<< 48,
            isRecorded: depth >= Int64(batches.pointee.firstDepth) && depth <= Int64(batches.pointee.lastDepth),
            hasCalled: pointee.surface?.goesOnWithCall == true)
        return true
    }

    /// A call goes out, and `gas` is what stays here.
    func completeCall(_ gas: Int64) {
        let batches = batches
        batches.record.pointee.cost = batches.record.pointee.gas &- gas
        if batches.pointee.stays && !pointee.batch.hasCalled { batches.pointee.buffer.keep() }
        pointee.batch.hasCalled = false
        batches.pointee.isOut = true
        forgetRecord()
    }

    /// The interpreter begins or goes on.
    func enterBatches() {
        if pointee.batch.size > 0 { recordWritten() }
        batches.pointee.isOut = false
    }

    /// After the last instruction. One that has been suspended has not been executed, and will be begun again.
    @inline(never)
    func endBatches() {
        let batches = batches, status = pointee.status
        if !batches.pointee.isOut && status != Frame.suspended {
            let isFault = status != EVMC_SUCCESS && status != EVMC_REVERT
            if isFault ? batches.pointee.staysAsFault : batches.pointee.stays {
                let record = batches.record
                let cost = record.pointee.gas &- pointee.gas
                record.pointee.cost = isFault ? Swift.max(cost, Int64(pointee.traits[Int(record.pointee.opcode)].gas)) : cost
                record.pointee.status = isFault ? status.rawValue : 0
                batches.pointee.buffer.keep()
            }
        }
        batches.pointee.isOut = true
        batches.pointee.executions -= 1
        if batches.pointee.executions == 0 { batches.pointee.buffer.close() }
    }
}

extension Instance.Handle {
    /// Attaches a trace, or none. False, and nothing has changed, if that cannot be.
    func setBatches(_ trace: UnsafeMutablePointer<duet_trace_t>?) -> Bool {
        if let batches = pointee.batches, batches.pointee.executions > 0 { return false }
        if let trace, !Batches.isValid(trace.pointee) { return false }
        if trace != nil && pointee.batches == nil {
            guard let room = duet_allocate_aligned(Batches.room) else { return false }
            memset(room, 0, Batches.room)
            pointee.batches = room.assumingMemoryBound(to: Batches.self)
        }
        pointee.attached = trace
        pointee.countedRecords = trace?.pointee.total ?? 0
        return true
    }

    /// How many there are since it was last asked.
    func newRecords() -> Int {
        guard let total = pointee.attached?.pointee.total else { return 0 }
        let count = total &- pointee.countedRecords
        pointee.countedRecords = total
        return Int(truncatingIfNeeded: min(count, 1 << 32))
    }
}

// MARK: With filters or with memory

extension Frame.Handle {
    /// Before an instruction where the trace is not plain: is its record to be written?
    @inline(never)
    func wantsRecord(_ octet: UInt8, _ offset: Int, _ sp: UnsafeMutablePointer<U256>) -> Bool {
        let batches = batches
        if offset < pointee.batch.resumesAt {
            batches.pointee.staysAsFault = false
            batches.pointee.stays = false
            return false
        }
        if pointee.batch.resumesAt != 0 {
            pointee.batch.resumesAt = 0
            batches.pointee.isPlain = batches.pointee.recordsAll
        }
        let wants = pointee.batch.isRecorded && batches.wants(octet, at: offset)
        batches.pointee.staysAsFault = wants
        batches.pointee.stays = wants && !batches.pointee.faultsOnly
        if batches.pointee.writesMemory, batches.pointee.stays { noteWrite(octet, offset, sp) }
        return wants
    }

    /// An instruction at the offset has failed with its block paid, and is tried again by `Traced`, perhaps together with some before it that are
    /// fused with it: their records are there, and those of instructions behind it are too much.
    func resumeBehindRecords() {
        cutSegment(pointee.offset, hasGrown: false)
        let offset = Int(batches.record.pointee.pc)
        guard pointee.offset < offset else { return }
        pointee.batch.resumesAt = offset
        batches.pointee.isPlain = false
    }

    /// After an instruction, the same.
    @inline(never)
    func completeFiltered() {
        if batches.pointee.stays { batches.pointee.buffer.keep() }
        if pointee.batch.size > 0 { recordWritten() }
    }

    /// Notes what memory the instruction writes if it succeeds.
    private func noteWrite(_ octet: UInt8, _ offset: Int, _ sp: UnsafeMutablePointer<U256>) {
        let row = pointee.traits[Int(octet)]
        guard row.isDefined, sp - pointee.stack >= Int(row.stackIn) else { return }
        let target: Int, size: U256
        switch Opcode(octet: octet) {
        case .mstore: (target, size) = (1, U256(32))
        case .mstore8: (target, size) = (1, U256(1))
        case .calldatacopy, .codecopy, .returndatacopy, .mcopy: (target, size) = (1, sp[-3])
        case .extcodecopy: (target, size) = (2, sp[-4])
        case .call, .callcode: (target, size) = (6, sp[-7])
        case .delegatecall, .staticcall: (target, size) = (5, sp[-6])
        default: return
        }
        // What does not fit does not succeed.
        pointee.batch.offset = sp[-target].clampedToOneLimb
        pointee.batch.size = size.clampedToOneLimb
        pointee.batch.isCall = octet >= Opcode.call.rawValue
        pointee.batch.instruction = UInt64(truncatingIfNeeded: offset) | UInt64(octet) &<< 32 | UInt64(truncatingIfNeeded: DUET_RECORD_MEMORY) &<< 40
            | pointee.batch.head
    }

    /// The instruction that was to write memory has succeeded.
    private func recordWritten() {
        let batches = batches
        var (offset, size) = (pointee.batch.offset, pointee.batch.size)
        pointee.batch.size = 0
        if pointee.batch.isCall { size = Swift.min(size, UInt64(truncatingIfNeeded: pointee.returned.pointee.output_size)) }
        guard size > 0, let memory = pointee.memory.start, offset < pointee.memory.size, size <= pointee.memory.size - offset else { return }
        let room = batches.pointee.words * 32
        while size > 0 {
            let count = Swift.min(size, UInt64(truncatingIfNeeded: room))
            let place = batches.pointee.buffer.next
            let record = place.assumingMemoryBound(to: UInt64.self)
            record[0] = pointee.batch.instruction
            record[1] = offset
            record[2] = count
            for index in 3..<6 { record[index] = 0 }
            memcpy(place + Int(DUET_EVM_RECORD_SIZE), memory + Int(truncatingIfNeeded: offset), Int(truncatingIfNeeded: count))
            memset(place + Int(DUET_EVM_RECORD_SIZE) + Int(truncatingIfNeeded: count), 0, room - Int(truncatingIfNeeded: count))
            batches.pointee.buffer.keep()
            offset += count
            size -= count
        }
    }
}
