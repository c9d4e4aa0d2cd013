import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

extension Machine {
    @inline(__always)
    mutating func keccak<P: Pace>(_ pace: P.Type) -> Bool {
        guard settle(hashMemory(frame, sp, gas), pace) else { return false }
        sp -= 1
        pc += 1
        return true
    }
}

@inline(never)
private func hashMemory(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let rest = frame.touch(sp[-1], sp[-2], gas, perWord: GasCost.hashWord)
    guard rest >= 0 else { return rest }
    let size = sp[-2].limb0
    let digest = UnsafeMutableRawPointer(sp - 2)
    keccak256(size == 0 ? nil : frame.pointee.memory.start.unsafelyUnwrapped + Int(truncatingIfNeeded: sp[-1].limb0), Int(truncatingIfNeeded: size),
              digest.assumingMemoryBound(to: UInt8.self))
    sp[-2] = U256(bigEndian: digest)
    return rest
}
