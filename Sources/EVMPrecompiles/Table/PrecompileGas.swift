import VMCommon

/// What the precompiles cost whose gas depends on the input.

/// `base` and `word` for every 32 octets begun (Yellow Paper, appendix E).
func perWord(_ base: UInt64, _ word: UInt64, _ input: PrecompileInput) -> UInt64 {
    let octets = UInt64(truncatingIfNeeded: input.count)
    let words = octets / 32 + (octets % 32 == 0 ? 0 : 1)
    return saturating(base, words, word)
}

/// `base` + `count` × `each`.
func saturating(_ base: UInt64, _ count: UInt64, _ each: UInt64) -> UInt64 {
    let (product, overflow) = count.multipliedReportingOverflow(by: each)
    let (sum, carry) = base.addingReportingOverflow(product)
    return overflow || carry ? .max : sum
}

/// EIP-196/197, repriced by EIP-1108.
func bn254PairingGas(_ revision: Revision, _ input: PrecompileInput) -> UInt64 {
    let pairs = UInt64(truncatingIfNeeded: input.count / 192)
    return revision < .istanbul ? saturating(100_000, pairs, 80_000) : saturating(45_000, pairs, 34_000)
}

/// EIP-152: the number of rounds. An input of another length costs nothing more than what a failure costs.
func blake2fGas(_: Revision, _ input: PrecompileInput) -> UInt64 {
    input.count == blake2fInputSize ? input.word64(0) >> 32 : 0
}

// MARK: EIP-2537

func bls12G1MSMGas(_: Revision, _ input: PrecompileInput) -> UInt64 { msmGas(input.count / 160, 12_000, g1Discounts) }

func bls12G2MSMGas(_: Revision, _ input: PrecompileInput) -> UInt64 { msmGas(input.count / 288, 22_500, g2Discounts) }

private func msmGas(_ pairs: Int, _ multiplication: UInt64, _ discounts: borrowing Table<UInt16>) -> UInt64 {
    guard pairs > 0 else { return 0 }
    let discount = UInt64(discounts[min(pairs, discounts.count) - 1])
    let (product, overflow) = UInt64(truncatingIfNeeded: pairs).multipliedReportingOverflow(by: multiplication * discount)
    return overflow ? .max : product / 1000
}

func bls12PairingCheckGas(_: Revision, _ input: PrecompileInput) -> UInt64 {
    saturating(37_700, UInt64(truncatingIfNeeded: input.count / 384), 32_600)
}
