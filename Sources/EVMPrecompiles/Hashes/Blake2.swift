import CPVM
import EVMRules
import VMCommon

let blake2fInputSize = 213

/// BLAKE2F: the compression function F of BLAKE2b (RFC 7693, 3.2) with any number of rounds, as EIP-152 lays out its input.
func blake2f(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard input.count == blake2fInputSize, input[212] <= 1 else { return .failure }
    guard let result = output.make(64) else { return .noMemory }
    let rounds = UInt32(truncatingIfNeeded: input.word64(0) >> 32)
    let words = UnsafeRawPointer(input.octets + 4)
    func word(_ index: Int) -> UInt64 { UInt64(littleEndian: words.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)) }
    var message = InlineArray<16, UInt64> { word(8 + $0) }
    var v = Blake2Vector(InlineArray<8, UInt64> { word($0) }, offset: (word(24), word(25)), isLast: input[212] == 1)
    withUnsafeMutableBytes(of: &message) { v.mix($0.baseAddress!.assumingMemoryBound(to: UInt64.self), rounds) }
    v.finish { index, mixed in
        UnsafeMutableRawPointer(result).storeBytes(of: (word(index) ^ mixed).littleEndian, toByteOffset: 8 * index, as: UInt64.self)
    }
    return .success
}

/// RFC 7693's local work vector v.
struct Blake2Vector {
    private var v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15: UInt64

    init(_ h: InlineArray<8, UInt64>, offset: (low: UInt64, high: UInt64), isLast: Bool) {
        (v0, v1, v2, v3, v4, v5, v6, v7) = (h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7])
        // The initialization vector is SHA-512's: the first bits of the fractions of the square roots of the first primes.
        (v8, v9) = (0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b)
        (v10, v11) = (0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1)
        (v12, v13) = (0x510e_527f_ade6_82d1 ^ offset.low, 0x9b05_688c_2b3e_6c1f ^ offset.high)
        (v14, v15) = (isLast ? ~0x1f83_d9ab_fb41_bd6b : 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179)
    }

    /// What is combined with each word of h at the end.
    func finish(_ body: (Int, UInt64) -> Void) {
        body(0, v0 ^ v8)
        body(1, v1 ^ v9)
        body(2, v2 ^ v10)
        body(3, v3 ^ v11)
        body(4, v4 ^ v12)
        body(5, v5 ^ v13)
        body(6, v6 ^ v14)
        body(7, v7 ^ v15)
    }

    /// The rounds, with RFC 7693's ten message schedules in turn.
    mutating func mix(_ m: UnsafePointer<UInt64>, _ rounds: UInt32) {
        if CPUFeatures.usable.contains(.avx512) {
            return withUnsafeMutableBytes(of: &self) { duet_blake2b_rounds($0.baseAddress!.assumingMemoryBound(to: UInt64.self), m, rounds) }
        }
        let schedules = duet_blake2b_schedules()!
        var v = self
        var schedule = 0
        for _ in 0..<rounds {
            v.round(m, schedules + schedule)
            schedule = schedule == 144 ? 0 : schedule + 16
        }
        self = v
    }

    @inline(__always)
    private mutating func round(_ m: UnsafePointer<UInt64>, _ schedule: UnsafePointer<UInt8>) {
        func word(_ index: Int) -> UInt64 { m[Int(schedule[index])] }
        g(&v0, &v4, &v8, &v12, word(0), word(1))
        g(&v1, &v5, &v9, &v13, word(2), word(3))
        g(&v2, &v6, &v10, &v14, word(4), word(5))
        g(&v3, &v7, &v11, &v15, word(6), word(7))
        g(&v0, &v5, &v10, &v15, word(8), word(9))
        g(&v1, &v6, &v11, &v12, word(10), word(11))
        g(&v2, &v7, &v8, &v13, word(12), word(13))
        g(&v3, &v4, &v9, &v14, word(14), word(15))
    }
}

/// RFC 7693's mixing function G.
@inline(__always)
private func g(_ a: inout UInt64, _ b: inout UInt64, _ c: inout UInt64, _ d: inout UInt64, _ x: UInt64, _ y: UInt64) {
    a = a &+ b &+ x
    d = rotateRight(d ^ a, 32)
    c = c &+ d
    b = rotateRight(b ^ c, 24)
    a = a &+ b &+ y
    d = rotateRight(d ^ a, 16)
    c = c &+ d
    b = rotateRight(b ^ c, 63)
}

@inline(__always)
private func rotateRight(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &>> bits | word &<< (64 &- bits) }
