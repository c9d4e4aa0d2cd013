import VMCommon

/// Jumps and branches. A target pays for itself.
extension CodeGenerator {
    mutating func jump(_ index: Int, _ distance: Int32) {
        if distance == Instruction.noTarget { return leave(NativeExit(.panic, index)) }
        if distance != 1 { jump(to: index + Int(distance), from: index) }
    }

    @inline(__always)
    mutating func branch(_ index: Int, _ condition: Condition, _ guest: UInt8, constant: Int32, _ distance: Int32) {
        compareConstant(guest, constant)
        branch(index, condition, distance)
    }

    @inline(__always)
    mutating func branch(_ index: Int, _ condition: Condition, _ a: UInt8, _ b: UInt8, _ distance: Int32) {
        compareRegisters(a, b)
        branch(index, condition, distance)
    }

    private mutating func branch(_ index: Int, _ condition: Condition, _ distance: Int32) {
        if distance == Instruction.noTarget {
            return leaveIf(program.isa.rules.checksFallThrough ? nil : condition, NativeExit(.panic, index))
        }
        jump(to: index + Int(distance), from: index, condition)
    }

    /// djump to register + constant: entry a / 2 - 1 of the table. What is odd or 0 comes out above every index. The constant that
    /// the instruction loads besides is loaded last: a jump that the table cannot make is the interpreter's as a whole.
    mutating func dynamicJump(_ index: Int, _ guest: UInt8, _ offset: Int32, loads: (guest: UInt8, value: UInt64)? = nil) {
        let miss = NativeExit(.slow, index)
        guard program.jumpTableCount > 0 else { return leave(miss) }
        if let home = map[guest] { asm.lea(.w32, .rax, Mem(home, offset &- 2)) } else {
            asm.mov(.w32, .rax, slot(guest))
            asm.op(.add, .w32, Reg.rax, offset &- 2)
        }
        asm.ror(.w32, Reg.rax, 1)
        asm.op(.cmp, .w32, Reg.rax, Int32(truncatingIfNeeded: program.jumpTableCount))
        leaveIf(.aboveOrEqual, miss)
        asm.lea(.w64, .rax, Mem(index: .rax, .x8))
        asm.op(.add, .w64, Reg.rax, Mem(.rsp))
        if jumpTableHasGaps {
            asm.op(.cmp, .w64, Mem(.rax), 0)
            leaveIf(.equal, miss)
        }
        if let loads { setConstant(loads.guest, loads.value, through: RegisterMap.second) }
        asm.jmp(Mem(.rax))
    }
}
