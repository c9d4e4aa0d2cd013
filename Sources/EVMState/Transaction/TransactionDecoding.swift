import CPVM
import VMCommon

/// A transaction that was read from bytes, with what its fields point to. The C API hands out a pointer to `fields`, which
/// stand first.
public struct DecodedTransaction {
    public private(set) var fields = duet_transaction_t()
    private var data = ByteBuffer()
    private var tuples = Vector<duet_access_tuple_t>()
    private var keys = Vector<evmc_bytes32>()
    private var blobs = Vector<evmc_bytes32>()
    private var authorizations = Vector<duet_authorization_t>()

    public mutating func free() {
        data.free()
        tuples.free()
        keys.free()
        blobs.free()
        authorizations.free()
    }

    /// Decodes a transaction as it stands in a block (EIP-2718).
    public static func decode(_ bytes: UnsafeRawBufferPointer) -> Result<DecodedTransaction, TransactionError> {
        var transaction = DecodedTransaction()
        do throws(TransactionError) {
            try transaction.read(bytes)
            return .success(transaction)
        } catch {
            transaction.free()
            return .failure(error)
        }
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer) throws(TransactionError) {
        guard let first = bytes.first else { throw TransactionError(DUET_TX_ERR_RLP) }
        do throws(RLPError) {
            if first >= 0xc0 {
                var reader = try RLPReader.item(bytes).list()
                try readLegacy(&reader)
                try reader.end()
            } else if (1...4).contains(first) {
                fields.type = first
                var reader = try RLPReader.item(UnsafeRawBufferPointer(rebasing: bytes[1...])).list()
                try readTyped(&reader)
                try reader.end()
            }
        } catch {
            throw TransactionError(error == .noMemory ? DUET_STATE_ERR_NO_MEMORY : DUET_TX_ERR_RLP)
        }
        guard first >= 0xc0 || (1...4).contains(first) else { throw TransactionError(DUET_TX_ERR_UNKNOWN_TYPE) }
        guard !hasBadV else { throw TransactionError(DUET_TX_ERR_SIGNATURE) }
        connect()
    }

    private var hasBadV = false

    private mutating func readLegacy(_ reader: inout RLPReader) throws(RLPError) {
        fields.nonce = try reader.next().number64()
        fields.max_fee_per_gas = evmc_bytes32(try reader.next().number())
        fields.max_priority_fee_per_gas = fields.max_fee_per_gas
        fields.gas_limit = try reader.next().number64()
        try readRecipient(&reader)
        fields.value = evmc_bytes32(try reader.next().number())
        try readData(&reader)
        let v = try reader.next().number()
        fields.r = evmc_bytes32(try reader.next().number())
        fields.s = evmc_bytes32(try reader.next().number())
        // 27 and 28 before EIP-155, then twice the chain plus 35 and 36.
        if v == U256(27) || v == U256(28) {
            fields.y_parity = UInt8(truncatingIfNeeded: v.limb0 - 27)
        } else if v >= U256(35) {
            let chain = v &- U256(35)
            fields.has_chain_id = true
            fields.y_parity = UInt8(truncatingIfNeeded: chain.limb0 & 1)
            fields.chain_id = evmc_bytes32(U256.shiftRight(chain, bits: 1))
        } else {
            hasBadV = true
        }
    }

    private mutating func readTyped(_ reader: inout RLPReader) throws(RLPError) {
        fields.has_chain_id = true
        fields.chain_id = evmc_bytes32(try reader.next().number())
        fields.nonce = try reader.next().number64()
        fields.max_priority_fee_per_gas = evmc_bytes32(try reader.next().number())
        fields.max_fee_per_gas = fields.isDynamicFee ? evmc_bytes32(try reader.next().number()) : fields.max_priority_fee_per_gas
        fields.gas_limit = try reader.next().number64()
        try readRecipient(&reader)
        fields.value = evmc_bytes32(try reader.next().number())
        try readData(&reader)
        try readAccessList(&reader)
        if fields.kind == DUET_TX_BLOB {
            fields.max_fee_per_blob_gas = evmc_bytes32(try reader.next().number())
            var list = try reader.next().list()
            while !list.isAtEnd {
                guard blobs.append(try list.next().bytes32().evmc) else { throw .noMemory }
            }
        }
        if fields.kind == DUET_TX_SET_CODE { try readAuthorizations(&reader) }
        let parity = try reader.next().number64()
        if parity > 1 { hasBadV = true }
        fields.y_parity = UInt8(truncatingIfNeeded: parity & 1)
        fields.r = evmc_bytes32(try reader.next().number())
        fields.s = evmc_bytes32(try reader.next().number())
    }

    /// An address, or the empty string for a creation.
    private mutating func readRecipient(_ reader: inout RLPReader) throws(RLPError) {
        let item = try reader.next()
        if !item.isList, item.payload.isEmpty {
            fields.is_creation = true
        } else {
            fields.to = try item.address().evmc
        }
    }

    private mutating func readData(_ reader: inout RLPReader) throws(RLPError) {
        guard data.append(try reader.next().string()) else { throw .noMemory }
    }

    private mutating func readAccessList(_ reader: inout RLPReader) throws(RLPError) {
        var list = try reader.next().list()
        while !list.isAtEnd {
            var tuple = try list.next().list()
            let address = try tuple.next().address().evmc
            var inner = try tuple.next().list()
            try tuple.end()
            let first = keys.count
            while !inner.isAtEnd {
                guard keys.append(try inner.next().bytes32().evmc) else { throw .noMemory }
            }
            // The keys still move as their vector grows: `connect` says where they stand.
            guard tuples.append(duet_access_tuple_t(address: address, keys: nil, key_count: keys.count - first)) else { throw .noMemory }
        }
    }

    private mutating func readAuthorizations(_ reader: inout RLPReader) throws(RLPError) {
        var list = try reader.next().list()
        while !list.isAtEnd {
            var fields = try list.next().list()
            var authorization = duet_authorization_t()
            authorization.chain_id = evmc_bytes32(try fields.next().number())
            authorization.address = try fields.next().address().evmc
            authorization.nonce = try fields.next().number64()
            let parity = try fields.next().number64()
            guard parity <= 255 else { throw .notANumber }
            authorization.y_parity = UInt8(truncatingIfNeeded: parity)
            authorization.r = evmc_bytes32(try fields.next().number())
            authorization.s = evmc_bytes32(try fields.next().number())
            try fields.end()
            guard authorizations.append(authorization) else { throw .noMemory }
        }
    }

    private mutating func connect() {
        fields.data = UnsafePointer(data.base)
        fields.data_size = data.count
        var first = 0
        for index in 0..<tuples.count {
            let tuple = tuples.pointer(index)
            if tuple.pointee.key_count > 0 { tuple.pointee.keys = UnsafePointer(keys.pointer(first)) }
            first += tuple.pointee.key_count
        }
        fields.access_list = UnsafePointer(tuples.base)
        fields.access_list_count = tuples.count
        fields.blob_hashes = UnsafePointer(blobs.base)
        fields.blob_hash_count = blobs.count
        fields.authorizations = UnsafePointer(authorizations.base)
        fields.authorization_count = authorizations.count
    }
}

/// A code of duet_state.h other than DUET_STATE_OK.
public struct TransactionError: Error {
    public let code: duet_state_error_t

    public init(_ code: duet_state_error_t) {
        self.code = code
    }
}
