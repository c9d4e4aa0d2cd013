import CPVM
import Foundation
import Testing

@testable import DuetTool

/// Mistakes in a source are reported with file, line and column, all of them at once.
@Suite struct AssemblerErrorTests {
    private func messages(_ source: String, format: pvm_format_t? = nil) -> [String] {
        do {
            _ = try assemble(source, format: format)
            return []
        } catch let error as ToolError {
            return error.text.split(separator: "\n").map(String.init)
        } catch {
            return ["\(error)"]
        }
    }

    @Test(arguments: [
        ("nothing a0", "test.pvm:1:1: unknown instruction 'nothing'"),
        ("\n  add_32 a0, a1", "test.pvm:2:16: expected ',', found the end of the line"),
        ("add_32 a0, a1, 5", "test.pvm:1:16: expected a register, found 5"),
        ("add_32 a0, a1, a2, a3", "test.pvm:1:18: expected the end of the line, found ','"),
        ("load_imm a0, r13", "test.pvm:1:14: 'r13' is not defined"),
        ("load_imm r13, 1", "test.pvm:1:10: expected a register, found 'r13'"),
        ("load_imm a0, a1", "test.pvm:1:14: expected a number or a symbol, found 'a1'"),
        ("load_imm a0, 0x80000000", "test.pvm:1:14: 2147483648 is not in -2147483648…2147483647 (32 bits, sign-extended)"),
        ("load_imm a0, -2147483649", "test.pvm:1:14: -2147483649 is not in -2147483648…2147483647 (32 bits, sign-extended)"),
        ("load_u8 a0, [0x100000000]", "test.pvm:1:14: 4294967296 is not in -2147483648…4294967295"),
        ("load_imm_64 a0, 0x10000000000000000", "test.pvm:1:17: number does not fit 64 bits"),
        ("load_imm a0, 12x", "test.pvm:1:14: malformed number"),
        ("load_imm a0, 0x", "test.pvm:1:14: malformed number"),
        ("load_u8 a0, 5", "test.pvm:1:13: expected '[', found 5"),
        ("load_u8 a0, [5", "test.pvm:1:15: expected ']', found the end of the line"),
        ("load_ind_u8 a0, [5]", "test.pvm:1:18: expected a register, found 5"),
        ("jump nowhere", "test.pvm:1:6: 'nowhere' is not defined"),
        ("here: trap\nhere: trap", "test.pvm:2:1: 'here' is defined twice"),
        ("a0: trap", "test.pvm:1:1: 'a0' is a register"),
        ("here: load_imm a0, here", "test.pvm:1:20: 'here' is code; @here is its address for dynamic jumps"),
        ("here: jump here + 1", "test.pvm:1:12: a place in the code is a label or a number"),
        ("load_imm a0, @a", "test.pvm:1:14: 'a' is not defined"),
        (".ro\nx: .u8 1\n.code\nload_imm a0, @x", "test.pvm:4:14: 'x' is no place in the code"),
        ("load_imm a0, 1\nhere: jump here", "test.pvm:2:7: the label starts no basic block; a fallthrough in front of it would make it one"),
        (".jump here\nload_imm a0, 1\nhere: trap", "test.pvm:1:7: the label starts no basic block; a fallthrough in front of it would make it one"),
        ("jump 0x7fffffff0", "test.pvm:1:1: the target is out of reach"),
        (".isa gp072\nunlikely", "test.pvm:2:1: gp072 has no unlikely"),
        (".isa gp080\nsbrk a0, a1", "test.pvm:2:1: gp080 has no sbrk"),
        (".isa gp073", "test.pvm:1:6: expected one of gp072, gp080, found 'gp073'"),
        (".isa gp072\n.isa gp072", "test.pvm:2:1: given twice"),
        (".nothing", "test.pvm:1:1: unknown directive '.nothing'"),
        (".ro\ntrap", "test.pvm:2:1: instructions belong into .code"),
        (".u8 1", "test.pvm:1:1: data belongs into .ro, .rw or .metadata"),
        (".ro\n.u8 256", "test.pvm:2:5: 256 does not fit 8 bits"),
        (".ro\n.u8 -129", "test.pvm:2:5: -129 does not fit 8 bits"),
        (".ro\n.hex \"1\"", "test.pvm:2:6: not a string of hexadecimal octets"),
        (".ro\n.ascii \"abc", "test.pvm:2:8: unterminated text"),
        (".ro\n.ascii \"\\q\"", "test.pvm:2:9: unknown escape"),
        (".ro\n.u8 'ab'", "test.pvm:2:5: '…' takes one octet"),
        (".ro\n.op \"00\"", "test.pvm:2:1: .op belongs into .code"),
        (".ro\n.zero 16777216", "test.pvm:2:7: 16777216 is not in 0…16777215"),
        (".ro\n.zero 16777215\n.u8 1", "test.pvm:3:1: a data section holds at most 16777215 octets"),
        (".stack 0x1000000", "test.pvm:1:8: 16777216 is not in 0…16777215"),
        (".heap_pages 65536", "test.pvm:1:13: 65536 is not in 0…65535"),
        (".equ x, y", "test.pvm:1:9: needs a value that is known at this line"),
        ("trap\ntrap\n.org 1", "test.pvm:3:1: the code is already at 2"),
        (".jump_size 1\n.jump 256\ntrap", "test.pvm:2:7: 256 does not fit an entry of 1 octets"),
        (".jump_size 0\n.jump 1\ntrap", "test.pvm:2:7: entries of size 0 are given by .jump_count, others by .jump"),
        ("trap ?", "test.pvm:1:6: unexpected character"),
        (".ro\n.ascii \"äöü\" x", "test.pvm:2:14: expected the end of the line, found 'x'"),
    ])
    func place(_ source: String, _ message: String) {
        #expect(messages(source) == [message])
    }

    @Test func severalAtOnce() {
        #expect(messages("one\ntrap\ntwo a0\n  add_32 a0\n") == [
            "test.pvm:1:1: unknown instruction 'one'", "test.pvm:3:1: unknown instruction 'two'",
            "test.pvm:4:12: expected ',', found the end of the line",
        ])
        #expect(messages("jump x\nload_imm a0, y\n.ro\n.u32 z").count == 3)
        // Names and values beside mistakes of syntax, and each of a line.
        #expect(messages("nonsense\njump nowhere\nload_imm a0, 0x80000000\n.jump one, two\n.ro\n.u8 three, 256") == [
            "test.pvm:1:1: unknown instruction 'nonsense'", "test.pvm:2:6: 'nowhere' is not defined",
            "test.pvm:3:14: 2147483648 is not in -2147483648…2147483647 (32 bits, sign-extended)",
            "test.pvm:4:7: 'one' is not defined", "test.pvm:4:12: 'two' is not defined",
            "test.pvm:6:5: 'three' is not defined", "test.pvm:6:12: 256 does not fit 8 bits",
        ])
        #expect(messages("branch_eq_imm a0, x + y, z") == ["x", "y"].map { "test.pvm:1:19: '\($0)' is not defined" }
            + ["test.pvm:1:26: 'z' is not defined"])
        // What was to have a value, or a place, has one for those who use it.
        #expect(messages(".equ x, ?\nhere: nonsense\nload_imm a0, x\njump here") == [
            "test.pvm:1:9: unexpected character", "test.pvm:2:7: unknown instruction 'nonsense'",
        ])
        #expect(messages(String(repeating: "x\n", count: 30)).last == "test.pvm: and 10 more")
    }

    /// -2^127 is the one number whose opposite does not fit.
    @Test func sumsOutOfRange() {
        var source = ".equ x0, 0x8000000000000000\n"
        for index in 1...63 { source += ".equ x\(index), x\(index - 1) + x\(index - 1)\n" }
        source += ".equ least, -x63 - x63\n.equ none, -least\n"
        #expect(messages(source) == ["test.pvm:66:12: value out of range"])
    }

    @Test func formats() {
        #expect(messages(".rw\n.u8 1", format: PVM_FORMAT_BLOB) == ["test.pvm:1:1: a blob has no data, stack or heap"])
        #expect(messages(".metadata\n.u8 1") == ["test.pvm:1:1: only a service has metadata"])
        #expect(messages(".format standard", format: PVM_FORMAT_BLOB) == ["test.pvm: makes a standard, not a blob"])
    }

    /// Sources with octets changed, taken out or doubled are assembled or refused; nothing else may happen.
    @Test func mutatedSources() throws {
        var random = Random(state: 4)
        let sources = try Shared.files(Shared.root.appendingPathComponent("examples").path, ".pvm").map { try readFile($0) }
        #expect(sources.count >= 4)
        let pieces = ["0x", "-", "@", ".org 9", ".jump 1", "\"", "[", "]", ",", ":", "'", "\\", "18446744073709551615", ".jump_size 9", "\n"]
        for _ in 0..<1500 {
            var source = sources.randomElement(using: &random)!
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let start = Int.random(in: 0..<source.count, using: &random)
                let end = min(source.count, start + Int.random(in: 0...8, using: &random))
                source.replaceSubrange(start..<end, with: pieces.randomElement(using: &random)!.utf8)
            }
            do {
                try roundTrip(Assembler.assemble(source, file: "mutated.pvm"))
            } catch let error as ToolError {
                #expect(error.text.hasPrefix("mutated.pvm:"))
            }
        }
    }
}
