import CPVM
import PVM
import Testing

@testable import DuetTool

/// Command lines: what is accepted, what is refused and how.
@Suite struct OptionTests {
    /// A text's words, wherever its lines end.
    private func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

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
        (["pvm", "run", "a", "--image", "elf"], "--image: 'elf' is none of auto, standard, blob, service"),
        (["pvm", "disasm", "a", "--image", "elf"], "--image: 'elf' is none of auto, standard, blob, service"),
        (["pvm", "trace", "a", "--format", "blob"], "--format: 'blob' is none of json, text, html"),
        (["pvm", "asm", "a", "-o", "b", "--image", "auto"], "--image: 'auto' is none of standard, blob, service"),
        (["pvm", "run", "a", "--reg", "7"], "--reg: '7' is no NAME=N"),
        (["pvm", "run", "a", "--reg", "r13=7"],
         "--reg: 'r13' is no register; there is: ra, sp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5"),
        (["pvm", "run", "a", "--reg", "a0=0x10000000000000000"], "--reg: '0x10000000000000000' is no number of 64 bits"),
        (["pvm", "run", "a", "--reg", "a0=-9223372036854775809"], "--reg: '-9223372036854775809' is no number of 64 bits"),
        (["pvm", "run", "a", "--reg", "a0="], "--reg: '' is no number of 64 bits"),
        (["pvm", "run", "a", "--map", "0x20000:4096"], "--map: '0x20000:4096' is no START:LENGTH:ACCESS[=FILE]"),
        (["pvm", "run", "a", "--map", "0x20000:x:r"], "--map: '0x20000:x:r' is no START:LENGTH:ACCESS[=FILE]"),
        (["pvm", "run", "a", "--map", ""], "--map: '' is no START:LENGTH:ACCESS[=FILE]"),
        (["pvm", "run", "a", "--map", "0x20000:4096:w"], "--map: 'w' is none of r, rw"),
        (["pvm", "run", "a", "--map", "0xffff:4096:r"], "--map: '0xffff:4096:r' is not between 65536 and 4294967296, which is where memory can be"),
        (["pvm", "run", "a", "--map", "0x20000:0:r"], "--map: '0x20000:0:r' is not between 65536 and 4294967296, which is where memory can be"),
        (["pvm", "run", "a", "--map", "0xfffff000:4097:r"], "--map: '0xfffff000:4097:r' is not between 65536 and 4294967296, which is where memory can be"),
        (["pvm", "run", "a", "--map", "18446744073709551615:18446744073709551615:r"],
         "--map: '18446744073709551615:18446744073709551615:r' is not between 65536 and 4294967296, which is where memory can be"),
        (["pvm", "run", "a", "--engine", "all"], "--engine: 'all' is none of auto, interpreter, recompiler"),
        (["pvm", "run", "a", "--memory", "fast"], "--memory: 'fast' is none of auto, checked, guarded"),
        (["pvm", "bench", "a", "--runs", "0"], "--runs: '0' is no number from 1 to 1000000"),
        (["pvm", "asm", "a"], "-o IMAGE is missing"),
        (["conformance", "pvm"], "PATH… is missing"),
        (["pvm"], "'pvm' needs a command: run, trace, replay, diff, asm, disasm, bench"),
        (["pvm", "walk"], "unknown command 'pvm walk'; there is: run, trace, replay, diff, asm, disasm, bench"),
        (["walk"], "unknown command 'walk'"),
        ([], "a command is missing"),
        (["help", "walk"], "unknown command 'walk'"),
        (["help", "pvm", "walk"], "unknown command 'pvm walk'; there is: run, trace, replay, diff, asm, disasm, bench"),
        (["help", "pvm", "run", "image"], "unexpected argument 'image'"),
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
            #expect(command.options.allSatisfy { words(result.output).contains(words($0.form + " " + $0.help)) }, "\(result.output)")
            #expect(duet(["help"] + command.path).output == result.output)
        }
        #expect(duet("help").output == all.output && duet("help", "evm").output == duet("evm", "--help").output)
        #expect(all.output.contains("exit status is 0"))
        #expect(duet("pvm", "--help").output.contains("pvm disasm"))
        #expect(duet("pvm", "run", "-h").status == 0)
    }

    /// The second column of every list begins in one place, whatever letters the first one has, and no line is wider than a screen.
    @Test(arguments: [["--help"], ["evm", "--help"], ["pvm", "--help"], ["conformance", "--help"]] + Tool.commands.map { $0.path + ["--help"] })
    func columns(_ words: [String]) throws {
        let lines = duet(words).output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.allSatisfy { $0.count <= 160 }, "\(words)")
        let rows = lines.drop { $0 != "Options:" && !$0.hasPrefix("Commands") }.filter { $0.hasPrefix("  ") }
        #expect(!rows.isEmpty)
        // A row is two blanks and a word, or goes on in the second column.
        let starts = rows.compactMap { row -> Int? in
            let text = Array(row)
            if text[2] == " " { return text.firstIndex { $0 != " " } }
            return text.indices.dropFirst(3).first { text[$0] != " " && text[$0 - 1] == " " && text[$0 - 2] == " " }
        }
        let lists = lines.contains { $0.hasPrefix("Commands") } ? 2 : 1
        #expect(Set(starts).count <= lists, "\(words): \(starts)")
    }

    /// What it was called before is taken, and said.
    @Test func formerNames() throws {
        let folder = try TemporaryFolder()
        let image = try folder.write("image", assemble("trap"))
        let result = duet("pvm", "run", image, "--format", "standard")
        #expect(result.status == 0 && result.error == "duet: --format is called --image now\n")
        #expect(duet("pvm", "run", image, "--format", "standard", "--image", "standard").status == 2)
        #expect(!duet("help", "pvm", "run").output.contains("--format"))
    }

    @Test func version() {
        #expect(duet("--version").output == String(cString: pvm_build_info()) + "\n")
    }
}
