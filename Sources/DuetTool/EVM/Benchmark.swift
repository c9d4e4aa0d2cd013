import CPVM
import Foundation
import VMCommon

/// A state test as far as a benchmark needs it: accounts, and calls of a contract.
struct Benchmark {
    let name: String
    /// The call data of each case.
    let data: [[UInt8]]
    /// As it stands in the file.
    let to: String
    let recipient: U256
    let world: World
    let message: evmc_message
    let context: evmc_tx_context
    private let labels: [String: String]

    func caseName(_ index: Int) -> String {
        let label = labels[String(index)].map { $0.hasPrefix(":label ") ? String($0.dropFirst(7)) : $0 }
        return data.count == 1 && label == nil ? name : "\(name)/\(label ?? String(index))"
    }

    /// The tests of a file, by name.
    static func read(_ path: String) throws(ToolError) -> [Benchmark] {
        let octets = try readFile(path)
        do {
            let tests = try JSONDecoder().decode([String: File].self, from: Data(octets))
            return try tests.sorted { $0.key < $1.key }.map { try Benchmark($0.key, $0.value) }
        } catch let error as ToolError {
            throw .failed("\(path): \(error.text)")
        } catch {
            throw .failed("\(path): no state test: \(error)")
        }
    }

    // MARK: The file

    private struct File: Decodable {
        struct Info: Decodable { let labels: [String: String]? }
        struct Environment: Decodable { let currentCoinbase, currentGasLimit, currentNumber, currentTimestamp: String }
        struct Account: Decodable {
            let balance, code, nonce: String
            let storage: [String: String]
        }
        struct Transaction: Decodable {
            let data, gasLimit, value: [String]
            let to, sender: String
        }

        let _info: Info?
        let env: Environment
        let pre: [String: Account]
        let transaction: Transaction
    }

    private init(_ name: String, _ file: File) throws(ToolError) {
        self.name = name
        labels = file._info?.labels ?? [:]
        to = file.transaction.to
        recipient = try number(file.transaction.to)
        var data: [[UInt8]] = []
        for text in file.transaction.data { data.append(try octets(text)) }
        self.data = data

        var world = World()
        for (address, account) in file.pre {
            var made = World.Account()
            made.nonce = try number(account.nonce).clampedToOneLimb
            made.balance = try number(account.balance)
            made.code = try octets(account.code)
            for (slot, value) in account.storage {
                let value = try number(value)
                made.storage[try number(slot)] = World.Slot(original: value, current: value)
            }
            let address = try number(address)
            world.accounts[address] = made
        }
        let sender = try number(file.transaction.sender)
        _ = world.access(sender)
        _ = world.access(recipient)
        self.world = world

        var message = evmc_message()
        message.gas = try Int64(clamping: number(file.transaction.gasLimit.first ?? "").clampedToOneLimb)
        message.value = try number(file.transaction.value.first ?? "").word
        message.recipient = recipient.address
        message.code_address = message.recipient
        message.sender = sender.address
        self.message = message

        var context = evmc_tx_context()
        context.tx_origin = message.sender
        context.block_coinbase = try number(file.env.currentCoinbase).address
        context.block_number = try Int64(clamping: number(file.env.currentNumber).clampedToOneLimb)
        context.block_timestamp = try Int64(clamping: number(file.env.currentTimestamp).clampedToOneLimb)
        context.block_gas_limit = try Int64(clamping: number(file.env.currentGasLimit).clampedToOneLimb)
        context.chain_id = U256.one.word
        self.context = context
    }
}

private func octets(_ text: String) throws(ToolError) -> [UInt8] {
    guard text.hasPrefix("0x"), let octets = hexOctets(text.dropFirst(2).utf8) else { throw .failed("'\(text)' is no string of octets") }
    return octets
}

/// A number of up to 256 bits, with or without leading zeros.
private func number(_ text: String) throws(ToolError) -> U256 {
    let digits = text.dropFirst(2)
    guard text.hasPrefix("0x"), digits.count <= 64, let octets = hexOctets(Array(((digits.count % 2 == 0 ? "" : "0") + digits).utf8)) else {
        throw .failed("'\(text)' is no number")
    }
    return octets.withUnsafeBytes { $0.isEmpty ? .zero : U256(bigEndian: $0.baseAddress!, count: $0.count) }
}
