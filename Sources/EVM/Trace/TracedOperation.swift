import CPVM
import EVMRules
import VMCommon

/// The callbacks of `evm_frame.h`, around each instruction of a frame: between them what is kept of the instruction.
struct TracedOperation: BitwiseCopyable {
    fileprivate var isOpen = false
    fileprivate var offset = 0
    fileprivate var gas: Int64 = 0
    fileprivate var fixedCost: Int64 = 0
    /// Octets of the instruction with its data.
    fileprivate var length = 1
    /// Words of the frame's stack, from the lowest, that the instruction leaves as they are.
    fileprivate var settled = 0
}

extension FrameSurface.Handle {
    /// Before an instruction, of which nothing has been checked yet.
    func beginOperation(_ frame: Frame.Handle, _ offset: Int, _ octet: UInt8, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) {
        let isFirst = !pointee.operation.isOpen
        if !isFirst {
            storeStack(frame, from: pointee.operation.settled, to: sp)
            store(frame, offset, sp, gas)
            callAfter(gas, next: offset)
        } else {
            store(frame, offset, sp, gas)
        }
        let row = frame.pointee.traits[Int(octet)]
        // DUPN and their kin reach as deep as their data says.
        let touched = row.flow == .reaches ? Limit.stack : Int(row.stackIn)
        pointee.operation.offset = offset
        pointee.operation.gas = gas
        pointee.operation.fixedCost = Int64(row.gas)
        pointee.operation.length = 1 + Int(row.immediate)
        pointee.operation.settled = max(0, sp - frame.pointee.stack - touched)
        pointee.operation.isOpen = true
        if !(isFirst && pointee.resumedFor != DUET_ASK_NOTHING) { pointee.tracer.trace_pre_execution?(header.common) }
    }

    /// After the last instruction; the frame is as it will be. A suspended one has not been executed.
    func endOperation(_ frame: Frame.Handle) {
        guard pointee.operation.isOpen, header.common.pointee.state != FRAME_CODE_SUSPENDED else { return }
        callAfter(frame.pointee.gas, next: pointee.operation.offset + pointee.operation.length)
    }

    private func callAfter(_ gas: Int64, next: Int) {
        pointee.operation.isOpen = false
        guard let function = pointee.tracer.trace_post_execution else { return }
        let operation = pointee.operation
        let reason = header.context.pointee.halt_reason
        let cost = operation.gas &- gas
        var result = OperationResult(gas_cost: reason == HALT_NONE ? cost : max(cost, operation.fixedCost), halt_reason: reason,
                                     pc_increment: next == operation.offset + operation.length ? UInt32(truncatingIfNeeded: operation.length) : 0)
        function(header.common, &result)
    }
}
