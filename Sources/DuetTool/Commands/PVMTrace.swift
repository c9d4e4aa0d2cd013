import CPVM
import PVM

extension Command {
    static let trace = Command(
        path: ["pvm", "trace"], operands: "IMAGE", operandCount: 1...1,
        summary: "Runs a program and shows each instruction: as lines, or as a page to step through.",
        details: """
            The program runs as with 'duet pvm run'. A line of JSON has pc, op, gas, gasCost, regs (before the instruction), opName, read or
            write, and exit where the instruction ended the run; a host call that '--host jam' serves is a line of its own, with the name of the
            call, hostCall, reads and writes. A page is one HTML file that needs no network. The exit status is 0 whenever
            a run took place.
            """,
        options: Launch.options + [
            Option("--format", "json|text|html", "JSON lines, lines for people (default), or a page"), .host, .traceOutput,
            .traceOpcodes, .tracePC, .traceFaults, .traceSteps,
        ],
        body: PVMTraceCommand.run)
}

enum PVMTraceCommand {
    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let form = try arguments.choice("--format", TraceForm.names, default: .text)
        let launch = try Launch(arguments)
        let code = try inFile(launch.path) { () throws(ToolError) in try PVMCode(launch.image, launch.program.format, launch.isa) }
        let filter = try TraceFilter(arguments, names: code.octets)
        if form == .html, !filter.isEverything { throw ToolError.usage("a page has everything: it takes no filter") }
        if form != .html, arguments.has("--steps") { throw ToolError.usage("--steps goes with --format html") }
        let machine = try launch.machine(), host = try JamHost(arguments, launch.isa, console)

        let output = try TraceOutput(arguments.value("-o"), console)
        switch form {
        case .json: _ = try PVMRecorder(machine, code, PVMLines(output, code, filter), host).run(launch.entry)
        case .text: _ = try PVMRecorder(machine, code, PVMTextLines(output, code, filter), host).run(launch.entry)
        case .html:
            let limit = try TraceForm.limit(arguments), page = PVMPage(code, machine, limit: limit)
            _ = try PVMRecorder(machine, code, page, host).run(launch.entry)
            let title = launch.path.split(separator: "/").last.map(String.init) ?? launch.path
            output.text += page.page(title, try launch.machine()).html
            if page.isCut { TraceForm.tellCut(limit, console) }
        }
        try output.close()
        return 0
    }
}
