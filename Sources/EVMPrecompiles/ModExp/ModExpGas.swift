import EVMRules
import VMCommon

func modexpGas(_ rules: PrecompileRules.ModExp, _ bytes: PrecompileInput) -> UInt64 {
    let input = ModExpInput(bytes)
    let length = max(input.baseLength, input.modulusLength)
    let complexity = switch rules.complexity {
    case .curves: complexity198(length)
    case .square: squaredWords(length)
    case .doubleSquare: length > 32 ? doubled(squaredWords(length)) : (0, 16)
    }
    return max(rules.least, product(complexity, squarings(input, rules.exponentByte), dividedBy: rules.divisor))
}

/// The exponent's bits but the first, where all bytes after the first 32 count in full.
private func squarings(_ input: ModExpInput, _ perByte: UInt64) -> UInt64 {
    let headBits = UInt64(truncatingIfNeeded: max(1, input.exponentHead.bitWidth)) - 1
    let tail = input.exponentLength > 32 ? input.exponentLength - 32 : 0
    return max(1, PrecompileRules.Price(headBits, perByte).of(tail))
}

/// A number of 128 bits.
private typealias Wide = (high: UInt64, low: UInt64)

private func squaredWords(_ length: UInt64) -> Wide {
    let words = length / 8 + (length % 8 == 0 ? 0 : 1)
    return words.multipliedFullWidth(by: words)
}

private func complexity198(_ length: UInt64) -> Wide {
    if length <= 64 { return (0, length * length) }
    if length <= 1024 { return (0, length * length / 4 + 96 * length - 3072) }
    let square: Wide = length.multipliedFullWidth(by: length)
    let linear: Wide = UInt64(480).multipliedFullWidth(by: length)
    let (low, carry) = (square.low >> 4 | square.high << 60).addingReportingOverflow(linear.low)
    let (rest, borrow) = low.subtractingReportingOverflow(199_680)
    // The sum stays below 2^124 + 2^73.
    return ((square.high >> 4) + linear.high + (carry ? 1 : 0) - (borrow ? 1 : 0), rest)
}

private func doubled(_ wide: Wide) -> Wide { (wide.high << 1 | wide.low >> 63, wide.low << 1) }

/// `a` × `b` / `divisor`; UInt64.max for what is more, and whenever `b` stands for something more itself.
private func product(_ a: Wide, _ b: UInt64, dividedBy divisor: UInt64) -> UInt64 {
    if a.high == 0 && a.low == 0 { return 0 }
    let upperPart: Wide = a.high.multipliedFullWidth(by: b)
    let lowerPart: Wide = a.low.multipliedFullWidth(by: b)
    let (high, overflow) = upperPart.low.addingReportingOverflow(lowerPart.high)
    guard b < .max, upperPart.high == 0, !overflow, high < divisor else { return .max }
    // By halves of 32 bits, so that what is left of one (below the divisor) fits in front of the next.
    let upper = (high << 32) | lowerPart.low >> 32
    let lower = (upper % divisor) << 32 | lowerPart.low & 0xffff_ffff
    return (upper / divisor) << 32 | lower / divisor
}
