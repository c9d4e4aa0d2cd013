import CPVM
import Foundation

extension Command {
    static let evmStateTest = Command(
        path: ["evm", "statetest"], operands: "FILE…", operandCount: 1...Int.max,
        summary: "Executes state-test files and prints what came of each case.",
        details: """
            Prints a JSON array with an object for each case: name, fork, pass, stateRoot and, if it did not pass, error. With --json the
            trace of each case goes to stderr in the form of EIP-3155 (unless --vm is another library), then a line with its state root.
            The exit status is 1 if a case did not pass.
            """,
        options: [
            Option("--json", nil, "traces to stderr"),
            .fork,
            Option("--filter", "TEXT", "only tests whose names contain this"),
            .vm,
        ],
        body: { arguments, console in
            let vm = try EthereumVM(path: arguments.value("--vm"))
            let runner = StateTestRunner(vm)
            let fork = arguments.value("--fork").flatMap { ForkName.revision($0) }
            if arguments.has("--fork"), fork == nil { throw ToolError.usage("--fork: no such fork") }
            if arguments.has("--json") { _ = vm.vm.pointee.set_option?(vm.vm, "trace", "true") }
            var objects: [String] = []
            var isGood = true
            for file in arguments.operands {
                let document = try JSONDocument(file: file)
                defer { runner.forget() }
                for (key, value) in document.root.members {
                    let test = try StateTest(name: key.string, value)
                    if let filter = arguments.value("--filter"), !test.name.contains(filter) { continue }
                    for (name, cases) in test.post where fork == nil || ForkName.revision(name) == fork {
                        for expected in cases {
                            let outcome = runner.run(test, name, expected)
                            if arguments.has("--json") { console.report("{\"stateRoot\": \"\(outcome.root.hex)\"}") }
                            var line = JSONLine()
                            line.add("name", test.name)
                            line.add("pass", .flag(outcome.failures.isEmpty))
                            line.add("stateRoot", outcome.root.hex)
                            line.add("fork", name)
                            if !outcome.failures.isEmpty { line.add("error", outcome.failures.joined(separator: "; ")) }
                            isGood = isGood && outcome.failures.isEmpty
                            objects.append(line.text)
                        }
                    }
                }
            }
            console.print(objects.isEmpty ? "[]" : "[\n  \(objects.joined(separator: ",\n  "))\n]")
            return isGood ? 0 : 1
        })
}
