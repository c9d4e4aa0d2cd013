import CPVM
import VMCommon
import XCTest

@testable import PVM

/// Places where an engine could be wrong by one: each in every engine and memory mode, against single steps.
final class CornerTests: XCTestCase {
    private let isas: [(ISA, pvm_isa_t)] = [(.gp072, PVM_ISA_GP072), (.gp080, PVM_ISA_GP080)]

    // MARK: Arithmetic

    private static let edges: [UInt64] = [
        0, 1, 33, 63, 0x80, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000, 0x8000_0000_0000_0000, 0xffff_ffff_8000_0000, .max,
        0x8123_4567_89ab_cdef,
    ]
    private static let constants: [Int32] = [0, 1, -1, 31, 32, 63, 64, 127, -128, .max, .min]
    /// Registers as result and operands, in every relation. t1 and t2 (3 and 4) have rdx and rcx, which some instructions need, or lie
    /// in memory where the memory's base takes a register.
    private static let places: [(d: Int, a: Int, b: Int)] = [
        (5, 6, 7), (5, 5, 7), (5, 6, 5), (5, 5, 5), (3, 6, 7), (5, 3, 7), (5, 6, 3), (3, 4, 4), (3, 3, 4), (4, 3, 4), (4, 6, 7), (5, 4, 7), (5, 6, 4),
    ]

    func testRegistersAreWhereArithmeticWantsThem() throws {
        let program = try Code([[Opcode.trap.octet()]]).program()
        try withExtendedLifetime(program) {
            guard let full = NativeListing(program.handle, isGuarded: false, processor: .full),
                  let baseline = NativeListing(program.handle, isGuarded: false, processor: .baseline) else { return }
            let rcx: UInt8 = 1, rdx: UInt8 = 2
            XCTAssertEqual(full.homes[3], rdx, "put the register of this home in place of 3 in `places`")
            XCTAssertEqual(full.homes[4], rcx, "put the register of this home in place of 4 in `places`")
            XCTAssertTrue(baseline.homes[3] == nil && baseline.homes[4] == nil, "these are to lie in memory")
        }
    }

    /// Every operation on two or three registers at every pair of edges; the results go to memory.
    func testArithmetic() throws {
        defer { CPUFeatures.withheld = [] }
        for row in 0..<isaTable.count where [.regReg, .regRegImm, .regRegReg].contains(isaTable[row].format) {
            let opcode = isaTable[row].opcode
            guard opcode != .sbrk, ![.load, .store].contains(isaTable[row].cost), let octet = isaTable[row].octet(.gp072) else { continue }
            for place in CornerTests.places {
                if isaTable[row].format != .regRegReg, place.b != place.a, place.b != 7 { continue }
                var code = Code(), address: Int32 = 0x20000
                func set(_ register: Int, _ value: UInt64) { code.add([Opcode.load_imm_64.octet(), UInt8(register)] + littleEndian(value)) }
                func keep() {
                    code.add([Opcode.store_u64.octet(), UInt8(place.d)] + littleEndian(address))
                    address += 8
                }
                for first in CornerTests.edges {
                    if isaTable[row].format == .regRegReg {
                        for second in CornerTests.edges {
                            set(place.d, 0x5555_aaaa_5555_aaaa)
                            set(place.a, first)
                            set(place.b, second)
                            code.add([octet, registers(place.a, place.b), UInt8(place.d)])
                            keep()
                        }
                    } else if isaTable[row].format == .regReg {
                        set(place.a, first)
                        code.add([octet, registers(place.d, place.a)])
                        keep()
                    } else {
                        for constant in CornerTests.constants {
                            set(place.d, 0x5555_aaaa_5555_aaaa)
                            set(place.a, first)
                            code.add([octet, registers(place.d, place.a)] + littleEndian(constant))
                            keep()
                        }
                    }
                }
                let program = { try code.program() }
                func run(_ mode: Mode?) throws -> (Observation, [UInt8]) {
                    let machine = try PVMMachine(try program(), gas: 100_000)
                    try machine.map(page: 0x20, count: 2, PVM_ACCESS_WRITE)
                    for register in 0..<13 { machine[register: register] = 0x1111_1111_1111_1111 &* UInt64(register) }
                    mode?.choose(for: machine)
                    let exit = mode == nil ? stepThrough(machine, from: 0) : machine.run()
                    return (Observation(machine, exit), try machine.read(0x20000, Int(address) - 0x20000))
                }
                let expected = try run(nil)
                for mode in Mode.all where mode.memory == PVM_MEMORY_CHECKED {
                    for withheld in [CPUFeatures(), .all] {
                        CPUFeatures.withheld = withheld
                        let found = try run(mode)
                        XCTAssertEqual(found.0, expected.0, "\(opcode) \(place) \(mode)")
                        guard found.1 != expected.1 else { continue }
                        let index = found.1.indices.first { found.1[$0] != expected.1[$0] }! / 8
                        XCTFail("\(opcode) \(place) \(mode) \(withheld.rawValue): case \(index)")
                    }
                }
            }
        }
    }

    // MARK: Gas

    /// Regions of the greatest length: gas that ends, and pages that are missing, around their borders.
    func testLongRegions() throws {
        let limit = Int(Instruction.regionLimit), count = 2 * limit + 10
        let add: [UInt8] = [Opcode.add_imm_64.octet(), registers(7, 7), 1], store: [UInt8] = [Opcode.store_ind_u64.octet(), registers(7, 8), 0]
        // From behind: the trap behind the code is in the last region.
        let borders = [0, count - 2 * limit, count - 2 * limit + 1, count - limit, count - limit + 1, count - limit + 2, count - 1]
        for fault in borders {
            var code = Code()
            for index in 0..<count { code.add(index == fault ? store : add) }
            let program = try code.program()
            for gas in [fault, fault + 1, count - limit + 1, count, count + 1] {
                func run(_ mode: Mode?) throws -> [Observation] {
                    let machine = try PVMMachine(program, gas: UInt64(gas))
                    machine[register: 8] = 0x20000
                    mode?.choose(for: machine)
                    var exit = mode == nil && gas == fault ? stepThrough(machine, from: 0) : machine.run(), seen = [Observation(machine, exit)]
                    if exit == PVM_EXIT_FAULT {
                        try machine.map(page: 0x20, PVM_ACCESS_WRITE)
                        exit = machine.resume()
                        seen.append(Observation(machine, exit))
                    }
                    return seen
                }
                // Steps through 130,000 instructions take their time: once per border they are what the others are held to.
                let expected = try run(nil)
                if gas > fault {
                    XCTAssertEqual(expected[0].exit, PVM_EXIT_FAULT)
                    XCTAssertEqual(expected[0].gas, Int64(gas - fault - 1))
                    XCTAssertEqual(expected[0].pc, UInt64(3 * fault))
                    XCTAssertEqual(expected[1].gas, gas <= count ? -1 : 0)
                }
                for mode in Mode.all { XCTAssertEqual(try run(mode), expected, "\(mode) fault at \(fault), gas \(gas)") }
            }
        }
    }

    /// Runs that start at every code offset, with every small amount of gas.
    func testEntriesEverywhere() throws {
        for (isa, number) in isas {
            func octet(_ opcode: Opcode) -> UInt8 { opcode.octet(isa) }
            let code = Code([
                [octet(.add_imm_64), registers(7, 7), 1], [octet(.ecalli), 3], [octet(.add_imm_64), registers(7, 7), 2], [octet(.store_ind_u8), registers(7, 8), 0],
                [octet(.branch_ne_imm), registers(7, 1), 9, 4], [octet(.load_imm), 9, 5], [octet(.fallthrough)], [octet(.load_ind_u8), registers(9, 8), 0],
                [octet(.div_u_64), registers(9, 9), 9], [octet(.trap)],
            ])
            let program = try code.program(isa: number)
            for pc in 0...UInt32(code.octets.count + 1) {
                for gas: UInt64 in 0...30 {
                    for isMapped in [false, true] {
                        func run(_ mode: Mode?) throws -> [Observation] {
                            let machine = try PVMMachine(program, gas: gas)
                            if isMapped { try machine.map(page: 0x20, PVM_ACCESS_WRITE) }
                            machine[register: 8] = 0x20000
                            mode?.choose(for: machine)
                            var exit = mode == nil ? stepThrough(machine, from: UInt64(pc)) : machine.run(from: pc)
                            var seen = [Observation(machine, exit)]
                            for _ in 0..<3 where exit == PVM_EXIT_HOST || exit == PVM_EXIT_FAULT || exit == PVM_EXIT_OOG {
                                if exit == PVM_EXIT_FAULT { try machine.map(page: 0x20, PVM_ACCESS_WRITE) }
                                if exit == PVM_EXIT_OOG { machine.gas = 7 }
                                if mode == nil {
                                    repeat { exit = machine.step() } while exit == PVM_EXIT_STEP
                                } else {
                                    exit = machine.resume()
                                }
                                seen.append(Observation(machine, exit))
                            }
                            return seen
                        }
                        let expected = try run(nil)
                        for mode in Mode.all { XCTAssertEqual(try run(mode), expected, "\(mode) \(isa) from \(pc), gas \(gas), \(isMapped)") }
                    }
                }
            }
        }
    }

    // MARK: Jumps

    /// Dynamic jumps by both instructions, with tables of many and of no octets per entry.
    func testDynamicJumps() throws {
        let addresses: [UInt64] = [
            0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, 0x8000_0002, 0xfffe_ffff, 0xfffe_fffe, 0xffff_0000, 0xffff_0001,
            0xffff_0002, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0000, 0x1_0000_0002, 0xffff_ffff_ffff_0000, .max,
        ]
        for (isa, number) in isas {
            func octet(_ opcode: Opcode) -> UInt8 { opcode.octet(isa) }
            for constant: Int32 in [0, 2, -2, .max, .min] {
                let jumps: [[UInt8]] = [
                    [octet(.jump_ind), 7] + littleEndian(constant),
                    [octet(.load_imm_jump_ind), registers(8, 7), 1, 9] + littleEndian(constant),
                    [octet(.load_imm_jump_ind), registers(7, 7), 1, 9] + littleEndian(constant),
                ]
                for jump in jumps {
                    let code = Code([jump, [octet(.add_imm_64), registers(9, 9), 1], [octet(.trap)], [octet(.fallthrough)], [octet(.trap)]])
                    let end = UInt32(jump.count)
                    var programs = [try code.program(jumps: [0, end, end + 4, 1, end + 5, .max], isa: number), try code.program(isa: number)]
                    var bits: UInt64 = 0
                    for index in code.bitmask.indices where code.bitmask[index] != 0 { bits |= 1 << UInt64(index) }
                    let most: [UInt8] = isa == .gp072 ? [0xff] + [UInt8](repeating: 0xff, count: 8) : [0xe1, 0, 0, 0]
                    for count in [[0], [3], most] {
                        let image = count + [0, UInt8(code.octets.count)] + code.octets + littleEndian(bits)[..<((code.octets.count + 7) / 8)]
                        programs.append(try PVMProgram(image, format: PVM_FORMAT_BLOB, isa: number))
                    }
                    for (index, program) in programs.enumerated() {
                        for address in addresses {
                            for gas: UInt64 in [1, 40] {
                                func run(_ mode: Mode?) throws -> Observation {
                                    let machine = try PVMMachine(program, gas: gas)
                                    machine[register: 7] = address
                                    mode?.choose(for: machine)
                                    return Observation(machine, mode == nil ? stepThrough(machine, from: 0) : machine.run())
                                }
                                let expected = try run(nil)
                                for mode in Mode.all { XCTAssertEqual(try run(mode), expected, "\(mode) \(isa) \(jump) table \(index) \(address) gas \(gas)") }
                            }
                        }
                    }
                }
            }
        }
    }

    // MARK: Host calls

    /// What a host may do while compiled code waits for it.
    func testHostCalls() throws {
        // Another VM, which faults, for hosts that run one in between.
        let other = try Code([[Opcode.store_u64.octet(), 7, 0, 0, 3]]).program()
        let effects: [(String, (PVMMachine, Mode?) throws -> Void)] = [
            ("nothing", { _, _ in }),
            ("registers", { machine, _ in for register in 0..<13 where register != 8 { machine[register: register] &+= UInt64(register) << 33 } }),
            ("another base", { machine, _ in machine[register: 8] = 0x21000 }),
            ("a base above 2^32", { machine, _ in machine[register: 8] = 0xffff_ffff_0002_0000 }),
            ("takes the page away", { machine, _ in try machine.map(page: 0x20, PVM_ACCESS_NONE) }),
            ("write-protects the page", { machine, _ in try machine.map(page: 0x20, PVM_ACCESS_READ) }),
            ("takes gas", { machine, _ in machine.gas = 1 }),
            ("takes all gas", { machine, _ in machine.gas = 0 }),
            ("gives gas", { machine, _ in machine.gas = .max }),
            ("goes elsewhere", { machine, _ in if machine[register: 10] < 3 { machine.pc = 0; machine[register: 10] += 1 } }),
            ("goes into a region", { machine, _ in machine.pc = 3 }),
            ("runs another machine", { _, mode in
                let inner = try PVMMachine(other, gas: 10)
                mode?.choose(for: inner)
                XCTAssertEqual(inner.run(), PVM_EXIT_FAULT)
                XCTAssertEqual(inner.faultPage, 0x30000)
                XCTAssertEqual(inner.gas, 9)
            }),
        ]
        for (isa, number) in isas {
            func octet(_ opcode: Opcode) -> UInt8 { opcode.octet(isa) }
            let code = Code([
                [octet(.load_ind_u64), registers(9, 8), 8], [octet(.add_imm_64), registers(9, 9), 1], [octet(.ecalli), 3], [octet(.store_ind_u64), registers(9, 8), 8],
                [octet(.load_ind_u8), registers(7, 8), 8], [octet(.ecalli), 4], [octet(.load_ind_u8), registers(6, 8), 9], [octet(.trap)],
            ])
            let program = try code.program(isa: number)
            for (name, effect) in effects {
                for gas: UInt64 in [4, 100, 1000] {
                    func run(_ mode: Mode?) throws -> (Observation, [UInt8]) {
                        let machine = try PVMMachine(program, gas: gas)
                        try machine.map(page: 0x20, count: 2, PVM_ACCESS_WRITE)
                        machine[register: 8] = 0x20000
                        mode?.choose(for: machine)
                        var calls = 0
                        machine.hostFunction = { machine, _ in
                            calls += 1
                            do { try effect(machine, mode) } catch { XCTFail("\(name): \(error)") }
                            return calls < 20 ? PVM_ACTION_CONTINUE : PVM_ACTION_HALT
                        }
                        let exit = mode == nil ? stepThrough(machine, from: 0) : machine.run()
                        machine.hostFunction = nil
                        return (Observation(machine, exit), name == "takes the page away" ? [] : try machine.read(0x20000, 0x2000))
                    }
                    let expected = try run(nil)
                    for mode in Mode.all {
                        let found = try run(mode)
                        XCTAssertEqual(found.0, expected.0, "\(mode) \(isa) \(name) gas \(gas)")
                        XCTAssertEqual(found.1, expected.1, "\(mode) \(isa) \(name) gas \(gas)")
                    }
                }
            }
        }
    }
}
