/// Jumps, calls and what fills the space between.
extension Assembler {
    // MARK: To a label

    /// Jcc rel: 70+cc cb backwards where it fits, else 0F 80+cc cd
    public mutating func jump(_ c: Condition, _ label: Label) {
        if let distance = shortDistance(to: label) {
            encode(.w32, 0x70 + UInt32(c.number), immediate: Octets(ib: distance))
        } else {
            encode(.w32, 0x0f80 + UInt32(c.number), to: label)
        }
    }
    /// JMP rel: EB cb backwards where it fits, else E9 cd
    public mutating func jmp(_ label: Label) {
        if let distance = shortDistance(to: label) {
            encode(.w32, 0xeb, immediate: Octets(ib: distance))
        } else {
            encode(.w32, 0xe9, to: label)
        }
    }
    /// CALL rel32: E8 cd
    public mutating func call(_ label: Label) { encode(.w32, 0xe8, to: label) }

    // MARK: A few instructions ahead

    /// Jcc rel8: 70+cc cb, to where `land` is called
    public mutating func jumpAhead(_ c: Condition) -> ShortJump { shortJump(0x70 + c.number) }
    /// JMP rel8: EB cb, to where `land` is called
    public mutating func jmpAhead() -> ShortJump { shortJump(0xeb) }

    // MARK: To an address

    /// JMP r/m64: FF /4
    @inlinable public mutating func jmp(_ rm: some RegisterOrMemory) { encode(.w32, 0xff, 4, rm) }
    /// CALL r/m64: FF /2
    @inlinable public mutating func call(_ rm: some RegisterOrMemory) { encode(.w32, 0xff, 2, rm) }
    /// RET: C3
    @inlinable public mutating func ret() { encode(.w32, 0xc3) }

    // MARK: Traps and padding

    /// INT3: CC
    @inlinable public mutating func int3() { encode(.w32, 0xcc) }
    /// UD2: 0F 0B
    @inlinable public mutating func ud2() { encode(.w32, 0x0f0b) }

    /// `count` octets that do nothing, in as few instructions as the manual recommends (NOP: 90, and 0F 1F /0 from 3 octets on).
    public mutating func nop(_ count: Int = 1) {
        var rest = count
        while rest > 0 {
            let octets = min(rest, 9)
            var cursor = buffer.instruction()
            switch octets {
            case 1: cursor.put(0x90, 1)
            case 2: cursor.put(0x9066, 2)
            case 3: cursor.put(0x001f0f, 3)
            case 4: cursor.put(0x00401f0f, 4)
            case 5: cursor.put(0x00_0044_1f0f, 5)
            case 6: cursor.put(0x0000_441f_0f66, 6)
            case 7: cursor.put(0x0000_0000_801f0f, 7)
            case 8: cursor.put(0x0000_0000_0084_1f0f, 8)
            default:
                cursor.put(0x66, 1)
                cursor.put(0x0000_0000_0084_1f0f, 8)
            }
            buffer.end(cursor)
            rest -= octets
        }
    }

    /// Padding up to a multiple of `alignment`, a power of two.
    public mutating func align(to alignment: Int) { nop(-offset & (alignment - 1)) }

    /// Eight octets of data.
    @inlinable public mutating func data(_ value: UInt64) {
        var cursor = buffer.instruction()
        cursor.put(value, 8)
        buffer.end(cursor)
    }
}
