/// Counting bits, and what BMI1, BMI2 and ADX add. Whether the processor has an instruction is for `CPUFeatures` to say; one
/// without LZCNT or TZCNT carries out BSR or BSF instead of them.
extension Assembler {
    /// BSF r, r/m: 0F BC /r
    @inlinable public mutating func bsf(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0fbc, r.number, rm) }
    /// BSR r, r/m: 0F BD /r
    @inlinable public mutating func bsr(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0fbd, r.number, rm) }
    /// POPCNT r, r/m: F3 0F B8 /r
    @inlinable public mutating func popcnt(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0fb8, r.number, rm, prefix: 0xf3) }
    /// TZCNT r, r/m: F3 0F BC /r
    @inlinable public mutating func tzcnt(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0fbc, r.number, rm, prefix: 0xf3) }
    /// LZCNT r, r/m: F3 0F BD /r
    @inlinable public mutating func lzcnt(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0fbd, r.number, rm, prefix: 0xf3) }

    /// ANDN r, r, r/m: VEX.LZ.0F38 F2 /r, r = ~inverted & r/m
    @inlinable public mutating func andn(_ w: Width, _ r: Reg, _ inverted: Reg, _ rm: some RegisterOrMemory) { encode(w, vex: .none, .x0F38, 0xf2, r.number, vvvv: inverted.number, rm) }
    /// BZHI r, r/m, r: VEX.LZ.0F38 F5 /r, zero from bit `from` on
    @inlinable public mutating func bzhi(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory, _ from: Reg) { encode(w, vex: .none, .x0F38, 0xf5, r.number, vvvv: from.number, rm) }
    /// MULX r, r, r/m: VEX.LZ.F2.0F38 F6 /r, high:low = rdx * r/m, flags untouched
    @inlinable public mutating func mulx(_ w: Width, high: Reg, low: Reg, _ rm: some RegisterOrMemory) { encode(w, vex: .xF2, .x0F38, 0xf6, high.number, vvvv: low.number, rm) }
    /// ADCX r, r/m: 66 0F 38 F6 /r, carry in and out by CF alone
    @inlinable public mutating func adcx(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0f38f6, r.number, rm, prefix: 0x66) }
    /// ADOX r, r/m: F3 0F 38 F6 /r, carry in and out by OF alone
    @inlinable public mutating func adox(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0f38f6, r.number, rm, prefix: 0xf3) }
}
