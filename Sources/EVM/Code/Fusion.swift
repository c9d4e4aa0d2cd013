import VMCommon

/// Sequences of instructions that have one handler. It stands in the copy of the code where the first of them was; octets of the
/// others can hold numbers for it. Jumps cannot lead between them: none of the later ones is a JUMPDEST.
///
/// A sequence of three or more is a fused pair that is fused again, from either side.
struct Fusion: BitwiseCopyable {
    /// What the octet of the second instruction becomes.
    enum Note: UInt8, BitwiseCopyable {
        case nothing
        /// n of the first, or of the second, of DUPn or SWAPn.
        case first, second
        /// n of both, less 1: that of the first in the upper four bits.
        case both
        /// Nothing; but the pair is fused only if the data of the PUSH2 is a jump destination.
        case target
        /// Nothing; but only behind SWAP2 and SWAP1, or SWAP3 and SWAP2.
        case afterTwoOne, afterThreeTwo
        /// 1 in the data of PUSH1; but only with DUP2, SWAP1, POP, and then SWAP2, SWAP1, POP, JUMP.
        case identity
    }

    let first: Opcode
    let second: Opcode
    let fused: Opcode
    let note: Note

    private init(_ first: Opcode, _ second: Opcode, _ fused: Opcode, _ note: Note = .nothing) {
        self.first = first
        self.second = second
        self.fused = fused
        self.note = note
    }

    /// DUP1 stands for DUP1 … DUP16, SWAP1 for SWAP1 … SWAP16.
    private static let all: InlineArray<71, Fusion> = [
        Fusion(.push1, .add, .push1Add),
        Fusion(.push1, .sub, .push1Sub),
        Fusion(.push1, .mul, .push1Mul),
        Fusion(.push1, .and, .push1And),
        Fusion(.push2, .and, .push2And),
        Fusion(.push4, .and, .push4And),
        Fusion(.push8, .and, .push8And),
        Fusion(.push20, .and, .push20And),
        Fusion(.push1, .shl, .push1Shl),
        Fusion(.push1, .shr, .push1Shr),
        Fusion(.push1, .eq, .push1Eq),
        Fusion(.push4, .eq, .push4Eq),
        Fusion(.push1, .lt, .push1Lt),
        Fusion(.push1, .gt, .push1Gt),
        Fusion(.push1, .mload, .push1Mload),
        Fusion(.push2, .mload, .push2Mload),
        Fusion(.push1, .mstore, .push1Mstore),
        Fusion(.push2, .mstore, .push2Mstore),
        Fusion(.push1, .push1, .push1Push1),
        Fusion(.push1, .dup1, .push1Dup, .second),
        Fusion(.push4, .dup1, .push4Dup, .second),
        Fusion(.push1Dup, .mstore, .push1DupMstore),
        Fusion(.push1, .swap1, .push1Swap, .second),
        Fusion(.push2, .dup1, .push2Dup, .second),
        Fusion(.push2, .swap1, .push2Swap, .second),
        Fusion(.push1Dup, .swapPop, .push1DupSwapPop),
        Fusion(.push2, .jump, .push2Jump, .target),
        Fusion(.push2, .jumpi, .push2Jumpi, .target),
        Fusion(.iszero, .push2Jumpi, .iszeroJumpi),
        Fusion(.lt, .push2Jumpi, .ltJumpi),
        Fusion(.lt, .iszeroJumpi, .ltIszeroJumpi),
        Fusion(.gt, .push2Jumpi, .gtJumpi),
        Fusion(.gt, .iszeroJumpi, .gtIszeroJumpi),
        Fusion(.slt, .push2Jumpi, .sltJumpi),
        Fusion(.slt, .iszeroJumpi, .sltIszeroJumpi),
        Fusion(.sgt, .push2Jumpi, .sgtJumpi),
        Fusion(.sgt, .iszeroJumpi, .sgtIszeroJumpi),
        Fusion(.eq, .push2Jumpi, .eqJumpi),
        Fusion(.dup1, .and, .dupAnd, .first),
        Fusion(.dup1, .or, .dupOr, .first),
        Fusion(.dup1, .xor, .dupXor, .first),
        Fusion(.dup1, .add, .dupAdd, .first),
        Fusion(.dup1, .sub, .dupSub, .first),
        Fusion(.dup1, .mul, .dupMul, .first),
        Fusion(.dup1, .lt, .dupLt, .first),
        Fusion(.dup1, .gt, .dupGt, .first),
        Fusion(.dup1, .eq, .dupEq, .first),
        Fusion(.dup1, .shr, .dupShr, .first),
        Fusion(.dup1, .shl, .dupShl, .first),
        Fusion(.dup1, .mload, .dupMload, .first),
        Fusion(.dup1, .mstore, .dupMstore, .first),
        Fusion(.dup1, .push1, .dupPush1, .first),
        Fusion(.dup1, .dup1, .dupDup, .both),
        Fusion(.swap1, .swap1, .swapSwap, .both),
        Fusion(.swap1, .pop, .swapPop, .first),
        Fusion(.pop, .pop, .popPop),
        Fusion(.pop, .jump, .popJump),
        Fusion(.and, .or, .andOr),
        Fusion(.add, .mload, .addMload),
        Fusion(.add, .add, .addAdd),
        Fusion(.dupDup, .add, .dupDupAdd),
        Fusion(.dupDup, .ltIszeroJumpi, .dupDupLtIszeroJumpi),
        Fusion(.dupDup, .gtIszeroJumpi, .dupDupGtIszeroJumpi),
        Fusion(.push2Dup, .push2Jump, .push2DupJump),
        Fusion(.swap1, .push2Jump, .swapJump, .first),
        Fusion(.swapPop, .push2Jump, .swapPopJump),
        Fusion(.popPop, .jump, .popPopJump),
        Fusion(.swapSwap, .popJump, .leave, .afterTwoOne),
        Fusion(.swapSwap, .popPopJump, .leave, .afterThreeTwo),
        Fusion(.swap1, .jump, .jumpBelow, .first),
        Fusion(.push1DupSwapPop, .leave, .jumpBelow, .identity),
    ]

    /// The octets that an opcode of `all` stands for.
    private static func forEach(of octet: UInt8, _ body: (UInt8) -> Void) {
        let count: UInt8 = octet == Opcode.dup1.rawValue || octet == Opcode.swap1.rawValue ? 16 : 1
        for number in 0..<count { body(octet + number) }
    }

    private static let list = Table<Fusion>(count: all.count) { all[$0] }

    /// The number of a row of `pairs` for each octet that can come first; 0 for others.
    private static let firsts = {
        let table = Table<UInt8>(count: 256) { _ in 0 }
        let rows = UnsafeMutablePointer(mutating: table.address)
        var last: UInt8 = 0
        for index in list.indices {
            let first = list[index].first.rawValue
            if rows[Int(first)] != 0 { continue }
            last += 1
            forEach(of: first) { rows[Int($0)] = last }
        }
        return table
    }()

    /// For each row and second octet, 1 more than the index of a fusion.
    private static let pairs = {
        let table = Table<UInt8>(count: rowCount * 256) { _ in 0 }
        let places = UnsafeMutablePointer(mutating: table.address)
        for index in list.indices {
            let row = Int(firsts[Int(list[index].first.rawValue)]) * 256
            forEach(of: list[index].second.rawValue) { places[row + Int($0)] = UInt8(truncatingIfNeeded: index + 1) }
        }
        return table
    }()

    private static let rowCount = 32

    /// Whether it can be made of these two, in a copy of the code. If so, notes what its handler needs; a jump backwards is noted as what closes a loop.
    func joins(_ first: UnsafeMutablePointer<UInt8>, _ second: UnsafeMutablePointer<UInt8>, _ image: CodeImage) -> Bool {
        switch note {
        case .nothing: return true
        case .first: second.pointee = first.pointee & 15 + 1
        case .second: second.pointee = second.pointee & 15 + 1
        case .both: second.pointee = first.pointee << 4 | second.pointee & 15
        case .target:
            let target = Int(first[1]) << 8 | Int(first[2])
            guard image.isJumpdest(UInt64(truncatingIfNeeded: target)) else { return false }
            if target < first - image.code { image.loops?.pointee.nominate(target) }
        case .afterTwoOne: return first[1] == 0x10
        case .afterThreeTwo: return first[1] == 0x21
        case .identity:
            guard first[2] == 2 && first[4] == 1 && second[1] == 0x10 else { return false }
            first[1] = 1
        }
        return true
    }

    /// Where the tables are, so that analysis need not ask for them at every instruction.
    struct Tables: BitwiseCopyable {
        let firsts = Fusion.firsts.address
        let pairs = Fusion.pairs.address
    }

    /// What two octets become, if nothing else speaks against it.
    static func opcode(_ first: UInt8, _ second: UInt8) -> Opcode? {
        let number = pairs[Int(firsts[Int(first)]) * 256 + Int(second)]
        return number == 0 ? nil : at(number).fused
    }

    @inline(__always)
    static func at(_ number: UInt8) -> Fusion { list[Int(number) - 1] }
}
