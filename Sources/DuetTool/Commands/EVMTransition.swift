import CPVM
import Foundation

extension Command {
    static let evmTransition = Command(
        path: ["evm", "t8n"], operands: "", operandCount: 0...0,
        summary: "Executes a block's transactions on a pre-state: the common transition tool.",
        details: """
            Files are those of other clients' t8n: alloc, env and txs in, alloc, result and body out. For an input 'stdin' stands for
            one JSON object on standard input with these keys (and blobParams), for an output 'stdout' for one object on standard output.
            Transactions have to be signed. Difficulties are not computed.
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
            Option("--state.fork", "NAME", "fork (default Osaka)"),
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
        let name = arguments.value("--state.fork") ?? "Osaka"
        guard let revision = ForkName.revision(name) else { throw ToolError.usage("--state.fork: no fork '\(name)'") }
        let chainID = try arguments.number("--state.chainid", default: 1)
        let rewardText = arguments.value("--state.reward") ?? "0"
        var options = Transition.Options(revision: revision, chainID: chainID, reward: nil, isStateTest: arguments.has("--state-test"))
        if rewardText != "-1" { options.reward = evmc_bytes32(try arguments.number("--state.reward", default: 0)) }

        let inputs = TransitionInputs(arguments)
        let alloc = try inputs.required("alloc", StateTest.accounts)
        let transactions = try inputs.required("txs", TransitionTransaction.read)
        let blobs = try inputs.optional("blobParams") { json throws(ValueError) in try BlobSchedule(revision, BlobSchedule.Changes(json)) }
        let environment = try inputs.required("env") { json throws(ValueError) in
            try TransitionEnvironment(json, revision, chainID: chainID, blobs: blobs ?? BlobSchedule(revision))
        }
        let vm = try EthereumVM(path: arguments.value("--vm"))
        let transition = try Transition(alloc, environment, options, vm)
        let traces = TraceFiles(basedir)
        if arguments.has("--trace") { transition.beforeTransaction = { index, hash in try traces.next(index, hash, vm) } }
        try transition.run(transactions)
        traces.close(vm)
        try write(transition, revision, console)
        return 0
    }

    private func write(_ transition: Transition, _ revision: evmc_revision, _ console: Console) throws {
        let outputs = [
            ("alloc", arguments.value("--output.alloc") ?? "alloc.json", TransitionOutput.alloc(transition)),
            ("result", arguments.value("--output.result") ?? "result.json", TransitionOutput.result(transition, revision)),
            ("body", arguments.value("--output.body") ?? "", TransitionOutput.body(transition)),
        ]
        var printed: [String] = []
        for (key, path, text) in outputs where !path.isEmpty {
            if path == "stdout" {
                printed.append("\"\(key)\": \(text)")
            } else {
                let file = path.hasPrefix("/") ? path : "\(basedir)/\(path)"
                try writeFile(file, Array(text.utf8) + [10])
            }
        }
        if !printed.isEmpty { console.print("{\(printed.joined(separator: ",\n"))}") }
    }
}

/// A file for the trace of each transaction.
private final class TraceFiles {
    private let basedir: String
    private var file: UnsafeMutablePointer<FILE>?

    init(_ basedir: String) {
        self.basedir = basedir
    }

    func next(_ index: Int, _ hash: evmc_bytes32, _ vm: EthereumVM) throws {
        if let file { fclose(file) }
        let path = "\(basedir)/trace-\(index)-\(hash.hex).jsonl"
        file = fopen(path, "wb")
        guard let file else { throw ToolError.failed("\(path): \(String(cString: strerror(errno)))") }
        _ = duet_evm_set_trace(vm.vm, { context, line, length in
            let file = context!.assumingMemoryBound(to: FILE.self)
            fwrite(line, 1, length, file)
            fputc(10, file)
        }, file)
    }

    func close(_ vm: EthereumVM) {
        guard let file else { return }
        _ = duet_evm_set_trace(vm.vm, nil, nil)
        fclose(file)
        self.file = nil
    }
}
