import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// What instructions become: the octets of each operand format, and the shortest form of every number.
@Suite struct EncodingTests {
    @Test(arguments: [
        ("trap", [0]),
        ("ecalli 5", [10, 5]),
        ("load_imm_64 a0, 0x1122334455667788", [20, 7, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]),
        ("store_imm_u8 [0x20000], 18", [30, 3, 0, 0, 2, 18]),
        ("jump_ind ra, 0", [50, 0]),
        ("load_imm a0, 2", [51, 7, 2]),
        ("load_u8 a1, [0x20001]", [52, 8, 1, 0, 2]),
        ("store_u64 a0, [0x20000]", [62, 7, 0, 0, 2]),
        ("store_imm_ind_u16 [a0 + 1], 0x1234", [71, 0x17, 1, 0x34, 0x12]),
        ("move_reg a0, a1", [100, 0x87]),
        ("store_ind_u8 a0, [a1 + 1]", [120, 0x87, 1]),
        ("load_ind_u64 ra, [sp]", [130, 0x10]),
        ("add_imm_64 sp, sp, -8", [149, 0x11, 0xf8]),
        ("add_32 a2, a0, a1", [190, 0x87, 9]),
        ("set_lt_u r12, r11, r10", [216, 0xab, 12]),
    ] as [(String, [UInt8])])
    func formats(_ source: String, _ expected: [UInt8]) throws {
        #expect(try octets(source) == expected)
    }

    /// One immediate per boundary of its length.
    @Test(arguments: [
        (0, []), (1, [1]), (127, [127]), (128, [128, 0]), (-1, [255]), (-128, [128]), (-129, [127, 255]),
        (32767, [255, 127]), (32768, [0, 128, 0]), (-32768, [0, 128]), (-32769, [255, 127, 255]),
        (8388607, [255, 255, 127]), (8388608, [0, 0, 128, 0]), (-8388608, [0, 0, 128]), (-8388609, [255, 255, 127, 255]),
        (2147483647, [255, 255, 255, 127]), (-2147483648, [0, 0, 0, 128]),
    ] as [(Int64, [UInt8])])
    func immediates(_ value: Int64, _ expected: [UInt8]) throws {
        #expect(try octets("load_imm a0, \(value)") == [51, 7] + expected)
        #expect(try octets("add_imm_64 a0, a1, \(value)") == [149, 0x87] + expected)
        #expect(try octets("ecalli \(value)") == [10] + expected)
        let both = UInt8(expected.count)
        #expect(try octets("store_imm_ind_u64 [a0 + 0 - 5], \(value)") == [73, 0x17, 251] + expected)
        #expect(try octets("load_imm_jump_ind ra, \(value), a0, \(value)") == [180, 0x70, both] + expected + expected)
        // The same number written as 64 unsigned bits.
        #expect(try octets("load_imm a0, \(UInt64(bitPattern: value))") == [51, 7] + expected)
    }

    /// Where only 32 bits count, unsigned numbers are as good as negative ones.
    @Test func lowHalves() throws {
        #expect(try octets("load_u8 a0, [0xffffffff]") == [52, 7, 255])
        #expect(try octets("store_imm_u32 [0xfffe0000], 0xdeadbeef") == [32, 3, 0, 0, 0xfe, 0xef, 0xbe, 0xad, 0xde])
        #expect(try octets("add_imm_32 a0, a0, 0xffffffff") == [131, 0x77, 255])
        #expect(try octets("jump_ind a0, 0xffff0000") == [50, 7, 0, 0, 255])
        #expect(throws: ToolError.self) { try octets("add_imm_64 a0, a0, 0xffffffff") }
        #expect(throws: ToolError.self) { try octets("load_imm a0, 0x80000000") }
    }

    /// load_imm_64 takes all that 64 bits can mean, either way.
    @Test func wideImmediates() throws {
        let ones: [UInt8] = Array(repeating: 255, count: 8)
        #expect(try octets("load_imm_64 a0, -1") == [20, 7] + ones)
        #expect(try octets("load_imm_64 a0, 0xffffffffffffffff") == [20, 7] + ones)
        #expect(try octets("load_imm_64 a0, -0x8000000000000000") == [20, 7, 0, 0, 0, 0, 0, 0, 0, 128])
        #expect(throws: ToolError.self) { try octets("load_imm_64 a0, -0x8000000000000001") }
    }

    @Test(arguments: [0, 1, 2, 127, 128, 129, 300, 32766, 32767, 32768, 40000])
    func forwardOffsets(_ distance: Int) throws {
        // trap instructions between the jump and its target; the target is the offset of a block start.
        let source = "jump there\n" + String(repeating: "trap\n", count: distance) + "there: trap\n"
        let (octets, marks) = try code(source)
        let length = octets.count - distance - 2
        let offset = 1 + length + distance
        #expect(octets[0] == 40 && marks[0] && octets.count == offset + 1)
        #expect(length == Encoder.shortest(Int64(offset)))
        let encoded = octets[1...length].reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(encoded == offset)
    }

    @Test func backwardOffsets() throws {
        #expect(try octets("here: jump here") == [40])
        #expect(try octets("here: trap\njump here") == [0, 40, 255])
        let far = try octets("here: trap\n" + String(repeating: "trap\n", count: 127) + "branch_eq a0, a1, here")
        #expect(Array(far.suffix(3)) == [170, 0x87, 128])
        let farther = try octets("here: trap\n" + String(repeating: "trap\n", count: 128) + "branch_eq a0, a1, here")
        #expect(Array(farther.suffix(4)) == [170, 0x87, 127, 255])
        #expect(try octets("jump -1") == [40, 255])
    }

    /// Very many branches, each of which grows only after the next one has: it ends, and stays in bounds.
    @Test(.timeLimit(.minutes(5))) func chainOfBranches() throws {
        let count = 20_000
        var source = ""
        for index in 0..<count { source += "l\(index): branch_eq a0, a1, l\(min(count - 1, index + 32))\n" }
        let image = try assemble(source, format: PVM_FORMAT_BLOB)
        try roundTrip(image)
    }

    @Test func jumpTable() throws {
        // @b makes an entry behind those of .jump.
        let image = try assemble("""
            .jump a
            load_imm ra, @b
            jump_ind ra, 0
            a: trap
            b: trap
            """, format: PVM_FORMAT_BLOB)
        #expect(image == [2, 1, 7, 5, 6] + [51, 0, 4, 50, 0, 0, 0] + [0b1101001])
        #expect(try assemble(".jump_size 3\n.jump 258\ntrap", format: PVM_FORMAT_BLOB) == [1, 3, 1, 2, 1, 0, 0, 1])
        #expect(try assemble(".jump 256\ntrap", format: PVM_FORMAT_BLOB) == [1, 2, 1, 0, 1, 0, 1])
        #expect(try assemble(".jump_size 0\n.jump_count 300\ntrap", format: PVM_FORMAT_BLOB) == [0x81, 0x2c, 0, 1, 0, 1])
    }

    @Test func standardProgram() throws {
        let image = try assemble("""
            .stack 0x1234
            .heap_pages 5
            .ro
            text: .ascii "ab\\n\\x7f"
            .rw
            word: .u16 0x0102, text - 0xffff
                  .align 8
            more: .u8 'x', -1
                  .zero 2
            .code
            load_imm a0, text
            load_imm a1, more
            """)
        let code: [UInt8] = [51, 7, 0, 0, 1, 51, 8, 8, 0, 3]
        let blob: [UInt8] = [0, 0, 10] + code + [0b100001, 0]
        var expected: [UInt8] = [4, 0, 0, 12, 0, 0, 5, 0, 0x34, 0x12, 0]
        expected += Array("ab\n".utf8) + [0x7f]
        expected += [2, 1, 1, 0, 0, 0, 0, 0, UInt8(ascii: "x"), 255, 0, 0]
        expected += [UInt8(blob.count), 0, 0, 0] + blob
        #expect(image == expected)
    }

    /// A service: metadata in front, its second entry point at 5.
    @Test func service() throws {
        let image = try assemble("""
            .format service
            .metadata
            .ascii "me"
            .code
            jump refine
            .org 5
            refine: trap
            """)
        #expect(image == [2] + Array("me".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + [10, 0, 0, 0] + [0, 0, 6, 40, 5, 0, 0, 0, 0, 0b111101])
    }

    @Test func constants() throws {
        #expect(try octets(".equ a, 0x10\n.equ b, a + 2 - 'A'\nload_imm a0, b - a") == [51, 7, 0xc1])
        #expect(try octets("load_imm a0, -'\\n' + 0b11") == [51, 7, 0xf9])
    }
}
