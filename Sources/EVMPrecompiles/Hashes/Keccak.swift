import CPVM
import VMCommon

/// Keccak-256 as Ethereum uses it: Keccak[c = 512] of the Keccak team's submission 3, with padding 0x01 (not SHA-3's 0x06).
/// `data` may be nil if `count` is 0. `digest` has room for 32 octets and may overlap `data`.
public func keccak256(_ data: UnsafePointer<UInt8>?, _ count: Int, _ digest: UnsafeMutablePointer<UInt8>) {
    var state = KeccakState()
    let blocks = count / Keccak256.rate
    guard let data else { return state.finish(nil, 0, digest) }
    if blocks > 0 { state.absorb(UnsafeRawPointer(data), blocks) }
    state.finish(UnsafeRawPointer(data) + blocks * Keccak256.rate, count % Keccak256.rate, digest)
}

/// The same for a message that comes in pieces.
public struct Keccak256 {
    /// Octets of a block.
    static let rate = 136

    private var state = KeccakState()
    /// The octets that do not make up a block yet.
    private var pending = InlineArray<17, UInt64>(repeating: 0)
    private var count = 0

    public init() {}

    public mutating func append(_ data: UnsafePointer<UInt8>?, _ octets: Int) {
        guard var data, octets > 0 else { return }
        var rest = octets
        if count > 0 {
            let taken = min(rest, Self.rate - count)
            let start = count
            withUnsafeMutableBytes(of: &pending) { _ = memcpy($0.baseAddress! + start, data, taken) }
            data += taken
            rest -= taken
            count += taken
            guard count == Self.rate else { return }
            withUnsafeBytes(of: &pending) { state.absorb($0.baseAddress!, 1) }
            count = 0
        }
        let blocks = rest / Self.rate
        if blocks > 0 { state.absorb(UnsafeRawPointer(data), blocks) }
        data += blocks * Self.rate
        rest %= Self.rate
        withUnsafeMutableBytes(of: &pending) { _ = memcpy($0.baseAddress!, data, rest) }
        count = rest
    }

    /// Writes the 32 octets of the digest. The value can then be used for another message.
    public mutating func finish(_ digest: UnsafeMutablePointer<UInt8>) {
        let rest = count
        withUnsafeBytes(of: &pending) { state.finish($0.baseAddress!, rest, digest) }
        self = Keccak256()
    }
}

/// The 25 lanes, named by their column x (0 to 4: a e i o u) and row y (0 to 4: b g k m s) as in the Keccak team's notes, in
/// the order of their indices 5y + x.
struct KeccakState {
    var ba: UInt64 = 0, be: UInt64 = 0, bi: UInt64 = 0, bo: UInt64 = 0, bu: UInt64 = 0
    var ga: UInt64 = 0, ge: UInt64 = 0, gi: UInt64 = 0, go: UInt64 = 0, gu: UInt64 = 0
    var ka: UInt64 = 0, ke: UInt64 = 0, ki: UInt64 = 0, ko: UInt64 = 0, ku: UInt64 = 0
    var ma: UInt64 = 0, me: UInt64 = 0, mi: UInt64 = 0, mo: UInt64 = 0, mu: UInt64 = 0
    var sa: UInt64 = 0, se: UInt64 = 0, si: UInt64 = 0, so: UInt64 = 0, su: UInt64 = 0

    /// Takes in blocks of 136 octets.
    mutating func absorb(_ data: UnsafeRawPointer, _ blocks: Int) {
        if CPUFeatures.usable.contains(.avx512) {
            withUnsafeMutableBytes(of: &self) { lanes in
                duet_keccak_absorb(
                    lanes.baseAddress!.assumingMemoryBound(to: UInt64.self), data.assumingMemoryBound(to: UInt8.self), blocks,
                    roundConstants.address)
            }
        } else {
            for block in 0..<blocks { absorb(data + block * Keccak256.rate) }
        }
    }

    @inline(__always)
    private static func lane(_ block: UnsafeRawPointer, _ index: Int) -> UInt64 {
        UInt64(littleEndian: block.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }

    /// Six lanes are held complemented: χ then needs a complement in 5 places of a round, not in 25.
    @inline(__always)
    private mutating func complement() {
        be = ~be
        bi = ~bi
        go = ~go
        ki = ~ki
        mi = ~mi
        sa = ~sa
    }

    /// Takes in a block of 136 octets.
    @inline(never)
    private mutating func absorb(_ block: UnsafeRawPointer) {
        var s = self
        s.ba ^= Self.lane(block, 0)
        s.be ^= Self.lane(block, 1)
        s.bi ^= Self.lane(block, 2)
        s.bo ^= Self.lane(block, 3)
        s.bu ^= Self.lane(block, 4)
        s.ga ^= Self.lane(block, 5)
        s.ge ^= Self.lane(block, 6)
        s.gi ^= Self.lane(block, 7)
        s.go ^= Self.lane(block, 8)
        s.gu ^= Self.lane(block, 9)
        s.ka ^= Self.lane(block, 10)
        s.ke ^= Self.lane(block, 11)
        s.ki ^= Self.lane(block, 12)
        s.ko ^= Self.lane(block, 13)
        s.ku ^= Self.lane(block, 14)
        s.ma ^= Self.lane(block, 15)
        s.me ^= Self.lane(block, 16)
        s.complement()
        let constants = roundConstants.address
        for pair in 0..<12 {
            s.round(constants[2 * pair])
            s.round(constants[2 * pair + 1])
        }
        s.complement()
        self = s
    }

    /// Takes in the last `count` < 136 octets with the padding and writes the digest.
    mutating func finish(_ rest: UnsafeRawPointer?, _ count: Int, _ digest: UnsafeMutablePointer<UInt8>) {
        var last = InlineArray<17, UInt64>(repeating: 0)
        withUnsafeMutableBytes(of: &last) { octets in
            let base = octets.baseAddress!
            if let rest { memcpy(base, rest, count) }
            base.storeBytes(of: 0x01, toByteOffset: count, as: UInt8.self)
            base.storeBytes(of: base.load(fromByteOffset: 135, as: UInt8.self) | 0x80, toByteOffset: 135, as: UInt8.self)
            absorb(base, 1)
        }
        let out = UnsafeMutableRawPointer(digest)
        out.storeBytes(of: ba.littleEndian, toByteOffset: 0, as: UInt64.self)
        out.storeBytes(of: be.littleEndian, toByteOffset: 8, as: UInt64.self)
        out.storeBytes(of: bi.littleEndian, toByteOffset: 16, as: UInt64.self)
        out.storeBytes(of: bo.littleEndian, toByteOffset: 24, as: UInt64.self)
    }

    @inline(__always)
    private static func rotate(_ lane: UInt64, _ bits: UInt64) -> UInt64 { lane &<< bits | lane &>> (64 &- bits) }

    /// θ, then row by row ρ, π and χ, and ι.
    @inline(__always)
    private mutating func round(_ constant: UInt64) {
        let a = ba ^ ga ^ ka ^ ma ^ sa
        let e = be ^ ge ^ ke ^ me ^ se
        let i = bi ^ gi ^ ki ^ mi ^ si
        let o = bo ^ go ^ ko ^ mo ^ so
        let u = bu ^ gu ^ ku ^ mu ^ su
        let da = u ^ Self.rotate(e, 1)
        let de = a ^ Self.rotate(i, 1)
        let di = e ^ Self.rotate(o, 1)
        let d0 = i ^ Self.rotate(u, 1)
        let du = o ^ Self.rotate(a, 1)
        var next = self

        var b0 = ba ^ da
        var b1 = Self.rotate(ge ^ de, 44)
        var b2 = Self.rotate(ki ^ di, 43)
        var b3 = Self.rotate(mo ^ d0, 21)
        var b4 = Self.rotate(su ^ du, 14)
        next.ba = b0 ^ (b1 | b2) ^ constant
        next.be = b1 ^ (~b2 | b3)
        next.bi = b2 ^ (b3 & b4)
        next.bo = b3 ^ (b4 | b0)
        next.bu = b4 ^ (b0 & b1)

        b0 = Self.rotate(bo ^ d0, 28)
        b1 = Self.rotate(gu ^ du, 20)
        b2 = Self.rotate(ka ^ da, 3)
        b3 = Self.rotate(me ^ de, 45)
        b4 = Self.rotate(si ^ di, 61)
        next.ga = b0 ^ (b1 | b2)
        next.ge = b1 ^ (b2 & b3)
        next.gi = b2 ^ (b3 | ~b4)
        next.go = b3 ^ (b4 | b0)
        next.gu = b4 ^ (b0 & b1)

        b0 = Self.rotate(be ^ de, 1)
        b1 = Self.rotate(gi ^ di, 6)
        b2 = Self.rotate(ko ^ d0, 25)
        b3 = Self.rotate(mu ^ du, 8)
        b4 = Self.rotate(sa ^ da, 18)
        next.ka = b0 ^ (b1 | b2)
        next.ke = b1 ^ (b2 & b3)
        next.ki = b2 ^ (~b3 & b4)
        next.ko = ~b3 ^ (b4 | b0)
        next.ku = b4 ^ (b0 & b1)

        b0 = Self.rotate(bu ^ du, 27)
        b1 = Self.rotate(ga ^ da, 36)
        b2 = Self.rotate(ke ^ de, 10)
        b3 = Self.rotate(mi ^ di, 15)
        b4 = Self.rotate(so ^ d0, 56)
        next.ma = b0 ^ (b1 & b2)
        next.me = b1 ^ (b2 | b3)
        next.mi = b2 ^ (~b3 | b4)
        next.mo = ~b3 ^ (b4 & b0)
        next.mu = b4 ^ (b0 | b1)

        b0 = Self.rotate(bi ^ di, 62)
        b1 = Self.rotate(go ^ d0, 55)
        b2 = Self.rotate(ku ^ du, 39)
        b3 = Self.rotate(ma ^ da, 41)
        b4 = Self.rotate(se ^ de, 2)
        next.sa = b0 ^ (~b1 & b2)
        next.se = ~b1 ^ (b2 | b3)
        next.si = b2 ^ (b3 & b4)
        next.so = b3 ^ (b4 | b0)
        next.su = b4 ^ (b0 & b1)
        self = next
    }
}

/// ι's constants: bit 2^j - 1 of round n's is bit 7n + j of the linear feedback register x^8 + x^6 + x^5 + x^4 + 1.
private let roundConstants = Table<UInt64>(count: 24) { round in
    var register: UInt32 = 1
    for _ in 0..<7 * round { step(&register) }
    var constant: UInt64 = 0
    for j in 0..<7 {
        if register & 1 != 0 { constant |= 1 << (1 << UInt64(truncatingIfNeeded: j) - 1) }
        step(&register)
    }
    return constant
}

private func step(_ register: inout UInt32) {
    register <<= 1
    if register & 0x100 != 0 { register ^= 0x171 }
}
