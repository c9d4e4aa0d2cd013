import CPVM
import EVMRules
import VMCommon

extension Command.Option {
    static let revision = Command.Option("--rev", "NAME", "the fork: \(NamedFork.all.map(\.name).joined(separator: ", ")), in any case (default \(NamedFork.latest.name))")
    static let mode = Command.Option("--mode", "M", "how code is executed: interpreter or auto (default auto)")
}

extension Command {
    static let evmRun = Command(
        path: ["evm", "run"], operands: "[CODE|@FILE]", operandCount: 0...1,
        summary: "Runs EVM code, given in hexadecimal or in a file of hexadecimal or raw octets.",
        details: """
            The code runs as a contract that is called by an account with 10^18 wei, or the value if that is more; storage and the contracts that
            it creates are kept in memory during the run. With --prestate the accounts are those of the file, and without CODE it is the receiver's
            code that runs. All of --gas is the code's: nothing is taken for a transaction. The exit status is 0 whenever a run took place. JSON keys:
            status, gas_left, gas_refund, output, logs (address, topics, data), seconds; with --dump alloc.
            """,
        options: EVMCall.options + [
            .mode, Option("--trace", nil, "a line per instruction on standard error (EIP-3155)"),
            Option("--dump", nil, "the accounts after the run too, as JSON that --prestate takes"), .json,
        ],
        body: EVMRunCommand.run)
}

enum EVMRunCommand {
    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let call = try EVMCall(arguments)
        if let mode = arguments.value("--mode") { try call.host.set("mode", mode) }
        if arguments.has("--trace") { call.host.trace(to: console) }
        var (seconds, result) = timed { call.run() }
        let outcome = EVMOutcome(result, call.host.world.logs, seconds)
        result.release?(&result)
        let alloc = arguments.has("--dump") ? call.host.world.alloc : nil
        if arguments.has("--json") {
            var line = outcome.json
            if let alloc { line.add("alloc", .object(alloc)) }
            console.print(line.text)
        } else {
            console.write(outcome.text)
            if let alloc { console.print(alloc.lines) }
        }
        return 0
    }

    /// Octets in hexadecimal, or "@" and the name of a file that holds such, or raw octets.
    static func codeOperand(_ text: String) throws(ToolError) -> [UInt8] {
        if !text.hasPrefix("@") {
            guard let code = hexCode(text.utf8) else { throw .usage("'\(text)' is no code in hexadecimal; '@FILE' names a file") }
            return code
        }
        let octets = try readFile(String(text.dropFirst()))
        return hexCode(octets) ?? octets
    }

    private static func hexCode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        let blanks = Set("\n\r\t ".utf8)
        let digits = text.filter { !blanks.contains($0) }
        return hexOctets(digits.starts(with: "0x".utf8) ? digits.dropFirst(2) : digits[...])
    }
}

/// How a call ended.
struct EVMOutcome {
    let status: evmc_status_code
    let gasLeft, gasRefund: Int64
    let output: [UInt8]
    let logs: [World.Log]
    let seconds: Double

    init(_ result: evmc_result, _ logs: [World.Log], _ seconds: Double) {
        status = result.status_code
        gasLeft = result.gas_left
        gasRefund = result.gas_refund
        output = Array(UnsafeBufferPointer(start: result.output_data, count: result.output_size))
        self.logs = logs
        self.seconds = seconds
    }

    var json: JSONLine {
        var line = JSONLine()
        line.add("status", name(of: status))
        line.add("gas_left", .integer(gasLeft))
        line.add("gas_refund", .integer(gasRefund))
        line.add("output", hexText(output))
        line.add("logs", .objects(logs.map { log in
            var line = JSONLine()
            line.add("address", hexText(log.address.addressOctets))
            line.add("topics", .texts(log.topics.map { hexText($0.octets) }))
            line.add("data", hexText(log.data))
            return line
        }))
        line.add("seconds", .seconds(seconds))
        return line
    }

    var text: String {
        var rows = [("status", name(of: status)), ("gas left", String(gasLeft)), ("gas refund", String(gasRefund)), ("output", hexText(output))]
        for log in logs { rows.append(("log", ([hexText(log.data)] + log.topics.map { hexText($0.octets) }).joined(separator: " "))) }
        rows.append(("seconds", secondsText(seconds)))
        return table(rows)
    }
}
