import CPVM
import VMCommon
import XCTest

@testable import PVM

/// Whole runs on every engine and memory mode (fused handlers, compiled code, gas by the region) against single steps (one plain
/// instruction at a time).
final class PaceTests: XCTestCase {
    /// A random instruction of the given operation, with operands that make accesses near 0x20000 likely.
    private func instruction(_ opcode: Opcode, _ isa: ISA, _ random: inout SplitMix) -> [UInt8] {
        let register = { (r: inout SplitMix) in Int.random(in: 0...12, using: &r) }
        let offset = UInt8.random(in: 0...40, using: &random)
        let first = opcode.octet(isa)
        switch opcode.row.format {
        case .none: return [first]
        case .imm: return [first, offset]
        case .offset: return [first, 0]
        case .regImm, .regImmOffset, .regImmImm:
            return [first, registers(register(&random), opcode.row.format == .regImm ? 0 : 1), offset, 0]
        case .regReg: return [first, registers(register(&random), register(&random))]
        case .regRegImm: return [first, registers(register(&random), register(&random)), offset]
        case .regRegOffset: return [first, registers(register(&random), register(&random)), 0]
        case .regRegReg: return [first, registers(register(&random), register(&random)), UInt8(register(&random))]
        case .regExtImm: return [first, registers(register(&random))] + littleEndian(UInt64.random(in: 0...0x30000, using: &random))
        case .immImm: return [first, 3, 0, 0, 2, offset]
        case .regRegImmImm: return [first, registers(register(&random), register(&random)), 1, offset, 0]
        }
    }

    private func machine(_ program: PVMProgram, gas: UInt64, _ random: inout SplitMix) throws -> PVMMachine {
        let machine = try PVMMachine(program, gas: gas)
        try machine.map(page: 0x20, PVM_ACCESS_WRITE)
        try machine.map(page: 0x21, PVM_ACCESS_READ)
        for register in 0..<13 {
            let values: [UInt64] = [0x20000, 0x20ff8, 0x20ffe, 0x21ff0, 0x1fff0, 0, 1, .max, UInt64.random(in: 0...(.max), using: &random)]
            machine[register: register] = values.randomElement(using: &random)!
        }
        return machine
    }

    private func compare(_ program: PVMProgram, gas: UInt64, seed: UInt64, _ what: String) throws {
        var random = SplitMix(state: seed)
        let careful = try machine(program, gas: gas, &random)
        let expected = Observation(careful, stepThrough(careful, from: 0)), memory = try careful.read(0x20000, 0x2000)
        for mode in Mode.all {
            random = SplitMix(state: seed)
            let machine = try machine(program, gas: gas, &random)
            mode.choose(for: machine)
            XCTAssertEqual(Observation(machine, machine.run()), expected, "\(mode) \(what)")
            XCTAssertEqual(try machine.read(0x20000, 0x2000), memory, "\(mode) \(what)")
        }
    }

    /// Every fused sequence, with enough and with too little gas, in both instruction sets.
    func testFusedHandlers() throws {
        for isa in [ISA.gp072, .gp080] {
            for index in fusions.indices {
                let fusion = fusions[index]
                let sequence = [fusion.first, fusion.second] + (fusion.third.map { [$0] } ?? [])
                for seed in 0..<40 {
                    var random = SplitMix(state: UInt64(index * 1000 + seed))
                    var code = Code()
                    for operation in sequence { code.add(instruction(operation.opcode, isa, &random)) }
                    code.add([Opcode.trap.octet(isa)])
                    let program = try code.program(isa: isa == .gp072 ? PVM_ISA_GP072 : PVM_ISA_GP080)
                    let gas = seed % 4 == 0 ? UInt64(seed / 4) : 200
                    try compare(program, gas: gas, seed: random.next(), "\(fusion.fused) seed \(seed) \(isa)")
                }
            }
        }
    }

    /// The code generator's paths for processors without the newer instructions.
    func testRandomRunsOnAnOlderProcessor() throws {
        CPUFeatures.withheld = .all
        defer { CPUFeatures.withheld = [] }
        try runRandomly(seeds: 10_000..<11_000)
    }

    func testRandomRuns() throws { try runRandomly(seeds: 0..<2000) }

    /// Straight runs of random operations of every kind.
    private func runRandomly(seeds: Range<Int>) throws {
        let all = isaTable.indices.map { isaTable[$0].opcode }.filter { $0 != .ecalli }
        for seed in seeds {
            var random = SplitMix(state: UInt64(seed))
            let isa: ISA = seed % 2 == 0 ? .gp072 : .gp080
            let usable = all.filter { $0.row.octet(isa) != nil }
            var code = Code()
            for _ in 0..<20 { code.add(instruction(usable.randomElement(using: &random)!, isa, &random)) }
            if isa.rules.demandsValidCode {
                let last = usable.filter(\.row.endsBlock).randomElement(using: &random)!
                code.add(instruction(last, isa, &random))
            }
            let program = try code.program(jumps: [0, 3], isa: isa == .gp072 ? PVM_ISA_GP072 : PVM_ISA_GP080)
            try compare(program, gas: UInt64.random(in: 0...300, using: &random), seed: random.next(), "seed \(seed)")
        }
    }
}
