/// Blobs of a block (EIP-4844, 7840).
public struct BlobRules: Sendable, BitwiseCopyable {
    public let target: UInt64
    public let most: UInt64
    public let updateFraction: UInt64

    public init(target: UInt64, most: UInt64, updateFraction: UInt64) {
        self.target = target
        self.most = most
        self.updateFraction = updateFraction
    }

    public static var gasPerBlob: UInt64 { 1 << 17 }
    /// A blob costs at least as much as this gas. EIP-7918
    public static var reserveGas: UInt64 { 1 << 13 }
}

/// What blocks do beside their transactions, and what they say.
public struct BlockRules: Sendable, BitwiseCopyable {
    public enum Difficulty: UInt8, Sendable, BitwiseCopyable {
        case frontier
        /// EIP-2
        case byAge
        /// EIP-100
        case byAgeAndOmmers
        /// EIP-3675
        case none
    }

    public var difficulty = Difficulty.frontier
    /// By how many blocks the difficulty bomb is late. EIP-649, 1234, 2384, 3554, 4345, 5133
    public var bombDelay: UInt64 = 0
    /// Receipts have the status in place of a state root. EIP-658
    public var hasStatus = false
    /// EIP-1559
    public var hasBaseFee = false
    /// EIP-4895
    public var hasWithdrawals = false
    /// The parent's beacon root is stored. EIP-4788
    public var hasBeaconRoot = false
    /// The parent's hash is stored. EIP-2935
    public var hasHistory = false
    /// EIP-7685
    public var hasRequests = false
    /// A blob costs at least what EIP-7918 wants.
    public var hasBlobReserve = false
    /// EIP-4844; nil before.
    public var blobs: BlobRules?
}
