import CPVM
import XCTest

@testable import PVM

final class GasModelTests: XCTestCase {
    /// What the timetable takes for granted: whoever wants another unit than an ALU wants an ALU for it too (there are as
    /// many ALUs as units of each kind for memory); nothing is done at once, and nothing takes longer than two lines.
    func testUnitsThatAreNeverShort() {
        for index in isaTable.indices where isaTable[index].octet(.gp080) != nil && isaTable[index].cost != .move {
            let cost = isaTable[index].cost.cost, units = cost.units
            XCTAssertLessThanOrEqual(units.alu, 2)
            XCTAssertLessThanOrEqual(units.load + units.store + units.mul + units.div, min(1, units.alu))
            XCTAssertGreaterThan(cost.cycles, 0)
            XCTAssertLessThanOrEqual(cost.cycles, 100)
            XCTAssertTrue(1...4 ~= cost.slots && 1...4 ~= cost.slotsApart)
        }
    }

    /// A block of n loads of which each needs the one before: n times the latency, however the buffer wraps around.
    func testChainsOfLoads() throws {
        let load: [UInt8] = [Opcode.load_ind_u64.octet(.gp080), registers(7, 7), 0]
        var previous: UInt64 = 0
        for count in 1...100 {
            let program = try Code([[UInt8]](repeating: load, count: count) + [[Opcode.trap.octet(.gp080)]]).program(isa: PVM_ISA_GP080)
            let gas = program.blockGas(0)
            if count > 1 { XCTAssertEqual(gas - previous, 25) }
            previous = gas
        }
    }

    /// Gone through in the order of the code or in the order of time, a block costs the same; and both ways are gone.
    func testBothOrders() throws {
        var seed: UInt64 = 0x9e37_79b9_7f4a_7c15
        func next(_ bound: Int) -> Int {
            seed ^= seed << 13
            seed ^= seed >> 7
            seed ^= seed << 17
            return Int(seed % UInt64(bound))
        }
        var inOrder = 0, outOfOrder = 0
        for number in 0..<400 {
            let registers = 1 + next(13), length = 1 + next(next(4) == 0 ? 300 : 60)
            let operations: [Opcode] = (0..<1 + next(6)).map { _ in
                [.add_64, .div_u_64, .mul_64, .load_ind_u64, .store_ind_u64, .move_reg, .load_imm, .ecalli,
                 .trailing_zero_bits_64, .cmov_nz, .add_32][next(11)]
            }
            var code = Code()
            for _ in 0..<length {
                let operation = operations[next(operations.count)]
                let operands = [UInt8(next(registers)) | UInt8(next(registers)) << 4, UInt8(next(registers))]
                code.add([operation.octet(.gp080)] + operands)
            }
            code.add([Opcode.trap.octet(.gp080)])
            let program = try code.program(isa: PVM_ISA_GP080)
            withExtendedLifetime(program) {
                let model = GasModel(Program.Pointer(program.handle).pointee)!
                defer { model.destroy() }
                let expected = model.outOfOrder(0)
                if let end = model.inOrder(0) {
                    inOrder += 1
                    XCTAssertEqual(end, expected, "program \(number)")
                } else {
                    outOfOrder += 1
                }
                XCTAssertEqual(program.blockGas(0), UInt64(max(expected - 1, 1)), "program \(number)")
            }
        }
        XCTAssertGreaterThan(inOrder, 20)
        XCTAssertGreaterThan(outOfOrder, 20)
    }
}
