import CPVM
import EVMRules

/// duet_precompile.h.

@c @implementation
public func duet_precompile(
    _ revision: UInt32, _ address: UnsafePointer<UInt8>?, _ input: UnsafePointer<UInt8>?, _ input_size: Int, _ gas: Int64,
    _ result: UnsafeMutablePointer<duet_precompile_result_t>?
) -> duet_precompile_status_t {
    guard let result else { return DUET_PRECOMPILE_ARGUMENT }
    result.pointee = duet_precompile_result_t()
    guard let call = Call(revision, address, input, input_size), gas >= 0 else { return DUET_PRECOMPILE_ARGUMENT }
    guard let number = call.number else { return DUET_PRECOMPILE_NONE }
    var output = PrecompileOutput()
    let outcome = runPrecompile(number, call.fork, call.input, gasLeft: gas, &output)
    if output.count == 0 { output.release() }
    result.pointee.gas_left = outcome.gasLeft
    result.pointee.output = output.octets
    result.pointee.output_size = output.count
    switch outcome.status {
    case .success: return DUET_PRECOMPILE_SUCCESS
    case .failure: return DUET_PRECOMPILE_FAILURE
    case .outOfGas: return DUET_PRECOMPILE_OUT_OF_GAS
    case .noMemory: return DUET_PRECOMPILE_NO_MEMORY
    }
}

@c @implementation
public func duet_precompile_release(_ result: UnsafeMutablePointer<duet_precompile_result_t>?) {
    guard let result else { return }
    free(result.pointee.output)
    result.pointee = duet_precompile_result_t()
}

@c @implementation
public func duet_precompile_gas(
    _ revision: UInt32, _ address: UnsafePointer<UInt8>?, _ input: UnsafePointer<UInt8>?, _ input_size: Int
) -> UInt64 {
    guard let call = Call(revision, address, input, input_size), let precompile = call.precompile else { return 0 }
    return precompile.gas(call.fork, call.input)
}

@c @implementation
public func duet_precompile_name(_ revision: UInt32, _ address: UnsafePointer<UInt8>?) -> UnsafePointer<CChar>? {
    guard let call = Call(revision, address, nil, 0), let precompile = call.precompile else { return nil }
    return UnsafeRawPointer(precompile.name.utf8Start).assumingMemoryBound(to: CChar.self)
}

@c @implementation
public func duet_keccak256(_ data: UnsafePointer<UInt8>?, _ size: Int, _ digest: UnsafeMutablePointer<UInt8>?) {
    guard let digest, exist(size, UInt8.self), data != nil || size == 0 else { return }
    keccak256(data, size, digest)
}

@c @implementation
public func duet_recover_address(
    _ hash: UnsafePointer<UInt8>?, _ parity: UInt32, _ r: UnsafePointer<UInt8>?, _ s: UnsafePointer<UInt8>?,
    _ address: UnsafeMutablePointer<UInt8>?
) -> Int32 {
    guard let hash, let r, let s, let address, parity <= 1 else { return 0 }
    return recoverAddress(hash: hash, yIsOdd: parity == 1, r: r, s: s, address) ? 1 : 0
}

/// Arguments that are allowed.
private struct Call {
    let fork: Fork
    let number: UInt16?
    let input: PrecompileInput

    init?(_ revision: UInt32, _ address: UnsafePointer<UInt8>?, _ input: UnsafePointer<UInt8>?, _ size: Int) {
        guard let fork = Fork(evmc_revision(revision)), fork <= .latest else { return nil }
        guard let address, exist(size, UInt8.self), input != nil || size == 0 else { return nil }
        self.fork = fork
        number = precompileNumber(address, at: fork)
        self.input = PrecompileInput(input, size)
    }

    var precompile: Precompile? { number.flatMap { Precompile($0, at: fork) } }
}
