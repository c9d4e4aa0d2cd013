import EVMPrecompiles
import VMCommon

extension State {
    /// The root of the state trie. Costs what changed since it was asked for last. Nil if memory is short: the state is then not
    /// to be asked for a root again.
    public mutating func root() -> Bytes32? {
        for position in 0..<stale.count {
            let account = account(Int(stale[position]))
            guard updateStorage(account), updateLeaf(account) else { return nil }
            account.pointee.isStale = false
        }
        stale.shrink(to: 0)
        return trie.hash(&writer)
    }

    private mutating func updateStorage(_ account: UnsafeMutablePointer<Account>) -> Bool {
        guard account.pointee.staleSlots.count > 0 else { return true }
        for position in 0..<account.pointee.staleSlots.count {
            let slot = account.pointee.slots.pointer(Int(account.pointee.staleSlots[position]))
            let key = slot.pointee.key.withOctets { keccak(UnsafeRawBufferPointer(start: $0, count: 32)) }
            writer.clear()
            if !slot.pointee.value.isZero { writer.number(slot.pointee.value.number) }
            guard !writer.failed, State.set(&account.pointee.storageTrie, key, writer.bytes) else { return false }
            slot.pointee.isStale = false
        }
        account.pointee.staleSlots.clear(keeping: 1 << 12)
        guard let root = account.pointee.storageTrie.hash(&writer) else { return false }
        account.pointee.storageRoot = root
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
        return !writer.failed && State.set(&trie, account.pointee.key, writer.bytes)
    }

    private static func set(_ trie: inout Trie, _ key: Bytes32, _ value: UnsafeRawBufferPointer) -> Bool {
        key.withOctets { trie.set(UnsafeRawBufferPointer(start: $0, count: 32), value) }
    }
}
