import EVMRules
import Foundation
import Testing
import VMCommon

@testable import DuetTool

/// `duet evm t8n`: inputs that are not as they should be, and numbers at the ends of their ranges.
@Suite struct TransitionInputTests {
    private static let alloc = "{\"0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f\": {\"balance\": \"2000000000000000000\", \"nonce\": \"0x9\"}}"
    private static let env = """
        {"currentCoinbase": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentGasLimit": "0x1000000", "currentNumber": "0x1",
         "currentTimestamp": "0x3e8", "currentRandom": "0x5", "parentBaseFee": "0x7", "parentGasUsed": "0xf00000", "parentGasLimit": "0x1000000",
         "parentBlobGasUsed": "0xe0000", "parentExcessBlobGas": "0x400000", "blockHashes": {"0": "0x\(String(repeating: "11", count: 32))"},
         "ommers": [{"delta": 1, "address": "0x4444444444444444444444444444444444444444"}],
         "withdrawals": [{"index": "0x0", "validatorIndex": "0x7", "address": "0x4444444444444444444444444444444444444444", "amount": "0x3"}]}
        """
    private static let transaction = """
        {"type": "0x4", "chainId": "0x1", "nonce": "0x9", "maxFeePerGas": "0x4a817c800", "maxPriorityFeePerGas": "0x1", "gas": "0x5208",
         "to": "0x3535353535353535353535353535353535353535", "value": "0x1", "input": "0x", "v": "0x1", "r": "0x1", "s": "0x2",
         "accessList": [{"address": "0x4444444444444444444444444444444444444444", "storageKeys": []}],
         "authorizationList": [{"chainId": "0x1", "address": "0x0000000000000000000000000000000000002000", "nonce": "0x0", "yParity": "0x1", "r": "0x1", "s": "0x1"}]}
        """

    private func run(alloc: String = alloc, env: String = env, txs: String = "[]", blobs: String? = nil, fork: String = "Osaka")
        throws -> (status: Int32, output: String, error: String) {
        let folder = try TemporaryFolder()
        let inputs = try [("alloc", alloc), ("env", env), ("txs", txs), ("blobParams", blobs ?? "null")].flatMap { name, text in
            ["--input.\(name)", try folder.write("\(name).json", text)]
        }
        return duet(["evm", "t8n", "--state.fork", fork, "--state-test", "--output.result=stdout", "--output.alloc=stdout"] + inputs)
    }

    private func changed(_ text: String, _ found: String, _ other: String) throws -> String {
        let range = try #require(text.range(of: found), "\(found)")
        return text.replacingCharacters(in: range, with: other)
    }

    @Test(arguments: [
        ("\"0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba\"", "\"0x2adc\"", "currentCoinbase: "), ("\"0x1\"", "\"0x8000000000000000\"", "currentNumber: "),
        ("\"0x1\"", "\"0x\"", "currentNumber: '0x'"), ("\"0x3e8\"", "\"later\"", "currentTimestamp: 'later'"), ("\"0x3e8\"", "null", "currentTimestamp: it is missing"),
        ("\"0x1000000\"", "\"0x8000000000000000\"", "currentGasLimit: "), ("\"0x5\"", "\"0x1\(String(repeating: "0", count: 64))\"", "currentRandom: "),
        ("\"0xe0000\"", "\"0xffffffffffffffff\"", "parentExcessBlobGas: "), ("\"0x400000\"", "\"0xffffffffffffffff\"", "parentExcessBlobGas: "),
        ("\"0x400000\"", "\"0x10000000000000000\"", "parentExcessBlobGas: "), ("\"0x7\"", "\"0x\(String(repeating: "f", count: 64))\"", "currentBaseFee: "),
        ("\"parentGasUsed\"", "\"parentGas\"", "currentBaseFee: it is missing"), ("\"parentGasLimit\": \"0x1000000\"", "\"parentGasLimit\": 0", "currentBaseFee: "),
        ("\"0\": ", "\"zero\": ", "blockHashes.zero: "), ("0x\(String(repeating: "11", count: 32))", "0x11", "blockHashes.0: "),
        ("\"delta\": 1", "\"delta\": 8", "ommers[0].delta: "), ("\"delta\": 1, \"address\": \"0x", "\"delta\": 1, \"address\": \"0x00", "ommers[0].address: "),
        ("\"amount\": \"0x3\"", "\"amount\": \"3\"", "withdrawals[0].amount: '3' is no hexadecimal number"), ("\"amount\": \"0x3\"", "\"amount\": \"0x10000000000000000\"", "withdrawals[0].amount: "),
    ])
    func environments(_ found: String, _ other: String, _ message: String) throws {
        let outcome = try run(env: changed(TransitionInputTests.env, found, other))
        #expect(outcome.status != 0 && outcome.output.isEmpty && outcome.error.contains("env.json: \(message)"), "\(outcome)")
    }

    /// Large, but a result can be found.
    @Test(arguments: [("\"0x7\"", "\"0xffffffffffffffff\""), ("\"0x7\"", "\"0x\(String(repeating: "f", count: 40))\""), ("\"0xf00000\"", "\"0xffffffffffffffff\""),
                      ("\"0xe0000\"", "\"0xffffffffff000000\""), ("\"0x3e8\"", "\"0xffffffffffffffff\""), ("\"0x1\"", "\"0x7fffffffffffffff\"")])
    func largeNumbers(_ found: String, _ other: String) throws {
        for fork in ["London", "Cancun", "Osaka"] {
            // From Paris on there is none.
            let difficulty = fork == "London" ? "\"currentDifficulty\": \"0x20000\", \"ommers\"" : "\"ommers\""
            let env = try changed(TransitionInputTests.env, found, other).replacingOccurrences(of: "\"ommers\"", with: difficulty)
            let outcome = try run(env: env, fork: fork)
            #expect(outcome.status == 0, "\(fork): \(outcome.error)")
        }
    }

    @Test(arguments: [
        ("{\"target\": \"0x4000000000000000\", \"max\": \"0x4000000000000000\", \"baseFeeUpdateFraction\": \"0x1\"}", "max: "),
        ("{\"target\": \"0x4\", \"max\": \"0x3\"}", "target: "), ("{\"baseFeeUpdateFraction\": 0}", "baseFeeUpdateFraction: "), ("{\"max\": \"zz\"}", "max: 'zz'"), ("[]", "an object is wanted"),
    ])
    func blobSchedules(_ blobs: String, _ message: String) throws {
        let outcome = try run(blobs: blobs)
        #expect(outcome.status != 0 && outcome.error.contains("blobParams.json: \(message)"), "\(outcome)")
    }

    /// Each is refused as what it is; the block has none of them.
    @Test(arguments: [
        ("\"type\": \"0x4\"", "\"type\": \"0x12c\"", "type: 300 is no type"), ("\"type\": \"0x4\"", "\"type\": \"0x2\"", "authorizationList: a transaction of type 2 has none"),
        ("\"nonce\": \"0x9\"", "\"nonce\": \"9\"", "nonce: '9' is no hexadecimal number"), ("\"gas\": \"0x5208\"", "\"gas\": \"0x10000000000000000\"", "gas: "),
        ("\"to\": \"0x3535353535353535353535353535353535353535\"", "\"to\": \"0x\"", "to: '0x'"), ("\"value\": \"0x1\"", "\"value\": \"0x1\(String(repeating: "0", count: 64))\"", "value: "),
        ("\"input\": \"0x\"", "\"input\": \"0x0\"", "input: "), ("\"input\": \"0x\"", "\"input\": \"0x\", \"data\": \"0x00\"", "input: it contradicts 'data'"),
        ("\"v\": \"0x1\"", "\"v\": \"0x100\"", "v: 0x100 is neither 0 nor 1"), ("\"r\": \"0x1\"", "\"r\": \"0x1\(String(repeating: "0", count: 64))\"", "r: "), ("\"s\": \"0x2\"", "\"s\": null", "s: it is missing"),
        ("\"storageKeys\": []", "\"storageKeys\": [\"zz\"]", "accessList[0].storageKeys[0]: 'zz'"), ("\"storageKeys\": []", "\"keys\": []", "accessList[0].storageKeys: it is missing"),
        ("\"chainId\": \"0x1\", \"address\"", "\"address\"", "authorizationList[0].chainId: it is missing"), ("\"nonce\": \"0x0\"", "\"nonce\": \"0x10000000000000000\"", "authorizationList[0].nonce: "),
        ("\"yParity\": \"0x1\"", "\"yParity\": \"0x100\"", "authorizationList[0].yParity: 256 exceeds 8 bits"),
    ])
    func transactions(_ found: String, _ other: String, _ message: String) throws {
        let outcome = try run(txs: "[\(changed(TransitionInputTests.transaction, found, other))]")
        let text = outcome.error + outcome.output
        #expect(text.contains("[0].\(message)") && !outcome.output.contains("\"status\": \"0x1\""), "\(outcome)")
    }

    @Test(arguments: [("{\"0x9d8a\": {}}", "0x9d8a: "), ("{\"0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f\": {\"balance\": \"1 ether\"}}", "balance: '1 ether'"), ("[]", "an object is wanted")])
    func accounts(_ alloc: String, _ message: String) throws {
        let outcome = try run(alloc: alloc)
        #expect(outcome.status != 0 && outcome.error.contains("alloc.json: ") && outcome.error.contains(message), "\(outcome)")
    }

    /// EIP-1559 by its own examples: a full parent raises the fee by an eighth, an empty one lowers it so, and one is the least step up.
    @Test func baseFees() {
        func next(_ parent: UInt64, _ used: UInt64) -> UInt64? { TransitionEnvironment.nextBaseFee(.init(parent), used: used, limit: 20_000_000)?.limb0 }
        #expect(next(1_000_000_000, 20_000_000) == 1_125_000_000 && next(1_000_000_000, 0) == 875_000_000 && next(1_000_000_000, 10_000_000) == 1_000_000_000)
        #expect(next(1, 20_000_000) == 2 && next(0, 0) == 0 && next(0, 20_000_000) == 1)
        #expect(TransitionEnvironment.nextBaseFee(.init(7), used: 5, limit: 0) == nil && TransitionEnvironment.nextBaseFee(.max, used: 5, limit: 2) == nil)
    }
}
