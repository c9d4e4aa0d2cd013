import CPVM
import VMCommon

/// Handlers of the sequences that `Fusion` names: the same as their instructions one after the other, without the words in between.
extension Machine {
    /// PUSHn and an instruction that takes its data and another word.
    @inline(__always)
    private mutating func withData(_ octets: Int, _ operation: (U256, U256) -> U256) {
        sp[-1] = operation(data(octets), sp[-1])
        pc += 2 + octets
    }

    /// DUPn and an instruction that takes its word and another one. n is behind the opcode.
    @inline(__always)
    private mutating func withDup(_ operation: (U256, U256) -> U256) {
        sp[-1] = operation(sp[-Int(pc[1])], sp[-1])
        pc += 2
    }

    /// Two instructions that take two words each, the second one that of the first.
    @inline(__always)
    private mutating func twice(_ operation: (U256, U256, U256) -> U256) {
        let result = operation(sp[-1], sp[-2], sp[-3])
        sp -= 2
        sp[-1] = result
        pc += 2
    }

    // Closures in the interpreter's function itself would not be inlined.

    @inline(__always) mutating func push1Add() { withData(1) { $0 &+ $1 } }
    @inline(__always) mutating func push1Sub() { withData(1) { $0 &- $1 } }
    @inline(__always) mutating func push1Mul() { withData(1) { $0 &* $1 } }
    @inline(__always) mutating func push1And() { withData(1) { $0 & $1 } }
    @inline(__always) mutating func push2And() { withData(2) { $0 & $1 } }
    @inline(__always) mutating func push4And() { withData(4) { $0 & $1 } }
    @inline(__always) mutating func push8And() { withData(8) { $0 & $1 } }
    @inline(__always) mutating func push20And() { withData(20) { $0 & $1 } }
    @inline(__always) mutating func push1Shl() { withData(1) { U256.shiftLeft($1, bits: $0.limb0) } }
    @inline(__always) mutating func push1Shr() { withData(1) { U256.shiftRight($1, bits: $0.limb0) } }
    @inline(__always) mutating func push1Eq() { withData(1) { U256($0 == $1) } }
    @inline(__always) mutating func push4Eq() { withData(4) { U256($0 == $1) } }
    @inline(__always) mutating func push1Lt() { withData(1) { U256($0 < $1) } }
    @inline(__always) mutating func push1Gt() { withData(1) { U256($1 < $0) } }

    @inline(__always) mutating func dupAnd() { withDup { $0 & $1 } }
    @inline(__always) mutating func dupOr() { withDup { $0 | $1 } }
    @inline(__always) mutating func dupXor() { withDup { $0 ^ $1 } }
    @inline(__always) mutating func dupAdd() { withDup { $0 &+ $1 } }
    @inline(__always) mutating func dupSub() { withDup { $0 &- $1 } }
    @inline(__always) mutating func dupMul() { withDup { $0 &* $1 } }
    @inline(__always) mutating func dupLt() { withDup { U256($0 < $1) } }
    @inline(__always) mutating func dupGt() { withDup { U256($1 < $0) } }
    @inline(__always) mutating func dupEq() { withDup { U256($0 == $1) } }
    @inline(__always) mutating func dupShr() { withDup { $1 >> $0 } }
    @inline(__always) mutating func dupShl() { withDup { $1 << $0 } }

    @inline(__always) mutating func andOr() { twice { ($0 & $1) | $2 } }
    @inline(__always) mutating func addAdd() { twice { $0 &+ $1 &+ $2 } }

    // MLOAD, MSTORE

    @inline(__always)
    mutating func loadAtData<P: Pace>(_ octets: Int, _ pace: P.Type) -> Bool {
        guard let place = place(data(octets), 32, pace) else { return false }
        sp[0] = U256(bigEndian: place)
        sp += 1
        pc += 2 + octets
        return true
    }

    @inline(__always)
    mutating func storeAtData<P: Pace>(_ octets: Int, _ pace: P.Type) -> Bool {
        guard let place = place(data(octets), 32, pace) else { return false }
        sp[-1].storeBigEndian(to: place)
        sp -= 1
        pc += 2 + octets
        return true
    }

    @inline(__always)
    mutating func loadAtDup<P: Pace>(_ pace: P.Type) -> Bool {
        guard let place = place(sp[-Int(pc[1])], 32, pace) else { return false }
        sp[0] = U256(bigEndian: place)
        sp += 1
        pc += 2
        return true
    }

    @inline(__always)
    mutating func storeAtDup<P: Pace>(_ pace: P.Type) -> Bool {
        guard let place = place(sp[-Int(pc[1])], 32, pace) else { return false }
        sp[-1].storeBigEndian(to: place)
        sp -= 1
        pc += 2
        return true
    }

    /// PUSH1, DUPn, MSTORE. With the data on the stack, n counts from it.
    @inline(__always)
    mutating func storeDataAtDup<P: Pace>(_ pace: P.Type) -> Bool {
        sp[0] = data(1)
        guard let place = place(sp[1 - Int(pc[2])], 32, pace) else { return false }
        sp[0].storeBigEndian(to: place)
        pc += 4
        return true
    }

    @inline(__always)
    mutating func addMload<P: Pace>(_ pace: P.Type) -> Bool {
        guard let place = place(sp[-1] &+ sp[-2], 32, pace) else { return false }
        sp -= 1
        sp[-1] = U256(bigEndian: place)
        pc += 2
        return true
    }

    // The stack

    @inline(__always)
    mutating func push1Push1() {
        sp[0] = U256(UInt64(pc[1]))
        sp[1] = U256(UInt64(pc[3]))
        sp += 2
        pc += 4
    }

    @inline(__always)
    private mutating func pushDup(_ octets: Int) {
        sp[0] = data(octets)
        copy(1 - Int(pc[1 + octets]), to: 1)
        sp += 2
        pc += 2 + octets
    }

    @inline(__always) mutating func push1Dup() { pushDup(1) }
    @inline(__always) mutating func push2Dup() { pushDup(2) }
    @inline(__always) mutating func push4Dup() { pushDup(4) }

    /// The data takes the place of the word that comes to the top.
    @inline(__always)
    private mutating func pushSwap(_ octets: Int) {
        let depth = Int(pc[1 + octets])
        copy(-depth, to: 0)
        sp[-depth] = data(octets)
        sp += 1
        pc += 2 + octets
    }

    @inline(__always) mutating func push1Swap() { pushSwap(1) }
    @inline(__always) mutating func push2Swap() { pushSwap(2) }

    /// PUSH1, DUPn, SWAPm, POP, as compilers write it for a variable that starts as 0 and is set.
    @inline(__always)
    mutating func push1DupSwapPop() {
        sp[0] = data(1)
        copy(1 - Int(pc[2]), to: 1 - Int(pc[4]))
        sp += 1
        pc += 5
    }

    @inline(__always)
    mutating func dupDup() {
        let depths = Int(pc[1])
        copy(-1 - depths >> 4, to: 0)
        copy(-(depths & 15), to: 1)
        sp += 2
        pc += 2
    }

    /// DUPn and DUPm, whose numbers are behind the opcode: the words that they copy, the second one first.
    @inline(__always)
    private func dupTwo() -> (U256, U256) {
        let depths = Int(pc[1])
        let below = sp[-1 - depths >> 4]
        // The second one may copy the first one's.
        sp[0] = below
        return (sp[-(depths & 15)], below)
    }

    @inline(__always)
    mutating func dupDupAdd() {
        let (top, below) = dupTwo()
        sp[0] = top &+ below
        sp += 1
        pc += 3
    }

    @inline(__always)
    func isDupLess() -> Bool {
        let (top, below) = dupTwo()
        return top < below
    }

    @inline(__always)
    func isDupGreater() -> Bool {
        let (top, below) = dupTwo()
        return below < top
    }

    @inline(__always)
    mutating func swapSwap() {
        let depths = Int(pc[1])
        exchange(1, 2 + depths >> 4)
        exchange(1, 2 + depths & 15)
        pc += 2
    }

    @inline(__always)
    mutating func dupPush1() {
        copy(-Int(pc[1]), to: 0)
        sp[1] = U256(UInt64(pc[2]))
        sp += 2
        pc += 3
    }

    @inline(__always)
    mutating func swapPop() {
        copy(-1, to: -1 - Int(pc[1]))
        sp -= 1
        pc += 2
    }

    @inline(__always)
    mutating func popPop() {
        sp -= 2
        pc += 2
    }

    // Jumps

    @inline(__always)
    mutating func popJump<P: Pace>(_ pace: P.Type) -> Bool {
        sp -= 2
        return go(to: sp[0], pace)
    }

    @inline(__always)
    mutating func popPopJump<P: Pace>(_ pace: P.Type) -> Bool {
        sp -= 3
        return go(to: sp[0], pace)
    }

    /// SWAPn, SWAPn-1, n-1 times POP, JUMP, for n of 2 and 3, as a function ends that has one result: that takes the place of where to go.
    @inline(__always)
    mutating func leave<P: Pace>(_ pace: P.Type) -> Bool {
        let words = Int(pc[1] >> 4) + 1
        let target = sp[-1 - words]
        copy(-1, to: -1 - words)
        sp -= words
        return go(to: target, pace)
    }

    /// SWAPn, JUMP. Or, with n of 1, PUSH1, DUP2, SWAP1, POP, SWAP2, SWAP1, POP, JUMP: a function that gives what it takes, of which compilers that
    /// do not optimise call many.
    @inline(__always)
    mutating func jumpBelow<P: Pace>(_ pace: P.Type) -> Bool {
        let place = -1 - Int(pc[1]), target = sp[place]
        copy(-1, to: place)
        sp -= 1
        return go(to: target, pace)
    }

    /// PUSH2, DUPn, and PUSH2 and JUMP, as functions with a parameter are called.
    @inline(__always)
    mutating func push2DupJump<P: Pace>(_ pace: P.Type) -> Bool {
        sp[0] = data(2)
        copy(1 - Int(pc[3]), to: 1)
        sp += 2
        return branch(true, taking: 0, data: 4, of: 8, pace)
    }

    @inline(__always)
    mutating func swapJump<P: Pace>(_ pace: P.Type) -> Bool {
        exchange(1, 1 + Int(pc[1]))
        return branch(true, taking: 0, data: 1, of: 5, pace)
    }

    @inline(__always)
    mutating func swapPopJump<P: Pace>(_ pace: P.Type) -> Bool {
        copy(-1, to: -1 - Int(pc[1]))
        sp -= 1
        return branch(true, taking: 0, data: 2, of: 6, pace)
    }

    /// Instructions that make a condition of `words` words of the stack, then at `data` PUSH2 with a known jump
    /// destination, then JUMPI: `octets` in all. Or others, PUSH2 and JUMP.
    @inline(__always)
    mutating func branch<P: Pace>(_ condition: Bool, taking words: Int, data: Int, of octets: Int, _ pace: P.Type) -> Bool {
        if condition {
            sp -= words
            let target = UInt16(bigEndian: UnsafeRawPointer(pc).loadUnaligned(fromByteOffset: data + 1, as: UInt16.self))
            pc = frame.pointee.image.code + Int(target)
            return land(pace)
        }
        sp -= words
        pc += octets
        return enter(pace, behindJump: true)
    }
}
