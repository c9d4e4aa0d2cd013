import CPVM
import EVMPrecompiles
import VMCommon

/// A transaction put together from the fields of a JSON object, with all that its pointers point to.
final class TestTransaction {
    private(set) var fields = duet_transaction_t()
    private let data: UnsafeMutableBufferPointer<UInt8>
    private var keys: [UnsafeMutableBufferPointer<evmc_bytes32>] = []
    private let tuples: UnsafeMutableBufferPointer<duet_access_tuple_t>
    private let blobs: UnsafeMutableBufferPointer<evmc_bytes32>
    private let authorizations: UnsafeMutableBufferPointer<duet_authorization_t>

    /// One of the transactions of a state test.
    convenience init(_ json: JSONValue, _ test: StateTest.Case) throws(ToolError) {
        guard let octets = json["data"]?[test.data]?.octets, let gas = json["gasLimit"]?[test.gas]?.number,
              let value = json["value"]?[test.value] else { throw .failed("no such data, gas limit or value") }
        let lists = json["accessLists"]
        try self.init(json, data: octets, gasLimit: gas, value: value, accessList: lists?[test.data] ?? lists?[0])
        if let sender = json["sender"]?.address { fields.sender = sender } else { fields.sender = try TestTransaction.sender(json["secretKey"]?.word) }
    }

    /// A signed transaction as a transition tool gets it. The sender is not recovered yet.
    convenience init(signed json: JSONValue) throws(ToolError) {
        guard let octets = (json["input"] ?? json["data"])?.octets, let gas = (json["gas"] ?? json["gasLimit"])?.number,
              let value = json["value"], let r = json["r"]?.word, let s = json["s"]?.word, !r.isZero, !s.isZero,
              let v = (json["v"] ?? json["yParity"])?.number else { throw .failed("a field is missing, or the signature") }
        try self.init(json, data: octets, gasLimit: gas, value: value, accessList: json["accessList"])
        fields.type = UInt8(clamping: json["type"]?.number ?? UInt64(fields.type))
        (fields.r, fields.s) = (r, s)
        if fields.type > 0 {
            (fields.has_chain_id, fields.chain_id, fields.y_parity) = (true, json["chainId"]?.word ?? evmc_bytes32(1), UInt8(clamping: v))
        } else if v == 27 || v == 28 {
            fields.y_parity = UInt8(v - 27)
        } else if v >= 35 {
            (fields.has_chain_id, fields.chain_id, fields.y_parity) = (true, evmc_bytes32((v - 35) / 2), UInt8((v - 35) % 2))
        } else {
            throw .failed("v is \(v)")
        }
    }

    private init(_ json: JSONValue, data octets: [UInt8], gasLimit: UInt64, value: JSONValue, accessList list: JSONValue?) throws(ToolError) {
        data = TestTransaction.copy(octets)
        var items: [duet_access_tuple_t] = []
        if let list, list.isArray {
            for item in list.elements {
                guard let address = item["address"]?.address, let slots = item["storageKeys"] else { throw .failed("a malformed access list") }
                let words = TestTransaction.copy(slots.elements.compactMap { $0.word })
                keys.append(words)
                items.append(duet_access_tuple_t(address: address, keys: UnsafePointer(words.baseAddress), key_count: words.count))
            }
        }
        tuples = TestTransaction.copy(items)
        blobs = TestTransaction.copy(json["blobVersionedHashes"]?.elements.compactMap { $0.word } ?? [])
        authorizations = TestTransaction.copy(json["authorizationList"]?.elements.compactMap(TestTransaction.authorization) ?? [])

        if json["authorizationList"] != nil { fields.type = UInt8(DUET_TX_SET_CODE) }
        else if json["maxFeePerBlobGas"] != nil { fields.type = UInt8(DUET_TX_BLOB) }
        else if json["maxFeePerGas"] != nil { fields.type = UInt8(DUET_TX_DYNAMIC_FEE) }
        else if let list, list.isArray { fields.type = UInt8(DUET_TX_ACCESS_LIST) }

        // A text like "0x:bigint 0x1…" is a number beyond 256 bits, which no sender can pay.
        fields.value = value.word ?? TestTransaction.tooMuch
        fields.gas_limit = gasLimit
        fields.nonce = json["nonce"]?.number ?? .max
        fields.max_fee_per_gas = (json["maxFeePerGas"] ?? json["gasPrice"])?.word ?? TestTransaction.tooMuch
        fields.max_priority_fee_per_gas = (json["maxPriorityFeePerGas"] ?? json["gasPrice"])?.word ?? fields.max_fee_per_gas
        fields.max_fee_per_blob_gas = json["maxFeePerBlobGas"]?.word ?? evmc_bytes32()
        fields.is_creation = json["to"].map { $0.isNull || $0.raw.isEmpty } ?? true
        fields.to = fields.is_creation ? evmc_address() : json["to"]?.address ?? evmc_address()
        fields.data = UnsafePointer(data.baseAddress)
        fields.data_size = data.count
        fields.access_list = UnsafePointer(tuples.baseAddress)
        fields.access_list_count = tuples.count
        fields.blob_hashes = UnsafePointer(blobs.baseAddress)
        fields.blob_hash_count = blobs.count
        fields.authorizations = UnsafePointer(authorizations.baseAddress)
        fields.authorization_count = authorizations.count
    }

    deinit {
        data.deallocate()
        keys.forEach { $0.deallocate() }
        tuples.deallocate()
        blobs.deallocate()
        authorizations.deallocate()
    }

    private static let tooMuch: evmc_bytes32 = {
        var word = evmc_bytes32()
        withUnsafeMutableBytes(of: &word) { $0.copyBytes(from: repeatElement(0xff, count: 32)) }
        return word
    }()

    private static func copy<Element>(_ elements: [Element]) -> UnsafeMutableBufferPointer<Element> {
        let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = copy.initialize(from: elements)
        return copy
    }

    private static func authorization(_ json: JSONValue) -> duet_authorization_t? {
        guard let chain = json["chainId"]?.word, let address = json["address"]?.address, let nonce = json["nonce"]?.number,
              let parity = (json["yParity"] ?? json["v"])?.number, let r = json["r"]?.word, let s = json["s"]?.word else { return nil }
        return duet_authorization_t(chain_id: chain, address: address, nonce: nonce, y_parity: UInt8(clamping: parity), r: r, s: s)
    }

    // MARK: Secret keys

    /// The account of a secret key d, found with what the library has for signatures: of r = x(G) and s = d·r over the message 0
    /// the recovered public key is r⁻¹·s·G = d·G.
    static func sender(_ key: evmc_bytes32?) throws(ToolError) -> evmc_address {
        guard let key else { throw .failed("neither sender nor secret key") }
        let order = U256(0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff)
        let x = U256(0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac)
        let d = withUnsafeBytes(of: key) { U256(bigEndian: $0.baseAddress!) }
        let s = U256.remainder(U256.multiplyFull(d, x), order)
        var address = evmc_address()
        var words = [UInt8](repeating: 0, count: 96)
        let found = words.withUnsafeMutableBytes { words in
            x.storeBigEndian(to: words.baseAddress! + 32)
            s.storeBigEndian(to: words.baseAddress! + 64)
            let base = words.baseAddress!.assumingMemoryBound(to: UInt8.self)
            return withUnsafeMutableBytes(of: &address) { room in
                recoverAddress(hash: base, yIsOdd: false, r: base + 32, s: base + 64, room.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
        guard found else { throw .failed("the secret key is none") }
        return address
    }
}
