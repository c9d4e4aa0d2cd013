import CPVM
import EVMRules
import VMCommon

/// Where control comes to: an instruction, with the stack's top and the gas that is left.
struct Arrival: BitwiseCopyable {
    var offset: Int
    var top: UnsafeMutablePointer<U256>
    var gas: Int64
    /// `middle`: what comes next is for `Careful`.
    var way: LoopStep.Way
}

/// What a loop keeps in processor registers.
private struct LoopMachine {
    /// The stack's top where the loop starts.
    let base: UnsafeMutableRawPointer
    var step: UnsafePointer<LoopStep>

    @inline(__always) private func word(_ octets: Int32) -> UnsafeMutablePointer<U256> { (base + Int(octets)).assumingMemoryBound(to: U256.self) }
    @inline(__always) var result: UnsafeMutablePointer<U256> { word(step.pointee.result) }
    @inline(__always) var first: UnsafeMutablePointer<U256> { word(step.pointee.first) }
    @inline(__always) var second: UnsafeMutablePointer<U256> { word(step.pointee.second) }
    @inline(__always) var third: UnsafeMutablePointer<U256> { base.assumingMemoryBound(to: U256.self) + Int(Int16(bitPattern: step.pointee.more)) }

    @inline(__always)
    mutating func compute(_ operation: (U256, U256) -> U256) {
        result.pointee = operation(first.pointee, second.pointee)
        step += 1
    }

    // Long operations are functions of their own: the loop's registers are too few for them.
    @inline(__always)
    mutating func outOfLine(_ operation: (UnsafeMutablePointer<U256>, UnsafePointer<U256>, UnsafePointer<U256>) -> Void) {
        operation(result, first, second)
        step += 1
    }

    @inline(__always)
    mutating func outOfLine(_ operation: (UnsafeMutablePointer<U256>, UnsafePointer<U256>, UnsafePointer<U256>, UnsafePointer<U256>) -> Void) {
        operation(result, first, second, third)
        step += 1
    }

    @inline(__always) mutating func add() { compute { $0 &+ $1 } }
    @inline(__always) mutating func mul() { compute { $0 &* $1 } }
    @inline(__always) mutating func sub() { compute { $0 &- $1 } }
    @inline(__always) mutating func div() { outOfLine(divide) }
    @inline(__always) mutating func sdiv() { outOfLine(divideSigned) }
    @inline(__always) mutating func mod() { outOfLine(remainder) }
    @inline(__always) mutating func smod() { outOfLine(remainderSigned) }
    @inline(__always) mutating func addmod() { outOfLine(addModulo) }
    @inline(__always) mutating func mulmod() { outOfLine(multiplyModulo) }
    @inline(__always) mutating func signextend() { compute { U256.extendSign($1, $0) } }
    @inline(__always) mutating func lt() { compute { U256($0 < $1) } }
    @inline(__always) mutating func slt() { compute { U256(U256.isLessSigned($0, $1)) } }
    @inline(__always) mutating func eq() { compute { U256($0 == $1) } }
    @inline(__always) mutating func and() { compute { $0 & $1 } }
    @inline(__always) mutating func or() { compute { $0 | $1 } }
    @inline(__always) mutating func xor() { compute { $0 ^ $1 } }
    @inline(__always) mutating func byte() { compute { U256.octet($1, $0) } }
    @inline(__always) mutating func shl() { compute { $1 << $0 } }
    @inline(__always) mutating func shr() { compute { $1 >> $0 } }
    @inline(__always) mutating func sar() { compute { U256.shiftRightSigned($1, $0) } }

    @inline(__always)
    mutating func iszero() {
        result.pointee = U256(first.pointee.isZero)
        step += 1
    }

    @inline(__always)
    mutating func not() {
        result.pointee = ~first.pointee
        step += 1
    }

    @inline(__always)
    mutating func clz() {
        result.pointee = U256(UInt64(truncatingIfNeeded: first.pointee.leadingZeroBitCount))
        step += 1
    }

    @inline(__always)
    mutating func copy() {
        duet_copy_word(result, first)
        step += 1
    }

    /// Past the way out, or into it.
    @inline(__always)
    mutating func goOn(_ condition: Bool) { step += condition ? 1 + Int(step.pointee.more) : 1 }

    @inline(__always)
    mutating func mload(_ frame: Frame.Handle) {
        let offset = first.pointee
        let isThere = offset.fitsOneLimb && offset.limb0 < frame.pointee.memory.wordOffsets
        if isThere { result.pointee = U256(bigEndian: frame.pointee.memory.start.unsafelyUnwrapped + Int(truncatingIfNeeded: offset.limb0)) }
        goOn(isThere)
    }

    @inline(__always)
    mutating func mstore(_ frame: Frame.Handle) {
        let offset = first.pointee
        let isThere = offset.fitsOneLimb && offset.limb0 < frame.pointee.memory.wordOffsets
        if isThere { second.pointee.storeBigEndian(to: frame.pointee.memory.start.unsafelyUnwrapped + Int(truncatingIfNeeded: offset.limb0)) }
        goOn(isThere)
    }

    @inline(__always)
    mutating func mstore8(_ frame: Frame.Handle) {
        let offset = first.pointee
        let isThere = offset.fitsOneLimb && offset.limb0 < frame.pointee.memory.size
        if isThere { frame.pointee.memory.start.unsafelyUnwrapped[Int(truncatingIfNeeded: offset.limb0)] = UInt8(truncatingIfNeeded: second.pointee.limb0) }
        goOn(isThere)
    }
}

extension Frame.Handle {
    /// The loop that control comes to, if it has been recorded and can go around once.
    func loop(at arrival: Arrival) -> UnsafePointer<Loop>? {
        guard pointee.loopPatience > 0, let loop = pointee.image.loops?.come(to: arrival.offset, pointee.image, pointee.traits) else { return nil }
        let height = arrival.top - pointee.stack
        return arrival.gas >= loop.pointee.gas && height >= loop.pointee.need && height + loop.pointee.growth <= Limit.stack ? loop : nil
    }

    /// Executes a loop until control leaves it, or there is no gas to go around once more: then control is at its start.
    func run(_ loop: UnsafePointer<Loop>, _ arrival: Arrival) -> Arrival {
        let loops = pointee.image.loops.unsafelyUnwrapped
        let constants = loops.firstConstant(of: loop)
        for index in 0..<loop.pointee.constantCount { arrival.top[constants[index].place] = constants[index].word }
        let left = runSteps(loops.firstStep(of: loop), loop, arrival)
        // A loop that is mostly left before it has come around once is not worth it.
        pointee.loopPatience = arrival.gas &- left.gas < loop.pointee.gas ? pointee.loopPatience - 1 : Frame.loopPatience
        return left
    }

    @inline(never)
    private func runSteps(_ start: UnsafePointer<LoopStep>, _ loop: UnsafePointer<Loop>, _ arrival: Arrival) -> Arrival {
        var m = LoopMachine(base: UnsafeMutableRawPointer(arrival.top), step: start)
        var gas = arrival.gas
        while true {
            switch m.step.pointee.operation {
            case .add: m.add()
            case .mul: m.mul()
            case .sub: m.sub()
            case .div: m.div()
            case .sdiv: m.sdiv()
            case .mod: m.mod()
            case .smod: m.smod()
            case .signextend: m.signextend()
            case .lt: m.lt()
            case .slt: m.slt()
            case .eq: m.eq()
            case .and: m.and()
            case .or: m.or()
            case .xor: m.xor()
            case .byte: m.byte()
            case .shl: m.shl()
            case .shr: m.shr()
            case .sar: m.sar()
            case .addmod: m.addmod()
            case .mulmod: m.mulmod()
            case .iszero: m.iszero()
            case .not: m.not()
            case .clz: m.clz()
            case .copy: m.copy()
            case .mload: m.mload(self)
            case .mstore: m.mstore(self)
            case .mstore8: m.mstore8(self)
            case .whileZero: m.goOn(m.first.pointee.isZero)
            case .whileNotZero: m.goOn(!m.first.pointee.isZero)
            case .whileLess: m.goOn(m.first.pointee < m.second.pointee)
            case .whileNotLess: m.goOn(!(m.first.pointee < m.second.pointee))
            case .whileLessSigned: m.goOn(U256.isLessSigned(m.first.pointee, m.second.pointee))
            case .whileNotLessSigned: m.goOn(!U256.isLessSigned(m.first.pointee, m.second.pointee))
            case .whileEqual: m.goOn(m.first.pointee == m.second.pointee)
            case .whileNotEqual: m.goOn(m.first.pointee != m.second.pointee)
            case .leave:
                let step = m.step.pointee
                return Arrival(offset: Int(step.second), top: (m.base + Int(step.result)).assumingMemoryBound(to: U256.self), gas: gas &- Int64(step.first),
                               way: unsafeBitCast(UInt8(truncatingIfNeeded: step.more), to: LoopStep.Way.self))
            case .again:
                gas &-= loop.pointee.gas
                if gas < loop.pointee.gas { return Arrival(offset: loop.pointee.start, top: arrival.top, gas: gas, way: .jump) }
                m.step = start
            }
        }
    }
}

// What is too long for the loop.

@inline(never)
private func divide(_ result: UnsafeMutablePointer<U256>, _ first: UnsafePointer<U256>, _ second: UnsafePointer<U256>) { result.pointee = first.pointee / second.pointee }

@inline(never)
private func divideSigned(_ result: UnsafeMutablePointer<U256>, _ first: UnsafePointer<U256>, _ second: UnsafePointer<U256>) {
    result.pointee = U256.divideSigned(first.pointee, second.pointee)
}

@inline(never)
private func remainder(_ result: UnsafeMutablePointer<U256>, _ first: UnsafePointer<U256>, _ second: UnsafePointer<U256>) { result.pointee = first.pointee % second.pointee }

@inline(never)
private func remainderSigned(_ result: UnsafeMutablePointer<U256>, _ first: UnsafePointer<U256>, _ second: UnsafePointer<U256>) {
    result.pointee = U256.remainderSigned(first.pointee, second.pointee)
}

@inline(never)
private func addModulo(_ result: UnsafeMutablePointer<U256>, _ first: UnsafePointer<U256>, _ second: UnsafePointer<U256>, _ modulus: UnsafePointer<U256>) {
    result.pointee = U256.addModulo(first.pointee, second.pointee, modulus.pointee)
}

@inline(never)
private func multiplyModulo(_ result: UnsafeMutablePointer<U256>, _ first: UnsafePointer<U256>, _ second: UnsafePointer<U256>, _ modulus: UnsafePointer<U256>) {
    result.pointee = U256.multiplyModulo(first.pointee, second.pointee, modulus.pointee)
}
