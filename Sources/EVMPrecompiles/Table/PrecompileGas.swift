import EVMRules
import VMCommon

/// What the precompiles cost whose gas depends on the input.

extension PrecompileRules.Price {
    func of(_ units: UInt64) -> UInt64 {
        let (product, overflow) = units.multipliedReportingOverflow(by: unit)
        let (sum, carry) = base.addingReportingOverflow(product)
        return overflow || carry ? .max : sum
    }

    func of(_ units: Int) -> UInt64 { of(UInt64(truncatingIfNeeded: units)) }
}

/// For every 32 bytes begun (Yellow Paper, appendix E).
func perWord(_ price: PrecompileRules.Price, _ input: PrecompileInput) -> UInt64 {
    price.of(input.count / 32 + (input.count % 32 == 0 ? 0 : 1))
}

/// EIP-152: by the number of rounds. An input of another length costs nothing more than what a failure costs.
func blake2fGas(_ price: PrecompileRules.Price, _ input: PrecompileInput) -> UInt64 {
    input.count == blake2fInputSize ? price.of(input.word64(0) >> 32) : 0
}

/// EIP-2537: so many multiplications, at a discount in thousandths.
func msmGas(_ pairs: Int, _ price: PrecompileRules.Price, _ discounts: borrowing Table<UInt16>) -> UInt64 {
    guard pairs > 0 else { return 0 }
    let discount = UInt64(discounts[min(pairs, discounts.count) - 1])
    let (product, overflow) = UInt64(truncatingIfNeeded: pairs).multipliedReportingOverflow(by: price.unit * discount)
    return overflow ? .max : product / 1000
}
