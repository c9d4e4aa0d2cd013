import CPVM
import EVM
import Foundation
import Testing
import VMCommon

@testable import DuetTool

/// `duet evm run`, `disasm` and `bench`, and `duet conformance opcodes`.
@Suite struct EVMToolTests {
    private struct Outcome: Decodable {
        struct Log: Decodable, Equatable { let address, data: String; let topics: [String] }
        let status, output: String
        let gas_left, gas_refund: Int64
        let logs: [Log]
        let seconds: Double
    }

    private func run(_ code: String, _ options: String...) throws -> Outcome {
        let result = duet(["evm", "run", code, "--json"] + options)
        #expect(result.status == 0 && result.output.last == "\n" && result.output.count { $0 == "\n" } == 1, "\(result.error)")
        return try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
    }

    private func word(_ number: UInt64) -> String { hexText(U256(number).octets) }

    /// Returns the top of the stack.
    private let show = "60005260206000f3"

    @Test func arithmeticAndGas() throws {
        let outcome = try run("6002600301" + show, "--gas", "100")
        #expect(outcome.status == "success" && outcome.output == word(5))
        #expect(outcome.gas_left == 100 - 3 * 3 - 3 - 6 - 6 && outcome.gas_refund == 0 && outcome.logs.isEmpty && outcome.seconds >= 0)
    }

    @Test func inputAndValue() throws {
        #expect(try run("600035" + show, "--input", "0xff").output == "ff" + String(repeating: "0", count: 62))
        #expect(try run("34" + show, "--value", "77").output == word(77))
        #expect(try run("47" + show, "--value", "0x10").output == word(16))
    }

    @Test func statuses() throws {
        #expect(try run("").status == "success")
        #expect(try run("0c").status == "undefined-instruction")
        #expect(try run("fe").status == "invalid-instruction")
        #expect(try run("01").status == "stack-underflow")
        #expect(try run("5b600056", "--gas", "1000").status == "out-of-gas")
        #expect(try run("600056").status == "bad-jump-destination")
        let revert = try run("602a60005260206000fd")
        #expect(revert.status == "revert" && revert.output == word(42) && revert.gas_left > 0)
    }

    @Test func forks() throws {
        #expect(try run("5f00", "--rev", "paris").status == "undefined-instruction")
        #expect(try run("5f00", "--rev", "shanghai").status == "success")
        #expect(try run("60011e00", "--rev", "prague").status == "undefined-instruction")
        #expect(try run("60011e" + show, "--rev", "osaka").output == word(255))
    }

    @Test func storageLogsAndStatic() throws {
        #expect(try run("6007600155600154" + show).output == word(7))
        #expect(try run("60016000556000600055").gas_refund == 19900)
        let log = try run("60aa600053630102030460205260216001a0")
        #expect(log.logs == [Outcome.Log(address: String(repeating: "0", count: 34) + "0c0de0", data: String(repeating: "0", count: 66), topics: [])])
        #expect(try run("60aa60bb60016000a2").logs.first?.topics == [word(0xbb), word(0xaa)])
        #expect(try run("6001600055", "--static").status == "static-mode-violation")
    }

    /// CREATE of a contract that answers 5, and a call of it.
    @Test func creationAndCall() throws {
        let contract = "6005600052" + "60206000f3"
        // PUSH10 contract, MSTORE at 0, RETURN of its 10 octets.
        let initcode = "69" + contract + "600052" + "600a6016f3"
        let place = "7f" + initcode + String(repeating: "0", count: 64 - initcode.count) + "600052"
        let create = "6013" + "6000" + "6000" + "f0"
        let call = "6020" + "6000" + "6000" + "6000" + "6000" + "85" + "61ffff" + "f1"
        let outcome = try run(place + create + call + "600051" + show)
        #expect(outcome.status == "success" && outcome.output == word(5))
    }

    @Test func precompiles() throws {
        // SHA-256 of nothing.
        let outcome = try run("602060006000600060026103e8fa50600051" + show)
        #expect(outcome.output == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func trace() throws {
        let result = duet("evm", "run", "6001600201", "--trace")
        let lines = result.error.split(separator: "\n")
        #expect(result.status == 0 && lines.count >= 3, "\(result.error)")
        #expect(lines.first.map { $0.contains("\"pc\"") } == true, "\(result.error)")
    }

    @Test func codeFromAFile() throws {
        let folder = try TemporaryFolder()
        #expect(try run("@" + folder.write("text", "0x602a\n" + show + "\n")).output == word(42))
        #expect(try run("@" + folder.write("octets", [0x60, 0x2a, 0xff])).status == "success")
        #expect(duet("evm", "run", "60zz").status == 2)
        #expect(duet("evm", "run", "@\(folder.path)/absent").status == 1)
        #expect(duet("evm", "run", "00", "--rev", "atlantis").status == 2)
        #expect(duet("evm", "run", "00", "--mode", "fast").status == 2)
    }

    @Test func textOfARun() throws {
        let result = duet("evm", "run", "600c60005260206000a0")
        #expect(result.output.hasPrefix("  status ") && result.output.contains("log"))
    }

    @Test func disassembly() {
        let result = duet("evm", "disasm", "6001610203805b5f0c61ff", "--rev", "paris")
        #expect(result.output == """
            0000  PUSH1 0x01
            0002  PUSH2 0x0203
            0005  DUP1
            0006  JUMPDEST
            0007  UNDEFINED 0x5f
            0008  UNDEFINED 0x0c
            0009  PUSH2 0xff (cut off)

            """)
        #expect(duet("evm", "disasm", "5f").output == "0000  PUSH0\n")
    }

    // MARK: Benchmarks

    private func benchmark(code: String, data: String = "\"0x\"", labels: String = "{}") -> String {
        """
        {"case": {"_info": {"labels": \(labels)},
          "env": {"currentCoinbase": "0x00000000000000000000000000000000000000c0", "currentGasLimit": "0x5000", "currentNumber": "0x1", "currentTimestamp": "0x2"},
          "pre": {"0x00000000000000000000000000000000000000aa": {"balance": "0x1", "code": "0x\(code)", "nonce": "0x0", "storage": {"0x01": "0x07"}}},
          "post": {"Istanbul": []},
          "transaction": {"data": [\(data)], "gasLimit": ["0x186a0"], "value": ["0x00"], "to": "0x00000000000000000000000000000000000000aa",
            "sender": "0x00000000000000000000000000000000000000bb"}}}
        """
    }

    private struct Figures: Decodable {
        let `case`: String
        let us_min, us_median: Double
        let gas_used: Int64
    }

    private func bench(_ text: String, _ options: String...) throws -> (status: Int32, figures: [Figures], error: String) {
        let file = try TemporaryFolder()
        let result = duet(["evm", "bench", try file.write("case.json", text), "--json", "--runs", "3"] + options)
        let figures = try result.output.split(separator: "\n").map { try JSONDecoder().decode(Figures.self, from: Data($0.utf8)) }
        return (result.status, figures, result.error)
    }

    @Test func benchmarks() throws {
        let one = try bench(benchmark(code: "60015400"))
        #expect(one.status == 0 && one.figures.map { $0.case } == ["case"] && one.figures[0].gas_used == 803, "\(one)")
        #expect(one.figures[0].us_min > 0 && one.figures[0].us_median >= one.figures[0].us_min)
        let two = try bench(benchmark(code: "3600", data: "\"0x\", \"0xff\"", labels: "{\"1\": \"longer\"}"))
        #expect(two.figures.map { $0.case } == ["case/0", "case/longer"])
        #expect(try bench(benchmark(code: "60015400"), "--rev", "berlin").figures[0].gas_used == 2103)
        let failing = try bench(benchmark(code: "fe"))
        #expect(failing.status == 1 && failing.error.contains("a run ended with invalid-instruction"))
        #expect(try bench("{}").figures.isEmpty)
        #expect(try bench("[]").status == 1)
    }

    @Test func publicBenchmarks() throws {
        guard let folder = Shared.folder("DUET_PROGRAMS", "../shared/programs", "evm/bench") else { return }
        let result = duet(["evm", "bench", "--json", "--runs", "1"] + (try Shared.files(folder, ".json")))
        #expect(result.status == 0 && result.output.count { $0 == "\n" } == 18, "\(result.error)")
    }

    // MARK: Opcode vectors

    @Test func opcodeVectors() throws {
        let folder = try TemporaryFolder()
        func vector(_ x: UInt64, _ y: UInt64, _ expected: UInt64) -> String {
            "[{\"X\": \"\(word(x))\", \"Y\": \"\(word(y))\", \"Expected\": \"\(word(expected))\"}]"
        }
        // Y is on top: Y - X.
        let good = try folder.write("testcases_sub.json", vector(2, 5, 3))
        #expect(duet("conformance", "opcodes", good).output == "1 passed, 0 failed\n")
        let bad = try folder.write("testcases_signext.json", vector(0x80, 1, 1))
        let result = duet("conformance", "opcodes", folder.path)
        #expect(result.status == 1 && result.output.hasSuffix("1 passed, 1 failed\n") && result.output.contains("case 0 on Frontier"), "\(bad)")
        #expect(duet("conformance", "opcodes", try folder.write("testcases_stop.json", "[]")).status == 1)
        #expect(OpcodeConformance.instruction("testcases_shl.json")?.since == .constantinople)
    }
}
