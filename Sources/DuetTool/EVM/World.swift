import CPVM
import VMCommon

/// The accounts and logs of a run, kept in memory. A snapshot is a copy.
struct World {
    struct Slot {
        /// At the start of the run.
        var original = U256.zero
        var current = U256.zero
        var transient = U256.zero
        var isWarm = false
    }

    struct Account {
        var nonce: UInt64 = 0
        var balance = U256.zero
        var code: [UInt8] = []
        var storage: [U256: Slot] = [:]
        var isNew = false
        var isDestructed = false

        var isEmpty: Bool { nonce == 0 && balance.isZero && code.isEmpty }
    }

    struct Log {
        let address: U256
        let topics: [U256]
        let data: [UInt8]
    }

    /// By address. An account that is not here does not exist.
    var accounts: [U256: Account] = [:]
    var logs: [Log] = []
    /// Addresses without an account that were accessed.
    private var warm: Set<U256> = []

    subscript(_ address: U256) -> Account { accounts[address] ?? Account() }

    /// Changes an account, which is made if it is not there.
    mutating func change<Result>(_ address: U256, _ work: (inout Account) -> Result) -> Result {
        work(&accounts[address, default: Account()])
    }

    /// Marks an account as accessed. True if it was so already.
    mutating func access(_ address: U256) -> Bool { !warm.insert(address).inserted }

    mutating func access(_ address: U256, slot: U256) -> Bool {
        change(address) { account in
            let wasWarm = account.storage[slot, default: Slot()].isWarm
            account.storage[slot, default: Slot()].isWarm = true
            return wasWarm
        }
    }

    /// Sets a storage entry; says what kind of change that is.
    mutating func store(_ address: U256, _ slot: U256, _ value: U256) -> evmc_storage_status {
        change(address) { account in
            let entry = account.storage[slot] ?? Slot()
            account.storage[slot, default: Slot()].current = value
            return World.status(original: entry.original, current: entry.current, value: value)
        }
    }

    static func status(original: U256, current: U256, value: U256) -> evmc_storage_status {
        if current == value { return EVMC_STORAGE_ASSIGNED }
        if original == current {
            if current.isZero { return EVMC_STORAGE_ADDED }
            return value.isZero ? EVMC_STORAGE_DELETED : EVMC_STORAGE_MODIFIED
        }
        if original.isZero { return value.isZero ? EVMC_STORAGE_ADDED_DELETED : EVMC_STORAGE_ASSIGNED }
        if current.isZero { return original == value ? EVMC_STORAGE_DELETED_RESTORED : EVMC_STORAGE_DELETED_ADDED }
        if value.isZero { return EVMC_STORAGE_MODIFIED_DELETED }
        return original == value ? EVMC_STORAGE_MODIFIED_RESTORED : EVMC_STORAGE_ASSIGNED
    }

    /// False, and nothing changes, if the payer does not have as much.
    mutating func transfer(_ value: U256, from payer: U256, to payee: U256) -> Bool {
        if self[payer].balance < value { return false }
        if !value.isZero {
            change(payer) { $0.balance = $0.balance &- value }
            change(payee) { $0.balance = $0.balance &+ value }
        }
        return true
    }
}
