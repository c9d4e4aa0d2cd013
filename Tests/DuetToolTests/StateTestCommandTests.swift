import EVMRules
import Foundation
import Testing

@testable import DuetTool

/// `duet evm statetest`: what it makes of files that are not as they should be.
@Suite struct StateTestCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let authorization = """
        {"chainId": "0x1", "address": "0x0000000000000000000000000000000000002000", "nonce": "0x0", "yParity": "0x1", "v": "0x1",
         "r": "0x1030b6094f086fda7022d510a0cb9a05e301776b4fa5187e7beda56d82ec714a",
         "s": "0x56fe2ac426e73037bcec89cfc005e34039b358445b929b03d89bf1a6f279a554"}
        """

    private static let good = """
        {"env": {"currentCoinbase": "2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "currentGasLimit": "0x5f5e100", "currentNumber": "12",
                 "currentTimestamp": 1000, "currentRandom": "0x07", "currentBaseFee": "10", "currentExcessBlobGas": null},
         "pre": {"0x1a642f0e3c3af545e7acbd38b07251b3990914f1": {"balance": "10000000000000000000000", "nonce": "", "code": "", "storage": {}},
                 "0x0000000000000000000000000000000000001000": {"balance": "0x0", "nonce": "0x01", "code": "0x43600055", "storage": {"0x05": "0x7"}}},
         "transaction": {"nonce": "0x00", "to": "0x0000000000000000000000000000000000001000", "maxFeePerGas": "0x14", "maxPriorityFeePerGas": "0x1",
                         "data": ["0x"], "gasLimit": ["1000000"], "value": ["0x"], "sender": "0x1a642f0e3c3af545e7acbd38b07251b3990914f1",
                         "authorizationList": [\(authorization)],
                         "accessLists": [[{"address": "0x0000000000000000000000000000000000001000",
                                           "storageKeys": ["0x0000000000000000000000000000000000000000000000000000000000000000"]}]]},
         "post": {"Prague": [{"hash": "0xROOT", "logs": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
                              "indexes": {"data": 0, "gas": "0x0", "value": "0"}, "expectException": null}]}}
        """
    private static let root = "fe6cd2f9cbe5ad7fdb2e0e7f4f5eeb0c4c2a7f8b0f9b6f5ec5a5b8f6a4a8e7c1"

    private struct Result: Decodable {
        let name: String
        let pass: Bool
        let stateRoot, fork, error: String?
    }

    private func run(_ words: [String], input: [String] = []) throws -> (status: Int32, results: [Result], error: String) {
        let outcome = duet(["evm", "statetest"] + words, input: input)
        return (outcome.status, try JSONDecoder().decode([Result].self, from: Data(outcome.output.utf8)), outcome.error)
    }

    private func file(_ tests: [(String, String)], _ name: String = "test.json") throws -> String {
        try folder.write(name, "{\(tests.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", "))}")
    }

    /// The test with the root that it leads to.
    private func passing() throws -> String {
        let zeros = StateTestCommandTests.good.replacingOccurrences(of: "ROOT", with: String(repeating: "0", count: 64))
        let first = try run([file([("first", zeros)], "zeros.json")]).results[0]
        #expect(!first.pass && first.error?.hasPrefix("state root: expected 0x00") == true, "\(first)")
        return zeros.replacingOccurrences(of: "0x" + String(repeating: "0", count: 64) + "\", \"logs", with: "\(try #require(first.stateRoot))\", \"logs")
    }

    @Test func passes() throws {
        let result = try run([file([("good", passing())])])
        #expect(result.status == 0 && result.results.map { $0.pass } == [true] && result.results[0].fork == "Prague", "\(result)")
    }

    /// Decimal and hexadecimal digits of a number make one state.
    @Test func numbersByTheirForm() throws {
        let good = try passing()
        for (found, other) in [("\"12\"", "\"0xc\""), ("\"12\"", "12"), ("\"10000000000000000000000\"", "\"0x21e19e0c9bab2400000\""), ("\"1000000\"", "\"0xf4240\"")] {
            #expect(good.contains(found))
            #expect(try run([file([("good", good.replacingOccurrences(of: found, with: other))])]).status == 0, "\(other)")
        }
        #expect(try run([file([("good", good.replacingOccurrences(of: "\"12\"", with: "\"0x12\""))])]).status == 1)
    }

    /// What stands in the file, what stands there instead, and the field that the error names.
    @Test(arguments: [
        ("\"2adc25665018aa1fe0e6bc666dac8fc2697ff9ba\"", "\"zz\"", "env.currentCoinbase: 'zz'"), ("\"12\"", "\"twelve\"", "env.currentNumber: 'twelve'"),
        ("\"12\"", "\"9223372036854775808\"", "env.currentNumber: "), ("\"12\"", "null", "env.currentNumber: it is missing"),
        ("1000,", "\"1e3\",", "env.currentTimestamp: '1e3'"), ("1000,", "-1,", "env.currentTimestamp: '-1'"), ("\"0x5f5e100\"", "{}", "env.currentGasLimit: a number"),
        ("\"0x07\"", "\"zz\"", "env.currentRandom: 'zz'"), ("\"10\"", "\"0x1g\"", "env.currentBaseFee: '0x1g'"),
        ("\"currentExcessBlobGas\": null", "\"currentExcessBlobGas\": \"0x10000000000000000\"", "env.currentExcessBlobGas: "),
        ("\"0x1a642f0e3c3af545e7acbd38b07251b3990914f1\": {", "\"0x1a64\": {", "pre.0x1a64: "), ("\"10000000000000000000000\"", "\"1 ether\"", "balance: '1 ether'"),
        ("\"code\": \"\"", "\"code\": \"0x6\"", "code: '0x6'"), ("\"0x05\": \"0x7\"", "\"zz\": \"0x7\"", "storage.zz: 'zz'"),
        ("\"0x05\": \"0x7\"", "\"0x05\": 7", "storage.0x05: "), ("\"0x05\": \"0x7\"", "\"0x05\": \"0x7\", \"0x5\": \"0x8\"", "storage.0x5: it is given twice"),
        ("\"to\": \"0x0000000000000000000000000000000000001000\"", "\"to\": \"0x\"", "transaction.to: '0x'"),
        ("\"to\": \"0x0000000000000000000000000000000000001000\"", "\"to\": \"0x000000000000000000000000000000000000100000\"", "transaction.to: "),
        ("\"to\": \"0x0000000000000000000000000000000000001000\"", "\"to\": \"zz\"", "transaction.to: 'zz'"),
        ("\"data\": [\"0x\"]", "\"data\": [\"0xz\"]", "transaction.data[0]: "), ("\"data\": [\"0x\"]", "\"data\": \"0x\"", "transaction.data: an array"),
        ("\"data\": [\"0x\"]", "\"data\": []", "transaction.data: there is no element 0, only 0"), ("[\"1000000\"]", "[\"zz\"]", "transaction.gasLimit[0]: 'zz'"),
        ("\"value\": [\"0x\"]", "\"value\": [\"zz\"]", "transaction.value[0]: 'zz'"), ("\"nonce\": \"0x00\"", "\"nonce\": null", "transaction.nonce: it is missing"),
        ("\"maxFeePerGas\": \"0x14\"", "\"maxFeePerGas\": \"zz\"", "transaction.maxFeePerGas: 'zz'"),
        ("\"maxFeePerGas\": \"0x14\"", "\"maxFeePerGas\": null", "transaction.gasPrice: it is missing"),
        ("\"sender\": \"0x1a642f0e3c3af545e7acbd38b07251b3990914f1\"", "\"sender\": \"0x01\"", "transaction.sender: '0x01'"),
        ("\"sender\": \"0x1a642f0e3c3af545e7acbd38b07251b3990914f1\"", "\"sender\": null", "transaction.sender: there is neither"),
        ("\"sender\": \"0x1a642f0e3c3af545e7acbd38b07251b3990914f1\"", "\"secretKey\": \"0x0000000000000000000000000000000000000000000000000000000000000000\"", "transaction.secretKey: "),
        ("\"0x0000000000000000000000000000000000000000000000000000000000000000\"]", "\"zz\"]", "transaction.accessLists[0][0].storageKeys[0]: 'zz'"),
        ("\"chainId\": \"0x1\"", "\"chainId\": \"0x10000000000000000000000000000000000000000000000000000000000000000\"", "transaction.authorizationList[0].chainId: "),
        ("\"nonce\": \"0x0\",", "\"nonce\": \"0x10000000000000000\",", "transaction.authorizationList[0].nonce: "),
        ("\"nonce\": \"0x0\",", "", "transaction.authorizationList[0].nonce: it is missing"),
        ("\"yParity\": \"0x1\", \"v\": \"0x1\"", "\"yParity\": \"0x100\"", "transaction.authorizationList[0].yParity: 256 exceeds 8 bits"),
        ("\"yParity\": \"0x1\", \"v\": \"0x1\"", "\"yParity\": \"0x1\", \"v\": \"0x0\"", "transaction.authorizationList[0].yParity: it contradicts"),
        ("\"r\": \"0x", "\"r\": \"0x1", "transaction.authorizationList[0].r: "), ("\"s\": \"0x", "\"t\": \"0x", "transaction.authorizationList[0].s: it is missing"),
        ("\"nonce\": \"0x00\"", "\"nonce\": \"0x00\", \"blobVersionedHashes\": [\"0x01\"]", "transaction.blobVersionedHashes[0]: '0x01'"),
        ("\"indexes\": {\"data\": 0", "\"indexes\": {\"data\": 18446744073709551615", "post.Prague[0].indexes.data: '18446744073709551615'"),
        ("\"indexes\": {\"data\": 0", "\"indexes\": {\"data\": 5", "transaction.data: there is no element 5, only 1"),
        ("\"logs\": \"0x", "\"logs\": \"0x00", "post.Prague[0].logs: "), ("\"expectException\": null", "\"expectException\": 1", "post.Prague[0].expectException: "),
        ("\"expectException\": null", "\"txbytes\": \"0xzz\"", "post.Prague[0].txbytes: "), ("\"env\": {", "\"env\": [], \"was\": {", "env: an object is wanted"),
        ("\"post\": {", "\"config\": {\"chainid\": \"zz\"}, \"post\": {", "config.chainid: 'zz'"),
    ])
    func malformed(_ found: String, _ other: String, _ message: String) throws {
        let good = StateTestCommandTests.good.replacingOccurrences(of: "ROOT", with: StateTestCommandTests.root)
        try #require(good.contains(found), "\(found)")
        let range = try #require(good.range(of: found))
        let path = try file([("bad", good.replacingCharacters(in: range, with: other))])
        let result = try run([path])
        #expect(result.status == 1 && result.results.count == 1 && result.results[0].pass == false)
        let error = try #require(result.results[0].error)
        #expect(error.contains(message), "\(error)")
        #expect(result.results[0].stateRoot == nil, "it was executed")
    }

    /// A number that no transaction can hold makes an invalid transaction.
    @Test func unencodable() throws {
        let good = try passing()
        let huge = "0x1" + String(repeating: "0", count: 64)
        for (found, other, field) in [("\"nonce\": \"0x00\"", "\"nonce\": \"0x10000000000000000\"", "transaction.nonce: "),
                                      ("\"value\": [\"0x\"]", "\"value\": [\"0x:bigint \(huge)\"]", "transaction.value: "),
                                      ("\"maxFeePerGas\": \"0x14\"", "\"maxFeePerGas\": \"\(huge)\"", "transaction.maxFeePerGas: ")] {
            let test = good.replacingOccurrences(of: found, with: other)
            let result = try run([file([("unexpected", test)])])
            #expect(result.status == 1 && result.results[0].error?.contains("the transaction was found invalid: \(field)") == true, "\(result)")
            let expected = test.replacingOccurrences(of: "\"expectException\": null", with: "\"expectException\": \"TransactionException.NONCE_OVERFLOW|TR_RLP_WRONGVALUE\"")
            let second = try run([file([("expected", expected)])])
            #expect(second.results[0].error?.hasPrefix("state root") == true, "\(second)")
        }
    }

    /// A name that nobody knows is reported once, and the case judged by whether the transaction was refused.
    @Test func unknownException() throws {
        let test = try passing().replacingOccurrences(of: "\"expectException\": null", with: "\"expectException\": \"TR_Nobody\"")
        let accepted = try run([file([("one", test)])])
        #expect(accepted.status == 1 && accepted.results[0].error == "expected the transaction to be invalid: TR_Nobody" && accepted.error.isEmpty, "\(accepted)")
        let refused = test.replacingOccurrences(of: "\"nonce\": \"0x00\"", with: "\"nonce\": \"0x5\"")
        let result = try run([file([("one", refused), ("two", refused)])])
        #expect(result.results.allSatisfy { $0.error?.hasPrefix("state root") == true }, "\(result)")
        #expect(result.error.split(separator: "\n").count == 1 && result.error.contains("'TR_Nobody' is no known name of an exception"))
    }

    // MARK: Files

    @Test func eachTestAndFileHasItsResult() throws {
        let good = try passing()
        let mixed = try file([("first", good), ("broken", "{\"post\": {\"Prague\": \"zz\"}}"), ("nothing", "null"), ("last", good)], "mixed.json")
        let other = try file([("other", good)], "other.json"), bad = try folder.write("bad.json", "{\"t\": [}")
        let result = try run([mixed, bad, "\(folder.path)/absent.json", other])
        #expect(result.status == 1 && result.results.map { $0.pass } == [true, false, false, true, false, false, true], "\(result.results)")
        #expect(result.results[1].error?.hasPrefix("\(mixed): broken: post.Prague: an array is wanted") == true)
        #expect(result.results[2].error == "\(mixed): nothing: a state test is an object, not null")
        #expect(result.results[4].error?.hasPrefix("\(bad): no JSON at offset") == true && result.results[5].error?.contains("absent.json: no such file") == true)
        for text in ["null", "[]", "1", "\"x\""] { #expect(try run([folder.write("root.json", text)]).status == 1) }
        let conformance = duet("conformance", "state", mixed, bad, other, "--jobs", "1")
        #expect(conformance.status == 1 && conformance.output.hasSuffix("3 passed, 3 failed\n"), "\(conformance.output)")
    }

    @Test func foldersAndNamesOnStandardInput() throws {
        let good = try passing()
        let inner = "\(folder.path)/set/inner"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        let path = "\(folder.path)/set"
        for name in ["a", "inner/b"] { try writeFile("\(path)/\(name).json", Array("{\"\(name)\": \(good)}".utf8)) }
        try writeFile("\(path)/.hidden.json", Array("no test".utf8))
        let result = try run([path])
        #expect(result.status == 0 && result.results.map { $0.name } == ["a", "inner/b"], "\(result)")
        let outcome = duet(["evm", "statetest"], input: ["\(path)/a.json", "", "\(folder.path)/absent.json", inner])
        #expect(outcome.status == 1 && outcome.output.split(separator: "\n").count { $0 == "[" } == 3, "\(outcome)")
        #expect(try run([folder.path + "/set/inner"], input: []).results.count == 1)
        #expect(duet(["evm", "statetest"], input: []).status == 0)
    }

    /// Real files with "expectException": null.
    @Test func contractsInUse() throws {
        guard let folder = Shared.folder("DUET_PROGRAMS", "../shared/programs", "evm/real") else { return }
        for file in try Shared.files(folder, ".json") where !file.hasSuffix("burntpix.json") {
            let result = try run([file])
            #expect(!result.results.isEmpty && result.results.allSatisfy { $0.error?.contains("to be invalid") != true }, "\(file): \(result.results)")
        }
    }
}
