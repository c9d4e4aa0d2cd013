import CPVM
import XCTest

@testable import PVM

/// Addresses at the ends of the 32-bit space, and the base that compiled code keeps from one access to the next.
final class AddressTests: XCTestCase {
    private static let contents = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 5) }

    private func compare(_ code: Code, registers values: [Int: UInt64], _ what: String) throws {
        let program = try code.program()
        func machine() throws -> PVMMachine {
            let machine = try PVMMachine(program, gas: 1000)
            for page: UInt32 in [0x10, 0x20, 0x21, 0xfffff] { try machine.map(page: page, PVM_ACCESS_WRITE) }
            try machine.map(page: 0x22, PVM_ACCESS_READ)
            for page: UInt64 in [0x10, 0x20, 0x21, 0x22, 0xfffff] { try machine.load(page << 12, AddressTests.contents) }
            for (register, value) in values { machine[register: register] = value }
            return machine
        }
        let careful = try machine()
        let expected = Observation(careful, stepThrough(careful, from: 0))
        for mode in Mode.all {
            let machine = try machine()
            mode.choose(for: machine)
            XCTAssertEqual(Observation(machine, machine.run()), expected, "\(mode) \(what)")
            for page: UInt64 in [0x10, 0x20, 0x21, 0xfffff] {
                XCTAssertEqual(try machine.read(page << 12, 4096), try careful.read(page << 12, 4096), "\(mode) \(what)")
            }
        }
    }

    /// Loads and stores of every size around every border, by register and offset.
    func testBorders() throws {
        let bases: [UInt64] = [0, 1, 0xfff8, 0xffff, 0x10000, 0x20ffc, 0x21ff9, 0x21fff, 0x22ffd, 0x23000, 0x7fff_ffff, 0x8000_0000, 0xffff_f000,
                               0xffff_fff9, 0xffff_fffc, 0xffff_ffff, 0x1_0000_0000, 0x1_0002_0000, 0xffff_ffff_0002_0000, .max]
        let offsets: [Int32] = [0, 1, -1, 7, -8, 0x1000, -0x1000, .max, .min]
        let operations: [Opcode] = [.load_ind_u8, .load_ind_i16, .load_ind_u32, .load_ind_i32, .load_ind_u64, .store_ind_u8, .store_ind_u16,
                                    .store_ind_u32, .store_ind_u64]
        for operation in operations {
            for base in bases {
                for offset in offsets {
                    let code = Code([[operation.octet(), registers(8, 7)] + littleEndian(offset)])
                    try compare(code, registers: [7: base, 8: 0x1122_3344_5566_7788], "\(operation) \(base) \(offset)")
                }
            }
        }
    }

    /// The base changes between two accesses in every way that it can.
    func testBasesThatChange() throws {
        let load: [UInt8] = [Opcode.load_ind_u8.octet(), registers(8, 7), 4]
        let changes: [[UInt8]] = [
            [Opcode.add_imm_64.octet(), registers(7, 7), 8], [Opcode.load_imm.octet(), 7, 0, 0, 2], [Opcode.move_reg.octet(), registers(7, 9)],
            [Opcode.add_64.octet(), registers(9, 10), 7], [Opcode.sub_64.octet(), registers(9, 10), 7], [Opcode.xor.octet(), registers(9, 10), 7],
            [Opcode.mul_64.octet(), registers(9, 10), 7], [Opcode.add_32.octet(), registers(9, 10), 7], [Opcode.load_ind_u32.octet(), registers(7, 7), 0],
            [Opcode.load_ind_u64.octet(), registers(7, 7), 0], [Opcode.div_u_64.octet(), registers(9, 10), 7], [Opcode.cmov_nz.octet(), registers(9, 10), 7],
            [Opcode.set_lt_u.octet(), registers(9, 10), 7], [Opcode.rot_l_64.octet(), registers(9, 10), 7], [Opcode.sign_extend_8.octet(), registers(7, 9)],
            [Opcode.load_imm_64.octet(), 7] + littleEndian(UInt64(0x5_0002_0010)), [Opcode.mul_upper_s_u.octet(), registers(9, 10), 7],
        ]
        for change in changes {
            // Also with more registers in use than the host has, so that some live in memory.
            for busy in 0..<2 {
                var code = Code([load, load, change, load, [Opcode.store_ind_u8.octet(), registers(8, 7), 9]])
                if busy == 1 {
                    for register in 0..<13 where register != 7 && register != 8 {
                        for _ in 0..<3 { code.add([Opcode.add_imm_64.octet(), registers(register, register), 1]) }
                    }
                }
                try compare(code, registers: [7: 0x20100, 9: 0x20080, 10: 3], "\(change) \(busy)")
            }
        }
    }
}
