import CPVM
import EVMState

/// A transaction as the library takes it, with all that its pointers point to.
final class TestTransaction {
    private(set) var fields = duet_transaction_t()
    private let data: UnsafeMutableBufferPointer<UInt8>
    private let keys: [UnsafeMutableBufferPointer<evmc_bytes32>]
    private let tuples: UnsafeMutableBufferPointer<duet_access_tuple_t>
    private let blobs: UnsafeMutableBufferPointer<evmc_bytes32>
    private let authorizations: UnsafeMutableBufferPointer<duet_authorization_t>

    init(_ source: TransactionFields) {
        data = TestTransaction.copy(source.data)
        keys = source.accessList.map { TestTransaction.copy($0.keys) }
        tuples = TestTransaction.copy(zip(source.accessList, keys).map { tuple, keys in
            duet_access_tuple_t(address: tuple.address, keys: UnsafePointer(keys.baseAddress), key_count: keys.count)
        })
        blobs = TestTransaction.copy(source.blobHashes)
        authorizations = TestTransaction.copy(source.authorizations)

        fields.type = source.type
        fields.has_chain_id = source.chainID != nil
        fields.chain_id = (source.chainID ?? .zero).word
        fields.nonce = source.nonce
        fields.gas_limit = source.gasLimit
        fields.is_creation = source.to == nil
        fields.to = source.to ?? evmc_address()
        fields.sender = source.sender
        fields.value = source.value.word
        fields.max_fee_per_gas = source.maxFeePerGas.word
        fields.max_priority_fee_per_gas = source.maxPriorityFeePerGas.word
        fields.max_fee_per_blob_gas = source.maxFeePerBlobGas.word
        (fields.y_parity, fields.r, fields.s) = (source.yParity, source.r.word, source.s.word)
        fields.data = UnsafePointer(data.baseAddress)
        fields.data_size = data.count
        fields.access_list = UnsafePointer(tuples.baseAddress)
        fields.access_list_count = tuples.count
        fields.blob_hashes = UnsafePointer(blobs.baseAddress)
        fields.blob_hash_count = blobs.count
        fields.authorizations = UnsafePointer(authorizations.baseAddress)
        fields.authorization_count = authorizations.count
    }

    /// What is signed. Nil if memory is short.
    var signingHash: evmc_bytes32? {
        var writer = RLPWriter()
        defer { writer.free() }
        return fields.hash(signed: false, &writer)?.evmc
    }

    deinit {
        data.deallocate()
        keys.forEach { $0.deallocate() }
        tuples.deallocate()
        blobs.deallocate()
        authorizations.deallocate()
    }

    private static func copy<Element>(_ elements: [Element]) -> UnsafeMutableBufferPointer<Element> {
        let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = copy.initialize(from: elements)
        return copy
    }
}
