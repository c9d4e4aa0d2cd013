import CPVM
import EVMRules
import VMCommon

/// The call of a contract that `duet evm run` and `duet evm trace` make.
struct EVMCall {
    static let options: [Command.Option] = [
        .revision, Command.Option("--code", "HEX|@FILE", "the code, in place of CODE"),
        Command.Option("--input", "HEX", "call data"),
        Command.Option("--value", "N", "wei that come with the call, up to 256 bits (default 0)"),
        Command.Option("--gas", "N", "gas to start with (default \(defaultGas))"),
        Command.Option("--sender", "ADDRESS", "who calls (default \(defaultSender.address.hex))"),
        Command.Option("--receiver", "ADDRESS", "the contract that is called (default \(defaultReceiver.address.hex))"),
        Command.Option("--prestate", "FILE", "accounts: JSON, by address, or a genesis file"),
        Command.Option("--static", nil, "no state may be changed, as in a STATICCALL"),
    ]

    static let defaultGas: UInt64 = 1_000_000_000
    private static let defaultSender = U256(0x0000_0000_0000_5e4d)
    static let defaultReceiver = U256(0x0000_0000_000c_0de0)

    let host: MemoryHost
    /// What the page of a trace is called.
    let title: String
    private var message = evmc_message()
    private let input: [UInt8]

    init(_ arguments: Arguments) throws(ToolError) {
        host = try MemoryHost((arguments.fork("--rev") ?? .latest).revision)
        input = try arguments.octets("--input")
        let value = try arguments.number256("--value", default: .zero)
        message.gas = try Int64(arguments.number("--gas", default: EVMCall.defaultGas, in: 0...UInt64(Int64.max)))
        message.flags = arguments.has("--static") ? EVMC_STATIC.rawValue : 0
        let sender = U256(try arguments.address("--sender") ?? EVMCall.defaultSender.address)
        let receiver = U256(try arguments.address("--receiver") ?? EVMCall.defaultReceiver.address)
        let code = try EVMCall.code(arguments)

        if let path = arguments.value("--prestate") {
            let document = try JSONDocument(file: path), host = host
            try inPlace(path) { () throws(ValueError) in
                try document.withRoot { json throws(ValueError) in try host.begin(json) }
            }
        } else {
            let ether = U256(1_000_000_000_000_000_000)
            host.world.change(sender) { $0.balance = value < ether ? ether : value }
        }
        if let code {
            host.world.change(receiver) { account in
                account.code = code
                account.nonce = max(account.nonce, 1)
            }
        } else if host.world[receiver].code.isEmpty {
            guard let path = arguments.value("--prestate") else { throw .usage("CODE|@FILE is missing") }
            throw .failed("\(path): there is no code at \(receiver.address.hex)")
        }
        title = EVMCall.title(arguments, receiver)

        for address in [sender, receiver] { _ = host.world.access(address) }
        if host.fork.rules.pointee.transaction.warmsCoinbase { _ = host.world.access(U256(host.context.block_coinbase)) }
        message.recipient = receiver.address
        message.code_address = message.recipient
        message.sender = sender.address
        message.value = value.word
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

    // MARK: Code

    private static func code(_ arguments: Arguments) throws(ToolError) -> [UInt8]? {
        guard let operand = arguments.operands.first else {
            guard let text = arguments.value("--code") else { return nil }
            return try EVMRunCommand.codeOperand(text)
        }
        if arguments.has("--code") { throw .usage("CODE|@FILE and --code are one too many") }
        return try EVMRunCommand.codeOperand(operand)
    }

    private static func title(_ arguments: Arguments, _ receiver: U256) -> String {
        guard let text = arguments.operands.first ?? arguments.value("--code") else { return receiver.address.hex }
        if text.hasPrefix("@") { return String(text.dropFirst()) }
        return "EVM code, \((text.count - (text.hasPrefix("0x") ? 2 : 0)) / 2) bytes"
    }
}

extension Arguments {
    func number256(_ option: String, default standard: U256) throws(ToolError) -> U256 {
        guard let text = value(option) else { return standard }
        do throws(Quantity.Mistake) {
            return try Quantity.number256(text.replacing("_", with: ""))
        } catch {
            throw .usage("\(option): \(error.reason)")
        }
    }

    func address(_ option: String) throws(ToolError) -> evmc_address? {
        guard let text = value(option) else { return nil }
        do throws(HexText.Mistake) { return try HexText.address(text) } catch { throw .usage("\(option): \(error.reason)") }
    }
}
