import CPVM
import VMCommon

/// Sums of multiples of many points, each with a scalar that is not negative.
enum MultiScalarMultiplication {
    /// The sum of scalars[i] times points[i], scalars of up to `bits` bits; nil if memory is short. Pippenger's method: for each window of
    /// bits the points are sorted into buckets by their digit, between -2^(window - 1) and 2^(window - 1).
    static func sum<F: Field>(_ points: UnsafePointer<Affine<F>>, _ scalars: UnsafePointer<ShortScalar>, _ count: Int, bits: Int) -> Jacobian<F>? {
        let window = windowBits(count, bits: bits)
        let windows = bits / window &+ 1
        let buckets = 1 << (window &- 1)
        guard let room = allocateValues(Jacobian<F>.self, buckets &+ windows) else { return nil }
        defer { free(room) }
        guard let carries = allocate(UInt8.self, count) else { return nil }
        defer { free(carries) }
        let sums = room + buckets
        for index in 0..<windows {
            for bucket in 0..<buckets { room[bucket] = .infinity }
            for point in 0..<count {
                var digit = scalars[point].bits(index &* window, window) &+ Int(carries[point])
                carries[point] = 0
                if digit > buckets {
                    digit &-= 1 << window
                    carries[point] = 1
                }
                if digit > 0 { room[digit &- 1] = room[digit &- 1].adding(points[point]) }
                if digit < 0 { room[-1 &- digit] = room[-1 &- digit].adding(-points[point]) }
            }
            sums[index] = weightedSum(room, buckets)
        }
        var result = sums[windows &- 1]
        var index = windows &- 1
        while index > 0 {
            index &-= 1
            for _ in 0..<window { result = result.doubled() }
            result = result.adding(sums[index])
        }
        return result
    }

    /// The sum of (i + 1) times buckets[i].
    @inline(never)
    private static func weightedSum<F: Field>(_ buckets: UnsafePointer<Jacobian<F>>, _ count: Int) -> Jacobian<F> {
        var running = Jacobian<F>.infinity, total = running
        var index = count
        while index > 0 {
            index &-= 1
            running = running.adding(buckets[index])
            total = total.adding(running)
        }
        return total
    }

    /// The window with the fewest additions: one for each point and two, which cost half more, for each bucket.
    private static func windowBits(_ count: Int, bits: Int) -> Int {
        var best = 1, fewest = Int.max
        for window in 2...14 {
            let additions = (bits / window &+ 1) &* (count &+ 3 << (window &- 1))
            if additions < fewest { (best, fewest) = (window, additions) }
        }
        return best
    }
}

/// Uninitialised room for `count` values from the C heap, nil if memory is short. To be given back with `free`.
func allocateValues<T: BitwiseCopyable>(_: T.Type, _ count: Int) -> UnsafeMutablePointer<T>? {
    let (octets, overflow) = MemoryLayout<T>.stride.multipliedReportingOverflow(by: max(1, count))
    return overflow ? nil : malloc(octets)?.assumingMemoryBound(to: T.self)
}
