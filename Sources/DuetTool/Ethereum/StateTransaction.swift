import CPVM
import VMCommon

/// The transactions of a state test: several data, gas limits and values for one set of the other fields.
struct StateTransaction {
    /// A number of a transaction. Tests have some that no transaction can hold: such a transaction is refused as one that cannot be
    /// encoded, not the test.
    enum Number {
        case number(U256)
        case tooLarge(String)
    }

    /// Why a transaction cannot be encoded.
    struct Unencodable: Error { let reason: String }

    let sender: evmc_address?
    private let secretKey: evmc_bytes32?
    private let to: evmc_address?
    private let data: [[UInt8]]
    private let gasLimits: [Number]
    private let values: [Number]
    private let accessLists: [[TransactionFields.AccessTuple]?]?
    private let nonce: Number
    private let maxFeePerGas: Number
    private let maxPriorityFeePerGas: Number
    private let isDynamicFee: Bool
    private let maxFeePerBlobGas: Number?
    private let blobHashes: [evmc_bytes32]?
    private let authorizations: [duet_authorization_t]?

    init(_ json: JSONValue) throws(ValueError) {
        sender = try json.optional("sender", Values.address)
        secretKey = try json.optional("secretKey", Values.hash)
        to = try TransactionFields.recipient(json)
        data = try json.required("data", Values.list(of: Values.bytes))
        gasLimits = try json.required("gasLimit", Values.list(of: StateTransaction.number(bits: 64)))
        values = try json.required("value", Values.list(of: StateTransaction.value))
        accessLists = try json.optional("accessLists", Values.list { list throws(ValueError) in
            list.isNull ? nil : try Values.list(of: TransactionFields.accessTuple)(list)
        })
        nonce = try json.required("nonce", StateTransaction.number(bits: 64))
        let price = StateTransaction.number(bits: 256)
        if let fee = try json.optional("maxFeePerGas", price) {
            maxFeePerGas = fee
            maxPriorityFeePerGas = try json.optional("maxPriorityFeePerGas", price) ?? fee
            isDynamicFee = true
        } else {
            maxFeePerGas = try json.required("gasPrice", price)
            maxPriorityFeePerGas = maxFeePerGas
            isDynamicFee = false
        }
        blobHashes = try json.optional("blobVersionedHashes", Values.list(of: Values.hash))
        maxFeePerBlobGas = try json.optional("maxFeePerBlobGas", price)
        authorizations = try json.optional(
            "authorizationList", Values.list(of: TransactionFields.authorization(Values.quantity256, Values.quantity64)))
        if blobHashes != nil, maxFeePerBlobGas == nil { throw ValueError("it is missing").within("maxFeePerBlobGas") }
        if maxFeePerBlobGas != nil, authorizations != nil {
            throw ValueError("a transaction has blobs or authorizations, not both").within("authorizationList")
        }
    }

    private func payer() throws(ValueError) -> evmc_address {
        if let sender { return sender }
        guard let secretKey else { throw ValueError("there is neither a sender nor a secret key").within("sender") }
        guard let address = SecretKey(secretKey)?.address else { throw ValueError("it is no secret key").within("secretKey") }
        return address
    }

    /// The transaction at some indexes, whose sender is given or that of the secret key.
    func fields(_ indexes: StateTest.Indexes) throws(ValueError) -> Result<TransactionFields, Unencodable> {
        let data = try StateTransaction.pick(self.data, indexes.data, "data")
        let gasLimit = try StateTransaction.pick(gasLimits, indexes.gas, "gasLimit")
        let value = try StateTransaction.pick(values, indexes.value, "value")
        let accessList = try accessLists.map { lists throws(ValueError) in try StateTransaction.pick(lists, indexes.data, "accessLists") } ?? nil
        let sender = try payer()
        do throws(Unencodable) {
            var fields = TransactionFields(
                nonce: try StateTransaction.number(nonce, "nonce").limb0, gasLimit: try StateTransaction.number(gasLimit, "gasLimit").limb0,
                to: to, value: try StateTransaction.number(value, "value"), data: data,
                maxFeePerGas: try StateTransaction.number(maxFeePerGas, "maxFeePerGas"),
                maxPriorityFeePerGas: try StateTransaction.number(maxPriorityFeePerGas, "maxPriorityFeePerGas"))
            if authorizations != nil { fields.type = UInt8(DUET_TX_SET_CODE) }
            else if maxFeePerBlobGas != nil { fields.type = UInt8(DUET_TX_BLOB) }
            else if isDynamicFee { fields.type = UInt8(DUET_TX_DYNAMIC_FEE) }
            else if accessList != nil { fields.type = UInt8(DUET_TX_ACCESS_LIST) }
            if let maxFeePerBlobGas { fields.maxFeePerBlobGas = try StateTransaction.number(maxFeePerBlobGas, "maxFeePerBlobGas") }
            fields.accessList = accessList ?? []
            fields.blobHashes = blobHashes ?? []
            fields.authorizations = authorizations ?? []
            fields.sender = sender
            return .success(fields)
        } catch {
            return .failure(error)
        }
    }
}

// MARK: Numbers

extension StateTransaction {
    private static func pick<Value>(_ list: [Value], _ index: Int, _ name: String) throws(ValueError) -> Value {
        guard list.indices.contains(index) else { throw ValueError("there is no element \(index), only \(list.count)").within(name) }
        return list[index]
    }

    private static func number(_ number: Number, _ name: String) throws(Unencodable) -> U256 {
        switch number {
        case .number(let number): return number
        case .tooLarge(let reason): throw Unencodable(reason: "\(name): \(reason)")
        }
    }

    private static func number(bits: Int) -> ValueParser<Number> {
        { json throws(ValueError) in
            guard json.isText || json.isNumber else { throw ValueError("a number is wanted, not \(json.kindName)") }
            return try json.withText { text throws(ValueError) in
                // As retesteth writes numbers that may be beyond all types.
                let mark = "0x:bigint ".utf8
                let text = text.starts(with: mark) ? Quantity.Digits(rebasing: text[mark.count...]) : text
                do throws(Quantity.Mistake) {
                    return .number(bits == 64 ? U256(try Quantity.number64(text)) : try Quantity.number256(text))
                } catch {
                    guard error.isTooLarge else { throw ValueError(error.reason) }
                    return .tooLarge(error.reason)
                }
            }
        }
    }

    /// Some tests have "0x" for no value.
    private static func value(_ json: JSONValue) throws(ValueError) -> Number {
        json.isText("0x") ? .number(.zero) : try number(bits: 256)(json)
    }
}
