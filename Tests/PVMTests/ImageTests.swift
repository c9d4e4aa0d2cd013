import CPVM
import VMCommon
import XCTest

@testable import PVM

final class ImageTests: XCTestCase {
    private func natural(_ bytes: [UInt8]) -> UInt64? {
        bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try? reader.natural()
        }
    }

    func testNaturalNumbers() {
        XCTAssertEqual(natural([0]), 0)
        XCTAssertEqual(natural([127]), 127)
        XCTAssertEqual(natural([0x80, 128]), 128)
        XCTAssertEqual(natural([0xbf, 0xff]), 16383)
        XCTAssertEqual(natural([0xc0, 0x00, 0x40]), 16384)
        XCTAssertEqual(natural([0xff] + [UInt8](repeating: 0xff, count: 8)), .max)
        XCTAssertEqual(natural([0xfe] + [UInt8](repeating: 0xff, count: 7)), 1 << 56 - 1)
        XCTAssertNil(natural([]))
        XCTAssertNil(natural([0x80]))
        XCTAssertNil(natural([0x80, 127]), "has a shorter form")
        XCTAssertNil(natural([0xff] + [UInt8](repeating: 0xff, count: 7) + [0]), "has a shorter form")
    }

    private func error(_ image: [UInt8], _ format: pvm_format_t, _ isa: pvm_isa_t = PVM_ISA_GP072) -> pvm_error_t {
        do {
            _ = try PVMProgram(image, format: format, isa: isa)
            return PVM_OK
        } catch { return error.code }
    }

    func testBlobErrors() {
        let valid: [UInt8] = [0, 0, 1, 0, 1]
        XCTAssertEqual(error(valid, PVM_FORMAT_BLOB), PVM_OK)
        XCTAssertEqual(error([], PVM_FORMAT_BLOB), PVM_ERR_EMPTY)
        XCTAssertEqual(error([0], PVM_FORMAT_BLOB), PVM_ERR_NUMBER_TRUNCATED)
        XCTAssertEqual(error([0x80, 1, 0, 1, 0, 1], PVM_FORMAT_BLOB), PVM_ERR_NUMBER_NOT_MINIMAL)
        XCTAssertEqual(error([2, 1, 1, 0], PVM_FORMAT_BLOB), PVM_ERR_JUMP_TABLE_TRUNCATED)
        XCTAssertEqual(error([0xff] + [UInt8](repeating: 0xff, count: 8) + [9, 0], PVM_FORMAT_BLOB), PVM_ERR_JUMP_TABLE_TRUNCATED)
        XCTAssertEqual(error([0, 0, 5, 0], PVM_FORMAT_BLOB), PVM_ERR_CODE_TRUNCATED)
        XCTAssertEqual(error([0, 0, 1, 0], PVM_FORMAT_BLOB), PVM_ERR_BITMASK_TRUNCATED)
        XCTAssertEqual(error([0, 0, 1, 0, 3], PVM_FORMAT_BLOB), PVM_ERR_BITMASK_PADDING)
        XCTAssertEqual(error(valid + [0], PVM_FORMAT_BLOB), PVM_ERR_TRAILING_OCTETS)
        XCTAssertEqual(error([1, 9, 1] + [UInt8](repeating: 0, count: 8) + [1, 0, 1], PVM_FORMAT_BLOB), PVM_ERR_JUMP_ENTRY_TOO_LARGE)
        XCTAssertEqual(error([1, 9, 1] + [UInt8](repeating: 0, count: 9) + [0, 1], PVM_FORMAT_BLOB), PVM_OK)
    }

    func testGrayPaper080DemandsValidInstructions() {
        XCTAssertEqual(error([0, 0, 0], PVM_FORMAT_BLOB, PVM_ISA_GP072), PVM_OK)
        XCTAssertEqual(error([0, 0, 0], PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_ERR_NO_CODE)
        XCTAssertEqual(error([0, 0, 1, 3, 1], PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_ERR_INVALID_OPCODE)
        XCTAssertEqual(error([0, 0, 2, 0, 0, 2], PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_ERR_INVALID_OPCODE)
        XCTAssertEqual(error([0, 0, 2, 0, 3, 3], PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_ERR_INVALID_OPCODE, "before the last instruction is looked at")
        XCTAssertEqual(error([0, 0, 26] + [UInt8](repeating: 1, count: 26) + [1, 0, 0, 0], PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_ERR_INVALID_OPCODE)
        XCTAssertEqual(error([0, 0, 25] + [UInt8](repeating: 1, count: 25) + [1, 0, 0, 0], PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_OK)
    }

    /// Every operation as the last one: terminators may be, `ecalli` and `unlikely` are none.
    func testGrayPaper080DemandsATerminatorAtTheEnd() {
        for row in isaTable.indices {
            guard let octet = isaTable[row].octet(.gp080) else { continue }
            let ends = isaTable[row].endsBlock
            XCTAssertEqual(error([0, 0, 1, octet, 1], PVM_FORMAT_BLOB, PVM_ISA_GP080), ends ? PVM_OK : PVM_ERR_NO_TERMINATOR, "\(isaTable[row].name)")
            XCTAssertEqual(error([0, 0, 2, 0, octet, 3], PVM_FORMAT_BLOB, PVM_ISA_GP080), ends ? PVM_OK : PVM_ERR_NO_TERMINATOR, "\(isaTable[row].name)")
            XCTAssertEqual(error([0, 0, 2, octet, 0, 3], PVM_FORMAT_BLOB, PVM_ISA_GP080), PVM_OK, "\(isaTable[row].name)")
        }
        XCTAssertEqual(isaTable.indices.filter { isaTable[$0].endsBlock }.count, 22)
        XCTAssertFalse(Opcode.ecalli.row.endsBlock || Opcode.unlikely.row.endsBlock)
    }

    /// Code of 2^25 octets, jump tables of 2^24 entries; 0.7.2 takes more.
    func testGrayPaper080BoundsCodeAndJumpTable() {
        func number(_ value: Int) -> [UInt8] { [0xe0 | UInt8(value >> 24), UInt8(value & 255), UInt8(value >> 8 & 255), UInt8(value >> 16 & 255)] }
        func traps(_ count: Int) -> [UInt8] {
            let marks = [UInt8](repeating: 255, count: count / 8) + (count % 8 == 0 ? [] : [1])
            return [0, 0] + number(count) + [UInt8](repeating: 0, count: count) + marks
        }
        for (image, is080) in [
            (number(1 << 24) + [0, 1, 0, 1], PVM_OK), (number(1 << 24 + 1) + [0, 1, 0, 1], PVM_ERR_TOO_LARGE),
            (number(1 << 24) + [1, 1] + [UInt8](repeating: 0, count: 1 << 24) + [0, 1], PVM_OK),
            (number(1 << 24 + 1) + [1, 1] + [UInt8](repeating: 0, count: 1 << 24 + 1) + [0, 1], PVM_ERR_TOO_LARGE),
            (traps(1 << 25 + 1), PVM_ERR_TOO_LARGE),
        ] {
            XCTAssertEqual(error(image, PVM_FORMAT_BLOB, PVM_ISA_GP080), is080)
        }
        XCTAssertEqual(error(number(1 << 24 + 1) + [0, 1, 0, 1], PVM_FORMAT_BLOB, PVM_ISA_GP072), PVM_OK)
        let code = [UInt8](repeating: 0, count: 1 << 25 + 1), marks = [UInt8](repeating: 1, count: 1 << 25 + 1)
        XCTAssertThrowsError(try PVMProgram(code: code, bitmask: marks, isa: PVM_ISA_GP080)) {
            XCTAssertEqual(($0 as? PVMError)?.code, PVM_ERR_TOO_LARGE)
        }
    }

    func testStandardProgramErrors() {
        let blob: [UInt8] = [0, 0, 1, 0, 1]
        func standard(ro: [UInt8], rw: [UInt8], codeLength: Int) -> [UInt8] {
            [UInt8(ro.count), 0, 0, UInt8(rw.count), 0, 0, 0, 0, 0, 0, 0] + ro + rw + littleEndian(UInt32(codeLength)) + blob
        }
        let valid = standard(ro: [1, 2], rw: [3], codeLength: 5)
        XCTAssertEqual(error(valid, PVM_FORMAT_STANDARD), PVM_OK)
        XCTAssertEqual(error([3, 7, 8, 9] + valid, PVM_FORMAT_SERVICE), PVM_OK)
        XCTAssertEqual(error(Array(valid.prefix(10)), PVM_FORMAT_STANDARD), PVM_ERR_HEADER_TRUNCATED)
        XCTAssertEqual(error(Array(valid.prefix(12)), PVM_FORMAT_STANDARD), PVM_ERR_RO_DATA_TRUNCATED)
        XCTAssertEqual(error(Array(valid.prefix(13)), PVM_FORMAT_STANDARD), PVM_ERR_RW_DATA_TRUNCATED)
        XCTAssertEqual(error(Array(valid.prefix(16)), PVM_FORMAT_STANDARD), PVM_ERR_CODE_LENGTH_TRUNCATED)
        XCTAssertEqual(error(standard(ro: [], rw: [], codeLength: 4), PVM_FORMAT_STANDARD), PVM_ERR_CODE_LENGTH_MISMATCH)
        XCTAssertEqual(error([5, 1], PVM_FORMAT_SERVICE), PVM_ERR_METADATA_TRUNCATED)
        XCTAssertEqual(error([5, 1], PVM_FORMAT_AUTO), PVM_ERR_UNKNOWN_FORMAT)
        XCTAssertEqual(try PVMProgram(valid).format, PVM_FORMAT_STANDARD)
        XCTAssertEqual(try PVMProgram(blob).format, PVM_FORMAT_BLOB)
        XCTAssertEqual(try PVMProgram([3, 7, 8, 9] + valid).format, PVM_FORMAT_SERVICE)
    }
}
