import CPVM
import PVM

/// What came of one trace.
struct ReplayResult {
    let step: pvm_replay_step_t
    let report: pvm_replay_report_t
    /// Why there was nothing to replay.
    let failure: String?
    /// What the trace says where the guest did something else, and the registers that the guest had there.
    var line = ""
    var registers: [(name: String, expected: UInt64, actual: UInt64)] = []
    /// The last instructions before that.
    var instructions: [String] = []

    init(_ step: pvm_replay_step_t, _ report: pvm_replay_report_t) {
        self.step = step
        self.report = report
        failure = nil
    }

    init(failure: String) {
        step = PVM_REPLAY_FAILED
        report = pvm_replay_report_t()
        self.failure = failure
    }

    /// A host of the tool's own, or the guest with it, does something else than the trace.
    init(line: UInt64, trace: String, here: String, ecallis: UInt64) {
        step = PVM_REPLAY_DIVERGED
        report = pvm_replay_report_t(line: line, ecallis: ecallis, error: PVM_OK, kind: PVM_DIVERGED_NOT, index: 0, address: 0, expected: 0, actual: 0)
        failure = "here: \(here)"
        self.line = trace
    }

    var hasPassed: Bool { step == PVM_REPLAY_END }

    private var status: String {
        switch step {
        case PVM_REPLAY_END: "same"
        case PVM_REPLAY_DIVERGED: "diverged"
        case PVM_REPLAY_MALFORMED: "malformed"
        case PVM_REPLAY_INCOMPLETE: "incomplete"
        default: "failed"
        }
    }

    private static let fields: [(pvm_divergence_t, String)] = [
        (PVM_DIVERGED_EXIT, "exit"), (PVM_DIVERGED_NUMBER, "ecalli"), (PVM_DIVERGED_PC, "pc"), (PVM_DIVERGED_GAS, "gas"),
        (PVM_DIVERGED_REGISTER, "register"), (PVM_DIVERGED_MEMORY, "memory"), (PVM_DIVERGED_ACCESS, "access"),
    ]

    private var field: String? { ReplayResult.fields.first { $0.0 == report.kind }?.1 }
    private var register: String? { report.kind == PVM_DIVERGED_REGISTER ? Register.names[Int(report.index)] : nil }

    /// What is wrong, in words.
    private var sentence: String {
        if let failure { return failure }
        let (expected, actual) = (report.expected, report.actual)
        func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
        switch step {
        case PVM_REPLAY_MALFORMED: return "the line is malformed, or cannot stand here"
        case PVM_REPLAY_INCOMPLETE: return "the trace breaks off"
        case PVM_REPLAY_FAILED: return message(of: report.error)
        case PVM_REPLAY_DIVERGED: break
        default: return "same"
        }
        switch report.kind {
        case PVM_DIVERGED_EXIT:
            func name(_ exit: UInt64) -> String { String(cString: pvm_exit_name(pvm_exit_t(rawValue: UInt32(truncatingIfNeeded: exit)))) }
            return "the run comes to \(name(actual)), the trace to \(name(expected))"
        case PVM_DIVERGED_NUMBER: return "ecalli \(actual), the trace has \(expected)"
        case PVM_DIVERGED_PC: return "pc \(actual), the trace has \(expected)"
        case PVM_DIVERGED_GAS: return "gas \(actual), the trace has \(expected)"
        case PVM_DIVERGED_REGISTER: return "register \(register ?? "") is \(hex(actual)), the trace has \(hex(expected))"
        case PVM_DIVERGED_MEMORY: return "the byte at \(hex(report.address)) is \(hex(actual)), the host read \(hex(expected))"
        default: return "the guest has no memory at \(hex(report.address)), where the host reads or writes"
        }
    }

    func text(_ file: String) -> String {
        let place = report.line > 0 ? "\(file):\(report.line)" : file
        let count = report.ecallis == 1 ? "1 ecalli" : "\(report.ecallis) ecallis"
        var text = "\(place): \(sentence)" + (step == PVM_REPLAY_DIVERGED ? " (\(count) before it are the same)\n" : "\n")
        if !line.isEmpty { text += "    trace: \(line)\n" }
        for register in registers {
            text += "    \(padded(register.name, to: 4)) 0x\(String(register.actual, radix: 16)), "
                + "the trace has 0x\(String(register.expected, radix: 16))\n"
        }
        for instruction in instructions { text += "    \(instruction)\n" }
        return text
    }

    func json(_ file: String, _ number: Int) -> String {
        var object = JSONLine()
        object.add("file", file)
        object.add("trace", UInt64(number))
        object.add("status", status)
        object.add("ecallis", report.ecallis)
        if hasPassed { return object.text }
        object.add("line", report.line)
        object.add("message", sentence)
        guard step == PVM_REPLAY_DIVERGED else { return object.text }
        guard failure == nil else { return object.text }
        object.add("field", field)
        object.add("register", register)
        object.add("address", [PVM_DIVERGED_MEMORY, PVM_DIVERGED_ACCESS].contains(report.kind) ? report.address : nil)
        object.add("expected", report.expected)
        object.add("actual", report.actual)
        object.add("instructions", .texts(instructions))
        return object.text
    }
}
