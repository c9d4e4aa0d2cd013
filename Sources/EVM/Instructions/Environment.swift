import CPVM
import EVMRules
import VMCommon

extension Machine {
    @inline(__always)
    mutating func address() { push(U256(address: frame.recipient)) }

    @inline(__always)
    mutating func origin() { pushAddress(32) }

    @inline(__always)
    mutating func caller() { push(U256(address: UnsafeRawPointer(frame.pointee.message) + 44)) }

    @inline(__always)
    mutating func callvalue() { push(U256(bigEndian: UnsafeRawPointer(frame.pointee.message) + 80)) }

    @inline(__always)
    mutating func calldataload() {
        let size = UInt64(truncatingIfNeeded: frame.pointee.message.pointee.input_size)
        let offset = sp[-1]
        if offset.fitsOneLimb && offset.limb0 &+ 32 <= size && offset.limb0 < size {
            sp[-1] = U256(bigEndian: UnsafeRawPointer(frame.pointee.message.pointee.input_data.unsafelyUnwrapped) + Int(truncatingIfNeeded: offset.limb0))
        } else {
            loadEndOfInput(frame, sp)
        }
        pc += 1
    }

    @inline(__always)
    mutating func calldatasize() { push(U256(UInt64(truncatingIfNeeded: frame.pointee.message.pointee.input_size))) }

    @inline(__always)
    mutating func codesize() { push(U256(UInt64(truncatingIfNeeded: frame.pointee.image.size))) }

    @inline(__always)
    mutating func gasprice() { pushWord(0) }

    @inline(__always)
    mutating func returndatasize() { push(U256(UInt64(truncatingIfNeeded: frame.pointee.returned.pointee.output_size))) }

    @inline(__always)
    mutating func calldatacopy<P: Pace>(_ pace: P.Type) -> Bool { copied(copyInput(frame, sp, gas), pace) }

    @inline(__always)
    mutating func codecopy<P: Pace>(_ pace: P.Type) -> Bool { copied(copyCode(frame, sp, gas), pace) }

    @inline(__always)
    mutating func returndatacopy<P: Pace>(_ pace: P.Type) -> Bool { copied(copyReturned(frame, sp, gas), pace) }

    @inline(__always)
    private mutating func copied<P: Pace>(_ rest: Int64, _ pace: P.Type) -> Bool {
        guard settle(rest, pace) else { return false }
        sp -= 3
        pc += 1
        return true
    }

    @inline(__always)
    mutating func balance<P: Pace>(_ pace: P.Type) -> Bool { asked(balanceOf(frame, sp, gas), pace) }

    @inline(__always)
    mutating func extcodesize<P: Pace>(_ pace: P.Type) -> Bool { asked(codeSizeOf(frame, sp, gas), pace) }

    @inline(__always)
    mutating func extcodehash<P: Pace>(_ pace: P.Type) -> Bool { asked(codeHashOf(frame, sp, gas), pace) }

    @inline(__always)
    private mutating func asked<P: Pace>(_ rest: Int64, _ pace: P.Type) -> Bool {
        guard settleLast(rest) else { return false }
        pc += 1
        return enter(pace)
    }

    @inline(__always)
    mutating func extcodecopy<P: Pace>(_ pace: P.Type) -> Bool {
        guard settleLast(copyCodeOf(frame, sp, gas)) else { return false }
        sp -= 4
        pc += 1
        return enter(pace)
    }
}

/// CALLDATALOAD over the end of the input.
@inline(never)
private func loadEndOfInput(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>) {
    let message = frame.pointee.message
    let size = UInt64(truncatingIfNeeded: message.pointee.input_size)
    let offset = sp[-1].clampedToOneLimb
    sp[-1] = .zero
    guard offset < size, let input = message.pointee.input_data else { return }
    memcpy(sp - 1, input + Int(truncatingIfNeeded: offset), Int(truncatingIfNeeded: min(32, size - offset)))
    sp[-1] = U256(bigEndian: UnsafeRawPointer(sp - 1))
}

/// What the copies have in common: memory and 3 gas for each word.
@inline(__always)
private func payForCopy(_ frame: Frame.Handle, _ target: U256, _ size: U256, _ gas: Int64) -> Int64 {
    frame.touch(target, size, gas, perWord: GasCost.copyWord)
}

@inline(never)
private func copyInput(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let rest = payForCopy(frame, sp[-1], sp[-3], gas)
    guard rest >= 0 else { return rest }
    let message = frame.pointee.message
    frame.copy(message.pointee.input_data, message.pointee.input_size, from: sp[-2], to: sp[-1], sp[-3].limb0)
    return rest
}

@inline(never)
private func copyCode(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let rest = payForCopy(frame, sp[-1], sp[-3], gas)
    guard rest >= 0 else { return rest }
    frame.copy(frame.pointee.original, frame.pointee.image.size, from: sp[-2], to: sp[-1], sp[-3].limb0)
    return rest
}

@inline(never)
private func copyReturned(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let memoryBefore = frame.pointee.memory
    let rest = payForCopy(frame, sp[-1], sp[-3], gas)
    guard rest >= 0 else { return rest }
    let returned = frame.pointee.returned
    let size = UInt64(truncatingIfNeeded: returned.pointee.output_size)
    let offset = sp[-2].clampedToOneLimb
    guard offset <= size, sp[-3].limb0 <= size - offset else {
        frame.pointee.memory.takeBack(memoryBefore)
        return frame.fail(EVMC_INVALID_MEMORY_ACCESS)
    }
    frame.copy(returned.pointee.output_data, Int(truncatingIfNeeded: size), from: sp[-2], to: sp[-1], sp[-3].limb0)
    return rest
}

/// Takes the address out of the word at `word`, and pays for the account if it has not been accessed. Gives the gas that is left.
@inline(__always)
private func access(_ frame: Frame.Handle, _ address: UnsafePointer<evmc_address>, _ gas: Int64) -> Int64 {
    guard frame.pointee.rules.pointee.execution.hasAccessLists, !frame.withHost({ duet_host_account_is_warm($0, address) }) else { return gas }
    let rest = gas - frame.pointee.rules.pointee.execution.coldAccount
    return frame.answered(rest >= 0 ? rest : frame.fail(EVMC_OUT_OF_GAS))
}

@inline(never)
private func balanceOf(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    frame.ask()
    var address = duet_address(limbs(sp - 1))
    let rest = access(frame, &address, gas)
    guard rest >= 0 else { return rest }
    let operand = sp[-1]
    frame.withHost { duet_host_get_balance($0, &address, limbs(sp - 1)) }
    return frame.answered(rest, sp - 1, operand)
}

@inline(never)
private func codeSizeOf(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    frame.ask()
    var address = duet_address(limbs(sp - 1))
    let rest = access(frame, &address, gas)
    guard rest >= 0 else { return rest }
    let operand = sp[-1]
    sp[-1] = U256(UInt64(bitPattern: Int64(frame.withHost { duet_host_get_code_size($0, &address) })))
    return frame.answered(rest, sp - 1, operand)
}

@inline(never)
private func codeHashOf(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    frame.ask()
    var address = duet_address(limbs(sp - 1))
    let rest = access(frame, &address, gas)
    guard rest >= 0 else { return rest }
    let operand = sp[-1]
    frame.withHost { duet_host_get_code_hash($0, &address, limbs(sp - 1)) }
    return frame.answered(rest, sp - 1, operand)
}

@inline(never)
private func copyCodeOf(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    frame.ask()
    var address = duet_address(limbs(sp - 1))
    var rest = payForCopy(frame, sp[-2], sp[-4], gas)
    guard rest >= 0 else { return rest }
    rest = access(frame, &address, rest)
    guard rest >= 0 else { return rest }
    let size = Int(truncatingIfNeeded: sp[-4].limb0)
    if size > 0 {
        let target = frame.pointee.memory.start.unsafelyUnwrapped + Int(truncatingIfNeeded: sp[-2].limb0)
        // No code is longer than this, and no host has to think about an offset near 2^64.
        let offset = Int(truncatingIfNeeded: min(sp[-3].clampedToOneLimb, UInt64(UInt32.max)))
        let copied = frame.withHost { duet_host_copy_code($0, &address, offset, target, size) }
        if frame.pointee.isUnanswered { return frame.suspend() }
        memset(target + copied, 0, size - copied)
    }
    return rest
}
