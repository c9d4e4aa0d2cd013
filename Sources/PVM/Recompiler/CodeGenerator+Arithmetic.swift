import VMCommon

/// Arithmetic on registers and constants. 32-bit results are sign-extended (𝒳_4).
extension CodeGenerator {
    mutating func setConstant(_ guest: UInt8, _ value: UInt64, through scratch: Reg = RegisterMap.scratch) {
        let target = target(guest, scratch)
        asm.load(target, value)
        write(guest, target)
    }

    /// Writes what was made in `reg` with this width.
    mutating func finish(_ w: Width, _ guest: UInt8, _ reg: Reg) {
        if w == .w32 { writeExtended(guest, reg) } else { write(guest, reg) }
    }

    mutating func move(_ i: Instruction) {
        guard let home = map[i.rd] else { return write(i.rd, read(i.ra)) }
        fetch(i.ra, into: home)
    }

    mutating func unary(_ i: Instruction, _ make: (inout Assembler, Reg, Reg) -> Void) {
        let source = read(i.ra), target = target(i.rd)
        make(&asm, target, source)
        write(i.rd, target)
    }

    mutating func count(_ index: Int, _ i: Instruction, _ w: Width, _ needed: CPUFeatures, _ make: (inout Assembler, Reg) -> Void) {
        guard features.contains(needed) else { return leave(NativeExit(.slow, index)) }
        fetch(i.ra, into: .rax, w)
        make(&asm, .rax)
        write(i.rd, .rax)
    }

    // MARK: Two registers and a constant

    mutating func addConstant(_ w: Width, _ to: UInt8, _ from: UInt8, _ value: Int32) {
        let source = read(from)
        if w == .w64 {
            let target = target(to)
            if target == source { asm.op(.add, .w64, target, value) } else { asm.lea(.w64, target, Mem(source, value)) }
            write(to, target)
        } else {
            asm.lea(.w32, .rax, Mem(source, value))
            writeExtended(to, .rax)
        }
    }

    mutating func constant(_ operation: Arithmetic, _ to: UInt8, _ from: UInt8, _ value: Int32) {
        let target = target(to)
        fetch(from, into: target)
        asm.op(operation, .w64, target, value)
        write(to, target)
    }

    mutating func multiplyConstant(_ w: Width, _ to: UInt8, _ from: UInt8, _ value: Int32) {
        let source = read(from), target = w == .w32 ? Reg.rax : target(to)
        asm.imul(w, target, source, value)
        finish(w, to, target)
    }

    mutating func subtractFromConstant(_ w: Width, _ to: UInt8, _ from: UInt8, _ value: Int32) {
        asm.load(.rax, UInt64(bitPattern: Int64(value)))
        op(.sub, w, .rax, from)
        finish(w, to, .rax)
    }

    mutating func compare(_ condition: Condition, _ to: UInt8, _ from: UInt8, constant value: Int32) {
        compareConstant(from, value)
        setFlag(condition, to)
    }

    mutating func compare(_ condition: Condition, _ to: UInt8, _ a: UInt8, _ b: UInt8) {
        compareRegisters(a, b)
        setFlag(condition, to)
    }

    mutating func compareConstant(_ guest: UInt8, _ value: Int32) {
        if let home = map[guest] {
            if value == 0 { asm.test(.w64, home, home) } else { asm.op(.cmp, .w64, home, value) }
        } else {
            asm.op(.cmp, .w64, slot(guest), value)
        }
    }

    mutating func compareRegisters(_ a: UInt8, _ b: UInt8) {
        let first = read(a)
        op(.cmp, .w64, first, b)
    }

    private mutating func setFlag(_ condition: Condition, _ to: UInt8) {
        asm.set(condition, Reg.rax)
        let target = target(to)
        asm.movzx8(target, Reg.rax)
        write(to, target)
    }

    /// cmov with a constant.
    mutating func moveConstant(_ condition: Condition, _ to: UInt8, _ value: Int32, test: UInt8) {
        let target = read(to, RegisterMap.second)
        asm.load(.rax, UInt64(bitPattern: Int64(value)))
        compareConstant(test, 0)
        asm.cmov(condition, .w64, target, Reg.rax)
        write(to, target)
    }

    // MARK: Three registers

    mutating func add(_ index: Int, _ i: Instruction) {
        guard let a = map[i.ra], let b = map[i.rb], let d = map[i.rd] else { return commutative(.add, .w64, i) }
        if addsAddress(index, i) {
            let next = instructions[index + 1]
            load(next.ra, Mem(a, b, .x1, next.x, in: .segment32), next.plain.loadKind.unsafelyUnwrapped)
            taken = 2
        } else if d != a, d != b {
            asm.lea(.w64, d, Mem(a, b))
        } else {
            commutative(.add, .w64, i)
        }
    }

    /// Is the sum nothing but the address of the load behind it, which puts its value in the sum's place?
    private func addsAddress(_ index: Int, _ i: Instruction) -> Bool {
        guard usesSegment, isGuarded, index + 1 < program.instructionCount else { return false }
        let next = instructions[index + 1]
        return next.plain.loadKind != nil && next.ra == i.rd && next.rb == i.rd && !program.endsRegion(index)
    }

    mutating func commutative(_ operation: Arithmetic, _ w: Width, _ i: Instruction) {
        if w == .w64, let d = map[i.rd] {
            if d == map[i.rb] { return op(operation, .w64, d, i.ra) }
            fetch(i.ra, into: d)
            return op(operation, .w64, d, i.rb)
        }
        if w == .w32, operation == .add, let a = map[i.ra], let b = map[i.rb] {
            asm.lea(.w32, .rax, Mem(a, b))
            return finish(w, i.rd, .rax)
        }
        let reg = work(w, i.rd, i.ra, i.rb)
        fetch(i.ra, into: reg)
        op(operation, w, reg, i.rb)
        finish(w, i.rd, reg)
    }

    /// Where an operation on `from` and `other` is best done: a 32-bit one in place, if that leaves the other operand alone.
    private func work(_ w: Width, _ to: UInt8, _ from: UInt8, _ other: UInt8) -> Reg {
        w == .w32 && to == from && to != other ? target(to) : .rax
    }

    mutating func subtract(_ w: Width, _ i: Instruction) {
        if w == .w64, let d = map[i.rd], d != map[i.rb] || i.ra == i.rb {
            fetch(i.ra, into: d)
            return op(.sub, .w64, d, i.rb)
        }
        let reg = work(w, i.rd, i.ra, i.rb)
        fetch(i.ra, into: reg)
        op(.sub, w, reg, i.rb)
        finish(w, i.rd, reg)
    }

    mutating func multiply(_ w: Width, _ i: Instruction) {
        if w == .w64, let d = map[i.rd] {
            let other = d == map[i.rb] ? i.ra : i.rb
            if other == i.rb { fetch(i.ra, into: d) }
            return multiply(.w64, d, other)
        }
        let reg = work(w, i.rd, i.ra, i.rb)
        fetch(i.ra, into: reg)
        multiply(w, reg, i.rb)
        finish(w, i.rd, reg)
    }

    private mutating func multiply(_ w: Width, _ reg: Reg, _ guest: UInt8) {
        if let home = map[guest] { asm.imul(w, reg, home) } else { asm.imul(w, reg, slot(guest)) }
    }

    mutating func moveIf(_ condition: Condition, _ i: Instruction) {
        compareConstant(i.rb, 0)
        let target = read(i.rd)
        if let home = map[i.ra] { asm.cmov(condition, .w64, target, home) } else { asm.cmov(condition, .w64, target, slot(i.ra)) }
        write(i.rd, target)
    }

    /// The second operand where the first compares so with it.
    mutating func choose(_ condition: Condition, _ i: Instruction) {
        fetch(i.ra, into: .rax)
        op(.cmp, .w64, .rax, i.rb)
        if let home = map[i.rb] { asm.cmov(condition, .w64, Reg.rax, home) } else { asm.cmov(condition, .w64, Reg.rax, slot(i.rb)) }
        write(i.rd, .rax)
    }

    mutating func invertedAnd(_ i: Instruction) {
        if features.contains(.bmi1) {
            let b = read(i.rb, RegisterMap.second), target = target(i.rd)
            if let a = map[i.ra] { asm.andn(.w64, target, b, a) } else { asm.andn(.w64, target, b, slot(i.ra)) }
            return write(i.rd, target)
        }
        fetch(i.rb, into: .rax)
        asm.not(.w64, .rax)
        op(.and, .w64, .rax, i.ra)
        write(i.rd, .rax)
    }

    // MARK: Shifts

    mutating func shiftConstant(_ shift: Shift, _ w: Width, _ to: UInt8, _ from: UInt8, _ value: Int32) {
        let amount = UInt8(truncatingIfNeeded: value) & (w == .w32 ? 31 : 63)
        let reg = w == .w32 && to != from ? Reg.rax : target(to)
        if shift == .ror, features.contains(.bmi2) {
            if let source = map[from] { asm.rorx(w, reg, source, amount) } else { asm.rorx(w, reg, slot(from), amount) }
            return finish(w, to, reg)
        }
        fetch(from, into: reg)
        if amount != 0 { asm.op(shift, w, reg, amount) }
        finish(w, to, reg)
    }

    mutating func shiftOfConstant(_ shift: Shift, _ w: Width, _ to: UInt8, _ value: Int32, by amount: UInt8) {
        asm.load(.rax, UInt64(bitPattern: Int64(value)))
        shiftByCount(shift, w, .rax, amount)
        finish(w, to, .rax)
    }

    mutating func shift(_ shift: Shift, _ w: Width, _ i: Instruction) {
        if shift.hasThreeOperands, features.contains(.bmi2), let amount = map[i.rb], let source = map[i.ra] {
            let result = w == .w32 ? Reg.rax : target(i.rd)
            shiftThreeOperands(shift, w, result, source, amount)
            return finish(w, i.rd, result)
        }
        // Where the result is to lie, if possible: rcx changes its meaning meanwhile.
        let inPlace = i.rd != i.rb && usesSegment && map[i.rd] != .rcx
        let reg = inPlace ? target(i.rd) : .rax
        fetch(i.ra, into: reg)
        shiftByCount(shift, w, reg, i.rb)
        finish(w, i.rd, reg)
    }

    /// Shifts a register other than the amount's home and rcx.
    private mutating func shiftByCount(_ shift: Shift, _ w: Width, _ reg: Reg, _ amount: UInt8) {
        guard usesSegment, let home = map[amount] else {
            fetch(amount, into: .rcx)
            return asm.opCL(shift, w, reg)
        }
        if shift.hasThreeOperands { return shiftThreeOperands(shift, w, reg, reg, home) }
        if home == .rcx { return asm.opCL(shift, w, reg) }
        if reg == .rax {
            asm.xchg(.w64, Reg.rcx, home)
            asm.opCL(shift, w, reg)
            return asm.xchg(.w64, Reg.rcx, home)
        }
        // Three copies cost less than two exchanges.
        asm.mov(.w64, Reg.rax, Reg.rcx)
        asm.mov(.w32, Reg.rcx, home)
        asm.opCL(shift, w, reg)
        asm.mov(.w64, Reg.rcx, Reg.rax)
    }

    private mutating func shiftThreeOperands(_ shift: Shift, _ w: Width, _ to: Reg, _ from: Reg, _ amount: Reg) {
        switch shift {
        case .shl: asm.shlx(w, to, from, amount)
        case .shr: asm.shrx(w, to, from, amount)
        default: asm.sarx(w, to, from, amount)
        }
    }

    // MARK: Multiplication and division, which want rax and rdx

    enum Signs { case signed, unsigned, mixed }

    mutating func multiplyUpper(_ i: Instruction, _ signs: Signs) {
        fetch(i.ra, into: .rax)
        asm.movq(Xmm(0), .rdx)
        if let factor = map[i.rb] { multiplyWide(signs, factor) } else { multiplyWide(signs, slot(i.rb)) }
        asm.mov(.w64, Reg.rax, .rdx)
        asm.movq(.rdx, Xmm(0))
        if signs == .mixed {
            // Of a negative first factor 2^64 too much was taken, times the second.
            compareConstant(i.ra, 0)
            let positive = asm.jumpAhead(.greaterOrEqual)
            op(.sub, .w64, .rax, i.rb)
            asm.land(positive)
        }
        write(i.rd, .rax)
    }

    private mutating func multiplyWide(_ signs: Signs, _ factor: some RegisterOrMemory) {
        if signs == .signed { asm.imul(.w64, factor) } else { asm.mul(.w64, factor) }
    }

    enum Part { case quotient, remainder }

    /// Division with the paper's results for zero and for -2^(n-1) / -1.
    mutating func divide(_ i: Instruction, _ w: Width, isSigned: Bool, _ part: Part) {
        fetch(i.ra, into: .rax)
        let divisor = read(i.rb, RegisterMap.second)
        asm.test(w, divisor, divisor)
        let zero = asm.jumpAhead(.equal)
        var minusOne: ShortJump?
        if isSigned {
            asm.op(.cmp, w, divisor, -1)
            minusOne = asm.jumpAhead(.equal)
        }
        asm.movq(Xmm(0), .rdx)
        let isInWay = divisor == .rdx
        if isInWay { asm.mov(.w64, context(NativeContext.spill), .rdx) }
        if isSigned {
            if w == .w64 { asm.cqo() } else { asm.cdq() }
            if isInWay { asm.idiv(w, context(NativeContext.spill)) } else { asm.idiv(w, divisor) }
        } else {
            asm.op(.xor, .w32, Reg.rdx, .rdx)
            if isInWay { asm.div(w, context(NativeContext.spill)) } else { asm.div(w, divisor) }
        }
        if part == .remainder { asm.mov(.w64, Reg.rax, .rdx) }
        asm.movq(.rdx, Xmm(0))
        let done = asm.jmpAhead()
        asm.land(zero)
        // x / 0 is all ones, x mod 0 is x.
        if part == .quotient { asm.mov(.w64, Reg.rax, -1) }
        if let minusOne {
            let overZero = asm.jmpAhead()
            asm.land(minusOne)
            // x / -1 is -x, which is right for the most negative x as well.
            if part == .quotient { asm.neg(w, Reg.rax) } else { asm.op(.xor, .w32, Reg.rax, .rax) }
            asm.land(overZero)
        }
        asm.land(done)
        finish(w, i.rd, .rax)
    }
}

extension Shift {
    /// Does BMI2 have it with a register as amount?
    var hasThreeOperands: Bool { self == .shl || self == .shr || self == .sar }
}

extension Handler {
    /// What the operation loads at register + constant, nil for all others.
    var loadKind: CodeGenerator.Kind? {
        switch self {
        case .load_ind_u8: .u8
        case .load_ind_i8: .i8
        case .load_ind_u16: .u16
        case .load_ind_i16: .i16
        case .load_ind_u32: .u32
        case .load_ind_i32: .i32
        case .load_ind_u64: .u64
        default: nil
        }
    }
}
