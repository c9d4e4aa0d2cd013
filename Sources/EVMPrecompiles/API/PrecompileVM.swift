import CPVM
import EVMRules

/// The precompiles as a VM of EVMC.

@c @implementation
public func evmc_create_duet_precompiles() -> UnsafeMutablePointer<evmc_vm>? {
    guard let vm = malloc(MemoryLayout<evmc_vm>.size)?.assumingMemoryBound(to: evmc_vm.self) else { return nil }
    vm.initialize(to: evmc_vm(
        abi_version: Int32(truncatingIfNeeded: EVMC_ABI_VERSION), name: text("duet-precompiles"), version: duet_version(),
        destroy: { free($0) },
        execute: { _, _, _, revision, message, _, _ in execute(revision, message) },
        get_capabilities: { _ in EVMC_CAPABILITY_PRECOMPILES.rawValue },
        set_option: nil))
    return vm
}

private func text(_ text: StaticString) -> UnsafePointer<CChar> { UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self) }

private func execute(_ revision: evmc_revision, _ message: UnsafePointer<evmc_message>?) -> evmc_result {
    var result = evmc_result()
    result.status_code = EVMC_REJECTED
    guard let fork = Fork(revision), let message else { return result }
    let data = message.pointee.input_data, size = message.pointee.input_size
    guard message.pointee.gas >= 0, exist(size, UInt8.self), data != nil || size == 0 else { return result }
    var address = message.pointee.code_address
    let precompile = withUnsafeBytes(of: &address) {
        precompileNumber($0.baseAddress!.assumingMemoryBound(to: UInt8.self), at: fork)
    }
    guard let precompile else { return result }

    var output = PrecompileOutput()
    let outcome = runPrecompile(precompile, fork, PrecompileInput(data, size), gasLeft: message.pointee.gas, &output)
    switch outcome.status {
    case .success: result.status_code = EVMC_SUCCESS
    case .failure: result.status_code = EVMC_PRECOMPILE_FAILURE
    case .outOfGas: result.status_code = EVMC_OUT_OF_GAS
    case .noMemory: result.status_code = EVMC_OUT_OF_MEMORY
    }
    result.gas_left = outcome.gasLeft
    if let octets = output.octets {
        result.output_data = UnsafePointer(octets)
        result.output_size = output.count
        result.release = { free(UnsafeMutableRawPointer(mutating: $0?.pointee.output_data)) }
    }
    return result
}
