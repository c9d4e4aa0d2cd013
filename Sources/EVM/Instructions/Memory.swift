import CPVM
import EVMRules
import VMCommon

/// Words that so many octets take up.
@inline(__always)
func words(_ octets: UInt64) -> Int64 { Int64(truncatingIfNeeded: (octets &+ 31) / 32) }

extension Frame.Handle {
    /// Pays for memory of that many octets, more than there are. Gives the gas that is left.
    @inline(never)
    func growMemory(_ octets: UInt64, _ gas: Int64) -> Int64 {
        let ready = pointee.memory.growReady(octets, gas), rest = ready >= 0 ? ready : growMemoryFar(octets, gas)
        keepBase()
        return rest
    }

    @inline(never)
    private func growMemoryFar(_ octets: UInt64, _ gas: Int64) -> Int64 {
        guard octets <= GuestBytes.payable else { return fail(EVMC_OUT_OF_GAS) }
        guard let cost = Int64(exactly: GuestBytes.cost(octets)) else { return fail(EVMC_OUT_OF_GAS) }
        let rest = gas - (cost - pointee.memory.cost)
        guard rest >= 0 else { return fail(EVMC_OUT_OF_GAS) }
        if pointee.memory.isBorrowed && octets > pointee.memory.capacity {
            guard let surface = pointee.surface, surface.growMemory(octets) else { return fail(EVMC_OUT_OF_MEMORY) }
        }
        guard pointee.memory.grow(octets) else { return fail(EVMC_OUT_OF_MEMORY) }
        pointee.memory.cost = cost
        return rest
    }

    /// Pays for `size` octets of memory at `offset`, none if `size` is 0, wherever that is, and `perWord` for each word of them.
    /// Afterwards both fit one limb, unless `size` is 0. Memory grows last: what fails has changed nothing.
    @inline(__always)
    func touch(_ offset: U256, _ size: U256, _ gas: Int64, perWord: Int64 = 0) -> Int64 {
        if size.isZero { return gas }
        guard offset.fitsOneLimb, size.fitsOneLimb, offset.limb0 <= GuestBytes.payable, size.limb0 <= GuestBytes.payable else {
            return fail(EVMC_OUT_OF_GAS)
        }
        let rest = gas - words(size.limb0) * perWord
        guard rest >= 0 else { return fail(EVMC_OUT_OF_GAS) }
        let end = offset.limb0 + size.limb0
        return end <= pointee.memory.size ? rest : growMemory(end, rest)
    }

    /// Copies what there is of `source` from an offset on to memory that has been paid for, and zeros behind it. The source may lie there too:
    /// in a message frame both are the client's.
    func copy(_ source: UnsafePointer<UInt8>?, _ sourceSize: Int, from offset: U256, to target: U256, _ size: UInt64) {
        guard size > 0 else { return }
        let destination = pointee.memory.start.unsafelyUnwrapped + Int(truncatingIfNeeded: target.limb0)
        let start = min(offset.clampedToOneLimb, UInt64(truncatingIfNeeded: sourceSize))
        let available = Int(truncatingIfNeeded: min(size, UInt64(truncatingIfNeeded: sourceSize) - start))
        if available > 0 { memmove(destination, source.unsafelyUnwrapped + Int(truncatingIfNeeded: start), available) }
        memset(destination + available, 0, Int(truncatingIfNeeded: size) - available)
    }
}

extension Machine {
    /// Makes sure of `octets` (1 or 32) of memory at an offset, and gives the place.
    @inline(__always)
    mutating func place<P: Pace>(_ offset: U256, _ octets: UInt64, _ pace: P.Type) -> UnsafeMutablePointer<UInt8>? {
        let fits = octets == 32 ? offset.limb0 < frame.pointee.memory.wordOffsets : offset.limb0 < frame.pointee.memory.size
        if !(offset.fitsOneLimb && fits) {
            guard offset.fitsOneLimb, offset.limb0 <= GuestBytes.payable else {
                _ = settle(frame.fail(EVMC_OUT_OF_GAS), pace)
                return nil
            }
            guard settle(frame.growMemory(offset.limb0 + octets, gas), pace) else { return nil }
            if P.isStenciled { frame.cutSegment(self.offset(pace), hasGrown: true) }
        }
        return frame.pointee.memory.start.unsafelyUnwrapped + Int(truncatingIfNeeded: offset.limb0)
    }

    @inline(__always)
    mutating func mload<P: Pace>(_ pace: P.Type) -> Bool {
        guard let place = place(sp[-1], 32, pace) else { return false }
        sp[-1] = U256(bigEndian: place)
        pc += 1
        return true
    }

    @inline(__always)
    mutating func mstore<P: Pace>(_ pace: P.Type) -> Bool {
        guard let place = place(sp[-1], 32, pace) else { return false }
        sp[-2].storeBigEndian(to: place)
        sp -= 2
        pc += 1
        return true
    }

    @inline(__always)
    mutating func mstore8<P: Pace>(_ pace: P.Type) -> Bool {
        guard let place = place(sp[-1], 1, pace) else { return false }
        place.pointee = UInt8(truncatingIfNeeded: sp[-2].limb0)
        sp -= 2
        pc += 1
        return true
    }

    @inline(__always)
    mutating func msize() { push(U256(frame.pointee.memory.size)) }

    @inline(__always)
    mutating func mcopy<P: Pace>(_ pace: P.Type) -> Bool {
        guard settle(moveMemory(frame, sp, gas), pace) else { return false }
        sp -= 3
        pc += 1
        return true
    }
}

@inline(never)
private func moveMemory(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let (target, source, size) = (sp[-1], sp[-2], sp[-3])
    let rest = frame.touch(target < source ? source : target, size, gas, perWord: GasCost.copyWord)
    guard rest >= 0 else { return rest }
    if !size.isZero {
        let start = frame.pointee.memory.start.unsafelyUnwrapped
        memmove(start + Int(truncatingIfNeeded: target.limb0), start + Int(truncatingIfNeeded: source.limb0), Int(truncatingIfNeeded: size.limb0))
    }
    return rest
}
