import VMCommon

/// The input of MODEXP (EIP-198): three lengths of 32 octets, then base, exponent and modulus of those lengths, big-endian.
struct ModExpInput {
    private let input: PrecompileInput
    /// In octets; a length of 2^64 or more counts as 2^64 - 1.
    let baseLength, exponentLength, modulusLength: UInt64

    init(_ input: PrecompileInput) {
        self.input = input
        func length(_ offset: Int) -> UInt64 {
            input.word64(offset) | input.word64(offset + 8) | input.word64(offset + 16) == 0 ? input.word64(offset + 24) : .max
        }
        baseLength = length(0)
        exponentLength = length(32)
        modulusLength = length(64)
    }

    /// A number of the input.
    var base: Part { Part(input, 96, baseLength) }
    var exponent: Part { Part(input, Self.sum(96, baseLength), exponentLength) }
    var modulus: Part { Part(input, Self.sum(Self.sum(96, baseLength), exponentLength), modulusLength) }

    private static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }

    /// The first 32 octets of the exponent, or all of a shorter one, as a number.
    var exponentHead: U256 {
        let length = Int(truncatingIfNeeded: min(32, exponentLength))
        var head = InlineArray<32, UInt8>(repeating: 0)
        for index in 0..<length { head[32 - length + index] = exponent.octet(index) }
        return withUnsafeBytes(of: &head) { U256(bigEndian: $0.baseAddress!) }
    }

    struct Part {
        private let input: PrecompileInput
        /// Where it starts; past the end of the input all octets are 0.
        private let start: Int
        /// In octets.
        let length: UInt64

        init(_ input: PrecompileInput, _ start: UInt64, _ length: UInt64) {
            self.input = input
            self.start = Int(truncatingIfNeeded: min(start, UInt64(truncatingIfNeeded: input.count)))
            self.length = length
        }

        /// How many of the octets can be other than 0: those inside the input.
        var present: Int { Int(truncatingIfNeeded: min(length, UInt64(truncatingIfNeeded: input.count - start))) }

        /// The octet at `index` from the most significant on; `index` is below `length` and may be past the end of the input.
        @inline(__always)
        func octet(_ index: Int) -> UInt8 { index < input.count &- start ? input.octets[start &+ index] : 0 }

        /// The 64 bits from bit 64 × `index` on. `length` must be below 2^62.
        func limb(_ index: Int) -> UInt64 {
            let end = Int(truncatingIfNeeded: length) - 8 * index
            var limb: UInt64 = 0
            for position in max(0, end - 8)..<max(0, end) { limb = limb << 8 | UInt64(octet(position)) }
            return limb
        }

        /// Octets from the first that is not 0 on; 0 if there is none.
        var significantLength: UInt64 {
            for index in 0..<present where octet(index) != 0 { return length - UInt64(truncatingIfNeeded: index) }
            return 0
        }
    }
}
