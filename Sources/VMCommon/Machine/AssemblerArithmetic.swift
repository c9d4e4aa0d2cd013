/// The eight operations that share one pattern of encodings; the raw value is the digit of the forms with an immediate and,
/// times eight, the base of the other opcodes.
@frozen public enum Arithmetic: UInt8, Sendable {
    case add, or, adc, sbb, and, sub, xor, cmp

    @inlinable @inline(__always) var number: UInt8 { unsafeBitCast(self, to: UInt8.self) }
}

/// Addition to division, and the comparisons.
extension Assembler {
    // MARK: The eight operations, by name and by case

    /// OP r/m, r: 01+8*op /r
    @inlinable public mutating func op(_ op: Arithmetic, _ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { encode(w, 0x01 + UInt32(op.number) * 8, r.number, rm) }
    /// OP r, m: 03+8*op /r
    @inlinable public mutating func op(_ op: Arithmetic, _ w: Width, _ r: Reg, _ m: Mem) { encode(w, 0x03 + UInt32(op.number) * 8, r.number, m) }
    /// OP r/m, imm: 83 /op ib where it fits, else 81 /op id; sign-extended
    @inlinable public mutating func op(_ op: Arithmetic, _ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) {
        if imm.isShort {
            encode(w, 0x83, op.number, rm, immediate: Octets(ib: UInt8(truncatingIfNeeded: imm)))
        } else {
            encode(w, 0x81, op.number, rm, immediate: Octets(id: imm))
        }
    }
    /// OP r/m8, imm8: 80 /op ib
    @inlinable public mutating func op8(_ op: Arithmetic, _ rm: some RegisterOrMemory, _ imm: UInt8) { encode(.w32, 0x80, op.number, rm, octet: rm.needsPrefixAsOctet, immediate: Octets(ib: imm)) }
    /// OP r/m8, r8: 00+8*op /r
    @inlinable public mutating func op8(_ op: Arithmetic, _ rm: some RegisterOrMemory, _ r: Reg) { encode(.w32, 0x00 + UInt32(op.number) * 8, r.number, rm, octet: rm.needsPrefixAsOctet || r.needsPrefixAsOctet) }

    /// ADD r/m, r: 01 /r
    @inlinable public mutating func add(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { op(.add, w, rm, r) }
    /// ADD r, m: 03 /r
    @inlinable public mutating func add(_ w: Width, _ r: Reg, _ m: Mem) { op(.add, w, r, m) }
    /// ADD r/m, imm: 83 /0 ib, 81 /0 id
    @inlinable public mutating func add(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { op(.add, w, rm, imm) }

    /// OR r/m, r: 09 /r
    @inlinable public mutating func or(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { op(.or, w, rm, r) }
    /// OR r, m: 0B /r
    @inlinable public mutating func or(_ w: Width, _ r: Reg, _ m: Mem) { op(.or, w, r, m) }
    /// OR r/m, imm: 83 /1 ib, 81 /1 id
    @inlinable public mutating func or(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { op(.or, w, rm, imm) }

    /// ADC r/m, r: 11 /r
    @inlinable public mutating func adc(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { op(.adc, w, rm, r) }
    /// ADC r, m: 13 /r
    @inlinable public mutating func adc(_ w: Width, _ r: Reg, _ m: Mem) { op(.adc, w, r, m) }
    /// ADC r/m, imm: 83 /2 ib, 81 /2 id
    @inlinable public mutating func adc(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { op(.adc, w, rm, imm) }

    /// SBB r/m, r: 19 /r
    @inlinable public mutating func sbb(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { op(.sbb, w, rm, r) }
    /// SBB r, m: 1B /r
    @inlinable public mutating func sbb(_ w: Width, _ r: Reg, _ m: Mem) { op(.sbb, w, r, m) }
    /// SBB r/m, imm: 83 /3 ib, 81 /3 id
    @inlinable public mutating func sbb(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { op(.sbb, w, rm, imm) }

    /// AND r/m, r: 21 /r
    @inlinable public mutating func and(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { op(.and, w, rm, r) }
    /// AND r, m: 23 /r
    @inlinable public mutating func and(_ w: Width, _ r: Reg, _ m: Mem) { op(.and, w, r, m) }
    /// AND r/m, imm: 83 /4 ib, 81 /4 id
    @inlinable public mutating func and(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { op(.and, w, rm, imm) }

    /// SUB r/m, r: 29 /r
    @inlinable public mutating func sub(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { op(.sub, w, rm, r) }
    /// SUB r, m: 2B /r
    @inlinable public mutating func sub(_ w: Width, _ r: Reg, _ m: Mem) { op(.sub, w, r, m) }
    /// SUB r/m, imm: 83 /5 ib, 81 /5 id
    @inlinable public mutating func sub(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { op(.sub, w, rm, imm) }

    /// XOR r/m, r: 31 /r
    @inlinable public mutating func xor(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { op(.xor, w, rm, r) }
    /// XOR r, m: 33 /r
    @inlinable public mutating func xor(_ w: Width, _ r: Reg, _ m: Mem) { op(.xor, w, r, m) }
    /// XOR r/m, imm: 83 /6 ib, 81 /6 id
    @inlinable public mutating func xor(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { op(.xor, w, rm, imm) }

    /// CMP r/m, r: 39 /r
    @inlinable public mutating func cmp(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { op(.cmp, w, rm, r) }
    /// CMP r, m: 3B /r
    @inlinable public mutating func cmp(_ w: Width, _ r: Reg, _ m: Mem) { op(.cmp, w, r, m) }
    /// CMP r/m, imm: 83 /7 ib, 81 /7 id
    @inlinable public mutating func cmp(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { op(.cmp, w, rm, imm) }

    /// CMP r/m8, imm8: 80 /7 ib
    @inlinable public mutating func cmp8(_ rm: some RegisterOrMemory, _ imm: UInt8) { op8(.cmp, rm, imm) }

    // MARK: TEST

    /// TEST r/m, r: 85 /r
    @inlinable public mutating func test(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { encode(w, 0x85, r.number, rm) }
    /// TEST r/m, imm32: F7 /0 id, sign-extended
    @inlinable public mutating func test(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { encode(w, 0xf7, 0, rm, immediate: Octets(id: imm)) }
    /// TEST r/m8, imm8: F6 /0 ib
    @inlinable public mutating func test8(_ rm: some RegisterOrMemory, _ imm: UInt8) { encode(.w32, 0xf6, 0, rm, octet: rm.needsPrefixAsOctet, immediate: Octets(ib: imm)) }
    /// TEST r/m8, r8: 84 /r
    @inlinable public mutating func test8(_ rm: some RegisterOrMemory, _ r: Reg) { encode(.w32, 0x84, r.number, rm, octet: rm.needsPrefixAsOctet || r.needsPrefixAsOctet) }
    /// BT r/m, imm8: 0F BA /4 ib
    @inlinable public mutating func bt(_ w: Width, _ rm: some RegisterOrMemory, _ imm: UInt8) { encode(w, 0x0fba, 4, rm, immediate: Octets(ib: imm)) }
    /// BT r, r: 0F A3 /r
    @inlinable public mutating func bt(_ w: Width, _ bits: Reg, _ r: Reg) { encode(w, 0x0fa3, r.number, bits) }

    // MARK: One operand

    /// INC r/m: FF /0
    @inlinable public mutating func inc(_ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xff, 0, rm) }
    /// DEC r/m: FF /1
    @inlinable public mutating func dec(_ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xff, 1, rm) }
    /// NOT r/m: F7 /2
    @inlinable public mutating func not(_ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xf7, 2, rm) }
    /// NEG r/m: F7 /3
    @inlinable public mutating func neg(_ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xf7, 3, rm) }

    // MARK: Multiplication and division

    /// IMUL r, r/m: 0F AF /r
    @inlinable public mutating func imul(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0faf, r.number, rm) }
    /// IMUL r, r/m, imm: 6B /r ib where it fits, else 69 /r id
    @inlinable public mutating func imul(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory, _ imm: Int32) {
        if imm.isShort {
            encode(w, 0x6b, r.number, rm, immediate: Octets(ib: UInt8(truncatingIfNeeded: imm)))
        } else {
            encode(w, 0x69, r.number, rm, immediate: Octets(id: imm))
        }
    }
    /// MUL r/m: F7 /4, rdx:rax = rax * r/m
    @inlinable public mutating func mul(_ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xf7, 4, rm) }
    /// IMUL r/m: F7 /5
    @inlinable public mutating func imul(_ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xf7, 5, rm) }
    /// DIV r/m: F7 /6, rax and rdx = quotient and remainder of rdx:rax
    @inlinable public mutating func div(_ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xf7, 6, rm) }
    /// IDIV r/m: F7 /7
    @inlinable public mutating func idiv(_ w: Width, _ rm: some RegisterOrMemory) { encode(w, 0xf7, 7, rm) }
    /// CDQ: 99, edx = sign of eax
    @inlinable public mutating func cdq() { encode(.w32, 0x99) }
    /// CQO: REX.W + 99, rdx = sign of rax
    @inlinable public mutating func cqo() { encode(.w64, 0x99) }
}
