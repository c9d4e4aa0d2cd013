import VMCommon

/// The order n of secp256k1's group (SEC 2, 2.4.1).
enum Secp256k1Order: PrimeModulus {
    static var modulus: U256 { U256(0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff) }
    static var negatedInverse: UInt64 { 0x4b0d_ff66_5588_b13f }
    static var r: U256 { U256(0x402d_a173_2fc9_bebf, 0x4551_2319_50b7_5fc4, 0x0000_0000_0000_0001, 0x0000_0000_0000_0000) }
    static var rSquared: U256 { U256(0x896c_f214_67d7_d140, 0x7414_96c2_0e7c_f878, 0xe697_f5e4_5bcd_07c6, 0x9d67_1cd5_81c6_9bc5) }
}

typealias Secp256k1Scalar = Montgomery<Secp256k1Order>
