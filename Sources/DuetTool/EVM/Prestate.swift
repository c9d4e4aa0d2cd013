import CPVM
import EVMRules
import VMCommon

/// Accounts from a file and back.
extension MemoryHost {
    /// Puts the accounts of a file in place: an object with them by their addresses, or a genesis file, of which the
    /// block is taken too.
    func begin(_ json: JSONValue) throws(ValueError) {
        let json = try Values.object(json)
        guard try json.member("alloc") != nil else { return world.add(try StateTest.accounts(json)) }
        world.add(try json.required("alloc", StateTest.accounts))
        context.block_coinbase = try json.optional("coinbase", Values.address) ?? context.block_coinbase
        context.block_number = try json.optional("number", Values.quantity63) ?? context.block_number
        context.block_timestamp = Int64(bitPattern: try json.optional("timestamp", Values.quantity64) ?? 0)
        context.block_gas_limit = try json.optional("gasLimit", Values.quantity63) ?? context.block_gas_limit
        context.block_base_fee = try json.optional("baseFeePerGas", Values.quantity256)?.word ?? context.block_base_fee
        let difficulty = try json.optional("difficulty", Values.quantity256)?.word
        let mix = try json.optional("mixHash", Values.hash)
        context.block_prev_randao = (fork.rules.pointee.block.difficulty == .none ? mix : difficulty) ?? evmc_bytes32()
        let chain = try json.optional("config") { config throws(ValueError) in try config.optional("chainId", Values.quantity256) }
        context.chain_id = (chain ?? nil)?.word ?? context.chain_id
    }
}

extension World {
    /// Accounts as they are before a run.
    mutating func add(_ accounts: [StateTest.PreAccount]) {
        for account in accounts {
            var made = Account(nonce: account.nonce, balance: U256(account.balance), code: account.code)
            for (key, value) in account.storage where !value.isZero {
                made.storage[U256(key)] = Slot(original: U256(value), current: U256(value))
            }
            self.accounts[U256(account.address)] = made
        }
    }

    /// The accounts that there are, in the form of `add`'s file, by address.
    var alloc: JSONLine {
        var line = JSONLine()
        for (address, account) in accounts.sorted(by: { $0.key < $1.key }) {
            if account.isDestructed || account.isEmpty && account.storage.isEmpty { continue }
            var object = JSONLine()
            object.add("balance", account.balance.word.quantity)
            object.add("nonce", account.nonce.quantity)
            if !account.code.isEmpty { object.add("code", "0x" + hexText(account.code)) }
            var storage = JSONLine()
            for (key, slot) in account.storage.sorted(by: { $0.key < $1.key }) where !slot.current.isZero {
                storage.add(key.word.hex, slot.current.word.hex)
            }
            if !storage.isEmpty { object.add("storage", .object(storage)) }
            line.add(address.address.hex, .object(object))
        }
        return line
    }
}
