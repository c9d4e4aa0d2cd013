import VMCommon

/// An account of the world state (Yellow Paper, 4.1) and what is remembered of it during a transaction.
///
/// A stamp is the number of the transaction that last did something to the account or slot: what a transaction leaves behind for
/// the next one to forget is forgotten by that number going up.
struct Account {
    let address: Address
    var nonce: UInt64 = 0
    var balance = U256()
    /// Index in the state's code store.
    var code: UInt32 = 0
    /// Whether the account is in the state. Before EIP-161 an empty account can be.
    var exists = false
    /// Whether it is in the list of those whose leaf in the state trie is out of date.
    var isStale = false

    var warmStamp: UInt64 = 0
    var touchStamp: UInt64 = 0
    var creationStamp: UInt64 = 0
    var destructionStamp: UInt64 = 0
    var changeStamp: UInt64 = 0

    var slots = Vector<Slot>()
    var slotTable = IndexTable()
    /// How many slots have a value other than zero.
    var occupiedSlots = 0
    /// Slots whose leaf in the storage trie is out of date.
    var staleSlots = Vector<UInt32>()
    /// Slots that the transaction `changeStamp` wrote.
    var changedSlots = Vector<UInt32>()

    var storageTrie = Trie()
    var storageRoot = Trie.emptyRoot
    /// KEC(address), the key in the state trie; zero until it is needed.
    var key = Bytes32()

    init(_ address: Address) {
        self.address = address
    }

    /// EIP-161's emptiness: storage does not count.
    var isEmpty: Bool { nonce == 0 && balance.isZero && code == 0 }

    func findSlot(_ key: Bytes32, _ seed: KeyHash.Seed) -> Int? {
        slotTable.find(KeyHash.hash(key, seed)) { slots[$0].key == key }
    }

    /// Finds a slot or enters one that is zero. Nil if memory is short.
    mutating func slot(_ key: Bytes32, _ seed: KeyHash.Seed) -> Int? {
        let hash = KeyHash.hash(key, seed)
        if let index = slotTable.find(hash, { slots[$0].key == key }) { return index }
        guard slots.count < Int(UInt32.max), slots.reserve(1), slotTable.insert(hash, slots.count) else { return nil }
        _ = slots.append(Slot(key: key))
        return slots.count - 1
    }

    /// Drops all storage, the tries' part of it too.
    mutating func clearStorage() {
        slots.free()
        slotTable.free()
        staleSlots.free()
        changedSlots.free()
        storageTrie.free()
        storageRoot = Trie.emptyRoot
        occupiedSlots = 0
    }

    mutating func free() { clearStorage() }
}

/// An item of an account's storage.
struct Slot {
    let key: Bytes32
    var value = Bytes32()
    /// The value before transaction `writeStamp`.
    private var before = Bytes32()
    private var writeStamp: UInt64 = 0
    var warmStamp: UInt64 = 0
    var isStale = false

    init(key: Bytes32) {
        self.key = key
    }

    /// The value at the start of transaction `stamp`, the running one.
    @inline(__always)
    func original(_ stamp: UInt64) -> Bytes32 { writeStamp == stamp ? before : value }

    /// Notes that transaction `stamp` is about to write. Whether that is the first time.
    @inline(__always)
    mutating func beginWrite(_ stamp: UInt64) -> Bool {
        guard writeStamp != stamp else { return false }
        before = value
        writeStamp = stamp
        return true
    }
}
