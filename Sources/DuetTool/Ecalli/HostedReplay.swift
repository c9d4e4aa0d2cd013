import CPVM
import PVM

/// The traces of a text with a host of the tool's own in place of their answers: program, memory and start come from the
/// trace, and all lines behind that are compared: what the host reads, writes and sets among them.
struct HostedReplay {
    private let isa: ISA
    private let configuration: Configuration
    private let state: JamState

    init(_ isa: ISA, _ configuration: Configuration, _ state: JamState) {
        self.isa = isa
        self.configuration = configuration
        self.state = state
    }

    func results(_ text: [UInt8]) throws(ToolError) -> [ReplayResult] {
        let traces = text.withUnsafeBytes { HostedReplay.traces($0) }
        var results: [ReplayResult] = []
        for trace in traces { results.append(try result(trace, Array(text[trace.start..<trace.end]))) }
        return results.isEmpty ? [ReplayResult(failure: "there is no ecalli trace in it")] : results
    }

    /// A trace of the text, and its lines behind the start. Malformed ones are never the same as any.
    private struct Trace {
        let start: Int
        var end: Int
        var pc: UInt64?
        /// What it starts with has been paid before: only the trace's own answers know how that came.
        var isPaid = false
        var lines: [(number: UInt64, text: String)] = []
    }

    private static func traces(_ text: UnsafeRawBufferPointer) -> [Trace] {
        var traces: [Trace] = [], lines = EcalliLines(text), place = 0
        var prelude: Int?
        while let line = lines.next() {
            switch line {
            case .isa: prelude = place
            case .program:
                if !traces.isEmpty { traces[traces.count - 1].end = prelude ?? place }
                traces.append(Trace(start: prelude ?? place, end: text.count))
                prelude = nil
            case .paid where !traces.isEmpty: traces[traces.count - 1].isPaid = true
            case .start(let state) where !traces.isEmpty: traces[traces.count - 1].pc = state.pc
            case _ where traces.last?.pc != nil:
                let canonical = EcalliText.canonical(line)
                if !canonical.isEmpty { traces[traces.count - 1].lines.append((lines.number, canonical)) }
            default: break
            }
            place = lines.offset
        }
        return traces
    }

    private func result(_ trace: Trace, _ text: [UInt8]) throws(ToolError) -> ReplayResult {
        if trace.isPaid { return ReplayResult(failure: "the trace begins in the middle of a run, without its host") }
        var replay: OpaquePointer?
        try check(text.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                pvm_replay_create($0.baseAddress, $0.count, isa.code, configuration.engine, configuration.memory,
                                  &replay)
            }
        })
        defer { pvm_replay_destroy(replay) }
        var report = pvm_replay_report_t()
        let step = pvm_replay_next(replay, &report)
        let start = trace.pc.flatMap { UInt32(exactly: $0) }
        guard step == PVM_REPLAY_START, let vm = pvm_replay_vm(replay), let pc = start else {
            return ReplayResult(step == PVM_REPLAY_START ? PVM_REPLAY_INCOMPLETE : step, report)
        }
        return HostedReplay.compare(trace.lines, try lines(vm, pc))
    }

    /// What the machine of the trace and this host do.
    private func lines(_ vm: UnsafeMutablePointer<pvm_vm_t>, _ pc: UInt32) throws(ToolError) -> [String] {
        final class Kept { var lines: [String] = [] }
        let kept = Kept()
        let isa: ISA = pvm_program_isa(pvm_vm_program(vm)) == PVM_ISA_GP072 ? .gp072 : .gp080
        // Whoever replays has the log in the trace.
        let host = JamHost(state, isa, Console(output: { _ in }, error: { _ in }))
        try host.serve(vm)
        try check(pvm_set_ecalli_trace(vm, { _, _, line, length, user in
            guard let line, let user else { return }
            let text = EcalliText.canonical(EcalliLine(UnsafeRawBufferPointer(start: line, count: length)))
            if !text.isEmpty { Unmanaged<Kept>.fromOpaque(user).takeUnretainedValue().lines.append(text) }
        }, Unmanaged.passUnretained(kept).toOpaque()))
        _ = withExtendedLifetime((host, kept)) { pvm_run(vm, pc) }
        try check(pvm_set_ecalli_trace(vm, nil, nil))
        let start = kept.lines.firstIndex { $0.hasPrefix("start ") } ?? -1
        return Array(kept.lines[(start + 1)...])
    }

    private static func compare(_ trace: [(number: UInt64, text: String)], _ here: [String]) -> ReplayResult {
        var ecallis: UInt64 = 0
        for index in 0..<max(trace.count, here.count) {
            let expected = index < trace.count ? trace[index].text : "(ends)"
            let actual = index < here.count ? here[index] : "(ends)"
            guard expected == actual else {
                let line = index < trace.count ? trace[index].number : trace.last?.number ?? 0
                return ReplayResult(line: line, trace: shortened(expected), here: shortened(actual), ecallis: ecallis)
            }
            if expected.hasPrefix("ecalli=") { ecallis += 1 }
        }
        var report = pvm_replay_report_t()
        report.ecallis = ecallis
        return ReplayResult(PVM_REPLAY_END, report)
    }

    private static func shortened(_ line: String) -> String { line.count > 200 ? "\(line.prefix(200))…" : line }
}
