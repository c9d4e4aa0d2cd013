import CPVM
import VMCommon

extension Command.Option {
    static let revision = Command.Option("--rev", "NAME", "the fork: \(revisionNames.map { $0.0 }.joined(separator: ", ")) (default osaka)")
    static let mode = Command.Option("--mode", "M", "how code is executed: interpreter or auto (default auto)")
}

extension Command {
    static let evmRun = Command(
        path: ["evm", "run"], operands: "CODE|@FILE", operandCount: 1...1,
        summary: "Runs EVM code, given in hexadecimal or in a file of hexadecimal or raw octets.",
        details: """
            The code runs as a contract that is called by an account with 10^18 wei; storage and the contracts that it creates are kept in
            memory during the run. All of --gas is the code's: nothing is taken for a transaction. The exit status is 0 whenever a run took
            place. JSON keys: status, gas_left, gas_refund, output, logs (address, topics, data), seconds.
            """,
        options: [
            .revision, Option("--input", "HEX", "call data"), Option("--value", "N", "wei that come with the call (default 0)"),
            Option("--gas", "N", "gas to start with (default \(EVMRunCommand.defaultGas))"),
            Option("--static", nil, "no state may be changed, as in a STATICCALL"), .mode,
            Option("--trace", nil, "a line per instruction on standard error (EIP-3155)"), .json,
        ],
        body: EVMRunCommand.run)
}

enum EVMRunCommand {
    static let defaultGas: UInt64 = 1_000_000_000
    static let sender = U256(0x0000_0000_0000_5e4d)
    static let contract = U256(0x0000_0000_000c_0de0)

    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let call = try EVMCall(arguments)
        if let mode = arguments.value("--mode") { try call.host.set("mode", mode) }
        if arguments.has("--trace") { call.host.trace(to: console) }
        var (seconds, result) = timed { call.run() }
        let outcome = EVMOutcome(result, call.host.world.logs, seconds)
        result.release?(&result)
        console.write(arguments.has("--json") ? outcome.json.text + "\n" : outcome.text)
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

/// The call of a contract that `duet evm run` and `duet evm trace` make.
struct EVMCall {
    let host: MemoryHost
    private var message = evmc_message()
    private let input: [UInt8]
    let codeSize: Int

    init(_ arguments: Arguments) throws(ToolError) {
        host = try MemoryHost(arguments.choice("--rev", revisionNames, default: EVMC_OSAKA))
        let code = try EVMRunCommand.codeOperand(arguments.operands[0])
        codeSize = code.count
        input = try arguments.octets("--input")
        let value = try arguments.number("--value", default: 0)
        message.gas = try Int64(arguments.number("--gas", default: EVMRunCommand.defaultGas, in: 0...UInt64(Int64.max)))
        message.flags = arguments.has("--static") ? EVMC_STATIC.rawValue : 0

        let sender = EVMRunCommand.sender, contract = EVMRunCommand.contract
        host.world.change(sender) { $0.balance = U256(1_000_000_000_000_000_000) }
        host.world.change(contract) { account in
            account.nonce = 1
            account.code = code
        }
        for address in [sender, contract] { _ = host.world.access(address) }
        message.recipient = contract.address
        message.code_address = message.recipient
        message.sender = sender.address
        message.value = U256(value).word
        host.context.tx_origin = message.sender
    }

    /// The caller releases the result.
    func run() -> evmc_result {
        input.withUnsafeBufferPointer { input in
            var message = message
            message.input_data = input.baseAddress
            message.input_size = input.count
            return host.call(message)
        }
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
        line.add("seconds", seconds)
        return line
    }

    var text: String {
        var rows = [("status", name(of: status)), ("gas left", String(gasLeft)), ("gas refund", String(gasRefund)), ("output", hexText(output))]
        for log in logs { rows.append(("log", ([hexText(log.data)] + log.topics.map { hexText($0.octets) }).joined(separator: " "))) }
        rows.append(("seconds", String(seconds)))
        return table(rows)
    }
}
