import CPVM
import VMCommon

/// EVMC's octets and the numbers that the host works with.

extension U256: Hashable {
    public func hash(into hasher: inout Hasher) {
        hasher.combine(limb0)
        hasher.combine(limb1)
        hasher.combine(limb2)
        hasher.combine(limb3)
    }
}

extension U256 {
    init(_ word: evmc_bytes32) { self = withUnsafeBytes(of: word) { U256(bigEndian: $0.baseAddress!) } }
    init(_ address: evmc_address) { self = withUnsafeBytes(of: address) { U256(address: $0.baseAddress!) } }

    var word: evmc_bytes32 {
        var word = evmc_bytes32()
        withUnsafeMutableBytes(of: &word) { storeBigEndian(to: $0.baseAddress!) }
        return word
    }

    /// Its lowest 20 octets.
    var address: evmc_address {
        var address = evmc_address()
        withUnsafeMutableBytes(of: &address) { storeAddress(to: $0.baseAddress!) }
        return address
    }

    var octets: [UInt8] { withUnsafeBytes(of: word) { Array($0) } }
    var addressOctets: [UInt8] { withUnsafeBytes(of: address) { Array($0) } }
}

func name(of status: evmc_status_code) -> String {
    switch status {
    case EVMC_SUCCESS: "success"
    case EVMC_FAILURE: "failure"
    case EVMC_REVERT: "revert"
    case EVMC_OUT_OF_GAS: "out-of-gas"
    case EVMC_INVALID_INSTRUCTION: "invalid-instruction"
    case EVMC_UNDEFINED_INSTRUCTION: "undefined-instruction"
    case EVMC_STACK_OVERFLOW: "stack-overflow"
    case EVMC_STACK_UNDERFLOW: "stack-underflow"
    case EVMC_BAD_JUMP_DESTINATION: "bad-jump-destination"
    case EVMC_INVALID_MEMORY_ACCESS: "invalid-memory-access"
    case EVMC_CALL_DEPTH_EXCEEDED: "call-depth-exceeded"
    case EVMC_STATIC_MODE_VIOLATION: "static-mode-violation"
    case EVMC_PRECOMPILE_FAILURE: "precompile-failure"
    case EVMC_CONTRACT_VALIDATION_FAILURE: "contract-validation-failure"
    case EVMC_ARGUMENT_OUT_OF_RANGE: "argument-out-of-range"
    case EVMC_INSUFFICIENT_BALANCE: "insufficient-balance"
    case EVMC_INTERNAL_ERROR: "internal-error"
    case EVMC_REJECTED: "rejected"
    case EVMC_OUT_OF_MEMORY: "out-of-memory"
    default: "status \(status.rawValue)"
    }
}
