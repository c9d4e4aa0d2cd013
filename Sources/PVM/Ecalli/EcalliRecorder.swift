import CPVM
import VMCommon

/// Records the ecalli trace of a VM (JIP-7): what a run started with, each ecalli with gas and registers, what the host read
/// and wrote while it served it, and how the run ended. Lives on the C heap while a trace is asked for.
///
/// What the host does is known from the functions it calls. Its actions are kept until the run goes on, because the format
/// wants them in an order of its own.
struct EcalliRecorder {
    typealias Pointer = UnsafeMutablePointer<EcalliRecorder>

    enum State {
        /// The next run writes a prelude.
        case idle
        case running
        /// An ecalli's line has been written; its actions are being collected.
        case serving
    }

    /// A range of guest memory that the host read, with a copy of what was there.
    struct Read {
        var address: UInt64
        var length: UInt64
        /// Where the copy begins in `copies`.
        var copy: Int
        /// So many changes of memory came before it.
        var after: Int
    }

    /// A range of guest memory whose contents are the host's since.
    struct Range {
        var address: UInt64
        var end: UInt64
        /// Else it is zeros of pages that the host has made accessible.
        var isWritten: Bool
    }

    struct Heap: Equatable {
        var start: UInt64 = 0
        var end: UInt64 = 0
        var limit: UInt64 = 0
    }

    let function: pvm_line_function_t
    let data: UnsafeMutableRawPointer?
    var state = State.idle
    var text = EcalliText()

    // Actions of the host since the ecalli.
    var reads = Vector<Read>()
    var copies = ByteBuffer()
    var changes = Vector<Range>()
    /// Runs of pages whose rights the host has changed.
    var pages = Vector<Range>()
    /// At the ecalli.
    var registers = InlineArray<13, UInt64>(repeating: 0)
    var heap = Heap()
    /// A bit for each register that the host has set, also if to the value it had.
    var setRegisters: UInt32 = 0
    /// Memory was short: some action is missing.
    var isIncomplete = false

    init(_ function: @escaping pvm_line_function_t, _ data: UnsafeMutableRawPointer?) {
        self.function = function
        self.data = data
    }

    mutating func free() {
        text.free()
        reads.free()
        copies.free()
        changes.free()
        pages.free()
    }

    /// A run that does not carry on the last one starts a trace of its own.
    mutating func beginAnew() {
        forgetActions()
        state = .idle
    }

    mutating func forgetActions() {
        reads.clear()
        copies.clear()
        changes.clear()
        pages.clear()
        setRegisters = 0
        isIncomplete = false
    }

    /// Of what the host read, bytes that were its own before are cut out. False if memory is short: then it read nothing.
    mutating func cutReads() -> Bool {
        var isCut = false
        for index in 0..<reads.count where reads[index].after > 0 { isCut = true }
        guard isCut else { return true }
        guard var own = CoveredRanges(changes) else {
            reads.clear()
            return false
        }
        var parts = Vector<Read>(), covered = 0, hasRoom = true
        for index in 0..<reads.count {
            let read = reads[index], end = read.address + read.length
            while covered < read.after {
                own.cover(changes[covered])
                covered += 1
            }
            var start = read.address
            while let gap = own.gap(from: start, to: end) {
                let copy = read.copy + Int(truncatingIfNeeded: gap.start - read.address)
                hasRoom = parts.append(Read(address: gap.start, length: gap.end - gap.start, copy: copy, after: 0)) && hasRoom
                start = gap.end
            }
        }
        own.free()
        reads.free()
        reads = parts
        return hasRoom
    }
}

// MARK: A run

extension UnsafeMutablePointer<Instance> {
    /// Turns recording on, from the next run on, or off. False if memory is short.
    func setEcalliTrace(_ function: pvm_line_function_t?, _ data: UnsafeMutableRawPointer?) -> Bool {
        guard let function else {
            dropEcalliTrace()
            return true
        }
        let space = pointee.ecalliTrace.map { UnsafeMutableRawPointer($0) } ?? malloc(MemoryLayout<EcalliRecorder>.stride)
        guard let space else { return false }
        pointee.ecalliTrace?.pointee.free()
        let recorder = space.assumingMemoryBound(to: EcalliRecorder.self)
        recorder.initialize(to: EcalliRecorder(function, data))
        pointee.ecalliTrace = recorder
        return true
    }

    func dropEcalliTrace() {
        guard let recorder = pointee.ecalliTrace else { return }
        recorder.pointee.free()
        free(recorder)
        pointee.ecalliTrace = nil
    }

    /// A run begins: the first of a trace, or one that goes on behind an ecalli or a step.
    @inline(never)
    func recordRun(_ recorder: EcalliRecorder.Pointer, _ start: Start) {
        switch recorder.pointee.state {
        case .idle: recordPrelude(recorder, start)
        case .running: break
        case .serving: recordActions(recorder, resumesAt: start.carriesOn ? nil : start.pc)
        }
        recorder.pointee.state = .running
    }

    private func recordPrelude(_ recorder: EcalliRecorder.Pointer, _ start: Start) {
        recordProgram(recorder)
        recordInitialMemory(recorder)
        if start.paid {
            recorder.pointee.text.append("comment duet paid")
            endLine(recorder)
        }
        recorder.pointee.text.append("start pc=")
        // A run that goes on behind an ecalli still has that one's pc.
        recordState(recorder, start.index.map { UInt64(pointee.program.pointee.offsets[$0]) } ?? start.pc)
    }

    /// pc, gas and registers, behind what is in the line; ends it.
    private func recordState(_ recorder: EcalliRecorder.Pointer, _ pc: UInt64) {
        recorder.pointee.text.append(decimal: pc)
        recorder.pointee.text.append(" gas=")
        recorder.pointee.text.append(decimal: pointee.vm.gas)
        recorder.pointee.text.append(registers: registers)
        endLine(recorder)
    }

    /// The guest has come to an ecalli, whose pc and gas are in `vm`.
    @inline(never)
    func recordEcalli(_ recorder: EcalliRecorder.Pointer, _ number: Int32) {
        recorder.pointee.text.append("ecalli=")
        recorder.pointee.text.append(decimal: UInt64(UInt32(bitPattern: number)))
        recorder.pointee.text.append(" pc=")
        recordState(recorder, pointee.vm.pc)
        for index in 0..<EcalliText.registerCount { recorder.pointee.registers[index] = registers[index] }
        recorder.pointee.heap = heap
        recorder.pointee.state = .serving
    }

    /// The host has served it and the run goes on: at `pc`, if it has set that.
    @inline(never)
    func recordReturn(_ recorder: EcalliRecorder.Pointer, movedTo pc: UInt64?) {
        recordActions(recorder, resumesAt: pc)
        recorder.pointee.state = .running
    }

    /// The run has ended for good; a host call that is still open has ended it.
    @inline(never)
    func recordEnd(_ recorder: EcalliRecorder.Pointer, _ exit: pvm_exit_t) {
        if recorder.pointee.state == .serving { recordChanges(recorder) }
        recorder.pointee.state = .idle
        switch exit {
        case PVM_EXIT_HALT: recorder.pointee.text.append("HALT pc=")
        case PVM_EXIT_OOG: recorder.pointee.text.append("OOG pc=")
        default:
            recorder.pointee.text.append("PANIC=")
            recorder.pointee.text.append(decimal: exit == PVM_EXIT_FAULT ? UInt64(pointee.vm.fault_address) : 0)
            recorder.pointee.text.append(" pc=")
        }
        recordState(recorder, pointee.vm.pc)
    }

    // MARK: Lines

    /// Hands the line out and starts the next one.
    func endLine(_ recorder: EcalliRecorder.Pointer) {
        recorder.pointee.text.append(byte: 0)
        let bytes = recorder.pointee.text.bytes.bytes, lost = EcalliText.lost
        let isWhole = !recorder.pointee.text.isCut
        let line = isWhole ? bytes.baseAddress : UnsafeRawPointer(lost.utf8Start)
        let count = isWhole ? bytes.count - 1 : lost.utf8CodeUnitCount
        let function = recorder.pointee.function, data = recorder.pointee.data
        function(handle, PVM_LINE_ECALLI, line?.assumingMemoryBound(to: CChar.self), count, data)
        recorder.pointee.text.clear()
    }
}

extension EcalliText {
    /// Stands where memory was too short for a line.
    static let lost: StaticString = "comment duet lost: memory was short"
}
