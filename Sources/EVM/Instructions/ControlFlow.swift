import CPVM
import VMCommon

extension Machine {
    /// Execution stops as it is asked to.
    @inline(__always)
    mutating func stop() -> Bool { end(EVMC_SUCCESS) }

    /// Goes to a place that the stack named. Behind it, in `Fast`: the JUMPDEST there is paid with its block and does nothing.
    @inline(__always)
    mutating func go<P: Pace>(to target: U256, _ pace: P.Type) -> Bool {
        guard target.fitsOneLimb, frame.pointee.image.isJumpdest(target.limb0) else { return end(EVMC_BAD_JUMP_DESTINATION) }
        pc = frame.pointee.code + Int(truncatingIfNeeded: target.limb0)
        if P.isCareful { return true }
        guard enter(pace) else { return false }
        pc += 1
        return true
    }

    @inline(__always)
    mutating func jump<P: Pace>(_ pace: P.Type) -> Bool {
        sp -= 1
        return go(to: sp[0], pace)
    }

    @inline(__always)
    mutating func jumpi<P: Pace>(_ pace: P.Type) -> Bool {
        sp -= 2
        if !sp[0].isZero { return go(to: sp[1], pace) }
        pc += 1
        return enter(pace)
    }

    /// A JUMPDEST where analysis has cut a long block in two.
    @inline(__always)
    mutating func enteringJumpdest<P: Pace>(_ pace: P.Type) -> Bool {
        guard enter(pace) else { return false }
        pc += 1
        return true
    }

    @inline(__always)
    mutating func programCounter() { push(U256(UInt64(truncatingIfNeeded: offset))) }

    @inline(__always)
    mutating func remainingGas<P: Pace>(_ pace: P.Type) -> Bool {
        push(U256(UInt64(truncatingIfNeeded: gas)))
        return enter(pace)
    }
}
