import VMCommon

/// What a transaction has written to, for whoever asks after its end: by address and key, because accounts and slots that hold nothing are
/// given up.
struct Changes {
    struct Entry {
        let address: Address
        let firstKey: Int
        var keys = 0
    }

    private(set) var entries = Vector<Entry>()
    private var keys = Vector<Bytes32>()

    mutating func free() {
        entries.free()
        keys.free()
    }

    mutating func clear() {
        entries.clear()
        keys.clear()
    }

    var count: Int { entries.count }

    subscript(_ entry: Int) -> Address { entries[entry].address }

    func keyCount(_ entry: Int) -> Int { entries[entry].keys }

    func key(_ entry: Int, _ index: Int) -> Bytes32 { keys[entries[entry].firstKey + index] }

    /// Makes room. False if memory is short.
    mutating func begin(_ accounts: Int, _ slots: Int) -> Bool {
        clear()
        guard entries.reserve(accounts), keys.reserve(slots) else { return false }
        for _ in 0..<slots { _ = keys.append(Bytes32()) }
        return true
    }

    /// The next account; `begin` has made room. Its keys stand behind those of the ones before it.
    mutating func add(_ address: Address, after firstKey: Int) { _ = entries.append(Entry(address: address, firstKey: firstKey)) }

    mutating func add(_ key: Bytes32, to entry: Int) {
        let entry = entries.pointer(entry)
        keys[entry.pointee.firstKey + entry.pointee.keys] = key
        entry.pointee.keys += 1
    }

    /// The account is gone, with all that was written to its storage.
    mutating func forgetKeys(of entry: Int) { entries.pointer(entry).pointee.keys = 0 }
}

/// A slot that the running transaction has written to.
struct WrittenSlot {
    let account: UInt32
    let slot: UInt32
}
