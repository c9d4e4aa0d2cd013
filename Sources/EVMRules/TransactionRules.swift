/// What a transaction costs beside its execution, and what it may be.
public struct TransactionRules: Sendable, BitwiseCopyable {
    /// The newest type (EIP-2718): they have come in order.
    public var newestType: UInt8 = 0
    /// A legacy transaction may name its chain. EIP-155
    public var hasChainID = false
    /// Of the two signatures that a key can make only the one with the lower s counts. EIP-2
    public var wantsLowS = false
    /// The block takes a part of the price. EIP-1559
    public var hasBaseFee = false
    /// The coinbase is warm from the start. EIP-3651
    public var warmsCoinbase = false

    /// Every transaction; one that creates a contract, besides. EIP-2
    public var base: UInt64 = 21000
    public var creation: UInt64 = 0
    /// A byte of data, zero or not. EIP-2028
    public var zeroByte: UInt64 = 4
    public var otherByte: UInt64 = 68
    /// An address of the access list and a key. EIP-2930
    public var accessAddress: UInt64 = 2400
    public var accessKey: UInt64 = 1900
    /// Paid in advance for each authorization, and what one costs whose authority exists already. EIP-7702
    public var newAuthority: UInt64 = 25000
    public var knownAuthority: UInt64 = 12500
    /// The least that a token of data costs in the end, of which a byte that is not zero is four. EIP-7623
    public var floorToken: UInt64 = 0
    public var tokensOfOtherByte: UInt64 = 4

    /// Refunds are at most this part of the gas used. EIP-3529
    public var refundQuotient: UInt64 = 2
    /// EIP-7825
    public var gasLimitCap = UInt64.max
    /// EIP-7594
    public var mostBlobs = UInt64.max
}

/// The creation of contracts.
public struct CreationRules: Sendable, BitwiseCopyable {
    /// The greatest code. EIP-170
    public var codeLimit = UInt64.max
    /// The greatest initcode, and what a word of it costs. EIP-3860
    public var initcodeLimit = UInt64.max
    public var initcodeWord: UInt64 = 0
    /// G_codedeposit
    public var codeByte: Int64 = 200
    /// No code starts with 0xef. EIP-3541
    public var refusesEF = false
    /// A creation that cannot pay for its code fails; before, it made an account without code. EIP-2
    public var failsUnpaid = false
    /// EIP-161
    public var firstNonce: UInt64 = 0
}
