import VMCommon

/// The root of a list (Yellow Paper, 4.3.2): transactions, receipts and withdrawals of a block, each under the RLP of its index.
public struct IndexedTrie {
    private var trie = Trie()
    private var writer = RLPWriter()
    public private(set) var count: UInt64 = 0

    public init() {}

    public mutating func free() {
        trie.free()
        writer.free()
    }

    /// Adds the encoding of the next item, which is not empty. False if memory is short.
    public mutating func append(_ item: UnsafeRawBufferPointer) -> Bool {
        writer.clear()
        writer.number(count)
        guard !writer.failed, !item.isEmpty, trie.set(writer.bytes, item) else { return false }
        count += 1
        return true
    }

    public mutating func root() -> Bytes32? { trie.hash(&writer) }
}
