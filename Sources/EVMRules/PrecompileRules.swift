/// What precompiles cost.
public struct PrecompileRules: Sendable, BitwiseCopyable {
    /// MODEXP: the product of a complexity, which the lengths of base and modulus give, and the squarings, by `divisor`.
    public struct ModExp: Sendable, BitwiseCopyable {
        public enum Complexity: UInt8, Sendable, BitwiseCopyable {
            /// Three curves for three ranges. EIP-198
            case curves
            /// The square of the words of 8 bytes. EIP-2565
            case square
            /// Twice that, and 16 up to 32 bytes. EIP-7883
            case doubleSquare
        }

        public let complexity: Complexity
        public let least: UInt64
        public let divisor: UInt64
        /// Squarings for each byte of the exponent behind its first 32.
        public let exponentByte: UInt64
    }

    /// A fixed part and what each unit of the input adds.
    public struct Price: Sendable, BitwiseCopyable {
        public let base: UInt64
        public let unit: UInt64

        public init(_ base: UInt64, _ unit: UInt64 = 0) {
            self.base = base
            self.unit = unit
        }
    }

    public let ecrecover = Price(3000)
    // For each word of 32 bytes.
    public let sha256 = Price(60, 12)
    public let ripemd160 = Price(600, 120)
    public let identity = Price(15, 3)
    public var modexp = ModExp(complexity: .curves, least: 0, divisor: 20, exponentByte: 8)
    /// The greatest base, exponent and modulus. EIP-7823
    public var modexpLimit = UInt64.max
    // EIP-196, 197, 1108; for each pair.
    public var bn254Add = Price(500)
    public var bn254Mul = Price(40_000)
    public var bn254Pairing = Price(100_000, 80_000)
    /// For each round. EIP-152
    public let blake2f = Price(0, 1)
    /// EIP-4844
    public let pointEvaluation = Price(50_000)
    // EIP-2537; multiplications before the discount, and pairs.
    public let bls12G1Add = Price(375)
    public let bls12G1Mul = Price(0, 12_000)
    public let bls12G2Add = Price(600)
    public let bls12G2Mul = Price(0, 22_500)
    public let bls12Pairing = Price(37_700, 32_600)
    public let bls12MapToG1 = Price(5500)
    public let bls12MapToG2 = Price(23_800)
    /// EIP-7951
    public let p256Verify = Price(6900)
}
