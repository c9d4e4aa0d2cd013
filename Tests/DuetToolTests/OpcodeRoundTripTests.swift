import CPVM
import PVM
import Testing

@testable import DuetTool

/// Every opcode of both sets, with operands at every boundary, from text to octets and back.
@Suite struct OpcodeRoundTripTests {
    private static let immediates: [Int64] = [
        0, 1, -1, 127, 128, -128, -129, 255, 256, 4095, 4096, -4095, -4096, 32767, 32768, -32768, -32769, 8_388_607, 8_388_608,
        -8_388_608, -8_388_609, 2_147_483_647, -2_147_483_648,
    ]

    @Test(arguments: [ISA.gp072, .gp080])
    func everyOpcode(_ isa: ISA) throws {
        var count = 0
        for octet in UInt8.min...UInt8.max {
            guard let row = isa.row(octet) else { continue }
            count += 1
            var source = ".format blob\n"
            for (index, value) in OpcodeRoundTripTests.immediates.enumerated() {
                source += OpcodeRoundTripTests.instruction(Syntax.all[row], index, value) + "\n"
            }
            let image = try assemble(source, isa: isa)
            let text = try roundTrip(image, isa: isa, format: PVM_FORMAT_BLOB, Syntax.all[row].name)
            #expect(!text.contains(".op"), "\(Syntax.all[row].name) is not written as an instruction")

            // The text names the instruction, and the octets are its opcode.
            let statements = text.split(separator: "\n").filter { $0.hasPrefix("    ") }
            #expect(statements.count == OpcodeRoundTripTests.immediates.count)
            #expect(statements.allSatisfy { $0.dropFirst(4).prefix { $0 != " " } == Syntax.all[row].name })
        }
        #expect(count == 139)
    }

    /// The operands that the library reads are those that were written.
    @Test(arguments: [ISA.gp072, .gp080])
    func operands(_ isa: ISA) throws {
        for octet in UInt8.min...UInt8.max {
            guard let row = isa.row(octet) else { continue }
            let syntax = Syntax.all[row]
            for (index, value) in OpcodeRoundTripTests.immediates.enumerated() {
                let (octets, _) = try code(OpcodeRoundTripTests.instruction(syntax, index, value), isa: isa)
                #expect(octets[0] == octet)
                let read = octets.withUnsafeBytes { code in
                    [UInt8](repeating: 1, count: (octets.count + 7) / 8).withUnsafeBytes { marks in
                        Operands(CodeView(code: code, bitmask: marks), pc: 0, skip: octets.count - 1, format: syntax.row.format)
                    }
                }
                let (rA, rB, rD) = OpcodeRoundTripTests.registers(index)
                for slot in syntax.slots {
                    switch slot {
                    case .rA, .memoryA: #expect(read.rA == rA, "\(syntax.name)")
                    case .rB, .memoryB: #expect(read.rB == rB, "\(syntax.name)")
                    case .rD: #expect(read.rD == rD, "\(syntax.name)")
                    default: break
                    }
                    switch slot {
                    case .x, .memory, .memoryA, .memoryB: #expect(read.vX == UInt64(bitPattern: value), "\(syntax.name)")
                    case .y: #expect(read.vY == UInt64(bitPattern: value), "\(syntax.name)")
                    case .target:
                        #expect(InstructionText.target(syntax.row.format, read) == max(value, -2_147_400_000), "\(syntax.name)")
                    default: break
                    }
                }
            }
        }
    }

    private static func registers(_ index: Int) -> (UInt8, UInt8, UInt8) {
        (UInt8(index % 13), UInt8((index + 5) % 13), UInt8((index * 3 + 1) % 13))
    }

    private static func instruction(_ syntax: Syntax, _ index: Int, _ value: Int64) -> String {
        let (rA, rB, rD) = registers(index)
        let names = (index % 2 == 0 ? Register.names : (0..<13).map { "r\($0)" })
        let sum = value < 0 ? "- \(value.magnitude)" : "+ \(value)"
        let operands = syntax.slots.map { slot in
            switch slot {
            case .rA: names[Int(rA)]
            case .rB: names[Int(rB)]
            case .rD: names[Int(rD)]
            case .x, .y: String(value)
            // Offsets count from the instruction: the least one is out of reach from further on.
            case .target: String(max(value, -2_147_400_000))
            case .memory: "[\(value)]"
            case .memoryA: "[\(names[Int(rA)]) \(sum)]"
            case .memoryB: "[\(names[Int(rB)]) \(sum)]"
            }
        }
        return "\(syntax.name) \(operands.joined(separator: ", "))"
    }
}
