import Foundation
import Testing

@testable import DuetTool

/// Traces of transactions: what go-ethereum and the execution specifications print. `scripts/test-traces` compares whole traces.
@Suite struct TransitionTraceTests {
    private func trace(_ test: TransitionCase, _ fork: String = "Osaka") throws -> [[String: Any]] {
        let outcome = try test.run(fork, "--trace")
        #expect(outcome.status == 0 && outcome.rejected.isEmpty, "\(outcome)")
        return try #require(test.traces[0])
    }

    private func steps(_ lines: [[String: Any]], _ name: String) -> [[String: Any]] { lines.filter { $0["opName"] as? String == name } }

    /// A refund is the transaction's, a number, and there behind the instruction that brings it; what reverts takes its own with it.
    @Test func refunds() throws {
        let other = "0x000000000000000000000000000000000000b000"
        let reverting = "0x000000000000000000000000000000000000c000"
        let call = { (address: String) in "5f5f5f5f5f61\(address)5af150" }
        let test = try TransitionCase()
        test.put(TransitionCase.contract, "5f5f55" + call("b000") + "5f600155" + call("c000") + "00",
                 storage: [TransitionCase.word(0): TransitionCase.word(1), TransitionCase.word(1): TransitionCase.word(1)])
        test.put(other, "5f5f5500", storage: [TransitionCase.word(0): TransitionCase.word(1)])
        test.put(reverting, "5f5f555f5ffd", storage: [TransitionCase.word(0): TransitionCase.word(1)])
        test.add()
        let lines = try trace(test)
        #expect(steps(lines, "SSTORE").map { $0["refund"] as? Int } == [4800, 9600, 14400, 19200])
        #expect(steps(lines, "STOP").map { $0["refund"] as? Int } == [9600, 14400])
        #expect(lines.dropLast().allSatisfy { ($0["refund"] as? Int).map { $0 >= 0 } == true })
    }

    /// A callee that takes back what its caller was refunded is below zero itself; the transaction is not.
    @Test func refundBelowZero() throws {
        let library = "0x000000000000000000000000000000000000b000"
        let test = try TransitionCase()
        test.put(TransitionCase.contract, "5f5f55" + "5f5f5f5f61b0005af450" + "00", storage: [TransitionCase.word(0): TransitionCase.word(9)])
        test.put(library, "60095f5500")
        test.add()
        #expect(steps(try trace(test), "SSTORE").map { $0["refund"] as? Int } == [4800, 2800])
    }

    @Test func creation() throws {
        let test = try TransitionCase()
        test.add(to: nil, data: "60038061000c6000396000f3600150")
        let lines = try trace(test)
        // 24 gas of the init code and 600 for 3 bytes of code.
        #expect(lines.last?["gasUsed"] as? String == "0x270" && lines.last?["output"] as? String == "600150" && lines.last?["error"] == nil, "\(lines)")
    }

    @Test func noCode() throws {
        let test = try TransitionCase()
        test.add(to: "0x0000000000000000000000000000000000009999")
        let lines = try trace(test)
        #expect(lines.count == 1 && lines[0]["output"] as? String == "" && lines[0]["gasUsed"] as? String == "0x0", "\(lines)")
    }

    @Test func precompile() throws {
        let test = try TransitionCase()
        test.add(to: "0x0000000000000000000000000000000000000004", data: "abcd")
        let lines = try trace(test)
        #expect(lines.count == 1 && lines[0]["output"] as? String == "abcd" && lines[0]["gasUsed"] as? String == "0x12", "\(lines)")
    }

    /// A creation costs nothing of what it hands on; a call that is refused costs what it would have handed on.
    @Test func costs() throws {
        let test = try TransitionCase(code: "5f5f5ff0" + "5f5f5f5f611000611234615000f1" + "00")
        test.add()
        let lines = try trace(test)
        #expect(steps(lines, "CREATE").map { $0["gasCost"] as? String } == ["0x7d00"], "\(lines)")
        // 2600 for the access, 9000 for the value, 25000 for the account, and 0x5000 of gas.
        #expect(steps(lines, "CALL").map { $0["gasCost"] as? String } == ["0x" + String(2600 + 9000 + 25000 + 0x5000, radix: 16)])
    }

    /// Each transaction has its file, those that are refused none; the system's calls behind the last one are nobody's.
    @Test func files() throws {
        let test = try TransitionCase(code: "00")
        for address in ["0x00000961ef480eb55e80d19ad83579a64c007002", "0x0000bbddc7ce488642fb579f8b00f3a590007251"] { test.put(address, "600100") }
        test.add()
        test.add(["nonce": "0x7"])
        test.add(["nonce": "0x1"])
        let outcome = try test.run("Prague", "--trace")
        #expect(outcome.status == 0 && outcome.rejected.count == 1, "\(outcome)")
        let traces = try test.traces
        #expect(traces.keys.sorted() == [0, 2])
        #expect(traces.values.allSatisfy { $0.count == 2 && $0[0]["opName"] as? String == "STOP" }, "\(traces)")
    }

    /// The same from the commands that have no transactions.
    @Test func codeAlone() {
        #expect(duet("evm", "run", "0x", "--trace").error == "{\"output\":\"\",\"gasUsed\":\"0x0\"}\n")
        #expect(duet("evm", "trace", "00", "--format", "json").output.hasSuffix("{\"output\":\"\",\"gasUsed\":\"0x0\"}\n"))
    }
}
