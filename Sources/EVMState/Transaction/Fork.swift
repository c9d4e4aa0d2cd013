import CPVM
import EVMPrecompiles

extension Revision {
    /// The fork that an EVMC revision stands for; experimental ones are the latest. Nil if there is no such revision.
    public init?(_ revision: evmc_revision) {
        guard revision.rawValue <= UInt32(EVMC_MAX_REVISION.rawValue) else { return nil }
        self = Revision(rawValue: UInt8(truncatingIfNeeded: revision.rawValue)) ?? .latest
    }

    public var evmc: evmc_revision { evmc_revision(rawValue: UInt32(rawValue)) }

    /// EIP-161.
    public var deletesEmptyAccounts: Bool { self >= .spuriousDragon }
}
