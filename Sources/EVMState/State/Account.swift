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
    /// Whether there is such a leaf.
    var isInTrie = false

    var warmStamp: UInt64 = 0
    var touchStamp: UInt64 = 0
    var creationStamp: UInt64 = 0
    var destructionStamp: UInt64 = 0
    var changeStamp: UInt64 = 0
    /// Its place among the accounts that transaction `changeStamp` changed, and how many slots that wrote.
    var changePosition = 0
    var changedSlotCount = 0
    /// The transaction that last looked at the storage (`StorageVisit`).
    var visitStamp: UInt64 = 0

    var slots = Vector<Slot>()
    var slotTable = IndexTable()
    /// How many slots have a value other than zero.
    var occupiedSlots = 0
    /// Slots whose leaf in the storage trie is out of date.
    var staleSlots = Vector<UInt32>()
    /// With more slots than this it is time to look for some that hold nothing.
    private var slotLimit = Account.fewSlots

    var storageTrie = Trie()
    var storageRoot = Trie.emptyRoot
    /// Whether the trie has changed since `storageRoot` was its root.
    var hasStaleStorage = false
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
        slotLimit = Account.fewSlots
        storageTrie.free()
        storageRoot = Trie.emptyRoot
        hasStaleStorage = false
        occupiedSlots = 0
    }

    mutating func free() { clearStorage() }

    // MARK: Slots that hold nothing

    private static let fewSlots = 16

    /// Takes out the slots that came since a visit.
    mutating func takeBack(to visit: StorageVisit, _ seed: KeyHash.Seed) {
        while staleSlots.count > visit.staleSlots { slots.pointer(Int(staleSlots.removeLast())).pointee.isStale = false }
        while slots.count > visit.slots {
            let slot = slots.removeLast()
            slotTable.remove(KeyHash.hash(slot.key, seed), slots.count)
        }
    }

    /// Takes out slots that are zero, once they may be half of all: those that were only looked at, and those that are zero again.
    mutating func sweep(_ seed: KeyHash.Seed) {
        guard slots.count > slotLimit else { return }
        var kept = 0
        staleSlots.shrink(to: 0)
        for position in 0..<slots.count {
            let slot = slots[position]
            // A leaf that is still there has to be taken out first.
            if slot.value.isZero, !slot.isInTrie { continue }
            slots[kept] = slot
            // They were in the list before: there is room.
            if slot.isStale { _ = staleSlots.append(UInt32(truncatingIfNeeded: kept)) }
            kept += 1
        }
        slots.shrink(to: kept)
        slots.trim()
        staleSlots.trim()
        slotTable.rebuild(kept) { KeyHash.hash(slots[$0].key, seed) }
        slotLimit = max(Account.fewSlots, 2 * kept)
    }
}

/// What an account's storage was like when a transaction came to it.
struct StorageVisit {
    let account: UInt32
    let slots: Int
    let staleSlots: Int
}

/// An item of an account's storage.
struct Slot {
    let key: Bytes32
    var value = Bytes32()
    /// The value before transaction `writeStamp`.
    private var before = Bytes32()
    private var writeStamp: UInt64 = 0
    var warmStamp: UInt64 = 0
    /// As for accounts.
    var isStale = false
    var isInTrie = false

    init(key: Bytes32) {
        self.key = key
    }

    /// The value at the start of transaction `stamp`, the running one.
    @inline(__always)
    func original(_ stamp: UInt64) -> Bytes32 { writeStamp == stamp ? before : value }

    @inline(__always)
    func isWritten(_ stamp: UInt64) -> Bool { writeStamp == stamp }

    /// Notes that transaction `stamp` is about to write for the first time.
    @inline(__always)
    mutating func beginWrite(_ stamp: UInt64) {
        before = value
        writeStamp = stamp
    }
}
