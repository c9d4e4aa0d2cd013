import EVMRules
import Foundation
import Testing

@testable import DuetTool

/// The inputs of `duet evm t8n`, and a folder for what it writes.
final class TransitionCase {
    static let key = "0x45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8"
    static let sender = "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b"
    static let contract = "0x000000000000000000000000000000000000a000"

    var alloc: [String: Any] = [sender: ["balance": "0xd3c21bcecceda1000000"]]
    var env: [String: Any] = [
        "currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentRandom": word(7), "currentGasLimit": "0x5f5e100", "currentNumber": "0x2a",
        "currentTimestamp": "0x3e8", "currentBaseFee": "0xa", "parentBeaconBlockRoot": word(0), "withdrawals": [Any](), "currentExcessBlobGas": "0x2000000",
        "blockHashes": ["41": word(0x41), "40": word(0x40)],
    ]
    var txs: [Any] = []
    private(set) var folder: TemporaryFolder

    init(code: String? = nil) throws {
        folder = try TemporaryFolder()
        if let code { put(TransitionCase.contract, code) }
    }

    static func word(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return "0x" + String(repeating: "0", count: 64 - digits.count) + digits
    }

    func put(_ address: String, _ code: String, storage: [String: String] = [:]) {
        alloc[address] = ["balance": "0x3e8", "nonce": "0x1", "code": "0x" + code, "storage": storage] as [String: Any]
    }

    /// A transaction that its key signs.
    func add(to: String? = contract, data: String = "", _ more: [String: Any] = [:]) {
        var fields: [String: Any] = [
            "nonce": "0x" + String(txs.count, radix: 16), "gas": "0x493e0", "gasPrice": "0x14", "value": "0x0", "input": "0x" + data,
            "to": to ?? NSNull(), "secretKey": TransitionCase.key, "v": "0x0", "r": "0x0", "s": "0x0",
        ]
        fields.merge(more) { $1 }
        txs.append(fields)
    }

    struct Outcome {
        let status: Int32
        let error: String
        let result: [String: Any]
        let alloc: [String: [String: Any]]

        var receipts: [[String: Any]] { result["receipts"] as? [[String: Any]] ?? [] }
        var rejected: [[String: Any]] { result["rejected"] as? [[String: Any]] ?? [] }
    }

    func run(_ fork: String, _ options: String...) throws -> Outcome {
        var words = ["evm", "t8n", "--state.fork", fork, "--output.result", "stdout", "--output.alloc", "stdout", "--output.basedir", folder.path]
        for (name, value) in [("alloc", alloc), ("env", env), ("txs", txs)] as [(String, Any)] {
            words += ["--input.\(name)", try folder.write("\(name).json", Array(JSONSerialization.data(withJSONObject: value)))]
        }
        let outcome = duet(words + options)
        let object = try? JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
        return Outcome(status: outcome.status, error: outcome.error, result: object?["result"] as? [String: Any] ?? [:],
                       alloc: object?["alloc"] as? [String: [String: Any]] ?? [:])
    }

    /// The lines of the traces that were written, by the number of the transaction.
    var traces: [Int: [[String: Any]]] {
        get throws {
            var traces: [Int: [[String: Any]]] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix("trace-") {
                let index = try #require(Int(name.split(separator: "-")[1]))
                let text = String(decoding: try readFile("\(folder.path)/\(name)"), as: UTF8.self)
                traces[index] = try text.split(separator: "\n").map { try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
            }
            return traces
        }
    }
}
