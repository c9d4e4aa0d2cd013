import CPVM
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
    var rest = frame.touch(sp[-1], sp[-2], gas)
    guard rest >= 0 else { return rest }
    let size = sp[-2].limb0
    rest -= Int64(size) * 8
    guard rest >= 0 else { return frame.fail(EVMC_OUT_OF_GAS) }
    let data = size == 0 ? nil : frame.pointee.memory.start.unsafelyUnwrapped + Int(sp[-1].limb0)
    frame.withHost { duet_host_emit_log($0, frame.recipient, data, Int(size), limbs(sp - 3), topics) }
    return rest
}
