import VMCommon

/// EIP-4844: the price of blobs' gas.
public enum BlobFee {
    /// e^(excess / fraction) as the EIP's fake_exponential with factor 1 has it; 2^256 - 1 if a sum or product on the way exceeds
    /// that, which takes a price that no one can pay for one blob.
    public static func price(excessGas: UInt64, updateFraction: UInt64) -> U256 {
        guard updateFraction > 0 else { return .max }
        // e^178 exceeds 2^256.
        guard excessGas / updateFraction < 178 else { return .max }
        let fraction = U256(updateFraction)
        var sum = U256()
        var term = fraction
        var index: UInt64 = 1
        while !term.isZero {
            let (next, carry) = U256.addingWithCarry(sum, term)
            guard carry == 0 else { return .max }
            sum = next
            let product = U256.multiplyFull(term, U256(excessGas))
            guard product.high.isZero else { return .max }
            let divisor = updateFraction.multipliedFullWidth(by: index)
            term = product.low / U256(divisor.low, divisor.high)
            index += 1
        }
        return sum / fraction
    }
}

