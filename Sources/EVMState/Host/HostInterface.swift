import CPVM
import EVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// EVMC's host functions, each a few lines over the state.
extension Host {
    @inline(__always)
    private static func state(_ context: OpaquePointer?) -> UnsafeMutablePointer<State> { pointer(context).pointee.state }

    @inline(__always)
    private static func pointer(_ context: OpaquePointer?) -> Pointer { Pointer(context.unsafelyUnwrapped) }

    static func makeInterface() -> evmc_host_interface {
        evmc_host_interface(
            account_exists: { context, address in
                let address = Address(address.unsafelyUnwrapped.pointee)
                // EIP-161: an account that is empty counts as none.
                return Host.pointer(context).pointee.fork.rules.pointee.deletesEmptyAccounts
                    ? !Host.state(context).pointee.isEmpty(address) : Host.state(context).pointee.exists(address)
            },
            get_storage: { context, address, key in
                Host.state(context).pointee.storage(Address(address.unsafelyUnwrapped.pointee), Bytes32(UnsafeRawPointer(key.unsafelyUnwrapped))).evmc
            },
            set_storage: { context, address, key, value in
                let new = Bytes32(UnsafeRawPointer(value.unsafelyUnwrapped))
                let (original, before) = Host.state(context).pointee.setStorage(
                    Address(address.unsafelyUnwrapped.pointee), Bytes32(UnsafeRawPointer(key.unsafelyUnwrapped)), new)
                return storageStatus(original, before, new, zero: Bytes32())
            },
            get_balance: { context, address in
                evmc_bytes32(Host.state(context).pointee.balance(Address(address.unsafelyUnwrapped.pointee)))
            },
            get_code_size: { context, address in
                Host.state(context).pointee.code(Address(address.unsafelyUnwrapped.pointee)).count
            },
            get_code_hash: { context, address in
                let address = Address(address.unsafelyUnwrapped.pointee)
                // EIP-1052
                return Host.state(context).pointee.isEmpty(address) ? evmc_bytes32() : Host.state(context).pointee.codeHash(address).evmc
            },
            copy_code: { context, address, offset, buffer, size in
                let code = Host.state(context).pointee.code(Address(address.unsafelyUnwrapped.pointee))
                // Both are size_t: what looks negative is more than there is.
                guard UInt(bitPattern: offset) < code.count, let buffer, let base = code.baseAddress else { return 0 }
                let rest = code.count - offset
                let count = UInt(bitPattern: size) < rest ? size : rest
                memcpy(buffer, base + offset, count)
                return count
            },
            selfdestruct: { context, address, beneficiary in
                Host.selfdestruct(Host.pointer(context), Address(address.unsafelyUnwrapped.pointee), Address(beneficiary.unsafelyUnwrapped.pointee))
            },
            call: { context, message in
                Host.call(Host.pointer(context), message.unsafelyUnwrapped)
            },
            get_tx_context: { context in
                Host.pointer(context).pointee.context
            },
            get_block_hash: { context, number in
                let host = Host.pointer(context)
                guard let hash = host.pointee.block.block_hash else { return evmc_bytes32() }
                return hash(host.pointee.block.block_hash_context, number)
            },
            emit_log: { context, address, data, size, topics, count in
                let state = Host.state(context)
                guard exist(size, UInt8.self), exist(count, Bytes32.self), data != nil || size == 0, topics != nil || count == 0 else {
                    Host.pointer(context).pointee.fault = DUET_STATE_ERR_VM
                    return
                }
                let given = topics.map { UnsafeRawPointer($0).assumingMemoryBound(to: Bytes32.self) }
                let bytes = UnsafeRawBufferPointer(start: data, count: size)
                if !state.pointee.logs.append(Address(address.unsafelyUnwrapped.pointee), topics: given, count: count, data: bytes) {
                    _ = state.pointee.fail()
                }
            },
            access_account: { context, address in
                let address = address.unsafelyUnwrapped
                // EIP-2929: precompiles are warm from the start.
                if Host.precompile(address, Host.pointer(context).pointee.fork) != nil { return EVMC_ACCESS_WARM }
                return Host.state(context).pointee.warm(Address(address.pointee)) ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD
            },
            access_storage: { context, address, key in
                Host.state(context).pointee.warm(Address(address.unsafelyUnwrapped.pointee), Bytes32(UnsafeRawPointer(key.unsafelyUnwrapped)))
                    ? EVMC_ACCESS_WARM : EVMC_ACCESS_COLD
            },
            get_transient_storage: { context, address, key in
                Host.state(context).pointee.transientValue(
                    Address(address.unsafelyUnwrapped.pointee), Bytes32(UnsafeRawPointer(key.unsafelyUnwrapped))).evmc
            },
            set_transient_storage: { context, address, key, value in
                Host.state(context).pointee.setTransient(
                    Address(address.unsafelyUnwrapped.pointee), Bytes32(UnsafeRawPointer(key.unsafelyUnwrapped)),
                    Bytes32(UnsafeRawPointer(value.unsafelyUnwrapped)))
            })
    }

    /// Whether the account is to disappear and was not before: what the refund before London depends on.
    private static func selfdestruct(_ host: Pointer, _ address: Address, _ beneficiary: Address) -> Bool {
        let state = host.pointee.state
        let balance = state.pointee.balance(address)
        // EIP-6780: only what the same transaction created disappears; other accounts just give their balance away.
        if host.pointee.fork.rules.pointee.execution.selfdestructSparesOld, !state.pointee.isCreated(address) {
            if address != beneficiary { state.pointee.subtractBalance(address, balance) }
            if address != beneficiary { state.pointee.addBalance(beneficiary, balance) }
            return false
        }
        state.pointee.addBalance(beneficiary, balance)
        // What an account leaves to itself is gone with it.
        state.pointee.subtractBalance(address, state.pointee.balance(address))
        return state.pointee.markDestroyed(address)
    }
}
