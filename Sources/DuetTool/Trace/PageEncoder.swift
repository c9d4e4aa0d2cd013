/// Octets of a page's data. Numbers take seven bits per octet, the lowest first; signed ones alternate: 0, -1, 1, -2.
struct PageEncoder {
    private(set) var octets: [UInt8] = []

    var count: Int { octets.count }

    mutating func add(octet: UInt8) { octets.append(octet) }

    mutating func add(_ number: UInt64) {
        var rest = number
        while rest >= 128 {
            octets.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        octets.append(UInt8(rest))
    }

    mutating func add(_ number: Int) { add(UInt64(number)) }
    mutating func add(signed number: Int64) { add(UInt64(bitPattern: number &<< 1 ^ number >> 63)) }

    mutating func add(_ run: some Collection<UInt8>) {
        add(run.count)
        octets.append(contentsOf: run)
    }

    /// A big-endian number without its leading zeros.
    mutating func add(number run: UnsafeBufferPointer<UInt8>) {
        var zeros = 0
        while zeros < run.count, run[zeros] == 0 { zeros += 1 }
        octets.append(UInt8(run.count - zeros))
        octets.append(contentsOf: run[zeros...])
    }

    mutating func add(_ other: PageEncoder) { octets.append(contentsOf: other.octets) }
}
