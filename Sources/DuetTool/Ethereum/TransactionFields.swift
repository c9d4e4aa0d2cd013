import CPVM
import VMCommon

/// The fields of a transaction as a JSON file gives them.
struct TransactionFields {
    struct AccessTuple {
        let address: evmc_address
        let keys: [evmc_bytes32]
    }

    var type = UInt8(DUET_TX_LEGACY)
    var nonce: UInt64
    var gasLimit: UInt64
    /// Nil for a creation.
    var to: evmc_address?
    var value: U256
    var data: [UInt8]
    /// Where there is one price alone, both.
    var maxFeePerGas: U256
    var maxPriorityFeePerGas: U256
    var maxFeePerBlobGas = U256.zero
    var accessList: [AccessTuple] = []
    var blobHashes: [evmc_bytes32] = []
    var authorizations: [duet_authorization_t] = []
    /// Nil for signatures from before EIP-155.
    var chainID: U256?
    var yParity: UInt8 = 0
    var r = U256.zero
    var s = U256.zero
    var sender = evmc_address()
}

// MARK: Parts

extension TransactionFields {
    /// Null, absent or an empty text: the transaction creates a contract.
    static func recipient(_ json: JSONValue) throws(ValueError) -> evmc_address? {
        guard let to = try json.member("to"), !to.isText("") else { return nil }
        return try within("to") { () throws(ValueError) in try Values.address(to) }
    }

    static func accessTuple(_ json: JSONValue) throws(ValueError) -> AccessTuple {
        AccessTuple(address: try json.required("address", Values.address), keys: try json.required("storageKeys", Values.list(of: Values.hash)))
    }

    /// EIP-7702. `quantity256` and `quantity64` say how the format at hand writes numbers.
    static func authorization(_ quantity256: @escaping ValueParser<U256>, _ quantity64: @escaping ValueParser<UInt64>)
        -> ValueParser<duet_authorization_t> {
        { json throws(ValueError) in
            let chain = try json.required("chainId", quantity256)
            let address = try json.required("address", Values.address)
            let nonce = try json.required("nonce", quantity64)
            guard let parity = try json.either("yParity", "v", quantity64) else { throw ValueError("it is missing").within("yParity") }
            guard let parity = UInt8(exactly: parity) else { throw ValueError("\(parity) exceeds 8 bits").within("yParity") }
            let (r, s) = (try json.required("r", quantity256), try json.required("s", quantity256))
            return duet_authorization_t(chain_id: chain.word, address: address, nonce: nonce, y_parity: parity, r: r.word, s: s.word)
        }
    }
}

extension JSONValue {
    /// A member that goes by two names. If it is there twice, both have to say the same.
    func either<Value: Equatable>(_ first: StaticString, _ second: StaticString, _ parse: ValueParser<Value>) throws(ValueError) -> Value? {
        let (one, other) = (try optional(first, parse), try optional(second, parse))
        if let one, let other, one != other { throw ValueError("it contradicts '\(second)'").within("\(first)") }
        return one ?? other
    }
}
