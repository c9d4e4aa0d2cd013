import CPVM
import EVMRules
import VMCommon

extension Machine {
    @inline(__always)
    mutating func sload<P: Pace>(_ pace: P.Type) -> Bool {
        guard settleLast(load(frame, sp, gas)) else { return false }
        pc += 1
        return enter(pace)
    }

    @inline(__always)
    mutating func sstore<P: Pace>(_ pace: P.Type) -> Bool {
        guard settleLast(store(frame, sp, gas)) else { return false }
        sp -= 2
        pc += 1
        return enter(pace)
    }

    @inline(__always)
    mutating func tload<P: Pace>(_ pace: P.Type) -> Bool {
        guard settle(loadTransient(frame, sp, gas), pace) else { return false }
        pc += 1
        return true
    }

    @inline(__always)
    mutating func tstore<P: Pace>(_ pace: P.Type) -> Bool {
        guard settle(storeTransient(frame, sp, gas), pace) else { return false }
        sp -= 2
        pc += 1
        return true
    }
}

@inline(never)
private func load(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    frame.ask()
    var rest = gas
    if frame.pointee.rules.pointee.execution.hasAccessLists && !frame.withHost({ duet_host_storage_is_warm($0, frame.recipient, limbs(sp - 1)) }) {
        rest -= frame.pointee.rules.pointee.execution.coldLoad
        guard rest >= 0 else { return frame.answered(frame.fail(EVMC_OUT_OF_GAS)) }
        if frame.pointee.isUnanswered { return frame.suspend() }
    }
    let key = sp[-1]
    frame.withHost { duet_host_get_storage($0, frame.recipient, limbs(sp - 1)) }
    return frame.answered(rest, sp - 1, key)
}

@inline(never)
private func store(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    if frame.pointee.isStatic { return frame.fail(EVMC_STATIC_MODE_VIOLATION) }
    guard gas > frame.pointee.rules.pointee.execution.storeNeeds else { return frame.fail(EVMC_OUT_OF_GAS) }
    frame.ask()
    var rest = gas
    if frame.pointee.rules.pointee.execution.hasAccessLists && !frame.withHost({ duet_host_storage_is_warm($0, frame.recipient, limbs(sp - 1)) }) {
        rest -= frame.pointee.rules.pointee.execution.coldStore
    }
    if frame.pointee.isUnanswered { return frame.suspend() }
    let status = frame.withHost { duet_host_set_storage($0, frame.recipient, limbs(sp - 1), limbs(sp - 2)) }
    if frame.pointee.isUnanswered { return frame.suspend() }
    guard status < 9 else { return frame.fail(EVMC_INTERNAL_ERROR) }
    let rule = frame.pointee.rules.pointee.execution.store[Int(status)]
    rest -= Int64(rule.cost)
    guard rest >= 0 else { return frame.fail(EVMC_OUT_OF_GAS) }
    frame.pointee.refund &+= Int64(rule.refund)
    frame.keepBase()
    return rest
}

@inline(never)
private func loadTransient(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    frame.ask()
    let key = sp[-1]
    frame.withHost { duet_host_get_transient_storage($0, frame.recipient, limbs(sp - 1)) }
    return frame.answered(gas, sp - 1, key)
}

@inline(never)
private func storeTransient(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    if frame.pointee.isStatic { return frame.fail(EVMC_STATIC_MODE_VIOLATION) }
    frame.ask()
    frame.withHost { duet_host_set_transient_storage($0, frame.recipient, limbs(sp - 1), limbs(sp - 2)) }
    return frame.answered(gas)
}

/// A word as C takes it.
@inline(__always)
func limbs(_ word: UnsafeMutablePointer<U256>) -> UnsafeMutablePointer<UInt64> {
    UnsafeMutableRawPointer(word).assumingMemoryBound(to: UInt64.self)
}
