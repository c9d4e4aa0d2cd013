import PVM

/// Operands as the assembler reads them.
enum InstructionText {
    /// `target` names a place in the code.
    static func text(_ syntax: Syntax, _ operands: Operands, target: (Int64) -> String) -> String {
        var text = syntax.name
        for (position, slot) in syntax.slots.enumerated() {
            text += position == 0 ? " " : ", "
            switch slot {
            case .rA: text += register(operands.rA)
            case .rB: text += register(operands.rB)
            case .rD: text += register(operands.rD)
            case .x: text += syntax.row.format == .regExtImm ? wide(operands.vX) : number(operands.vX)
            case .y: text += number(operands.vY)
            case .memory: text += "[0x" + String(UInt32(truncatingIfNeeded: operands.vX), radix: 16) + "]"
            case .memoryA: text += memory(operands.rA, operands.vX)
            case .memoryB: text += memory(operands.rB, operands.vX)
            case .target: text += target(InstructionText.target(syntax.row.format, operands)!)
            }
        }
        return text
    }

    /// The place in the code that an instruction names.
    static func target(_ format: OperandFormat, _ operands: Operands) -> Int64? {
        switch format {
        case .offset, .regRegOffset: Int64(bitPattern: operands.vX)
        case .regImmOffset: Int64(bitPattern: operands.vY)
        default: nil
        }
    }

    private static func register(_ number: UInt8) -> String { Register.names[Int(number)] }

    private static func memory(_ base: UInt8, _ displacement: UInt64) -> String {
        let displacement = Int64(bitPattern: displacement)
        if displacement == 0 { return "[\(register(base))]" }
        return "[\(register(base)) \(displacement < 0 ? "-" : "+") \(magnitude(displacement.magnitude))]"
    }

    private static func number(_ value: UInt64) -> String {
        let value = Int64(bitPattern: value)
        return (value < 0 ? "-" : "") + magnitude(value.magnitude)
    }

    /// A 64-bit number: as it is written if it is small, as its bits otherwise.
    private static func wide(_ value: UInt64) -> String {
        Int64(bitPattern: value).magnitude < decimalLimit ? number(value) : "0x" + String(value, radix: 16)
    }

    private static func magnitude(_ value: UInt64) -> String {
        value < decimalLimit ? String(value) : "0x" + String(value, radix: 16)
    }

    private static let decimalLimit: UInt64 = 4096
}
