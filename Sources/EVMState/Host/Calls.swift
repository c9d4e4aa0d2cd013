import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// Message calls (Yellow Paper, 8).
extension Host {
    static func call(_ host: Pointer, _ message: UnsafePointer<evmc_message>) -> evmc_result {
        guard isSound(message) else {
            host.pointee.fault = DUET_STATE_ERR_VM
            return evmc_result(EVMC_REJECTED)
        }
        guard message.pointee.depth <= Limit.callDepth else { return evmc_result(EVMC_CALL_DEPTH_EXCEEDED, gasLeft: message.pointee.gas) }
        if message.pointee.kind == EVMC_CREATE || message.pointee.kind == EVMC_CREATE2 { return create(host, message) }
        guard canPay(host, message) else { return evmc_result(EVMC_INSUFFICIENT_BALANCE, gasLeft: message.pointee.gas) }

        let checkpoint = host.pointee.state.pointee.checkpoint()
        if message.pointee.kind == EVMC_CALL { transferValue(host, message, to: Address(message.pointee.recipient)) }
        var result: evmc_result
        if let number = calledPrecompile(host, message) {
            result = run(host, precompile: number, message)
        } else {
            let code = code(host, message)
            if code.isEmpty { return evmc_result(EVMC_SUCCESS, gasLeft: message.pointee.gas) }
            result = execute(host, message, code)
        }
        if result.status_code != EVMC_SUCCESS { undo(host, checkpoint, &result) }
        return result
    }

    /// Nothing of a call that failed remains; gas only if it said so itself (REVERT).
    @inline(never)
    static func undo(_ host: Pointer, _ checkpoint: Checkpoint, _ result: inout evmc_result) {
        host.pointee.state.pointee.revert(to: checkpoint)
        result.gas_refund = 0
        if result.status_code != EVMC_REVERT { result.gas_left = 0 }
    }

    /// A CALLCODE pays its own account, which needs the balance all the same.
    @inline(never)
    static func canPay(_ host: Pointer, _ message: UnsafePointer<evmc_message>) -> Bool {
        let value = Bytes32(message.pointee.value)
        return message.pointee.kind == EVMC_DELEGATECALL || value.isZero
            || host.pointee.state.pointee.balance(Address(message.pointee.sender)) >= value.number
    }

    @inline(never)
    static func transferValue(_ host: Pointer, _ message: UnsafePointer<evmc_message>, to recipient: Address) {
        let value = Bytes32(message.pointee.value).number
        if !value.isZero {
            host.pointee.state.pointee.subtractBalance(Address(message.pointee.sender), value)
            host.pointee.state.pointee.addBalance(recipient, value)
        }
        host.pointee.state.pointee.touch(recipient)
    }

    @inline(never)
    private static func code(_ host: Pointer, _ message: UnsafePointer<evmc_message>) -> UnsafeRawBufferPointer {
        host.pointee.state.pointee.code(Address(message.pointee.code_address))
    }

    // MARK: Precompiles

    /// EIP-7702: a delegation to a precompile's address is one to empty code.
    @inline(never)
    private static func calledPrecompile(_ host: Pointer, _ message: UnsafePointer<evmc_message>) -> UInt16? {
        guard message.pointee.flags & EVMC_DELEGATED.rawValue == 0 else { return nil }
        return withUnsafePointer(to: message.pointee.code_address) { precompile($0, host.pointee.fork) }
    }

    @inline(never)
    private static func run(_ host: Pointer, precompile number: UInt16, _ message: UnsafePointer<evmc_message>) -> evmc_result {
        let input = PrecompileInput(message.pointee.input_data, message.pointee.input_size)
        var output = PrecompileOutput()
        let outcome = runPrecompile(number, host.pointee.fork, input, gasLeft: message.pointee.gas, &output)
        switch outcome.status {
        case .success:
            var result = evmc_result(EVMC_SUCCESS, gasLeft: outcome.gasLeft)
            result.output_data = UnsafePointer(output.octets)
            result.output_size = output.count
            result.release = { result in free(UnsafeMutablePointer(mutating: result.unsafelyUnwrapped.pointee.output_data)) }
            return result
        case .failure: return evmc_result(EVMC_PRECOMPILE_FAILURE)
        case .outOfGas: return evmc_result(EVMC_OUT_OF_GAS)
        case .noMemory:
            host.pointee.fault = DUET_STATE_ERR_NO_MEMORY
            return evmc_result(EVMC_OUT_OF_MEMORY)
        }
    }
}
