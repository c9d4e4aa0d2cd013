/// What DUPN, SWAPN and EXCHANGE work on, by their immediate (EIP-8024).
public struct Reach {
    /// Words of the stack, counted from 1 at the top.
    public let first: Int
    public let second: Int

    /// Words that the stack must have.
    public var depth: Int { max(first, second) }

    /// nil for an immediate that is not allowed.
    public init?(_ opcode: Opcode, immediate: UInt8) {
        let isExchange = opcode == .exchange
        if immediate >= (isExchange ? 0x52 : 0x5b) && immediate <= 0x7f { return nil }
        if isExchange {
            let number = Int(immediate ^ 0x8f)
            let (high, low) = (number / 16, number % 16)
            (first, second) = high < low ? (high + 2, low + 2) : (low + 2, 30 - high)
        } else {
            let number = Int(immediate &+ 0x91)
            (first, second) = (1, opcode == .dupn ? number : number + 1)
        }
    }
}
