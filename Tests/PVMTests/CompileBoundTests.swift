#if arch(x86_64)
    import CPVM
    import VMCommon
    import XCTest

    @testable import PVM

    /// How much host code a hostile program can ask for: the worst that any operation takes, in any shape of its operands, on any
    /// processor and in either memory mode. docs/decisions/0005 states the bound; scripts/test-bounds measures time and memory.
    final class CompileBoundTests: XCTestCase {
        /// Octets of host code per octet of guest code, and per entry of the jump table.
        private static let mostPerOctet = 96.0
        private static let mostPerJump = 8.0

        private func size(_ code: Code, jumps: [UInt32] = [], isa: ISA, isGuarded: Bool, _ processor: NativeListing.Processor) throws -> Int {
            let program = try code.program(jumps: jumps, isa: isa == .gp072 ? PVM_ISA_GP072 : PVM_ISA_GP080)
            return try withExtendedLifetime(program) {
                try XCTUnwrap(NativeListing(program.handle, isGuarded: isGuarded, processor: processor)).code.count
            }
        }

        /// Host octets per guest octet of these instructions, over and over.
        private func ratio(_ instructions: [[UInt8]], isa: ISA, isGuarded: Bool, _ processor: NativeListing.Processor) throws -> Double {
            let few = 2, many = 18
            var code = Code()
            for _ in 0..<few { instructions.forEach { code.add($0) } }
            code.add([Opcode.trap.octet(isa)])
            let less = try size(code, jumps: [0], isa: isa, isGuarded: isGuarded, processor), shorter = code.octets.count
            code = Code()
            for _ in 0..<many { instructions.forEach { code.add($0) } }
            code.add([Opcode.trap.octet(isa)])
            let more = try size(code, jumps: [0], isa: isa, isGuarded: isGuarded, processor)
            return Double(more - less) / Double(code.octets.count - shorter)
        }

        /// Operand octets for an operation: none at all, and registers (t1 and t2 may lie in memory) with numbers of several lengths.
        private func shapes(_ format: OperandFormat) -> [[UInt8]] {
            let immediates: [[UInt8]] = [[], [0x81], [0xff, 0xff, 0xff, 0x80]]
            switch format {
            case .none: return [[]]
            case .imm, .offset: return immediates
            case .immImm: return [[]] + immediates.flatMap { first in immediates.map { [UInt8(first.count)] + first + $0 } }
            case .regImmImm, .regImmOffset:
                return [[]] + immediates.flatMap { first in immediates.map { [UInt8(first.count) << 4 | 3] + first + $0 } }
            case .regRegImmImm: return [[]] + immediates.flatMap { first in immediates.map { [0x43, UInt8(first.count)] + first + $0 } }
            case .regExtImm: return [[], [3], [3, 1], [3, 1, 2, 3, 4, 5, 6, 7, 8]]
            default: return [[]] + immediates.flatMap { number in [[0x43], [0x34], [0x43, 0x03]].map { $0 + number } }
            }
        }

        func testNoInstructionTakesMoreThanTheBound() throws {
            var worst = (ratio: 0.0, what: "")
            for isa in [ISA.gp072, .gp080] {
                let border = [Opcode.fallthrough.octet(isa)]
                for row in 0..<isaTable.count {
                    guard let octet = isaTable[row].octet(isa) else { continue }
                    for operands in shapes(isaTable[row].format) {
                        for isGuarded in [false, true] {
                            for processor in [NativeListing.Processor.full, .baseline] {
                                // By itself, and at the beginning of a block that it has to itself.
                                for instructions in [[[octet] + operands], [[octet] + operands, border]] {
                                    let ratio = try ratio(instructions, isa: isa, isGuarded: isGuarded, processor)
                                    let what = "\(isaTable[row].name) \(operands) of \(isa), \(isGuarded ? "guarded" : "checked"), \(processor)"
                                    XCTAssertLessThanOrEqual(ratio, CompileBoundTests.mostPerOctet, what)
                                    if ratio > worst.ratio { worst = (ratio, what) }
                                }
                            }
                        }
                    }
                }
            }
            print("at most \(worst.ratio) octets of host code per octet: \(worst.what)")
            // A bound that nothing comes near says nothing.
            XCTAssertGreaterThan(worst.ratio, CompileBoundTests.mostPerOctet / 2)
        }

        func testJumpTables() throws {
            let code = Code([[Opcode.trap.octet()]])
            for (few, many) in [(10, 10_010), (10_010, 100_010)] {
                let less = try size(code, jumps: [UInt32](repeating: 0, count: few), isa: .gp072, isGuarded: true, .full)
                let more = try size(code, jumps: [UInt32](repeating: 0, count: many), isa: .gp072, isGuarded: true, .full)
                XCTAssertLessThanOrEqual(Double(more - less) / Double(many - few), CompileBoundTests.mostPerJump)
            }
        }
    }
#endif
