import CPVM
import PVM

/// The traces of a text, replayed one after the other.
final class ReplayText {
    private let text: [UInt8]
    private let isa: ISA
    private let configuration: Configuration
    /// Instructions to keep before a difference.
    private let before: Int

    init(_ text: [UInt8], _ isa: ISA, _ configuration: Configuration, _ before: Int) {
        self.text = text
        self.isa = isa
        self.configuration = configuration
        self.before = before
    }

    func results() throws(ToolError) -> [ReplayResult] {
        let replay = try create(configuration)
        defer { pvm_replay_destroy(replay) }
        var results: [ReplayResult] = [], steps = 0
        while true {
            var report = pvm_replay_report_t()
            let step = pvm_replay_next(replay, &report)
            switch step {
            case PVM_REPLAY_START, PVM_REPLAY_ECALLI: break
            case PVM_REPLAY_DONE:
                return results.isEmpty ? [ReplayResult(failure: "there is no ecalli trace in it")] : results
            default:
                var result = ReplayResult(step, report)
                if step == PVM_REPLAY_DIVERGED, let vm = pvm_replay_vm(replay) { try explain(&result, vm, after: steps) }
                results.append(result)
            }
            steps += 1
        }
    }

    private func create(_ configuration: Configuration) throws(ToolError) -> OpaquePointer {
        var replay: OpaquePointer?
        let error = text.withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                pvm_replay_create($0.baseAddress, $0.count, isa.code, configuration.engine, configuration.memory, &replay)
            }
        }
        try check(error)
        return replay!
    }

    // MARK: A difference

    private func explain(_ result: inout ReplayResult, _ vm: UnsafeMutablePointer<pvm_vm_t>, after steps: Int) throws(ToolError) {
        text.withUnsafeBytes { bytes in
            var lines = EcalliLines(bytes)
            while let line = lines.next(), lines.number <= result.report.line {
                guard lines.number == result.report.line else { continue }
                result.line = EcalliText.canonical(line, longest: 200)
                guard let state = EcalliText.state(line) else { continue }
                for index in 0..<Int(PVM_REGISTERS) {
                    let actual = pvm_get_register(vm, Int32(index)), expected = state.registers[index]
                    if actual != expected { result.registers.append((Register.names[index], expected, actual)) }
                }
            }
        }
        // What the host read is compared when it serves the ecalli: the instructions before that one led to it as well.
        result.instructions = try instructions(after: steps)
    }

    /// Replays up to a step once more, that one instruction by instruction.
    private func instructions(after steps: Int) throws(ToolError) -> [String] {
        let replay = try create(Configuration(engine: PVM_ENGINE_INTERPRETER, memory: PVM_MEMORY_CHECKED))
        defer { pvm_replay_destroy(replay) }
        for _ in 0..<steps { _ = pvm_replay_next(replay, nil) }
        guard before > 0, let vm = pvm_replay_vm(replay) else { return [] }
        let instructions = LastInstructions(vm, before)
        let user = Unmanaged.passUnretained(instructions).toOpaque()
        try check(pvm_set_line_function(vm, { _, kind, line, length, user in
            guard kind == PVM_LINE_TRACE, let line, let user else { return }
            let text = String(decoding: UnsafeRawBufferPointer(start: line, count: length), as: UTF8.self)
            Unmanaged<LastInstructions>.fromOpaque(user).takeUnretainedValue().add(text)
        }, user))
        pvm_set_tracing(vm, 1)
        _ = pvm_replay_next(replay, nil)
        return withExtendedLifetime(instructions) { instructions.texts }
    }
}

/// Keeps the last few trace lines of a VM, with the instructions as the assembler has them.
private final class LastInstructions {
    private let limit: Int
    private let names: [Int: String]
    private var lines: [String] = []

    init(_ vm: UnsafeMutablePointer<pvm_vm_t>, _ limit: Int) {
        self.limit = limit
        let isa: ISA = pvm_program_isa(pvm_vm_program(vm)) == PVM_ISA_GP072 ? .gp072 : .gp080
        let view = CodeView(code: vm.pointee.code, count: Int(vm.pointee.code_len), bitmask: vm.pointee.bitmask)
        let listing = CodeListing(view, isa)
        var names: [Int: String] = [:]
        for statement in listing.statements {
            guard let syntax = statement.syntax else { continue }
            names[statement.start] = InstructionText.text(Syntax.all[syntax], statement.operands, target: listing.name)
        }
        self.names = names
    }

    func add(_ line: String) {
        if lines.count >= 2 * limit { lines.removeFirst(lines.count - limit) }
        lines.append(line)
    }

    /// "pc  instruction  gas and registers after it".
    var texts: [String] {
        lines.suffix(limit).map { line in
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count == 4, let pc = Int(words[2]), let state = line.range(of: " g=") else { return line }
            return "\(padded(String(pc), to: 7)) \(padded(names[pc] ?? "", to: 32)) \(line[state.lowerBound...].dropFirst())"
        }
    }
}
