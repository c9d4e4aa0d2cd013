import CPVM
import VMCommon

/// Costs and rules that are not the fixed cost of an instruction. A fork is its parent plus deltas, as in `ForkTable.swift`.
struct ForkRules: Sendable, BitwiseCopyable {
    struct Store: Sendable, BitwiseCopyable {
        var cost: Int32
        var refund: Int32
    }

    /// EXP: for each octet of the exponent. EIP-160
    var expOctet: Int64 = 10
    /// Is accessed storage and are accessed accounts cheaper? EIP-2929
    var hasAccessLists = false
    /// What the first access to an account adds to the cost of the instruction; to storage, for SLOAD and for SSTORE. EIP-2929
    var coldAccount: Int64 = 0
    var coldLoad: Int64 = 0
    var coldStore: Int64 = 0
    /// SSTORE fails if no more than this gas is left. EIP-2200
    var storeNeeds: Int64 = -1
    /// CALL and CREATE hand on at most all but a 64th. EIP-150
    var keepsA64th = false
    /// A call to an account that is not there pays for it only if it transfers value. EIP-161
    var emptyAccountsAreFree = false
    /// SELFDESTRUCT pays for an account that it makes. EIP-150, 161
    var selfdestructPaysForAccount = false
    /// SELFDESTRUCT gives this back, once an account. EIP-3529: nothing
    var selfdestructRefund: Int64 = 24000
    /// Calls follow delegations. EIP-7702
    var hasDelegations = false
    /// The greatest initcode of CREATE, and what a word of it costs. EIP-3860
    var initcodeLimit = UInt64.max
    var initcodeWord: Int64 = 0
    /// Cost and refund of SSTORE, by EVMC's storage status.
    var store = InlineArray<9, Store>(repeating: Store(cost: 0, refund: 0))

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

    init(_ fork: Fork) {
        guard let parent = fork.parent else {
            storeByValue()
            return
        }
        self = ForkRules(parent)
        switch fork {
        case .tangerineWhistle:
            keepsA64th = true
            selfdestructPaysForAccount = true
        case .spuriousDragon:
            expOctet = 50
            emptyAccountsAreFree = true
        case .constantinople: storeByNet(access: 200, reset: 5000, clear: 15000)
        case .petersburg: storeByValue()
        case .istanbul:
            storeByNet(access: 800, reset: 5000, clear: 15000)
            storeNeeds = 2300
        case .berlin:
            hasAccessLists = true
            coldAccount = 2500
            coldLoad = 2000
            coldStore = 2100
            storeByNet(access: 100, reset: 2900, clear: 15000)
        case .london:
            storeByNet(access: 100, reset: 2900, clear: 4800)
            selfdestructRefund = 0
        case .shanghai:
            initcodeLimit = 0xc000
            initcodeWord = 2
        case .prague: hasDelegations = true
        case .frontier, .homestead, .byzantium, .paris, .cancun, .osaka, .experimental: break
        }
    }
}

private let table = Table<ForkRules>(count: Fork.count) { ForkRules(Fork(rawValue: UInt8(truncatingIfNeeded: $0)) ?? .frontier) }

func rules(of fork: Fork) -> UnsafePointer<ForkRules> { table.address + Int(fork.rawValue) }
