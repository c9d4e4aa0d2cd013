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

    /// There are fewer than 2^32 accounts, and slots of each (`State.enter`, `Account.slot`).
    init(_ kind: Kind, _ account: Int, _ slot: Int, _ before: Bytes32) {
        self.kind = kind
        self.account = UInt32(truncatingIfNeeded: account)
        self.slot = UInt32(truncatingIfNeeded: slot)
        self.before = before
    }
}

/// A point to go back to.
public struct Checkpoint {
    let journal: Int
    let logs: Int
}
