import CPVM
import EVMPrecompiles
import EVMRules
import VMCommon

/// EIP-7702: accounts whose code is the code of another.
enum SetCode {
    /// Octets of a delegation designator: 0xef0100 and an address.
    static let designatorOctets = 23

    /// The account that the code designates, nil if it is code of its own.
    static func delegate(_ code: UnsafeRawBufferPointer) -> Address? {
        guard code.count == designatorOctets, code[0] == 0xef, code[1] == 0x01, code[2] == 0x00, let base = code.baseAddress else { return nil }
        return Address(base + 3)
    }
}

extension State {
    /// Carries out the valid ones of a transaction's authorizations. Gives the refund for authorities that existed.
    mutating func setDelegations(_ transaction: duet_transaction_t, _ block: duet_block_t, _ fork: Fork) -> UInt64 {
        let rules = fork.rules
        var refund: UInt64 = 0
        for authorization in transaction.authorizationList where setDelegation(authorization, block) {
            refund += rules.pointee.transaction.newAuthority - rules.pointee.transaction.knownAuthority
        }
        return refund
    }

    /// Whether an authority that existed was given its code.
    private mutating func setDelegation(_ authorization: duet_authorization_t, _ block: duet_block_t) -> Bool {
        let chain = Bytes32(authorization.chain_id)
        guard chain.isZero || chain == Bytes32(block.chain_id), authorization.nonce < UInt64.max,
              let authority = authorization.authority(&writer) else {
            if writer.failed { _ = fail() }
            return false
        }
        _ = warm(authority)
        let code = code(authority)
        guard code.isEmpty || SetCode.delegate(code) != nil, nonce(authority) == authorization.nonce else { return false }
        let existed = exists(authority)
        let target = Address(authorization.address)
        if target == Address() {
            setCode(authority, UnsafeRawBufferPointer(start: nil, count: 0))
        } else {
            withUnsafeTemporaryAllocation(byteCount: SetCode.designatorOctets, alignment: 1) { designator in
                (designator[0], designator[1], designator[2]) = (0xef, 0x01, 0x00)
                target.store(to: designator.baseAddress.unsafelyUnwrapped + 3)
                setCode(authority, UnsafeRawBufferPointer(designator))
            }
        }
        setNonce(authority, authorization.nonce + 1)
        return existed
    }
}
