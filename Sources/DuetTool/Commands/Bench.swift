import CPVM
import Foundation
import PVM

extension Command {
    static let bench = Command(
        path: ["pvm", "bench"], operands: "IMAGE", operandCount: 1...1,
        summary: "Measures how long a program takes to load and to run.",
        details: """
            Every run has a VM of its own and must halt with the same gas used. The seconds are those of the run alone.
            JSON keys: instructions, compile_ns_per_instruction, runs, seconds_min, seconds_median, gas_used, create_destroy_ns,
            engine, memory.
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

        var creations: [Double] = [], seconds: [Double] = []
        var gasUsed: UInt64?
        var used = configuration
        for _ in 0..<runs {
            let (creation, handle) = try timed { try Program.create(launch.image, launch.format, launch.isa) }
            pvm_program_release(handle)
            creations.append(creation)

            let machine = try launch.machine()
            try machine.choose(configuration)
            used = machine.configuration
            let (run, exit) = timed { pvm_run(machine.vm, launch.entry) }
            guard exit == PVM_EXIT_HALT else {
                throw ToolError.failed("\(launch.path): a run ended with \(String(cString: pvm_exit_name(exit))) at pc \(machine.pc)")
            }
            guard gasUsed == nil || gasUsed == machine.gasUsed else {
                throw ToolError.failed("\(launch.path): one run used \(gasUsed!) gas, another \(machine.gasUsed)")
            }
            gasUsed = machine.gasUsed
            seconds.append(run)
        }
        let life = try median((0..<lives).map { _ in try timed { _ = try launch.machine() }.seconds })

        let instructions = launch.program.instructionCount
        let perInstruction = creations.min()! * 1e9 / Double(max(1, instructions))
        if arguments.has("--json") {
            var line = JSONLine()
            line.add("instructions", UInt64(instructions))
            line.add("compile_ns_per_instruction", perInstruction)
            line.add("runs", UInt64(runs))
            line.add("seconds_min", seconds.min()!)
            line.add("seconds_median", median(seconds))
            line.add("gas_used", gasUsed)
            line.add("create_destroy_ns", life * 1e9)
            line.add("engine", used.engineName)
            line.add("memory", used.memoryName)
            console.print(line.text)
        } else {
            console.write(table([
                ("instructions", String(instructions)), ("compile ns per instruction", String(format: "%.1f", perInstruction)),
                ("runs", "\(runs) (\(used.name))"), ("seconds, least", secondsText(seconds.min()!, digits: 9)),
                ("seconds, median", secondsText(median(seconds), digits: 9)), ("gas used", String(gasUsed!)),
                ("VM create and destroy, ns", String(format: "%.0f", life * 1e9)),
            ]))
        }
        return 0
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
