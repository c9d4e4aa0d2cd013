import CPVM
import EVMRules
import Foundation
import Testing

@testable import DuetTool

/// `duet evm t8n`. Roots and hashes are those of the execution specifications' own t8n on the same input.
@Suite struct TransitionTests {
    private let transaction = """
        {"nonce": "0x9", "gasPrice": "0x4a817c800", "gas": "0x5208", "to": "0x3535353535353535353535353535353535353535", "value": "0xde0b6b3a7640000",
         "input": "0x", "v": "0x25", "r": "0x28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276",
         "s": "0x67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"}
        """
    private let sender = "\"0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f\": {\"balance\": \"0x1bc16d674ec80000\", \"nonce\": \"0x9\"}"
    private let block = """
        "currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentGasLimit": "0x1000000", "currentNumber": "0x1",
        "currentTimestamp": "0x3e8", "ommers": [], "blockHashes": {"0": "0x\(String(repeating: "11", count: 32))"}
        """

    private func run(alloc: String, env: String, fork: String, txs: String? = nil, timestamp: String = "0x3e8",
                     _ options: String...) throws -> (result: [String: Any], alloc: [String: Any]) {
        let folder = try TemporaryFolder()
        for (name, text) in [("alloc", "{\(alloc)}"), ("env", "{\(block.replacingOccurrences(of: "0x3e8", with: timestamp)), \(env)}"), ("txs", txs ?? "[\(transaction)]")] {
            try writeFile("\(folder.path)/\(name).json", Array(text.utf8))
        }
        let inputs = ["alloc", "env", "txs"].flatMap { ["--input.\($0)", "\(folder.path)/\($0).json"] }
        let outcome = duet(["evm", "t8n", "--state.fork=\(fork)", "--output.result=stdout", "--output.alloc=stdout"] + inputs + options)
        #expect(outcome.status == 0, "\(outcome.error)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: [String: Any]])
        return (try #require(object["result"]), try #require(object["alloc"]))
    }

    private func expect(_ result: [String: Any], _ texts: [String: String]) {
        for (key, text) in texts { #expect(result[key] as? String == text, "\(key)") }
    }

    /// Before Byzantium the receipt has the state's root between the transactions; the reward comes after it.
    @Test func receiptsWithRoots() throws {
        let result = try run(alloc: sender, env: "\"currentDifficulty\": \"0x20000\"", fork: "EIP158", "--state.reward", "2000000000000000000").result
        expect(result, [
            "stateRoot": "0xac845a2513746a2b0eea0c97ba05485471b80c2dca69141b92c2118c24427936",
            "txRoot": "0x36cf58bec935fe50593ac7443cb728dd37dedac603d60fddfae59fd3bdbfcd7f",
            "receiptsRoot": "0x80de9c14fa0790b2cfa96eefd30f171a8639ea4e125802c81f2548fe027ee5c8",
            "gasUsed": "0x5208", "currentDifficulty": "0x20000",
        ])
        let receipts = try #require(result["receipts"] as? [[String: Any]])
        #expect(receipts.map { $0["root"] as? String } == ["0x4ee0b5e429b3b0e3f471379437d560ef5011363ddc5d8589e4b5ad77939df53f"])
        #expect(result["currentBaseFee"] == nil && result["withdrawalsRoot"] == nil && result["requestsHash"] == nil)
    }

    private let osaka = """
        "currentRandom": "0x05", "parentBaseFee": "0x3b9aca00", "parentGasUsed": "0xf00000", "parentGasLimit": "0x1000000",
        "parentBlobGasUsed": "0xe0000", "parentExcessBlobGas": "0x400000", "parentBeaconBlockRoot": "0x\(String(repeating: "22", count: 32))",
        "parentHash": "0x\(String(repeating: "11", count: 32))", "withdrawals": [
            {"index": "0x0", "validatorIndex": "0x7", "address": "0x4444444444444444444444444444444444444444", "amount": "0x3"},
            {"index": "0x1", "validatorIndex": "0x8", "address": "0x4545454545454545454545454545454545454545", "amount": "0x0"}]
        """

    /// System contracts: both that keep what they are given, and those of EIP-7002 and 7251 with this code.
    private func contracts(_ withdrawals: String?, _ consolidations: String?) -> String {
        [("0x0000f90827f1c53a10cb7a02335b175320002935", "60003560015500"), ("0x000f3df6d732807ef1319fb7b8bb8522d0beac02", "60003560025500"),
         ("0x00000961ef480eb55e80d19ad83579a64c007002", withdrawals), ("0x0000bbddc7ce488642fb579f8b00f3a590007251", consolidations)]
            .filter { $0.1 != nil }.map { "\"\($0.0)\": {\"code\": \"0x\($0.1!)\", \"balance\": \"0x0\", \"nonce\": \"0x1\"}" }.joined(separator: ", ")
    }

    @Test func aBlockOfOsaka() throws {
        let (result, alloc) = try run(alloc: "\(sender), \(contracts("60aa60005360016000f3", "00"))", env: osaka, fork: "Osaka")
        expect(result, [
            "stateRoot": "0x4069d209bc587ebdd787a4a8df6122e5c060b78a65b4f648eedd3184b8181adc",
            "receiptsRoot": "0x056b23fbba480696b65fe5a59b8f2148a1299103c4f57df839233af2cf4ca2d2",
            "withdrawalsRoot": "0xc82ea8771b260baa938d784fd99591e4447be503c22ce864207a49c0ce38e3b8",
            "logsHash": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
            "currentBaseFee": "0x421fb818", "currentExcessBlobGas": "0x44aaaa", "blobGasUsed": "0x0", "gasUsed": "0x5208",
            "requestsHash": "0x5718d61e4ad0bf7361f89a3d32dd9b29967017c96043bed3e6f7f0a29912f49e",
        ])
        #expect(result["requests"] as? [String] == ["0x01aa"] && result["blockException"] == nil)
        // A withdrawal of nothing leaves no account.
        #expect(alloc["0x4444444444444444444444444444444444444444"] != nil && alloc["0x4545454545454545454545454545454545454545"] == nil)
    }

    /// Code sees all 64 bits of a timestamp.
    @Test func lateTimestamp() throws {
        let beaconRoots = "0x000f3df6d732807ef1319fb7b8bb8522d0beac02"
        let contract = "\"\(beaconRoots)\": {\"code\": \"0x425f5500\", \"balance\": \"0x0\", \"nonce\": \"0x1\"}"
        let alloc = try run(alloc: "\(sender), \(contract)", env: osaka, fork: "Cancun", timestamp: "0xfffffffffffffffe").alloc
        let storage = try #require((alloc[beaconRoots] as? [String: Any])?["storage"] as? [String: String])
        #expect(storage.count == 1 && storage.values.allSatisfy { $0.hasSuffix("fffffffffffffffe") })
    }

    /// SHA-256 of nothing: no system contract has anything to request.
    @Test func noRequests() throws {
        let result = try run(alloc: "\(sender), \(contracts("00", "00"))", env: osaka, fork: "Osaka").result
        expect(result, ["requestsHash": "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"])
        #expect(result["requests"] as? [String] == [])
    }

    /// EIP-7002 and 7251: a block is invalid if a system contract has no code or fails.
    @Test func systemContractsThatFail() throws {
        for (withdrawals, consolidations, reason) in [(nil, "00", "has no code"), ("00", "fe", "call of a system contract failed")] as [(String?, String?, String)] {
            let result = try run(alloc: "\(sender), \(contracts(withdrawals, consolidations))", env: osaka, fork: "Prague").result
            #expect((result["blockException"] as? String)?.contains(reason) == true)
        }
    }

    /// A state test is the transaction alone.
    @Test func stateTest() throws {
        let (result, alloc) = try run(alloc: "\(sender), \(contracts("60aa60005360016000f3", nil))", env: osaka, fork: "Osaka", "--state-test")
        #expect(result["requestsHash"] == nil && result["blockException"] == nil && result["gasUsed"] as? String == "0x5208")
        #expect(alloc["0x4444444444444444444444444444444444444444"] == nil)
    }

    @Test func rejectedTransactions() throws {
        let result = try run(alloc: "\"0x01\": {\"balance\": \"0x1\"}".replacingOccurrences(of: "0x01", with: "0x0000000000000000000000000000000000000001"),
                             env: "\"currentDifficulty\": \"0x20000\"", fork: "Byzantium").result
        let rejected = try #require(result["rejected"] as? [[String: Any]])
        #expect(rejected.count == 1 && rejected[0]["index"] as? Int == 0)
        #expect(rejected[0]["error"] as? String == "the nonce is too high")
        #expect(result["gasUsed"] as? String == "0x0" && (result["receipts"] as? [Any])?.isEmpty == true)
    }

    /// A chain's own blob schedule, as a file or beside the other inputs.
    @Test func blobParameters() throws {
        let folder = try TemporaryFolder()
        try writeFile("\(folder.path)/blobs.json", Array("{\"target\": \"0x2\", \"max\": \"0x3\", \"baseFeeUpdateFraction\": \"0x32f0ed\"}".utf8))
        let env = osaka.replacingOccurrences(of: "0x3b9aca00", with: "0x7")
        let result = try run(alloc: "\(sender), \(contracts("00", "00"))", env: env, fork: "Osaka", "--input.blobParams", "\(folder.path)/blobs.json").result
        expect(result, ["currentExcessBlobGas": "0x4a0000"])
    }

    @Test func version() {
        for words in [["--version"], ["-v"], ["evm", "t8n", "--version"]] {
            let outcome = duet(words)
            #expect(outcome.status == 0 && outcome.output.hasPrefix("duet \(String(cString: pvm_build_info()).split(separator: " ")[1]) "))
        }
    }
}
