import VMCommon

/// EIP-1153's storage, which lives as long as a transaction.
struct TransientStorage {
    private struct Item {
        let address: Address
        let key: Bytes32
        var value = Bytes32()
    }

    private var items = Vector<Item>()
    private var table = IndexTable()

    mutating func free() {
        items.free()
        table.free()
    }

    mutating func clear() {
        guard items.count > 0 else { return }
        items.clear()
        table.clear()
    }

    subscript(_ item: Int) -> Bytes32 {
        get { items[item].value }
        nonmutating set { items.pointer(item).pointee.value = newValue }
    }

    private static func hash(_ address: Address, _ key: Bytes32, _ seed: KeyHash.Seed) -> UInt64 {
        KeyHash.hash(address, seed) &+ KeyHash.hash(key, seed) &* 3
    }

    private func find(_ hash: UInt64, _ address: Address, _ key: Bytes32) -> Int? {
        table.find(hash) { items[$0].key == key && items[$0].address == address }
    }

    func value(_ address: Address, _ key: Bytes32, _ seed: KeyHash.Seed) -> Bytes32 {
        find(TransientStorage.hash(address, key, seed), address, key).map { items[$0].value } ?? Bytes32()
    }

    /// The index of an item, entered as zero if it is new. Nil if memory is short.
    mutating func enter(_ address: Address, _ key: Bytes32, _ seed: KeyHash.Seed) -> Int? {
        let hash = TransientStorage.hash(address, key, seed)
        if let index = find(hash, address, key) { return index }
        guard items.count < Int(UInt32.max), items.reserve(1), table.insert(hash, items.count) else { return nil }
        _ = items.append(Item(address: address, key: key))
        return items.count - 1
    }
}
