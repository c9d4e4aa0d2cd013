import CPVM
import VMCommon

/// The prime of the field that P-256 is defined over (SP 800-186, 3.2.1.3): 2^256 - 2^224 + 2^192 + 2^96 - 1.
enum P256Prime: PrimeModulus {
    static var modulus: U256 { U256(0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0x0000_0000_0000_0000, 0xffff_ffff_0000_0001) }
    static var negatedInverse: UInt64 { 0x0000_0000_0000_0001 }
    static var r: U256 { U256(0x0000_0000_0000_0001, 0xffff_ffff_0000_0000, 0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_fffe) }
    static var rSquared: U256 { U256(0x0000_0000_0000_0003, 0xffff_fffb_ffff_ffff, 0xffff_ffff_ffff_fffe, 0x0000_0004_ffff_fffd) }

    /// As in general, but the multiple of the prime is m 2^256 - m 2^224 + m 2^192 + m 2^96 - m with m the lowest limb: no product is
    /// needed for it.
    @inline(__always)
    static func reduce(_ number: U512) -> (U256, carry: UInt64) {
        var t = number.low, carry: UInt64 = 0
        reduceLimb(&t, number.high.limb0, &carry)
        reduceLimb(&t, number.high.limb1, &carry)
        reduceLimb(&t, number.high.limb2, &carry)
        reduceLimb(&t, number.high.limb3, &carry)
        return (t, carry)
    }

    @inline(__always)
    private static func reduceLimb(_ t: inout U256, _ next: UInt64, _ carry: inout UInt64) {
        let m = t.limb0
        // m (2^64 - 2^32 + 1), which stands at 2^192
        let low = m &- m &<< 32
        let high = m &- m &>> 32 &- (m < m &<< 32 ? 1 : 0)
        var up: UInt64 = 0
        t.limb0 = duet_add_carry(t.limb1, m &<< 32, &up)
        t.limb1 = duet_add_carry(t.limb2, m &>> 32, &up)
        t.limb2 = duet_add_carry(t.limb3, low, &up)
        let sum = UInt128(next) &+ UInt128(high) &+ UInt128(up) &+ UInt128(carry)
        t.limb3 = UInt64(truncatingIfNeeded: sum)
        carry = UInt64(truncatingIfNeeded: sum &>> 64)
    }
}

/// The order of P-256's group.
enum P256Order: PrimeModulus {
    static var modulus: U256 { U256(0xf3b9_cac2_fc63_2551, 0xbce6_faad_a717_9e84, 0xffff_ffff_ffff_ffff, 0xffff_ffff_0000_0000) }
    static var negatedInverse: UInt64 { 0xccd1_c8aa_ee00_bc4f }
    static var r: U256 { U256(0x0c46_353d_039c_daaf, 0x4319_0552_58e8_617b, 0x0000_0000_0000_0000, 0x0000_0000_ffff_ffff) }
    static var rSquared: U256 { U256(0x8324_4c95_be79_eea2, 0x4699_799c_49bd_6fa6, 0x2845_b239_2b6b_ec59, 0x66e1_2d94_f3d9_5620) }
}

typealias P256Field = Montgomery<P256Prime>
typealias P256Scalar = Montgomery<P256Order>
