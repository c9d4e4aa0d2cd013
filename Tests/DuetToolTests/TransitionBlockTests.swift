import CPVM
import EVMRules
import Foundation
import Testing
import VMCommon

@testable import DuetTool

/// What `duet evm t8n` finds out about a block, says of its transactions, and refuses. Roots, hashes and difficulties are those of the execution
/// specifications on the same input.
@Suite struct TransitionBlockTests {
    // MARK: Receipts

    @Test func receiptsAndLogs() throws {
        let test = try TransitionCase(code: "5f5fa05f5fa000")
        test.add()
        test.add(["protected": false])
        test.add(["type": "0x3", "chainId": "0x1", "maxFeePerGas": "0x20", "maxPriorityFeePerGas": "0x3", "maxFeePerBlobGas": "0x10000000", "accessList": [Any](),
                  "blobVersionedHashes": ["0x01" + String(repeating: "00", count: 31), "0x01" + String(repeating: "11", count: 31)]])
        let outcome = try test.run("Cancun")
        #expect(outcome.status == 0 && outcome.rejected.isEmpty, "\(outcome)")
        #expect(outcome.result["stateRoot"] as? String == "0x6e7e2ca13c1853e954b72d3523b738dd0ecb865622784a46d4e043085e7766db")
        #expect(outcome.result["txRoot"] as? String == "0x51d8f14a308e23f57cae002be4eb9c44540164aca59512f5b543be7387dfedf4")
        #expect(outcome.result["receiptsRoot"] as? String == "0xfe591f34c9d8ac739a850d387e2ebbf826efe2ba10a7229ac46c2859b2094218")
        func texts(_ key: String) -> [String?] { outcome.receipts.map { $0[key] as? String } }
        #expect(texts("effectiveGasPrice") == ["0x14", "0x14", "0xd"] && texts("blockNumber") == ["0x2a", "0x2a", "0x2a"])
        #expect(texts("blobGasUsed") == [nil, nil, "0x40000"] && texts("blobGasPrice") == [nil, nil, "0x5a86"])
        #expect(texts("transactionHash")[1] == "0x514e9e8ef62321c6e87eea42c22dfa51472fee483190f4de5a38bc52c057b702")
        let logs = outcome.receipts.flatMap { $0["logs"] as? [[String: Any]] ?? [] }
        #expect(logs.map { $0["logIndex"] as? String } == ["0x0", "0x1", "0x2", "0x3", "0x4", "0x5"])
        #expect(logs.allSatisfy { $0["blockNumber"] as? String == "0x2a" })
    }

    // MARK: Hashes

    /// EIP-2935 from the hash by number, as from parentHash.
    @Test func parentHash() throws {
        let contract = "0x0000f90827f1c53a10cb7a02335b175320002935"
        for (byNumber, parentHash) in [(true, nil), (false, 0x41), (true, 0x42)] as [(Bool, Int?)] {
            let test = try TransitionCase()
            test.put(contract, "5f355f5500")
            if !byNumber { test.env["blockHashes"] = nil }
            if let parentHash { test.env["parentHash"] = TransitionCase.word(parentHash) }
            let storage = try test.run("Prague").alloc[contract]?["storage"] as? [String: String]
            #expect(storage?.values.map { $0 } == [TransitionCase.word(0x41)], "\(byNumber)")
        }
    }

    @Test func blockHashes() throws {
        for (number, status) in [("28", Int32(0)), ("27", 4), ("2a", 0)] {
            let test = try TransitionCase(code: "60\(number)405f5500")
            test.add()
            let outcome = try test.run("Osaka")
            #expect(outcome.status == status, "\(outcome)")
            if status == 4 { #expect(outcome.error.contains("transaction 0 asks for the hash of block 39")) }
            let storage = outcome.alloc[TransitionCase.contract]?["storage"] as? [String: String]
            if number == "28" { #expect(storage?.values.map { $0 } == [TransitionCase.word(0x40)]) }
        }
    }

    // MARK: Difficulty

    /// number, timestamp, parent's timestamp, parent's difficulty, and whether that has ommers.
    private static let blocks: [(UInt64, UInt64, UInt64, UInt64, Bool)] = [
        (12_800_000, 100_035, 99_999, 0x2_0000_0000_0000, false), (12_800_000, 100_035, 99_999, 0x2_0000_0000_0000, true),
        (5_000_000, 1010, 1000, 0x400_0000_0000, false), (199_999, 1012, 1000, 131_072, false), (3_000_000, 2_000_000, 1000, 0x100_0000, true),
    ]

    @Test(arguments: [
        ("Frontier", ["0x40000000000000000001ffc000000000", "0x40000000000000000001ffc000000000", "0x1040080000000", "0x20040", "0x10ffe000"]),
        ("Homestead", ["0x40000000000000000001ff8000000000", "0x40000000000000000001ff8000000000", "0x1040000000000", "0x20000", "0x10f3a000"]),
        ("EIP150", ["0x40000000000000000001ff8000000000", "0x40000000000000000001ff8000000000", "0x1040000000000", "0x20000", "0x10f3a000"]),
        ("EIP158", ["0x40000000000000000001ff8000000000", "0x40000000000000000001ff8000000000", "0x1040000000000", "0x20000", "0x10f3a000"]),
        ("Byzantium", ["0x1000000000001ff4000000000", "0x1000000000001ff8000000000", "0x40000040000", "0x20000", "0xf3a000"]),
        ("Constantinople", ["0x10000001ff4000000000", "0x10000001ff8000000000", "0x40000000000", "0x20000", "0xf3a000"]),
        ("ConstantinopleFix", ["0x10000001ff4000000000", "0x10000001ff8000000000", "0x40000000000", "0x20000", "0xf3a000"]),
        ("Istanbul", ["0x10000001ff4000000000", "0x10000001ff8000000000", "0x40000000000", "0x20000", "0xf3a000"]),
        ("MuirGlacier", ["0x1ff5000000000", "0x1ff9000000000", "0x40000000000", "0x20000", "0xf3a000"]),
        ("Berlin", ["0x1ff5000000000", "0x1ff9000000000", "0x40000000000", "0x20000", "0xf3a000"]),
        ("London", ["0x1ff4020000000", "0x1ff8020000000", "0x40000000000", "0x20000", "0xf3a000"]),
        ("ArrowGlacier", ["0x1ff4000080000", "0x1ff8000080000", "0x40000000000", "0x20000", "0xf3a000"]),
        ("GrayGlacier", ["0x1ff4000001000", "0x1ff8000001000", "0x40000000000", "0x20000", "0xf3a000"]),
    ])
    func difficulties(_ fork: String, _ expected: [String]) throws {
        let named = try #require(NamedFork.named(fork))
        let found = try Self.blocks.map { number, timestamp, parentTimestamp, parent, hasOmmers in
            let block = Difficulty(number: number, timestamp: timestamp, parentTimestamp: parentTimestamp, parentDifficulty: U256(parent), parentHasOmmers: hasOmmers)
            return try #require(block.value(named.rules.block)).word.quantity
        }
        #expect(found == expected)
    }

    @Test func difficultyOfABlock() throws {
        let test = try TransitionCase()
        test.env.merge(["currentNumber": 12_800_000, "currentTimestamp": "100035", "parentTimestamp": "99999", "parentDifficulty": "0x2000000000000"]) { $1 }
        func difficulty(_ fork: String) throws -> String? { try test.run(fork).result["currentDifficulty"] as? String }
        #expect(try difficulty("London") == "0x1ff4020000000" && difficulty("grayglacier") == "0x1ff4000001000")
        test.env["parentUncleHash"] = TransitionCase.word(0xbeef)
        #expect(try difficulty("London") == "0x1ff8020000000")
        test.env["parentUncleHash"] = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
        #expect(try difficulty("London") == "0x1ff4020000000")
        test.env["currentDifficulty"] = "0x7"
        #expect(try difficulty("London") == "0x7")
    }

    // MARK: Signatures

    /// Key, hash, r, s and the parity of y: as libsecp256k1 signs.
    @Test(arguments: [
        ("0000000000000000000000000000000000000000000000000000000000000001", "a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e",
         "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8", "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5", true),
        ("45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "36b89056fe6593db75a1900b5a19c131bb440cd5348f0d94b6720116fd62b436", "108f09f998b065ad6260f36893fca2b2b08b37f19f2a720616d36600dea2e386", false),
        ("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "0000000000000000000000000000000000000000000000000000000000000000",
         "919026f3e239ea52cf530eb6d345dc2b56ef0928f1e9ad20d8f360284dc65048", "14395e7137e2204f15b69239010f3c34fbb3c858a29b0d106b1fa65bc0047263", false),
        ("41f6e321b31e72173f8ff2e292359e1862f24fba42fe6f97efaf641980eff298", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
         "ed3874eb6145e76f90507022b06e31d5941fc320742127587e0d07900062d336", "2520a6f719cb2aa006019c56286df508ae2c433992d81a56d6020e92dd4e5f14", true),
    ])
    func signatures(_ key: String, _ hash: String, _ r: String, _ s: String, _ yIsOdd: Bool) throws {
        func word(_ digits: String) throws -> evmc_bytes32 { try Quantity.number256("0x" + digits).word }
        let signature = try #require(SecretKey(word(key))).sign(word(hash))
        #expect(signature.r.word.hex == "0x" + r && signature.s.word.hex == "0x" + s && signature.yIsOdd == yIsOdd)
    }

    @Test func secretKeys() throws {
        let order = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        for (key, text) in [(order, "secretKey: it is no secret key"), (TransitionCase.word(0), "secretKey: it is no secret key"), ("0x12", "not 32 bytes")] {
            let test = try TransitionCase()
            test.add(["secretKey": key])
            let outcome = try test.run("Osaka")
            #expect((outcome.rejected.first?["error"] as? String)?.contains(text) == true, "\(outcome)")
        }
        // A fork that knows no chains has signatures without them.
        let test = try TransitionCase()
        test.env["currentDifficulty"] = "0x1"
        test.add()
        let outcome = try test.run("Homestead")
        #expect(outcome.receipts.count == 1 && outcome.receipts[0]["transactionHash"] as? String == "0xcfd273bc239a188f3558124ef6e02056bad9884a6b1aa2f85b19eaf24d204595", "\(outcome)")
    }

    // MARK: Statuses

    @Test func statuses() throws {
        func status(_ fork: String, _ change: (TransitionCase) -> Void) throws -> Int32 {
            let test = try TransitionCase()
            change(test)
            return try test.run(fork).status
        }
        #expect(try status("Osaka") { _ in } == 0)
        for fork in ["atlantis", "London+1884", "BerlinToLondonAt5"] { #expect(try status(fork) { _ in } == 3) }
        for missing in ["currentRandom", "currentBaseFee", "withdrawals", "parentBeaconBlockRoot"] {
            #expect(try status("Osaka") { $0.env[missing] = nil } == 3, "\(missing)")
        }
        #expect(try status("Osaka") { $0.env["currentDifficulty"] = "0x1" } == 3)
        #expect(try status("Berlin") { _ in } == 3)
        #expect(try status("Berlin") { $0.env.merge(["parentDifficulty": "0x20000", "parentTimestamp": "0x3e8"]) { $1 } } == 3)
        #expect(try status("Berlin") {
            $0.env.merge(["parentDifficulty": "0x" + String(repeating: "f", count: 64), "parentTimestamp": "0x3e7"]) { $1 }
        } == 3)
        for (key, value) in [("currentCoinbase", "0x12"), ("currentNumber", "zz"), ("currentTimestamp", "0x1ffffffffffffffff")] {
            #expect(try status("Osaka") { $0.env[key] = value } == 10, "\(key)")
        }
        #expect(try status("Osaka") { $0.env["currentCoinbase"] = nil } == 10)
        #expect(duet("evm", "t8n", "--input.alloc", "/nonexistent").status == 11)
        let folder = try TemporaryFolder()
        #expect(duet("evm", "t8n", "--input.alloc", try folder.write("alloc.json", "{")).status == 10)
        let test = try TransitionCase()
        #expect(try test.run("Osaka", "--output.body", "/nonexistent/body").status == 11)
        #expect(try test.run("Osaka", "--input.blobParams", "/nonexistent").status == 11)
    }

    @Test func transactionsInRLP() throws {
        func status(_ text: String) throws -> Int32 {
            let test = try TransitionCase()
            let folder = try TemporaryFolder()
            var words = ["evm", "t8n", "--output.alloc=", "--output.result=", "--input.txs", try folder.write("txs.rlp", "\"\(text)\"")]
            for (name, value) in [("alloc", test.alloc), ("env", test.env)] {
                words += ["--input.\(name)", try folder.write("\(name).json", Array(JSONSerialization.data(withJSONObject: value)))]
            }
            return duet(words).status
        }
        #expect(try status("0xc0") == 0 && status("0x80") == 12 && status("0xc1") == 12 && status("0xzz") == 10)
    }
}
