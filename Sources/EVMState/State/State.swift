import CPVM
import EVMPrecompiles
import VMCommon

/// The world state σ (Yellow Paper, 4.1) with the substate of the running transaction (6.1): what it touched, created, destroyed,
/// warmed and logged. Every change goes through the journal, so that a call that fails leaves nothing behind.
///
/// Lack of memory is remembered in `failed` and keeps the change from happening: the state can then still be taken back to the
/// start of the transaction. Whoever owns a state calls `free`.
public struct State {
    var accounts = Vector<Account>()
    private var table = IndexTable()
    var codes: CodeStore
    let seed: KeyHash.Seed

    private var journal = Vector<JournalEntry>()
    var transient = TransientStorage()
    /// The running transaction's, and those of the last one that came to its end.
    var logs = LogStore()
    private(set) var lastLogs = LogStore()

    /// The number of the running transaction.
    private(set) var stamp: UInt64 = 1
    /// Accounts that the transaction changed, in the order in which it did, some perhaps back to what they were.
    private var changed = Vector<UInt32>()
    private var written = Vector<WrittenSlot>()
    /// The same of the last one, and room for that of the running one.
    private(set) var lastChanges = Changes()
    private var newChanges = Changes()
    /// What there was before the transaction.
    private var visits = Vector<StorageVisit>()
    private var accountsBefore = 0
    private var staleBefore = 0
    /// With more accounts than this it is time to look for some that are none.
    private var accountLimit = State.fewAccounts

    /// Accounts whose leaf in the state trie is out of date.
    var stale = Vector<UInt32>()
    var trie = Trie()
    var writer = RLPWriter()

    public private(set) var failed = false
    /// EIP-161's rule has one exception in history: RIPEMD160's account stays touched when the call that touched it is undone.
    private var isRipemdTouched = false
    private var lastAddress = Address()
    private var lastIndex = -1

    /// Nil if memory is short.
    public init?() {
        seed = .process
        guard let codes = CodeStore(seed: seed) else { return nil }
        self.codes = codes
    }

    public mutating func free() {
        for index in 0..<accounts.count { accounts.pointer(index).pointee.free() }
        accounts.free()
        table.free()
        codes.free()
        journal.free()
        logs.free()
        lastLogs.free()
        transient.free()
        changed.free()
        written.free()
        lastChanges.free()
        newChanges.free()
        visits.free()
        stale.free()
        trie.free()
        writer.free()
    }

    // MARK: Accounts

    @inline(__always)
    mutating func find(_ address: Address) -> Int? {
        if lastIndex >= 0, lastAddress == address { return lastIndex }
        guard let index = table.find(KeyHash.hash(address, seed), { accounts.pointer($0).pointee.address == address }) else { return nil }
        lastAddress = address
        lastIndex = index
        return index
    }

    /// Finds an account or makes room for one that does not exist. Nil if memory is short.
    mutating func enter(_ address: Address) -> Int? {
        if let index = find(address) { return index }
        guard accounts.count < Int(UInt32.max), accounts.reserve(1), table.insert(KeyHash.hash(address, seed), accounts.count) else {
            failed = true
            return nil
        }
        _ = accounts.append(Account(address))
        return accounts.count - 1
    }

    @inline(__always)
    func account(_ index: Int) -> UnsafeMutablePointer<Account> { accounts.pointer(index) }

    /// The account with this address if it is in the state.
    mutating func existing(_ address: Address) -> UnsafeMutablePointer<Account>? {
        guard let index = find(address), account(index).pointee.exists else { return nil }
        return account(index)
    }

    public mutating func exists(_ address: Address) -> Bool { existing(address) != nil }
    public mutating func isEmpty(_ address: Address) -> Bool { existing(address)?.pointee.isEmpty ?? true }
    public mutating func balance(_ address: Address) -> U256 { existing(address)?.pointee.balance ?? U256() }
    public mutating func nonce(_ address: Address) -> UInt64 { existing(address)?.pointee.nonce ?? 0 }

    /// Good until the transaction's end, or as long as an account has it.
    public mutating func code(_ address: Address) -> UnsafeRawBufferPointer { codeEntry(address).bytes }

    mutating func codeEntry(_ address: Address) -> Code { codes[existing(address)?.pointee.code ?? 0] }

    mutating func codeHash(_ address: Address) -> Bytes32 { codeEntry(address).hash }

    // MARK: Changes

    /// Makes an entry for a change of an account that is about to happen. False if memory is short: the change must not happen.
    private mutating func note(_ kind: JournalEntry.Kind, _ index: Int, slot: Int = 0, before: Bytes32 = Bytes32()) -> Bool {
        let account = account(index)
        if account.pointee.changeStamp != stamp {
            guard changed.append(UInt32(truncatingIfNeeded: index)) else { return fail() }
            account.pointee.changePosition = changed.count - 1
            account.pointee.changedSlotCount = 0
            account.pointee.changeStamp = stamp
        }
        if !account.pointee.isStale {
            guard stale.append(UInt32(truncatingIfNeeded: index)) else { return fail() }
            account.pointee.isStale = true
        }
        return journal.append(JournalEntry(kind, index, slot, before)) || fail()
    }

    /// The same for what leaves no trace in the state itself.
    private mutating func noteAccess(_ kind: JournalEntry.Kind, _ index: Int, slot: Int = 0, before: Bytes32 = Bytes32()) -> Bool {
        journal.append(JournalEntry(kind, index, slot, before)) || fail()
    }

    @inline(never)
    mutating func fail() -> Bool {
        failed = true
        return false
    }

    private mutating func appear(_ index: Int) {
        guard !account(index).pointee.exists, note(.existence, index) else { return }
        account(index).pointee.exists = true
    }

    public mutating func setBalance(_ address: Address, _ balance: U256) {
        guard let index = enter(address) else { return }
        appear(index)
        let account = account(index)
        guard account.pointee.balance != balance, note(.balance, index, before: Bytes32(account.pointee.balance)) else { return }
        account.pointee.balance = balance
    }

    /// Sums of balances stay below 2^256: nobody can own more Ether than there is.
    mutating func addBalance(_ address: Address, _ amount: U256) {
        setBalance(address, balance(address) &+ amount)
        touch(address)
    }

    mutating func subtractBalance(_ address: Address, _ amount: U256) {
        setBalance(address, balance(address) &- amount)
        touch(address)
    }

    public mutating func setNonce(_ address: Address, _ nonce: UInt64) {
        guard let index = enter(address) else { return }
        appear(index)
        let account = account(index)
        guard account.pointee.nonce != nonce, note(.nonce, index, before: Bytes32(account.pointee.nonce)) else { return }
        account.pointee.nonce = nonce
    }

    public mutating func setCode(_ address: Address, _ code: UnsafeRawBufferPointer) {
        guard let index = enter(address) else { return }
        appear(index)
        guard let entry = codes.enter(code) else {
            failed = true
            return
        }
        let account = account(index)
        guard account.pointee.code != entry, note(.code, index, before: Bytes32(UInt64(account.pointee.code))) else { return }
        codes.exchange(account.pointee.code, for: entry)
        account.pointee.code = entry
    }

    /// EIP-161: an account that is touched and empty is gone after the transaction. Before, touching makes it exist.
    mutating func touch(_ address: Address) {
        guard let index = enter(address) else { return }
        appear(index)
        let account = account(index)
        guard account.pointee.touchStamp != stamp, note(.touch, index, before: Bytes32(account.pointee.touchStamp)) else { return }
        account.pointee.touchStamp = stamp
        if address == Address(number: 3) { isRipemdTouched = true }
    }

    /// Notes that the running transaction created the account (EIP-6780).
    mutating func markCreated(_ address: Address) {
        guard let index = enter(address) else { return }
        appear(index)
        let account = account(index)
        guard account.pointee.creationStamp != stamp, note(.creation, index, before: Bytes32(account.pointee.creationStamp)) else { return }
        account.pointee.creationStamp = stamp
    }

    mutating func isCreated(_ address: Address) -> Bool { find(address).map { account($0).pointee.creationStamp == stamp } ?? false }

    /// Notes that the account is gone after the transaction. Whether that is new.
    mutating func markDestroyed(_ address: Address) -> Bool {
        guard let index = enter(address) else { return false }
        let account = account(index)
        guard account.pointee.destructionStamp != stamp,
              note(.destruction, index, before: Bytes32(account.pointee.destructionStamp)) else { return false }
        account.pointee.destructionStamp = stamp
        return true
    }

    // MARK: Storage

    public mutating func storage(_ address: Address, _ key: Bytes32) -> Bytes32 {
        guard let account = existing(address), let slot = account.pointee.findSlot(key, seed) else { return Bytes32() }
        return account.pointee.slots[slot].value
    }

    mutating func hasStorage(_ address: Address) -> Bool { (existing(address)?.pointee.occupiedSlots ?? 0) > 0 }

    /// The account with this address and the slot, made where there are none. Nil if memory is short.
    private mutating func slot(_ address: Address, _ key: Bytes32) -> (account: Int, slot: Int)? {
        guard let index = enter(address), visit(index), let position = account(index).pointee.slot(key, seed) else {
            failed = true
            return nil
        }
        return (index, position)
    }

    /// Notes what an account's storage is like before the transaction does something to it.
    private mutating func visit(_ index: Int) -> Bool {
        let account = account(index)
        guard account.pointee.visitStamp != stamp else { return true }
        let visit = StorageVisit(account: UInt32(truncatingIfNeeded: index), slots: account.pointee.slots.count,
                                 staleSlots: account.pointee.staleSlots.count)
        guard visits.append(visit) else { return false }
        account.pointee.visitStamp = stamp
        return true
    }

    /// Writes a slot. Gives its value before the transaction and before the write.
    mutating func setStorage(_ address: Address, _ key: Bytes32, _ value: Bytes32) -> (original: Bytes32, before: Bytes32) {
        guard let (index, position) = slot(address, key) else { return (Bytes32(), Bytes32()) }
        appear(index)
        let account = account(index)
        let slot = account.pointee.slots.pointer(position)
        let before = slot.pointee.value
        let original = slot.pointee.original(stamp)
        guard before != value, note(.storage, index, slot: position, before: before) else { return (original, before) }
        if !slot.pointee.isStale {
            guard account.pointee.staleSlots.append(UInt32(truncatingIfNeeded: position)) else {
                failed = true
                return (original, before)
            }
            slot.pointee.isStale = true
        }
        if !slot.pointee.isWritten(stamp) {
            guard written.append(WrittenSlot(account: UInt32(truncatingIfNeeded: index), slot: UInt32(truncatingIfNeeded: position))) else {
                failed = true
                return (original, before)
            }
            account.pointee.changedSlotCount += 1
            slot.pointee.beginWrite(stamp)
        }
        State.store(value, slot, account)
        return (original, before)
    }

    private static func store(_ value: Bytes32, _ slot: UnsafeMutablePointer<Slot>, _ account: UnsafeMutablePointer<Account>) {
        account.pointee.occupiedSlots += (value.isZero ? 0 : 1) - (slot.pointee.value.isZero ? 0 : 1)
        slot.pointee.value = value
    }

    /// EIP-1153. Not of the account but of the transaction.
    mutating func transientValue(_ address: Address, _ key: Bytes32) -> Bytes32 { transient.value(address, key, seed) }

    mutating func setTransient(_ address: Address, _ key: Bytes32, _ value: Bytes32) {
        guard let item = transient.enter(address, key, seed) else {
            failed = true
            return
        }
        let before = transient[item]
        guard before != value, noteAccess(.transient, 0, slot: item, before: before) else { return }
        transient[item] = value
    }

    // MARK: Warm and cold (EIP-2929)

    mutating func isWarm(_ address: Address) -> Bool { find(address).map { account($0).pointee.warmStamp == stamp } ?? false }

    /// Makes the address warm. Whether it was.
    mutating func warm(_ address: Address) -> Bool {
        guard let index = enter(address) else { return true }
        let account = account(index)
        if account.pointee.warmStamp == stamp { return true }
        guard noteAccess(.warmAccount, index) else { return true }
        account.pointee.warmStamp = stamp
        return false
    }

    mutating func warm(_ address: Address, _ key: Bytes32) -> Bool {
        guard let (index, position) = slot(address, key) else { return true }
        let slot = account(index).pointee.slots.pointer(position)
        if slot.pointee.warmStamp == stamp { return true }
        guard noteAccess(.warmSlot, index, slot: position) else { return true }
        slot.pointee.warmStamp = stamp
        return false
    }

    // MARK: Checkpoints

    func checkpoint() -> Checkpoint { Checkpoint(journal: journal.count, logs: logs.count) }

    /// Undoes everything since `checkpoint`, the last change first. Needs no memory.
    mutating func revert(to checkpoint: Checkpoint) {
        while journal.count > checkpoint.journal { undo(journal.removeLast()) }
        logs.shrink(to: checkpoint.logs)
    }

    private mutating func undo(_ entry: JournalEntry) {
        let account = account(Int(entry.account))
        switch entry.kind {
        case .balance: account.pointee.balance = entry.before.number
        case .nonce: account.pointee.nonce = entry.before.word0
        case .code:
            let before = UInt32(truncatingIfNeeded: entry.before.word0)
            codes.exchange(account.pointee.code, for: before)
            account.pointee.code = before
        case .existence: account.pointee.exists = false
        case .storage: State.store(entry.before, account.pointee.slots.pointer(Int(entry.slot)), account)
        case .transient: transient[Int(entry.slot)] = entry.before
        case .warmAccount: account.pointee.warmStamp = 0
        case .warmSlot: account.pointee.slots.pointer(Int(entry.slot)).pointee.warmStamp = 0
        case .touch: account.pointee.touchStamp = entry.before.word0
        case .creation: account.pointee.creationStamp = entry.before.word0
        case .destruction: account.pointee.destructionStamp = entry.before.word0
        }
    }

    // MARK: Transactions

    /// After this all changes belong to a new transaction. It ends with `endTransaction`, or with `abandon`, and what the last one changed and
    /// logged can be asked for until it has ended well.
    public mutating func beginTransaction() {
        forgetTransaction()
        isRipemdTouched = false
        failed = false
        stamp += 1
        accountsBefore = accounts.count
        staleBefore = stale.count
    }

    private mutating func forgetTransaction() {
        journal.clear()
        logs.clear()
        transient.clear()
        changed.clear()
        written.clear()
        visits.clear()
    }

    /// Makes the transaction's changes final (Yellow Paper, 6.2): accounts that it destroyed disappear, and those that it touched
    /// and left empty, if `deletesEmpty` (EIP-161). False if memory is short: it has not ended.
    public mutating func endTransaction(deletesEmpty: Bool) -> Bool {
        guard collectChanges() else { return fail() }
        for position in 0..<changed.count {
            let account = account(Int(changed[position]))
            let isGone = account.pointee.destructionStamp == stamp
                || deletesEmpty && account.pointee.touchStamp == stamp && account.pointee.isEmpty
            guard isGone, account.pointee.exists else { continue }
            delete(account)
            newChanges.forgetKeys(of: position)
        }
        if deletesEmpty, isRipemdTouched, let account = existing(Address(number: 3)), account.pointee.isEmpty { delete(account) }
        swap(&lastChanges, &newChanges)
        swap(&lastLogs, &logs)
        sweep()
        newChanges.clear()
        forgetTransaction()
        return true
    }

    /// Takes the transaction back: the state is what it was before, to its last entry. Needs no memory.
    mutating func abandon() {
        revert(to: Checkpoint(journal: 0, logs: 0))
        while visits.count > 0, case let visit = visits.removeLast() { account(Int(visit.account)).pointee.takeBack(to: visit, seed) }
        while stale.count > staleBefore { account(Int(stale.removeLast())).pointee.isStale = false }
        while accounts.count > accountsBefore {
            var account = accounts.removeLast()
            table.remove(KeyHash.hash(account.address, seed), accounts.count)
            account.free()
        }
        lastIndex = -1
        codes.sweep()
        newChanges.clear()
        forgetTransaction()
    }

    private mutating func collectChanges() -> Bool {
        guard newChanges.begin(changed.count, written.count) else { return false }
        var keys = 0
        for position in 0..<changed.count {
            let account = account(Int(changed[position]))
            newChanges.add(account.pointee.address, after: keys)
            keys += account.pointee.changedSlotCount
        }
        for position in 0..<written.count {
            let account = account(Int(written[position].account))
            newChanges.add(account.pointee.slots[Int(written[position].slot)].key, to: account.pointee.changePosition)
        }
        return true
    }

    private mutating func delete(_ account: UnsafeMutablePointer<Account>) {
        account.pointee.clearStorage()
        account.pointee.nonce = 0
        account.pointee.balance = U256()
        codes.exchange(account.pointee.code, for: 0)
        account.pointee.code = 0
        account.pointee.exists = false
    }

    // MARK: What holds nothing

    private static let fewAccounts = 256

    /// Gives up what the transaction has left that is of no use: code that nobody has, slots and accounts that were only looked at or are gone.
    /// Each kind is looked for when it may be half of all, so that it costs no more than what has come.
    private mutating func sweep() {
        codes.sweep()
        for position in 0..<visits.count { account(Int(visits[position].account)).pointee.sweep(seed) }
        guard accounts.count > accountLimit else { return }
        var kept = 0
        stale.shrink(to: 0)
        for index in 0..<accounts.count {
            var account = accounts[index]
            // A leaf that is still there has to be taken out first.
            guard account.exists || account.isInTrie else {
                account.free()
                continue
            }
            accounts[kept] = account
            // They were in the list before: there is room.
            if account.isStale { _ = stale.append(UInt32(truncatingIfNeeded: kept)) }
            kept += 1
        }
        accounts.shrink(to: kept)
        accounts.trim()
        stale.trim()
        table.rebuild(kept) { KeyHash.hash(accounts[$0].address, seed) }
        lastIndex = -1
        accountLimit = max(State.fewAccounts, 2 * kept)
    }
}

extension Bytes32 {
    /// A small number as the journal keeps it.
    fileprivate init(_ word: UInt64) { self.init(word, 0, 0, 0) }
}
