import CPVM
import XCTest

@testable import PVM

final class JumpTests: XCTestCase {
    /// jump_ind r7 with everything that r7 can hold, over a table of a good and two bad entries.
    func testDynamicJumps() throws {
        let code = Code([[Opcode.jump_ind.octet(), 7], [Opcode.load_imm.octet(), 8, 5], [Opcode.trap.octet()]])
        let program = try code.program(jumps: [2, 3, 1000])
        func run(_ address: UInt64) throws -> PVMMachine {
            let machine = try PVMMachine(program, gas: 10)
            machine[register: 7] = address
            _ = machine.run()
            return machine
        }
        XCTAssertEqual(try run(2)[register: 8], 5)
        XCTAssertEqual(try run(1 << 32 + 2)[register: 8], 5, "addresses count modulo 2^32")
        for bad: UInt64 in [0, 1, 3, 4, 6, 8, 0xffff_fffe, 0xffff_0002] {
            let machine = try run(bad)
            XCTAssertEqual(pvm_exit_reason(machine.handle), PVM_EXIT_PANIC, "\(bad)")
            XCTAssertEqual(machine.pc, 0)
            XCTAssertEqual(machine.gas, 9)
        }
        XCTAssertEqual(pvm_exit_reason(try run(0xffff_0000).handle), PVM_EXIT_HALT)
    }

    /// A jump table with entries of no octets: all of them are 0.
    func testJumpTableOfEntrySize0() throws {
        for (count, address, good) in [(1, 2, true), (1, 4, false), (3, 6, true), (3, 8, false), (3, 5, false)] as [(UInt8, UInt8, Bool)] {
            let image: [UInt8] = [count, 0, 3, Opcode.jump_ind.octet(), 7, Opcode.trap.octet(), 0b101]
            let machine = try PVMMachine(try PVMProgram(image, format: PVM_FORMAT_BLOB), gas: 3)
            machine[register: 7] = UInt64(address)
            // A good jump goes to 0, for ever.
            XCTAssertEqual(machine.run(), good ? PVM_EXIT_OOG : PVM_EXIT_PANIC)
        }
        let huge: [UInt8] = [0xff] + [UInt8](repeating: 0xff, count: 8) + [0, 3, Opcode.jump_ind.octet(), 7, Opcode.trap.octet(), 0b101]
        let machine = try PVMMachine(try PVMProgram(huge, format: PVM_FORMAT_BLOB), gas: 3)
        machine[register: 7] = 0xffff_0000
        XCTAssertEqual(machine.run(), PVM_EXIT_HALT)
        machine[register: 7] = 0xffff_fffe
        XCTAssertEqual(machine.run(), PVM_EXIT_OOG)
    }

    func testBadTargetsSetTheLoadedRegister() throws {
        let direct = try PVMMachine(try Code([[Opcode.load_imm_jump.octet(), registers(7, 1), 9, 1], [0]]).program(), gas: 5)
        XCTAssertEqual(direct.run(), PVM_EXIT_PANIC)
        XCTAssertEqual(direct[register: 7], 9)
        XCTAssertEqual(direct.gas, 4)
        let indirect = try PVMMachine(try Code([[Opcode.load_imm_jump_ind.octet(), registers(7, 7), 1, 9]]).program(), gas: 5)
        indirect[register: 7] = 77
        XCTAssertEqual(indirect.run(), PVM_EXIT_PANIC)
        XCTAssertEqual(indirect[register: 7], 9)
    }

    /// Running into more than 24 octets without an opcode is a trap where the skip distance is cut.
    func testSkipIsCutAt24() throws {
        var code = Code([[Opcode.load_imm.octet(), 7, 1] + [UInt8](repeating: 0xff, count: 30), [Opcode.load_imm.octet(), 8, 1]])
        let machine = try PVMMachine(try code.program(), gas: 10)
        XCTAssertEqual(machine.run(), PVM_EXIT_PANIC)
        XCTAssertEqual(machine.pc, 25)
        XCTAssertEqual(machine.gas, 8)
        XCTAssertEqual(machine[register: 8], 0)
        code = Code([[Opcode.load_imm.octet(), 7, 1] + [UInt8](repeating: 0xff, count: 22), [Opcode.load_imm.octet(), 8, 1]])
        let exact = try PVMMachine(try code.program(), gas: 10)
        XCTAssertEqual(exact.run(), PVM_EXIT_PANIC)
        XCTAssertEqual(exact[register: 8], 1)
    }
}
