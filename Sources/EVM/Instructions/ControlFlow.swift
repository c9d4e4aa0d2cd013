import CPVM
import VMCommon

extension Machine {
    /// Execution stops as it is asked to.
    @inline(__always)
    mutating func stop() -> Bool { end(EVMC_SUCCESS) }

    /// Goes to a place that the stack named. Behind it, in `Fast`: the JUMPDEST there is paid with its block and does nothing.
    @inline(__always)
    mutating func go<P: Pace>(to target: U256, _ pace: P.Type) -> Bool {
        if P.isCareful {
            guard target.fitsOneLimb, frame.pointee.image.isJumpdest(target.limb0) else { return end(EVMC_BAD_JUMP_DESTINATION) }
            let jump = pc
            pc = frame.pointee.image.plain + Int(truncatingIfNeeded: target.limb0)
            frame.pointee.work &+= CachePrice.jump &+ (jump - pc)
            return arrive(pace)
        }
        guard target.fitsOneLimb, target.limb0 < UInt64(truncatingIfNeeded: frame.pointee.image.size) else { return missTarget(from: pc) }
        let jump = pc
        pc = frame.pointee.image.code + Int(truncatingIfNeeded: target.limb0)
        // Only an instruction starts a block: if it is analysed, this octet is no push data.
        if pc.pointee == Opcode.jumpdest.rawValue && (P.isStenciled ? recordBlock(behindJump: true) : payBlock()) {
            pc += 1
            return true
        }
        guard frame.isTarget(offset(pace)) else { return missTarget(from: jump) }
        return land(pace)
    }

    /// The end at a jump to no JUMPDEST, in `Fast` or `Stenciled`: it is the first one from an instruction or sequence on.
    @inline(__always)
    private mutating func missTarget(from start: UnsafeMutablePointer<UInt8>) -> Bool {
        pc = frame.pointee.image.code + frame.offsetOfJump(start - frame.pointee.image.code)
        return end(EVMC_BAD_JUMP_DESTINATION)
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
        return arrive(pace)
    }

    /// It does nothing; in `Fast`, where it is paid with its block, a run of them is one step.
    @inline(__always)
    mutating func jumpdest<P: Pace>(_: P.Type) {
        let isRun = !P.isCareful && UnsafeRawPointer(pc).loadUnaligned(as: UInt64.self) == 0x5b5b_5b5b_5b5b_5b5b
        pc += isRun ? 8 : 1
    }

    /// A JUMPDEST where analysis has cut a long block in two.
    @inline(__always)
    mutating func enteringJumpdest<P: Pace>(_ pace: P.Type) -> Bool {
        guard enter(pace) else { return false }
        pc += 1
        return true
    }

    @inline(__always)
    mutating func programCounter<P: Pace>(_ pace: P.Type) { push(U256(UInt64(truncatingIfNeeded: offset(pace)))) }

    @inline(__always)
    mutating func remainingGas<P: Pace>(_ pace: P.Type) -> Bool {
        push(U256(UInt64(truncatingIfNeeded: gas)))
        return enter(pace)
    }
}
