import CPVM
import EVMRules
import VMCommon

extension TransactionFields {
    /// What signing has to know of the chain.
    struct Signer {
        let fork: NamedFork
        let chainID: UInt64
    }

    /// A transaction as a transition tool gets it, in the form of the JSON-RPC: signed, or with a secret key that signs it. The sender
    /// is not recovered yet.
    init(_ json: JSONValue, _ signer: Signer) throws(ValueError) {
        let type = try TransactionFields.type(json)
        guard let gasLimit = try json.either("gas", "gasLimit", Values.hexQuantity64) else { throw ValueError("it is missing").within("gas") }
        guard let data = try json.either("input", "data", Values.bytes) else { throw ValueError("it is missing").within("input") }
        // One price for all of the gas, or what a block may ask for and what is left to its maker.
        let isDynamic = type >= DUET_TX_DYNAMIC_FEE
        self.init(
            nonce: try json.required("nonce", Values.hexQuantity64), gasLimit: gasLimit, to: try TransactionFields.recipient(json),
            value: try json.required("value", Values.hexQuantity256), data: data,
            maxFeePerGas: try json.required(isDynamic ? "maxFeePerGas" : "gasPrice", Values.hexQuantity256),
            maxPriorityFeePerGas: try json.required(isDynamic ? "maxPriorityFeePerGas" : "gasPrice", Values.hexQuantity256))
        self.type = type
        accessList = try json.list("accessList", from: DUET_TX_ACCESS_LIST, for: type, TransactionFields.accessTuple) ?? []
        if type == DUET_TX_BLOB { maxFeePerBlobGas = try json.required("maxFeePerBlobGas", Values.hexQuantity256) }
        let blobs = try json.list("blobVersionedHashes", from: DUET_TX_BLOB, for: type, Values.hash)
        if type == DUET_TX_BLOB, blobs == nil { throw ValueError("it is missing").within("blobVersionedHashes") }
        blobHashes = blobs ?? []
        let authorizations = try json.list(
            "authorizationList", from: DUET_TX_SET_CODE, for: type, TransactionFields.authorization(Values.hexQuantity256, Values.hexQuantity64))
        if type == DUET_TX_SET_CODE, authorizations == nil { throw ValueError("it is missing").within("authorizationList") }
        self.authorizations = authorizations ?? []
        if let key = try json.optional("secretKey", Values.hash), try TransactionFields.isUnsigned(json) {
            try sign(key, json, signer)
        } else {
            try readSignature(json)
        }
    }

    private static func isUnsigned(_ json: JSONValue) throws(ValueError) -> Bool {
        for name in ["v", "yParity", "r", "s"] as [StaticString] {
            if let number = try json.optional(name, Values.hexQuantity256), !number.isZero { return false }
        }
        return true
    }

    /// A legacy transaction is signed for the chain if its fork knows that (EIP-155), unless `protected` is false.
    private mutating func sign(_ word: evmc_bytes32, _ json: JSONValue, _ signer: Signer) throws(ValueError) {
        guard let key = SecretKey(word) else { throw ValueError("it is no secret key").within("secretKey") }
        let wantsChain = try json.optional("protected", Values.flag) ?? true
        let chain = try json.optional("chainId", Values.hexQuantity256) ?? U256(signer.chainID)
        if type > DUET_TX_LEGACY || wantsChain && signer.fork.rules.transaction.hasChainID { chainID = chain }
        guard let hash = TestTransaction(self).signingHash else { throw ValueError("memory is short", .evm) }
        let signature = key.sign(hash)
        (r, s, yParity) = (signature.r, signature.s, signature.yIsOdd ? 1 : 0)
    }

    /// The type that is given, or else the one that has the fields which are there.
    private static func type(_ json: JSONValue) throws(ValueError) -> UInt8 {
        if let type = try json.optional("type", Values.hexQuantity64) {
            guard type <= UInt64(DUET_TX_SET_CODE) else { throw ValueError("\(type) is no type of transactions").within("type") }
            return UInt8(type)
        }
        if try json.member("authorizationList") != nil { return UInt8(DUET_TX_SET_CODE) }
        if try json.member("maxFeePerBlobGas") != nil { return UInt8(DUET_TX_BLOB) }
        if try json.member("maxFeePerGas") != nil { return UInt8(DUET_TX_DYNAMIC_FEE) }
        if try json.member("accessList") != nil { return UInt8(DUET_TX_ACCESS_LIST) }
        return UInt8(DUET_TX_LEGACY)
    }

    private mutating func readSignature(_ json: JSONValue) throws(ValueError) {
        guard let v = try json.either("v", "yParity", Values.hexQuantity256) else { throw ValueError("it is missing").within("v") }
        r = try json.required("r", Values.hexQuantity256)
        s = try json.required("s", Values.hexQuantity256)
        guard !r.isZero, !s.isZero else { throw ValueError("it is zero: the transaction is not signed").within(r.isZero ? "r" : "s") }
        if type > DUET_TX_LEGACY {
            guard v <= .one else { throw ValueError("\(v.word.quantity) is neither 0 nor 1").within("v") }
            (chainID, yParity) = (try json.optional("chainId", Values.hexQuantity256) ?? .one, UInt8(v.limb0))
        } else if v == U256(27) || v == U256(28) {
            yParity = UInt8(v.limb0 - 27)
        } else if v >= U256(35) {
            // EIP-155
            let rest = v &- U256(35)
            (chainID, yParity) = (rest >> .one, UInt8(rest.limb0 & 1))
        } else {
            throw ValueError("\(v.word.quantity) is neither 27 or 28 nor at least 35").within("v")
        }
    }
}

extension JSONValue {
    /// A list that transactions have from a type on. One for another type would be lost.
    fileprivate func list<Value>(_ name: StaticString, from first: Int, for type: UInt8, _ parse: @escaping ValueParser<Value>)
        throws(ValueError) -> [Value]? {
        guard let list = try optional(name, Values.list(of: parse)) else { return nil }
        // Blobs are of their type alone, authorizations of the last one.
        let hasOne = first == DUET_TX_BLOB ? Int(type) == first : Int(type) >= first
        guard hasOne || list.isEmpty else { throw ValueError("a transaction of type \(type) has none").within("\(name)") }
        return list
    }
}
