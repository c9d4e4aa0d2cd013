import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// What disassembly looks like: readable where that is exact, octet by octet where it is not.
@Suite struct DisassemblerTests {
    /// The statements of a listing without labels, comments and indentation.
    private func statements(_ code: [UInt8], _ marks: [Int], isa: ISA = .gp072) throws -> [String] {
        let text = try roundTrip(blob(code: code, marks: marks), isa: isa, format: PVM_FORMAT_BLOB)
        return text.split(separator: "\n").filter { $0.hasPrefix("    ") }.map { line in
            line.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces)
        }
    }

    @Test func readable() throws {
        #expect(try statements([51, 7, 210, 4, 0], [0, 4]) == ["load_imm a0, 1234", "trap"])
        #expect(try statements([40, 3, 0, 0], [0, 2, 3]) == ["jump L3", "trap", "trap"])
        #expect(try statements([62, 7, 0, 0, 2], [0]) == ["store_u64 a0, [0x20000]"])
        #expect(try statements([120, 0x87, 255], [0]) == ["store_ind_u8 a0, [a1 - 1]"])
        #expect(try statements([180, 0x70, 1, 5, 6], [0]) == ["load_imm_jump_ind ra, 5, a0, 6"])
        #expect(try statements([20, 7, 255, 255, 255, 255, 255, 255, 255, 255], [0]) == ["load_imm_64 a0, -1"])
        #expect(try statements([2, 0], [0, 1], isa: .gp080) == ["unlikely", "trap"])
    }

    @Test(arguments: [
        ([51, 7, 1, 0], "an immediate longer than it needs to be"),
        ([51, 0x17, 1], "a spare nibble that is set"),
        ([51, 13, 1], "register 13, which means 12"),
        ([190, 0x87, 13], "a third register over 12"),
        ([190, 0xf7, 1], "register 15"),
        ([51], "missing operands"),
        ([0, 0], "octets behind the operands"),
        ([30, 9, 1, 1], "a spare bit of a length"),
        ([30, 5, 1, 1, 1, 1, 1], "a length over 4"),
        ([40, 2, 0], "an offset longer than it needs to be"),
        ([40, 0], "an offset of zero with an octet"),
        ([20, 7, 1, 2], "a 64-bit number cut off"),
        ([255, 1], "no opcode"),
    ] as [([UInt8], String)])
    func octetByOctet(_ code: [UInt8], _ why: String) throws {
        #expect(try statements(code, [0]) == [".op \"\(hexText(code, separator: " "))\""], "\(why)")
    }

    @Test func marks() throws {
        #expect(try statements([1, 2, 0], [2]) == [".hex \"01 02\"", "trap"])
        #expect(try statements([1, 2], []) == [".hex \"01 02\""])
        let long = Array(repeating: UInt8(0), count: 60)
        #expect(try statements(long, [0]).count == 3)
    }

    /// Both jumps are 2 octets too far for short offsets, but would do with short ones if both had them.
    @Test func mutualOffsets() throws {
        // 0: jump 128 with a 2-octet offset; 3 … 124: traps; 125: jump 0 with a 2-octet offset; 128: trap
        var code: [UInt8] = [40, 128, 0] + Array(repeating: 0, count: 122) + [40, 0x83, 0xff, 0]
        var marks = [0] + Array(3..<125) + [125, 128]
        #expect(try statements(code, marks).first == ".op \"28 80 00\"")
        // With the other one short already, 128 is where the trap is and there is no shorter way.
        code = [40, 129, 0] + Array(repeating: 0, count: 123) + [40, 0x82, 0, 0]
        code[127] = 0x82
        code[128] = 0xff
        marks = [0] + Array(3..<126) + [126, 129]
        try roundTrip(blob(code: code, marks: marks), format: PVM_FORMAT_BLOB)
    }

    /// Only block starts have labels; other targets are numbers.
    @Test func targets() throws {
        #expect(try statements([40, 1, 0], [0, 2]) == ["jump 1", "trap"])
        #expect(try statements([40, 251], [0]) == ["jump -5"])
        #expect(try statements([51, 7, 40, 255], [0, 2]) == ["load_imm a0, 0", "jump 1"])
    }

    @Test func comments() throws {
        let text = try roundTrip(assemble("load_imm a0, 1\nfallthrough\nx: jump x", format: PVM_FORMAT_BLOB), format: PVM_FORMAT_BLOB)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("L0:") && $0.hasSuffix("; block") })
        #expect(lines.contains { $0.hasPrefix("    load_imm a0, 1 ") && $0.hasSuffix(";      0  33 07 01") })
        #expect(lines.contains { $0.hasPrefix("L4:") })
        #expect(lines.contains { $0.hasPrefix("    jump L4 ") && $0.hasSuffix(";      4  28") })
    }

    @Test func blockCosts() throws {
        let text = try Disassembler.disassemble(blob(code: [1, 0], marks: [0, 1]), format: PVM_FORMAT_BLOB, isa: .gp080)
        let costs = text.split(separator: "\n").compactMap { $0.split(separator: "; block,").last.map(String.init) }
            .filter { $0.hasSuffix("gas") }
        #expect(costs == [" 2 gas", " 2 gas"])
    }

    /// What the library refuses as a program can still be looked at.
    @Test func refusedProgram() throws {
        let image = blob(code: [101, 0x87, 255, 0], marks: [0, 2, 3])
        let text = try roundTrip(image, isa: .gp080, format: PVM_FORMAT_BLOB)
        #expect(text.contains("; gp080 refuses it: \(message(of: PVM_ERR_INVALID_OPCODE))\n"))
        #expect(text.contains("not an opcode"))
    }

    @Test func invalidImage() {
        #expect(throws: ToolError.failed(message(of: PVM_ERR_CODE_TRUNCATED))) {
            try Disassembler.disassemble([0, 0, 5, 1], format: PVM_FORMAT_BLOB, isa: .gp072)
        }
    }
}
