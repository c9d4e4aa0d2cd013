import CPVM
import VMCommon

/// SHA256 (Yellow Paper, appendix E).
func sha256(_: Revision, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard let result = output.make(32) else { return .noMemory }
    sha256(input.octets, input.count, result)
    return .success
}

/// SHA-256 (FIPS 180-4). `digest` has room for 32 octets; `data` may be nil if `count` is 0.
public func sha256(_ data: UnsafePointer<UInt8>?, _ count: Int, _ digest: UnsafeMutablePointer<UInt8>) {
    var state = SHA256State()
    let blocks = count / 64, rest = count % 64
    if blocks > 0 { state.absorb(data!, blocks) }
    // The message ends with a one bit, zeros and its length in bits, in one block or two.
    var padding = InlineArray<16, UInt64>(repeating: 0)
    withUnsafeMutableBytes(of: &padding) { last in
        let base = last.baseAddress!
        if rest > 0 { memcpy(base, data! + 64 * blocks, rest) }
        last[rest] = 0x80
        let size = rest < 56 ? 1 : 2
        base.storeBytes(of: (UInt64(count) << 3).bigEndian, toByteOffset: 64 * size - 8, as: UInt64.self)
        state.absorb(base.assumingMemoryBound(to: UInt8.self), size)
    }
    for index in 0..<8 {
        UnsafeMutableRawPointer(digest).storeBytes(of: state.h[index].bigEndian, toByteOffset: 4 * index, as: UInt32.self)
    }
}

private struct SHA256State {
    var h: InlineArray<8, UInt32> = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    /// Takes in blocks of 64 octets.
    mutating func absorb(_ data: UnsafePointer<UInt8>, _ blocks: Int) {
        withUnsafeMutableBytes(of: &h) {
            let state = $0.baseAddress!.assumingMemoryBound(to: UInt32.self)
            if CPUFeatures.usable.contains(.sha) {
                duet_sha256_blocks(state, data, blocks)
            } else {
                for block in 0..<blocks { compress(state, UnsafeRawPointer(data + 64 * block)) }
            }
        }
    }
}

/// FIPS 180-4, 6.2.2, for processors without the instructions; the message schedule is kept for 16 words.
private func compress(_ state: UnsafeMutablePointer<UInt32>, _ block: UnsafeRawPointer) {
    let constants = duet_sha256_constants()!
    var schedule = InlineArray<16, UInt32> { UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
    withUnsafeMutableBytes(of: &schedule) { room in
        let w = room.baseAddress!.assumingMemoryBound(to: UInt32.self)
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for t in 0..<64 {
            let word = w[t & 15]
            let sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
            let t1 = h &+ sum1 &+ (e & f ^ ~e & g) &+ constants[t] &+ word
            let sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
            let t2 = sum0 &+ (a & b ^ a & c ^ b & c)
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
            let w1 = w[t &+ 1 & 15], w14 = w[t &+ 14 & 15]
            let sigma0 = rotate(w1, 7) ^ rotate(w1, 18) ^ w1 &>> 3
            let sigma1 = rotate(w14, 17) ^ rotate(w14, 19) ^ w14 &>> 10
            w[t & 15] = word &+ sigma0 &+ w[t &+ 9 & 15] &+ sigma1
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
        state[5] &+= f
        state[6] &+= g
        state[7] &+= h
    }
}

@inline(__always)
private func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 { word &>> bits | word &<< (32 &- bits) }
