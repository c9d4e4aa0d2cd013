import Foundation
import PVM
import Testing

@testable import DuetTool

/// The runner of test vectors: it passes what is right and fails what is wrong in any one place.
@Suite struct ConformanceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// load_imm_64 a0, 2^64 - 1; store_u8 a0, [0x20000]; ecalli 7; trap
    private static let steps = """
        {"name": "case", "initial-pc": 0, "initial-gas": 100,
         "program": [0, 0, 18, 20, 7, 255, 255, 255, 255, 255, 255, 255, 255, 59, 7, 0, 0, 2, 10, 7, 0, 1, 132, 2],
         "block-gas-costs": [{"pc": 0, "cost": 4}],
         "steps": [
           {"map": {"address": 131072, "length": 4096, "is-writable": true}},
           {"write": {"address": 131073, "contents": [9]}},
           {"set-reg": {"reg": 12, "value": 18446744073709551614}},
           {"run": {}},
           {"assert": {"status": "ecalli", "hostcall": 7, "gas": 97, "pc": 15,
                       "regs": [0, 0, 0, 0, 0, 0, 0, 18446744073709551615, 0, 0, 0, 0, 18446744073709551614],
                       "memory": [{"address": 131072, "contents": [255, 9]}]}},
           {"run": {}},
           {"assert": {"status": "panic", "gas": 96, "pc": 17}}]}
        """

    /// store_imm_u8 [0x20000], 18; trap. The vector has the whole block charged.
    private static let w3f = """
        {"name": "case", "initial-regs": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "initial-pc": 0,
         "initial-page-map": [{"address": 131072, "length": 4096, "is-writable": false}],
         "initial-memory": [{"address": 131072, "contents": [1]}], "initial-gas": 10,
         "program": [0, 0, 6, 30, 3, 0, 0, 2, 18, 1],
         "expected-status": "page-fault", "expected-regs": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "expected-pc": 0,
         "expected-memory": [{"address": 131072, "contents": [1]}], "expected-gas": 8, "expected-page-fault-address": 131072}
        """

    private func conformance(_ text: String) throws -> (status: Int32, output: String, error: String) {
        duet("conformance", "pvm", try folder.write("case.json", text))
    }

    @Test func passes() throws {
        #expect(try conformance(ConformanceTests.steps) == (0, "1 passed, 0 failed\n", ""))
        #expect(try conformance(ConformanceTests.w3f) == (0, "1 passed, 0 failed\n", ""))
    }

    /// One change of a vector, and what the runner says to it.
    @Test(arguments: [
        ("\"ecalli\"", "\"halt\"", "step 4: status: expected halt, actual ecalli"),
        ("\"hostcall\": 7", "\"hostcall\": 8", "step 4: hostcall: expected 8, actual 7"),
        ("\"gas\": 97", "\"gas\": 98", "step 4: gas: expected 98, actual 97"),
        ("\"gas\": 96", "\"gas\": 95", "step 6: gas: expected 95, actual 96"),
        ("\"pc\": 15", "\"pc\": 16", "step 4: pc: expected 16, actual 15"),
        ("18446744073709551615, 0", "18446744073709551614, 0", "step 4: registers: expected [0, 0, 0, 0, 0, 0, 0, 18446744073709551614,"),
        ("[255, 9]", "[255, 8]", "step 4: memory at 131072: expected [255, 8], actual [255, 9]"),
        ("131072, \"contents\"", "196608, \"contents\"", "step 4: memory at 196608: "),
        ("\"cost\": 4", "\"cost\": 3", "gas of the block at 0: expected 3, actual 4"),
        ("{\"pc\": 0, \"cost\": 4}", "", "gas of the block at 0: expected no block, actual 4"),
        ("\"cost\": 4}", "\"cost\": 4}, {\"pc\": 15, \"cost\": 1}", "gas of the block at 15: expected 1, actual no block"),
        ("\"pc\": 15", "\"ip\": 15", "no test vector: steps: Index 4: assert: unknown key 'ip'"),
        ("{\"run\": {}}", "{}", "no test vector: steps: Index 3: a step has one key"),
        ("\"reg\": 12", "\"reg\": 13", "set-reg: no register 13"),
        ("\"length\": 4096", "\"length\": 4095", "map: 4095 octets from 131072 are no whole pages"),
    ])
    func fails(_ right: String, _ wrong: String, _ message: String) throws {
        let text = ConformanceTests.steps.replacing(right, with: wrong, maxReplacements: 1)
        #expect(text != ConformanceTests.steps)
        let result = try conformance(text)
        #expect(result.status == 1 && result.output.hasSuffix("\n0 passed, 1 failed\n"))
        #expect(result.output.contains(message), "\(result.output)")
    }

    @Test(arguments: [
        // The exact gas is not what this format of vectors has.
        ("\"expected-gas\": 8", "\"expected-gas\": 9", "gas: expected 10, actual 9"),
        ("\"expected-gas\": 8", "\"expected-gas\": 9", "gas of whole blocks: expected 1, actual 2"),
        ("\"expected-gas\": 8", "\"expected-gas\": 7", "gas: expected 8, actual 9"),
        ("fault-address\": 131072", "fault-address\": 131073", "page-fault-address: expected 131073, actual 131072"),
        ("\"expected-pc\": 0", "\"expected-pc\": 3", "pc: expected 3, actual 0"),
    ])
    func failsW3F(_ right: String, _ wrong: String, _ message: String) throws {
        let result = try conformance(ConformanceTests.w3f.replacing(right, with: wrong))
        #expect(result.status == 1 && result.output.contains(message), "\(result.output)")
    }

    @Test func files() throws {
        try FileManager.default.createDirectory(atPath: "\(folder.path)/below", withIntermediateDirectories: true)
        let nothing = duet("conformance", "pvm", folder.path)
        #expect(nothing.status == 1 && nothing.output.isEmpty && nothing.error == "duet: no test vectors in \(folder.path)\n")
        _ = try folder.write("b.json", ConformanceTests.steps)
        _ = try folder.write("below/a.json", ConformanceTests.w3f)
        _ = try folder.write("c.txt", "no vector")
        #expect(duet("conformance", "pvm", folder.path).output == "2 passed, 0 failed\n")
        _ = try folder.write("d.json", "[")
        #expect(duet("conformance", "pvm", folder.path).output.hasSuffix("\n2 passed, 1 failed\n"))
        #expect(duet("conformance", "pvm", "\(folder.path)/absent").error == "duet: \(folder.path)/absent: no such file\n")
    }

    /// Every supported pair of engine and memory takes part in `all`, and one that is not supported is an error on its own.
    @Test func engines() throws {
        let file = try folder.write("case.json", ConformanceTests.steps.replacing("\"gas\": 96", with: "\"gas\": 95"))
        let all = duet("conformance", "pvm", file, "--engine", "all", "--memory", "all")
        #expect(all.error.hasPrefix("engine and memory: interpreter, checked"))
        #expect(all.output.contains("[interpreter, checked] step 6"))
        for (engine, memory) in [("recompiler", "checked"), ("interpreter", "guarded"), ("recompiler", "guarded")] {
            let alone = duet("conformance", "pvm", file, "--engine", engine, "--memory", memory)
            let supported = alone.output.contains("[\(engine), \(memory)] step 6")
            #expect(all.output.contains("[\(engine), \(memory)] step 6") == supported)
            #expect(supported || alone.status == 1 && alone.error.hasPrefix("duet: "))
        }
    }

    @Test(arguments: [("gp072", ISA.gp072, 253), ("gp080", .gp080, 257), ("w3f-v0.4", .gp072, 201)])
    func vectors(_ set: String, _ isa: ISA, _ count: Int) throws {
        guard let path = Shared.vectors(set) else { return }
        let result = duet("conformance", "pvm", path, "--isa", isa.name, "--engine", "all", "--memory", "all")
        #expect(result.output == "\(count) passed, 0 failed\n")
        #expect(result.status == 0)
    }
}
