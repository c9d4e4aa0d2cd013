import VMCommon

/// A line of an ecalli trace (JIP-7) of any length, on the C heap. When memory is short the line is cut, and says so.
struct EcalliText {
    private(set) var bytes = ByteBuffer()
    private(set) var isCut = false

    mutating func free() { bytes.free() }

    mutating func clear() {
        bytes.clear()
        isCut = false
    }

    mutating func append(byte: UInt8) {
        if !bytes.append(byte) { isCut = true }
    }

    mutating func append(_ text: StaticString) {
        if !bytes.append(text.utf8Start, count: text.utf8CodeUnitCount) { isCut = true }
    }

    mutating func append(decimal number: UInt64) {
        if number >= 10 { append(decimal: number / 10) }
        append(byte: 0x30 + UInt8(truncatingIfNeeded: number % 10))
    }

    /// "0x" and at least `digits` digits.
    mutating func append(hexadecimal number: UInt64, digits: Int = 1) {
        append("0x")
        let needed = (UInt64.bitWidth - number.leadingZeroBitCount + 3) / 4
        var digit = max(digits, needed)
        while digit > 0 {
            digit -= 1
            append(byte: EcalliText.digit(UInt8(truncatingIfNeeded: number >> UInt64(truncatingIfNeeded: 4 * digit) & 15)))
        }
    }

    /// "0x" and two digits for each byte.
    mutating func append(data: UnsafeRawBufferPointer) {
        append("0x")
        guard bytes.reserve(2 * data.count) else {
            isCut = true
            return
        }
        for byte in data {
            append(byte: EcalliText.digit(byte >> 4))
            append(byte: EcalliText.digit(byte & 15))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    /// " r07=0x86" for each register that is not zero.
    mutating func append(registers: UnsafePointer<UInt64>) {
        for index in 0..<EcalliText.registerCount where registers[index] != 0 {
            append(" r")
            append(registerNumber: index)
            append("=")
            append(hexadecimal: registers[index])
        }
    }

    mutating func append(registerNumber index: Int) {
        append(byte: 0x30 + UInt8(truncatingIfNeeded: index / 10))
        append(byte: 0x30 + UInt8(truncatingIfNeeded: index % 10))
    }

    static let registerCount = 13
}
