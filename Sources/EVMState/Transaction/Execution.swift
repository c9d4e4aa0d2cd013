import CPVM
import EVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// What came of a transaction.
struct Outcome {
    var status = EVMC_SUCCESS
    var gasUsed: UInt64 = 0
    var gasRefund: UInt64 = 0
    var gasPrice = U256()
    var contract = Address()
}

/// The execution of one transaction, or of one call by the system.
struct Execution {
    let state: UnsafeMutablePointer<State>
    let vm: UnsafeMutablePointer<evmc_vm>
    let fork: Fork
    let block: duet_block_t

    private var rules: UnsafePointer<ForkRules> { fork.rules }

    /// Executes a transaction (Yellow Paper, 6). On a failure the state is as it was. The output goes to `output`.
    func run(_ transaction: duet_transaction_t, _ output: inout ByteBuffer) -> Result<Outcome, TransactionError> {
        let valid: ValidTransaction
        switch state.pointee.check(transaction, block, fork) {
        case .success(let checked): valid = checked
        case .failure(let error): return .failure(error)
        }
        state.pointee.beginTransaction()
        let sender = Address(transaction.sender)
        state.pointee.setBalance(sender, state.pointee.balance(sender) &- valid.gasFee &- valid.blobFee)
        state.pointee.setNonce(sender, transaction.nonce + 1)
        if rules.pointee.execution.hasAccessLists { warmUp(transaction) }
        var refund = state.pointee.setDelegations(transaction, block, fork)

        let gas = Int64(truncatingIfNeeded: transaction.gas_limit - valid.intrinsic.execution)
        let trace = TransactionTrace(vm, refund: refund)
        var result = call(transaction, gas: gas, valid.gasPrice)
        if let trace { tell(trace, transaction, gas, result.evmc) }
        defer { Execution.release(&result.evmc) }
        guard result.fault == DUET_STATE_OK, !state.pointee.failed, Execution.keep(result.evmc, &output) else {
            return .failure(abandon(result.fault))
        }
        var outcome = Outcome()
        outcome.status = result.evmc.status_code
        outcome.gasPrice = valid.gasPrice
        if outcome.status == EVMC_SUCCESS {
            outcome.contract = Address(result.evmc.create_address)
            refund &+= UInt64(truncatingIfNeeded: max(0, result.evmc.gas_refund))
        }
        let used = transaction.gas_limit - Execution.gasLeft(result.evmc, of: transaction.gas_limit)
        outcome.gasRefund = min(refund, used / rules.pointee.transaction.refundQuotient)
        outcome.gasUsed = max(used - outcome.gasRefund, valid.intrinsic.floor)
        pay(transaction, outcome)
        return end(outcome)
    }

    private func end(_ outcome: Outcome) -> Result<Outcome, TransactionError> {
        guard !state.pointee.failed, state.pointee.endTransaction(deletesEmpty: rules.pointee.deletesEmptyAccounts) else {
            return .failure(abandon(DUET_STATE_OK))
        }
        return .success(outcome)
    }

    /// A call by the system: no gas is paid and no nonce raised.
    func runSystemCall(_ contract: Address, _ data: UnsafeRawBufferPointer, _ output: inout ByteBuffer) -> Result<Outcome, TransactionError> {
        state.pointee.beginTransaction()
        output.shrink(to: 0)
        guard !state.pointee.code(contract).isEmpty else { return end(Outcome()) }
        var transaction = duet_transaction_t()
        transaction.sender = Execution.systemAddress.evmc
        transaction.to = contract.evmc
        transaction.data = data.baseAddress?.assumingMemoryBound(to: UInt8.self)
        transaction.data_size = data.count
        if rules.pointee.execution.hasAccessLists { warmUp(transaction) }
        var result = call(transaction, gas: Int64(truncatingIfNeeded: Execution.systemGas), U256())
        defer { Execution.release(&result.evmc) }
        guard result.fault == DUET_STATE_OK, !state.pointee.failed, Execution.keep(result.evmc, &output) else {
            return .failure(abandon(result.fault))
        }
        var outcome = Outcome()
        outcome.status = result.evmc.status_code
        outcome.gasUsed = Execution.systemGas - Execution.gasLeft(result.evmc, of: Execution.systemGas)
        return end(outcome)
    }

    private static let systemGas: UInt64 = 30_000_000

    /// 0xff…fe, the caller in EIP-4788 and the like.
    private static var systemAddress: Address { Address(.max, .max, UInt32(0xffff_fffe).bigEndian) }

    // MARK: Steps

    /// What is warm from the start (EIP-2929, 2930, 3651).
    private func warmUp(_ transaction: duet_transaction_t) {
        _ = state.pointee.warm(Address(transaction.sender))
        if !transaction.is_creation { _ = state.pointee.warm(Address(transaction.to)) }
        if rules.pointee.transaction.warmsCoinbase { _ = state.pointee.warm(Address(block.coinbase)) }
        for tuple in transaction.accessTuples {
            _ = state.pointee.warm(Address(tuple.address))
            for key in tuple.keyList { _ = state.pointee.warm(Address(tuple.address), Bytes32(key)) }
        }
    }

    private func call(_ transaction: duet_transaction_t, gas: Int64, _ price: U256) -> (evmc: evmc_result, fault: duet_state_error_t) {
        var host = Host(state: state, vm: vm, fork: fork, block: block)
        host.context.tx_origin = transaction.sender
        host.context.tx_gas_price = evmc_bytes32(price)
        host.context.blob_hashes = transaction.blob_hashes
        host.context.blob_hashes_count = transaction.blob_hash_count

        var message = evmc_message()
        message.kind = transaction.is_creation ? EVMC_CREATE : EVMC_CALL
        message.gas = gas
        message.sender = transaction.sender
        message.value = transaction.value
        message.input_data = transaction.data
        message.input_size = transaction.data_size
        if !transaction.is_creation {
            message.recipient = transaction.to
            message.code_address = transaction.to
            if rules.pointee.execution.hasDelegations, let delegate = SetCode.delegate(state.pointee.code(Address(transaction.to))) {
                _ = state.pointee.warm(delegate)
                message.code_address = delegate.evmc
                message.flags |= EVMC_DELEGATED.rawValue
            }
        }
        let result = Host.call(&host, &message)
        return (result, host.fault)
    }

    private func tell(_ trace: TransactionTrace, _ transaction: duet_transaction_t, _ gas: Int64, _ result: evmc_result) {
        let gasUsed = gas - Int64(clamping: Execution.gasLeft(result, of: UInt64(clamping: gas)))
        guard transaction.is_creation && result.status_code == EVMC_SUCCESS else {
            return trace.end(result.status_code, gasUsed: gasUsed, result.output_data, result.output_size)
        }
        let code = state.pointee.code(Address(result.create_address))
        trace.end(EVMC_SUCCESS, gasUsed: gasUsed, code.baseAddress?.assumingMemoryBound(to: UInt8.self), code.count)
    }

    /// Gives the sender what gas is left and the coinbase its part: since EIP-1559 without the base fee.
    private func pay(_ transaction: duet_transaction_t, _ outcome: Outcome) {
        let sender = Address(transaction.sender)
        let back = U256(transaction.gas_limit - outcome.gasUsed) &* outcome.gasPrice
        state.pointee.setBalance(sender, state.pointee.balance(sender) &+ back)
        let tip = rules.pointee.transaction.hasBaseFee ? outcome.gasPrice &- block.base_fee.number : outcome.gasPrice
        state.pointee.addBalance(Address(block.coinbase), U256(outcome.gasUsed) &* tip)
    }

    private func abandon(_ fault: duet_state_error_t) -> TransactionError {
        state.pointee.abandon()
        return TransactionError(fault == DUET_STATE_OK ? DUET_STATE_ERR_NO_MEMORY : fault)
    }

    /// An EVM that is not ours may say anything.
    private static func gasLeft(_ result: evmc_result, of gas: UInt64) -> UInt64 { min(UInt64(truncatingIfNeeded: max(0, result.gas_left)), gas) }

    private static func keep(_ result: evmc_result, _ output: inout ByteBuffer) -> Bool {
        output.clear()
        return output.append(result.output_data, count: result.output_size)
    }

    private static func release(_ result: inout evmc_result) {
        if let release = result.release { release(&result) }
    }
}
