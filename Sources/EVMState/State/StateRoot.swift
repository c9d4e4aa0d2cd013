import EVMPrecompiles
import VMCommon

extension State {
    /// The root of the state trie. Costs what changed since it was asked for last. Nil if memory is short; what has been done by then need not
    /// be done again.
    public mutating func root() -> Bytes32? {
        while stale.count > 0 {
            let account = account(Int(stale[stale.count - 1]))
            guard updateStorage(account), updateLeaf(account) else { return nil }
            account.pointee.isStale = false
            _ = stale.removeLast()
        }
        stale.clear()
        return trie.hash(&writer)
    }

    private mutating func updateStorage(_ account: UnsafeMutablePointer<Account>) -> Bool {
        guard account.pointee.hasStaleStorage || account.pointee.staleSlots.count > 0 else { return true }
        account.pointee.hasStaleStorage = true
        while account.pointee.staleSlots.count > 0 {
            let slot = account.pointee.slots.pointer(Int(account.pointee.staleSlots[account.pointee.staleSlots.count - 1]))
            let key = slot.pointee.key.withOctets { keccak(UnsafeRawBufferPointer(start: $0, count: 32)) }
            writer.clear()
            if !slot.pointee.value.isZero { writer.number(slot.pointee.value.number) }
            guard !writer.failed, State.set(&account.pointee.storageTrie, key, writer.bytes) else { return false }
            slot.pointee.isStale = false
            slot.pointee.isInTrie = !slot.pointee.value.isZero
            _ = account.pointee.staleSlots.removeLast()
        }
        account.pointee.staleSlots.clear(keeping: 1 << 12)
        guard let root = account.pointee.storageTrie.hash(&writer) else { return false }
        account.pointee.storageRoot = root
        account.pointee.hasStaleStorage = false
        return true
    }

    private mutating func updateLeaf(_ account: UnsafeMutablePointer<Account>) -> Bool {
        if account.pointee.key.isZero {
            account.pointee.key = account.pointee.address.withOctets { keccak(UnsafeRawBufferPointer(start: $0, count: Address.octets)) }
        }
        writer.clear()
        if account.pointee.exists {
            let list = writer.beginList()
            writer.number(account.pointee.nonce)
            writer.number(account.pointee.balance)
            writer.bytes32(account.pointee.storageRoot)
            writer.bytes32(codes[account.pointee.code].hash)
            writer.endList(list)
        }
        guard !writer.failed, State.set(&trie, account.pointee.key, writer.bytes) else { return false }
        account.pointee.isInTrie = account.pointee.exists
        return true
    }

    private static func set(_ trie: inout Trie, _ key: Bytes32, _ value: UnsafeRawBufferPointer) -> Bool {
        key.withOctets { trie.set(UnsafeRawBufferPointer(start: $0, count: 32), value) }
    }
}
