import CPVM
import Foundation
import PVM

extension Command {
    static let conformance = Command(
        path: ["conformance", "pvm"], operands: "PATH…", operandCount: 1...Int.max,
        summary: "Checks the PVM against test vectors: JSON files, or folders of them.",
        details: """
            Prints every failure and, as the last line, 'N passed, N failed'. The exit status is 1 if any case failed or none was
            found. With 'all' a case passes if it does in every combination that this build has.
            """,
        options: [
            .isa, Option("--engine", "interpreter|recompiler|auto|all", "what runs the code (default auto)"),
            Option("--memory", "checked|guarded|auto|all", "how memory is accessed (default auto)"),
        ],
        body: ConformanceCommand.run)
}

enum ConformanceCommand {
    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let isa = try arguments.choice("--isa", ISA.names, default: .gp072)
        let runner = VectorRunner(isa: isa, configurations: try configurations(arguments, isa))
        if [arguments.value("--engine"), arguments.value("--memory")].contains("all") {
            console.report("engine and memory: " + runner.configurations.map { $0.name }.joined(separator: "; "))
        }
        let files = try arguments.operands.flatMap { path throws(ToolError) in try vectorFiles(path) }
        guard !files.isEmpty else { throw ToolError.failed("no test vectors in \(arguments.operands.joined(separator: ", "))") }

        var failed = 0
        for file in files {
            let failures: [String]
            do throws(ToolError) {
                failures = runner.failures(of: try vector(file, isa))
            } catch {
                failures = [error.text]
            }
            for failure in failures { console.print("\(file): \(failure)") }
            if !failures.isEmpty { failed += 1 }
        }
        console.print("\(files.count - failed) passed, \(failed) failed")
        return failed == 0 ? 0 : 1
    }

    /// A file, or the JSON files below a folder that are not hidden.
    static func vectorFiles(_ path: String) throws(ToolError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw .failed("\(path): no such file") }
        guard isFolder.boolValue else { return [path] }
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        // What is hidden is not meant: sets have indexes of their files there.
        let visible = names.filter { !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
        return visible.filter { $0.hasSuffix(".json") }.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
    }

    static func vector(_ file: String, _ isa: ISA) throws(ToolError) -> Vector {
        let data = Data(try readFile(file))
        do {
            let schema = try JSONDecoder().decode(Schema.self, from: data)
            if schema.hasSteps { return try JSONDecoder().decode(StepVector.self, from: data).vector }
            return try JSONDecoder().decode(W3FVector.self, from: data).vector(isa)
        } catch let error as ToolError {
            throw error
        } catch {
            throw .failed("no test vector: \(reason(error))")
        }
    }

    private struct Schema: Decodable {
        let hasSteps: Bool

        enum CodingKeys: String, CodingKey { case steps }

        init(from decoder: any Decoder) throws { hasSteps = try decoder.container(keyedBy: CodingKeys.self).contains(.steps) }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.dataCorrupted(let context), DecodingError.keyNotFound(_, let context),
             DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            (context.codingPath.map { $0.stringValue } + [context.debugDescription]).joined(separator: ": ")
        default: "\(error)"
        }
    }

    // MARK: Engines

    private static func configurations(_ arguments: Arguments, _ isa: ISA) throws -> [Configuration] {
        let all = (arguments.value("--engine") == "all", arguments.value("--memory") == "all")
        let engines = all.0 ? [PVM_ENGINE_INTERPRETER, PVM_ENGINE_RECOMPILER]
            : [try arguments.choice("--engine", Configuration.engines, default: PVM_ENGINE_AUTO)]
        let memories = all.1 ? [PVM_MEMORY_CHECKED, PVM_MEMORY_GUARDED]
            : [try arguments.choice("--memory", Configuration.memories, default: PVM_MEMORY_AUTO)]
        // A single trap: enough to ask what this build has.
        let probe = try Program([0, 0, 1, 0, 1], format: PVM_FORMAT_BLOB, isa: isa)
        var configurations: [Configuration] = []
        var refusal: ToolError?
        for engine in engines {
            for memory in memories {
                do throws(ToolError) {
                    let machine = try Machine(probe, gas: 0)
                    try machine.choose(Configuration(engine: engine, memory: memory))
                    configurations.append(machine.configuration)
                } catch {
                    refusal = error
                }
            }
        }
        if configurations.isEmpty { throw refusal! }
        return configurations
    }
}
