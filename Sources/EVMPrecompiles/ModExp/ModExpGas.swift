import VMCommon

/// EIP-198, from Berlin on EIP-2565 and from Osaka on EIP-7883.
func modexpGas(_ revision: Revision, _ octets: PrecompileInput) -> UInt64 {
    let input = ModExpInput(octets)
    let length = max(input.baseLength, input.modulusLength)
    switch revision {
    case ..<Revision.berlin:
        return product(complexity198(length), iterations(input, perOctet: 8), dividedBy: 20)
    case ..<Revision.osaka:
        return max(200, product(squaredWords(length), iterations(input, perOctet: 8), dividedBy: 3))
    default:
        guard length > 32 else { return max(500, product(16, iterations(input, perOctet: 16), dividedBy: 1)) }
        return max(500, product(saturating(0, squaredWords(length), 2), iterations(input, perOctet: 16), dividedBy: 1))
    }
}

/// The number of squarings: the exponent's bits but the first, where all octets after the first 32 count in full.
private func iterations(_ input: ModExpInput, perOctet: UInt64) -> UInt64 {
    let headBits = UInt64(max(1, input.exponentHead.bitWidth)) - 1
    let tail = input.exponentLength > 32 ? input.exponentLength - 32 : 0
    return max(1, saturating(headBits, tail, perOctet))
}

private func squaredWords(_ length: UInt64) -> UInt64 {
    let words = length / 8 + (length % 8 == 0 ? 0 : 1)
    return saturating(0, words, words)
}

private func complexity198(_ length: UInt64) -> UInt64 {
    // The square of more would not fit.
    guard length < 1 << 32 else { return .max }
    let square = length * length
    return length <= 64 ? square : length <= 1024 ? square / 4 + 96 * length - 3072 : square / 16 + 480 * length - 199_680
}

/// `a` × `b` / `divisor`; UInt64.max for what is more, and whenever a factor stands for something more itself. (The price of that
/// is 2^55 at least: past what any block has, and the lengths past any host's memory.)
private func product(_ a: UInt64, _ b: UInt64, dividedBy divisor: UInt64) -> UInt64 {
    if a == 0 { return 0 }
    let (high, low) = a.multipliedFullWidth(by: b)
    guard a < .max, b < .max, high < divisor else { return .max }
    // By halves of 32 bits, so that what is left of one (below the divisor) fits in front of the next.
    let upper = (high << 32) | low >> 32
    let lower = (upper % divisor) << 32 | low & 0xffff_ffff
    return (upper / divisor) << 32 | lower / divisor
}
