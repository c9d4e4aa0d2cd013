import CPVM
import EVMPrecompiles
import VMCommon

extension duet_transaction_t {
    /// What is signed (EIP-155, 2718), or with `signed` the whole transaction.
    public func encode(signed: Bool, _ writer: inout RLPWriter) {
        if kind != DUET_TX_LEGACY { writer.octet(type) }
        let list = writer.beginList()
        if kind != DUET_TX_LEGACY { writer.number(chain_id.number) }
        writer.number(nonce)
        if kind != DUET_TX_LEGACY, isDynamicFee { writer.number(max_priority_fee_per_gas.number) }
        writer.number(max_fee_per_gas.number)
        writer.number(gas_limit)
        if is_creation { writer.emptyString() } else { writer.address(Address(to)) }
        writer.number(value.number)
        writer.string(dataBytes)
        if kind != DUET_TX_LEGACY { writeAccessList(&writer) }
        if kind == DUET_TX_BLOB {
            writer.number(max_fee_per_blob_gas.number)
            let blobs = writer.beginList()
            for hash in blobHashes { writer.bytes32(Bytes32(hash)) }
            writer.endList(blobs)
        }
        if kind == DUET_TX_SET_CODE { writeAuthorizations(&writer) }
        if signed {
            if kind == DUET_TX_LEGACY { writer.number(legacyV) } else { writer.number(UInt64(y_parity)) }
            writer.number(r.number)
            writer.number(s.number)
        } else if kind == DUET_TX_LEGACY, has_chain_id {
            writer.number(chain_id.number)
            writer.number(U256())
            writer.number(U256())
        }
        writer.endList(list)
    }

    private var legacyV: U256 {
        let parity = U256(UInt64(y_parity))
        guard has_chain_id else { return U256(27) &+ parity }
        return chain_id.number &+ chain_id.number &+ U256(35) &+ parity
    }

    private func writeAccessList(_ writer: inout RLPWriter) {
        let list = writer.beginList()
        for tuple in accessTuples {
            let item = writer.beginList()
            writer.address(Address(tuple.address))
            let keys = writer.beginList()
            for key in tuple.keyList { writer.bytes32(Bytes32(key)) }
            writer.endList(keys)
            writer.endList(item)
        }
        writer.endList(list)
    }

    private func writeAuthorizations(_ writer: inout RLPWriter) {
        let list = writer.beginList()
        for authorization in authorizationList {
            let item = writer.beginList()
            authorization.writeMessage(&writer)
            writer.number(UInt64(authorization.y_parity))
            writer.number(authorization.r.number)
            writer.number(authorization.s.number)
            writer.endList(item)
        }
        writer.endList(list)
    }

    /// The hash of what `encode` gives; nil if memory is short.
    public func hash(signed: Bool, _ writer: inout RLPWriter) -> Bytes32? {
        writer.clear()
        encode(signed: signed, &writer)
        return writer.failed ? nil : keccak(writer.bytes)
    }

    /// Who signed it.
    public func recoverSender(lowS: Bool, _ writer: inout RLPWriter) -> Result<Address, TransactionError> {
        guard let hash = hash(signed: false, &writer) else { return .failure(TransactionError(DUET_STATE_ERR_NO_MEMORY)) }
        guard y_parity <= 1, !lowS || !isHighS(s), let sender = recover(hash, y_parity, r, s) else {
            return .failure(TransactionError(DUET_TX_ERR_SIGNATURE))
        }
        return .success(sender)
    }
}

extension duet_authorization_t {
    /// The three fields that are signed.
    func writeMessage(_ writer: inout RLPWriter) {
        writer.number(chain_id.number)
        writer.address(Address(address))
        writer.number(nonce)
    }

    /// EIP-7702's authority: who signed it. Nil if nobody did, or memory is short: the writer then says so.
    func authority(_ writer: inout RLPWriter) -> Address? {
        guard y_parity <= 1, !isHighS(s) else { return nil }
        writer.clear()
        writer.octet(5)
        let list = writer.beginList()
        writeMessage(&writer)
        writer.endList(list)
        return writer.failed ? nil : recover(keccak(writer.bytes), y_parity, r, s)
    }
}

/// EIP-2: above half of secp256k1's group order.
private func isHighS(_ s: evmc_bytes32) -> Bool {
    s.number > U256(0xdfe9_2f46_681b_20a0, 0x5d57_6e73_57a4_501d, 0xffff_ffff_ffff_ffff, 0x7fff_ffff_ffff_ffff)
}

private func recover(_ hash: Bytes32, _ parity: UInt8, _ r: evmc_bytes32, _ s: evmc_bytes32) -> Address? {
    var room = evmc_address()
    let found = hash.withOctets { hash in
        Bytes32(r).withOctets { r in
            Bytes32(s).withOctets { s in
                withUnsafeMutableBytes(of: &room) { address in
                    recoverAddress(hash: hash.assumingMemoryBound(to: UInt8.self), yIsOdd: parity == 1, r: r.assumingMemoryBound(to: UInt8.self),
                                   s: s.assumingMemoryBound(to: UInt8.self),
                                   address.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self))
                }
            }
        }
    }
    return found ? Address(room) : nil
}
