import CPVM
import XCTest

@testable import PVM

final class GasTests: XCTestCase {
    private let move: [UInt8] = [Opcode.add_imm_64.octet(), registers(7, 7), 1]

    /// 0.7.2: a straight run longer than a gas region can be, ended by every amount of gas around its borders.
    func testRegionsAreInvisible() throws {
        let count = Int(Instruction.regionLimit) * 2 + 10
        var code = Code()
        code.octets.reserveCapacity(3 * count)
        for _ in 0..<count { code.add(move) }
        let program = try code.program()
        let limit = UInt64(Instruction.regionLimit), all = UInt64(count)
        for gas in [0, 1, 9, 10, 11, limit - 1, limit, limit + 1, limit + 9, limit + 10, limit + 11, 2 * limit, all - 1, all] {
            let machine = try PVMMachine(program, gas: gas)
            XCTAssertEqual(machine.run(), PVM_EXIT_OOG)
            XCTAssertEqual(machine[register: 7], gas)
            XCTAssertEqual(machine.pc, 3 * gas)
            XCTAssertEqual(machine.gas, 0)
            XCTAssertEqual(machine.signedGas, -1)
        }
        let machine = try PVMMachine(program, gas: all + 5)
        XCTAssertEqual(machine.run(), PVM_EXIT_PANIC)
        XCTAssertEqual(machine.gas, 4, "the trap behind the code costs one")
        // Gas that comes back in the middle of a region is spent from there.
        let resumed = try PVMMachine(program, gas: 70_000)
        XCTAssertEqual(resumed.run(), PVM_EXIT_OOG)
        resumed.gas = 5
        XCTAssertEqual(resumed.resume(), PVM_EXIT_OOG)
        XCTAssertEqual(resumed[register: 7], 70_005)
    }

    /// 0.8.0: a block whose cost does not fit `Instruction.charge`.
    func testDearBlocks() throws {
        let load: [UInt8] = [Opcode.div_u_64.octet(.gp080), registers(7, 7), 7]
        var code = Code([[Opcode.fallthrough.octet(.gp080)]])
        for _ in 0..<1500 { code.add(load) }
        code.add([Opcode.jump.octet(.gp080)] + littleEndian(Int32(-4500)))
        let program = try code.program(isa: PVM_ISA_GP080)
        let cost = program.blockGas(1)
        XCTAssertGreaterThan(cost, UInt64(Instruction.regionLimit))
        let first = program.blockGas(0)
        for (gas, rounds) in [(first + cost - 1, 0), (first + cost, 1), (first + 2 * cost - 1, 1), (first + 3 * cost + 7, 3)] as [(UInt64, UInt64)] {
            let machine = try PVMMachine(program, gas: gas)
            XCTAssertEqual(machine.run(), PVM_EXIT_OOG)
            XCTAssertEqual(machine.pc, 1)
            XCTAssertEqual(machine.gas, gas - first - rounds * cost, "0.8.0 leaves the gas that does not pay the block")
            let careful = try PVMMachine(program, gas: gas)
            XCTAssertEqual(Observation(careful, stepThrough(careful, from: 0)), Observation(machine, PVM_EXIT_OOG))
        }
    }

    /// 0.8.0: entering a block in its middle pays all of it; what has nowhere to go panics itself.
    func testEntriesAndTheEndOfTheCode() throws {
        let code = Code([move, move, [Opcode.fallthrough.octet(.gp080)]])
        let program = try code.program(isa: PVM_ISA_GP080)
        let machine = try PVMMachine(program, gas: 100)
        XCTAssertEqual(machine.run(from: 3), PVM_EXIT_PANIC)
        XCTAssertEqual(machine.gas, 100 - program.blockGas(0))
        XCTAssertEqual(machine.pc, 6)
        XCTAssertEqual(machine.run(from: 1), PVM_EXIT_PANIC)
        XCTAssertEqual(machine.gas, 100 - program.blockGas(0), "no opcode there: 0.8.0 takes no gas")
    }

    func testEntryThatIsNoOpcode072() throws {
        let machine = try PVMMachine(try Code([move]).program(), gas: 5)
        XCTAssertEqual(machine.run(from: 1), PVM_EXIT_PANIC)
        XCTAssertEqual(machine.gas, 4)
        XCTAssertEqual(machine.pc, 1)
        XCTAssertEqual(machine.run(from: 1_000_000), PVM_EXIT_PANIC)
        XCTAssertEqual(machine.gas, 3)
        machine.gas = 0
        XCTAssertEqual(machine.run(from: 1), PVM_EXIT_OOG)
        XCTAssertEqual(machine.signedGas, -1)
    }

    func testGasAbove2To63() throws {
        let machine = try PVMMachine(try Code([move]).program(), gas: .max)
        XCTAssertEqual(machine.run(), PVM_EXIT_PANIC)
        XCTAssertEqual(machine.gas, .max - 2)
        XCTAssertEqual(machine.signedGas, .max)
    }
}
