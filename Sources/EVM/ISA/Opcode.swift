/// All 256 values of an octet of code, in order: a value and its number are the same, which `init(octet:)` relies on.
///
/// The numbers that Ethereum has no instruction for serve two purposes in the copy of the code that the interpreter runs (see
/// `Code/`): `undefined` stands for every one of them, and the others for sequences that have one handler.
public enum Opcode: UInt8, Sendable, BitwiseCopyable {
    case stop = 0x00, add, mul, sub, div, sdiv, mod, smod, addmod, mulmod, exp, signextend, undefined, enteringJumpdest
    case unused0e, unused0f
    case lt = 0x10, gt, slt, sgt, eq, iszero, and, or, xor, not, byte, shl, shr, sar, clz, unused1f
    case keccak256 = 0x20, addAdd, dupDupAdd, dupDupLtIszeroJumpi, dupDupGtIszeroJumpi, push2DupJump, swapJump, swapPopJump
    case popPopJump, leave, jumpBelow, unused2b, unused2c, unused2d, unused2e, unused2f
    case address = 0x30, balance, origin, caller, callvalue, calldataload, calldatasize, calldatacopy, codesize, codecopy
    case gasprice, extcodesize, extcodecopy, returndatasize, returndatacopy, extcodehash
    case blockhash = 0x40, coinbase, timestamp, number, prevrandao, gaslimit, chainid, selfbalance, basefee, blobhash
    case blobbasefee, unused4b, unused4c, unused4d, unused4e, unused4f
    case pop = 0x50, mload, mstore, mstore8, sload, sstore, jump, jumpi, pc, msize, gas, jumpdest, tload, tstore, mcopy
    case push0
    case push1 = 0x60, push2, push3, push4, push5, push6, push7, push8, push9, push10, push11, push12, push13, push14
    case push15, push16
    case push17 = 0x70, push18, push19, push20, push21, push22, push23, push24, push25, push26, push27, push28, push29
    case push30, push31, push32
    case dup1 = 0x80, dup2, dup3, dup4, dup5, dup6, dup7, dup8, dup9, dup10, dup11, dup12, dup13, dup14, dup15, dup16
    case swap1 = 0x90, swap2, swap3, swap4, swap5, swap6, swap7, swap8, swap9, swap10, swap11, swap12, swap13, swap14
    case swap15, swap16
    case log0 = 0xa0, log1, log2, log3, log4, unuseda5, unuseda6, unuseda7, unuseda8, unuseda9, unusedaa, unusedab
    case unusedac, unusedad, unusedae, unusedaf
    case push1Add = 0xb0, push1Sub, push1Mul, push1And, push2And, push4And, push8And, push20And, push1Shl, push1Shr
    case push1Eq, push4Eq, push1Lt, push1Gt, push1Mload, push2Mload
    case push1Mstore = 0xc0, push2Mstore, push1Push1, push1Dup, push4Dup, push1DupMstore, push1Swap, push2Jump, push2Jumpi
    case iszeroJumpi, ltJumpi, ltIszeroJumpi, gtJumpi, gtIszeroJumpi, sltJumpi, sltIszeroJumpi
    case sgtJumpi = 0xd0, sgtIszeroJumpi, eqJumpi, dupAnd, dupOr, dupXor, dupAdd, dupSub, dupMul, dupLt, dupGt, dupEq
    case dupShr, dupShl, dupMload, dupMstore
    case dupPush1 = 0xe0, swapPop, popPop, popJump, andOr, addMload, dupn, swapn, exchange, dupDup, swapSwap, push2Dup
    case push2Swap, push1DupSwapPop, unusedee, unusedef
    case create = 0xf0, call, callcode, `return`, delegatecall, create2, unusedf6, unusedf7, unusedf8, unusedf9, staticcall
    case unusedfb, unusedfc, revert, invalid, selfdestruct

    @inline(__always)
    init(octet: UInt8) { self = unsafeBitCast(octet, to: Opcode.self) }
}
