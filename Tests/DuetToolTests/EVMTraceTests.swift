import CPVM
import EVM
import EVMRules
import Foundation
import Testing
import VMCommon

@testable import DuetTool

/// `duet evm trace`: lines made of records against those of the line tracer, and the replay behind them.
@Suite struct EVMTraceTests {
    private func trace(_ code: String, _ options: [String]) -> [String] {
        let result = duet(["evm", "trace", code] + options)
        #expect(result.status == 0, "\(result.error)")
        return result.output.split(separator: "\n").map(String.init)
    }

    /// The lines say what the records say, from which the replay makes the rest.
    private func compare(_ code: String, _ options: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) {
        let lines = trace(code, ["--format", "json"] + options)
        let steps: [RecordedStep]
        do { steps = try recorded(code, options) } catch {
            Issue.record("\(code): \(error)", sourceLocation: sourceLocation)
            return
        }
        #expect(lines.count == steps.count + 1, "\(code) \(options)", sourceLocation: sourceLocation)
        for (line, step) in zip(lines, steps) {
            guard let difference = step.difference(from: line) else { continue }
            Issue.record("\(code) \(options): \(difference)\n\(line)\n\(step)", sourceLocation: sourceLocation)
            return
        }
    }

    private func recorded(_ code: String, _ options: [String]) throws -> [RecordedStep] {
        let call = try EVMCall(Arguments([code] + options, for: .evmTrace))
        let sink = StepSink(try #require(Fork(call.host.revision)))
        let recorder = try EVMRecorder(call.host.vm, sink, stackWords: 1, memory: false)
        call.host.vm = recorder.vm
        try LargeStack.run {
            var result = call.run()
            result.release?(&result)
        }
        #expect(sink.isConsistent, "\(code)")
        return sink.steps
    }

    // MARK: Programs

    /// Initcode of a contract that returns 5 (input 0), reverts (1) or fails (2).
    private static let child: String = {
        let runtime = "5f3560f81c" + "80600114601a57" + "600214602757" + "60055f5260205ff3" + "5b63deadbeef5f526004601cfd" + "5bfe"
        return "60" + hexText([UInt8(runtime.count / 2)]) + "8060095f395ff3" + runtime
    }()

    /// Leaves the address of that contract on the stack.
    private static let creation: String = {
        var text = "", offset = 0
        let code = child + String(repeating: "0", count: (64 - child.count % 64) % 64)
        while offset * 2 < code.count {
            let start = code.index(code.startIndex, offsetBy: offset * 2)
            text += "7f" + code[start..<code.index(start, offsetBy: 64)] + "60" + hexText([UInt8(offset)]) + "52"
            offset += 32
        }
        return text + "60" + hexText([UInt8(child.count / 2)]) + "5f5ff0"
    }()

    private static func call(_ way: String, _ opcode: String = "f1") -> String {
        "60\(way)5f53" + "602061010060015f" + (opcode == "f1" || opcode == "f2" ? "5f85" : "84") + "61ea60" + opcode + "50"
    }

    @Test(arguments: ["00", "5b", "60", "61ff", "fe", "0c", "01", "600160020150", "600056", "5f5ffd", "602a60005260206000fd", "60aa60bb60016000a2",
                      "6007600155600154", "600160005560006000556000600055", "5f5f5f5f5f5ff15b", "5f5f5f5f600263fffffffff1", "5f5f5f47600101f0"])
    func small(_ code: String) {
        compare(code)
        for gas in ["0", "2", "5", "2300", "21000"] { compare(code, ["--gas", gas]) }
        compare(code, ["--static"])
        compare(code, ["--rev", "frontier"])
    }

    @Test func callsAndCreations() {
        let ways = ["00", "01", "02"].map { Self.call($0) }.joined() + Self.call("00", "fa") + Self.call("01", "f4") + Self.call("02", "f2")
        let precompile = "602060406020600060025afa50" + "6020604060206000600263000000015a5050"
        compare(Self.creation + ways + precompile + "3d5f5f3e" + "00")
        // Reverting and failing creations leave return data, or none.
        compare("6b63deadbeef5f526004601cfd5f52" + "600c60145ff0" + "3d" + "61fefe5f52" + "6002601e5ff0" + "3d")
        // Calls that the host is not asked for: no balance.
        compare(Self.creation + "5f5f5f5f6f0fffffffffffffffffffffffffffffff" + "85" + "5af1" + "3d")
        compare(Self.creation + Self.call("01") + "3d50" + "5f5f6f0fffffffffffffffffffffffffffffff" + "f0" + "3d")
    }

    @Test func permutations() {
        let pushes = (1...30).map { "60" + hexText([UInt8($0)]) }.joined()
        compare(pushes + (0x80...0x9f).map { hexText([UInt8($0)]) }.joined())
        let reaches = ["e680", "e690", "e680", "e780", "e78a", "e88e", "e81f", "e8a0", "e89d", "e82f"].joined()
        compare(pushes + reaches, ["--rev", "experimental"])
        compare(pushes + "e65b", ["--rev", "experimental"])
        compare("6001e680", ["--rev", "experimental"])
        compare("60016002e6", ["--rev", "experimental"])
    }

    @Test func recursion() {
        // It calls itself until the gas is used up.
        compare("5f5f5f5f5f305af100", ["--gas", "100000"])
        compare("5f5f5f5f5f305af1600101" + "00", ["--gas", "1000000", "--rev", "homestead"])
    }

    @Test func deepestCall() {
        let lines = trace("5f5f5f5f5f305af100", ["--gas", "1000000000000", "--depth", "1024", "--opcodes", "CALL,STOP", "--format", "json"])
        #expect(lines.count == 3 && lines[0].contains("\"depth\":1025") && lines[1].contains("\"stack\":[\"0x0\"]"), "\(lines)")
    }

    /// Code of random instructions, with enough words on the stack for many of them.
    @Test func randomCode() {
        var random = Random(state: 7)
        for round in 0..<300 {
            var code = (0..<8).map { _ in "60" + hexText([UInt8.random(in: 0...255, using: &random)]) }.joined()
            for _ in 0..<40 {
                let octet = UInt8.random(in: 0...255, using: &random)
                let isPush = (0x60...0x63).contains(octet)
                code += hexText([octet]) + (isPush ? hexText((0x60...octet).map { _ in UInt8.random(in: 0...64, using: &random) }) : "")
                if round % 3 > 0 { code += "60" + hexText([UInt8.random(in: 0...96, using: &random)]) }
            }
            compare(code, ["--rev", round % 2 == 0 ? "experimental" : "osaka", "--gas", "100000"])
        }
    }

    // MARK: Memory

    private final class MemorySink: EVMTraceSink {
        var replay = EVMReplay()
        /// Of the outermost execution, before its last instruction.
        var memory: [UInt8] = []
        var isConsistent = true

        func begin(_ frame: EVMFrame) { replay.begin(frame) }
        func end(_ frame: EVMFrame) { replay.end(frame) }
        func finish(_ frame: EVMFrame) {}
        func memory(_ record: duet_evm_memory_record_t, _ octets: UnsafeBufferPointer<UInt8>) { replay.write(record, octets) }
        func instruction(_ record: duet_evm_record_t, _ words: UnsafePointer<UInt8>) {
            isConsistent = replay.advance(record, words) && isConsistent
            if record.depth == 0 { memory = replay.top.memory }
        }
    }

    /// The code up to each of its instructions, and what it returns if all of its memory is returned there.
    @Test func memory() throws {
        let pieces = [
            "63deadbeef6007", "52", "60ff6051", "53", "6020600760405e", "60206001600337", "60a06000608039", "6040600060c05e", Self.creation, "50",
            Self.creation, "603060096090833c", Self.call("00"), Self.call("01"), "600460006101503e", Self.call("02"), "5f5f5f3e", "6041606060005e",
            "6000602160005e", "6001610200525f610201526104005150", "602060406020600060025afa50",
        ]
        for end in pieces.indices {
            let code = try #require(hexOctets((pieces[...end].joined() + "595ff3").utf8))
            let host = try MemoryHost(EVMC_OSAKA)
            let sink = MemorySink()
            let recorder = try EVMRecorder(host.vm, sink, stackWords: 1, memory: true)
            host.vm = recorder.vm
            var message = evmc_message()
            message.gas = 10_000_000
            message.recipient = EVMCall.defaultReceiver.address
            message.code_address = message.recipient
            host.world.change(EVMCall.defaultReceiver) { $0.code = code }
            let input = Array(0..<UInt8(200))
            var result = input.withUnsafeBufferPointer { input in
                message.input_data = input.baseAddress
                message.input_size = input.count
                return host.call(message)
            }
            defer { result.release?(&result) }
            #expect(sink.isConsistent && result.status_code == EVMC_SUCCESS)
            let output = Array(UnsafeBufferPointer(start: result.output_data, count: result.output_size))
            #expect(sink.memory == output, "piece \(end)")
        }
    }

    // MARK: Forms

    @Test func text() {
        let lines = trace("6001600201" + "50fe", ["--gas", "100"])
        #expect(lines == [
            "CALL 00000000000000000000000000000000000c0de0, 100 gas, 0 octets of input",
            "0000  PUSH1 0x01          gas 100         -3",
            "0002  PUSH1 0x02          gas 97          -3       0x1",
            "0004  ADD                 gas 94          -3       0x2 0x1",
            "0005  POP                 gas 91          -2       0x3",
            "0006  INVALID             gas 89          -0        <- invalid-instruction",
            "invalid-instruction, 100 gas used, 0 octets of output",
        ], "\(lines.joined(separator: "\n"))")
        #expect(trace("6001600201", ["--stack", "1"])[3].hasSuffix("0x2 +1"))
        #expect(trace("6001600201", ["--stack", "1", "--format", "json"])[2].contains("\"stack\":[\"0x2\"]"))
    }

    @Test func filters() {
        let code = Self.creation + Self.call("00") + Self.call("02")
        func opcodes(_ options: [String]) -> [Int] {
            trace(code, ["--format", "json"] + options).dropLast().compactMap { line in
                line.split(separator: ",").first { $0.hasPrefix("\"op\":") }.flatMap { Int($0.dropFirst(5)) }
            }
        }
        #expect(Set(opcodes(["--opcodes", "mstore,CALL"])) == [0x52, 0xf1])
        #expect(opcodes(["--faults"]) == [0xfe])
        #expect(opcodes(["--depth", "1"]).first == 0x60 && opcodes(["--depth", "1-"]).count == opcodes(["--depth", "1"]).count)
        #expect(opcodes([]).count == opcodes(["--depth", "0"]).count + opcodes(["--depth", "1"]).count)
        #expect(opcodes(["--pc", "0x21-0x23", "--depth", "-0"]).count == 2)
        // The same with the library's own filter.
        #expect(trace(code, ["--faults"]).count == 2 && trace(code, ["--opcodes", "CALL"]).count == 3)
        #expect(trace(code, ["--depth", "1"]).count == 1 + opcodes(["--depth", "1"]).count)
    }

    @Test func page() throws {
        let folder = try TemporaryFolder()
        let code = try folder.write("<odd> & name", "6001600201")
        let result = duet("evm", "trace", "@" + code, "--format", "html", "-o", folder.path + "/page.html")
        #expect(result.status == 0 && result.output.isEmpty, "\(result.error)")
        let page = String(decoding: try readFile(folder.path + "/page.html"), as: UTF8.self)
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
        #expect(page.contains("&lt;odd&gt; &amp; name</title>") && !page.contains("<odd>"))
        #expect(!page.contains("<!--{") && !page.contains("http://") && !page.contains("https://") && page.contains("default-src 'none'"))
        #expect(duet("evm", "trace", "00", "--format", "html").output == duet("evm", "trace", "00", "--format", "html").output)
    }

    /// A run without an end, as far as its gas goes, makes no page without an end.
    @Test func longPages() {
        let result = duet("evm", "trace", Self.creation + Self.call("00") + "5b600056", "--format", "html", "--steps", "30")
        #expect(result.status == 0 && result.error.contains("it has the first 30") && result.output.contains("\"count\": 30, \"cut\": true"))
        #expect(duet("evm", "trace", "00", "--format", "html", "--steps", "1").output.contains("\"count\": 1, \"cut\": false"))
    }

    @Test(arguments: [
        "", "00 --steps 0", "00 --state-test x", "00 --index 1", "00 --opcodes NOTHING", "00 --depth 2-1", "00 --pc -", "00 --pc 1-2-3", "00 --format html --faults",
        "00 --stack 33", "00 --format xml", "--state-test x --gas 1", "--state-test x --fork atlantis",
    ])
    func refusals(_ words: String) {
        let result = duet(["evm", "trace"] + words.split(separator: " ").map(String.init))
        #expect(result.status == 2 && result.error.hasPrefix("duet: "), "\(words): \(result)")
    }

    @Test func filesThatAreNotThere() {
        #expect(duet("evm", "trace", "00", "-o", "/nonexistent/file").status == 1)
        #expect(duet("evm", "trace", "--state-test", "/nonexistent").status == 1)
    }

    // MARK: State tests

    @Test func stateTest() throws {
        let zero = String(repeating: "0", count: 64)
        func post(_ count: Int) -> String {
            (0..<count).map { "{\"hash\": \"0x\(zero)\", \"logs\": \"0x\(zero)\", \"indexes\": {\"data\": \($0), \"gas\": 0, \"value\": 0}}" }.joined(separator: ",")
        }
        let text = """
            {"first": {
              "env": {"currentCoinbase": "0x00000000000000000000000000000000000000c0", "currentGasLimit": "0xffffff", "currentNumber": "0x1", "currentTimestamp": "0x2",
                "currentBaseFee": "0x1", "currentRandom": "0x\(zero)"},
              "pre": {
                "0x00000000000000000000000000000000000000aa": {"balance": "0x0", "code": "0x5f3560005500", "nonce": "0x0", "storage": {}},
                "0x00000000000000000000000000000000000000bb": {"balance": "0xffffffffffff", "code": "0x", "nonce": "0x0", "storage": {}}},
              "transaction": {"data": ["0x07", "0x08"], "gasLimit": ["0x186a0"], "value": ["0x0"], "gasPrice": "0x1", "nonce": "0x0",
                "to": "0x00000000000000000000000000000000000000aa", "sender": "0x00000000000000000000000000000000000000bb"},
              "post": {"Cancun": [\(post(2))], "Prague": [\(post(1))]}}}
            """
        let folder = try TemporaryFolder()
        let file = try folder.write("test.json", text)
        func lines(_ options: String...) -> [String] {
            let result = duet(["evm", "trace", "--state-test", file, "--format", "json"] + options)
            #expect(result.status == 0 && result.error.contains("state root"), "\(result)")
            return result.output.split(separator: "\n").map(String.init)
        }
        let first = lines(), second = lines("--index", "1", "--fork", "Cancun")
        try #require(first.count == 6 && second.count == 6, "\(first) \(second)")
        #expect(first[3].contains("\"opName\":\"SSTORE\"") && first[3].contains("0x07") == false && first[3].contains("\"0x7000"), "\(first)")
        #expect(second[3].contains("\"0x8000"))
        #expect(lines("--fork", "Prague").count == 6)
        #expect(duet("evm", "trace", "--state-test", file, "--index", "9").status == 1)
        #expect(duet("evm", "trace", "--state-test", file, "--filter", "other").status == 1)
    }
}
