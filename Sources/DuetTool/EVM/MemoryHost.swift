import CPVM
import EVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// An EVMC host that keeps everything in memory, and the VM that runs on it.
final class MemoryHost {
    var world = World()
    var revision: evmc_revision
    var context = evmc_tx_context()
    private let library: UnsafeMutablePointer<evmc_vm>
    /// What executes: this library's VM, or one that goes between it and the host.
    var vm: UnsafeMutablePointer<evmc_vm>

    init(_ revision: evmc_revision) throws(ToolError) {
        guard let vm = evmc_create_duet() else { throw .failed("memory is short") }
        library = vm
        self.vm = vm
        self.revision = revision
        context.block_gas_limit = .max
        context.chain_id = U256.one.word
        context.blob_base_fee = U256.one.word
    }

    deinit { library.pointee.destroy(library) }

    func set(_ option: String, _ value: String) throws(ToolError) {
        switch library.pointee.set_option(library, option, value) {
        case EVMC_SET_OPTION_SUCCESS: break
        case EVMC_SET_OPTION_INVALID_NAME: throw .failed("the EVM has no option \(option)")
        default: throw .usage("--\(option): '\(value)' is not one that this build has")
        }
    }

    /// Writes a line per instruction to the console's error stream, which must outlive the host.
    func trace(to console: Console) {
        _ = duet_evm_set_trace(library, { context, line, length in
            guard let context, let line else { return }
            let text = String(decoding: UnsafeRawBufferPointer(start: line, count: length), as: UTF8.self)
            Unmanaged<Console>.fromOpaque(context).takeUnretainedValue().report(text)
        }, Unmanaged.passUnretained(console).toOpaque())
    }

    /// The VM on this host; the caller releases the result.
    func execute(_ message: evmc_message, _ code: UnsafeBufferPointer<UInt8>) -> evmc_result {
        withUnsafePointer(to: message) { message in
            withUnsafePointer(to: MemoryHost.interface) { interface in
                vm.pointee.execute(vm, interface, OpaquePointer(Unmanaged.passUnretained(self).toOpaque()), revision, message,
                                   code.baseAddress, code.count)
            }
        }
    }

    // MARK: Calls and creations

    /// Carries out a call or a creation. The caller releases the result.
    func call(_ message: evmc_message) -> evmc_result {
        if message.depth > 1024 { return MemoryHost.result(EVMC_CALL_DEPTH_EXCEEDED, message.gas) }
        let isCreation = message.kind == EVMC_CREATE || message.kind == EVMC_CREATE2
        guard message.depth == 0, let trace = TransactionTrace(vm, refund: 0) else { return isCreation ? create(message) : enter(message) }
        let result = isCreation ? create(message) : enter(message)
        let gasUsed = message.gas - result.gas_left
        if isCreation, result.status_code == EVMC_SUCCESS {
            world[U256(result.create_address)].code.withUnsafeBufferPointer { trace.end(EVMC_SUCCESS, gasUsed: gasUsed, $0.baseAddress, $0.count) }
        } else {
            trace.end(result.status_code, gasUsed: gasUsed, result.output_data, result.output_size)
        }
        return result
    }

    private func enter(_ message: evmc_message) -> evmc_result {
        let before = world
        let value = U256(message.value), codeAddress = U256(message.code_address)
        var result: evmc_result
        if message.kind == EVMC_CALL, !world.transfer(value, from: U256(message.sender), to: U256(message.recipient)) {
            result = MemoryHost.result(EVMC_INSUFFICIENT_BALANCE, message.gas)
        } else if message.flags & EVMC_DELEGATED.rawValue == 0, let number = precompile(codeAddress) {
            result = run(number, message)
        } else {
            let code = world[codeAddress].code
            result = code.isEmpty ? MemoryHost.result(EVMC_SUCCESS, message.gas) : code.withUnsafeBufferPointer { execute(message, $0) }
        }
        if result.status_code != EVMC_SUCCESS { world = before }
        return result
    }

    /// Precompiles are warm from the start (EIP-2929).
    func isAlwaysWarm(_ address: U256) -> Bool { precompile(address) != nil }

    private func precompile(_ address: U256) -> UInt16? {
        guard address.fitsOneLimb, let number = UInt16(exactly: address.limb0), Precompile(number, at: fork) != nil else { return nil }
        return number
    }

    var fork: Fork { Fork(revision) ?? .latest }

    private func run(_ number: UInt16, _ message: evmc_message) -> evmc_result {
        var output = PrecompileOutput()
        let outcome = runPrecompile(number, fork, PrecompileInput(message.input_data, message.input_size),
                                    gasLeft: message.gas, &output)
        guard outcome.status == .success else {
            return MemoryHost.result(outcome.status == .outOfGas ? EVMC_OUT_OF_GAS : EVMC_PRECOMPILE_FAILURE)
        }
        var result = MemoryHost.result(EVMC_SUCCESS, outcome.gasLeft)
        result.output_data = UnsafePointer(output.octets)
        result.output_size = output.count
        result.release = { free(UnsafeMutableRawPointer(mutating: $0?.pointee.output_data)) }
        return result
    }

    private func create(_ message: evmc_message) -> evmc_result {
        let sender = U256(message.sender), nonce = world[sender].nonce
        if nonce == .max { return MemoryHost.result(EVMC_FAILURE, message.gas) }
        let address = newAddress(message, nonce)
        world.change(sender) { $0.nonce += 1 }
        _ = world.access(address)
        if world[address].nonce != 0 || !world[address].code.isEmpty { return MemoryHost.result(EVMC_FAILURE) }

        let before = world
        world.change(address) { account in
            account.isNew = true
            account.nonce = fork.rules.pointee.creation.firstNonce
        }
        guard world.transfer(U256(message.value), from: sender, to: address) else {
            world = before
            return MemoryHost.result(EVMC_INSUFFICIENT_BALANCE, message.gas)
        }
        var inner = message
        inner.recipient = address.address
        inner.code_address = inner.recipient
        inner.input_data = nil
        inner.input_size = 0
        var result = execute(inner, UnsafeBufferPointer(start: message.input_data, count: message.input_size))
        if result.status_code == EVMC_SUCCESS { deploy(&result, address) }
        if result.status_code != EVMC_SUCCESS { world = before }
        return result
    }

    /// Charges for the code that an initcode has returned and puts it in place, or fails.
    private func deploy(_ result: inout evmc_result, _ address: U256) {
        let code = Array(UnsafeBufferPointer(start: result.output_data, count: result.output_size))
        let rules = fork.rules.pointee.creation
        let gas = result.gas_left, refund = result.gas_refund, cost = rules.codeByte * Int64(code.count)
        result.release?(&result)
        if rules.refusesEF, code.first == 0xef {
            result = MemoryHost.result(EVMC_CONTRACT_VALIDATION_FAILURE)
        } else if UInt64(code.count) > rules.codeLimit {
            result = MemoryHost.result(EVMC_FAILURE)
        } else if cost > gas, rules.failsUnpaid {
            result = MemoryHost.result(EVMC_OUT_OF_GAS)
        } else {
            result = MemoryHost.result(EVMC_SUCCESS, gas)
            result.gas_refund = refund
            result.create_address = address.address
            if cost <= gas { // In Frontier a creation that cannot pay leaves an account without code.
                result.gas_left -= cost
                world.change(address) { $0.code = code }
            }
        }
    }

    /// From the creator and its nonce, or as of EIP-1014.
    private func newAddress(_ message: evmc_message, _ nonce: UInt64) -> U256 {
        let sender = U256(message.sender).addressOctets
        if message.kind == EVMC_CREATE2 {
            let initcode = UnsafeBufferPointer(start: message.input_data, count: message.input_size)
            return U256(keccak([0xff] + sender + U256(message.create2_salt).octets + keccak(Array(initcode)).octets).address)
        }
        let octets = withUnsafeBytes(of: nonce.bigEndian) { Array($0.drop { $0 == 0 }) }
        let item = octets.count == 1 && octets[0] < 0x80 ? octets : [0x80 + UInt8(octets.count)] + octets
        return U256(keccak([0xc0 + 21 + UInt8(item.count), 0x94] + sender + item).address)
    }

    static func result(_ status: evmc_status_code, _ gasLeft: Int64 = 0) -> evmc_result {
        var result = evmc_result()
        result.status_code = status
        result.gas_left = gasLeft
        return result
    }
}

func keccak(_ octets: [UInt8]) -> U256 {
    var digest = evmc_bytes32()
    withUnsafeMutableBytes(of: &digest) { keccak256(octets, octets.count, $0.baseAddress!.assumingMemoryBound(to: UInt8.self)) }
    return U256(digest)
}
