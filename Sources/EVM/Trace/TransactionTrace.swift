import CPVM
import VMCommon

/// What a host knows of the lines of EIP-3155 and the EVM does not, for the hosts of this library: refunds that a transaction has before its
/// code runs, and how it ends, which for a creation includes the price of the code, and is to be told where no code runs at all.
public struct TransactionTrace {
    private let tracer: UnsafeMutablePointer<Tracer>

    /// Before the message of depth 0. Nil if the VM is none of this library or writes no lines.
    public init?(_ vm: UnsafeMutablePointer<evmc_vm>, refund: UInt64) {
        guard let instance = EVMC.ours(vm), instance.pointee.isTraced, instance.pointee.attached == nil else { return nil }
        tracer = instance.tracer
        tracer.pointee.outerRefund = Int64(clamping: refund)
        tracer.pointee.leavesSummary = true
    }

    /// After it, with what it gives: for a creation that is the code.
    public func end(_ status: evmc_status_code, gasUsed: Int64, _ output: UnsafePointer<UInt8>?, _ size: Int) {
        tracer.pointee.outerRefund = 0
        tracer.pointee.leavesSummary = false
        tracer.pointee.sendSummary(output, size, gasUsed: gasUsed, status)
    }
}
