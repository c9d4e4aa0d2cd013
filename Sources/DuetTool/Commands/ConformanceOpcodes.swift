import CPVM
import EVM
import EVMRules
import Foundation
import VMCommon

extension Command {
    static let conformanceOpcodes = Command(
        path: ["conformance", "opcodes"], operands: "PATH…", operandCount: 1...Int.max,
        summary: "Checks instructions of two operands against go-ethereum's vectors: files testcases_NAME.json, or folders of them.",
        details: """
            Each case runs on every fork that has the instruction. Prints every failure and, as the last line, 'N passed, N failed'. The exit
            status is 1 if any case failed or none was found.
            """,
        options: [.mode],
        body: OpcodeConformance.run)
}

enum OpcodeConformance {
    /// A case of a file: the top of the stack is Y, X lies below.
    struct Case {
        let x, y, expected: [UInt8]

        init(_ json: JSONValue) throws(ValueError) {
            x = try json.required("X", Values.hash).octets
            y = try json.required("Y", Values.hash).octets
            expected = try json.required("Expected", Values.hash).octets
        }
    }

    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let files = try arguments.operands.flatMap { path throws(ToolError) in try ConformanceCommand.vectorFiles(path) }
        guard !files.isEmpty else { throw ToolError.failed("no test vectors in \(arguments.operands.joined(separator: ", "))") }
        let hosts = try NamedFork.distinct.map { fork throws(ToolError) in
            let host = try MemoryHost(fork.revision)
            if let mode = arguments.value("--mode") { try host.set("mode", mode) }
            return (name: fork.name, host: host)
        }
        var passed = 0, failed = 0
        for file in files {
            let (row, vectors): (ISARow, [Case])
            do throws(ToolError) {
                guard let found = instruction(file) else { throw .failed("\(file): named after no instruction of two operands") }
                (row, vectors) = (found, try cases(file))
            } catch {
                console.print(error.text)
                failed += 1
                continue
            }
            let hosts = hosts.filter { $0.host.revision.rawValue >= UInt32(row.since.rawValue) }
            for (index, vector) in vectors.enumerated() {
                let failures = hosts.compactMap { host in failure(vector, row, host.host).map { "\(file): case \(index) on \(host.name): \($0)" } }
                for text in failures { console.print(text) }
                if failures.isEmpty { passed += 1 } else { failed += 1 }
            }
        }
        console.print("\(passed) passed, \(failed) failed")
        return failed == 0 && passed > 0 ? 0 : 1
    }

    /// The row of the instruction that a file is named after.
    static func instruction(_ file: String) -> ISARow? {
        let stem = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        guard let word = stem.split(separator: "_").last?.uppercased() else { return nil }
        let name = word == "SIGNEXT" ? "SIGNEXTEND" : word
        return isaTable.indices.lazy.map { isaTable[$0] }.first { "\($0.name)" == name && $0.stackIn == 2 && $0.stackOut == 1 }
    }

    private static func cases(_ file: String) throws(ToolError) -> [Case] {
        let document = try JSONDocument(file: file)
        return try inPlace(file) { () throws(ValueError) in try document.withRoot(Values.list(of: Case.init)) }
    }

    /// What is wrong, nil if nothing is.
    private static func failure(_ vector: Case, _ row: ISARow, _ host: MemoryHost) -> String? {
        let push32: UInt8 = 0x7f
        // PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN
        let code = [push32] + vector.x + [push32] + vector.y + [row.opcode.rawValue] + [0x60, 0, 0x52, 0x60, 32, 0x60, 0, 0xf3]
        var message = evmc_message()
        message.gas = 100_000
        var result = code.withUnsafeBufferPointer { host.execute(message, $0) }
        defer { result.release?(&result) }
        let output = Array(UnsafeBufferPointer(start: result.output_data, count: result.output_size))
        if result.status_code != EVMC_SUCCESS { return name(of: result.status_code) }
        return output == vector.expected ? nil : "\(row.name) gives \(hexText(output)), not \(hexText(vector.expected))"
    }
}
