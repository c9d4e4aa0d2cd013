import VMCommon

extension Machine {
    @inline(__always) mutating func lt() { binary { U256($0 < $1) } }
    @inline(__always) mutating func gt() { binary { U256($1 < $0) } }
    @inline(__always) mutating func slt() { binary { U256(U256.isLessSigned($0, $1)) } }
    @inline(__always) mutating func sgt() { binary { U256(U256.isLessSigned($1, $0)) } }
    @inline(__always) mutating func eq() { binary { U256($0 == $1) } }

    @inline(__always)
    mutating func iszero() {
        sp[-1] = U256(sp[-1].isZero)
        pc += 1
    }
}
