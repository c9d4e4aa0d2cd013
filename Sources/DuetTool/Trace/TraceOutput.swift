import Foundation
import VMCommon

/// Text that is written in large pieces, to a file or to the console.
final class TraceOutput {
    var text: [UInt8] = []
    private let file: UnsafeMutablePointer<FILE>?
    private let path: String
    private let console: Console
    private var failed = false

    /// To the console's output if there is no path.
    init(_ path: String?, _ console: Console) throws(ToolError) {
        self.path = path ?? ""
        self.console = console
        file = try path.map { (path) throws(ToolError) in
            guard let file = fopen(path, "wb") else { throw .failed("\(path): \(String(cString: strerror(errno)))") }
            return file
        }
        text.reserveCapacity(TraceOutput.piece + 4096)
    }

    private static let piece = 1 << 16

    func endLine() {
        text.append(10)
        if text.count >= TraceOutput.piece { flush() }
    }

    private func flush() {
        if let file { failed = fwrite(text, 1, text.count, file) != text.count || failed } else { console.write(String(decoding: text, as: UTF8.self)) }
        text.removeAll(keepingCapacity: true)
    }

    /// To be called once, at the end.
    func close() throws(ToolError) {
        flush()
        guard let file else { return }
        failed = fclose(file) != 0 || failed
        if failed { throw .failed("\(path): could not be written") }
    }
}

/// Text in octets.
extension [UInt8] {
    mutating func add(_ text: StaticString) { append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)) }
    mutating func add(_ text: String) { append(contentsOf: text.utf8) }

    mutating func add(decimal number: UInt64) {
        if number >= 10 { add(decimal: number / 10) }
        append(48 + UInt8(number % 10))
    }

    mutating func add(hexDigit digit: UInt64) { append(UInt8(truncatingIfNeeded: digit < 10 ? 48 + digit : 87 + digit)) }

    /// "0x" and the digits without leading zeros.
    mutating func add(hex number: UInt64) {
        add("0x")
        var shift = Swift.max(0, (UInt64.bitWidth - number.leadingZeroBitCount - 1) / 4 * 4)
        while shift >= 0 {
            add(hexDigit: number >> UInt64(shift) & 15)
            shift -= 4
        }
    }

    mutating func add(hex number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        add(hex: number.magnitude)
    }

    mutating func add(hex number: U256) {
        let limbs = [number.limb3, number.limb2, number.limb1, number.limb0].drop { $0 == 0 }
        guard let first = limbs.first else { return add("0x0") }
        add(hex: first)
        for limb in limbs.dropFirst() {
            for shift in stride(from: 60, through: 0, by: -4) { add(hexDigit: limb >> UInt64(shift) & 15) }
        }
    }

    /// "0x" and two digits for each octet.
    mutating func add(hexOctets octets: [UInt8]) {
        add("0x")
        for octet in octets {
            add(hexDigit: UInt64(octet >> 4))
            add(hexDigit: UInt64(octet & 15))
        }
    }

    /// Fills up with spaces to a column of the line that begins at `start`.
    mutating func pad(to column: Int, from start: Int) {
        let missing = start + column - count
        if missing > 0 { append(contentsOf: repeatElement(32, count: missing)) } else { append(32) }
    }
}
