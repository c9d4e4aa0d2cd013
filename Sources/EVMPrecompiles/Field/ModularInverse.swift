/// Inverses modulo an odd number by the division steps of D. J. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation
/// and modular inversion" (2019), 62 steps at a time on words of 62 bits, in the variable-time form: zeros are skipped at
/// once, and several bits of g are cancelled by one multiple of f.
struct ModularInverse {
    /// 2x2 matrix of 62 steps, times 2^62
    private struct Transition {
        var u: Int64 = 1, v: Int64 = 0, q: Int64 = 0, r: Int64 = 1
    }

    private static let mask = Int64(bitPattern: UInt64.max >> 2)

    /// Writes the inverse of `value` modulo `modulus` to `result`, 0 for 0. All have `count` words of 64 bits, at most 7;
    /// value < modulus, the modulus is odd.
    @inline(__always)
    static func compute(_ result: UnsafeMutablePointer<UInt64>, of value: UnsafePointer<UInt64>, modulo modulus: UnsafePointer<UInt64>,
                        count: Int) {
        let length = (64 &* count &+ 1) / 62 &+ 1
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: 5 &* length) { space in
            let p = space.baseAddress.unsafelyUnwrapped
            let f = p + length, g = f + length, d = g + length, e = d + length
            split(modulus, count, p, length)
            split(value, count, g, length)
            for index in 0..<length {
                f[index] = p[index]
                d[index] = 0
                e[index] = index == 0 ? 1 : 0
            }
            // 1/p modulo 2^62 by Newton's iteration: each doubles the correct bits, of which p itself has three.
            let low = UInt64(bitPattern: p[0])
            var inverse = low
            for _ in 0..<5 { inverse = inverse &* (2 &- low &* inverse) }

            var eta: Int64 = -1
            var used = length
            while true {
                let transition = steps(&eta, UInt64(bitPattern: f[0]), UInt64(bitPattern: g[0]))
                combine(d, e, transition, p, inverse, length)
                apply(f, g, transition, used)
                var nonZero: Int64 = 0
                for index in 0..<used { nonZero |= g[index] }
                if nonZero == 0 { break }
                // One word less if the highest of both is only a sign.
                let topF = f[used &- 1], topG = g[used &- 1]
                if used > 1, topF ^ (topF >> 63) == 0, topG ^ (topG >> 63) == 0 {
                    f[used &- 2] |= topF << 62
                    g[used &- 2] |= topG << 62
                    used &-= 1
                }
            }
            // f is now the greatest common divisor or its negative, and d times value is f.
            normalise(d, negative: f[used &- 1] < 0, p, length)
            join(d, length, result, count)
        }
    }

    @inline(__always)
    private static func split(_ words: UnsafePointer<UInt64>, _ count: Int, _ parts: UnsafeMutablePointer<Int64>, _ length: Int) {
        for index in 0..<length {
            let bit = 62 &* index
            let word = bit >> 6, shift = UInt64(truncatingIfNeeded: bit & 63)
            var part = word < count ? words[word] >> shift : 0
            if shift > 2, word &+ 1 < count { part |= words[word &+ 1] << (64 &- shift) }
            parts[index] = Int64(bitPattern: part) & mask
        }
    }

    @inline(__always)
    private static func join(_ parts: UnsafePointer<Int64>, _ length: Int, _ words: UnsafeMutablePointer<UInt64>, _ count: Int) {
        for index in 0..<count {
            let bit = 64 &* index
            let part = bit / 62, shift = UInt64(truncatingIfNeeded: bit % 62)
            var word = UInt64(bitPattern: parts[part]) >> shift
            if part &+ 1 < length { word |= UInt64(bitPattern: parts[part &+ 1]) << (62 &- shift) }
            if part &+ 2 < length, shift == 61 { word |= UInt64(bitPattern: parts[part &+ 2]) << 63 }
            words[index] = word
        }
    }

    /// 62 division steps on the lowest words of f and g.
    @inline(__always)
    private static func steps(_ eta: inout Int64, _ f0: UInt64, _ g0: UInt64) -> Transition {
        var u: UInt64 = 1, v: UInt64 = 0, q: UInt64 = 0, r: UInt64 = 1
        var f = f0, g = g0
        var left: Int64 = 62
        while true {
            let zeros = Int64((g | (UInt64.max &<< UInt64(bitPattern: left))).trailingZeroBitCount)
            g &>>= UInt64(bitPattern: zeros)
            u &<<= UInt64(bitPattern: zeros)
            v &<<= UInt64(bitPattern: zeros)
            eta &-= zeros
            left &-= zeros
            if left == 0 { break }
            // As many of g's lowest bits can be cancelled as steps remain until the next swap: at most 6 with the inverse of
            // f modulo 64, f (f^2 - 2) up to the sign, at most 4 with that modulo 16.
            let w: UInt64
            if eta < 0 {
                eta = 0 &- eta
                (f, g) = (g, 0 &- f)
                (u, q) = (q, 0 &- u)
                (v, r) = (r, 0 &- v)
                let limit = min(eta &+ 1, left)
                w = f &* g &* (f &* f &- 2) & (UInt64.max &>> UInt64(bitPattern: 64 &- limit)) & 63
            } else {
                let limit = min(eta &+ 1, left)
                let negativeInverse = f &+ (((f &+ 1) & 4) << 1)
                w = (0 &- negativeInverse) &* g & (UInt64.max &>> UInt64(bitPattern: 64 &- limit)) & 15
            }
            g = g &+ f &* w
            q = q &+ u &* w
            r = r &+ v &* w
        }
        return Transition(u: Int64(bitPattern: u), v: Int64(bitPattern: v), q: Int64(bitPattern: q), r: Int64(bitPattern: r))
    }

    @inline(__always)
    private static func product(_ a: Int64, _ b: Int64) -> Int128 { Int128(a) &* Int128(b) }

    /// (f, g) = transition (f, g) / 2^62: exact.
    @inline(__always)
    private static func apply(_ f: UnsafeMutablePointer<Int64>, _ g: UnsafeMutablePointer<Int64>, _ t: Transition, _ length: Int) {
        var sumF = product(t.u, f[0]) &+ product(t.v, g[0])
        var sumG = product(t.q, f[0]) &+ product(t.r, g[0])
        sumF >>= 62
        sumG >>= 62
        var index = 1
        while index < length {
            sumF = sumF &+ product(t.u, f[index]) &+ product(t.v, g[index])
            sumG = sumG &+ product(t.q, f[index]) &+ product(t.r, g[index])
            f[index &- 1] = Int64(truncatingIfNeeded: sumF) & mask
            g[index &- 1] = Int64(truncatingIfNeeded: sumG) & mask
            sumF >>= 62
            sumG >>= 62
            index &+= 1
        }
        f[length &- 1] = Int64(truncatingIfNeeded: sumF)
        g[length &- 1] = Int64(truncatingIfNeeded: sumG)
    }

    /// (d, e) = transition (d, e) / 2^62 modulo p, both kept between -2p and p.
    @inline(__always)
    private static func combine(_ d: UnsafeMutablePointer<Int64>, _ e: UnsafeMutablePointer<Int64>, _ t: Transition,
                                _ p: UnsafePointer<Int64>, _ inverse: UInt64, _ length: Int) {
        let signD = d[length &- 1] >> 63, signE = e[length &- 1] >> 63
        // The multiples of p to be added: for the signs, and to make the lowest 62 bits 0.
        var timesD = (t.u & signD) &+ (t.v & signE)
        var timesE = (t.q & signD) &+ (t.r & signE)
        var sumD = product(t.u, d[0]) &+ product(t.v, e[0])
        var sumE = product(t.q, d[0]) &+ product(t.r, e[0])
        timesD &-= Int64(bitPattern: inverse &* UInt64(truncatingIfNeeded: sumD) &+ UInt64(bitPattern: timesD)) & mask
        timesE &-= Int64(bitPattern: inverse &* UInt64(truncatingIfNeeded: sumE) &+ UInt64(bitPattern: timesE)) & mask
        sumD = (sumD &+ product(p[0], timesD)) >> 62
        sumE = (sumE &+ product(p[0], timesE)) >> 62
        var index = 1
        while index < length {
            sumD = sumD &+ product(t.u, d[index]) &+ product(t.v, e[index]) &+ product(p[index], timesD)
            sumE = sumE &+ product(t.q, d[index]) &+ product(t.r, e[index]) &+ product(p[index], timesE)
            d[index &- 1] = Int64(truncatingIfNeeded: sumD) & mask
            e[index &- 1] = Int64(truncatingIfNeeded: sumE) & mask
            sumD >>= 62
            sumE >>= 62
            index &+= 1
        }
        d[length &- 1] = Int64(truncatingIfNeeded: sumD)
        e[length &- 1] = Int64(truncatingIfNeeded: sumE)
    }

    /// Brings d, or -d, from between -2p and p to between 0 and p.
    @inline(__always)
    private static func normalise(_ d: UnsafeMutablePointer<Int64>, negative: Bool, _ p: UnsafePointer<Int64>, _ length: Int) {
        let sign: Int64 = negative ? -1 : 0
        let below = d[length &- 1] >> 63
        for index in 0..<length { d[index] = (d[index] &+ (p[index] & below) ^ sign) &- sign }
        carry(d, length)
        let stillBelow = d[length &- 1] >> 63
        for index in 0..<length { d[index] &+= p[index] & stillBelow }
        carry(d, length)
    }

    @inline(__always)
    private static func carry(_ d: UnsafeMutablePointer<Int64>, _ length: Int) {
        for index in 0..<(length &- 1) {
            d[index &+ 1] &+= d[index] >> 62
            d[index] &= mask
        }
    }
}
