import CPVM
import EVMRules
import VMCommon

/// A state test as far as a benchmark needs it: accounts, and calls of a contract.
struct Benchmark {
    let name: String
    /// The newest of the forks that the file has results for, nil if it has none.
    let revision: evmc_revision?
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
        let document = try JSONDocument(file: path)
        let tests = try inPlace(path) { () throws(ValueError) in
            try document.withRoot { root throws(ValueError) in
                var tests: [Benchmark] = []
                for (name, json) in try Values.map(Values.text, by: { $0 }, Values.object)(root).sorted(by: { $0.key < $1.key }) {
                    tests.append(try within(name) { () throws(ValueError) in try Benchmark(name, json) })
                }
                return tests
            }
        }
        if tests.isEmpty { throw .failed("\(path): there are no tests") }
        return tests
    }

    // MARK: The file

    private init(_ name: String, _ json: JSONValue) throws(ValueError) {
        self.name = name
        labels = try json.optional("_info") { json throws(ValueError) in
            Dictionary(try json.optional("labels", Values.map(Values.text, by: { $0 }, Values.text)) ?? [], uniquingKeysWith: { $1 })
        } ?? [:]
        revision = try json.optional("post", Benchmark.newestFork) ?? nil
        let transaction = try json.required("transaction", Transaction.init)
        data = transaction.data
        let to = try json.required("transaction", TransactionFields.recipient)
        guard let to else { throw ValueError("a contract to call is wanted").within("to").within("transaction") }
        (self.to, recipient) = (to.hex, U256(to))

        var world = World()
        world.add(try json.required("pre", StateTest.accounts))
        _ = world.access(U256(transaction.sender))
        _ = world.access(recipient)
        self.world = world

        var message = evmc_message()
        message.gas = transaction.gas
        message.value = transaction.value.word
        message.recipient = to
        message.code_address = to
        message.sender = transaction.sender
        self.message = message
        context = try json.required("env") { env throws(ValueError) in
            var context = evmc_tx_context()
            context.tx_origin = transaction.sender
            context.block_coinbase = try env.required("currentCoinbase", Values.address)
            context.block_number = try env.required("currentNumber", Values.quantity63)
            context.block_timestamp = Int64(bitPattern: try env.required("currentTimestamp", Values.quantity64))
            context.block_gas_limit = try env.required("currentGasLimit", Values.quantity63)
            context.block_base_fee = try env.optional("currentBaseFee", Values.quantity256)?.word ?? evmc_bytes32()
            context.block_prev_randao = try env.optional("currentRandom", Values.quantity256)?.word ?? evmc_bytes32()
            context.chain_id = U256.one.word
            return context
        }
    }

    private static func newestFork(_ json: JSONValue) throws(ValueError) -> evmc_revision? {
        var newest: evmc_revision?
        for (name, _) in try Values.object(json).members {
            guard let fork = NamedFork.named(name.string)?.revision else { throw ValueError(NamedFork.refusal(name.string)) }
            if newest.map({ $0.rawValue < fork.rawValue }) ?? true { newest = fork }
        }
        return newest
    }

    private struct Transaction {
        let data: [[UInt8]]
        let gas: Int64
        let value: U256
        let sender: evmc_address

        init(_ json: JSONValue) throws(ValueError) {
            data = try json.required("data", Values.list(of: Values.bytes))
            gas = try Transaction.first(json, "gasLimit", Values.quantity63)
            value = try Transaction.first(json, "value", Values.quantity256)
            sender = try json.required("sender", Values.address)
        }

        private static func first<Value>(_ json: JSONValue, _ name: StaticString, _ parse: @escaping ValueParser<Value>) throws(ValueError) -> Value {
            guard let first = try json.required(name, Values.list(of: parse)).first else { throw ValueError("it is empty").within("\(name)") }
            return first
        }
    }
}
