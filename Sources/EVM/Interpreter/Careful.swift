import CPVM
import EVMRules
import VMCommon

/// What `Careful` does before each instruction, and where control comes to a block.
extension Machine {
    /// The instruction at pc, with its fixed cost paid; `undefined` if it is not defined, the stack does not suit it, or the gas will not do.
    /// Without a branch: only so does each handler get a jump to the next one of its own.
    @inline(__always)
    mutating func step(_ steps: UnsafePointer<Step>) -> Opcode {
        let octet = pc.pointee
        let step = steps[Int(octet)]
        let height = Int64(UnsafeRawPointer(sp) - UnsafeRawPointer(frame.pointee.stack))
        gas &-= Int64(step.gas)
        let wrong = gas | (height &- Int64(step.lowest)) | (Int64(step.highest) &- height)
        return Opcode(octet: wrong < 0 ? Opcode.undefined.rawValue : octet)
    }

    /// Execution ends at an octet that is not defined; in `Careful` that may stand for something else.
    @inline(__always)
    mutating func fail<P: Pace>(_: P.Type) -> Bool { end(P.isCareful ? frame.fault(pc.pointee, sp) : EVMC_UNDEFINED_INSTRUCTION) }

    /// Counts that control comes to the block at pc. False: it has come often enough for the block to be analysed.
    @inline(__always)
    mutating func warm() -> Bool {
        guard let heat = frame.pointee.heat else {
            // All of it has been analysed.
            frame.pointee.care = .hot
            return false
        }
        let place = heat + offset(Careful.self)
        if Int(place.pointee) >= frame.pointee.patience {
            frame.pointee.care = .hot
            return false
        }
        place.pointee &+= 1
        return true
    }
}

extension Frame.Handle {
    /// Why an instruction cannot be executed. If it is nothing else it is the gas.
    @inline(never)
    fileprivate func fault(_ octet: UInt8, _ sp: UnsafeMutablePointer<U256>) -> evmc_status_code {
        let row = pointee.traits[Int(octet)]
        let height = sp - pointee.stack
        guard row.isDefined else { return EVMC_UNDEFINED_INSTRUCTION }
        guard height >= Int(row.stackIn) else { return EVMC_STACK_UNDERFLOW }
        return height + Int(row.stackChange) > Limit.stack ? EVMC_STACK_OVERFLOW : EVMC_OUT_OF_GAS
    }
}
