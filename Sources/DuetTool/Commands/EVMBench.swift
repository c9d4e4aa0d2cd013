import CPVM
import EVMRules
import Foundation
import VMCommon

extension Command {
    static let evmBench = Command(
        path: ["evm", "bench"], operands: "FILE…", operandCount: 1...Int.max,
        summary: "Measures calls of contracts, from state-test files as ipsilon/evm-benchmarks has them.",
        details: """
            Each entry of a transaction's data is a case; its name is the test's and its label. Every run calls the contract in the state that
            the file describes, with all of the transaction's gas, must succeed, and must use the same gas. The time is that of the call with the
            analysis of the code, whose cache is off. JSON keys, one object a line: case, us_min, us_median, gas_used. A file that cannot be run is
            named on standard error, and the exit status is 1 then; the others are measured all the same.
            """,
        options: [
            .mode, Option("--runs", "K", "how many runs of each case (default \(EVMBenchCommand.defaultRuns))"),
            Option("--rev", "NAME", "the fork (default: the newest that the file has results for, else \(NamedFork.latest.name))"), .json,
        ],
        body: EVMBenchCommand.run)
}

enum EVMBenchCommand {
    static let defaultRuns: UInt64 = 21

    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let runs = try Int(arguments.number("--runs", default: defaultRuns, in: 1...1_000_000))
        let revision = try arguments.fork("--rev")?.revision
        let host = try MemoryHost(NamedFork.latest.revision)
        if let mode = arguments.value("--mode") { try host.set("mode", mode) }
        try host.set("cache_bytes", "0")

        var rows: [(String, String)] = []
        var failed = false
        for file in arguments.operands {
            do throws(ToolError) {
                for benchmark in try Benchmark.read(file) {
                    host.revision = revision ?? benchmark.revision ?? NamedFork.latest.revision
                    for index in benchmark.data.indices {
                        let figures = try inFile(file) { () throws(ToolError) in try measure(benchmark, index, host, runs) }
                        let (least, median) = (figures.seconds.min()! * 1e6, BenchCommand.median(figures.seconds) * 1e6)
                        let name = benchmark.caseName(index)
                        if arguments.has("--json") {
                            var line = JSONLine()
                            line.add("case", name)
                            line.add("us_min", least)
                            line.add("us_median", median)
                            line.add("gas_used", .integer(figures.gasUsed))
                            console.print(line.text)
                        } else {
                            rows.append((name, String(format: "%.1f µs, median %.1f µs, gas %d", least, median, figures.gasUsed)))
                        }
                    }
                }
            } catch {
                // The other files have their figures all the same.
                console.report("duet: \(error.text)")
                failed = true
            }
        }
        if !arguments.has("--json") { console.write(table(rows)) }
        return failed ? 1 : 0
    }

    private static func measure(_ benchmark: Benchmark, _ index: Int, _ host: MemoryHost, _ runs: Int) throws(ToolError)
        -> (seconds: [Double], gasUsed: Int64) {
        let name = benchmark.caseName(index)
        guard let code = benchmark.world.accounts[benchmark.recipient]?.code else {
            throw .failed("\(name): no contract at \(benchmark.to)")
        }
        host.context = benchmark.context
        var message = benchmark.message
        var seconds: [Double] = []
        var gasUsed: Int64?
        for _ in 0..<runs {
            host.world = benchmark.world
            let (time, status, used) = benchmark.data[index].withUnsafeBufferPointer { input in
                code.withUnsafeBufferPointer { code in
                    message.input_data = input.baseAddress
                    message.input_size = input.count
                    var (time, result) = timed { host.execute(message, code) }
                    result.release?(&result)
                    return (time, result.status_code, message.gas - result.gas_left)
                }
            }
            guard status == EVMC_SUCCESS else { throw .failed("\(name): a run ended with \(DuetTool.name(of: status))") }
            guard gasUsed == nil || gasUsed == used else { throw .failed("\(name): one run used \(gasUsed!) gas, another \(used)") }
            gasUsed = used
            seconds.append(time)
        }
        return (seconds, gasUsed!)
    }
}
