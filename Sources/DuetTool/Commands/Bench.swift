import CPVM
import Foundation
import PVM

extension Command {
    static let bench = Command(
        path: ["pvm", "bench"], operands: "IMAGE", operandCount: 1...1,
        summary: "Measures how long a program takes to load and to run.",
        details: """
            Every run has a VM of its own and must end in the same way with the same gas used: with a halt, or with the
            first host call. The seconds are those of the run alone. Compiling, from bytes to native code, is measured
            beforehand, each time with an empty cache: decoding and making code. The interpreter only decodes.
            JSON keys: instructions, compile_ns_per_instruction, decode_ns_per_instruction, code_ns_per_instruction
            (null for the interpreter), end, runs, seconds_min, seconds_median, gas_used, create_destroy_ns, engine,
            memory.
            """,
        options: Launch.options + [Option("--runs", "K", "how many runs (default \(BenchCommand.defaultRuns))"), .engine, .memory, .json],
        body: BenchCommand.run)
}

enum BenchCommand {
    static let defaultRuns: UInt64 = 10
    /// VMs that are created and destroyed to find the median of that.
    private static let lives = 101

    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let runs = try Int(arguments.number("--runs", default: defaultRuns, in: 1...1_000_000))
        let configuration = try Configuration(arguments)
        let launch = try Launch(arguments)

        let compiling = try measureCompiling(launch, configuration, rounds: min(runs, mostCompilations))
        var seconds: [Double] = []
        var end: (exit: pvm_exit_t, gasUsed: UInt64)?
        var used = configuration
        for _ in 0..<runs {
            let machine = try launch.machine()
            try machine.choose(configuration)
            used = machine.configuration
            let (run, exit) = timed { pvm_run(machine.vm, launch.entry) }
            guard exit == PVM_EXIT_HALT || exit == PVM_EXIT_HOST else {
                throw ToolError.failed("\(launch.path): a run ended with \(String(cString: pvm_exit_name(exit))) at pc \(machine.pc)")
            }
            guard end == nil || end! == (exit, machine.gasUsed) else {
                throw ToolError.failed("\(launch.path): one run used \(end!.gasUsed) gas, another \(machine.gasUsed)")
            }
            end = (exit, machine.gasUsed)
            seconds.append(run)
        }
        let life = try median((0..<lives).map { _ in try timed { _ = try launch.machine() }.seconds })

        let instructions = launch.program.instructionCount
        func perInstruction(_ seconds: Double) -> Double { seconds * 1e9 / Double(max(1, instructions)) }
        let compile = perInstruction(compiling.decode + (compiling.code ?? 0)), decode = perInstruction(compiling.decode)
        let endName = String(cString: pvm_exit_name(end!.exit))
        if arguments.has("--json") {
            var line = JSONLine()
            line.add("instructions", UInt64(instructions))
            line.add("compile_ns_per_instruction", compile)
            line.add("decode_ns_per_instruction", decode)
            line.add("code_ns_per_instruction", compiling.code.map(perInstruction))
            line.add("end", endName)
            line.add("runs", UInt64(runs))
            line.add("seconds_min", seconds.min()!)
            line.add("seconds_median", median(seconds))
            line.add("gas_used", end!.gasUsed)
            line.add("create_destroy_ns", life * 1e9)
            line.add("engine", used.engineName)
            line.add("memory", used.memoryName)
            console.print(line.text)
        } else {
            let code = compiling.code.map { String(format: ", making code %.1f", perInstruction($0)) } ?? ""
            console.write(table([
                ("instructions", String(instructions)),
                ("compile ns per instruction", String(format: "%.1f (decoding %.1f", compile, decode) + code + ")"),
                ("runs", "\(runs) (\(used.name)), end: \(endName)"),
                ("seconds, least", secondsText(seconds.min()!, digits: 9)),
                ("seconds, median", secondsText(median(seconds), digits: 9)), ("gas used", String(end!.gasUsed)),
                ("VM create and destroy, ns", String(format: "%.0f", life * 1e9)),
            ]))
        }
        return 0
    }

    private static let mostCompilations = 50

    /// The least seconds for decoding the image, and for making code of it; nil for the interpreter.
    private static func measureCompiling(
        _ launch: Launch, _ configuration: Configuration, rounds: Int
    ) throws -> (decode: Double, code: Double?) {
        var statistics = pvm_cache_statistics_t()
        pvm_cache_statistics(&statistics)
        var decode = Double.infinity, code: Double?
        for _ in 0..<rounds {
            pvm_cache_set_limit(0)
            pvm_cache_set_limit(Int(statistics.limit))
            let (seconds, handle) = try timed { try Program.create(launch.image, launch.format, launch.isa) }
            pvm_program_release(handle)
            decode = min(decode, seconds)
            guard configuration.engine != PVM_ENGINE_INTERPRETER else { continue }
            let machine = try launch.machine()
            try machine.choose(configuration)
            guard pvm_get_engine(machine.vm) != PVM_ENGINE_INTERPRETER else { continue }
            try check(pvm_set_engine(machine.vm, PVM_ENGINE_RECOMPILER), "the recompiler")
            // Without gas the first run compiles; what it does besides, the second one does again.
            try check(pvm_set_gas(machine.vm, 0), "gas")
            let first = timed { pvm_run(machine.vm, launch.entry) }.seconds
            let second = timed { pvm_run(machine.vm, launch.entry) }.seconds
            code = min(code ?? .infinity, max(0, first - second))
        }
        return (decode, code)
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
