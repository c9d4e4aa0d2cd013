import CPVM
import VMCommon

/// What `Careful` does before each instruction, and where control comes to a block.
extension Machine {
    /// Is the instruction at pc defined, does the stack suit it, and can its fixed cost be paid? Pays it then.
    @inline(__always)
    mutating func payStep(_ steps: UnsafePointer<Block>) -> Bool {
        let step = steps[Int(pc.pointee)]
        let rest = gas &- Int64(step.gas)
        guard rest >= 0 && step.fits(octets: UnsafeRawPointer(sp) - UnsafeRawPointer(frame.pointee.stack)) else {
            return end(frame.fault(pc.pointee, sp))
        }
        gas = rest
        return true
    }

    @inline(__always)
    func trace() { frame.traceInstruction(offset(Traced.self), pc.pointee, sp, gas) }

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
        return height + Int(row.stackChange) > stackLimit ? EVMC_STACK_OVERFLOW : EVMC_OUT_OF_GAS
    }
}
