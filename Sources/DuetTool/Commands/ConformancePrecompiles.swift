import EVMPrecompiles

extension Command {
    static let conformancePrecompiles = Command(
        path: ["conformance", "precompiles"], operands: "PATH…", operandCount: 1...Int.max,
        summary: "Checks the precompiled contracts against test vectors: JSON files, or folders of them.",
        details: """
            A file's name says which precompile it is for, as ecRecover.json; fail-ecRecover.json has inputs that must be refused.
            A case passes if the call gives the result, costs exactly the gas and does not go through with one unit less.
            Prints every failure and, as the last line, 'N passed, N failed'. The exit status is 1 if any case failed or none was
            found.
            """,
        options: [Option("--filter", "TEXT", "only cases whose file or name contains it")],
        body: ConformancePrecompilesCommand.run)
}

enum ConformancePrecompilesCommand {
    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let filter = arguments.value("--filter")
        let files = try arguments.operands.flatMap { path throws(ToolError) in try ConformanceCommand.vectorFiles(path) }
        var passed = 0, failed = 0
        for file in files {
            let cases: [PrecompileVector]
            do throws(ToolError) {
                cases = try inFile(file) { () throws(ToolError) in try PrecompileVector.cases(file) }
            } catch {
                console.print(error.text)
                failed += 1
                continue
            }
            for vector in cases where filter.map({ "\(file): \(vector.name)".contains($0) }) ?? true {
                let failures = vector.failures()
                for failure in failures { console.print("\(file): \(vector.name): \(failure)") }
                if failures.isEmpty { passed += 1 } else { failed += 1 }
            }
        }
        guard passed + failed > 0 else { throw ToolError.failed("no test vectors in \(arguments.operands.joined(separator: ", "))") }
        console.print("\(passed) passed, \(failed) failed")
        return failed == 0 ? 0 : 1
    }
}
