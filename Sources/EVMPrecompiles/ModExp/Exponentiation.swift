import CPVM

extension Ring {
    /// Limbs that `power` needs for the odd powers.
    static func powersNeeded(_ exponent: ModExpInput.Part, _ count: Int) -> Int { count << (window(exponent) - 1) }

    /// A window of this many bits makes the fewest multiplications.
    private static func window(_ exponent: ModExpInput.Part) -> Int {
        switch exponent.significantLength {
        case 0...3: 2
        case 4...10: 3
        case 11...30: 4
        case 31...84: 5
        default: 6
        }
    }

    /// `result` = `base`^`exponent` by windows that slide over zeros; `one` is the ring's. `result` differs from the others.
    func power(_ result: Limbs, _ base: ConstantLimbs, _ exponent: ModExpInput.Part, one: ConstantLimbs, powers: Limbs) {
        let length = exponent.significantLength
        copy(result, one)
        guard length > 0 else { return }
        let width = Self.window(exponent)
        // base, base^3, base^5, …
        copy(powers, base)
        square(result, base)
        for index in 1..<1 << (width - 1) { multiply(powers + index * count, powers + (index - 1) * count, result) }

        let bits = ExponentBits(exponent)
        var position = Int(truncatingIfNeeded: length) * 8 - 1
        while bits[position] == 0 { position -= 1 }
        var isFirst = true
        while position >= 0 {
            if bits[position] == 0 {
                square(result, result)
                position -= 1
                continue
            }
            var low = max(0, position - width + 1)
            while bits[low] == 0 { low += 1 }
            var digit = 0
            for index in stride(from: position, through: low, by: -1) {
                digit = digit << 1 | bits[index]
                if !isFirst { square(result, result) }
            }
            let factor = powers + (digit >> 1) * count
            if isFirst { copy(result, factor) } else { multiply(result, result, factor) }
            isFirst = false
            position = low - 1
        }
    }
}

/// The bits of an exponent, numbered from the least significant on.
private struct ExponentBits {
    private let exponent: ModExpInput.Part
    private let last: Int

    init(_ exponent: ModExpInput.Part) {
        self.exponent = exponent
        last = Int(truncatingIfNeeded: exponent.length) - 1
    }

    @inline(__always)
    subscript(_ bit: Int) -> Int { Int(exponent.octet(last &- bit >> 3) >> UInt8(truncatingIfNeeded: bit & 7) & 1) }
}
