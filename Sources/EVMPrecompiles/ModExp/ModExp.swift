import CPVM
import EVMRules
import VMCommon

/// MODEXP (EIP-198): base^exponent modulo the modulus, in as many octets as the modulus has; 0 for a modulus of 0 or 1. From Osaka
/// on there is a limit to the lengths (EIP-7823). The gas bounds time and memory: both follow the modulus's length.
func modexp(_ fork: Fork, _ octets: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    let input = ModExpInput(octets)
    if max(input.baseLength, input.exponentLength, input.modulusLength) > fork.rules.pointee.precompiles.modexpLimit { return .failure }
    guard input.modulusLength > 0 else { return .success }
    // No host's memory or time is enough for what is longer, whatever was paid.
    let limit: UInt64 = 1 << 40
    guard input.modulusLength < limit else { return .noMemory }
    let length = Int(truncatingIfNeeded: input.modulusLength)
    guard let result = output.makeZeroed(length) else { return .noMemory }

    let significant = Int(truncatingIfNeeded: input.modulus.significantLength)
    guard significant > 1 || significant == 1 && input.modulus.limb(0) > 1 else { return .success }
    guard input.baseLength < limit, input.exponentLength < limit else { return .noMemory }
    let count = (significant + 7) / 8
    let space = Space(input, count)
    guard let start = allocate(UInt64.self, space.total) else { return .noMemory }
    defer { free(start) }
    let number = ModularPower(input, count, space, start).result
    for index in 0..<significant {
        result[length - 1 - index] = UInt8(truncatingIfNeeded: number[index >> 3] >> UInt64(truncatingIfNeeded: 8 * (index & 7)))
    }
    return .success
}

/// How many limbs the parts of the calculation take.
private struct Space {
    let powers, ring, total: Int

    init(_ input: ModExpInput, _ count: Int) {
        // Both factors of the modulus take turns in the same space; either has at most `count` limbs.
        powers = MontgomeryRing.powersNeeded(input.exponent, count)
        ring = MontgomeryRing.spaceNeeded(count)
        total = powers + ring + 6 * (count + 1)
    }
}

/// With the modulus as 2^k × odd: the power modulo the odd factor by Montgomery multiplication, modulo 2^k by leaving away what is
/// above, and from both (Garner's form of the Chinese remainder theorem) the power modulo their product.
private struct ModularPower {
    private(set) var result: ConstantLimbs

    init(_ input: ModExpInput, _ count: Int, _ space: Space, _ start: Limbs) {
        let powers = start, ringSpace = start + space.powers
        var next = ringSpace + space.ring
        func take() -> Limbs {
            next += count + 1
            return next - (count + 1)
        }
        let odd = take(), base = take(), oddPower = take(), binaryPower = take(), sum = take(), scratch = take()

        for index in 0..<count { odd[index] = input.modulus.limb(index) }
        let zeros = Self.removeZeros(odd, count)
        var oddCount = count
        while odd[oddCount - 1] == 0 { oddCount -= 1 }

        let hasOdd = oddCount > 1 || odd[0] > 1
        if hasOdd {
            let ring = MontgomeryRing(odd, oddCount, space: ringSpace)
            Self.reduce(input.base, in: ring, to: base, scratch)
            ring.power(sum, base, input.exponent, one: ring.one, powers: powers)
            ring.number(oddPower, sum)
        }
        guard zeros > 0 else {
            result = ConstantLimbs(oddPower)
            return
        }
        let binaryCount = (zeros + 63) / 64
        let ring = BinaryRing(binaryCount, space: ringSpace)
        for index in 0..<binaryCount { base[index] = input.base.limb(index) }
        for index in 0..<binaryCount { scratch[index] = index == 0 ? 1 : 0 }
        ring.power(binaryPower, base, input.exponent, one: scratch, powers: powers)
        if hasOdd {
            // odd power + odd × ((binary power - odd power) / odd modulo 2^k)
            for index in 0..<binaryCount where index < oddCount {
                scratch[index] = oddPower[index]
            }
            for index in min(oddCount, binaryCount)..<binaryCount { scratch[index] = 0 }
            _ = subtractLimbs(binaryPower, binaryPower, scratch, binaryCount)
            ring.copy(sum, odd)
            for index in min(oddCount, binaryCount)..<binaryCount { sum[index] = 0 }
            ring.invert(base, sum, scratch: scratch)
            ring.multiply(binaryPower, binaryPower, base)
        }
        if zeros % 64 != 0 { binaryPower[binaryCount - 1] &= (1 << UInt64(truncatingIfNeeded: zeros % 64)) - 1 }
        guard hasOdd else {
            for index in binaryCount..<max(binaryCount, count) { binaryPower[index] = 0 }
            result = ConstantLimbs(binaryPower)
            return
        }
        // The sum is below the modulus; its limbs past `count` are 0, but the highest product touches one more.
        for index in 0...count { sum[index] = index < oddCount ? oddPower[index] : 0 }
        for index in 0..<binaryCount {
            let room = min(oddCount, count + 1 - index)
            var carry = addProduct(sum + index, odd, room, binaryPower[index])
            var position = index + room
            while carry != 0, position <= count {
                let (limb, overflow) = sum[position].addingReportingOverflow(carry)
                sum[position] = limb
                carry = overflow ? 1 : 0
                position += 1
            }
        }
        result = ConstantLimbs(sum)
    }

    /// Shifts the lowest zero bits out of a number other than 0 and returns how many they were.
    private static func removeZeros(_ number: Limbs, _ count: Int) -> Int {
        var limbs = 0
        while number[limbs] == 0 { limbs += 1 }
        let bits = UInt64(truncatingIfNeeded: number[limbs].trailingZeroBitCount)
        for index in 0..<count {
            let low = index + limbs < count ? number[index + limbs] : 0
            let high = index + limbs + 1 < count ? number[index + limbs + 1] : 0
            number[index] = bits == 0 ? low : low >> bits | high << (64 - bits)
        }
        return 64 * limbs + Int(truncatingIfNeeded: bits)
    }

    /// The base as an element of the ring, from chunks of as many limbs as the modulus has.
    private static func reduce(_ base: ModExpInput.Part, in ring: MontgomeryRing, to result: Limbs, _ chunk: Limbs) {
        let count = ring.count
        let limbs = (Int(truncatingIfNeeded: base.significantLength) + 7) / 8
        for index in 0..<count { result[index] = 0 }
        var start = (limbs + count - 1) / count * count
        while start > 0 {
            start -= count
            for index in 0..<count { chunk[index] = base.limb(start + index) }
            ring.multiply(result, result, ring.shift)
            ring.multiply(chunk, chunk, ring.shift)
            ring.add(result, result, chunk)
        }
    }
}
