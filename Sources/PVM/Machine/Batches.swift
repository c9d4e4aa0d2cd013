import CPVM
import VMCommon

/// A trace in batches of a VM (duet_trace.h): where records go, and what is recorded.
///
/// The record of an instruction is written at `buffer.next` when the instruction begins, and completed when the next one begins or when
/// the run ends. `advance` says whether it stays there then.
struct Batches: BitwiseCopyable {
    var buffer: TraceBuffer
    /// Octets of the record at `next` if it stays when its instruction has succeeded; 0 if there is none, or one that does not stay.
    var advance = 0
    /// The same for an instruction that has failed.
    var advanceOfFault = 0
    /// Every instruction is recorded.
    fileprivate let isPlain: Bool
    private let faultsOnly: Bool
    private let opcodes: (UInt64, UInt64, UInt64, UInt64)
    private let firstPC: UInt32
    private let lastPC: UInt32
    /// Does a run write it?
    fileprivate var isOpen = true

    fileprivate static let recordSize = Int(DUET_PVM_RECORD_SIZE)
    /// In one allocation: this, and room for a record that is lost.
    private static let spillOffset = (MemoryLayout<Batches>.size + 7) & ~7
    fileprivate static let room = spillOffset + recordSize

    static func isValid(_ trace: duet_trace_t) -> Bool { TraceBuffer.isValid(trace, recordSize) }

    /// Of a valid trace, in memory with that `room`.
    fileprivate init(_ trace: UnsafeMutablePointer<duet_trace_t>, in room: UnsafeMutableRawPointer) {
        let given = trace.pointee
        buffer = TraceBuffer(trace, Batches.recordSize, spill: room + Batches.spillOffset)
        faultsOnly = given.flags & UInt32(truncatingIfNeeded: DUET_TRACE_FAULTS_ONLY) != 0
        opcodes = given.opcodes
        (firstPC, lastPC) = (given.first_pc, given.last_pc)
        isPlain = !faultsOnly && opcodes.0 & opcodes.1 & opcodes.2 & opcodes.3 == .max && firstPC == 0 && lastPC == .max
    }

    /// Is the instruction to be recorded, should it fail?
    @inline(never)
    fileprivate mutating func begin(_ octet: UInt8, at pc: UInt32) -> Bool {
        let bits = octet < 64 ? opcodes.0 : octet < 128 ? opcodes.1 : octet < 192 ? opcodes.2 : opcodes.3
        let wants = bits &>> UInt64(octet & 63) & 1 != 0 && pc >= firstPC && pc <= lastPC
        advanceOfFault = wants ? Batches.recordSize : 0
        advance = faultsOnly ? 0 : advanceOfFault
        return wants
    }

    @inline(__always)
    fileprivate var record: UnsafeMutablePointer<duet_pvm_record_t> { buffer.next.assumingMemoryBound(to: duet_pvm_record_t.self) }

    /// The record that is being written has its place or is dropped.
    @inline(__always)
    fileprivate mutating func close(_ advance: Int) {
        if advance != 0 { buffer.keep() }
    }
}

// MARK: From a run's start to its end

extension UnsafeMutablePointer<Instance> {
    /// Attaches a trace, or none.
    func setBatches(_ trace: UnsafeMutablePointer<duet_trace_t>?) -> pvm_error_t {
        if let batches = pointee.batches, batches.pointee.isOpen { return PVM_ERR_BUSY }
        if let trace, !Batches.isValid(trace.pointee) { return PVM_ERR_ARGUMENT }
        if trace != nil && pointee.batches == nil {
            guard let room = calloc(Batches.room, 1) else { return PVM_ERR_NO_MEMORY }
            pointee.batches = room.assumingMemoryBound(to: Batches.self)
        }
        pointee.attached = trace
        return PVM_OK
    }

    /// A run begins on a VM with a trace. False if that has become invalid: it is none then.
    func startBatches() -> Bool {
        guard let trace = pointee.attached, let batches = pointee.batches, Batches.isValid(trace.pointee) else { return false }
        batches.pointee = Batches(trace, in: UnsafeMutableRawPointer(batches))
        return true
    }

    /// The run has ended, with `exit`.
    func endBatches() {
        guard let batches = pointee.batches else { return }
        let exit = pointee.exit
        let isFault = exit == PVM_EXIT_PANIC || exit == PVM_EXIT_FAULT || exit == PVM_EXIT_OOG
        if batches.pointee.advanceOfFault != 0 {
            let record = batches.pointee.record
            if exit != PVM_EXIT_STEP { record.pointee.exit = UInt32(exit.rawValue) + 1 }
            if exit == PVM_EXIT_OOG { record.pointee.access = UInt8(truncatingIfNeeded: DUET_ACCESS_NONE) }
            if exit == PVM_EXIT_OOG || isFault && record.pointee.access != UInt8(truncatingIfNeeded: DUET_ACCESS_NONE) { record.pointee.reg = UInt8(truncatingIfNeeded: DUET_NO_REGISTER) }
            if exit == PVM_EXIT_OOG { (record.pointee.access_size, record.pointee.address) = (0, 0) }
            complete(record)
        }
        batches.pointee.close(isFault ? batches.pointee.advanceOfFault : batches.pointee.advance)
        batches.pointee.buffer.close()
        batches.pointee.isOpen = false
    }
}

// MARK: Instructions

extension UnsafeMutablePointer<Instance> {
    /// Before an instruction is paid, with the gas that there is.
    @inline(__always)
    func record(_ ip: UnsafeMutablePointer<Instruction>, at pc: UInt32, _ gas: UInt64) {
        let batches = pointee.batches.unsafelyUnwrapped
        completeLast(batches)
        let octet = pointee.program.pointee.view.octet(Int(pc))
        if batches.pointee.isPlain {
            batches.pointee.advance = Batches.recordSize
            batches.pointee.advanceOfFault = Batches.recordSize
        } else if !batches.pointee.begin(octet, at: pc) {
            return
        }
        let effect = effects.address[ip.pointee.plain.row]
        let fields = UnsafeRawPointer(ip).load(as: UInt64.self)
        // Registers stand in instructions as octet offsets.
        let reg = (fields &>> effect.written & 0xff) / 8 | effect.writesNothing
        let base = UnsafeRawPointer(self).load(fromByteOffset: Int(truncatingIfNeeded: fields &>> effect.base & 0xff), as: UInt64.self)
        let room = UnsafeMutableRawPointer(batches.pointee.record)
        room.storeBytes(of: UInt64(pc) | UInt64(octet) &<< 32 | reg &<< 40 | effect.access &<< 48, as: UInt64.self)
        room.storeBytes(of: Int64(clamping: gas), toByteOffset: 8, as: Int64.self)
        room.storeBytes(of: 0, toByteOffset: 16, as: UInt64.self)
        room.storeBytes(of: (base & effect.baseMask &+ ip.pointee.vx) & effect.addressMask, toByteOffset: 24, as: UInt64.self)
    }

    @inline(__always)
    private func completeLast(_ batches: UnsafeMutablePointer<Batches>) {
        if batches.pointee.advance != 0 {
            complete(batches.pointee.record)
            batches.pointee.buffer.keep()
        }
    }

    /// Before the run ends because there is no instruction at pc.
    func recordTrapOutside() {
        let batches = pointee.batches.unsafelyUnwrapped
        completeLast(batches)
        let pc = UInt32(truncatingIfNeeded: pointee.vm.pc)
        guard batches.pointee.begin(0, at: pc) else { return }
        batches.pointee.record.pointee = duet_pvm_record_t(pc: pc, opcode: 0, reg: UInt8(truncatingIfNeeded: DUET_NO_REGISTER), access: UInt8(truncatingIfNeeded: DUET_ACCESS_NONE), access_size: 0,
                                           gas: Int64(clamping: pointee.vm.gas), value: 0, address: 0, exit: 0)
    }

    /// After an instruction.
    @inline(__always)
    private func complete(_ record: UnsafeMutablePointer<duet_pvm_record_t>) {
        if record.pointee.reg != UInt8(truncatingIfNeeded: DUET_NO_REGISTER) { record.pointee.value = registers[Int(record.pointee.reg)] }
    }
}

/// What an operation writes and accesses, so that its record can be put together without a branch.
private struct Effect: BitwiseCopyable {
    /// The bit of the instruction at which the register stands that it writes; 255 if it writes none.
    var written: UInt64 = 0
    var writesNothing: UInt64 = 255
    /// The bit of the register that the address counts from, and all bits if there is one.
    var base: UInt64 = 0
    var baseMask: UInt64 = 0
    /// DUET_ACCESS_… and behind it the octets.
    var access: UInt64 = 0
    /// The bits of an address if there is an access.
    var addressMask: UInt64 = 0

    init(_ row: ISARow) {
        let writes = RegisterUse(row, a: 1, b: 2, d: 4).writes
        if writes != 0 {
            written = writes == 1 ? Effect.a : Effect.d
            writesNothing = 0
        }
        // Any register will do where nothing counts from it.
        base = Effect.a
        guard row.cost == .load || row.cost == .store else { return }
        access = UInt64(truncatingIfNeeded: row.cost == .load ? DUET_ACCESS_READ : DUET_ACCESS_WRITE) | Effect.size(row.opcode) &<< 8
        addressMask = UInt64(UInt32.max)
        if row.format == .regRegImm { base = Effect.b }
        if row.format == .regRegImm || row.format == .regImmImm { baseMask = .max }
    }

    // ra, rb and rd are octets 2 to 4 of an `Instruction`, whose registers are never above 12.
    private static let a: UInt64 = 16
    private static let b: UInt64 = 24
    private static let d: UInt64 = 32

    private static func size(_ opcode: Opcode) -> UInt64 {
        switch opcode {
        case .store_imm_u8, .store_imm_ind_u8, .store_u8, .store_ind_u8, .load_u8, .load_i8, .load_ind_u8, .load_ind_i8: 1
        case .store_imm_u16, .store_imm_ind_u16, .store_u16, .store_ind_u16, .load_u16, .load_i16, .load_ind_u16, .load_ind_i16: 2
        case .store_imm_u32, .store_imm_ind_u32, .store_u32, .store_ind_u32, .load_u32, .load_i32, .load_ind_u32, .load_ind_i32: 4
        default: 8
        }
    }
}

private let effects = Table<Effect>(count: isaTable.count) { Effect(isaTable[$0]) }
