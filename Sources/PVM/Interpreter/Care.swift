import CPVM
import VMCommon

/// What the careful pace keeps beside the frame.
struct Care {
    /// Instructions that may still be executed.
    var budget: UInt64
    /// The gas of the next instruction has been taken already.
    var paid: Bool
    /// Stop behind the instruction that ends the gas region, where compiled code can go on.
    var stopsAtRegionEnd = false

    /// Pays the instruction at hand. False, with `instance.exit` set, if that cannot be done.
    mutating func begin(_ frame: inout Frame) -> Bool {
        let instance = frame.instance, chargesBlocks = instance.pointee.program.pointee.isa.rules.chargesBlocks
        instance.traceFinished(gas: frame.gas)
        if !paid {
            let cost = instance.cost(of: frame.ip)
            if frame.gas < cost {
                instance.outOfGas(missing: cost - frame.gas, gas: &frame.gas)
                return false
            }
            frame.gas -= cost
        }
        let program = instance.pointee.program, index = frame.ip - program.pointee.instructions
        budget = stopsAtRegionEnd && program.pointee.endsRegion(index) ? 0 : budget - 1
        if instance.pointee.isTraced { instance.pointee.traceIndex = index }
        paid = chargesBlocks && !isaTable[frame.ip.pointee.plain.row].endsBlock
        return true
    }
}

extension Care {
    /// The same at the pace `Batched`, whose records are what costs time: what is usual stands in the loop.
    @inline(__always)
    mutating func beginBatched(_ frame: inout Frame) -> Bool {
        let instance = frame.instance, program = instance.pointee.program, ip = frame.ip
        let index = ip - program.pointee.instructions
        instance.traceFinished(gas: frame.gas)
        instance.record(ip, at: program.pointee.offsets[index], frame.gas)
        let chargesBlocks = program.pointee.isa.rules.chargesBlocks
        if !paid {
            let cost = chargesBlocks ? instance.cost(of: ip) : 1
            if frame.gas < cost {
                instance.outOfGas(missing: cost - frame.gas, gas: &frame.gas)
                return false
            }
            frame.gas &-= cost
        }
        budget &-= 1
        if instance.pointee.isTraced { instance.pointee.traceIndex = index }
        paid = chargesBlocks && !isaTable[ip.pointee.plain.row].endsBlock
        return true
    }
}

extension UnsafeMutablePointer<Instance> {
    /// What has to be paid before the instruction is executed where nothing has been yet: 0.7.2 the instruction, 0.8.0 the basic
    /// block it lies in, nothing behind the code.
    func cost(of ip: UnsafeMutablePointer<Instruction>) -> UInt64 {
        let program = pointee.program
        if !program.pointee.isa.rules.chargesBlocks { return 1 }
        let index = ip - program.pointee.instructions
        return index == program.pointee.instructionCount - 1 ? 0 : program.pointee.block(of: index)?.gas ?? 0
    }

    /// Ends the run: 0.7.2 lets the gas go below zero (shown signed), 0.8.0 leaves it alone.
    @inline(never)
    func outOfGas(missing: UInt64, gas: inout UInt64) {
        pointee.exit = PVM_EXIT_OOG
        if pointee.program.pointee.isa.rules.keepsUnpaidGas { return }
        pointee.gasMissing = missing
        gas = 0
    }
}
