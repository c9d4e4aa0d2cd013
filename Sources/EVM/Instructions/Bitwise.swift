import VMCommon

extension Machine {
    @inline(__always) mutating func and() { binary { $0 & $1 } }
    @inline(__always) mutating func or() { binary { $0 | $1 } }
    @inline(__always) mutating func xor() { binary { $0 ^ $1 } }

    @inline(__always)
    mutating func not() {
        sp[-1] = ~sp[-1]
        pc += 1
    }

    @inline(__always) mutating func byte() { binary { U256.octet($1, $0) } }
    @inline(__always) mutating func shl() { binary { $1 << $0 } }
    @inline(__always) mutating func shr() { binary { $1 >> $0 } }
    @inline(__always) mutating func sar() { binary { U256.shiftRightSigned($1, $0) } }

    @inline(__always)
    mutating func clz() {
        sp[-1] = U256(UInt64(truncatingIfNeeded: sp[-1].leadingZeroBitCount))
        pc += 1
    }
}
