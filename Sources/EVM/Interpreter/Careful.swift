import CPVM
import VMCommon

/// What `Careful` does before each instruction.
extension Machine {
    /// The instruction that the code has at pc, whatever the copy has there.
    @inline(__always)
    var plain: Opcode { Opcode(octet: frame.pointee.image.octet(at: offset, frame.pointee.original)) }

    /// Is it defined, does the stack suit it, and can its fixed cost be paid? Pays it then.
    @inline(__always)
    mutating func check() -> Bool { settleLast(frame.check(offset, sp, gas)) }
}

extension Frame.Handle {
    @inline(never)
    fileprivate func check(_ offset: Int, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
        let octet = pointee.image.octet(at: offset, pointee.original)
        let row = pointee.traits[Int(octet)]
        if pointee.isTraced { traceInstruction(offset, octet, sp, gas) }
        guard row.isDefined else { return fail(EVMC_UNDEFINED_INSTRUCTION) }
        let height = sp - pointee.stack
        guard height >= Int(row.stackIn) else { return fail(EVMC_STACK_UNDERFLOW) }
        guard height + Int(row.stackChange) <= stackLimit else { return fail(EVMC_STACK_OVERFLOW) }
        let rest = gas - Int64(row.gas)
        return rest >= 0 ? rest : fail(EVMC_OUT_OF_GAS)
    }
}
