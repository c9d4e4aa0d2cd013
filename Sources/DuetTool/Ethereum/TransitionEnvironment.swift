import CPVM
import VMCommon

/// The block of a transition, from the file that transition tools call env: what it does not say is computed from the parent.
struct TransitionEnvironment {
    struct Withdrawal {
        let index: UInt64
        let validatorIndex: UInt64
        let address: evmc_address
        /// In Gwei.
        let amount: UInt64
    }

    struct Ommer {
        /// How many blocks it is behind.
        let delta: UInt64
        let address: evmc_address
    }

    var block = duet_block_t()
    let excessBlobGas: UInt64
    let baseFee: U256
    let schedule: BlobSchedule
    let parentBeaconBlockRoot: evmc_bytes32?
    let parentHash: evmc_bytes32?
    let withdrawals: [Withdrawal]?
    let ommers: [Ommer]
    /// Hashes by block number; the block's function reads them.
    let hashes: BlockHashes

    final class BlockHashes {
        var byNumber: [UInt64: evmc_bytes32] = [:]
    }

    /// `blobs` says what differs from the fork's blob schedule.
    init(_ env: JSONValue, _ revision: evmc_revision, chainID: UInt64, blobs: BlobSchedule) throws(ValueError) {
        let number = try env.required("currentNumber", Values.quantity63)
        block.coinbase = try env.required("currentCoinbase", Values.address)
        block.number = number
        // Code sees all 64 bits.
        block.timestamp = Int64(bitPattern: try env.required("currentTimestamp", Values.quantity64))
        block.gas_limit = try env.required("currentGasLimit", Values.quantity63)
        block.gas_left = block.gas_limit
        block.chain_id = evmc_bytes32(chainID)
        schedule = blobs
        parentBeaconBlockRoot = try env.optional("parentBeaconBlockRoot", Values.hash)
        parentHash = try env.optional("parentHash", Values.hash)
        withdrawals = try env.optional("withdrawals", Values.list(of: Withdrawal.init))
        ommers = try env.optional("ommers", Values.list(of: Ommer.init)) ?? []
        hashes = BlockHashes()
        let known = try env.optional("blockHashes", Values.map(Values.quantity64, by: { $0 }, Values.hash)) ?? []
        for (number, hash) in known { hashes.byNumber[number] = hash }
        if let parentHash, number > 0, hashes.byNumber[UInt64(number) - 1] == nil { hashes.byNumber[UInt64(number) - 1] = parentHash }

        let random = try env.optional("currentRandom", Values.quantity256)
        let difficulty = try env.optional("currentDifficulty", Values.quantity256)
        if revision.rawValue >= EVMC_PARIS.rawValue {
            guard let random else { throw ValueError("it is missing").within("currentRandom") }
            block.prev_randao = random.word
        } else if let difficulty {
            block.prev_randao = difficulty.word
        } else {
            throw ValueError("it is missing; it is not computed from the parent's").within("currentDifficulty")
        }

        let parentBaseFee = try env.optional("parentBaseFee", Values.quantity256)
        baseFee = try TransitionEnvironment.baseFee(env, revision, parentBaseFee)
        block.base_fee = baseFee.word
        excessBlobGas = try TransitionEnvironment.excessBlobGas(env, revision, parentBaseFee, schedule)
        if revision.rawValue >= EVMC_CANCUN.rawValue {
            block.blob_base_fee = duet_blob_base_fee(excessBlobGas, schedule.updateFraction)
            block.blobs_left = schedule.max
        }
        block.block_hash = { context, number in
            let hashes = Unmanaged<BlockHashes>.fromOpaque(context!).takeUnretainedValue()
            return UInt64(exactly: number).flatMap { hashes.byNumber[$0] } ?? evmc_bytes32()
        }
        block.block_hash_context = Unmanaged.passUnretained(hashes).toOpaque()
    }

    // MARK: What the parent says

    private static func baseFee(_ env: JSONValue, _ revision: evmc_revision, _ parent: U256?) throws(ValueError) -> U256 {
        let current = try env.optional("currentBaseFee", Values.quantity256)
        let used = try env.optional("parentGasUsed", Values.quantity64)
        let limit = try env.optional("parentGasLimit", Values.quantity64)
        guard revision.rawValue >= EVMC_LONDON.rawValue else { return .zero }
        if let current { return current }
        guard let parent, let used, let limit else {
            throw ValueError("it is missing, and so is one of parentBaseFee, parentGasUsed and parentGasLimit").within("currentBaseFee")
        }
        guard let fee = nextBaseFee(parent, used: used, limit: limit) else {
            throw ValueError("it cannot be computed from a parent with a base fee of \(parent.word.quantity), \(used) gas used and a limit of \(limit)")
                .within("currentBaseFee")
        }
        return fee
    }

    /// EIP-1559: by at most an eighth towards the target of half the limit. Nil if a number on the way exceeds 256 bits.
    static func nextBaseFee(_ parent: U256, used: UInt64, limit: UInt64) -> U256? {
        let target = limit / 2
        if used == target { return parent }
        guard target > 0 else { return nil }
        let product = U256.multiplyFull(parent, U256(used > target ? used - target : target - used))
        guard product.high.isZero else { return nil }
        let change = product.low / U256(target) / U256(8)
        if used < target { return change > parent ? .zero : parent &- change }
        let (sum, carry) = U256.addingWithCarry(parent, change.isZero ? .one : change)
        return carry == 0 ? sum : nil
    }

    private static func excessBlobGas(_ env: JSONValue, _ revision: evmc_revision, _ parentBaseFee: U256?, _ schedule: BlobSchedule)
        throws(ValueError) -> UInt64 {
        let current = try env.optional("currentExcessBlobGas", Values.quantity64)
        let parent = try env.optional("parentExcessBlobGas", Values.quantity64) ?? 0
        let used = try env.optional("parentBlobGasUsed", Values.quantity64) ?? 0
        guard revision.rawValue >= EVMC_CANCUN.rawValue else { return 0 }
        if let current { return current }
        guard let excess = schedule.excessGas(parent: parent, used: used, baseFee: parentBaseFee ?? .zero, revision) else {
            throw ValueError("\(parent) and parentBlobGasUsed, \(used), are more than 64 bits hold").within("parentExcessBlobGas")
        }
        return excess
    }
}

extension TransitionEnvironment.Withdrawal {
    init(_ json: JSONValue) throws(ValueError) {
        index = try json.optional("index", Values.hexQuantity64) ?? 0
        validatorIndex = try json.optional("validatorIndex", Values.hexQuantity64) ?? 0
        address = try json.required("address", Values.address)
        amount = try json.required("amount", Values.hexQuantity64)
    }
}

extension TransitionEnvironment.Ommer {
    init(_ json: JSONValue) throws(ValueError) {
        delta = try json.required("delta", Values.quantity64)
        // The Yellow Paper's reward: nobody else is paid for.
        guard (1...7).contains(delta) else { throw ValueError("\(delta) is no number from 1 to 7").within("delta") }
        address = try json.required("address", Values.address)
    }
}
