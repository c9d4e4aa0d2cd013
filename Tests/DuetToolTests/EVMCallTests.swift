import CPVM
import Foundation
import Testing
import VMCommon

@testable import DuetTool

/// The world that `duet evm run` and `duet evm trace` call a contract in, and what is refused.
@Suite struct EVMCallTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Outcome: Decodable {
        struct Account: Decodable, Equatable {
            var balance: String
            var nonce = "0x0"
            var code: String?
            var storage: [String: String]?
        }
        let status, output: String
        let gas_left: Int64
        let alloc: [String: Account]?
    }

    private func run(_ words: String...) throws -> Outcome {
        let result = duet(["evm", "run", "--json"] + words)
        #expect(result.status == 0, "\(result.error)")
        return try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
    }

    private let sender = "0x00000000000000000000000000000000000000bb"
    private let receiver = "0x00000000000000000000000000000000000000aa"
    private let ether = "1000000000000000000"

    private func alloc(_ code: String, balance: String = "\"0xde0b6b3a7640000\"") -> String {
        "{\"\(receiver)\": {\"code\": \"\(code)\", \"storage\": {\"0x1\": \"0x2\"}, \"nonce\": null}, \"\(sender)\": {\"balance\": \(balance)}}"
    }

    /// The least word with the highest bit set.
    private let large = "0x8" + String(repeating: "0", count: 63)

    @Test func valuesOf256Bits() throws {
        // CALLVALUE, returned.
        let show = "345f5260205ff3"
        #expect(try run(show, "--value", large).output == String(large.dropFirst(2)))
        #expect(try run(show, "--value", "57896044618658097711785492504343953926634992332820282019728792003956564819968").output == String(large.dropFirst(2)))
        #expect(try run(show, "--value", "0x" + String(repeating: "f", count: 64)).output == String(repeating: "f", count: 64))
        #expect(duet("evm", "run", show, "--value", "0x1" + String(repeating: "0", count: 64)).status == 2)
        #expect(duet("evm", "run", show, "--value", "1x").status == 2)
        #expect(duet("evm", "run", show, "--value", "-1").status == 2)
    }

    @Test func senderAndReceiver() throws {
        // CALLER + ADDRESS + ORIGIN.
        let outcome = try run("3330013201" + "5f5260205ff3", "--sender", sender, "--receiver", receiver)
        #expect(outcome.output == String(repeating: "0", count: 61) + "220")
        for bad in ["0xbb", sender + "00", "0x", "", "zz", "0x" + String(repeating: "g", count: 40)] {
            for option in ["--sender", "--receiver"] { #expect(duet("evm", "run", "00", option, bad).status == 2, "\(option) \(bad)") }
        }
    }

    @Test func codeFromTheOption() throws {
        #expect(try run("--code", "60055f5260205ff3").output.hasSuffix("05"))
        #expect(try run("--code", "@" + folder.write("code", "0x60055f5260205ff3\n")).output.hasSuffix("05"))
        #expect(duet("evm", "run", "00", "--code", "00").status == 2)
        #expect(duet("evm", "run").status == 2 && duet("evm", "run", "--code", "0").status == 2)
    }

    @Test func prestate() throws {
        let file = try folder.write("prestate.json", alloc("0x345f55600154" + "5f5260205ff3"))
        let options = ["--prestate", file, "--sender", sender, "--receiver", receiver]
        let result = duet(["evm", "run", "--json", "--dump", "--value", "7"] + options)
        #expect(result.status == 0, "\(result.error)")
        let outcome = try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
        #expect(outcome.status == "success" && outcome.output.hasSuffix("02"))
        let contract = try #require(outcome.alloc?[receiver])
        #expect(contract.balance == "0x7" && contract.storage?.count == 2)
        #expect(contract.storage?["0x" + String(repeating: "0", count: 64)] == "0x" + String(repeating: "0", count: 63) + "7")
        #expect(outcome.alloc?[sender]?.balance == "0xde0b6b3a763fff9")
        // What is dumped is a prestate: a call without value clears the entry.
        let dump = duet(["evm", "run", "--dump", "--value", "7"] + options).output
        let again = try folder.write("again.json", String(dump[dump.firstIndex(of: "{")!...]))
        let second = try run("--prestate", again, "--receiver", receiver, "--sender", sender, "--dump")
        #expect(second.alloc?[receiver]?.storage?.count == 1 && second.alloc?[receiver]?.balance == "0x7")
        // Nobody has got more than the file says.
        #expect(try run("--prestate", file, "--sender", sender, "--receiver", receiver, "--value", ether + "0").status == "insufficient-balance")
        #expect(try run("--prestate", file, "--receiver", receiver, "--value", "1").status == "insufficient-balance")
        // Code that is given takes the place of the account's, in its storage.
        #expect(try run("6001545f5260205ff3", "--prestate", file, "--receiver", receiver).output.hasSuffix("02"))
        let absent = duet("evm", "run", "--prestate", file)
        #expect(absent.status == 1 && absent.error == "duet: \(file): there is no code at 0x00000000000000000000000000000000000c0de0\n")
    }

    @Test func failedCallsLeaveTheWorldAsItWas() throws {
        let file = try folder.write("prestate.json", alloc("0x6009600155fe"))
        let outcome = try run("--prestate", file, "--sender", sender, "--receiver", receiver, "--value", "7", "--dump")
        #expect(outcome.status == "invalid-instruction" && outcome.alloc?[receiver]?.balance == "0x0")
        #expect(outcome.alloc?[receiver]?.storage == ["0x" + String(repeating: "0", count: 63) + "1": "0x" + String(repeating: "0", count: 63) + "2"])
    }

    @Test func genesis() throws {
        // NUMBER, TIMESTAMP, GASLIMIT, BASEFEE, CHAINID, COINBASE added up; PREVRANDAO apart.
        let sum = "0x43" + "4201" + "4501" + "4801" + "4601" + "4101" + "5f5260205ff3"
        func file(_ code: String) throws -> String {
            try folder.write("genesis.json", """
                {"config": {"chainId": 1337, "homesteadBlock": 0}, "number": "0x10", "timestamp": "32", "gasLimit": "0x40", "baseFeePerGas": "0x80",
                 "coinbase": "0x0000000000000000000000000000000000010000", "difficulty": "0x5", "mixHash": "0x\(String(repeating: "0", count: 63))6",
                 "extraData": "0x", "alloc": \(alloc(code))}
                """)
        }
        #expect(try run("--prestate", file(sum), "--receiver", receiver).output.hasSuffix(String(0x10 + 32 + 0x40 + 0x80 + 1337 + 0x10000, radix: 16)))
        #expect(try run("--prestate", file("0x445f5260205ff3"), "--receiver", receiver).output.hasSuffix("06"))
        #expect(try run("--prestate", file("0x4460005260206000f3"), "--receiver", receiver, "--rev", "london").output.hasSuffix("05"))
    }

    @Test(arguments: [
        ("[]", "an object is wanted"), ("{", "no JSON"), ("{\"0xaa\": {}}", "0xaa"), ("{\"alloc\": null}", "alloc"),
        ("{\"0x00000000000000000000000000000000000000aa\": {\"balance\": \"0x1\(String(repeating: "0", count: 64))\"}}", "balance"),
        ("{\"0x00000000000000000000000000000000000000aa\": {\"nonce\": \"0x10000000000000000\"}}", "nonce"),
        ("{\"0x00000000000000000000000000000000000000aa\": {\"code\": \"0x1\"}}", "code"),
        ("{\"0x00000000000000000000000000000000000000aa\": {\"storage\": {\"x\": \"0x1\"}}}", "storage"),
        ("{\"alloc\": {}, \"timestamp\": \"0x10000000000000000\"}", "timestamp"), ("{\"alloc\": {}, \"coinbase\": \"0x1\"}", "coinbase"),
    ])
    func badPrestates(_ text: String, _ field: String) throws {
        let file = try folder.write("prestate.json", text)
        let result = duet("evm", "run", "00", "--prestate", file)
        #expect(result.status == 1 && result.output.isEmpty && result.error.hasPrefix("duet: \(file): ") && result.error.contains(field), "\(result.error)")
    }

    @Test func traceTakesTheSame() throws {
        let file = try folder.write("prestate.json", alloc("0x345f55"))
        let result = duet("evm", "trace", "--prestate", file, "--receiver", receiver, "--sender", sender, "--value", "5")
        #expect(result.status == 0 && result.output.contains("SSTORE"), "\(result.error)")
        #expect(duet("evm", "trace", "--state-test", file, "--prestate", file).status == 2)
        #expect(duet("evm", "trace").status == 2)
    }

    // MARK: Benchmarks

    private func benchmark(_ post: String?) -> String {
        """
        {"case": {"_info": null, "env": {"currentCoinbase": "\(sender)", "currentGasLimit": "0x5000", "currentNumber": "1", "currentTimestamp": "0x2"},
          "pre": {"\(receiver)": {"code": "0x5f00"}}, \(post.map { "\"post\": \($0)," } ?? "")
          "transaction": {"data": ["0x"], "gasLimit": ["0x186a0"], "value": ["0x00"], "to": "\(receiver)", "sender": "\(sender)"}}}
        """
    }

    /// PUSH0 is of Shanghai.
    @Test(arguments: [
        (Optional("{\"Cancun\": []}"), [], 0), (Optional("{\"Istanbul\": [], \"Shanghai\": []}"), [], 0), (Optional("{\"Istanbul\": []}"), [], 1),
        (Optional("{\"Istanbul\": []}"), ["--rev", "shanghai"], 0), (Optional("{\"Cancun\": []}"), ["--rev", "istanbul"], 1), (nil, [], 0),
        (Optional("null"), [], 0), (Optional("{\"Atlantis\": []}"), [], 1),
    ] as [(String?, [String], Int32)])
    func benchmarksRunUnderTheirOwnFork(_ post: String?, _ options: [String], _ status: Int32) throws {
        let file = try folder.write("case.json", benchmark(post))
        let result = duet(["evm", "bench", file, "--runs", "2"] + options)
        #expect(result.status == status, "\(result.output)\(result.error)")
    }

    @Test func aFileThatCannotBeRunKeepsNoOtherFromIt() throws {
        let bad = try folder.write("bad.json", "{\"x\": 1}"), good = try folder.write("good.json", benchmark(nil))
        let result = duet(["evm", "bench", bad, good, "--runs", "1", "--json"])
        #expect(result.status == 1 && result.error.contains("bad.json"), "\(result.error)")
        #expect(result.output.count { $0 == "\n" } == duet(["evm", "bench", good, "--runs", "1", "--json"]).output.count { $0 == "\n" })
        #expect(!result.output.isEmpty)
    }

    /// Real contracts, under Cancun and Osaka.
    @Test func publicPrograms() throws {
        guard let folder = Shared.folder("DUET_PROGRAMS", "../shared/programs", "evm/real") else { return }
        // BurntPix takes seconds.
        let files = try Shared.files(folder, ".json").filter { !$0.hasSuffix("burntpix.json") }
        #expect(files.count >= 4)
        let result = duet(["evm", "bench", "--json", "--runs", "1"] + files)
        #expect(result.status == 0 && result.output.count { $0 == "\n" } >= files.count, "\(result.error)")
    }
}
