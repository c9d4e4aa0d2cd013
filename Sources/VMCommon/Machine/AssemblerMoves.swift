/// Moving, extending, exchanging.
extension Assembler {
    // MARK: Whole registers

    /// MOV r/m, r: 89 /r
    @inlinable public mutating func mov(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { encode(w, 0x89, r.number, rm) }
    /// MOV r, r/m: 8B /r
    @inlinable public mutating func mov(_ w: Width, _ r: Reg, _ m: Mem) { encode(w, 0x8b, r.number, m) }
    /// MOV r/m, imm32: C7 /0 id, sign-extended to 64 bits
    @inlinable public mutating func mov(_ w: Width, _ rm: some RegisterOrMemory, _ imm: Int32) { encode(w, 0xc7, 0, rm, immediate: Octets(id: imm)) }
    /// MOV r32, imm32: B8+rd id, the upper half becomes zero
    @inlinable public mutating func mov32(_ r: Reg, _ imm: UInt32) { encode(.w32, 0xb8, plus: r.number, immediate: Octets(id: Int32(bitPattern: imm))) }
    /// MOV r64, imm64: REX.W + B8+rd io
    @inlinable public mutating func mov64(_ r: Reg, _ imm: UInt64) { encode(.w64, 0xb8, plus: r.number, immediate: Octets(io: imm)) }

    /// `value` in all 64 bits by the shortest of the three. The flags stay as they are.
    @inlinable public mutating func load(_ r: Reg, _ value: UInt64) {
        if value <= UInt64(UInt32.max) {
            mov32(r, UInt32(truncatingIfNeeded: value))
        } else if let short = Int32(exactly: Int64(bitPattern: value)) {
            mov(.w64, r, short)
        } else {
            mov64(r, value)
        }
    }

    // MARK: 8 and 16 bits

    /// MOV m8, r8: 88 /r
    @inlinable public mutating func mov8(_ m: Mem, _ r: Reg) { encode(.w32, 0x88, r.number, m, octet: r.needsPrefixAsOctet) }
    /// MOV m16, r16: 66 89 /r
    @inlinable public mutating func mov16(_ m: Mem, _ r: Reg) { encode(.w32, 0x89, r.number, m, prefix: 0x66) }
    /// MOV m8, imm8: C6 /0 ib
    @inlinable public mutating func mov8(_ m: Mem, _ imm: UInt8) { encode(.w32, 0xc6, 0, m, immediate: Octets(ib: imm)) }
    /// MOV m16, imm16: 66 C7 /0 iw
    @inlinable public mutating func mov16(_ m: Mem, _ imm: UInt16) { encode(.w32, 0xc7, 0, m, prefix: 0x66, immediate: Octets(iw: imm)) }

    /// MOVZX r32, r/m8: 0F B6 /r
    @inlinable public mutating func movzx8(_ r: Reg, _ rm: some RegisterOrMemory) { encode(.w32, 0x0fb6, r.number, rm, octet: rm.needsPrefixAsOctet) }
    /// MOVZX r32, r/m16: 0F B7 /r
    @inlinable public mutating func movzx16(_ r: Reg, _ rm: some RegisterOrMemory) { encode(.w32, 0x0fb7, r.number, rm) }
    /// MOVSX r, r/m8: 0F BE /r
    @inlinable public mutating func movsx8(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0fbe, r.number, rm, octet: rm.needsPrefixAsOctet) }
    /// MOVSX r, r/m16: 0F BF /r
    @inlinable public mutating func movsx16(_ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0fbf, r.number, rm) }
    /// MOVSXD r64, r/m32: REX.W + 63 /r
    @inlinable public mutating func movsxd(_ r: Reg, _ rm: some RegisterOrMemory) { encode(.w64, 0x63, r.number, rm) }

    // MARK: Addresses, exchange, stack

    /// LEA r, m: 8D /r
    @inlinable public mutating func lea(_ w: Width, _ r: Reg, _ m: Mem) { encode(w, 0x8d, r.number, m) }
    /// LEA r64, [rip + rel32]: REX.W + 8D /r
    public mutating func lea(_ r: Reg, _ label: Label) { encode(.w64, 0x8d, register: r.number, to: label) }
    /// XCHG r/m, r: 87 /r (with memory it locks the bus)
    @inlinable public mutating func xchg(_ w: Width, _ rm: some RegisterOrMemory, _ r: Reg) { encode(w, 0x87, r.number, rm) }
    /// BSWAP r: 0F C8+rd
    @inlinable public mutating func bswap(_ w: Width, _ r: Reg) { encode(w, 0x0fc8, plus: r.number) }
    /// PUSH r64: 50+rd
    @inlinable public mutating func push(_ r: Reg) { encode(.w32, 0x50, plus: r.number) }
    /// POP r64: 58+rd
    @inlinable public mutating func pop(_ r: Reg) { encode(.w32, 0x58, plus: r.number) }
    /// PUSH m64: FF /6
    @inlinable public mutating func push(_ m: Mem) { encode(.w32, 0xff, 6, m) }
    /// POP m64: 8F /0
    @inlinable public mutating func pop(_ m: Mem) { encode(.w32, 0x8f, 0, m) }

    // MARK: Conditional

    /// CMOVcc r, r/m: 0F 40+cc /r
    @inlinable public mutating func cmov(_ c: Condition, _ w: Width, _ r: Reg, _ rm: some RegisterOrMemory) { encode(w, 0x0f40 + UInt32(c.number), r.number, rm) }
    /// SETcc r/m8: 0F 90+cc /0
    @inlinable public mutating func set(_ c: Condition, _ rm: some RegisterOrMemory) { encode(.w32, 0x0f90 + UInt32(c.number), 0, rm, octet: rm.needsPrefixAsOctet) }

    // MARK: SSE registers

    /// MOVQ xmm, r64: 66 REX.W 0F 6E /r
    @inlinable public mutating func movq(_ x: Xmm, _ r: Reg) { encode(.w64, 0x0f6e, x.number, r, prefix: 0x66) }
    /// MOVQ r64, xmm: 66 REX.W 0F 7E /r
    @inlinable public mutating func movq(_ r: Reg, _ x: Xmm) { encode(.w64, 0x0f7e, x.number, r, prefix: 0x66) }
    /// MOVQ xmm, m64: F3 0F 7E /r
    @inlinable public mutating func movq(_ x: Xmm, _ m: Mem) { encode(.w32, 0x0f7e, x.number, m, prefix: 0xf3) }
    /// MOVQ m64, xmm: 66 0F D6 /r
    @inlinable public mutating func movq(_ m: Mem, _ x: Xmm) { encode(.w32, 0x0fd6, x.number, m, prefix: 0x66) }
}
