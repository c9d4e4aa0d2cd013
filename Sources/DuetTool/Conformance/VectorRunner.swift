import CPVM
import PVM

/// Carries out a vector and says what is not as expected.
struct VectorRunner {
    let isa: ISA
    let configurations: [Configuration]

    func failures(of vector: Vector) -> [String] {
        do throws(ToolError) {
            let program = try Program(vector.program, format: PVM_FORMAT_BLOB, isa: isa)
            var failures = blockFailures(vector, program)
            for configuration in configurations {
                do throws(ToolError) {
                    let machine = try Machine(program, gas: 0)
                    try machine.choose(configuration)
                    failures += try run(vector, machine).map { "[\(configuration.name)] \($0)" }
                    failures += try wholeBlockFailures(vector, program, configuration).map { "[\(configuration.name)] \($0)" }
                } catch {
                    failures.append("[\(configuration.name)] \(error.text)")
                }
            }
            return failures
        } catch {
            return [error.text]
        }
    }

    // MARK: Steps

    private func run(_ vector: Vector, _ machine: Machine) throws(ToolError) -> [String] {
        try check(pvm_set_gas_signed(machine.vm, vector.initialGas))
        var failures: [String] = []
        var exit = PVM_EXIT_NONE
        for (number, step) in vector.steps.enumerated() {
            switch step {
            case .run: exit = exit == PVM_EXIT_NONE ? pvm_run(machine.vm, vector.initialPC) : pvm_resume(machine.vm)
            case .check(let expectation):
                failures += VectorRunner.differences(expectation, machine, exit).map { "step \(number): \($0)" }
            default: try VectorRunner.prepare(machine, step)
            }
        }
        return failures
    }

    private static func prepare(_ machine: Machine, _ step: Vector.Step) throws(ToolError) {
        switch step {
        case .map(let range):
            let pageSize = UInt32(PVM_PAGE_SIZE)
            guard range.address % pageSize == 0, range.length % pageSize == 0 else {
                throw .failed("map: \(range.length) octets from \(range.address) are no whole pages")
            }
            try check(pvm_map_pages(machine.vm, range.address / pageSize, range.length / pageSize,
                                    range.isWritable ? PVM_ACCESS_WRITE : PVM_ACCESS_READ), "map")
        case .write(let chunk):
            try check(pvm_load(machine.vm, UInt64(chunk.address), UInt64(chunk.contents.count), chunk.contents), "write")
        case .setRegister(let register, let value):
            guard (0..<Int(PVM_REGISTERS)).contains(register) else { throw .failed("set-reg: no register \(register)") }
            pvm_set_register(machine.vm, Int32(register), value)
        case .run, .check:
            break
        }
    }

    private static func differences(_ expected: Vector.Expectation, _ machine: Machine, _ exit: pvm_exit_t) -> [String] {
        var differences: [String] = []
        func compare<Value: Equatable>(_ what: String, _ expected: Value?, _ actual: Value) {
            if let expected, expected != actual { differences.append("\(what): expected \(expected), actual \(actual)") }
        }
        compare("status", expected.status, statusNames[exit.rawValue] ?? String(cString: pvm_exit_name(exit)))
        // A run out of gas leaves 0 in the vectors, not what was missing.
        compare("gas", expected.gas, Int64(clamping: machine.gasLeft))
        compare("pc", expected.pc.map { UInt64($0) }, machine.pc)
        compare("registers", expected.registers, machine.registers)
        compare("page-fault-address", expected.faultAddress.map { UInt64($0) }, machine.faultPage)
        compare("hostcall", expected.hostCall.map { UInt64($0) }, machine.hostCall)
        for chunk in expected.memory {
            var actual = [UInt8](repeating: 0, count: chunk.contents.count)
            let error = pvm_read(machine.vm, UInt64(chunk.address), UInt64(actual.count), &actual)
            if error == PVM_OK {
                compare("memory at \(chunk.address)", chunk.contents, actual)
            } else {
                differences.append("memory at \(chunk.address): \(message(of: error))")
            }
        }
        return differences
    }

    /// The vectors' words for outcomes, where they are not those of `pvm_exit_name`.
    private static let statusNames = [PVM_EXIT_HOST.rawValue: "ecalli"]

    // MARK: Gas

    /// The vector lists every block start of the program and no other offset.
    private func blockFailures(_ vector: Vector, _ program: Program) -> [String] {
        guard let expected = vector.blockGas else { return [] }
        var actual: [UInt32: UInt64] = [:]
        for pc in 0..<program.codeSize where program.isBlockStart(pc) { actual[UInt32(pc)] = program.blockGas(pc) }
        return Set(expected.keys).union(actual.keys).sorted().compactMap { pc in
            expected[pc] == actual[pc] ? nil : "gas of the block at \(pc): expected \(text(expected[pc])), actual \(text(actual[pc]))"
        }
    }

    private func text(_ gas: UInt64?) -> String { gas.map { String($0) } ?? "no block" }

    /// What the vector charges is what was run up to the fault, and the rest of its block.
    private func wholeBlockFailures(_ vector: Vector, _ program: Program, _ configuration: Configuration) throws(ToolError) -> [String] {
        guard let charge = vector.wholeBlock else { return [] }
        let machine = try Machine(program, gas: UInt64(max(0, vector.initialGas)))
        try machine.choose(configuration)
        for step in vector.steps { try VectorRunner.prepare(machine, step) }
        try check(pvm_set_pc(machine.vm, UInt64(vector.initialPC)))
        var instructions: Int64 = 1
        while pvm_step(machine.vm) == PVM_EXIT_STEP { instructions += 1 }
        let whole = instructions + charge.rest
        return whole == charge.charged ? [] : ["gas of whole blocks: expected \(charge.charged), actual \(whole)"]
    }
}
