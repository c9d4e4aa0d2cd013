import CPVM

/// What setting a storage entry did, in EVMC's words: from its value at the start of the transaction, the present one and the new one.
@inlinable
public func storageStatus<Word: Equatable>(_ original: Word, _ before: Word, _ new: Word, zero: Word) -> evmc_storage_status {
    if before == new { return EVMC_STORAGE_ASSIGNED }
    if before == original {
        if original == zero { return EVMC_STORAGE_ADDED }
        return new == zero ? EVMC_STORAGE_DELETED : EVMC_STORAGE_MODIFIED
    }
    if original == zero { return new == zero ? EVMC_STORAGE_ADDED_DELETED : EVMC_STORAGE_ASSIGNED }
    if before == zero { return new == original ? EVMC_STORAGE_DELETED_RESTORED : EVMC_STORAGE_DELETED_ADDED }
    if new == zero { return EVMC_STORAGE_MODIFIED_DELETED }
    return new == original ? EVMC_STORAGE_MODIFIED_RESTORED : EVMC_STORAGE_ASSIGNED
}
