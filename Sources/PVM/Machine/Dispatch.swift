import CPVM
import VMCommon

/// One instruction by its octets, outside any program (`dispatch_table` of pvm.h).
extension UnsafeMutablePointer<Instance> {
    /// Carries it out at vm.pc without gas: by running a program of this one instruction on the VM's registers and memory, and
    /// taking jumps in the VM's own program.
    func dispatch(_ opcode: UInt8, _ operands: UnsafeBufferPointer<UInt8>) {
        let isa = pointee.program.pointee.isa
        guard let row = isa.row(opcode), let single = try? Program.make(single: opcode, operands, isa: isa) else {
            finish(PVM_EXIT_PANIC)
            return
        }
        defer { single.release() }
        let instruction = single.pointee.instructions[0], format = isaTable[row].format
        let next = pointee.vm.pc &+ 1 &+ UInt64(truncatingIfNeeded: operands.count)
        var target: UInt64?
        if format.hasOffset {
            let start = Operands(single.pointee.view, pc: 0, skip: operands.count, format: format)
            target = pointee.vm.pc &+ (format == .regImmOffset ? start.vY : start.vX)
        }
        switch instruction.plain {
        case .ecalli:
            pointee.vm.host_func_id = instruction.x
            finish(PVM_EXIT_HOST)
        case .jump_ind:
            djump(register(instruction.ra) &+ instruction.vx)
        case .load_imm_jump_ind:
            let address = register(instruction.rb) &+ instruction.vy
            registers[Int(instruction.ra >> 3)] = instruction.vx
            djump(address)
        default:
            if isa.rules.checksFallThrough, isaTable[row].cost == .branch || instruction.plain == .fallthrough {
                guard isBlockStart(next), target == nil || isBlockStart(target!) else { return finish(PVM_EXIT_PANIC) }
            }
            // A branch that is taken comes back to itself, one that is not goes on to the trap behind.
            if format.hasOffset { single.pointee.instructions[0].y = 0 }
            guard execute(single) else { return }
            if let target, pointee.resumeIndex == 0 { jump(to: target) } else { move(to: next) }
        }
    }

    /// Executes the first instruction of another program. False if that ended the run.
    private func execute(_ program: Program.Pointer) -> Bool {
        let own = pointee.program
        defer { pointee.program = own }
        pointee.program = program
        var care = Care(budget: 1, paid: true)
        let outcome = interpret(Careful.self, self, at: 0, &care)
        pointee.traceIndex = -1
        if outcome == .stopped { finish(pointee.exit) }
        return outcome == .stepped
    }

    private func register(_ offset: UInt8) -> UInt64 { registers[Int(offset >> 3)] }

    /// branch(b, true) at vm.pc
    func branch(to target: UInt64) {
        let view = pointee.program.pointee.view, pc = pointee.vm.pc
        if pointee.program.pointee.isa.rules.checksFallThrough {
            guard pc < UInt64(truncatingIfNeeded: view.count), isBlockStart(pc + 1 + UInt64(truncatingIfNeeded: view.skip(Int(truncatingIfNeeded: pc)))) else { return finish(PVM_EXIT_PANIC) }
        }
        jump(to: target)
    }

    /// sjump(b)
    private func jump(to target: UInt64) {
        if isBlockStart(target) { move(to: target) } else { finish(PVM_EXIT_PANIC) }
    }

    private func isBlockStart(_ pc: UInt64) -> Bool { pointee.program.pointee.isBlockStart(pc) }

    func djump(_ address: UInt64) {
        if let target = rareDjump(UInt32(truncatingIfNeeded: address)) {
            move(to: UInt64(pointee.program.pointee.offsets[target]))
        } else {
            finish(pointee.exit)
        }
    }

    private func move(to pc: UInt64) {
        pointee.vm.pc = pc
        pointee.pcWasSet = true
    }

    /// Ends the run from outside of it.
    func finish(_ exit: pvm_exit_t) {
        pointee.exit = exit
        pointee.stoppedAt = pointee.vm.pc
        pointee.canGoOn = false
        pointee.pcWasSet = false
        show(exit)
    }
}

extension Program {
    /// A program of one instruction and a trap.
    fileprivate static func make(single opcode: UInt8, _ operands: UnsafeBufferPointer<UInt8>, isa: ISA) throws(ImageError) -> Pointer {
        var code = InlineArray<26, UInt8>(repeating: 0), bitmask = InlineArray<26, UInt8>(repeating: 0)
        code[0] = opcode
        bitmask[0] = 1
        for index in operands.indices { code[index + 1] = operands[index] }
        bitmask[operands.count + 1] = 1
        let count = operands.count + 2
        return try withUnsafePointer(to: &code) { (code) throws(ImageError) -> Pointer in
            try withUnsafePointer(to: &bitmask) { (bitmask) throws(ImageError) -> Pointer in
                try make(code: octets(code, count), bitmask: octets(bitmask, count), jumps: UnsafeBufferPointer(start: nil, count: 0), isa: isa)
            }
        }
    }

    private static func octets(_ array: UnsafePointer<InlineArray<26, UInt8>>, _ count: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: UnsafeRawPointer(array).assumingMemoryBound(to: UInt8.self), count: count)
    }
}
