import CPVM
import EVMRules
import VMCommon

extension Machine {
    @inline(__always)
    mutating func log<P: Pace>(_ topics: Int, _ pace: P.Type) -> Bool {
        guard settle(emit(frame, sp, gas, topics), pace) else { return false }
        sp -= 2 + topics
        pc += 1
        return true
    }
}

@inline(never)
private func emit(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64, _ topics: Int) -> Int64 {
    if frame.pointee.isStatic { return frame.fail(EVMC_STATIC_MODE_VIOLATION) }
    frame.ask()
    guard sp[-2].isZero || sp[-2].clampedToOneLimb <= GuestBytes.payable else { return frame.fail(EVMC_OUT_OF_GAS) }
    let size = sp[-2].limb0
    let paid = gas - Int64(truncatingIfNeeded: size) * GasCost.logByte
    guard paid >= 0 else { return frame.fail(EVMC_OUT_OF_GAS) }
    let rest = frame.touch(sp[-1], sp[-2], paid)
    guard rest >= 0 else { return rest }
    let data = size == 0 ? nil : frame.pointee.memory.start.unsafelyUnwrapped + Int(truncatingIfNeeded: sp[-1].limb0)
    frame.withHost { duet_host_emit_log($0, frame.recipient, data, Int(truncatingIfNeeded: size), limbs(sp - 3), topics) }
    return frame.answered(rest)
}
