import CPVM
import EVMRules
import EVMState
import VMCommon

/// What a fork, or a chain's schedule, says of blobs (EIP-7840).
struct BlobSchedule {
    private(set) var target: UInt64
    private(set) var max: UInt64
    private(set) var updateFraction: UInt64

    /// What a chain has otherwise than the fork.
    struct Changes {
        let target: UInt64?
        let max: UInt64?
        let updateFraction: UInt64?

        init(_ json: JSONValue) throws(ValueError) {
            target = try json.optional("target", Values.quantity64)
            max = try json.optional("max", Values.quantity64)
            updateFraction = try json.optional("baseFeeUpdateFraction", Values.quantity64)
        }
    }

    init(target: UInt64, max: UInt64, updateFraction: UInt64) {
        (self.target, self.max, self.updateFraction) = (target, max, updateFraction)
    }

    /// The fork's. Forks without blobs have no use for it.
    init(_ fork: NamedFork) {
        let rules = fork.rules.block.blobs ?? NamedFork.latest.rules.block.blobs!
        self.init(target: rules.target, max: rules.most, updateFraction: rules.updateFraction)
    }

    init(_ fork: NamedFork, _ changes: Changes?) throws(ValueError) {
        self.init(fork)
        target = changes?.target ?? target
        max = changes?.max ?? max
        updateFraction = changes?.updateFraction ?? updateFraction
        guard max <= UInt64.max / BlobRules.gasPerBlob else { throw ValueError("the gas of \(max) blobs exceeds 64 bits").within("max") }
        guard target <= max else { throw ValueError("\(target) blobs are more than the \(max) that a block may have").within("target") }
        guard updateFraction > 0 else { throw ValueError("0 is no fraction").within("baseFeeUpdateFraction") }
    }

    var targetGas: UInt64 { target * BlobRules.gasPerBlob }

    /// EIP-4844: the excess blob gas behind a block, with EIP-7918's reserve price where the fork has it. Nil if it exceeds 64 bits.
    func excessGas(parent: UInt64, used: UInt64, baseFee: U256, _ rules: BlockRules) -> UInt64? {
        let (sum, overflows) = parent.addingReportingOverflow(used)
        guard !overflows else { return nil }
        guard sum >= targetGas else { return 0 }
        guard rules.hasBlobReserve, hasReservePrice(parent: parent, baseFee) else { return sum - targetGas }
        // At most `used`, since max - target is at most max.
        let share = max == 0 ? 0 : max.dividingFullWidth(used.multipliedFullWidth(by: max - target)).quotient
        return parent + share
    }

    /// Whether a blob costs less than EIP-7918 wants it to.
    private func hasReservePrice(parent: UInt64, _ baseFee: U256) -> Bool {
        let blob = U256.multiplyFull(U256(duet_blob_base_fee(parent, updateFraction)), U256(BlobRules.gasPerBlob))
        let floor = U256.multiplyFull(U256(BlobRules.reserveGas), baseFee)
        return floor.high > blob.high || floor.high == blob.high && floor.low > blob.low
    }
}
