import CPVM
import PVM
import Testing

@testable import DuetTool

/// Command lines: what is accepted, what is refused and how.
@Suite struct OptionTests {
    private func parse(_ words: String...) throws -> Arguments { try Arguments(words, for: .run) }

    @Test func forms() throws {
        let arguments = try parse("--gas", "0x10", "image", "--isa=gp080", "--json", "--args", "0aFF")
        #expect(arguments.operands == ["image"])
        #expect(try arguments.number("--gas", default: 1) == 16)
        #expect(try arguments.choice("--isa", ISA.names, default: .gp072) == .gp080)
        #expect(try arguments.octets("--args") == [10, 255])
        #expect(arguments.has("--json") && !arguments.has("--trace"))
        #expect(try arguments.number("--entry", default: 7) == 7)
        #expect(try parse("--", "--gas").operands == ["--gas"])
        #expect(try parse("a", "--args", "0x").octets("--args") == [])
        #expect(try parse("a", "--gas", "18_446_744_073_709_551_615").number("--gas", default: 0) == UInt64.max)
    }

    @Test(arguments: [
        (["pvm", "run"], "IMAGE is missing"),
        (["pvm", "run", "a", "b"], "unexpected argument 'b'"),
        (["pvm", "run", "a", "--nothing"], "unknown option '--nothing'"),
        (["pvm", "run", "a", "--gas"], "--gas needs a value"),
        (["pvm", "run", "a", "--gas", "1", "--gas", "2"], "--gas is given twice"),
        (["pvm", "run", "a", "--json=1"], "--json takes no value"),
        (["pvm", "run", "a", "--gas", "-1"], "--gas: '-1' is no number from 0 to 18446744073709551615"),
        (["pvm", "run", "a", "--gas", "18446744073709551616"], "--gas: '18446744073709551616' is no number from 0 to 18446744073709551615"),
        (["pvm", "run", "a", "--entry", "4294967296"], "--entry: '4294967296' is no number from 0 to 4294967295"),
        (["pvm", "run", "a", "--args", "abc"], "--args: 'abc' is no string of hexadecimal octets"),
        (["pvm", "run", "a", "--args", "0g"], "--args: '0g' is no string of hexadecimal octets"),
        (["pvm", "run", "a", "--isa", "gp"], "--isa: 'gp' is none of gp072, gp080"),
        (["pvm", "run", "a", "--format", "elf"], "--format: 'elf' is none of auto, standard, blob, service"),
        (["pvm", "run", "a", "--engine", "all"], "--engine: 'all' is none of auto, interpreter, recompiler"),
        (["pvm", "run", "a", "--memory", "fast"], "--memory: 'fast' is none of auto, checked, guarded"),
        (["pvm", "bench", "a", "--runs", "0"], "--runs: '0' is no number from 1 to 1000000"),
        (["pvm", "asm", "a"], "-o IMAGE is missing"),
        (["conformance", "pvm"], "PATH… is missing"),
        (["pvm"], "'pvm' needs a command: run, trace, asm, disasm, bench"),
        (["pvm", "walk"], "unknown command 'pvm walk'; there is: run, trace, asm, disasm, bench"),
        (["walk"], "unknown command 'walk'"),
        ([], "a command is missing"),
    ])
    func badUsage(_ words: [String], _ message: String) {
        let result = duet(words)
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(result.error.hasPrefix("duet: \(message)\nTry 'duet "))
    }

    @Test func help() {
        let all = duet("--help")
        #expect(all.status == 0 && all.error.isEmpty)
        for command in Tool.commands {
            #expect(all.output.contains(command.name))
            let result = duet(command.path + ["--help"])
            #expect(result.status == 0 && result.error.isEmpty)
            #expect(result.output.hasPrefix("Usage: duet \(command.name) \(command.operands)"))
            #expect(command.options.allSatisfy { result.output.contains($0.form) && result.output.contains($0.help) })
        }
        #expect(duet("pvm", "--help").output.contains("pvm disasm"))
        #expect(duet("pvm", "run", "-h").status == 0)
    }

    @Test func version() {
        #expect(duet("--version").output == String(cString: pvm_build_info()) + "\n")
    }
}
