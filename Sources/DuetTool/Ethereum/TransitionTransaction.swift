import CPVM
import EVMState

/// A transaction that a transition tool is given: fields in JSON, or an item of RLP.
final class TransitionTransaction {
    let fields: duet_transaction_t
    /// As it stands in a block.
    let encoding: [UInt8]
    private let json: TestTransaction?
    private let decoded: UnsafeMutablePointer<duet_transaction_t>?

    init(_ json: JSONValue, _ signer: TransactionFields.Signer) throws(ValueError) {
        let transaction = TestTransaction(try TransactionFields(json, signer))
        self.json = transaction
        decoded = nil
        fields = transaction.fields
        var writer = RLPWriter()
        defer { writer.free() }
        fields.encode(signed: true, &writer)
        encoding = Array(writer.bytes)
    }

    init(encoding: [UInt8]) throws(ToolError) {
        var transaction: UnsafeMutablePointer<duet_transaction_t>?
        let error = duet_transaction_decode(encoding, encoding.count, &transaction)
        guard error == DUET_STATE_OK, let transaction else { throw .failed(TransactionException.message(error)) }
        self.encoding = encoding
        json = nil
        decoded = transaction
        fields = transaction.pointee
    }

    deinit { duet_transaction_free(decoded) }

    /// All of a file: an array of objects, or a text with the RLP of the list. A transaction that is malformed is an invalid one.
    static func read(_ json: JSONValue, _ signer: TransactionFields.Signer) throws(ValueError) -> [Result<TransitionTransaction, ToolError>] {
        var list: [Result<TransitionTransaction, ToolError>] = []
        if json.isNull { return list }
        if json.isArray {
            for (index, item) in json.elements.enumerated() {
                list.append(result { () throws(ToolError) in
                    do throws(ValueError) { return try TransitionTransaction(item, signer) } catch { throw ToolError(error.within("[\(index)]").within("txs")) }
                })
            }
            return list
        }
        guard json.isText else { throw ValueError("an array is wanted, or a text with the RLP of one, not \(json.kindName)") }
        let octets = try Values.bytes(json)
        let items = octets.withUnsafeBytes { bytes -> [[UInt8]]? in
            var items: [[UInt8]] = []
            do throws(RLPError) {
                var reader = try RLPReader.item(bytes).list()
                while !reader.isAtEnd {
                    let before = reader.rest
                    let item = try reader.next()
                    // Legacy transactions are lists, the others strings that hold type and list.
                    items.append(item.isList ? Array(before.prefix(before.count - reader.rest.count)) : Array(item.payload))
                }
                return items
            } catch {
                return nil
            }
        }
        guard let items else { throw ValueError("no RLP of a list", .rlp) }
        for item in items { list.append(result { () throws(ToolError) in try TransitionTransaction(encoding: item) }) }
        return list
    }

    private static func result(_ make: () throws(ToolError) -> TransitionTransaction) -> Result<TransitionTransaction, ToolError> {
        do throws(ToolError) { return .success(try make()) } catch { return .failure(error) }
    }
}
