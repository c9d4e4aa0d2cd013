import CPVM
import EVMRules
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
    let withdrawals: [Withdrawal]?
    let ommers: [Ommer]
    /// Hashes by block number; the block's function reads them.
    let hashes: BlockHashes

    final class BlockHashes {
        var byNumber: [UInt64: evmc_bytes32] = [:]
        /// Of the block before, if it is known: EIP-2935 stores it.
        var parent: evmc_bytes32?
        /// A block whose hash was asked for and is not here.
        var missing: Int64?

        /// The hash of the block before, if it is not here by its number already, as other tools want it.
        func add(parent hash: evmc_bytes32?, of number: Int64) {
            guard number > 0 else { return }
            parent = byNumber[UInt64(number) - 1] ?? hash
            byNumber[UInt64(number) - 1] = parent
        }

        func find(_ number: Int64) -> evmc_bytes32 {
            if let number = UInt64(exactly: number), let hash = byNumber[number] { return hash }
            missing = missing ?? number
            return evmc_bytes32()
        }
    }

    /// A state test needs nothing of what the system does.
    init(_ env: JSONValue, _ fork: NamedFork, chainID: UInt64, blobs: BlobSchedule, isStateTest: Bool) throws(ValueError) {
        let rules = fork.rules.block
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
        withdrawals = try env.optional("withdrawals", Values.list(of: Withdrawal.init))
        ommers = try env.optional("ommers", Values.list(of: Ommer.init)) ?? []
        hashes = BlockHashes()
        let known = try env.optional("blockHashes", Values.map(Values.quantity64, by: { $0 }, Values.hash)) ?? []
        for (number, hash) in known { hashes.byNumber[number] = hash }
        hashes.add(parent: try env.optional("parentHash", Values.hash), of: number)
        if !isStateTest {
            if rules.hasWithdrawals, withdrawals == nil { throw ValueError("it is missing", .config).within("withdrawals") }
            if rules.hasBeaconRoot, parentBeaconBlockRoot == nil {
                throw ValueError("it is missing", .config).within("parentBeaconBlockRoot")
            }
        }

        let random = try env.optional("currentRandom", Values.quantity256)
        if rules.difficulty == .none {
            guard let random else { throw ValueError("it is missing", .config).within("currentRandom") }
            if let given = try env.optional("currentDifficulty", Values.quantity256), !given.isZero { throw ValueError("from Paris on there is none", .config).within("currentDifficulty") }
            block.prev_randao = random.word
        } else {
            block.prev_randao = try TransitionEnvironment.difficulty(env, rules, number: UInt64(number)).word
        }

        let parentBaseFee = try env.optional("parentBaseFee", Values.quantity256)
        baseFee = try TransitionEnvironment.baseFee(env, rules, parentBaseFee)
        block.base_fee = baseFee.word
        excessBlobGas = try TransitionEnvironment.excessBlobGas(env, rules, parentBaseFee, schedule)
        if rules.blobs != nil {
            block.blob_base_fee = duet_blob_base_fee(excessBlobGas, schedule.updateFraction)
            block.blobs_left = schedule.max
        }
        block.block_hash = { context, number in
            let hashes = Unmanaged<BlockHashes>.fromOpaque(context!).takeUnretainedValue()
            return hashes.find(number)
        }
        block.block_hash_context = Unmanaged.passUnretained(hashes).toOpaque()
    }

    // MARK: What the parent says

    private static func difficulty(_ env: JSONValue, _ rules: BlockRules, number: UInt64) throws(ValueError) -> U256 {
        let given = try env.optional("currentDifficulty", Values.quantity256)
        let timestamp = try env.required("currentTimestamp", Values.quantity64)
        let parentTimestamp = try env.optional("parentTimestamp", Values.quantity64)
        let parent = try env.optional("parentDifficulty", Values.quantity256)
        let ommers = try env.optional("parentUncleHash", Values.hash)
        if let given { return given }
        guard let parent, let parentTimestamp else {
            throw ValueError("it is missing, and so is parentDifficulty or parentTimestamp", .config).within("currentDifficulty")
        }
        guard number > 0 else { throw ValueError("it is missing, and block 0 has no parent", .config).within("currentDifficulty") }
        guard timestamp > parentTimestamp else {
            throw ValueError("\(timestamp) is not later than parentTimestamp, \(parentTimestamp)", .config).within("currentTimestamp")
        }
        let block = Difficulty(number: number, timestamp: timestamp, parentTimestamp: parentTimestamp, parentDifficulty: parent,
                               parentHasOmmers: ommers.map { !$0.isZero && $0.hex != noOmmers } ?? false)
        guard let difficulty = block.value(rules) else {
            throw ValueError("it is missing, and exceeds 256 bits if it is computed", .config).within("currentDifficulty")
        }
        return difficulty
    }

    /// The hash of an empty list of ommers. As in other tools zero stands for it too.
    private static let noOmmers = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"

    private static func baseFee(_ env: JSONValue, _ rules: BlockRules, _ parent: U256?) throws(ValueError) -> U256 {
        let current = try env.optional("currentBaseFee", Values.quantity256)
        let used = try env.optional("parentGasUsed", Values.quantity64)
        let limit = try env.optional("parentGasLimit", Values.quantity64)
        guard rules.hasBaseFee else { return .zero }
        if let current { return current }
        guard let parent, let used, let limit else {
            throw ValueError("it is missing, and so is one of parentBaseFee, parentGasUsed and parentGasLimit", .config).within("currentBaseFee")
        }
        guard let fee = nextBaseFee(parent, used: used, limit: limit) else {
            throw ValueError("it cannot be computed from a parent with a base fee of \(parent.word.quantity), \(used) gas used and a limit of \(limit)", .config)
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

    private static func excessBlobGas(_ env: JSONValue, _ rules: BlockRules, _ parentBaseFee: U256?, _ schedule: BlobSchedule)
        throws(ValueError) -> UInt64 {
        let current = try env.optional("currentExcessBlobGas", Values.quantity64)
        let parent = try env.optional("parentExcessBlobGas", Values.quantity64) ?? 0
        let used = try env.optional("parentBlobGasUsed", Values.quantity64) ?? 0
        guard rules.blobs != nil else { return 0 }
        if let current { return current }
        guard let excess = schedule.excessGas(parent: parent, used: used, baseFee: parentBaseFee ?? .zero, rules) else {
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
