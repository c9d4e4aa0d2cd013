import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// Contract creation (Yellow Paper, 7).
extension Host {
    static func create(_ host: Pointer, _ message: UnsafePointer<evmc_message>) -> evmc_result {
        // On the heap, not in this frame, of which there may be 1024.
        guard let inner = allocate(evmc_message.self, 1) else {
            host.pointee.fault = DUET_STATE_ERR_NO_MEMORY
            return evmc_result(EVMC_OUT_OF_MEMORY)
        }
        defer { free(inner) }
        inner.initialize(to: message.pointee)
        let checkpoint: Checkpoint
        switch begin(host, inner) {
        case .refused(let status, let gasLeft): return evmc_result(status, gasLeft: gasLeft)
        case .began(let start): checkpoint = start
        }
        let initCode = UnsafeRawBufferPointer(start: message.pointee.input_data, count: message.pointee.input_size)
        var result = initCode.isEmpty ? evmc_result(EVMC_SUCCESS, gasLeft: message.pointee.gas) : execute(host, inner, initCode)
        if result.status_code == EVMC_SUCCESS { deposit(host, inner, &result) }
        if result.status_code != EVMC_SUCCESS { undo(host, checkpoint, &result) }
        return result
    }

    private enum Beginning {
        case began(Checkpoint)
        case refused(evmc_status_code, gasLeft: Int64)
    }

    /// Everything before the init code runs. Makes `message` the one that it runs with.
    @inline(never)
    private static func begin(_ host: Pointer, _ message: UnsafeMutablePointer<evmc_message>) -> Beginning {
        let state = host.pointee.state
        let sender = Address(message.pointee.sender)
        guard canPay(host, message) else { return .refused(EVMC_INSUFFICIENT_BALANCE, gasLeft: message.pointee.gas) }
        // A transaction has raised its sender's nonce already.
        var nonce = state.pointee.nonce(sender)
        if message.pointee.depth == 0 {
            nonce &-= 1
        } else {
            guard nonce < UInt64.max else { return .refused(EVMC_FAILURE, gasLeft: message.pointee.gas) }
            state.pointee.setNonce(sender, nonce + 1)
        }
        guard let address = address(of: message, nonce) else {
            host.pointee.fault = DUET_STATE_ERR_NO_MEMORY
            return .refused(EVMC_OUT_OF_MEMORY, gasLeft: 0)
        }
        // EIP-2929: stays warm even if the creation fails.
        if host.pointee.fork.rules.pointee.execution.hasAccessLists { _ = state.pointee.warm(address) }
        // EIP-684 and 7610
        guard state.pointee.nonce(address) == 0, state.pointee.code(address).isEmpty, !state.pointee.hasStorage(address) else {
            return .refused(EVMC_FAILURE, gasLeft: 0)
        }
        let checkpoint = state.pointee.checkpoint()
        state.pointee.markCreated(address)
        let firstNonce = host.pointee.fork.rules.pointee.creation.firstNonce
        if firstNonce > 0 { state.pointee.setNonce(address, firstNonce) }
        transferValue(host, message, to: address)
        message.pointee.recipient = address.evmc
        message.pointee.code_address = address.evmc
        message.pointee.input_data = nil
        message.pointee.input_size = 0
        return .began(checkpoint)
    }

    /// Nil if memory is short.
    private static func address(of message: UnsafePointer<evmc_message>, _ nonce: UInt64) -> Address? {
        var writer = RLPWriter()
        defer { writer.free() }
        if message.pointee.kind == EVMC_CREATE {
            let list = writer.beginList()
            writer.address(Address(message.pointee.sender))
            writer.number(nonce)
            writer.endList(list)
        } else {
            // EIP-1014
            writer.octet(0xff)
            Address(message.pointee.sender).withOctets { writer.raw(UnsafeRawBufferPointer(start: $0, count: Address.octets)) }
            Bytes32(message.pointee.create2_salt).withOctets { writer.raw(UnsafeRawBufferPointer(start: $0, count: 32)) }
            let initCode = UnsafeRawBufferPointer(start: message.pointee.input_data, count: message.pointee.input_size)
            keccak(initCode).withOctets { writer.raw(UnsafeRawBufferPointer(start: $0, count: 32)) }
        }
        return writer.failed ? nil : Address(hash: keccak(writer.bytes))
    }

    /// Makes what the init code returned the account's code.
    @inline(never)
    private static func deposit(_ host: Pointer, _ message: UnsafePointer<evmc_message>, _ result: inout evmc_result) {
        let code = UnsafeRawBufferPointer(start: result.output_data, count: result.output_size)
        let status = deposit(host, code, Address(message.pointee.recipient), &result.gas_left)
        if let release = result.release { release(&result) }
        result.release = nil
        result.output_data = nil
        result.output_size = 0
        result.status_code = status
        if status == EVMC_SUCCESS { result.create_address = message.pointee.recipient }
    }

    private static func deposit(_ host: Pointer, _ code: UnsafeRawBufferPointer, _ address: Address, _ gasLeft: inout Int64) -> evmc_status_code {
        let rules = host.pointee.fork.rules
        guard UInt64(truncatingIfNeeded: code.count) <= rules.pointee.creation.codeLimit else { return EVMC_FAILURE }
        if rules.pointee.creation.refusesEF, code.first == 0xef { return EVMC_CONTRACT_VALIDATION_FAILURE }
        let (cost, overflow) = Int64(code.count).multipliedReportingOverflow(by: rules.pointee.creation.codeByte)
        guard !overflow, cost <= gasLeft else {
            return rules.pointee.creation.failsUnpaid ? EVMC_OUT_OF_GAS : EVMC_SUCCESS
        }
        gasLeft -= cost
        host.pointee.state.pointee.setCode(address, code)
        return EVMC_SUCCESS
    }
}
