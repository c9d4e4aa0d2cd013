import CPVM
import EVMRules
import VMCommon

extension Machine {
    /// Takes two words and leaves one.
    @inline(__always)
    mutating func binary(_ operation: (U256, U256) -> U256) {
        let result = operation(sp[-1], sp[-2])
        sp -= 1
        sp[-1] = result
        pc += 1
    }

    @inline(__always) mutating func add() { binary { $0 &+ $1 } }
    @inline(__always) mutating func mul() { binary { $0 &* $1 } }
    @inline(__always) mutating func sub() { binary { $0 &- $1 } }

    // Long operations are functions of their own: the loop's registers are too few for them.

    @inline(__always)
    private mutating func outOfLine(_ operation: (UnsafeMutablePointer<U256>) -> Void) {
        operation(sp)
        sp -= 1
        pc += 1
    }

    @inline(__always) mutating func div() { outOfLine(divideWords) }
    @inline(__always) mutating func sdiv() { outOfLine(divideSignedWords) }
    @inline(__always) mutating func mod() { outOfLine(remainderOfWords) }
    @inline(__always) mutating func smod() { outOfLine(remainderOfSignedWords) }
    @inline(__always) mutating func addmod() { outOfLine(addModuloWords); sp -= 1 }
    @inline(__always) mutating func mulmod() { outOfLine(multiplyModuloWords); sp -= 1 }

    @inline(__always)
    mutating func exp<P: Pace>(_ pace: P.Type) -> Bool {
        guard settle(powerOfWords(frame, sp, gas), pace) else { return false }
        sp -= 1
        pc += 1
        return true
    }

    @inline(__always) mutating func signextend() { binary { U256.extendSign($1, $0) } }
}

// Each finds its operands below `sp` and puts the result where the last of them was.

@inline(never)
private func divideWords(_ sp: UnsafeMutablePointer<U256>) { sp[-2] = sp[-1] / sp[-2] }

@inline(never)
private func divideSignedWords(_ sp: UnsafeMutablePointer<U256>) { sp[-2] = U256.divideSigned(sp[-1], sp[-2]) }

@inline(never)
private func remainderOfWords(_ sp: UnsafeMutablePointer<U256>) { sp[-2] = sp[-1] % sp[-2] }

@inline(never)
private func remainderOfSignedWords(_ sp: UnsafeMutablePointer<U256>) { sp[-2] = U256.remainderSigned(sp[-1], sp[-2]) }

@inline(never)
private func addModuloWords(_ sp: UnsafeMutablePointer<U256>) { sp[-3] = U256.addModulo(sp[-1], sp[-2], sp[-3]) }

@inline(never)
private func multiplyModuloWords(_ sp: UnsafeMutablePointer<U256>) { sp[-3] = U256.multiplyModulo(sp[-1], sp[-2], sp[-3]) }

@inline(never)
private func powerOfWords(_ frame: Frame.Handle, _ sp: UnsafeMutablePointer<U256>, _ gas: Int64) -> Int64 {
    let octets = Int64((sp[-2].bitWidth + 7) / 8)
    let rest = gas - octets * frame.pointee.rules.pointee.execution.expByte
    guard rest >= 0 else { return frame.fail(EVMC_OUT_OF_GAS) }
    sp[-2] = U256.power(sp[-1], sp[-2])
    return rest
}
