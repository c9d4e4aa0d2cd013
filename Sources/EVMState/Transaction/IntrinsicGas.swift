import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// What a transaction costs before it executes anything (Yellow Paper, 6.2: g_0), and the least that it costs in the end
/// (EIP-7623). Items of a list may share what they point to, so that the sum of their keys has no limit: UInt64.max stands for all that is more.
public struct IntrinsicGas {
    public let execution: UInt64
    public let floor: UInt64

    public init(_ transaction: duet_transaction_t, _ fork: Fork) {
        let rules = fork.rules.pointee.transaction, creation = fork.rules.pointee.creation
        let size = UInt64(truncatingIfNeeded: transaction.data_size)
        var zeros: UInt64 = 0
        for byte in transaction.dataBytes where byte == 0 { zeros += 1 }

        var gas = rules.base + zeros * rules.zeroByte + (size - zeros) * rules.otherByte
        if transaction.is_creation { gas += rules.creation + creation.initcodeWord * ((size + 31) / 32) }
        for tuple in transaction.accessTuples {
            let (sum, overflow) = gas.addingReportingOverflow(rules.accessAddress + rules.accessKey * UInt64(truncatingIfNeeded: tuple.key_count))
            gas = overflow ? .max : sum
        }
        // EIP-7702: as if every authority were a new account.
        let (sum, overflow) = gas.addingReportingOverflow(UInt64(truncatingIfNeeded: transaction.authorization_count) * rules.newAuthority)
        execution = overflow ? .max : sum
        floor = rules.floorToken == 0 ? 0 : rules.base + rules.floorToken * (zeros + rules.tokensOfOtherByte * (size - zeros))
    }
}
