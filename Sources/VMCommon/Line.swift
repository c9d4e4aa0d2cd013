import CPVM

/// A line of ASCII text put together without allocation; what does not fit is dropped.
public struct Line {
    private var buffer = InlineArray<1024, UInt8>(repeating: 0)
    private var count = 0

    public init() {}

    public mutating func append(octet: UInt8) {
        // One octet stays free for the terminating zero.
        guard count < buffer.count - 1 else { return }
        buffer[count] = octet
        count += 1
    }

    public mutating func append(_ text: StaticString) {
        for index in 0..<text.utf8CodeUnitCount { append(octet: text.utf8Start[index]) }
    }

    /// `text`, then spaces up to `width`.
    public mutating func append(_ text: StaticString, width: Int) {
        append(text)
        for _ in 0..<max(0, width - text.utf8CodeUnitCount) { append(octet: 0x20) }
    }

    /// Decimal, right-aligned in `width`.
    public mutating func append(_ number: UInt64, width: Int = 0) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var length = 0, rest = number
        repeat {
            digits[length] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            length += 1
        } while rest > 0
        for _ in 0..<max(0, width - length) { append(octet: 0x20) }
        for index in stride(from: length - 1, through: 0, by: -1) { append(octet: digits[index]) }
    }

    public mutating func append(_ number: Int64) {
        if number < 0 { append(octet: 0x2d) }
        append(number.magnitude)
    }

    /// Hands out the text, followed by a zero that does not count.
    public mutating func withText(_ body: (UnsafePointer<CChar>, Int) -> Void) {
        buffer[count] = 0
        let length = count
        withUnsafePointer(to: &buffer) { body(UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self), length) }
    }
}
