import CPVM
import PVM

/// One operand of an instruction as it stands in text.
enum OperandSlot {
    case rA, rB, rD
    /// The immediates ν_X and ν_Y.
    case x, y
    /// Memory: [ν_X], [rA + ν_X], [rB + ν_X].
    case memory, memoryA, memoryB
    /// A place in the code; always the last operand and the last octets of the instruction.
    case target
}

/// How an instruction is written. Assembler, disassembler and docs/assembly.md share it.
struct Syntax: Sendable {
    /// The Gray Paper's name.
    let name: String
    let row: ISARow
    let slots: [OperandSlot]

    /// In the order of `isaTable`.
    static let all: [Syntax] = isaTable.indices.map { Syntax(isaTable[$0]) }
    static let indices: [String: Int] = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.name, $0) })

    private init(_ row: ISARow) {
        self.row = row
        name = "\(row.name)".lowercased()
        let accessesMemory = row.cost == .load || row.cost == .store
        slots = switch row.format {
        case .none: []
        case .imm: [.x]
        case .regExtImm: [.rA, .x]
        case .immImm: [.memory, .y]
        case .offset: [.target]
        case .regImm: accessesMemory ? [.rA, .memory] : [.rA, .x]
        case .regImmImm: [.memoryA, .y]
        case .regImmOffset: [.rA, .x, .target]
        case .regReg: [.rD, .rA]
        case .regRegImm: accessesMemory ? [.rA, .memoryB] : [.rA, .rB, .x]
        case .regRegOffset: [.rA, .rB, .target]
        case .regRegImmImm: [.rA, .x, .rB, .y]
        case .regRegReg: [.rD, .rA, .rB]
        }
    }

    /// Which numbers may be written for a slot. All but the 64-bit immediate are encoded in 32 bits and sign-extended; where only
    /// the low half counts, the unsigned way to write it is as good.
    func range(of slot: OperandSlot) -> ClosedRange<Int128> {
        if row.format == .regExtImm { return Int128(Int64.min)...Int128(UInt64.max) }
        return Int128(Int32.min)...(usesLowHalf(slot) ? Int128(UInt32.max) : Int128(Int32.max))
    }

    private func usesLowHalf(_ slot: OperandSlot) -> Bool {
        switch slot {
        case .memory, .memoryA, .memoryB: true
        case .x: row.opcode == .jump_ind || name.hasSuffix("_32")
        case .y: row.opcode == .load_imm_jump_ind || name.hasSuffix("_u32")
        default: false
        }
    }
}

enum Register {
    /// "ra", "sp", "t0" …
    static let names: [String] = (0..<PVM_REGISTERS).map { String(cString: reg_name(Int32($0))) }

    /// By those names and as r0 to r12.
    static let numbers: [String: UInt8] = {
        var numbers: [String: UInt8] = [:]
        for (number, name) in names.enumerated() {
            numbers[name] = UInt8(number)
            numbers["r\(number)"] = UInt8(number)
        }
        return numbers
    }()
}
