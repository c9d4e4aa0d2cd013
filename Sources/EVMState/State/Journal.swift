import VMCommon

/// What a change overwrote. Entries are undone from the last to the first.
struct JournalEntry {
    enum Kind: UInt8 {
        case balance, nonce, code, existence, storage, transient, warmAccount, warmSlot, touch, creation, destruction
    }

    let kind: Kind
    let account: UInt32
    /// Index of the slot or of the transient item.
    var slot: UInt32 = 0
    var before = Bytes32()
}

/// A point to go back to.
public struct Checkpoint {
    let journal: Int
    let logs: Int
}
