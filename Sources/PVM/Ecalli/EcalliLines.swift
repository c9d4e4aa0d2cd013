import CPVM

/// The lines of a text that are of the format, one after the other.
public struct EcalliLines {
    private let text: UnsafeRawBufferPointer
    /// Where the next line begins.
    public private(set) var offset = 0
    /// Of the line that came last, from 1.
    public private(set) var number: UInt64 = 0

    public init(_ text: UnsafeRawBufferPointer) { self.text = text }

    public mutating func next() -> EcalliLine? {
        while offset < text.count, let base = text.baseAddress {
            let rest = text.count - offset
            let newline = memchr(base + offset, 0x0a, rest).map { UnsafeRawPointer($0) - (base + offset) }
            let line = EcalliLine(UnsafeRawBufferPointer(start: base + offset, count: newline ?? rest))
            offset += newline.map { $0 + 1 } ?? rest
            number += 1
            switch line {
            case .unknown, .comment: continue
            default: return line
            }
        }
        return nil
    }
}
