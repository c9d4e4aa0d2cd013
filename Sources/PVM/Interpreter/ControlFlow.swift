import CPVM
import VMCommon

/// Changes of the instruction counter (Gray Paper appendix A, branch and djump).
extension Frame {
    /// Goes to the first instruction of a region. False, with nothing taken, if the fast pace cannot pay it.
    @inline(__always)
    mutating func enter<P: Pace>(_ target: UnsafeMutablePointer<Instruction>, _: P.Type) -> Bool {
        ip = target
        if P.isCareful { return true }
        let charge = UInt64(target.pointee.charge)
        if gas < charge { return false }
        gas -= charge
        return true
    }

    /// branch(b, C): to the target if the condition holds, else on. The fast pace sees valid targets only.
    @inline(__always)
    mutating func branch<P: Pace>(_ condition: Bool, _ pace: P.Type) -> Bool {
        if P.isCareful, hasNoTarget, condition || instance.pointee.program.pointee.isa.rules.checksFallThrough { return panic() }
        if !condition { return enter(ip + 1, pace) }
        return enter(ip + Int(ip.pointee.y), pace)
    }

    /// `fallthrough`: on, which is nowhere where the end of the code is closed.
    @inline(__always)
    mutating func fallThrough<P: Pace>(_ pace: P.Type) -> Bool {
        if P.isCareful, hasNoTarget { return panic() }
        return enter(ip + 1, pace)
    }

    @inline(__always)
    private var hasNoTarget: Bool { ip.pointee.y == Instruction.noTarget }

    private func panic() -> Bool {
        instance.pointee.exit = PVM_EXIT_PANIC
        return false
    }

    /// djump(a)
    @inline(__always)
    mutating func djump<P: Pace>(_ address: UInt32, _ pace: P.Type) -> Bool {
        let program = instance.pointee.program
        // a / 2 - 1; what is odd or 0 comes out above every index of a table that fits memory.
        let entry = UInt64((address >> 1 | address << 31) &- 1)
        if entry < UInt64(truncatingIfNeeded: program.pointee.jumpTableCount) {
            let target = program.pointee.jumpTargets[Int(truncatingIfNeeded: entry)]
            if target != Program.noInstruction { return enter(program.pointee.instructions + Int(target), pace) }
        }
        guard let target = instance.rareDjump(address) else { return false }
        return enter(program.pointee.instructions + target, pace)
    }

    @inline(__always)
    mutating func reloadMemory() {
        ram = instance.pointee.memory.base
        rights = instance.pointee.memory.rights
    }

    /// After a host call, which may have changed gas and memory.
    @inline(__always)
    mutating func reload() {
        gas = instance.pointee.vm.gas
        reloadMemory()
    }
}

extension UnsafeMutablePointer<Instance> {
    /// djump where the table has no valid entry of its own: the halt address, jump tables of entry size 0, and panics.
    @inline(never)
    func rareDjump(_ address: UInt32) -> Int? {
        let program = pointee.program
        if address == Instance.haltAddress {
            pointee.exit = PVM_EXIT_HALT
            return nil
        }
        pointee.exit = PVM_EXIT_PANIC
        guard address > 0, address & 1 == 0, UInt64(address) / 2 <= program.pointee.jumpCount, program.pointee.jumpTableCount > 0 else { return nil }
        let target = program.pointee.jumpTargets[Int(truncatingIfNeeded: (UInt64(address) / 2 - 1) & program.pointee.jumpMask)]
        guard target != Program.noInstruction else { return nil }
        pointee.exit = PVM_EXIT_NONE
        return Int(target)
    }
}

extension Instance {
    /// 2^32 - 2^16: a dynamic jump there is a regular halt.
    static let haltAddress: UInt32 = 0xffff_0000
}
