/// The shifts that share one pattern of encodings; the raw value is their digit.
@frozen public enum Shift: UInt8, Sendable {
    case rol = 0, ror = 1, shl = 4, shr = 5, sar = 7
}

/// Shifts and rotations. The processor takes the amount modulo the width.
extension Assembler {
    // MARK: By name and by case

    /// OP r/m, 1: D1 /op; OP r/m, imm8: C1 /op ib
    @inlinable public mutating func op(_ op: Shift, _ w: Width, _ rm: some RegisterOrMemory, _ imm: UInt8) {
        if imm == 1 {
            encode(w, 0xd1, op.rawValue, rm)
        } else {
            encode(w, 0xc1, op.rawValue, rm, immediate: Octets(ib: imm))
        }
    }
    /// OP r/m, cl: D3 /op
    @inlinable public mutating func opCL(_ op: Shift, _ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xd3, op.rawValue, rm) }

    /// ROL r/m, imm8: C1 /0 ib, by one D1 /0
    @inlinable public mutating func rol(_ w: Width, _ rm: some RegisterOrMemory, _ imm: UInt8) { op(.rol, w, rm, imm) }
    /// ROL r/m, cl: D3 /0
    @inlinable public mutating func rolCL(_ w: Width, _ rm: some RegisterOrMemory) { opCL(.rol, w, rm) }

    /// ROR r/m, imm8: C1 /1 ib, by one D1 /1
    @inlinable public mutating func ror(_ w: Width, _ rm: some RegisterOrMemory, _ imm: UInt8) { op(.ror, w, rm, imm) }
    /// ROR r/m, cl: D3 /1
    @inlinable public mutating func rorCL(_ w: Width, _ rm: some RegisterOrMemory) { opCL(.ror, w, rm) }

    /// SHL r/m, imm8: C1 /4 ib, by one D1 /4
    @inlinable public mutating func shl(_ w: Width, _ rm: some RegisterOrMemory, _ imm: UInt8) { op(.shl, w, rm, imm) }
    /// SHL r/m, cl: D3 /4
    @inlinable public mutating func shlCL(_ w: Width, _ rm: some RegisterOrMemory) { opCL(.shl, w, rm) }

    /// SHR r/m, imm8: C1 /5 ib, by one D1 /5
    @inlinable public mutating func shr(_ w: Width, _ rm: some RegisterOrMemory, _ imm: UInt8) { op(.shr, w, rm, imm) }
    /// SHR r/m, cl: D3 /5
    @inlinable public mutating func shrCL(_ w: Width, _ rm: some RegisterOrMemory) { opCL(.shr, w, rm) }

    /// SAR r/m, imm8: C1 /7 ib, by one D1 /7
    @inlinable public mutating func sar(_ w: Width, _ rm: some RegisterOrMemory, _ imm: UInt8) { op(.sar, w, rm, imm) }
    /// SAR r/m, cl: D3 /7
    @inlinable public mutating func sarCL(_ w: Width, _ rm: some RegisterOrMemory) { opCL(.sar, w, rm) }

    // MARK: Over two registers

    /// SHLD r/m, r, imm8: 0F A4 /r ib
    @inlinable public mutating func shld(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg, _ imm: UInt8) { encode(w, 0x0fa4, r.number, rm, immediate: Octets(ib: imm)) }
    /// SHLD r/m, r, cl: 0F A5 /r
    @inlinable public mutating func shldCL(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { encode(w, 0x0fa5, r.number, rm) }
    /// SHRD r/m, r, imm8: 0F AC /r ib
    @inlinable public mutating func shrd(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg, _ imm: UInt8) { encode(w, 0x0fac, r.number, rm, immediate: Octets(ib: imm)) }
    /// SHRD r/m, r, cl: 0F AD /r
    @inlinable public mutating func shrdCL(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { encode(w, 0x0fad, r.number, rm) }

    // MARK: BMI2: three operands, flags untouched

    /// SHLX r, r/m, r: VEX.LZ.66.0F38 F7 /r
    @inlinable public mutating func shlx(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory, _ amount: Reg) { encode(w, vex: .x66, .x0F38, 0xf7, r.number, vvvv: amount.number, rm) }
    /// SARX r, r/m, r: VEX.LZ.F3.0F38 F7 /r
    @inlinable public mutating func sarx(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory, _ amount: Reg) { encode(w, vex: .xF3, .x0F38, 0xf7, r.number, vvvv: amount.number, rm) }
    /// SHRX r, r/m, r: VEX.LZ.F2.0F38 F7 /r
    @inlinable public mutating func shrx(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory, _ amount: Reg) { encode(w, vex: .xF2, .x0F38, 0xf7, r.number, vvvv: amount.number, rm) }
    /// RORX r, r/m, imm8: VEX.LZ.F2.0F3A F0 /r ib
    @inlinable public mutating func rorx(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory, _ imm: UInt8) { encode(w, vex: .xF2, .x0F3A, 0xf0, r.number, vvvv: 0, rm, immediate: Octets(ib: imm)) }
}
