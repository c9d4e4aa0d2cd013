import CPVM
import Foundation
import PVM

extension Command {
    static let replay = Command(
        path: ["pvm", "replay"], operands: "PATH…", operandCount: 1...Int.max,
        summary: "Replays ecalli traces (JIP-7) of any client, and shows where the guest does something else.",
        details: """
            A trace has the program, its memory and every answer of its host. Each ecalli is compared: number, pc, gas, registers, what the
            host read; and how the run ends. A file may have several traces, among other lines; of a folder all files are taken. The first
            difference is shown with the instructions before it. The last line is 'N passed, N failed', of traces; the exit status is 1 if
            any failed or none was found. With '--host' the answers are not the trace's but that host's, and what it does is compared too.
            """,
        options: [
            Option("--isa", "gp072|gp080", "instruction set of traces that do not say it (default gp072)"), .host, .engine, .memory,
            Option("--before", "N", "instructions to show before a difference (default 10)"),
            Option("--json", nil, "a JSON object for each trace"),
        ],
        body: ReplayCommand.run)
}

enum ReplayCommand {
    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let isa = try arguments.choice("--isa", ISA.names, default: .gp072)
        let configuration = try Configuration(arguments)
        let state = try JamState(arguments)
        let before = try Int(arguments.number("--before", default: 10, in: 0...10_000))
        var passed = 0, failed = 0
        let files = arguments.operands.flatMap { path in
            do throws(ToolError) { return try traceFiles(path) } catch {
                // The others are replayed all the same.
                console.report("duet: \(error.text)")
                failed += 1
                return []
            }
        }
        for file in files {
            let results: [ReplayResult]
            do throws(ToolError) {
                let text = try readFile(file)
                results = if let state {
                    try HostedReplay(isa, configuration, state).results(text)
                } else {
                    try ReplayText(text, isa, configuration, before).results()
                }
            } catch {
                results = [ReplayResult(failure: error.text)]
            }
            for (index, result) in results.enumerated() {
                if result.hasPassed { passed += 1 } else { failed += 1 }
                if arguments.has("--json") {
                    console.print(result.json(file, index + 1))
                } else if !result.hasPassed {
                    console.write(result.text(file))
                }
            }
        }
        console.print("\(passed) passed, \(failed) failed")
        return failed == 0 && passed > 0 ? 0 : 1
    }

    /// A file, or all files below a folder.
    private static func traceFiles(_ path: String) throws(ToolError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw .failed("\(path): no such file") }
        guard isFolder.boolValue else { return [path] }
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        let paths = names.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
        return paths.filter { FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue }
    }
}
