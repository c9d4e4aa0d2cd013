import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// A transaction found valid, with what was computed on the way.
struct ValidTransaction {
    let intrinsic: IntrinsicGas
    /// What a unit of gas costs the sender.
    let gasPrice: U256
    /// What all blobs cost.
    let blobFee: U256
    /// What the gas limit costs at `gasPrice`, without blobs and value.
    let gasFee: U256
}

extension State {
    /// The rules for a transaction, in the order in which the execution specifications check them.
    mutating func check(_ transaction: duet_transaction_t, _ block: duet_block_t, _ fork: Fork) -> Result<ValidTransaction, TransactionError> {
        do throws(TransactionError) {
            try checkKind(transaction, block, fork)
            let intrinsic = try checkGas(transaction, block, fork)
            let price = try checkPrices(transaction, block, fork)
            try checkBlobs(transaction, block, fork)
            try checkSetCode(transaction)
            return .success(try checkSender(transaction, block, fork, intrinsic, price))
        } catch {
            return .failure(error)
        }
    }

    private func require(_ holds: Bool, _ code: duet_state_error_t) throws(TransactionError) {
        if !holds { throw TransactionError(code) }
    }

    private func checkKind(_ transaction: duet_transaction_t, _ block: duet_block_t, _ fork: Fork) throws(TransactionError) {
        let rules = fork.rules
        try require(Int(transaction.type) <= DUET_TX_SET_CODE, DUET_TX_ERR_UNKNOWN_TYPE)
        try require(transaction.type <= rules.pointee.transaction.newestType, DUET_TX_ERR_TYPE_NOT_SUPPORTED)
        if transaction.has_chain_id {
            try require(transaction.type != 0 || rules.pointee.transaction.hasChainID, DUET_TX_ERR_CHAIN_ID)
            try require(Bytes32(transaction.chain_id) == Bytes32(block.chain_id), DUET_TX_ERR_CHAIN_ID)
        }
    }

    private func checkGas(_ transaction: duet_transaction_t, _ block: duet_block_t,
                          _ fork: Fork) throws(TransactionError) -> IntrinsicGas {
        let rules = fork.rules
        let intrinsic = IntrinsicGas(transaction, fork)
        try require(transaction.gas_limit >= intrinsic.execution, DUET_TX_ERR_INTRINSIC_GAS)
        try require(transaction.gas_limit >= intrinsic.floor, DUET_TX_ERR_FLOOR_GAS)
        try require(transaction.nonce < UInt64.max, DUET_TX_ERR_NONCE_MAX)
        if transaction.is_creation {
            try require(UInt64(truncatingIfNeeded: transaction.data_size) <= rules.pointee.creation.initcodeLimit, DUET_TX_ERR_INIT_CODE_SIZE)
        }
        try require(transaction.gas_limit <= rules.pointee.transaction.gasLimitCap, DUET_TX_ERR_GAS_LIMIT_CAP)
        try require(block.gas_left >= 0 && transaction.gas_limit <= UInt64(truncatingIfNeeded: block.gas_left), DUET_TX_ERR_BLOCK_GAS)
        return intrinsic
    }

    /// Gives the effective gas price.
    private func checkPrices(_ transaction: duet_transaction_t, _ block: duet_block_t,
                             _ fork: Fork) throws(TransactionError) -> U256 {
        let cap = transaction.max_fee_per_gas.number
        guard fork.rules.pointee.transaction.hasBaseFee else { return cap }
        let tip = transaction.max_priority_fee_per_gas.number
        let base = block.base_fee.number
        try require(!transaction.isDynamicFee || tip <= cap, DUET_TX_ERR_TIP_ABOVE_FEE_CAP)
        try require(cap >= base, DUET_TX_ERR_FEE_CAP_BELOW_BASE_FEE)
        let room = cap &- base
        return base &+ (tip < room ? tip : room)
    }

    private func checkBlobs(_ transaction: duet_transaction_t, _ block: duet_block_t, _ fork: Fork) throws(TransactionError) {
        guard transaction.kind == DUET_TX_BLOB else { return }
        let blobs = transaction.blobHashes
        try require(!transaction.is_creation, DUET_TX_ERR_BLOB_CREATION)
        try require(!blobs.isEmpty, DUET_TX_ERR_NO_BLOBS)
        try require(UInt64(truncatingIfNeeded: blobs.count) <= block.blobs_left, DUET_TX_ERR_TOO_MANY_BLOBS)
        try require(UInt64(truncatingIfNeeded: blobs.count) <= fork.rules.pointee.transaction.mostBlobs, DUET_TX_ERR_TOO_MANY_BLOBS)
        for hash in blobs { try require(hash.bytes.0 == 1, DUET_TX_ERR_BLOB_VERSION) }
        try require(transaction.max_fee_per_blob_gas.number >= block.blob_base_fee.number, DUET_TX_ERR_BLOB_FEE_CAP)
    }

    private func checkSetCode(_ transaction: duet_transaction_t) throws(TransactionError) {
        guard transaction.kind == DUET_TX_SET_CODE else { return }
        try require(!transaction.is_creation, DUET_TX_ERR_SET_CODE_CREATION)
        try require(transaction.authorization_count > 0, DUET_TX_ERR_NO_AUTHORIZATIONS)
    }

    private mutating func checkSender(_ transaction: duet_transaction_t, _ block: duet_block_t, _ fork: Fork, _ intrinsic: IntrinsicGas,
                                      _ price: U256) throws(TransactionError) -> ValidTransaction {
        let sender = Address(transaction.sender)
        let nonce = nonce(sender)
        try require(transaction.nonce >= nonce, DUET_TX_ERR_NONCE_TOO_LOW)
        try require(transaction.nonce <= nonce, DUET_TX_ERR_NONCE_TOO_HIGH)

        let gas = U256(transaction.gas_limit)
        let blobGas = U256(UInt64(truncatingIfNeeded: transaction.blob_hash_count) * BlobRules.gasPerBlob)
        // The most that the sender may have to pay: all prices at their caps. A sum of 2^256 or more nobody has.
        let gasCap = U256.multiplyFull(gas, transaction.max_fee_per_gas.number)
        let blobCap = U256.multiplyFull(blobGas, transaction.max_fee_per_blob_gas.number)
        let (fees, carry) = U256.addingWithCarry(gasCap.low, blobCap.low)
        let (total, secondCarry) = U256.addingWithCarry(fees, transaction.value.number)
        let isAffordable = gasCap.high.isZero && blobCap.high.isZero && carry | secondCarry == 0
        try require(isAffordable && total <= balance(sender), DUET_TX_ERR_FUNDS)
        // EIP-3607 holds for all forks: no account ever had both code and a known key.
        let code = code(sender)
        try require(code.isEmpty || SetCode.delegate(code) != nil && fork.rules.pointee.execution.hasDelegations, DUET_TX_ERR_SENDER_NOT_EOA)
        return ValidTransaction(intrinsic: intrinsic, gasPrice: price, blobFee: blobGas &* block.blob_base_fee.number, gasFee: gas &* price)
    }
}
