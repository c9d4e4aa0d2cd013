import CPVM
import PVM

/// An instruction of the PVM with everything that is known of it.
struct PVMStep {
    let record: duet_pvm_record_t
    /// Before it.
    let registers: [UInt64]
    let cost: Int64
    /// What it stored, if it did.
    let stored: UInt64?

    /// The exit with which it ended the run.
    var exit: pvm_exit_t? { record.exit == 0 ? nil : pvm_exit_t(rawValue: record.exit - 1) }
    /// Did it end the run by failing?
    var isFault: Bool { exit.map { $0 != PVM_EXIT_HALT && $0 != PVM_EXIT_HOST } ?? false }
}

protocol PVMTraceSink: AnyObject {
    func instruction(_ step: PVMStep)
    /// The host has served the ecalli that came before.
    func hostCall(_ call: JamCall)
    func finish(_ exit: pvm_exit_t, _ machine: Machine)
}

/// Runs a machine and hands its instructions to a sink.
final class PVMRecorder {
    let machine: Machine
    let code: PVMCode
    private let trace: UnsafeMutablePointer<duet_trace_t>
    private let buffer: UnsafeMutableRawPointer
    private let sink: any PVMTraceSink
    private var registers: [UInt64]
    private let host: JamHost?
    /// Waits for what it costs.
    private var waiting: duet_pvm_record_t?

    private static let bufferSize = 1 << 16

    init(_ machine: Machine, _ code: PVMCode, _ sink: any PVMTraceSink, _ host: JamHost? = nil) throws(ToolError) {
        self.host = host
        self.machine = machine
        self.code = code
        self.sink = sink
        registers = machine.registers
        buffer = .allocate(byteCount: PVMRecorder.bufferSize, alignment: 16)
        trace = .allocate(capacity: 1)
        trace.initialize(to: duet_trace_t())
        duet_trace_init(trace, buffer, PVMRecorder.bufferSize, { context, records, count in
            let records = UnsafeBufferPointer(start: records!.assumingMemoryBound(to: duet_pvm_record_t.self), count: count)
            let recorder = Unmanaged<PVMRecorder>.fromOpaque(context!).takeUnretainedValue()
            for record in records { recorder.add(record) }
        }, Unmanaged.passUnretained(self).toOpaque())
        try check(pvm_set_trace_batches(machine.vm, trace))
        try host?.serve(machine.vm, pausing: true)
    }

    deinit {
        _ = pvm_set_trace_batches(machine.vm, nil)
        trace.deallocate()
        buffer.deallocate()
    }

    func run(_ entry: UInt32) -> pvm_exit_t {
        var exit = pvm_run(machine.vm, entry)
        while let call = host?.takeLast() {
            deliver(call)
            if call.exit != nil { break }
            exit = pvm_resume(machine.vm)
        }
        if let last = waiting { deliver(last, pvm_get_gas_signed(machine.vm)) }
        waiting = nil
        sink.finish(exit, machine)
        return exit
    }

    /// The run has been left for a host call: its ecalli was the last instruction, and has ended nothing.
    private func deliver(_ call: JamCall) {
        if var last = waiting {
            last.exit = 0
            deliver(last, call.gas)
        }
        waiting = nil
        sink.hostCall(call)
        registers = machine.registers
    }

    private func add(_ record: duet_pvm_record_t) {
        if let last = waiting { deliver(last, record.gas) }
        waiting = record
    }

    private func deliver(_ record: duet_pvm_record_t, _ gasAfter: Int64) {
        let stored = record.access == UInt8(DUET_ACCESS_WRITE) && record.exit == 0 ? code.stored(record, registers) : nil
        sink.instruction(PVMStep(record: record, registers: registers, cost: record.gas - gasAfter, stored: stored))
        if record.reg < registers.count { registers[Int(record.reg)] = record.value }
    }
}
