import CPVM
import EVMPrecompiles
import VMCommon

/// Transactions by themselves (duet_state.h).

@c @implementation
public func duet_transaction_decode(
    _ bytes: UnsafePointer<UInt8>?, _ size: Int, _ transaction: UnsafeMutablePointer<UnsafeMutablePointer<duet_transaction_t>?>?
) -> duet_state_error_t {
    guard let transaction else { return DUET_STATE_ERR_NULL }
    transaction.pointee = nil
    guard bytes != nil || size == 0 else { return DUET_STATE_ERR_NULL }
    guard exist(size, UInt8.self) else { return DUET_STATE_ERR_ARGUMENT }
    switch DecodedTransaction.decode(UnsafeRawBufferPointer(start: bytes, count: size)) {
    case .failure(let error): return error.code
    case .success(var decoded):
        guard let room = malloc(MemoryLayout<DecodedTransaction>.stride) else {
            decoded.free()
            return DUET_STATE_ERR_NO_MEMORY
        }
        room.bindMemory(to: DecodedTransaction.self, capacity: 1).initialize(to: decoded)
        transaction.pointee = room.assumingMemoryBound(to: duet_transaction_t.self)
        return DUET_STATE_OK
    }
}

@c @implementation
public func duet_transaction_free(_ transaction: UnsafeMutablePointer<duet_transaction_t>?) {
    guard let transaction else { return }
    UnsafeMutableRawPointer(transaction).assumingMemoryBound(to: DecodedTransaction.self).pointee.free()
    free(transaction)
}

@c @implementation
public func duet_transaction_sender(
    _ transaction: UnsafePointer<duet_transaction_t>?, _ lowS: Bool, _ sender: UnsafeMutablePointer<evmc_address>?
) -> duet_state_error_t {
    guard let transaction, let sender else { return DUET_STATE_ERR_NULL }
    sender.pointee = evmc_address()
    guard transaction.pointee.isWellFormed, transaction.pointee.kind <= DUET_TX_SET_CODE else { return DUET_STATE_ERR_ARGUMENT }
    var writer = RLPWriter()
    defer { writer.free() }
    switch transaction.pointee.recoverSender(lowS: lowS, &writer) {
    case .failure(let error): return error.code
    case .success(let address):
        sender.pointee = address.evmc
        return DUET_STATE_OK
    }
}

@c @implementation
public func duet_transaction_hash(_ transaction: UnsafePointer<duet_transaction_t>?, _ hash: UnsafeMutablePointer<evmc_bytes32>?) -> duet_state_error_t {
    guard let transaction, let hash else { return DUET_STATE_ERR_NULL }
    guard transaction.pointee.isWellFormed, transaction.pointee.kind <= DUET_TX_SET_CODE else { return DUET_STATE_ERR_ARGUMENT }
    var writer = RLPWriter()
    defer { writer.free() }
    guard let found = transaction.pointee.hash(signed: true, &writer) else { return DUET_STATE_ERR_NO_MEMORY }
    hash.pointee = found.evmc
    return DUET_STATE_OK
}

@c @implementation
public func duet_blob_base_fee(_ excessGas: UInt64, _ updateFraction: UInt64) -> evmc_uint256be {
    evmc_bytes32(BlobFee.price(excessGas: excessGas, updateFraction: updateFraction))
}

@c @implementation
public func duet_state_error_message(_ error: duet_state_error_t) -> UnsafePointer<CChar>? {
    UnsafeRawPointer(message(of: error).utf8Start).assumingMemoryBound(to: CChar.self)
}

private func message(of error: duet_state_error_t) -> StaticString {
    switch error {
    case DUET_STATE_OK: "no error"
    case DUET_STATE_ERR_NULL: "a pointer that must be given is NULL"
    case DUET_STATE_ERR_ARGUMENT: "a value is outside its range"
    case DUET_STATE_ERR_NO_MEMORY: "out of memory"
    case DUET_STATE_ERR_BUSY: "the state is executing a transaction"
    case DUET_STATE_ERR_VM: "the EVM speaks another ABI or failed by its own fault"
    case DUET_TX_ERR_RLP: "no valid RLP of a transaction"
    case DUET_TX_ERR_UNKNOWN_TYPE: "unknown transaction type"
    case DUET_TX_ERR_SIGNATURE: "no valid signature"
    case DUET_TX_ERR_TYPE_NOT_SUPPORTED: "the transaction type comes with a later fork"
    case DUET_TX_ERR_CHAIN_ID: "made for another chain"
    case DUET_TX_ERR_INTRINSIC_GAS: "the gas limit is below the intrinsic gas"
    case DUET_TX_ERR_FLOOR_GAS: "the gas limit is below the floor of the call data"
    case DUET_TX_ERR_NONCE_MAX: "the sender's nonce cannot go up"
    case DUET_TX_ERR_INIT_CODE_SIZE: "the init code is over 49152 octets"
    case DUET_TX_ERR_GAS_LIMIT_CAP: "the gas limit is over 2^24"
    case DUET_TX_ERR_BLOCK_GAS: "more gas than the block has left"
    case DUET_TX_ERR_TIP_ABOVE_FEE_CAP: "the priority fee is above the fee cap"
    case DUET_TX_ERR_FEE_CAP_BELOW_BASE_FEE: "the fee cap is below the base fee"
    case DUET_TX_ERR_BLOB_CREATION: "a blob transaction without a recipient"
    case DUET_TX_ERR_NO_BLOBS: "a blob transaction without blobs"
    case DUET_TX_ERR_TOO_MANY_BLOBS: "too many blobs"
    case DUET_TX_ERR_BLOB_VERSION: "a blob hash of an unknown version"
    case DUET_TX_ERR_BLOB_FEE_CAP: "the blob fee cap is below the blob base fee"
    case DUET_TX_ERR_SET_CODE_CREATION: "a set-code transaction without a recipient"
    case DUET_TX_ERR_NO_AUTHORIZATIONS: "a set-code transaction without authorizations"
    case DUET_TX_ERR_NONCE_TOO_LOW: "the nonce is too low"
    case DUET_TX_ERR_NONCE_TOO_HIGH: "the nonce is too high"
    case DUET_TX_ERR_FUNDS: "the sender cannot pay for gas and value"
    case DUET_TX_ERR_SENDER_NOT_EOA: "the sender is a contract"
    default: "unknown error"
    }
}
