import CPVM
import EVMRules
import VMCommon

/// RIPEMD160: the digest as the last 20 of 32 octets (Yellow Paper, appendix E).
func ripemd160(_: Fork, _ input: PrecompileInput, _ output: inout PrecompileOutput) -> PrecompileStatus {
    guard let result = output.make(32) else { return .noMemory }
    memset(result, 0, 12)
    ripemd160(input.octets, input.count, result + 12)
    return .success
}

/// RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996). `digest` has room for 20 octets.
func ripemd160(_ data: UnsafePointer<UInt8>, _ count: Int, _ digest: UnsafeMutablePointer<UInt8>) {
    var state = RIPEMD160State()
    let whole = count & ~63
    for start in stride(from: 0, to: whole, by: 64) { state.absorb(UnsafeRawPointer(data + start)) }
    // The message ends with a one bit, zeros and its length in bits, in one block or two.
    let rest = count & 63
    var padding = InlineArray<16, UInt64>(repeating: 0)
    withUnsafeMutableBytes(of: &padding) { last in
        let base = last.baseAddress!
        if rest > 0 { memcpy(base, data + whole, rest) }
        last[rest] = 0x80
        let size = rest < 56 ? 64 : 128
        base.storeBytes(of: (UInt64(truncatingIfNeeded: count) << 3).littleEndian, toByteOffset: size - 8, as: UInt64.self)
        for start in stride(from: 0, to: size, by: 64) { state.absorb(UnsafeRawPointer(base) + start) }
    }
    let out = UnsafeMutableRawPointer(digest)
    out.storeBytes(of: state.h0.littleEndian, toByteOffset: 0, as: UInt32.self)
    out.storeBytes(of: state.h1.littleEndian, toByteOffset: 4, as: UInt32.self)
    out.storeBytes(of: state.h2.littleEndian, toByteOffset: 8, as: UInt32.self)
    out.storeBytes(of: state.h3.littleEndian, toByteOffset: 12, as: UInt32.self)
    out.storeBytes(of: state.h4.littleEndian, toByteOffset: 16, as: UInt32.self)
}

private struct RIPEMD160State {
    var h0: UInt32 = 0x6745_2301, h1: UInt32 = 0xefcd_ab89, h2: UInt32 = 0x98ba_dcfe, h3: UInt32 = 0x1032_5476, h4: UInt32 = 0xc3d2_e1f0

    mutating func absorb(_ block: UnsafeRawPointer) {
        var left = Line(h0, h1, h2, h3, h4), right = left
        left.round(block, 0) { $0 ^ $1 ^ $2 }
        left.round(block, 1) { $0 & $1 | ~$0 & $2 }
        left.round(block, 2) { ($0 | ~$1) ^ $2 }
        left.round(block, 3) { $0 & $2 | $1 & ~$2 }
        left.round(block, 4) { $0 ^ ($1 | ~$2) }
        right.round(block, 5) { $0 ^ ($1 | ~$2) }
        right.round(block, 6) { $0 & $2 | $1 & ~$2 }
        right.round(block, 7) { ($0 | ~$1) ^ $2 }
        right.round(block, 8) { $0 & $1 | ~$0 & $2 }
        right.round(block, 9) { $0 ^ $1 ^ $2 }
        (h0, h1, h2, h3, h4) = (
            h1 &+ left.c &+ right.d, h2 &+ left.d &+ right.e, h3 &+ left.e &+ right.a, h4 &+ left.a &+ right.b, h0 &+ left.b &+ right.c)
    }
}

/// One of the two lines of rounds.
private struct Line {
    var a, b, c, d, e: UInt32

    init(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ e: UInt32) { (self.a, self.b, self.c, self.d, self.e) = (a, b, c, d, e) }

    /// 16 steps with the function `f`.
    @inline(__always)
    mutating func round(_ block: UnsafeRawPointer, _ round: Int, _ f: (UInt32, UInt32, UInt32) -> UInt32) {
        let constant = constants[round]
        for index in 16 * round..<16 * round + 16 {
            let step = steps[index]
            let word = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: Int(step.offset), as: UInt32.self))
            let sum = rotate(a &+ f(b, c, d) &+ word &+ constant, UInt32(step.shift)) &+ e
            (a, e, d, c, b) = (e, d, rotate(c, 10), b, sum)
        }
    }
}

@inline(__always)
private func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 { word &<< bits | word &>> (32 &- bits) }

private struct Step: BitwiseCopyable {
    /// Of the word in the block.
    let offset: UInt8
    let shift: UInt8
}

/// The steps of the five left rounds, then those of the five right ones. The words come in the order ρ^j on the left and ρ^j π on the
/// right in round j; how far a word is rotated depends on the round and on the word.
private let steps = Table<Step>(count: 160) { index in
    let round = index / 16 % 5
    var word = index < 80 ? index % 16 : (9 * index + 5) % 16
    for _ in 0..<round { word = Int(rho[word]) }
    return Step(offset: UInt8(truncatingIfNeeded: 4 * word), shift: shifts[16 * round + word])
}

private let constants = Table<UInt32>(count: 10) { round in
    let all: InlineArray<10, UInt32> = [
        0, 0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xa953_fd4e, 0x50a2_8be6, 0x5c4d_d124, 0x6d70_3ef3, 0x7a6d_76e9, 0,
    ]
    return all[round]
}

private let rho: InlineArray<16, UInt8> = [7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8]

private let shifts: InlineArray<80, UInt8> = [
    11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8,
    12, 13, 11, 15, 6, 9, 9, 7, 12, 15, 11, 13, 7, 8, 7, 7,
    13, 15, 14, 11, 7, 7, 6, 8, 13, 14, 13, 12, 5, 5, 6, 9,
    14, 11, 12, 14, 8, 6, 5, 5, 15, 12, 15, 14, 9, 9, 8, 6,
    15, 12, 13, 13, 9, 5, 8, 6, 14, 11, 12, 11, 8, 6, 5, 5,
]
