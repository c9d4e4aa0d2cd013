import CPVM

/// In what a state differs from the post state that a test carries.
enum StateDifferences {
    static func list(_ state: OpaquePointer, _ expected: [StateTest.PreAccount]) -> [String] {
        var lines: [String] = []
        for account in expected {
            var address = account.address
            var found = duet_account_t()
            _ = duet_state_account(state, &address, &found)
            guard found.exists else {
                lines.append("  \(address.hex): expected to exist")
                continue
            }
            if found.nonce != account.nonce { lines.append("  \(address.hex): nonce: expected \(account.nonce), found \(found.nonce)") }
            if !(found.balance == account.balance) {
                lines.append("  \(address.hex): balance: expected \(account.balance.quantity), found \(found.balance.quantity)")
            }
            let code = Array(UnsafeBufferPointer(start: found.code, count: found.code_size))
            if code != account.code { lines.append("  \(address.hex): code: expected 0x\(hexText(account.code)), found 0x\(hexText(code))") }
            for (key, value) in account.storage {
                var (key, actual) = (key, evmc_bytes32())
                _ = duet_state_storage(state, &address, &key, &actual)
                if !(actual == value) {
                    lines.append("  \(address.hex): storage \(key.quantity): expected \(value.quantity), found \(actual.quantity)")
                }
            }
        }
        return lines + surplus(state, expected)
    }

    /// Accounts and slots that nobody expects.
    private static func surplus(_ state: OpaquePointer, _ expected: [StateTest.PreAccount]) -> [String] {
        var lines: [String] = []
        for index in 0..<duet_state_account_count(state) {
            var found = duet_account_t()
            _ = duet_state_account_at(state, index, &found)
            guard found.exists else { continue }
            guard let account = expected.first(where: { $0.address == found.address }) else {
                lines.append("  \(found.address.hex): expected not to exist; nonce \(found.nonce), balance \(found.balance.quantity)")
                continue
            }
            for slot in 0..<duet_state_slot_count(state, index) {
                var (key, value) = (evmc_bytes32(), evmc_bytes32())
                _ = duet_state_slot_at(state, index, slot, &key, &value)
                if !value.isZero, !account.storage.contains(where: { $0.key == key }) {
                    lines.append("  \(found.address.hex): storage \(key.quantity): expected 0x0, found \(value.quantity)")
                }
            }
        }
        return lines
    }
}
