import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// `duet pvm run` and `bench`, from a file to what they print.
@Suite struct RunTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What `duet pvm run --json` says of a program.
    private struct Outcome: Decodable, Equatable {
        var status: String
        var gas_used: UInt64
        var output: String?
        var regs: [UInt64]
        var pc: UInt64
        var fault_address: UInt64?
        var host_call: UInt64?
        var seconds: Double
    }

    private func run(_ source: String, _ options: String...) throws -> Outcome {
        let image = try folder.write("image", assemble(source))
        return try run(file: image, options)
    }

    private func run(file: String, _ options: [String]) throws -> Outcome {
        let result = duet(["pvm", "run", file, "--json"] + options)
        #expect(result.status == 0 && result.output.last == "\n" && result.output.count { $0 == "\n" } == 1, "\(result.error)")
        return try JSONDecoder().decode(Outcome.self, from: Data(result.output.utf8))
    }

    @Test func halt() throws {
        let outcome = try run("load_imm_64 t0, -1\njump_ind ra, 0", "--args", "010203")
        #expect(outcome.status == "halt" && outcome.gas_used == 2 && outcome.pc == 10)
        #expect(outcome.output == "010203")
        #expect(outcome.regs[2] == UInt64.max && outcome.regs[0] == 0xffff_0000 && outcome.regs[8] == 3)
        #expect(outcome.fault_address == nil && outcome.host_call == nil && outcome.seconds >= 0)
    }

    @Test func emptyOutput() throws {
        #expect(try run("load_imm a1, 0\njump_ind ra, 0").output == "")
    }

    @Test func panic() throws {
        let outcome = try run("fallthrough\ntrap")
        #expect(outcome.status == "panic" && outcome.gas_used == 2 && outcome.pc == 1 && outcome.output == nil)
    }

    @Test func pageFault() throws {
        let outcome = try run("load_u8 a0, [0x12345]")
        #expect(outcome.status == "page-fault" && outcome.fault_address == 0x12000 && outcome.pc == 0 && outcome.gas_used == 1)
    }

    @Test func hostCall() throws {
        let outcome = try run("trap\necalli 1234", "--entry", "1")
        #expect(outcome.status == "host-call" && outcome.host_call == 1234 && outcome.pc == 1 && outcome.gas_used == 1)
    }

    @Test func outOfGas() throws {
        let outcome = try run("fallthrough\nhere: jump here", "--gas", "1000")
        #expect(outcome.status == "out-of-gas" && outcome.gas_used == 1000 && outcome.pc == 1)
        #expect(try run("trap", "--gas", "0").status == "out-of-gas")
    }

    /// The largest gas is no special case, and none of it is lost on the way to the report.
    @Test func largeGas() throws {
        #expect(try run("trap", "--gas", "18446744073709551615").gas_used == 1)
    }

    @Test func blob() throws {
        let image = try folder.write("blob", assemble("load_imm a0, 5\ntrap", format: PVM_FORMAT_BLOB))
        #expect(try run(file: image, ["--image", "blob"]).regs == [0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0])
        let refused = duet("pvm", "run", image, "--args", "00")
        #expect(refused.status == 1 && refused.error == "duet: a blob takes no arguments\n")
    }

    /// A blob has nothing of its own: registers and memory come from the command line.
    @Test func bareBlob() throws {
        let source = """
            load_ind_u64 a2, [a0 + 8]
            add_64 a2, a2, a1
            store_ind_u64 a2, [a0 + 16]
            add_imm_64 a0, a0, 16
            load_imm a1, 8
            jump_ind ra, 0
            """
        let image = try folder.write("blob", assemble(source, format: PVM_FORMAT_BLOB))
        let data = try folder.write("data=1:2", [UInt8](repeating: 0, count: 8) + [40, 1, 0, 0, 0, 0, 0, 0])
        let options = ["--reg", "ra=0xffff0000", "--reg=a0=0x20010", "--reg", "r8=-2", "--map", "0x20010:4096:rw=\(data)"]
        let outcome = try run(file: image, options)
        #expect(outcome.status == "halt" && outcome.output == "2601000000000000" && outcome.gas_used == 6)
        // 0x20010 and 4096 bytes touch two pages; a register that is given again has the last value.
        #expect(try run(file: image, options + ["--reg", "a0=0x21fd8"]).status == "halt")
        #expect(try run(file: image, options + ["--reg", "a0=0x22000"]).fault_address == 0x22000)
        #expect(try run(file: image, ["--reg", "a0=0x20000", "--map", "0x20000:4096:r=\(data)"]).fault_address == 0x20000)
        let bench = duet(["pvm", "bench", image, "--runs", "2", "--json"] + options)
        #expect(bench.status == 0 && bench.output.contains("\"gas_used\": 6,"), "\(bench.error)")
        let trace = duet(["pvm", "trace", image, "--format", "json"] + options)
        #expect(trace.status == 0 && trace.output.contains("\"read\":") && trace.output.contains("\"exit\":\"halt\""), "\(trace.output)")
        let long = duet("pvm", "run", image, "--map", "0x20000:15:rw=\(data)")
        #expect(long.status == 1 && long.error == "duet: --map: \(data) has 16 bytes, more than the 15 of '0x20000:15:rw=\(data)'\n")
        #expect(duet("pvm", "run", image, "--map", "0x20000:15:rw=\(folder.path)/absent").status == 1)
    }

    /// Six digits, never a power of ten.
    @Test func secondsOfARun() throws {
        let image = try folder.write("image", assemble("trap"))
        let text = duet("pvm", "run", image).output.split(separator: "\n").first { $0.contains("seconds") }.map(String.init)
        let json = duet("pvm", "run", image, "--json").output
        #expect(try #/^  seconds +\d+\.\d{6}$/#.wholeMatch(in: text ?? "") != nil, "\(text ?? "")")
        #expect(try #/.*"seconds": \d+\.\d{6}\}\n/#.wholeMatch(in: json) != nil, "\(json)")
        #expect(secondsText(1.25e-7) == "0.000000" && secondsText(1.5) == "1.500000" && secondsText(1.25e-7, digits: 9) == "0.000000125")
    }

    @Test func trace() throws {
        let image = try folder.write("image", assemble("load_imm a0, 5\ntrap"))
        let result = duet("pvm", "run", image, "--trace")
        let lines = result.error.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("LOAD_IMM") && lines[1].contains("TRAP"))
        let rows = result.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.contains(["status", "panic"]) && rows.contains(["a0", "5"]))
    }

    @Test func failures() throws {
        let absent = duet("pvm", "run", "\(folder.path)/absent")
        #expect(absent.status == 1 && absent.error == "duet: \(folder.path)/absent: No such file or directory\n")
        let invalid = try folder.write("invalid", [1, 2, 3])
        let result = duet("pvm", "run", invalid)
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.error == "duet: \(invalid): \(message(of: PVM_ERR_UNKNOWN_FORMAT))\n")
        let source = try folder.write("source.pvm", "trap")
        #expect(duet("pvm", "run", source).error.hasSuffix("; of a source 'duet pvm asm' makes an image\n"))
    }

    @Test func bench() throws {
        struct Report: Decodable {
            var instructions: Int, compile_ns_per_instruction: Double, runs: Int, seconds_min: Double, seconds_median: Double
            var gas_used: UInt64, create_destroy_ns: Double, engine: String, memory: String, end: String
            var decode_ns_per_instruction: Double, code_ns_per_instruction: Double?
        }
        let image = try folder.write("image", assemble("load_imm a0, 5\nload_imm a1, 0\njump_ind ra, 0"))
        let result = duet("pvm", "bench", image, "--runs", "3", "--json")
        let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
        #expect(report.instructions == 3 && report.runs == 3 && report.gas_used == 3)
        #expect(report.seconds_min <= report.seconds_median && report.create_destroy_ns > 0 && report.compile_ns_per_instruction > 0)
        #expect(report.engine != "auto" && report.memory != "auto" && report.end == "halt")
        // A program that asks the host for something is measured up to there; the interpreter makes no code.
        let call = try folder.write("call", assemble("load_imm a0, 5\necalli 7\ntrap"))
        for engine in ["interpreter", "recompiler"] {
            let result = duet("pvm", "bench", call, "--runs", "2", "--engine", engine, "--json")
            let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
            #expect(report.end == "host-call" && report.gas_used == 2 && report.decode_ns_per_instruction > 0)
            #expect((report.code_ns_per_instruction == nil) == (report.engine == "interpreter"))
        }
        let panic = try folder.write("panic", assemble("trap"))
        #expect(duet("pvm", "bench", panic).error == "duet: \(panic): a run ended with panic at pc 0\n")
    }

    /// The programs with known outcomes: every row of both lists, to the last register.
    @Test(arguments: [ISA.gp072, .gp080])
    func expectedOutcomes(_ isa: ISA) throws {
        struct Row: Decodable {
            var program: String, entry: UInt32, args: String, gas_limit: UInt64, gas_used: UInt64, status: String, output: String
            var regs: [UInt64]
        }
        guard let programs = Shared.programs(isa.name) else { return }
        let rows = try String(decoding: readFile("\(programs)/expected.jsonl"), as: UTF8.self).split(separator: "\n")
        #expect(rows.count == 6)
        for line in rows {
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            let outcome = try run(file: "\(programs)/\(row.program)", [
                "--isa", isa.name, "--entry", String(row.entry), "--args", row.args, "--gas", String(row.gas_limit),
            ])
            #expect(outcome.status == row.status && outcome.gas_used == row.gas_used && outcome.output == row.output
                && outcome.regs == row.regs, "\(row.program)")
        }
    }
}
