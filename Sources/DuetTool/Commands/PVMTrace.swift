import CPVM
import PVM

extension Command {
    static let trace = Command(
        path: ["pvm", "trace"], operands: "IMAGE", operandCount: 1...1,
        summary: "Runs a program and shows each instruction: as lines, or as a page to step through.",
        details: """
            The program runs as with 'duet pvm run'. A line of JSON has pc, op, gas, gasCost, regs (before the instruction), opName, read or
            write, and exit where the instruction ended the run. A page is one HTML file that needs no network. The exit status is 0 whenever
            a run took place.
            """,
        options: [
            .imageFormat, .isa, .entry, .arguments, .gas, Option("--format", "json|text|html", "JSON lines, lines for people (default), or a page"),
            .traceOutput, .traceOpcodes, .tracePC, .traceFaults, .traceSteps,
        ],
        body: PVMTraceCommand.run)
}

extension Command.Option {
    static let imageFormat = Command.Option("--image", "auto|standard|blob|service", "what the image is (default auto: the first that fits)")
}

enum PVMTraceCommand {
    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let form = try arguments.choice("--format", TraceForm.names, default: .text)
        let format = try arguments.choice("--image", formatNames, default: PVM_FORMAT_AUTO)
        let isa = try arguments.choice("--isa", ISA.names, default: .gp072)
        let entry = try UInt32(arguments.number("--entry", default: 0, in: 0...UInt64(UInt32.max)))
        let gas = try arguments.number("--gas", default: defaultGas)
        let octets = try arguments.octets("--args")
        let path = arguments.operands[0]
        let image = try readFile(path)
        let program = try inFile(path) { () throws(ToolError) in try Program(image, format: format, isa: isa) }
        let code = try inFile(path) { () throws(ToolError) in try PVMCode(image, program.format, isa) }
        let filter = try TraceFilter(arguments, names: code.octets)
        if form == .html, !filter.isEverything { throw ToolError.usage("a page has everything: it takes no filter") }
        if form != .html, arguments.has("--steps") { throw ToolError.usage("--steps goes with --format html") }
        let machine = try Machine(program, arguments: octets, gas: gas)

        let output = try TraceOutput(arguments.value("-o"), console)
        switch form {
        case .json: _ = try PVMRecorder(machine, code, PVMLines(output, code, filter)).run(entry)
        case .text: _ = try PVMRecorder(machine, code, PVMTextLines(output, code, filter)).run(entry)
        case .html:
            let limit = try TraceForm.limit(arguments), page = PVMPage(code, machine, limit: limit)
            _ = try PVMRecorder(machine, code, page).run(entry)
            let title = path.split(separator: "/").last.map(String.init) ?? path
            output.text += page.page(title, try Machine(program, arguments: octets, gas: gas)).html
            if page.isCut { TraceForm.tellCut(limit, console) }
        }
        try output.close()
        return 0
    }
}
