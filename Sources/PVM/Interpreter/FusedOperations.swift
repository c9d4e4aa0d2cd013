/// The operations that occur in fused handlers, as methods that the plain handlers use as well. Each says whether the run goes
/// on; only those that access memory can say no.
extension Frame {
    /// On to the next instruction.
    @inline(__always) mutating func next() -> Bool {
        ip += 1
        return true
    }

    @inline(__always) func add64() -> Bool {
        d = a &+ b
        return true
    }

    @inline(__always) func addImm64() -> Bool {
        a = b &+ vx
        return true
    }

    @inline(__always) func and() -> Bool {
        d = a & b
        return true
    }

    @inline(__always) func andImm() -> Bool {
        a = b & vx
        return true
    }

    @inline(__always) func andInv() -> Bool {
        d = a & ~b
        return true
    }

    @inline(__always) func loadImm() -> Bool {
        a = vx
        return true
    }

    @inline(__always) func loadIndI32() -> Bool {
        guard let value = load(b &+ vx, UInt32.self) else { return false }
        a = extend32(value)
        return true
    }

    @inline(__always) func loadIndU32() -> Bool {
        guard let value = load(b &+ vx, UInt32.self) else { return false }
        a = UInt64(value)
        return true
    }

    @inline(__always) func loadIndU64() -> Bool {
        guard let value = load(b &+ vx, UInt64.self) else { return false }
        a = value
        return true
    }

    @inline(__always) func loadIndU8() -> Bool {
        guard let value = load(b &+ vx, UInt8.self) else { return false }
        a = UInt64(value)
        return true
    }

    @inline(__always) func moveReg() -> Bool {
        d = a
        return true
    }

    @inline(__always) func mul64() -> Bool {
        d = a &* b
        return true
    }

    @inline(__always) func rotL64() -> Bool {
        d = rotateRight(a, 0 &- b)
        return true
    }

    @inline(__always) func rotR32Imm() -> Bool {
        a = extend32(rotateRight(low(b), low(vx)))
        return true
    }

    @inline(__always) func shloLImm64() -> Bool {
        a = b &<< vx
        return true
    }

    @inline(__always) func shloRImm64() -> Bool {
        a = b &>> vx
        return true
    }

    @inline(__always) func storeImmIndU8() -> Bool { store(a &+ vx, UInt8(truncatingIfNeeded: vy)) }

    @inline(__always) func storeIndU32() -> Bool { store(b &+ vx, low(a)) }

    @inline(__always) func storeIndU64() -> Bool { store(b &+ vx, a) }

    @inline(__always) func storeIndU8() -> Bool { store(b &+ vx, UInt8(truncatingIfNeeded: a)) }

    @inline(__always) func xor() -> Bool {
        d = a ^ b
        return true
    }
}
