import CPVM
import XCTest

@testable import PVM

final class GasModelTests: XCTestCase {
    func testUnitsCompareMemberwise() {
        let available = ExecutionUnits(alu: 4, load: 0, store: 2, mul: 1, div: 1)
        XCTAssertTrue(ExecutionUnits(alu: 4, store: 2).fit(available))
        XCTAssertFalse(ExecutionUnits(alu: 5).fit(available))
        XCTAssertFalse(ExecutionUnits(alu: 1, load: 1).fit(available))
        XCTAssertFalse(ExecutionUnits(div: 2).fit(available))
    }

    /// A block of n loads of which each needs the one before: n times the latency, however the reorder buffer wraps around.
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
}
