import CPVM

let blake2fInputSize = 213

/// BLAKE2F: the compression function F of BLAKE2b (RFC 7693, 3.2) with any number of rounds, as EIP-152 lays out its input.
func blake2f(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
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

    /// The rounds, with RFC 7693's ten message schedules in turn. Written out, so that the schedules are addresses in the code.
    mutating func mix(_ m: UnsafePointer<UInt64>, _ rounds: UInt32) {
        var v = self
        var rest = rounds
        while rest > 0 {
            v.round(m, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
            guard rest > 1 else { break }
            v.round(m, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3)
            guard rest > 2 else { break }
            v.round(m, 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4)
            guard rest > 3 else { break }
            v.round(m, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8)
            guard rest > 4 else { break }
            v.round(m, 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13)
            guard rest > 5 else { break }
            v.round(m, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9)
            guard rest > 6 else { break }
            v.round(m, 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11)
            guard rest > 7 else { break }
            v.round(m, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10)
            guard rest > 8 else { break }
            v.round(m, 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5)
            guard rest > 9 else { break }
            v.round(m, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0)
            rest -= 10
        }
        self = v
    }

    @inline(__always)
    private mutating func round(
        _ m: UnsafePointer<UInt64>, _ s0: Int, _ s1: Int, _ s2: Int, _ s3: Int, _ s4: Int, _ s5: Int, _ s6: Int, _ s7: Int,
        _ s8: Int, _ s9: Int, _ s10: Int, _ s11: Int, _ s12: Int, _ s13: Int, _ s14: Int, _ s15: Int
    ) {
        g(&v0, &v4, &v8, &v12, m[s0], m[s1])
        g(&v1, &v5, &v9, &v13, m[s2], m[s3])
        g(&v2, &v6, &v10, &v14, m[s4], m[s5])
        g(&v3, &v7, &v11, &v15, m[s6], m[s7])
        g(&v0, &v5, &v10, &v15, m[s8], m[s9])
        g(&v1, &v6, &v11, &v12, m[s10], m[s11])
        g(&v2, &v7, &v8, &v13, m[s12], m[s13])
        g(&v3, &v4, &v9, &v14, m[s14], m[s15])
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
