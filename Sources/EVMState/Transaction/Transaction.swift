import CPVM
import EVMPrecompiles
import VMCommon

/// Transactions have one form here, that of duet_state.h, whoever made them.
public typealias Transaction = duet_transaction_t

extension duet_transaction_t {
    public var dataBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: data, count: data_size) }
    public var accessTuples: UnsafeBufferPointer<duet_access_tuple_t> { UnsafeBufferPointer(start: access_list, count: access_list_count) }
    public var blobHashes: UnsafeBufferPointer<evmc_bytes32> { UnsafeBufferPointer(start: blob_hashes, count: blob_hash_count) }
    public var authorizationList: UnsafeBufferPointer<duet_authorization_t> {
        UnsafeBufferPointer(start: authorizations, count: authorization_count)
    }

    /// `type` as the DUET_TX_… numbers are.
    var kind: Int { Int(type) }

    var isDynamicFee: Bool { type >= 2 }

    /// Whether pointers and counts fit each other, and can be at all. Counts first: nothing is read before.
    var isWellFormed: Bool {
        (data != nil || data_size == 0) && (access_list != nil || access_list_count == 0)
            && (blob_hashes != nil || blob_hash_count == 0) && (authorizations != nil || authorization_count == 0)
            && data_size >= 0 && data_size <= Int(Int32.max) && exist(access_list_count, duet_access_tuple_t.self)
            && exist(blob_hash_count, evmc_bytes32.self) && exist(authorization_count, duet_authorization_t.self)
            && accessTuples.allSatisfy { ($0.keys != nil || $0.key_count == 0) && exist($0.key_count, evmc_bytes32.self) }
    }
}

extension duet_access_tuple_t {
    var keyList: UnsafeBufferPointer<evmc_bytes32> { UnsafeBufferPointer(start: keys, count: key_count) }
}

extension evmc_bytes32 {
    @inline(__always)
    var number: U256 { Bytes32(self).number }

    @inline(__always)
    init(_ number: U256) { self = Bytes32(number).evmc }
}
