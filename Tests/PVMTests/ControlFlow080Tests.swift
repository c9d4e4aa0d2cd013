import CPVM
import XCTest

@testable import PVM

/// Where 0.8.0 lets control go: sjump, branch, and the end of the code. Each on every engine and memory mode, and step by step.
final class ControlFlow080Tests: XCTestCase {
    private func octet(_ opcode: Opcode) -> UInt8 { opcode.octet(.gp080) }

    private var trap: [UInt8] { [octet(.trap)] }

    /// Runs from `entry` to a panic everywhere, and holds what a host sees to what is expected: `paid` are the basic blocks that cost gas.
    private func expectPanic(
        at pc: UInt64, paid: [Int], _ instructions: [[UInt8]], entry: UInt32 = 0, registers: [Int: UInt64] = [:],
        leaves: [Int: UInt64] = [:], _ what: String, line: UInt = #line
    ) throws {
        let code = Code(instructions), program = try code.program(isa: PVM_ISA_GP080)
        let costs = code.bitmask.indices.map { program.blockGas(UInt32($0)) }.filter { $0 > 0 }
        let gas = paid.reduce(0) { $0 + costs[$1] }
        for mode in [nil] + Mode.all.map(Optional.init) {
            let machine = try PVMMachine(program, gas: gas + 5)
            for (register, value) in registers { machine[register: register] = value }
            mode?.choose(for: machine)
            let seen = mode == nil ? stepThrough(machine, from: UInt64(entry)) : machine.run(from: entry)
            let name = "\(what), \(mode.map(String.init(describing:)) ?? "steps")"
            XCTAssertEqual(seen, PVM_EXIT_PANIC, name, line: line)
            XCTAssertEqual(machine.pc, pc, name, line: line)
            XCTAssertEqual(machine.gas, 5, name, line: line)
            for (register, value) in leaves { XCTAssertEqual(machine[register: register], value, name, line: line) }
        }
    }

    /// Every branch, taken and not, to a good and a bad target: a bad one panics in both cases.
    func testBranchesPanicUnlessTheTargetStartsABlock() throws {
        for row in isaTable.indices where isaTable[row].cost == .branch {
            let opcode = isaTable[row].opcode, hasImmediate = isaTable[row].format == .regImmOffset
            for value: UInt64 in [0, 1, 2, .max] {
                func branch(_ offset: UInt8) -> [UInt8] {
                    hasImmediate ? [octet(opcode), registers(7, 1), 1, offset] : [octet(opcode), registers(7, 8), offset]
                }
                let size = UInt8(branch(0).count)
                let taken = isTaken(opcode, value, 1)
                let start: [Int: UInt64] = [7: value, 8: 1]
                // To the trap behind the load, which starts no block; to the load, which does.
                let load: [UInt8] = [octet(.load_imm), 9, 6]
                let bad = [branch(size + 3), load, trap], good = [branch(size + 4), load, trap, trap]
                try expectPanic(at: 0, paid: [0], bad, registers: start, leaves: [9: 0], "\(opcode) \(value) bad")
                let end = UInt64(size) + (taken ? 4 : 3)
                let code = Code(good), program = try code.program(isa: PVM_ISA_GP080)
                for mode in Mode.all {
                    let machine = try PVMMachine(program, gas: 1000)
                    for (register, value) in start { machine[register: register] = value }
                    mode.choose(for: machine)
                    XCTAssertEqual(machine.run(), PVM_EXIT_PANIC)
                    XCTAssertEqual(machine.pc, end, "\(opcode) \(value) good, \(mode)")
                    XCTAssertEqual(machine[register: 9], taken ? 0 : 6)
                }
                // Behind the code, before it, into an immediate.
                for offset in [100, 0xff, 1] as [UInt8] {
                    try expectPanic(at: 0, paid: [0], [branch(offset), load, trap], registers: start, "\(opcode) \(value) \(offset)")
                }
                // The last instruction: nothing is behind it, whatever its target is.
                try expectPanic(at: 3, paid: [0], [load, branch(0xfd)], registers: start, leaves: [9: 6], "\(opcode) \(value) last")
            }
        }
    }

    private func isTaken(_ opcode: Opcode, _ a: UInt64, _ b: UInt64) -> Bool {
        let x = Int64(bitPattern: a), y = Int64(bitPattern: b)
        return switch opcode {
        case .branch_eq, .branch_eq_imm: a == b
        case .branch_ne, .branch_ne_imm: a != b
        case .branch_lt_u, .branch_lt_u_imm: a < b
        case .branch_ge_u, .branch_ge_u_imm: a >= b
        case .branch_le_u_imm: a <= b
        case .branch_gt_u_imm: a > b
        case .branch_lt_s, .branch_lt_s_imm: x < y
        case .branch_ge_s, .branch_ge_s_imm: x >= y
        case .branch_le_s_imm: x <= y
        default: x > y
        }
    }

    /// What fuses with a branch or fallthrough that panics has its effect all the same.
    func testTheEndIsClosedBehindFusedPartners() throws {
        let add: [UInt8] = [octet(.add_imm_64), registers(7, 7), 1], move: [UInt8] = [octet(.move_reg), registers(9, 8)]
        let branch: [UInt8] = [octet(.branch_ne), registers(7, 8), 0xfd]
        try expectPanic(at: 3, paid: [0], [add, branch], registers: [7: 4, 8: 5], leaves: [7: 5], "not taken")
        try expectPanic(at: 3, paid: [0], [add, branch], registers: [7: 4, 8: 6], leaves: [7: 5], "taken")
        try expectPanic(at: 2, paid: [0], [move, [octet(.fallthrough)]], registers: [8: 6], leaves: [9: 6], "fallthrough")
        try expectPanic(at: 5, paid: [0], [add, move, [octet(.fallthrough)]], entry: 3, registers: [8: 6], leaves: [9: 6], "middle")
    }

    func testFallthroughIsAJumpToWhatFollows() throws {
        let fall = [octet(.fallthrough)]
        try expectPanic(at: 1, paid: [0, 1], [fall, trap], "to a trap")
        try expectPanic(at: 0, paid: [0], [fall], "to nothing")
        try expectPanic(at: 2, paid: [0, 1, 2], [fall, fall, fall], "through to nothing")
        try expectPanic(at: 0, paid: [0], [[octet(.fallthrough)] + [UInt8](repeating: 9, count: 24)], "with octets behind it")
    }

    func testStaticJumps() throws {
        for jump in [[octet(.jump), 0], [octet(.load_imm_jump), registers(9, 1), 6, 0]] as [[UInt8]] {
            func to(_ offset: UInt8) -> [UInt8] { jump.dropLast() + [offset] }
            let size = UInt64(jump.count), leaves: [Int: UInt64] = jump.count == 4 ? [9: 6] : [:]
            let nop: [UInt8] = [octet(.load_imm), 10, 1]
            try expectPanic(at: size + 4, paid: [0, 2], [to(UInt8(size) + 4), nop, trap, trap], leaves: leaves, "to a block")
            for offset in [UInt8(size) + 3, 1, 0xff, 100] {
                try expectPanic(at: 0, paid: [0], [to(offset), nop, trap, trap], leaves: leaves, "offset \(offset)")
            }
            // Nothing follows it, and that is no matter to it.
            try expectPanic(at: 0, paid: [1, 0], [trap, to(0xff)], entry: 1, leaves: leaves, "back from the end")
        }
    }

    /// 0.7.2 looks only where it goes, and runs into the trap behind the code.
    func test072StaysAsItWas() throws {
        let branch: [UInt8] = [Opcode.branch_eq_imm.octet(), registers(7, 1), 1, 100]
        for mode in Mode.all {
            for (value, pc, gas) in [(0, 4, 8), (1, 0, 9)] as [(UInt64, UInt64, UInt64)] {
                let machine = try PVMMachine(try Code([branch]).program(), gas: 10)
                machine[register: 7] = value
                mode.choose(for: machine)
                XCTAssertEqual(machine.run(), PVM_EXIT_PANIC)
                XCTAssertEqual(machine.pc, pc)
                XCTAssertEqual(machine.gas, gas)
            }
            let machine = try PVMMachine(try Code([[Opcode.fallthrough.octet()]]).program(), gas: 10)
            mode.choose(for: machine)
            XCTAssertEqual(machine.run(), PVM_EXIT_PANIC)
            XCTAssertEqual(machine.pc, 1)
            XCTAssertEqual(machine.gas, 8)
        }
    }

    // MARK: One instruction by its octets

    func testDispatchedInstructionsFollowTheSameRules() throws {
        // 0: branch_eq_imm r7 1 +7, 4: load_imm, 7: trap, 8: fallthrough.
        let code = Code([[octet(.branch_eq_imm), registers(7, 1), 1, 8], [octet(.load_imm), 9, 6], trap, [octet(.fallthrough)]])
        let program = try code.program(isa: PVM_ISA_GP080)
        func dispatch(_ instruction: [UInt8], at pc: UInt64, r7: UInt64 = 0) throws -> (pvm_exit_t, UInt64) {
            let machine = try PVMMachine(program, gas: 0)
            machine.pc = pc
            machine[register: 7] = r7
            instruction.dropFirst().withUnsafeBufferPointer { duet_dispatch(machine.handle, instruction[0], $0.baseAddress, $0.count) }
            return (pvm_exit_reason(machine.handle), machine.pc)
        }
        let branch = Array(code.octets[0..<4])
        for r7: UInt64 in [0, 1] {
            let (exit, pc) = try dispatch(branch, at: 0, r7: r7)
            XCTAssertEqual(exit, PVM_EXIT_NONE)
            XCTAssertEqual(pc, r7 == 1 ? 8 : 4)
            XCTAssertEqual(try dispatch(branch.dropLast() + [7], at: 0, r7: r7).0, PVM_EXIT_PANIC, "a bad target")
            XCTAssertEqual(try dispatch(branch.dropLast() + [0xf8], at: 8, r7: r7).0, PVM_EXIT_PANIC, "nothing follows")
        }
        XCTAssertEqual(try dispatch([octet(.fallthrough)], at: 8).0, PVM_EXIT_PANIC)
        XCTAssertEqual(try dispatch([octet(.fallthrough)], at: 7).1, 8)
        XCTAssertEqual(try dispatch([octet(.jump), 0xf8], at: 8).1, 0)
        XCTAssertEqual(try dispatch([octet(.load_imm), 9, 6], at: 4).1, 7)

        // branch(b, true) looks at what follows vm.pc.
        for (pc, target, good) in [
            (0, 8, true), (0, 4, true), (0, 7, false), (4, 8, false), (8, 0, false), (1000, 0, false), (.max, 0, false),
        ] as [(UInt64, UInt64, Bool)] {
            let machine = try PVMMachine(program, gas: 0)
            machine.pc = pc
            pvm_branch(machine.handle, target)
            XCTAssertEqual(pvm_exit_reason(machine.handle), good ? PVM_EXIT_NONE : PVM_EXIT_PANIC, "\(pc) \(target)")
            XCTAssertEqual(machine.pc, good ? target : pc)
        }
    }
}
