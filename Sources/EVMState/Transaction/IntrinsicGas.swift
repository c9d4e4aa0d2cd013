import CPVM
import EVMPrecompiles
import VMCommon

/// What a transaction costs before it executes anything (Yellow Paper, 6.2: g_0), and the least that it costs in the end
/// (EIP-7623). Items of a list may share what they point to, so that the sum of their keys has no limit: UInt64.max stands for all that is more.
public struct IntrinsicGas {
    public let execution: UInt64
    public let floor: UInt64

    private static let transaction: UInt64 = 21000

    public init(_ transaction: duet_transaction_t, _ revision: Revision) {
        var zeros: UInt64 = 0
        for octet in transaction.dataBytes where octet == 0 { zeros += 1 }
        let others = UInt64(truncatingIfNeeded: transaction.data_size) - zeros

        var gas = IntrinsicGas.transaction
        gas += zeros * 4 + others * (revision >= .istanbul ? 16 : 68)
        if transaction.is_creation {
            if revision >= .homestead { gas += 32000 }
            // EIP-3860
            if revision >= .shanghai { gas += 2 * ((UInt64(truncatingIfNeeded: transaction.data_size) + 31) / 32) }
        }
        // EIP-2930
        for tuple in transaction.accessTuples {
            let (sum, overflow) = gas.addingReportingOverflow(2400 + 1900 * UInt64(truncatingIfNeeded: tuple.key_count))
            gas = overflow ? .max : sum
        }
        // EIP-7702: as if every authority were a new account.
        let (sum, overflow) = gas.addingReportingOverflow(UInt64(truncatingIfNeeded: transaction.authorization_count) * SetCode.newAccountGas)
        execution = overflow ? .max : sum
        floor = revision >= .prague ? IntrinsicGas.transaction + 10 * (zeros + 4 * others) : 0
    }
}
