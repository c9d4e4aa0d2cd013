import CPVM
import XCTest

@testable import PVM

final class HostCallTests: XCTestCase {
    /// ecalli 1, ecalli 2, load_imm r7 9, jump_ind r0.
    private func machine(_ mode: Mode) throws -> PVMMachine {
        let code = Code([[Opcode.ecalli.octet(), 1], [Opcode.ecalli.octet(), 2], [Opcode.load_imm.octet(), 7, 9], [Opcode.jump_ind.octet(), 0]])
        let machine = try PVMMachine(try code.program(), gas: 100)
        machine[register: 0] = 0xffff_0000
        mode.choose(for: machine)
        return machine
    }

    private func calls(_ machine: PVMMachine, _ serve: @escaping (PVMMachine, Int32) -> pvm_action_t) -> [Int32] {
        var calls: [Int32] = []
        machine.hostFunction = { machine, number in
            calls.append(number)
            return calls.count > 9 ? PVM_ACTION_PANIC : serve(machine, number)
        }
        _ = machine.run()
        return calls
    }

    func testPcSetInAHostCallCountsOnce() throws {
        for mode in Mode.all {
            let machine = try machine(mode)
            XCTAssertEqual(calls(machine) { machine, number in
                if number == 1 { machine.pc = 2 }
                return PVM_ACTION_CONTINUE
            }, [1, 2])
            XCTAssertEqual(machine[register: 7], 9)
            XCTAssertEqual(machine.gas, 96)
        }
    }

    func testPcSetToTheHostCallItselfRepeatsIt() throws {
        for mode in Mode.all {
            var left = 3
            let machine = try machine(mode)
            XCTAssertEqual(calls(machine) { machine, number in
                if number == 1, left > 0 {
                    left -= 1
                    machine.pc = 0
                }
                return PVM_ACTION_CONTINUE
            }, [1, 1, 1, 1, 2])
        }
    }

    func testSuspendingGoesOnBehindOrWhereTheHostSays() throws {
        for mode in Mode.all {
            let behind = try machine(mode)
            XCTAssertEqual(calls(behind) { _, _ in PVM_ACTION_SUSPEND }, [1])
            XCTAssertEqual(behind.pc, 0)
            behind.hostFunction = nil
            XCTAssertEqual(behind.resume(), PVM_EXIT_HOST)
            XCTAssertEqual(behind.hostCall, 2)
            let moved = try machine(mode)
            XCTAssertEqual(calls(moved) { machine, _ in
                machine.pc = 4
                return PVM_ACTION_SUSPEND
            }, [1])
            XCTAssertEqual(moved.pc, 4)
            XCTAssertEqual(moved.resume(), PVM_EXIT_HALT)
            XCTAssertEqual(moved.gas, 97)
        }
    }

    func testHostCallFlagIsClearedByTheNextRun() throws {
        let machine = try machine(Mode.all[0])
        XCTAssertEqual(machine.run(), PVM_EXIT_HOST)
        XCTAssertEqual(machine.handle.pointee.host_call, 1)
        machine.pc = 4
        XCTAssertEqual(machine.step(), PVM_EXIT_STEP)
        XCTAssertEqual(machine.handle.pointee.host_call, 0)
    }
}
