import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// The state as an EVMC host: what a client gives to an EVM, and what an EVM calls back. One value serves one transaction.
///
/// The EVM calls the host and the host the EVM, up to 1024 deep. So nothing here is a mutating method: each function gets the pointer
/// and touches what it needs for as long as it does not call the EVM. Frames are small on purpose.
public struct Host {
    typealias Pointer = UnsafeMutablePointer<Host>

    /// Stands first: a pointer to the host is one to the table.
    let interface = Host.makeInterface()
    let state: UnsafeMutablePointer<State>
    let vm: UnsafeMutablePointer<evmc_vm>
    let fork: Fork
    let block: duet_block_t
    var context = evmc_tx_context()
    /// An EVM or a precompile that could not do its work: the outcome is none of Ethereum's.
    var fault = DUET_STATE_OK

    init(state: UnsafeMutablePointer<State>, vm: UnsafeMutablePointer<evmc_vm>, fork: Fork, block: duet_block_t) {
        self.state = state
        self.vm = vm
        self.fork = fork
        self.block = block
        context.block_coinbase = block.coinbase
        context.block_number = block.number
        context.block_timestamp = block.timestamp
        context.block_gas_limit = block.gas_limit
        context.block_prev_randao = block.prev_randao
        context.chain_id = block.chain_id
        context.block_base_fee = block.base_fee
        context.blob_base_fee = block.blob_base_fee
    }

    /// Runs code. Everything that goes wrong in the EVM itself is remembered.
    @inline(__always)
    static func execute(_ host: Pointer, _ message: UnsafePointer<evmc_message>, _ code: UnsafeRawBufferPointer) -> evmc_result {
        let result = host.pointee.vm.pointee.execute(
            host.pointee.vm, interface(host), OpaquePointer(host), host.pointee.fork.evmc, message,
            code.baseAddress?.assumingMemoryBound(to: UInt8.self), code.count)
        if result.status_code.rawValue < 0 { note(result.status_code, host) }
        if result.gas_left < 0 || result.gas_left > message.pointee.gas || !isSound(result) { return discard(host, result) }
        return result
    }

    /// An EVM that is not ours may say anything.
    @inline(__always)
    private static func isSound(_ result: evmc_result) -> Bool {
        exist(result.output_size, UInt8.self) && (result.output_data != nil || result.output_size == 0)
    }

    @inline(never)
    private static func discard(_ host: Pointer, _ result: evmc_result) -> evmc_result {
        var result = result
        if let release = result.release { release(&result) }
        host.pointee.fault = DUET_STATE_ERR_VM
        return evmc_result(EVMC_INTERNAL_ERROR)
    }

    /// May the EVM ask for this call?
    @inline(__always)
    static func isSound(_ message: UnsafePointer<evmc_message>) -> Bool {
        message.pointee.gas >= 0 && message.pointee.depth >= 0 && exist(message.pointee.input_size, UInt8.self)
            && (message.pointee.input_data != nil || message.pointee.input_size == 0)
    }

    private static func interface(_ host: Pointer) -> UnsafePointer<evmc_host_interface> {
        UnsafeRawPointer(host).assumingMemoryBound(to: evmc_host_interface.self)
    }

    @inline(never)
    private static func note(_ status: evmc_status_code, _ host: Pointer) {
        host.pointee.fault = status == EVMC_OUT_OF_MEMORY ? DUET_STATE_ERR_NO_MEMORY : DUET_STATE_ERR_VM
    }

    /// The number of the precompile with this address, nil if it is an ordinary one.
    @inline(__always)
    static func precompile(_ address: UnsafePointer<evmc_address>, _ fork: Fork) -> UInt16? {
        let octets = UnsafeRawPointer(address)
        guard octets.loadUnaligned(as: UInt64.self) == 0 else { return nil }
        return precompileNumber(octets.assumingMemoryBound(to: UInt8.self), at: fork)
    }
}

extension evmc_result {
    /// An outcome without output.
    @inline(__always)
    init(_ status: evmc_status_code, gasLeft: Int64 = 0) {
        self.init()
        status_code = status
        gas_left = gasLeft
    }
}
