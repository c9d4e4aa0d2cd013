import CPVM
import EVMRules
import VMCommon

/// SHA256 (Yellow Paper, appendix E).
func sha256(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
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
        base.storeBytes(of: (UInt64(truncatingIfNeeded: count) << 3).bigEndian, toByteOffset: 64 * size - 8, as: UInt64.self)
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

/// FIPS 180-4, 6.2.2, for processors without the instructions. The message schedule is kept for 16 words.
private func compress(_ state: UnsafeMutablePointer<UInt32>, _ block: UnsafeRawPointer) {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { space in
        let w = space.baseAddress!
        for index in 0..<16 { w[index] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)) }
        var v = WorkingVariables(state)
        var constants = duet_sha256_constants()!
        for group in 0..<4 {
            v.eightRounds(w, constants)
            v.eightRounds(w + 8, constants + 8)
            constants += 16
            if group < 3 { schedule(w) }
        }
        v.add(to: state)
    }
}

/// The next 16 words of the message schedule in place of the last ones.
@inline(__always)
private func schedule(_ w: UnsafeMutablePointer<UInt32>) {
    for index in 0..<16 {
        let w1 = w[(index &+ 1) & 15], w14 = w[(index &+ 14) & 15]
        let sigma0 = rotate(w1, 7) ^ rotate(w1, 18) ^ w1 &>> 3
        let sigma1 = rotate(w14, 17) ^ rotate(w14, 19) ^ w14 &>> 10
        w[index] = w[index] &+ sigma0 &+ w[(index &+ 9) & 15] &+ sigma1
    }
}

private struct WorkingVariables {
    private var a, b, c, d, e, f, g, h: UInt32

    init(_ state: UnsafePointer<UInt32>) {
        (a, b, c, d) = (state[0], state[1], state[2], state[3])
        (e, f, g, h) = (state[4], state[5], state[6], state[7])
    }

    /// After eight rounds every variable is back in its place, so none has to be moved.
    @inline(__always)
    mutating func eightRounds(_ w: UnsafePointer<UInt32>, _ k: UnsafePointer<UInt32>) {
        Self.round(a, b, c, &d, e, f, g, &h, k[0] &+ w[0])
        Self.round(h, a, b, &c, d, e, f, &g, k[1] &+ w[1])
        Self.round(g, h, a, &b, c, d, e, &f, k[2] &+ w[2])
        Self.round(f, g, h, &a, b, c, d, &e, k[3] &+ w[3])
        Self.round(e, f, g, &h, a, b, c, &d, k[4] &+ w[4])
        Self.round(d, e, f, &g, h, a, b, &c, k[5] &+ w[5])
        Self.round(c, d, e, &f, g, h, a, &b, k[6] &+ w[6])
        Self.round(b, c, d, &e, f, g, h, &a, k[7] &+ w[7])
    }

    /// Leaves in `d` and `h` what the next round calls e and a.
    @inline(__always)
    private static func round(
        _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32, _ g: UInt32, _ h: inout UInt32, _ word: UInt32
    ) {
        let choice = g ^ (e & (f ^ g)), majority = (a & b) | (c & (a | b))
        let t1 = h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ choice &+ word
        d = d &+ t1
        h = t1 &+ (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ majority
    }

    func add(to state: UnsafeMutablePointer<UInt32>) {
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
