import CPVM

/// The forks of Ethereum, oldest first. The raw values are EVMC's revision numbers; `experimental` has all rules of the latest one and
/// instructions of no fork yet.
public enum Fork: UInt8, Sendable, BitwiseCopyable, Comparable {
    case frontier, homestead, tangerineWhistle, spuriousDragon, byzantium, constantinople, petersburg, istanbul, berlin, london,
         paris, shanghai, cancun, prague, osaka, experimental

    public static let count = 16

    public static var latest: Fork { .osaka }

    /// nil for a number that is no fork's.
    public init?(_ revision: evmc_revision) {
        guard revision.rawValue < Fork.count else { return nil }
        self.init(rawValue: UInt8(truncatingIfNeeded: revision.rawValue))
    }

    public var evmc: evmc_revision { evmc_revision(rawValue: UInt32(rawValue)) }

    public var parent: Fork? { rawValue == 0 ? nil : Fork(rawValue: rawValue - 1) }

    @inline(__always)
    public static func < (left: Fork, right: Fork) -> Bool { left.rawValue < right.rawValue }
}
