import EVMRules
import Foundation
import Testing

@testable import DuetTool

/// Inputs that this and other tools have failed on.
@Suite struct CaseTests {
    private func transition(_ name: String, _ options: String...) throws -> (status: Int32, output: String, error: String)? {
        guard let cases = Shared.cases() else { return nil }
        let folder = "\(cases)/\(name)"
        let fork = try String(contentsOfFile: "\(folder)/fork", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let inputs = ["alloc", "env", "txs"].flatMap { ["--input.\($0)", "\(folder)/\($0).json"] }
        let blobs = "\(folder)/blobParams.json"
        let schedule = FileManager.default.fileExists(atPath: blobs) ? ["--input.blobParams", blobs] : []
        return duet(["evm", "t8n", "--state.fork", fork, "--output.result=stdout", "--output.alloc=stdout"] + inputs + schedule + options)
    }

    @Test(arguments: [("excess-blob-gas-near-2-64", "env.json: parentExcessBlobGas: "), ("blob-params-huge", "blobParams.json: max: ")])
    func refusedTransitions(_ name: String, _ message: String) throws {
        guard let outcome = try transition(name) else { return }
        #expect(outcome.status != 0 && outcome.error.contains(message), "\(outcome)")
    }

    @Test func decimalEnvironment() throws {
        guard let outcome = try transition("decimal-env") else { return }
        let output = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: [String: Any]])
        let contract = try #require(output["alloc"]?["0x0000000000000000000000000000000000001000"] as? [String: Any])
        let storage = try #require(contract["storage"] as? [String: String])
        func word(_ number: Int) -> String { "0x" + String(repeating: "0", count: 64 - String(number, radix: 16).count) + String(number, radix: 16) }
        for (slot, value) in [(0, 12), (1, 1000), (2, 30_000_000), (4, 131_072), (5, 10)] { #expect(storage[word(slot)] == word(value), "slot \(slot)") }
        #expect(storage[word(3)] == "0x" + String(repeating: "33", count: 32))
    }

    @Test(arguments: ["nested-refund", "creation", "call-to-no-code"])
    func transitions(_ name: String) throws {
        guard let outcome = try transition(name) else { return }
        #expect(outcome.status == 0 && outcome.output.contains("\"status\": \"0x1\"") && outcome.output.contains("\"rejected\": []"), "\(outcome)")
    }

    @Test(arguments: [
        ("indexes-2-63.json", "t: post.Prague[0].indexes.data: "), ("to-21-octets.json", "U-bad-to_21: transaction.to: "),
        ("authorization-nonce-2-64.json", "E03-st-nonce_0x10000000000000000: transaction.authorizationList[1].nonce: "),
        ("access-list-key-garbage.json", "U-al-key_zz: transaction.accessLists[0][0].storageKeys[1]: "),
    ])
    func refusedStateTests(_ file: String, _ message: String) throws {
        guard let cases = Shared.cases() else { return }
        let outcome = duet("evm", "statetest", "\(cases)/\(file)")
        #expect(outcome.status == 1 && outcome.output.contains("\"error\": \"\(cases)/\(file): \(message)"), "\(outcome)")
        #expect(!outcome.output.contains("stateRoot"))
    }

    /// Two forms of one number, and an authorization that is not dropped.
    @Test func stateTests() throws {
        guard let cases = Shared.cases() else { return }
        func root(_ file: String) throws -> String {
            let outcome = duet("evm", "statetest", "\(cases)/\(file)")
            let results = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
            return try #require(results.first?["stateRoot"] as? String)
        }
        #expect(try root("balance-decimal.json") == root("balance-hexadecimal.json"))
        #expect(try root("authorization-good.json") == "0xe7a095a68ea97b70d34768783ae3d11793c09209b4ac7b7fa59787f4b911a7ff")
        let mixed = duet("evm", "statetest", "\(cases)/post-mixed.json", "\(cases)/balance-decimal.json")
        let results = try #require(try JSONSerialization.jsonObject(with: Data(mixed.output.utf8)) as? [[String: Any]])
        #expect(mixed.status == 1 && results.map { $0["name"] as? String } == ["first", "broken", "last", "U-balance22-dec"])
        #expect(results.map { $0["stateRoot"] != nil } == [true, false, true, true])
    }
}
