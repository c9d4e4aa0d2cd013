import VMCommon

/// A step of a loop (see `Loops`): what is left of its instructions once everything that only moves words is known beforehand.
///
/// Words are named by where they are, in octets from the top that the stack has where the loop starts: below it those that are on the stack then, and
/// from `LoopStep.values` on those that the loop computes and its constants.
struct LoopStep: BitwiseCopyable {
    enum Operation: UInt8, BitwiseCopyable {
        // result = first operation second, as the instruction of that name takes them
        case add, mul, sub, div, sdiv, mod, smod, signextend, lt, slt, eq, and, or, xor, byte, shl, shr, sar
        // … with a third one, whose place is in `more`, in words
        case addmod, mulmod
        // result = operation first
        case iszero, not, clz, copy
        // Memory that there is: result is the word at first; second is stored at first. Otherwise the way out that follows is taken.
        case mload, mstore, mstore8
        // The loop goes on if it is so, or takes the way out that follows.
        case whileZero, whileNotZero, whileLess, whileNotLess, whileLessSigned, whileNotLessSigned, whileEqual, whileNotEqual
        /// The end of a way out: `result` is what the stack is higher by, `first` what has been spent of the gas, and control comes to the offset
        /// `second` as `more` says, a `Way`.
        case leave
        /// From the start once more, if there is gas for it.
        case again
    }

    /// How control comes to an instruction.
    enum Way: UInt8, BitwiseCopyable {
        /// By a jump to the JUMPDEST of a block.
        case jump
        /// From before it, to the start of a block.
        case flow
        /// In the middle of a block, which is not paid.
        case middle
    }

    var operation: Operation
    /// The steps of the way out that follows, or what `operation` says.
    var more: UInt16 = 0
    var result: Int32 = 0
    var first: Int32 = 0
    var second: Int32 = 0

    // All in words:
    /// How far below the top a loop looks.
    static var depth: Int { 32 }
    /// How far above it the stack reaches in it, and where the words start that it computes.
    static var values: Int { 32 }
    static var valueLimit: Int { 96 }
    /// What has to be there above the top.
    static var room: Int { values + valueLimit }

    /// Does it nothing but to compute a word of its own?
    var computes: Bool { operation.rawValue <= Operation.clz.rawValue }

    var hasSecond: Bool {
        switch operation {
        case .iszero, .not, .clz, .copy, .mload, .whileZero, .whileNotZero, .leave, .again: return false
        default: return true
        }
    }

    var hasThird: Bool { operation == .addmod || operation == .mulmod }

    var hasWayOut: Bool { operation.rawValue >= Operation.mload.rawValue && operation.rawValue < Operation.leave.rawValue }
}
