import EVMRules
import CPVM

/// What a transition tool prints, as JSON.
enum TransitionOutput {
    static func alloc(_ transition: Transition) -> String {
        var accounts: [String] = []
        for index in 0..<duet_state_account_count(transition.state) {
            var account = duet_account_t()
            _ = duet_state_account_at(transition.state, index, &account)
            guard account.exists else { continue }
            var slots: [String] = []
            for slot in 0..<duet_state_slot_count(transition.state, index) {
                var key = evmc_bytes32(), value = evmc_bytes32()
                _ = duet_state_slot_at(transition.state, index, slot, &key, &value)
                if !value.isZero { slots.append("\"\(key.hex)\": \"\(value.hex)\"") }
            }
            var members: [String] = []
            if account.code_size > 0 {
                members.append("\"code\": \"0x\(hexText(UnsafeBufferPointer(start: account.code, count: account.code_size)))\"")
            }
            if !slots.isEmpty { members.append("\"storage\": {\(slots.joined(separator: ", "))}") }
            members.append("\"balance\": \"\(account.balance.quantity)\"")
            if account.nonce > 0 { members.append("\"nonce\": \"\(account.nonce.quantity)\"") }
            accounts.append("\"\(account.address.hex)\": {\(members.joined(separator: ", "))}")
        }
        return "{\(accounts.joined(separator: ",\n"))}"
    }

    /// The RLP of the list of the included transactions: typed ones are strings in it.
    static func body(_ transition: Transition) -> String { "\"0x\(hexText(transition.bodyEncoding))\"" }

    static func result(_ transition: Transition, _ rules: BlockRules) -> String {
        var line = JSONLine()
        let environment = transition.environment
        line.add("stateRoot", transition.stateRoot.hex)
        line.add("txRoot", transition.transactionsRoot.hex)
        line.add("receiptsRoot", transition.receiptsRoot.hex)
        line.add("logsHash", transition.logsHash.hex)
        line.add("logsBloom", "0x" + hexText(transition.bloom))
        line.add("receipts", .objects(receipts(transition)))
        line.add("rejected", .objects(transition.rejected.map { rejected in
            var object = JSONLine()
            object.add("index", UInt64(rejected.index))
            object.add("error", rejected.error)
            return object
        }))
        line.add("currentDifficulty", rules.difficulty != .none ? environment.block.prev_randao.quantity : nil)
        line.add("gasUsed", transition.gasUsed.quantity)
        if rules.hasBaseFee { line.add("currentBaseFee", environment.baseFee.word.quantity) }
        if let root = transition.withdrawalsRoot { line.add("withdrawalsRoot", root.hex) }
        if rules.blobs != nil {
            line.add("currentExcessBlobGas", environment.excessBlobGas.quantity)
            line.add("blobGasUsed", transition.blobGasUsed.quantity)
        }
        if let hash = transition.requestsHash {
            line.add("requestsHash", hash.hex)
            line.add("requests", .texts(transition.requests.map { "0x" + hexText($0) }))
        }
        if let exception = transition.blockException { line.add("blockException", exception) }
        return line.text
    }

    private static func receipts(_ transition: Transition) -> [JSONLine] {
        var objects: [JSONLine] = []
        let number = UInt64(bitPattern: transition.environment.block.number).quantity
        var logCount = 0
        for (index, receipt) in transition.receipts.enumerated() {
            var object = JSONLine()
            object.add("type", UInt64(receipt.type).quantity)
            object.add("root", receipt.root?.hex ?? "0x")
            object.add("status", receipt.success ? "0x1" : "0x0")
            object.add("cumulativeGasUsed", receipt.cumulativeGas.quantity)
            object.add("logsBloom", "0x" + hexText(receipt.bloom))
            object.add("logs", .objects(logs(receipt, index, firstLog: logCount, number)))
            object.add("transactionHash", receipt.hash.hex)
            object.add("contractAddress", receipt.contract.hex)
            object.add("gasUsed", receipt.gasUsed.quantity)
            object.add("effectiveGasPrice", receipt.gasPrice.quantity)
            if receipt.type == DUET_TX_BLOB {
                object.add("blobGasUsed", receipt.blobGasUsed.quantity)
                object.add("blobGasPrice", transition.environment.block.blob_base_fee.quantity)
            }
            object.add("blockHash", evmc_bytes32().hex)
            object.add("blockNumber", number)
            object.add("transactionIndex", UInt64(index).quantity)
            objects.append(object)
            logCount += receipt.logs.count
        }
        return objects
    }

    /// Their indices go through the block.
    private static func logs(_ receipt: Transition.Receipt, _ transaction: Int, firstLog: Int, _ number: String) -> [JSONLine] {
        var objects: [JSONLine] = []
        for (index, log) in receipt.logs.enumerated() {
            var object = JSONLine()
            object.add("address", log.address.hex)
            object.add("topics", .texts(log.topics.map { $0.hex }))
            object.add("data", "0x" + hexText(log.data))
            object.add("blockNumber", number)
            object.add("transactionHash", receipt.hash.hex)
            object.add("transactionIndex", UInt64(transaction).quantity)
            object.add("blockHash", evmc_bytes32().hex)
            object.add("logIndex", UInt64(firstLog + index).quantity)
            object.add("removed", .flag(false))
            objects.append(object)
        }
        return objects
    }
}
