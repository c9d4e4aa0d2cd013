import VMCommon

/// Jumps and branches. A target pays for itself.
extension CodeGenerator {
    mutating func jump(_ index: Int, _ distance: Int32) {
        if distance == Instruction.noTarget { return leave(NativeExit(.panic, index)) }
        if distance != 1 { asm.jmp(region(index + Int(distance))) }
    }

    mutating func branch(_ index: Int, _ condition: Condition, _ guest: UInt8, constant: Int32, _ distance: Int32) {
        compareConstant(guest, constant)
        branch(index, condition, distance)
    }

    mutating func branch(_ index: Int, _ condition: Condition, _ a: UInt8, _ b: UInt8, _ distance: Int32) {
        compareRegisters(a, b)
        branch(index, condition, distance)
    }

    private mutating func branch(_ index: Int, _ condition: Condition, _ distance: Int32) {
        let target = distance == Instruction.noTarget ? sideExit(NativeExit(.panic, index)) : region(index + Int(distance))
        asm.jump(condition, target)
    }

    mutating func dynamicJump(_ index: Int, _ guest: UInt8, _ offset: Int32) {
        dynamicAddress(guest, offset)
        dynamicJump(index)
    }

    /// The low 32 bits of register + constant into eax.
    mutating func dynamicAddress(_ guest: UInt8, _ offset: Int32) {
        fetch(guest, into: .rax, .w32)
        if offset != 0 { asm.op(.add, .w32, Reg.rax, offset) }
    }

    /// djump to the address in eax: entry a / 2 - 1 of the table. What is odd or 0 comes out above every index.
    mutating func dynamicJump(_ index: Int) {
        asm.mov(.w32, context(NativeContext.jumpAddress), .rax)
        let miss = sideExit(NativeExit(.jump, index))
        guard program.jumpTableCount > 0 else { return asm.jmp(miss) }
        asm.ror(.w32, Reg.rax, 1)
        asm.op(.sub, .w32, Reg.rax, 1)
        asm.op(.cmp, .w32, Reg.rax, Int32(program.jumpTableCount))
        asm.jump(.aboveOrEqual, miss)
        asm.lea(.rcx, jumpTable)
        asm.mov(.w64, .rax, Mem(.rcx, .rax, .x8))
        asm.test(.w64, Reg.rax, .rax)
        asm.jump(.equal, miss)
        asm.op(.add, .w64, Reg.rax, .rcx)
        asm.jmp(Reg.rax)
    }
}
