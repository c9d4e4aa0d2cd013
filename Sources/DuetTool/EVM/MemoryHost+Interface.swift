import CPVM
import EVMRules
import VMCommon

/// What the VM asks of the host.
extension MemoryHost {
    static let interface = evmc_host_interface(
        account_exists: { context, address in
            let host = MemoryHost.of(context), account = host.world.accounts[U256(address!.pointee)]
            return host.fork.rules.pointee.deletesEmptyAccounts ? !(account?.isEmpty ?? true) : account != nil
        },
        get_storage: { context, address, key in
            (MemoryHost.of(context).world[U256(address!.pointee)].storage[U256(key!.pointee)]?.current ?? .zero).word
        },
        set_storage: { context, address, key, value in
            MemoryHost.of(context).world.store(U256(address!.pointee), U256(key!.pointee), U256(value!.pointee))
        },
        get_balance: { context, address in MemoryHost.of(context).world[U256(address!.pointee)].balance.word },
        get_code_size: { context, address in MemoryHost.of(context).world[U256(address!.pointee)].code.count },
        get_code_hash: { context, address in
            let account = MemoryHost.of(context).world[U256(address!.pointee)]
            return account.isEmpty ? evmc_bytes32() : keccak(account.code).word
        },
        copy_code: { context, address, offset, buffer, size in
            let code = MemoryHost.of(context).world[U256(address!.pointee)].code.dropFirst(offset).prefix(size)
            if let buffer { for (index, octet) in code.enumerated() { buffer[index] = octet } }
            return code.count
        },
        selfdestruct: { context, address, beneficiary in
            MemoryHost.of(context).selfdestruct(U256(address!.pointee), U256(beneficiary!.pointee))
        },
        call: { context, message in MemoryHost.of(context).call(message!.pointee) },
        get_tx_context: { context in MemoryHost.of(context).context },
        get_block_hash: { _, number in keccak(Array(String(number).utf8)).word },
        emit_log: { context, address, data, size, topics, count in
            let topics = UnsafeBufferPointer(start: topics, count: count).map { U256($0) }
            let data = Array(UnsafeBufferPointer(start: data, count: size))
            MemoryHost.of(context).world.logs.append(World.Log(address: U256(address!.pointee), topics: topics, data: data))
        },
        access_account: { context, address in
            let host = MemoryHost.of(context), address = U256(address!.pointee)
            return host.world.access(address) || host.isAlwaysWarm(address) ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD
        },
        access_storage: { context, address, key in
            MemoryHost.of(context).world.access(U256(address!.pointee), slot: U256(key!.pointee)) ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD
        },
        get_transient_storage: { context, address, key in
            (MemoryHost.of(context).world[U256(address!.pointee)].storage[U256(key!.pointee)]?.transient ?? .zero).word
        },
        set_transient_storage: { context, address, key, value in
            MemoryHost.of(context).world.change(U256(address!.pointee)) { account in
                account.storage[U256(key!.pointee), default: World.Slot()].transient = U256(value!.pointee)
            }
        })

    private static func of(_ context: OpaquePointer?) -> MemoryHost {
        Unmanaged<MemoryHost>.fromOpaque(UnsafeRawPointer(context!)).takeUnretainedValue()
    }

    private func selfdestruct(_ address: U256, _ beneficiary: U256) -> Bool {
        let balance = world[address].balance
        let dies = !fork.rules.pointee.execution.selfdestructSparesOld || world[address].isNew
        if address != beneficiary {
            world.change(address) { $0.balance = .zero }
            world.change(beneficiary) { $0.balance = $0.balance &+ balance }
        } else if dies {
            world.change(address) { $0.balance = .zero }
        }
        return world.change(address) { account in
            if !dies || account.isDestructed { return false }
            account.isDestructed = true
            return true
        }
    }
}
