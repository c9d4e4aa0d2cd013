import CPVM
import EVMRules
import Foundation

extension Command {
    static let evmTransition = Command(
        path: ["evm", "t8n"], operands: "", operandCount: 0...0,
        summary: "Executes a block's transactions on a pre-state: the common transition tool.",
        details: """
            Files are those of other clients' t8n: alloc, env and txs in, alloc, result and body out. For an input 'stdin' stands for
            one JSON object on standard input with these keys (and blobParams), for an output 'stdout' for one object on standard output.
            Transactions have a signature, or a secretKey, which signs them. What env does not have of the block is computed from its parent.
            Exit status: 2 a failure of the EVM or a command line that makes no sense, 3 fork or env is incomplete or contradicts itself,
            4 BLOCKHASH asks for a hash that env does not have, 10 JSON is malformed, 11 a file cannot be read or written, 12 RLP is malformed.
            """,
        options: [
            Option("--input.alloc", "FILE", "pre-state (default alloc.json)"),
            Option("--input.env", "FILE", "block (default env.json)"),
            Option("--input.txs", "FILE", "transactions: JSON, or a text with RLP (default txs.json)"),
            Option("--input.blobParams", "FILE", "target, max and baseFeeUpdateFraction of blobs (default: the fork's)"),
            Option("--output.basedir", "DIR", "folder of the output files (default .)"),
            Option("--output.alloc", "FILE", "post-state (default alloc.json)"),
            Option("--output.result", "FILE", "result (default result.json)"),
            Option("--output.body", "FILE", "RLP of the transactions that were included"),
            Option("--state.fork", "NAME", "fork: \(NamedFork.all.map(\.name).joined(separator: ", ")) (default \(NamedFork.latest.name))"),
            Option("--state.chainid", "N", "chain (default 1)"),
            Option("--state.reward", "WEI", "block reward before Paris; -1 for none (default 0)"),
            Option("--state-test", nil, "execute transactions alone, without what the system does around them"),
            Option("--trace", nil, "write trace-INDEX-HASH.jsonl for each transaction (EIP-3155)"),
            Option("--trace.memory", nil, "accepted; traces have no memory"), Option("--trace.nomemory", nil, "accepted"),
            Option("--trace.nostack", nil, "accepted; traces have the stack"), Option("--trace.returndata", nil, "accepted"),
            Option("--trace.noreturndata", nil, "accepted"), Option("--verbosity", "N", "accepted"),
            .vm,
        ],
        body: { arguments, console in try TransitionCommand(arguments).run(console) })
}

private struct TransitionCommand {
    private let arguments: Arguments
    private let basedir: String

    init(_ arguments: Arguments) {
        self.arguments = arguments
        basedir = arguments.value("--output.basedir").flatMap { $0.isEmpty ? nil : $0 } ?? "."
    }

    func run(_ console: Console) throws -> Int32 {
        let name = arguments.value("--state.fork") ?? NamedFork.latest.name
        guard let fork = NamedFork.named(name) else { throw TransitionStatus.config.error("--state.fork: \(NamedFork.refusal(name))") }
        let chainID = try arguments.number("--state.chainid", default: 1)
        var options = Transition.Options(fork: fork, chainID: chainID, reward: nil, isStateTest: arguments.has("--state-test"))
        if arguments.value("--state.reward") != "-1" { options.reward = evmc_bytes32(try arguments.number("--state.reward", default: 0)) }
        let isStateTest = options.isStateTest

        let inputs = TransitionInputs(arguments), signer = TransactionFields.Signer(fork: fork, chainID: chainID)
        let alloc = try inputs.required("alloc", StateTest.accounts)
        let transactions = try inputs.transactions { json throws(ValueError) in try TransitionTransaction.read(json, signer) }
        let blobs = try inputs.optional("blobParams") { json throws(ValueError) in try BlobSchedule(fork, BlobSchedule.Changes(json)) }
        let environment = try inputs.required("env") { json throws(ValueError) in
            try TransitionEnvironment(json, fork, chainID: chainID, blobs: blobs ?? BlobSchedule(fork), isStateTest: isStateTest)
        }
        let vm = try EthereumVM(path: arguments.value("--vm"))
        let transition = try Transition(alloc, environment, options, vm)
        try makeFolder()
        if arguments.has("--trace") {
            transition.aroundTransaction = { [basedir] (index: Int, hash: evmc_bytes32, execute: () -> duet_state_error_t) throws -> duet_state_error_t in
                try TraceFile.write("\(basedir)/trace-\(index)-\(hash.hex).jsonl", vm.vm, execute)
            }
        }
        try transition.run(transactions)
        try write(transition, fork, console)
        return 0
    }

    private func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(atPath: basedir, withIntermediateDirectories: true)
        } catch {
            throw TransitionStatus.io.error("\(basedir): the folder cannot be made: \(error.localizedDescription)")
        }
    }

    private func write(_ transition: Transition, _ fork: NamedFork, _ console: Console) throws {
        let outputs = [
            ("alloc", arguments.value("--output.alloc") ?? "alloc.json", TransitionOutput.alloc(transition)),
            ("result", arguments.value("--output.result") ?? "result.json", TransitionOutput.result(transition, fork.rules.block)),
            ("body", arguments.value("--output.body") ?? "", TransitionOutput.body(transition)),
        ]
        var printed: [String: [String]] = [:]
        for (key, path, text) in outputs where !path.isEmpty {
            if path == "stdout" || path == "stderr" {
                printed[path, default: []].append("\"\(key)\": \(text)")
            } else {
                let file = path.hasPrefix("/") ? path : "\(basedir)/\(path)"
                try TransitionStatus.io.of { () throws(ToolError) in try writeFile(file, Array(text.utf8) + [10]) }
            }
        }
        func object(_ members: [String]) -> String { "{\(members.joined(separator: ",\n"))}" }
        if let members = printed["stdout"] { console.print(object(members)) }
        if let members = printed["stderr"] { console.report(object(members)) }
    }
}
