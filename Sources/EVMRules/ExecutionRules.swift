import CPVM

/// What instructions cost and may do beyond the fixed cost that their table has.
public struct ExecutionRules: Sendable, BitwiseCopyable {
    public struct Store: Sendable, BitwiseCopyable {
        public var cost: Int32
        public var refund: Int32
    }

    /// EXP: for each byte of the exponent. EIP-160
    public var expByte: Int64 = 10
    /// Is accessed storage and are accessed accounts cheaper? EIP-2929
    public var hasAccessLists = false
    /// A warm access by an instruction whose fixed cost has none. EIP-2929
    public var warmAccess: Int64 = 0
    /// What the first access to an account adds to the cost of the instruction; to storage, for SLOAD and for SSTORE. EIP-2929
    public var coldAccount: Int64 = 0
    public var coldLoad: Int64 = 0
    public var coldStore: Int64 = 0
    /// SSTORE fails if no more than this gas is left. EIP-2200
    public var storeNeeds: Int64 = -1
    /// CALL and CREATE hand on at most all but a 64th. EIP-150
    public var keepsA64th = false
    /// A call to an account that is not there pays for it only if it transfers value. EIP-161
    public var emptyAccountsAreFree = false
    /// SELFDESTRUCT pays for an account that it makes. EIP-150, 161
    public var selfdestructPaysForAccount = false
    /// SELFDESTRUCT gives this back, once an account. EIP-3529: nothing
    public var selfdestructRefund: Int64 = 24000
    /// SELFDESTRUCT deletes what the same transaction has made, and nothing else. EIP-6780
    public var selfdestructSparesOld = false
    /// Calls follow delegations. EIP-7702
    public var hasDelegations = false
    /// Cost and refund of SSTORE, by EVMC's storage status.
    public var store = InlineArray<9, Store>(repeating: Store(cost: 0, refund: 0))

    /// Before EIP-1283, and in Petersburg without it.
    mutating func storeByValue() {
        for status in store.indices { store[status] = Store(cost: 5000, refund: 0) }
        func rule(_ status: evmc_storage_status, _ cost: Int32, _ refund: Int32) { store[Int(status.rawValue)] = Store(cost: cost, refund: refund) }
        rule(EVMC_STORAGE_ADDED, 20000, 0)
        rule(EVMC_STORAGE_DELETED_ADDED, 20000, 0)
        rule(EVMC_STORAGE_DELETED_RESTORED, 20000, 0)
        rule(EVMC_STORAGE_DELETED, 5000, 15000)
        rule(EVMC_STORAGE_MODIFIED_DELETED, 5000, 15000)
        rule(EVMC_STORAGE_ADDED_DELETED, 5000, 15000)
    }

    /// EIP-1283, 2200, 2929, 3529: what counts is how the transaction found the entry. `access` is what touching a changed entry
    /// costs, `reset` what changing one from something that is not zero does, `clear` the refund for making it zero.
    mutating func storeByNet(access: Int32, reset: Int32, clear: Int32) {
        let set: Int32 = 20000
        func rule(_ status: evmc_storage_status, _ cost: Int32, _ refund: Int32) { store[Int(status.rawValue)] = Store(cost: cost, refund: refund) }
        rule(EVMC_STORAGE_ASSIGNED, access, 0)
        rule(EVMC_STORAGE_ADDED, set, 0)
        rule(EVMC_STORAGE_DELETED, reset, clear)
        rule(EVMC_STORAGE_MODIFIED, reset, 0)
        rule(EVMC_STORAGE_DELETED_ADDED, access, -clear)
        rule(EVMC_STORAGE_MODIFIED_DELETED, access, clear)
        rule(EVMC_STORAGE_DELETED_RESTORED, access, reset - access - clear)
        rule(EVMC_STORAGE_ADDED_DELETED, access, set - access)
        rule(EVMC_STORAGE_MODIFIED_RESTORED, access, reset - access)
    }
}
