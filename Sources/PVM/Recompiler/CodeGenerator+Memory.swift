import VMCommon

/// Loads and stores. An access that is not plainly allowed leaves for the interpreter, which decides what it is.
extension CodeGenerator {
    enum Kind { case u8, i8, u16, i16, u32, i32, u64 }

    /// The host's operand for guest memory at register + constant modulo 2^32. May use rax and rcx.
    mutating func place(_ index: Int, _ guest: UInt8, _ offset: Int32, _ size: Int32, isWrite: Bool) -> Mem {
        if isGuarded, offset >= 0 {
            // What passes 2^32 hits the guard behind the memory, and the interpreter wraps it around.
            if addressBase != guest { fetch(guest, into: .rax, .w32) }
            addressBase = guest
            return Mem(RegisterMap.memory, .rax, .x1, offset)
        }
        addressBase = nil
        if let home = map[guest] {
            if offset == 0 { asm.mov(.w32, Reg.rax, home) } else { asm.lea(.w32, .rax, Mem(home, offset)) }
        } else {
            asm.mov(.w32, .rax, slot(guest))
            if offset != 0 { asm.op(.add, .w32, Reg.rax, offset) }
        }
        if !isGuarded { check(index, size, isWrite) }
        return Mem(RegisterMap.memory, .rax)
    }

    /// The same for a constant address.
    mutating func constantPlace(_ index: Int, _ address: Int32, _ size: Int32, isWrite: Bool = true) -> Mem {
        asm.mov32(.rax, UInt32(bitPattern: address))
        if !isGuarded { check(index, size, isWrite) }
        return Mem(RegisterMap.memory, .rax)
    }

    /// Rights of the pages of the first and the last octet at eax. Past 2^32 the last one is in page 0, which has none.
    private mutating func check(_ index: Int, _ size: Int32, _ isWrite: Bool) {
        let need = isWrite ? GuestMemory.write : GuestMemory.read
        let slow = sideExit(NativeExit(.slow, index))
        asm.mov(.w32, Reg.rcx, .rax)
        testRights(need, slow)
        if size > 1 {
            asm.lea(.w32, .rcx, Mem(.rax, size - 1))
            testRights(need, slow)
        }
    }

    private mutating func testRights(_ need: UInt8, _ slow: Label) {
        asm.shr(.w32, Reg.rcx, UInt8(GuestMemory.pageShift))
        asm.test8(Mem(RegisterMap.memory, .rcx, .x1, NativeContext.rights), need)
        asm.jump(.equal, slow)
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

    mutating func storeConstant(_ index: Int, _ place: Mem, _ value: Int32, _ size: Int32) {
        switch size {
        case 1: asm.mov8(place, UInt8(truncatingIfNeeded: value))
        case 2: asm.mov16(place, UInt16(truncatingIfNeeded: value))
        case 4: asm.mov(.w32, place, value)
        default: asm.mov(.w64, place, value)
        }
    }
}
