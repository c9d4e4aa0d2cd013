import CPVM
import VMCommon

/// A line of text that grows.
struct TraceLine: BitwiseCopyable {
    private(set) var start: UnsafeMutablePointer<UInt8>?
    private(set) var count = 0
    private var capacity = 0
    /// Memory was short: it is no line.
    private(set) var isCut = false

    mutating func free() {
        CPVM.free(start)
        self = TraceLine()
    }

    mutating func clear() {
        count = 0
        isCut = false
    }

    private mutating func room(_ octets: Int) -> UnsafeMutablePointer<UInt8>? {
        if count + octets > capacity {
            let larger = max(1024, 2 * (count + octets))
            guard let fresh = realloc(start, larger) else {
                isCut = true
                return nil
            }
            start = fresh.assumingMemoryBound(to: UInt8.self)
            capacity = larger
        }
        return start.unsafelyUnwrapped + count
    }

    mutating func append(_ text: StaticString) {
        guard let place = room(text.utf8CodeUnitCount) else { return }
        memcpy(place, text.utf8Start, text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    mutating func append(decimal number: UInt64) {
        if number >= 10 { append(decimal: number / 10) }
        append(digit: number % 10)
    }

    /// A JSON string: "0x", the digits without leading zeros.
    mutating func append(hexNumber number: U256) {
        append("\"0x")
        var shift = max(4, (number.bitWidth + 3) & ~3)
        while shift > 0 {
            shift -= 4
            append(digit: U256.shiftRight(number, bits: UInt64(truncatingIfNeeded: shift)).limb0 & 15)
        }
        append("\"")
    }

    mutating func append(hexNumber number: Int64) {
        append(number < 0 ? "\"-0x" : "\"0x")
        appendDigits(number.magnitude)
        append("\"")
    }

    private mutating func appendDigits(_ number: UInt64) {
        if number >= 16 { appendDigits(number / 16) }
        append(digit: number % 16)
    }

    /// A JSON string: "0x" and two digits for each octet.
    mutating func append(hexOctets octets: UnsafePointer<UInt8>?, _ count: Int) {
        append("\"0x")
        append(digits: octets, count)
        append("\"")
    }

    /// Two digits for each octet.
    mutating func append(digits octets: UnsafePointer<UInt8>?, _ count: Int) {
        guard let octets else { return }
        for index in 0..<count {
            append(digit: UInt64(octets[index] >> 4))
            append(digit: UInt64(octets[index] & 15))
        }
    }

    private mutating func append(digit: UInt64) {
        guard let place = room(1) else { return }
        place.pointee = UInt8(truncatingIfNeeded: digit < 10 ? digit + 48 : digit + 87)
        count += 1
    }
}
