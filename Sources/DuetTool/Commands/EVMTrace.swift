import CPVM
import EVM
import EVMRules
import VMCommon

extension Command.Option {
    static let traceFormat = Command.Option("--format", "json|text|html", "EIP-3155 lines, lines for people (default), or a page")
    static let traceOutput = Command.Option("-o", "FILE", "where it goes (default: standard output)")
    static let traceOpcodes = Command.Option("--opcodes", "NAMES", "only these instructions, separated by commas; not for html")
    static let tracePC = Command.Option("--pc", "A-B", "only instructions at these offsets; not for html")
    static let traceSteps = Command.Option("--steps", "N", "html: how many steps the page has at most (default \(TraceForm.pageSteps))")
    static let traceFaults = Command.Option("--faults", nil, "only instructions that failed; not for html")
}

/// The form that a trace takes.
enum TraceForm {
    case json, text, html

    static let pageSteps: UInt64 = 5_000_000

    /// From the option --steps.
    static func limit(_ arguments: Arguments) throws(ToolError) -> Int {
        Int(try arguments.number("--steps", default: pageSteps, in: 1...50_000_000))
    }

    static func tellCut(_ limit: Int, _ console: Console) {
        console.report("duet: there are more steps than the page has; it has the first \(limit) (--steps)")
    }

    static let names: [(String, TraceForm)] = [("json", .json), ("text", .text), ("html", .html)]
}

extension Command {
    static let evmTrace = Command(
        path: ["evm", "trace"], operands: "[CODE|@FILE]", operandCount: 0...1,
        summary: "Runs EVM code and shows each instruction: as lines, or as a page to step through.",
        details: """
            The code runs as with 'duet evm run'. With --state-test a case of a state test runs in its place: the first that --fork, --filter
            and --index leave. A page is one HTML file that needs no network. The exit status is 0 whenever a run took place.
            """,
        options: EVMCall.options + [
            Option("--state-test", "FILE", "a state test instead of code"), Option("--fork", "NAME", "only this fork's cases"),
            Option("--filter", "TEXT", "only tests whose names contain this"), Option("--index", "N", "the case of that number, from 0, of those that are left"),
            .traceFormat, .traceOutput,
            Option("--stack", "N", "words of the stack on a line, from the top (default: all in json, 4 in text, at most 32 there)"),
            .traceOpcodes, Option("--depth", "A-B", "only calls at these depths, 0 the outermost; not for html"), .tracePC, .traceFaults, .traceSteps,
        ],
        body: { arguments, console in
            try EVMTraceCommand(arguments, console).run()
            return 0
        })
}

private struct EVMTraceCommand {
    private let arguments: Arguments
    private let console: Console
    private let form: TraceForm
    private let filter: TraceFilter
    private let shownWords: Int?

    init(_ arguments: Arguments, _ console: Console) throws(ToolError) {
        self.arguments = arguments
        self.console = console
        form = try arguments.choice("--format", TraceForm.names, default: .text)
        filter = try TraceFilter(arguments, names: EVMEffect.octets)
        let limit: UInt64 = form == .text ? 32 : 1024
        shownWords = arguments.has("--stack") ? Int(try arguments.number("--stack", default: 0, in: 0...limit)) : nil
        if form == .html, !filter.isEverything || shownWords != nil { throw .usage("a page has everything: it takes no filter and no --stack") }
        if form != .html, arguments.has("--steps") { throw .usage("--steps goes with --format html") }
        let hasCode = !arguments.operands.isEmpty || arguments.has("--code") || arguments.has("--prestate")
        if arguments.has("--state-test") == hasCode { throw .usage("either CODE or --state-test is wanted") }
        for option in ["--fork", "--filter", "--index"] where arguments.has(option) && !arguments.has("--state-test") {
            throw .usage("\(option) goes with --state-test")
        }
        for option in EVMCall.options.map(\.name) where arguments.has(option) && arguments.has("--state-test") {
            throw .usage("\(option) does not go with --state-test")
        }
    }

    func run() throws(ToolError) {
        if let path = arguments.value("--state-test") { return try runStateTest(path) }
        let call = try EVMCall(arguments)
        try trace(call.host.vm, call.host.revision, call.title) { vm in
            call.host.vm = vm
            var result = call.run()
            result.release?(&result)
        }
    }

    private func runStateTest(_ path: String) throws(ToolError) {
        let fork = try arguments.fork("--fork")
        let wanted = Int(try arguments.number("--index", default: 0, in: 0...1_000_000_000))
        let vm = try EthereumVM(path: nil)
        var seen = 0
        var chosen: (test: StateTest, fork: String, revision: evmc_revision, expected: StateTest.Case)?
        var mistake: ToolError?
        try StateTest.forEach(in: path) { _, result in
            guard case .success(let test) = result else {
                if case .failure(let error) = result { mistake = mistake ?? error }
                return
            }
            if let filter = arguments.value("--filter"), !test.name.contains(filter) { return }
            for (name, cases) in test.post {
                guard let caseFork = NamedFork.named(name), fork == nil || fork == caseFork else { continue }
                for expected in cases {
                    if seen == wanted { chosen = (test, name, caseFork.revision, expected) }
                    seen += 1
                }
            }
        }
        guard let (test, name, revision, expected) = chosen else {
            if let mistake { throw mistake }
            throw .failed("\(path): \(seen == 0 ? "no case is left" : "only \(seen) cases are left")")
        }
        var outcome = StateTestRunner.Outcome()
        try trace(vm.vm, revision, "\(test.name), \(name)") { proxy in
            outcome = StateTestRunner(EthereumVM(proxy)).run(test, name, expected)
        }
        if let rejection = outcome.rejection { console.report("duet: the transaction is refused: \(rejection)") }
        for failure in outcome.failures { console.report("duet: not as the test wants it: \(failure)") }
    }

    /// Lets `body` execute with a VM that is traced.
    private func trace(_ library: UnsafeMutablePointer<evmc_vm>, _ revision: evmc_revision, _ title: String,
                       _ body: (UnsafeMutablePointer<evmc_vm>) -> Void) throws(ToolError) {
        guard let fork = Fork(revision) else { throw .failed("an unknown fork") }
        let output = try TraceOutput(arguments.value("-o"), console)
        let recorder: EVMRecorder
        switch form {
        case .json:
            try EVMLines(output, filter, shownWords: shownWords).trace(library) { () throws(ToolError) in try LargeStack.run { body(library) } }
        case .text:
            recorder = try EVMRecorder(library, EVMTextLines(output, fork, filter), stackWords: shownWords ?? 4, memory: false, filter: filter)
            try LargeStack.run { body(recorder.vm) }
        case .html:
            let limit = try TraceForm.limit(arguments), page = EVMPage(fork, limit: limit)
            recorder = try EVMRecorder(library, page, stackWords: 1, memory: true)
            try LargeStack.run { body(recorder.vm) }
            output.text += page.page(title).html
            if page.isCut { TraceForm.tellCut(limit, console) }
        }
        try output.close()
    }
}
