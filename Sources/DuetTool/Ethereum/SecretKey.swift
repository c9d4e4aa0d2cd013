import CPVM
import EVMPrecompiles
import VMCommon

/// A secret key of secp256k1, for test files that have it in place of a signature.
struct SecretKey {
    private let number: U256

    private static let order = U256(0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff)

    /// Nil if it is 0 or not below the order of the group.
    init?(_ word: evmc_bytes32) {
        number = U256(word)
        guard !number.isZero, number < SecretKey.order else { return nil }
    }

    struct Signature {
        let r, s: U256
        let yIsOdd: Bool
    }

    /// The account that it signs for.
    var address: evmc_address {
        let digest = keccak(SecretKey.multiple(number))
        return digest.address
    }

    /// With the number that RFC 6979 derives from key and hash, so that everybody gets the same signature, and s in the lower half (EIP-2).
    func sign(_ hash: evmc_bytes32) -> Signature {
        let order = SecretKey.order, z = U256(hash)
        var nonces = NonceGenerator(key: number.octets, hash: (z % order).octets)
        while true {
            let k = U256(nonces.next())
            guard !k.isZero, k < order else { continue }
            let point = SecretKey.multiple(k)
            let x = point.withUnsafeBytes { U256(bigEndian: $0.baseAddress!) }
            let r = x % order
            // s = (z + r d) / k
            let sum = U256.addModulo(z, U256.multiplyModulo(r, number, order), order)
            let s = U256.multiplyModulo(sum, SecretKey.inverse(k), order)
            // An x of n or more has no place in Ethereum's signatures.
            guard x == r, !r.isZero, !s.isZero else { continue }
            let isHigh = s > U256.shiftRight(order, bits: 1)
            return Signature(r: r, s: isHigh ? order &- s : s, yIsOdd: (point[63] & 1 == 1) != isHigh)
        }
    }

    /// k G, as x and y, with what the library has for signatures: of r = x(G) and s = k r over the hash 0 the public key is s / r G.
    private static func multiple(_ k: U256) -> [UInt8] {
        let x = U256(0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac)
        let zero = [UInt8](repeating: 0, count: 32), s = U256.multiplyModulo(k, x, order)
        var key = [UInt8](repeating: 0, count: 64)
        let found = recoverPublicKey(hash: zero, yIsOdd: false, r: x.octets, s: s.octets, &key)
        precondition(found, "below the order there is a point for each number but 0")
        return key
    }

    /// By Fermat.
    private static func inverse(_ number: U256) -> U256 {
        let exponent = order &- U256(2)
        var result = U256.one
        for bit in stride(from: UInt64(255), through: 0, by: -1) {
            result = U256.multiplyModulo(result, result, order)
            if U256.shiftRight(exponent, bits: bit).limb0 & 1 == 1 { result = U256.multiplyModulo(result, number, order) }
        }
        return result
    }
}

/// RFC 6979, 3.2, with SHA-256. The hash is one modulo the order.
private struct NonceGenerator {
    private var k = [UInt8](repeating: 0, count: 32)
    private var v = [UInt8](repeating: 1, count: 32)
    private var isFirst = true

    init(key: [UInt8], hash: [UInt8]) {
        for octet in [UInt8(0), 1] {
            k = NonceGenerator.hmac(k, v + [octet] + key + hash)
            v = NonceGenerator.hmac(k, v)
        }
    }

    mutating func next() -> evmc_bytes32 {
        if !isFirst {
            k = NonceGenerator.hmac(k, v + [0])
            v = NonceGenerator.hmac(k, v)
        }
        isFirst = false
        v = NonceGenerator.hmac(k, v)
        return v.withUnsafeBytes { U256(bigEndian: $0.baseAddress!) }.word
    }

    /// FIPS 198-1, of a key of 32 octets.
    private static func hmac(_ key: [UInt8], _ text: [UInt8]) -> [UInt8] {
        func padded(_ mask: UInt8) -> [UInt8] { key.map { $0 ^ mask } + [UInt8](repeating: mask, count: 64 - key.count) }
        return sha256(padded(0x5c) + sha256(padded(0x36) + text))
    }

    private static func sha256(_ octets: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        EVMPrecompiles.sha256(octets, octets.count, &digest)
        return digest
    }
}
