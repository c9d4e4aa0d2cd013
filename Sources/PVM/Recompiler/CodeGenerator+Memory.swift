import VMCommon

/// Loads and stores. An access that is not plainly allowed leaves for the interpreter, which decides what it is.
extension CodeGenerator {
    enum Kind { case u8, i8, u16, i16, u32, i32, u64 }

    /// The host's operand for guest memory at register + constant modulo 2^32. May use rax, and without segment rcx.
    @inline(__always)
    mutating func place(_ index: Int, _ guest: UInt8, _ offset: Int32) -> Mem {
        if !isGuarded { return checkedPlace(index, guest, offset) }
        if usesSegment, let home = map[guest] {
            if offset >= 0, keepAddress(index, guest, home) { return Mem(.rax, offset, in: .segment) }
            return Mem(home, offset, in: .segment32)
        }
        return computedPlace(guest, offset)
    }

    /// Operands with addresses of 32 bits are long, and slow in straight code. So if the next instruction goes through the same
    /// register, its low half is copied to rax for both. What passes 2^32 then hits the guard behind the memory.
    @inline(__always)
    private mutating func keepAddress(_ index: Int, _ guest: UInt8, _ home: Reg) -> Bool {
        if keptBase == guest { return true }
        guard index + 1 < program.instructionCount else { return false }
        let next = instructions + (index + 1), traits = traits[next.pointee.plain.row]
        guard (traits.contains(.throughB) && next.pointee.rb == guest) || (traits.contains(.throughA) && next.pointee.ra == guest),
              next.pointee.x >= 0, !(self.traits[instructions[index].plain.row].contains(.writesA) && instructions[index].ra == guest)
        else { return false }
        asm.mov(.w32, Reg.rax, home)
        keptBase = guest
        return true
    }

    /// The same without segment, through rax.
    @inline(never)
    mutating func computedPlace(_ guest: UInt8, _ offset: Int32) -> Mem {
        fetch(guest, into: .rax, .w32)
        // What passes 2^32 hits the guard behind the memory, and the interpreter wraps it around.
        if isGuarded, offset >= 0 { return Mem(RegisterMap.memory, .rax, .x1, offset) }
        if offset != 0 { asm.op(.add, .w32, Reg.rax, offset) }
        return Mem(RegisterMap.memory, .rax)
    }

    /// The same for a constant address.
    @inline(__always)
    mutating func constantPlace(_ index: Int, _ address: Int32) -> Mem {
        if !isGuarded { checkConstant(index) }
        if usesSegment { return Mem(absolute: address, in: .segment32) }
        asm.mov32(.rax, UInt32(bitPattern: address))
        return Mem(RegisterMap.memory, .rax)
    }

    mutating func load(_ to: UInt8, _ place: Mem, _ kind: Kind) {
        let target = target(to, .rcx)
        switch kind {
        case .u8: asm.movzx8(target, place)
        case .i8: asm.movsx8(.w64, target, place)
        case .u16: asm.movzx16(target, place)
        case .i16: asm.movsx16(.w64, target, place)
        case .u32: asm.mov(.w32, target, place)
        case .i32: asm.movsxd(target, place)
        case .u64: asm.mov(.w64, target, place)
        }
        write(to, target)
    }

    mutating func store(_ from: UInt8, _ place: Mem, _ size: Int32) {
        let value = read(from, .rcx)
        switch size {
        case 1: asm.mov8(place, value)
        case 2: asm.mov16(place, value)
        case 4: asm.mov(.w32, place, value)
        default: asm.mov(.w64, place, value)
        }
    }

    mutating func storeConstant(_ place: Mem, _ value: Int32, _ size: Int32) {
        switch size {
        case 1: asm.mov8(place, UInt8(truncatingIfNeeded: value))
        case 2: asm.mov16(place, UInt16(truncatingIfNeeded: value))
        case 4: asm.mov(.w32, place, value)
        default: asm.mov(.w64, place, value)
        }
    }
}
