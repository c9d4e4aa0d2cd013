import CPVM
import VMCommon

/// Replays ecalli traces (JIP-7): program, memory and every answer of the host come from the text; what the guest does is
/// compared with it. Any engine runs it. `pvm_replay_t` of the C interface points at one.
struct EcalliReplay {
    typealias Pointer = UnsafeMutablePointer<EcalliReplay>

    /// What the next step does.
    enum Phase {
        /// Looks for the next trace of the text.
        case outside
        /// Begins the run at a pc, or goes on behind an ecalli (nil), until the guest needs its host again.
        case run(UInt64?, isPaid: Bool)
        /// A difference or an error: nothing more comes of this text.
        case over
    }

    private var lines: EcalliLines
    private let engine: pvm_engine_t
    private let memoryMode: pvm_memory_mode_t
    private let defaultISA: ISA
    private var phase = Phase.outside
    private(set) var vm: Instance.Handle?
    private var program: Program.Pointer?
    private var report = pvm_replay_report_t()

    /// The text stays its owner's.
    init(_ text: UnsafeRawBufferPointer, _ isa: ISA, _ engine: pvm_engine_t, _ memoryMode: pvm_memory_mode_t) {
        lines = EcalliLines(text)
        defaultISA = isa
        self.engine = engine
        self.memoryMode = memoryMode
    }

    /// Gives program and VM back.
    mutating func dropRun() {
        vm?.destroy()
        vm = nil
        program?.release()
        program = nil
    }

    /// Goes one step on. The report says where it stands, and what is wrong if something is.
    mutating func next() -> (step: pvm_replay_step_t, report: pvm_replay_report_t) {
        let step: pvm_replay_step_t
        switch phase {
        case .outside: step = begin()
        case .run(let pc, let isPaid): step = run(from: pc, isPaid)
        case .over: step = PVM_REPLAY_DONE
        }
        switch step {
        case PVM_REPLAY_START, PVM_REPLAY_ECALLI: break
        case PVM_REPLAY_END: phase = .outside
        default: phase = .over
        }
        report.line = lines.number
        return (step, report)
    }

    // MARK: The prelude

    private mutating func begin() -> pvm_replay_step_t {
        dropRun()
        report = pvm_replay_report_t()
        var isa = defaultISA, format = PVM_FORMAT_AUTO, isPaid = false
        while let line = lines.next() {
            switch line {
            case .isa(let said, let kind): (isa, format) = (said, kind)
            case .program(let data):
                guard program == nil else { return PVM_REPLAY_MALFORMED }
                let error = load(data, format, isa)
                guard error == PVM_OK else { return fail(error) }
            case .pages(let address, let length, let rights):
                guard makeVM(), let vm else { return fail(program == nil ? PVM_ERR_EMPTY : PVM_ERR_NO_MEMORY) }
                guard vm.replayPages(address, length, rights) else { return fail(PVM_ERR_ARGUMENT) }
            case .heap(let start, let end, let limit):
                guard makeVM(), let vm else { return fail(program == nil ? PVM_ERR_EMPTY : PVM_ERR_NO_MEMORY) }
                vm.replayHeap(start, end, limit)
            case .paid: isPaid = true
            case .memwrite(let address, let data):
                let error = write(address, data)
                guard error == PVM_OK else { return fail(error) }
            case .start(let state):
                guard program != nil else { return PVM_REPLAY_MALFORMED }
                guard makeVM(), let vm else { return fail(PVM_ERR_NO_MEMORY) }
                vm.pointee.vm.gas = state.gas
                for index in 0..<EcalliText.registerCount { vm.registers[index] = state.registers[index] }
                phase = .run(state.pc, isPaid: isPaid)
                return PVM_REPLAY_START
            default: return PVM_REPLAY_MALFORMED
            }
        }
        return program == nil ? PVM_REPLAY_DONE : PVM_REPLAY_INCOMPLETE
    }

    private mutating func fail(_ error: pvm_error_t) -> pvm_replay_step_t {
        report.error = error
        return PVM_REPLAY_FAILED
    }

    private mutating func load(_ data: HexData, _ format: pvm_format_t, _ isa: ISA) -> pvm_error_t {
        var bytes = ByteBuffer()
        defer { bytes.free() }
        guard data.append(to: &bytes) else { return PVM_ERR_NO_MEMORY }
        do throws(ImageError) {
            program = try Program.shared(image: bytes.bytes, format: format, isa: isa)
            return PVM_OK
        } catch {
            return error.code
        }
    }

    /// A write before the start: the arguments of a standard program, or memory whose pages are mapped where they are not.
    private mutating func write(_ address: UInt64, _ data: HexData) -> pvm_error_t {
        guard let program else { return PVM_ERR_EMPTY }
        var bytes = ByteBuffer()
        defer { bytes.free() }
        guard data.append(to: &bytes) else { return PVM_ERR_NO_MEMORY }
        if vm == nil, let standard = program.pointee.standard, UInt64(truncatingIfNeeded: bytes.count) <= StandardLayout.argumentSpace,
           address == StandardLayout(standard, argumentCount: 0).argumentStart {
            return makeVM(arguments: bytes.bytes) ? PVM_OK : PVM_ERR_NO_MEMORY
        }
        guard makeVM(), let vm else { return PVM_ERR_NO_MEMORY }
        return vm.replayInitialWrite(address, bytes.bytes)
    }

    private mutating func makeVM(arguments: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)) -> Bool {
        if vm != nil { return true }
        guard let program, let made = Instance.Handle.make(program, gas: 0) else { return false }
        if let standard = program.pointee.standard, !made.start(standard, arguments: arguments) {
            made.destroy()
            return false
        }
        made.pointee.engine = engine
        made.pointee.memoryMode = memoryMode
        vm = made
        return true
    }

    // MARK: The run

    private mutating func run(from pc: UInt64?, _ isPaid: Bool) -> pvm_replay_step_t {
        guard let vm else { return fail(PVM_ERR_NO_MEMORY) }
        var start = pc.map { vm.start(at: $0) } ?? vm.continuation
        if isPaid { start.paid = true }
        let exit = vm.run(from: start)
        guard let line = lines.next() else { return PVM_REPLAY_INCOMPLETE }
        switch line {
        case .ecalli(let number, let state):
            guard exit == PVM_EXIT_HOST else { return diverge(PVM_DIVERGED_EXIT, PVM_EXIT_HOST, exit) }
            let actual = UInt64(UInt32(bitPattern: vm.pointee.vm.host_func_id))
            guard number == actual else { return diverge(PVM_DIVERGED_NUMBER, number, actual) }
            if let step = compare(state, vm) { return step }
            report.ecallis += 1
            return serve(vm, number)
        case .end(let expected, let state):
            let actual = exit == PVM_EXIT_FAULT ? PVM_EXIT_PANIC : exit
            guard expected == actual else { return diverge(PVM_DIVERGED_EXIT, expected, exit) }
            return compare(state, vm) ?? PVM_REPLAY_END
        default: return PVM_REPLAY_MALFORMED
        }
    }

    /// Nil if pc, gas and registers are the line's.
    private mutating func compare(_ state: EcalliState, _ vm: Instance.Handle) -> pvm_replay_step_t? {
        guard state.pc == vm.pointee.vm.pc else { return diverge(PVM_DIVERGED_PC, state.pc, vm.pointee.vm.pc) }
        guard state.gas == vm.pointee.vm.gas else { return diverge(PVM_DIVERGED_GAS, state.gas, vm.pointee.vm.gas) }
        for index in 0..<EcalliText.registerCount where state.registers[index] != vm.registers[index] {
            report.index = UInt32(truncatingIfNeeded: index)
            return diverge(PVM_DIVERGED_REGISTER, state.registers[index], vm.registers[index])
        }
        return nil
    }

    private mutating func diverge(_ kind: pvm_divergence_t, _ expected: UInt64, _ actual: UInt64) -> pvm_replay_step_t {
        report.kind = kind
        report.expected = expected
        report.actual = actual
        return PVM_REPLAY_DIVERGED
    }

    private mutating func diverge(_ kind: pvm_divergence_t, _ expected: pvm_exit_t, _ actual: pvm_exit_t) -> pvm_replay_step_t {
        diverge(kind, UInt64(expected.rawValue), UInt64(actual.rawValue))
    }

    /// Does what the host did, as far as the trace tells, and compares what it read. Without a `setgas` the run does not go on.
    private mutating func serve(_ vm: Instance.Handle, _ number: UInt64) -> pvm_replay_step_t {
        // The one host call that changes rights of pages, for which JIP-7 has no line; registers and gas follow.
        let growHeap = HostCall.grow_heap.row.entry(vm.pointee.program.pointee.isa)?.number
        if growHeap.map({ UInt64(truncatingIfNeeded: $0) == number }) ?? false { _ = vm.hostGrowHeap() }
        var movedPC: UInt64?
        while let line = lines.next() {
            switch line {
            case .memread(let address, let data):
                if let step = compareRead(vm, address, data) { return step }
            case .memwrite(let address, let data):
                guard vm.pointee.memory.allows(address, UInt64(truncatingIfNeeded: data.count), GuestMemory.read) else {
                    report.address = address
                    return diverge(PVM_DIVERGED_ACCESS, 1, 0)
                }
                guard vm.replayWrite(address, data) else { return fail(PVM_ERR_NO_MEMORY) }
            case .pages(let address, let length, let rights):
                guard vm.replayPages(address, length, rights) else { return fail(PVM_ERR_ARGUMENT) }
            case .heap(let start, let end, let limit): vm.replayHeap(start, end, limit)
            case .setreg(let index, let value): vm.registers[index] = value
            case .movedPC(let pc): movedPC = pc
            case .setgas(let gas):
                vm.pointee.vm.gas = gas
                phase = .run(movedPC, isPaid: false)
                return PVM_REPLAY_ECALLI
            case .end(let exit, let state):
                // The host ended the run; what it took for that is nowhere else.
                guard exit != PVM_EXIT_HOST else { return PVM_REPLAY_MALFORMED }
                vm.pointee.vm.gas = state.gas
                return compare(state, vm) ?? PVM_REPLAY_END
            default: return PVM_REPLAY_MALFORMED
            }
        }
        return PVM_REPLAY_INCOMPLETE
    }

    private mutating func compareRead(_ vm: Instance.Handle, _ address: UInt64, _ data: HexData) -> pvm_replay_step_t? {
        report.address = address
        guard vm.pointee.memory.allows(address, UInt64(truncatingIfNeeded: data.count), GuestMemory.read) else {
            return diverge(PVM_DIVERGED_ACCESS, 1, 0)
        }
        let bytes = vm.pointee.memory.base + Int(truncatingIfNeeded: address)
        for index in 0..<data.count {
            let actual = bytes.load(fromByteOffset: index, as: UInt8.self)
            guard actual != data[index] else { continue }
            report.address = address + UInt64(truncatingIfNeeded: index)
            return diverge(PVM_DIVERGED_MEMORY, UInt64(data[index]), UInt64(actual))
        }
        report.address = 0
        return nil
    }
}

// MARK: What a host does to a VM

extension UnsafeMutablePointer<Instance> {
    /// Gives whole pages their rights; false if there are no such pages or memory is short.
    fileprivate func replayPages(_ address: UInt64, _ length: UInt64, _ rights: UInt8) -> Bool {
        let first = address >> GuestMemory.pageShift, count = length >> GuestMemory.pageShift
        guard first >= GuestMemory.firstPage, first <= GuestMemory.pageCount, count <= GuestMemory.pageCount - first else { return false }
        return pointee.memory.map(first: first, count: count, rights: rights)
    }

    fileprivate func replayHeap(_ start: UInt64, _ end: UInt64, _ limit: UInt64) {
        pointee.heapStart = start
        pointee.heapLimit = limit
        setHeapEnd(end)
    }

    fileprivate func replayWrite(_ address: UInt64, _ data: HexData) -> Bool {
        var bytes = ByteBuffer()
        defer { bytes.free() }
        guard data.append(to: &bytes), let source = bytes.bytes.baseAddress else { return data.count == 0 }
        return pointee.memory.write(address, UInt64(truncatingIfNeeded: bytes.count), from: source, need: GuestMemory.read) == .done
    }

    /// Pages that are not there become writable: JIP-7 does not say what rights they have.
    fileprivate func replayInitialWrite(_ address: UInt64, _ bytes: UnsafeRawBufferPointer) -> pvm_error_t {
        guard let source = bytes.baseAddress else { return PVM_OK }
        let count = UInt64(truncatingIfNeeded: bytes.count)
        let first = address >> GuestMemory.pageShift, last = (address + count - 1) >> GuestMemory.pageShift
        guard first >= GuestMemory.firstPage else { return PVM_ERR_ARGUMENT }
        for page in first...last where pointee.memory.rights[Int(truncatingIfNeeded: page)] == GuestMemory.none {
            guard pointee.memory.map(first: page, count: 1, rights: GuestMemory.readWrite) else { return PVM_ERR_NO_MEMORY }
        }
        return pointee.memory.write(address, count, from: source, need: GuestMemory.read) == .done ? PVM_OK : PVM_ERR_NO_MEMORY
    }
}
