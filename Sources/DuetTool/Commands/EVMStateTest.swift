import EVMRules
import CPVM

extension Command {
    static let evmStateTest = Command(
        path: ["evm", "statetest"], operands: "[PATH…]", operandCount: 0...Int.max,
        summary: "Executes state tests, from files or folders of them, and prints what came of each case.",
        details: """
            Prints a JSON array with an object for each case: name, fork, pass, stateRoot and, if it did not pass, error. A file or a test
            that cannot be read has an object of its own, with the reason as its error. Without PATH, names of files or folders are read
            from standard input, one a line, and an array is printed for each. With --json the trace of each case goes to stderr in the
            form of EIP-3155 (unless --vm is another library), then a line with its state root. The exit status is 1 if a case did not
            pass or something could not be read.
            """,
        options: [
            Option("--json", nil, "traces to stderr"),
            .fork,
            Option("--filter", "TEXT", "only tests whose names contain this"),
            .vm,
        ],
        body: { arguments, console in
            let command = try StateTestCommand(arguments, console)
            if !arguments.operands.isEmpty {
                command.run(arguments.operands)
            } else {
                while let path = console.readLine() { if !path.isEmpty { command.run([path]) } }
            }
            return command.isGood ? 0 : 1
        })
}

private final class StateTestCommand {
    private let console: Console
    private let vm: EthereumVM
    private let runner: StateTestRunner
    private let fork: NamedFork?
    private let filter: String?
    private let hasTraces: Bool
    private var objects: [String] = []
    /// Unknown names of exceptions that were reported.
    private var told: Set<String> = []
    private(set) var isGood = true

    init(_ arguments: Arguments, _ console: Console) throws(ToolError) {
        self.console = console
        vm = try EthereumVM(path: arguments.value("--vm"))
        runner = StateTestRunner(vm)
        fork = try arguments.fork("--fork")
        filter = arguments.value("--filter")
        hasTraces = arguments.has("--json")
        if hasTraces { _ = vm.vm.pointee.set_option?(vm.vm, "trace", "true") }
    }

    /// Prints an array with what came of all of `paths`.
    func run(_ paths: [String]) {
        objects = []
        for path in paths {
            do throws(ToolError) {
                let files = try ConformanceCommand.vectorFiles(path)
                if files.isEmpty { throw .failed("\(path): there are no state tests") }
                for file in files { run(file: file) }
            } catch {
                add(name: path, error)
            }
        }
        console.print(objects.isEmpty ? "[]" : "[\n  \(objects.joined(separator: ",\n  "))\n]")
    }

    private func run(file: String) {
        defer { runner.forget() }
        do throws(ToolError) {
            var isEmpty = true
            try StateTest.forEach(in: file) { name, result in
                isEmpty = false
                if let filter, !name.contains(filter) { return }
                switch result {
                case .success(let test): run(test)
                case .failure(let error): add(name: name, error)
                }
            }
            if isEmpty { throw .failed("\(file): there are no state tests") }
        } catch {
            add(name: file, error)
        }
    }

    private func run(_ test: StateTest) {
        if test.post.isEmpty { add(name: test.name, .failed("post: there are no cases")) }
        for (name, cases) in test.post where cases.isEmpty { add(name: test.name, .failed("post.\(name): there are no cases")) }
        for (name, cases) in test.post where fork == nil || NamedFork.named(name) == fork {
            for expected in cases {
                let outcome = runner.run(test, name, expected)
                if hasTraces, let root = outcome.root { console.report("{\"stateRoot\": \"\(root.hex)\"}") }
                add(name: test.name, stateRoot: outcome.root?.hex, fork: name, outcome.failures)
                for name in runner.unknownExceptions.subtracting(told).sorted() {
                    console.report("duet: " + TransactionException.unknownName(name))
                    told.insert(name)
                }
            }
        }
    }

    private func add(name: String, _ error: ToolError) { add(name: name, stateRoot: nil, fork: nil, [error.text]) }

    private func add(name: String, stateRoot: String?, fork: String?, _ failures: [String]) {
        var line = JSONLine()
        line.add("name", name)
        line.add("pass", .flag(failures.isEmpty))
        if let stateRoot { line.add("stateRoot", stateRoot) }
        if let fork { line.add("fork", fork) }
        if !failures.isEmpty { line.add("error", failures.joined(separator: "; ")) }
        isGood = isGood && failures.isEmpty
        objects.append(line.text)
    }
}
