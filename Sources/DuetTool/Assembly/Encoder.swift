import PVM

/// Operands to instruction octets, the inverse of `Operands.init`, in the shortest form.
enum Encoder {
    /// Octets that a number needs so that sign extension gives it back; 5 if it needs more than 4.
    static func shortest(_ value: Int64) -> Int {
        if value == 0 { return 0 }
        for length in 1...4 where value >= -1 << (8 * length - 1) && value < 1 << (8 * length - 1) { return length }
        return 5
    }

    /// Appends opcode and operands, all but a target's offset, which comes last and depends on where the code lies.
    static func append(opcode: UInt8, _ format: OperandFormat, _ operands: Operands, to octets: inout [UInt8]) {
        let lengthX = shortest(Int64(bitPattern: operands.vX))
        let lengthY = shortest(Int64(bitPattern: operands.vY))
        let registers = operands.rA | operands.rB << 4
        octets.append(opcode)
        switch format {
        case .none, .offset:
            break
        case .imm:
            append(operands.vX, lengthX, to: &octets)
        case .regExtImm:
            octets.append(operands.rA)
            append(operands.vX, 8, to: &octets)
        case .immImm:
            octets.append(UInt8(lengthX))
            append(operands.vX, lengthX, to: &octets)
            append(operands.vY, lengthY, to: &octets)
        case .regImm:
            octets.append(operands.rA)
            append(operands.vX, lengthX, to: &octets)
        case .regImmImm:
            octets.append(operands.rA | UInt8(lengthX) << 4)
            append(operands.vX, lengthX, to: &octets)
            append(operands.vY, lengthY, to: &octets)
        case .regImmOffset:
            octets.append(operands.rA | UInt8(lengthX) << 4)
            append(operands.vX, lengthX, to: &octets)
        case .regReg:
            octets.append(operands.rD | operands.rA << 4)
        case .regRegImm:
            octets.append(registers)
            append(operands.vX, lengthX, to: &octets)
        case .regRegOffset:
            octets.append(registers)
        case .regRegImmImm:
            octets.append(registers)
            octets.append(UInt8(lengthX))
            append(operands.vX, lengthX, to: &octets)
            append(operands.vY, lengthY, to: &octets)
        case .regRegReg:
            octets.append(registers)
            octets.append(operands.rD)
        }
    }

    /// Appends the low octets of a number, the lowest first.
    static func append(_ value: UInt64, _ length: Int, to octets: inout [UInt8]) {
        for index in 0..<length { octets.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }
}
