import CPVM
import EVMPrecompiles
import VMCommon

/// Keys of secp256k1 as tests have them in the open.
enum SecretKey {
    /// The account of a secret key d, found with what the library has for signatures: of r = x(G) and s = d·r over the message 0
    /// the recovered public key is r⁻¹·s·G = d·G. Nil if the key is none.
    static func address(_ key: evmc_bytes32) -> evmc_address? {
        let order = U256(0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff)
        let x = U256(0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac)
        let d = withUnsafeBytes(of: key) { U256(bigEndian: $0.baseAddress!) }
        guard !d.isZero, d < order else { return nil }
        let s = U256.remainder(U256.multiplyFull(d, x), order)
        var address = evmc_address()
        var words = [UInt8](repeating: 0, count: 96)
        let found = words.withUnsafeMutableBytes { words in
            x.storeBigEndian(to: words.baseAddress! + 32)
            s.storeBigEndian(to: words.baseAddress! + 64)
            let base = words.baseAddress!.assumingMemoryBound(to: UInt8.self)
            return withUnsafeMutableBytes(of: &address) { room in
                recoverAddress(hash: base, yIsOdd: false, r: base + 32, s: base + 64, room.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
        return found ? address : nil
    }
}
