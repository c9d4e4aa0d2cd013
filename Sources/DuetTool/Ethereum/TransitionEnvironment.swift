import CPVM
import VMCommon

/// The block of a transition, from the file that transition tools call env: what it does not say is computed from the parent.
struct TransitionEnvironment {
    var block = duet_block_t()
    let excessBlobGas: UInt64
    let baseFee: UInt64
    let schedule: BlobSchedule
    let parentBeaconBlockRoot: evmc_bytes32?
    let parentHash: evmc_bytes32?
    let withdrawals: JSONValue?
    let ommers: JSONValue?
    /// Hashes by block number; the block's function reads them.
    let hashes: BlockHashes

    final class BlockHashes {
        var byNumber: [UInt64: evmc_bytes32] = [:]
    }

    /// `blobs` says what differs from the fork's blob schedule.
    init(_ env: JSONValue, _ revision: evmc_revision, chainID: UInt64, blobs: JSONValue? = nil) throws(ToolError) {
        func number(_ key: StaticString) -> UInt64? { env[key].flatMap { $0.isNull ? nil : $0.number } }
        guard let coinbase = env["currentCoinbase"]?.address, let blockNumber = number("currentNumber"),
              let timestamp = number("currentTimestamp"), let gasLimit = number("currentGasLimit") else {
            throw .failed("env: coinbase, number, timestamp or gas limit is missing")
        }
        block.coinbase = coinbase
        block.number = Int64(clamping: blockNumber)
        // Code sees all 64 bits.
        block.timestamp = Int64(bitPattern: timestamp)
        block.gas_limit = Int64(clamping: gasLimit)
        block.gas_left = block.gas_limit
        block.chain_id = evmc_bytes32(chainID)
        schedule = BlobSchedule(revision, blobs)
        parentBeaconBlockRoot = env["parentBeaconBlockRoot"]?.word
        parentHash = env["parentHash"]?.word
        withdrawals = env["withdrawals"]
        ommers = env["ommers"]
        hashes = BlockHashes()
        if let list = env["blockHashes"] {
            for (key, value) in list.members {
                if let number = key.number, let hash = value.word { hashes.byNumber[number] = hash }
            }
        }
        if let parentHash, blockNumber > 0, hashes.byNumber[blockNumber - 1] == nil { hashes.byNumber[blockNumber - 1] = parentHash }

        if revision.rawValue >= EVMC_PARIS.rawValue {
            guard let random = env["currentRandom"]?.word else { throw .failed("env: currentRandom is missing") }
            block.prev_randao = random
        } else if let difficulty = env["currentDifficulty"]?.word {
            block.prev_randao = difficulty
        } else {
            throw .failed("env: currentDifficulty is missing; it is not computed from the parent's")
        }

        if revision.rawValue >= EVMC_LONDON.rawValue {
            guard let fee = number("currentBaseFee") ?? TransitionEnvironment.baseFee(
                number("parentBaseFee"), used: number("parentGasUsed"), limit: number("parentGasLimit")) else {
                throw .failed("env: neither currentBaseFee nor the parent's base fee, gas used and gas limit")
            }
            baseFee = fee
            block.base_fee = evmc_bytes32(fee)
        } else {
            baseFee = 0
        }
        if revision.rawValue >= EVMC_CANCUN.rawValue {
            excessBlobGas = number("currentExcessBlobGas") ?? TransitionEnvironment.excess(
                number("parentExcessBlobGas") ?? 0, used: number("parentBlobGasUsed") ?? 0, number("parentBaseFee") ?? 0, schedule, revision)
            block.blob_base_fee = duet_blob_base_fee(excessBlobGas, schedule.updateFraction)
            block.blobs_left = schedule.max
        } else {
            excessBlobGas = 0
        }
        block.block_hash = { context, number in
            let hashes = Unmanaged<BlockHashes>.fromOpaque(context!).takeUnretainedValue()
            return hashes.byNumber[UInt64(clamping: number)] ?? evmc_bytes32()
        }
        block.block_hash_context = Unmanaged.passUnretained(hashes).toOpaque()
    }

    /// EIP-1559: by at most an eighth towards the target of half the limit.
    private static func baseFee(_ parent: UInt64?, used: UInt64?, limit: UInt64?) -> UInt64? {
        guard let parent, let used, let limit, limit >= 2 else { return nil }
        let target = limit / 2
        let distance = used > target ? used - target : target - used
        let product = parent.multipliedFullWidth(by: distance)
        guard product.high < target else { return nil }
        let change = target.dividingFullWidth(product).quotient / 8
        return used > target ? parent + max(change, 1) : used == target ? parent : parent - change
    }

    /// EIP-4844, with EIP-7918's reserve price from Osaka on.
    private static func excess(_ parent: UInt64, used: UInt64, _ baseFee: UInt64, _ schedule: BlobSchedule, _ revision: evmc_revision) -> UInt64 {
        let gasPerBlob: UInt64 = 1 << 17
        let target = schedule.target * gasPerBlob
        guard parent + used >= target else { return 0 }
        if revision.rawValue >= EVMC_OSAKA.rawValue {
            let price = duet_blob_base_fee(parent, schedule.updateFraction)
            let blobPrice = U256.multiplyFull(U256(price), U256(gasPerBlob))
            let floor = U256.multiplyFull(U256(8192), U256(baseFee))
            if blobPrice.high.isZero, floor.low > blobPrice.low { return parent + used * (schedule.max - schedule.target) / schedule.max }
        }
        return parent + used - target
    }
}
