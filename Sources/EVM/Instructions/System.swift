import CPVM
import EVMRules
import VMCommon

extension Machine {
    /// CALL, CALLCODE, DELEGATECALL, STATICCALL.
    @inline(__always)
    mutating func call<P: Pace>(_ opcode: Opcode, _ pace: P.Type) -> Bool {
        guard P.leavesToCall ? leave(prepareCall(frame, sp, gas, opcode)) : settleLast(callOut(frame, sp, gas, opcode)) else { return false }
        sp -= wordsLess(opcode)
        pc += 1
        return enter(pace)
    }

    /// CREATE, CREATE2.
    @inline(__always)
    mutating func create<P: Pace>(_ opcode: Opcode, _ pace: P.Type) -> Bool {
        guard P.leavesToCall ? leave(prepareCreate(frame, sp, gas, opcode)) : settleLast(createOut(frame, sp, gas, opcode)) else { return false }
        sp -= wordsLess(opcode)
        pc += 1
        return enter(pace)
    }

    /// If it comes to a call, the loop is left for it (`Frame.carryOut`): its room on the native stack would last as long as the call.
    @inline(__always)
    private mutating func leave(_ rest: Int64) -> Bool {
        guard frame.pointee.isCalling else { return settleLast(rest) }
        frame.pointee.care = .call
        frame.pointee.gasBeside = rest
        return false
    }

    /// RETURN, REVERT: execution ends, with output.
    @inline(__always)
    mutating func returns(_ status: evmc_status_code) -> Bool {
        if settleLast(keepOutput(frame, sp, gas)) { frame.pointee.status = status }
        return false
    }

    @inline(__always)
    mutating func selfdestruct() -> Bool {
        if settleLast(destroySelf(frame, sp, gas)) { frame.pointee.status = EVMC_SUCCESS }
        return false
    }
}

/// By how many words the stack is lower behind a call or creation.
@inline(__always)
private func wordsLess(_ opcode: Opcode) -> Int {
    switch opcode {
    case .create: 2
    case .create2: 3
    case .call, .callcode: 6
    default: 5
    }
}

@inline(never)
private func keepOutput(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let rest = frame.touch(sp[-1], sp[-2], gas)
    guard rest >= 0 else { return rest }
    frame.pointee.outputSize = Int(truncatingIfNeeded: sp[-2].limb0)
    frame.pointee.outputOffset = sp[-2].isZero ? 0 : Int(truncatingIfNeeded: sp[-1].limb0)
    return rest
}

@inline(never)
private func destroySelf(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    if frame.pointee.isStatic { return frame.fail(EVMC_STATIC_MODE_VIOLATION) }
    frame.ask()
    let rules = frame.pointee.rules
    var rest = gas
    var heir = duet_address(limbs(sp - 1))
    if rules.pointee.execution.hasAccessLists && !frame.withHost({ duet_host_account_is_warm($0, &heir) }) {
        // The instruction has no cost of a warm access that the cold one would replace.
        rest -= rules.pointee.execution.coldAccount + rules.pointee.execution.warmAccess
        guard rest >= 0 else { return frame.answered(frame.fail(EVMC_OUT_OF_GAS)) }
        if frame.pointee.isUnanswered { return frame.suspend() }
    }
    if rules.pointee.execution.selfdestructPaysForAccount {
        // Before EIP-161 the account is made, and paid for, without any balance to give.
        let makesAccount = !rules.pointee.execution.emptyAccountsAreFree || !frame.balance().isZero
        if frame.pointee.isUnanswered { return frame.suspend() }
        if makesAccount && !frame.withHost({ duet_host_account_exists($0, &heir) }) {
            rest -= GasCost.newAccount
            guard rest >= 0 else { return frame.answered(frame.fail(EVMC_OUT_OF_GAS)) }
            if frame.pointee.isUnanswered { return frame.suspend() }
        }
    }
    let isFirst = frame.withHost { duet_host_selfdestruct($0, frame.recipient, &heir) }
    if frame.pointee.isUnanswered { return frame.suspend() }
    if isFirst { frame.pointee.refund &+= rules.pointee.execution.selfdestructRefund }
    frame.pointee.surface?.countSelfdestruct()
    return rest
}

/// The account whose code runs when `address` is called: another one if that has delegated (EIP-7702), which is then paid for.
/// Gives the gas that is left, and leaves the address in the message.
@inline(never)
private func findCode(_ frame: Frame.Handle, _ address: UnsafePointer<evmc_address>, _ gas: Int64) -> Int64 {
    let message = frame.pointee.outgoing
    message.pointee.code_address = address.pointee
    guard frame.pointee.rules.pointee.execution.hasDelegations else { return gas }
    // 0xef0100 and an address.
    var designator = InlineArray<24, UInt8>(repeating: 0)
    let delegates = withUnsafeMutableBytes(of: &designator) { room in
        let octets = room.baseAddress.unsafelyUnwrapped
        let size = frame.withHost { duet_host_copy_code($0, address, 0, octets.assumingMemoryBound(to: UInt8.self), 23) }
        // Without an answer it is 0 and leads nowhere.
        guard size == 23, room[0] == 0xef, room[1] == 0x01, room[2] == 0x00 else { return false }
        memcpy(&message.pointee.code_address, octets + 3, 20)
        return true
    }
    guard delegates else { return frame.answered(gas) }
    message.pointee.flags |= EVMC_DELEGATED.rawValue
    let isWarm = frame.withHost { duet_host_account_is_warm($0, &message.pointee.code_address) }
    let rules = frame.pointee.rules
    let rest = gas - rules.pointee.execution.warmAccess - (isWarm ? 0 : rules.pointee.execution.coldAccount)
    return frame.answered(rest >= 0 ? rest : frame.fail(EVMC_OUT_OF_GAS))
}

/// The result is where the last operand was.
@inline(never)
private func callOut(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64, _ opcode: Opcode) -> Int64 {
    let outcome = prepareCall(frame, sp, gas, opcode)
    // Not in the function that fills the message in: its room on the native stack would last as long as the call.
    guard frame.pointee.isCalling else { return outcome }
    return finishCall(frame, sp, outcome, opcode)
}

/// Everything before the call. Gives the gas that is left, without what the call gets; `isCalling` says whether it comes to one.
@inline(never)
private func prepareCall(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64, _ opcode: Opcode) -> Int64 {
    frame.pointee.isCalling = false
    let rules = frame.pointee.rules
    let message = frame.pointee.outgoing
    let hasValue = opcode == .call || opcode == .callcode
    let value = hasValue ? sp[-3] : .zero
    let ranges = hasValue ? sp - 4 : sp - 3
    let (inputOffset, inputSize, outputOffset, outputSize) = (ranges[0], ranges[-1], ranges[-2], ranges[-3])

    if opcode == .call && frame.pointee.isStatic && !value.isZero { return frame.fail(EVMC_STATIC_MODE_VIOLATION) }
    frame.ask()
    duet_result_release(frame.pointee.returned)

    var rest = frame.touch(inputOffset, inputSize, gas)
    guard rest >= 0 else { return rest }
    rest = frame.touch(outputOffset, outputSize, rest)
    guard rest >= 0 else { return rest }
    if !value.isZero {
        rest -= GasCost.transfer
        guard rest >= 0 else { return frame.fail(EVMC_OUT_OF_GAS) }
    }
    var target = duet_address(limbs(sp - 2))
    if rules.pointee.execution.hasAccessLists && !frame.withHost({ duet_host_account_is_warm($0, &target) }) {
        rest -= rules.pointee.execution.coldAccount
        guard rest >= 0 else { return frame.answered(frame.fail(EVMC_OUT_OF_GAS)) }
        if frame.pointee.isUnanswered { return frame.suspend() }
    }
    message.pointee.flags = frame.pointee.isStatic || opcode == .staticcall ? EVMC_STATIC.rawValue : 0
    rest = findCode(frame, &target, rest)
    guard rest >= 0 else { return rest }
    if opcode == .call && (!value.isZero || !rules.pointee.execution.emptyAccountsAreFree)
        && !frame.withHost({ duet_host_account_exists($0, &target) }) {
        rest -= GasCost.newAccount
        guard rest >= 0 else { return frame.answered(frame.fail(EVMC_OUT_OF_GAS)) }
        if frame.pointee.isUnanswered { return frame.suspend() }
    }

    let own = frame.pointee.message
    let keepsOwner = opcode == .callcode || opcode == .delegatecall
    message.pointee.kind = opcode == .callcode ? EVMC_CALLCODE : opcode == .delegatecall ? EVMC_DELEGATECALL : EVMC_CALL
    message.pointee.depth = own.pointee.depth + 1
    message.pointee.recipient = keepsOwner ? own.pointee.recipient : target
    message.pointee.sender = opcode == .delegatecall ? own.pointee.sender : own.pointee.recipient
    if opcode == .delegatecall { message.pointee.value = own.pointee.value } else { value.storeBigEndian(to: message.value) }
    message.pointee.input_size = Int(truncatingIfNeeded: inputSize.limb0)
    message.pointee.input_data = inputSize.isZero ? nil : UnsafePointer(frame.inMemory(inputOffset))

    // EIP-150: what the code asks for, but never the last 64th. Before, it had to have what it asked for.
    let asked = Int64(clamping: sp[-1].clampedToOneLimb)
    if rules.pointee.execution.keepsA64th {
        message.pointee.gas = min(asked, rest - rest / GasCost.keptPart)
    } else {
        guard asked <= rest else { return frame.fail(EVMC_OUT_OF_GAS) }
        message.pointee.gas = asked
    }
    rest -= message.pointee.gas
    let result = hasValue ? sp - 7 : sp - 6
    if !value.isZero {
        message.pointee.gas += GasCost.stipend
        let balance = frame.balance()
        if frame.pointee.isUnanswered { return frame.suspend() }
        if balance < value {
            if frame.pointee.isTraced { frame.traceRefusedCall(rest) }
            result.pointee = .zero
            return rest + message.pointee.gas
        }
    }
    if own.pointee.depth >= Limit.callDepth {
        if frame.pointee.isTraced { frame.traceRefusedCall(rest) }
        result.pointee = .zero
        return rest + message.pointee.gas
    }
    frame.pointee.isCalling = true
    return rest
}

@inline(never)
private func finishCall(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64, _ opcode: Opcode) -> Int64 {
    let rest = frame.callHost(gas)
    guard rest >= 0 else { return rest }
    let returned = frame.pointee.returned
    let ranges = opcode == .call || opcode == .callcode ? sp - 6 : sp - 5
    let (outputOffset, outputSize) = (ranges[0], ranges[-1])
    let copied = min(Int(truncatingIfNeeded: outputSize.limb0), returned.pointee.output_size)
    // In a message frame it may lie in the memory itself, as what `copy` copies may.
    if copied > 0 { memmove(frame.inMemory(outputOffset), returned.pointee.output_data, copied) }
    ranges[-1] = U256(returned.pointee.status_code == EVMC_SUCCESS)
    return rest
}

/// The result is where the last operand was.
@inline(never)
private func createOut(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64, _ opcode: Opcode) -> Int64 {
    let outcome = prepareCreate(frame, sp, gas, opcode)
    guard frame.pointee.isCalling else { return outcome }
    return finishCreate(frame, opcode == .create ? sp - 3 : sp - 4, outcome)
}

@inline(never)
private func prepareCreate(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64, _ opcode: Opcode) -> Int64 {
    frame.pointee.isCalling = false
    if frame.pointee.isStatic { return frame.fail(EVMC_STATIC_MODE_VIOLATION) }
    frame.ask()
    let rules = frame.pointee.rules
    let message = frame.pointee.outgoing
    let (value, offset, size) = (sp[-1], sp[-2], sp[-3])
    let result = opcode == .create ? sp - 3 : sp - 4
    duet_result_release(frame.pointee.returned)

    var rest = frame.touch(offset, size, gas)
    guard rest >= 0 else { return rest }
    guard size.limb0 <= rules.pointee.creation.initcodeLimit else { return frame.fail(EVMC_OUT_OF_GAS) }
    // CREATE2 hashes the initcode.
    rest -= words(size.limb0) * (Int64(truncatingIfNeeded: rules.pointee.creation.initcodeWord) + (opcode == .create2 ? GasCost.hashWord : 0))
    guard rest >= 0 else { return frame.fail(EVMC_OUT_OF_GAS) }

    let own = frame.pointee.message
    message.pointee.kind = opcode == .create ? EVMC_CREATE : EVMC_CREATE2
    message.pointee.flags = 0
    message.pointee.depth = own.pointee.depth + 1
    message.pointee.recipient = evmc_address()
    message.pointee.code_address = evmc_address()
    message.pointee.sender = own.pointee.recipient
    value.storeBigEndian(to: message.value)
    (opcode == .create2 ? sp[-4] : .zero).storeBigEndian(to: message.salt)
    message.pointee.input_size = Int(truncatingIfNeeded: size.limb0)
    message.pointee.input_data = size.isZero ? nil : UnsafePointer(frame.inMemory(offset))
    let canPay = own.pointee.depth < Limit.callDepth && (value.isZero || !(frame.balance() < value))
    if frame.pointee.isUnanswered { return frame.suspend() }
    guard canPay else {
        result.pointee = .zero
        return rest
    }
    message.pointee.gas = rules.pointee.execution.keepsA64th ? rest - rest / GasCost.keptPart : rest
    frame.pointee.isCalling = true
    return rest - message.pointee.gas
}

@inline(never)
private func finishCreate(_ frame: Frame.Handle, _ result: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let rest = frame.callHost(gas)
    guard rest >= 0 else { return rest }
    let returned = frame.pointee.returned
    result.pointee = .zero
    if returned.pointee.status_code == EVMC_SUCCESS {
        result.pointee = U256(address: UnsafeRawPointer(returned) + 48)
        // What a creation returns is the code.
        returned.pointee.output_size = 0
        frame.pointee.surface?.countCreation()
    }
    return rest
}

extension Frame.Handle {
    /// Carries out the call or creation at the offset, for which the loop has been left. False if execution ends with it, or is suspended.
    func carryOut() -> Bool {
        let opcode = Opcode(octet: pointee.image.plain[pointee.offset])
        let sp = pointee.top
        let rest = switch opcode {
        case .create: finishCreate(self, sp - 3, pointee.gasBeside)
        case .create2: finishCreate(self, sp - 4, pointee.gasBeside)
        default: finishCall(self, sp, pointee.gasBeside, opcode)
        }
        guard rest >= 0 else { return false }
        pointee.gas = rest
        pointee.top = sp - wordsLess(opcode)
        pointee.offset += 1
        return true
    }

    /// Where an offset of memory is that has been paid for.
    @inline(__always)
    fileprivate func inMemory(_ offset: U256) -> UnsafeMutablePointer<UInt8> {
        pointee.memory.start.unsafelyUnwrapped + Int(truncatingIfNeeded: offset.limb0)
    }

    /// Of the executing account.
    @inline(never)
    fileprivate func balance() -> U256 {
        var balance = U256.zero
        withUnsafeMutablePointer(to: &balance) { word in withHost { duet_host_get_balance($0, recipient, limbs(word)) } }
        return balance
    }

    /// Has the host carry the outgoing message out. Gives the gas that is left with what comes back.
    @inline(__always)
    fileprivate func callHost(_ gas: Int64) -> Int64 {
        if pointee.isTraced { traceCall(gas) }
        withHost { duet_host_call($0, pointee.outgoing, pointee.returned) }
        if pointee.isTraced { traceReturn() }
        if pointee.isUnanswered { return suspend() }
        let returned = pointee.returned
        // A fault of the host or of another execution says nothing about this code: it must not go on as if it did.
        if returned.pointee.status_code.rawValue < 0 {
            // A status that EVMC does not have stops here.
            return fail(returned.pointee.status_code.rawValue < EVMC_OUT_OF_MEMORY.rawValue ? EVMC_INTERNAL_ERROR : returned.pointee.status_code)
        }
        guard returned.pointee.gas_left >= 0, returned.pointee.gas_left <= pointee.outgoing.pointee.gas,
              returned.pointee.output_size >= 0 || returned.pointee.output_data == nil else { return fail(EVMC_INTERNAL_ERROR) }
        if returned.pointee.output_data == nil { returned.pointee.output_size = 0 }
        pointee.refund &+= returned.pointee.gas_refund
        return gas + returned.pointee.gas_left
    }
}

extension UnsafeMutablePointer<evmc_message> {
    // At the offsets that evmc.h asserts.
    fileprivate var value: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) + 80 }
    fileprivate var salt: UnsafeMutableRawPointer { UnsafeMutableRawPointer(self) + 112 }
}
