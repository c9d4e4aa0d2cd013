import CPVM
import VMCommon

/// A line of an ecalli trace (JIP-7), taken apart without copying.
public enum EcalliLine {
    /// None of the format's.
    case unknown
    /// One of the format's that breaks off or has something else where a value should be.
    case malformed
    /// What follows the word is anybody's.
    case comment
    // Comments of Duet's own: what the format has no line for.
    case isa(ISA, pvm_format_t)
    case pages(UInt64, UInt64, UInt8)
    case heap(start: UInt64, end: UInt64, limit: UInt64)
    case movedPC(UInt64)
    /// The instruction that the run starts with has been paid (0.8.0: its block).
    case paid
    case program(HexData)
    case start(EcalliState)
    case ecalli(UInt64, EcalliState)
    case memread(UInt64, HexData)
    case memwrite(UInt64, HexData)
    case setreg(Int, UInt64)
    case setgas(UInt64)
    case end(pvm_exit_t, EcalliState)
}

/// pc, gas and registers as a line gives them.
public struct EcalliState {
    public var pc: UInt64 = 0
    public var gas: UInt64 = 0
    public var registers = InlineArray<13, UInt64>(repeating: 0)
}

/// Bytes as they stand in a line: pairs of digits.
public struct HexData {
    let digits: UnsafeRawBufferPointer

    public var count: Int { digits.count / 2 }

    public subscript(_ index: Int) -> UInt8 { hexDigit(digits[2 * index]) << 4 | hexDigit(digits[2 * index + 1]) & 15 }

    func append(to bytes: inout ByteBuffer) -> Bool {
        guard bytes.reserve(count) else { return false }
        for index in 0..<count where !bytes.append(self[index]) { return false }
        return true
    }
}

/// 255 for what is none.
private func hexDigit(_ character: UInt8) -> UInt8 {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x41...0x46: character - 0x37
    case 0x61...0x66: character - 0x57
    default: 255
    }
}

// MARK: Reading

extension EcalliLine {
    /// Loggers put anything before and behind a line of the format, so it may begin at any word.
    public init(_ text: UnsafeRawBufferPointer) {
        self = .unknown
        var isWordStart = true
        for offset in text.indices {
            if isWordStart {
                var scanner = EcalliScanner(UnsafeRawBufferPointer(rebasing: text[offset...]))
                self = EcalliLine(&scanner)
                if case .unknown = self {} else { return }
            }
            isWordStart = !EcalliScanner.isWordPart(text[offset])
        }
    }

    private init(_ scanner: inout EcalliScanner) {
        guard let first = scanner.text.first else {
            self = .unknown
            return
        }
        // Most places of a line cannot begin one of the format's.
        switch first {
        case 0x63: self = EcalliLine(comment: &scanner)
        case 0x70: self = scanner.skip("program 0x") ? scanner.restOfData().map { .program($0) } ?? .malformed : .unknown
        case 0x73: self = EcalliLine(s: &scanner)
        case 0x65: self = EcalliLine(ecalli: &scanner)
        case 0x6d: self = EcalliLine(memory: &scanner)
        case 0x48, 0x4f, 0x50: self = EcalliLine(end: &scanner)
        default: self = .unknown
        }
    }

    private init(comment scanner: inout EcalliScanner) {
        self = .unknown
        guard scanner.skip("comment ") else { return }
        self = .comment
        guard scanner.skip("duet ") else { return }
        if scanner.skip("isa ") {
            self = .malformed
            guard let isa: ISA = scanner.skip("gp072") ? .gp072 : scanner.skip("gp080") ? .gp080 : nil, scanner.skip(" format ") else { return }
            if scanner.skip("standard") { self = .isa(isa, PVM_FORMAT_STANDARD) }
            if scanner.skip("service") { self = .isa(isa, PVM_FORMAT_SERVICE) }
            if scanner.skip("blob") { self = .isa(isa, PVM_FORMAT_BLOB) }
        } else if scanner.skip("pages ") {
            self = .malformed
            guard let address = scanner.hexadecimal(), scanner.skip(" len="), let length = scanner.decimal() else { return }
            if scanner.skip(" none") { self = .pages(address, length, GuestMemory.none) }
            if scanner.skip(" rw") { self = .pages(address, length, GuestMemory.readWrite) }
            if scanner.skip(" r") { self = .pages(address, length, GuestMemory.read) }
        } else if scanner.skip("heap ") {
            self = .malformed
            guard let start = scanner.hexadecimal(), scanner.skip(" end "), let end = scanner.hexadecimal(), scanner.skip(" limit "),
                  let limit = scanner.hexadecimal(), start <= end, end <= limit, limit <= GuestMemory.size else { return }
            self = .heap(start: start, end: end, limit: limit)
        } else if scanner.skip("paid") {
            self = .paid
        } else if scanner.skip("pc ") {
            self = scanner.decimal().map { .movedPC($0) } ?? .malformed
        }
    }

    private init(s scanner: inout EcalliScanner) {
        self = .unknown
        if scanner.skip("start pc=") {
            self = scanner.state().map { .start($0) } ?? .malformed
        } else if scanner.skip("setreg r") {
            self = .malformed
            guard let index = scanner.decimal(), index < 13, scanner.skip(" <- "), let value = scanner.hexadecimal() else { return }
            self = .setreg(Int(truncatingIfNeeded: index), value)
        } else if scanner.skip("setgas <- ") {
            self = scanner.decimal().map { .setgas($0) } ?? .malformed
        }
    }

    private init(ecalli scanner: inout EcalliScanner) {
        self = .unknown
        guard scanner.skip("ecalli=") else { return }
        self = .malformed
        guard let number = scanner.decimal(), scanner.skip(" pc="), let state = scanner.state() else { return }
        self = .ecalli(number, state)
    }

    private init(memory scanner: inout EcalliScanner) {
        self = .unknown
        let isRead = scanner.skip("memread 0x")
        guard isRead || scanner.skip("memwrite 0x") else { return }
        self = .malformed
        guard let address = scanner.hexDigits(), scanner.skip(" len="), let length = scanner.decimal(),
              scanner.skip(isRead ? " -> 0x" : " <- 0x"), let data = scanner.restOfData(),
              length == UInt64(truncatingIfNeeded: data.count), address < GuestMemory.size,
              length <= GuestMemory.size - address
        else { return }
        self = isRead ? .memread(address, data) : .memwrite(address, data)
    }

    private init(end scanner: inout EcalliScanner) {
        self = .unknown
        var exit = PVM_EXIT_PANIC
        if scanner.skip("HALT pc=") {
            exit = PVM_EXIT_HALT
        } else if scanner.skip("OOG pc=") {
            exit = PVM_EXIT_OOG
        } else {
            guard scanner.skip("PANIC=") else { return }
            scanner.skipWord()
            guard scanner.skip(" pc=") else {
                self = .malformed
                return
            }
        }
        self = scanner.state().map { .end(exit, $0) } ?? .malformed
    }
}

/// Reads from the beginning of what is left of a line.
struct EcalliScanner {
    private(set) var text: UnsafeRawBufferPointer

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    static func isWordPart(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5a ~= byte || 0x61...0x7a ~= byte || byte == 0x5f
    }

    private mutating func drop(_ count: Int) { text = UnsafeRawBufferPointer(rebasing: text[count...]) }

    /// Takes exactly this text, if it comes next.
    mutating func skip(_ expected: StaticString) -> Bool {
        let count = expected.utf8CodeUnitCount
        guard text.count >= count else { return false }
        for index in 0..<count where text[index] != expected.utf8Start[index] { return false }
        drop(count)
        return true
    }

    /// Anything up to the next space.
    mutating func skipWord() {
        while let byte = text.first, byte != 0x20 { drop(1) }
    }

    /// Does a word end there? A number with a letter behind it is none.
    private func endsWord(_ count: Int) -> Bool { count == text.count || !EcalliScanner.isWordPart(text[count]) }

    /// At least one digit, a value of 64 bits.
    mutating func decimal() -> UInt64? {
        var value: UInt64 = 0, count = 0
        while count < text.count, 0x30...0x39 ~= text[count] {
            let (tens, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, more) = tens.addingReportingOverflow(UInt64(text[count] - 0x30))
            guard !over, !more else { return nil }
            value = sum
            count += 1
        }
        guard count > 0, endsWord(count) else { return nil }
        drop(count)
        return value
    }

    mutating func hexadecimal() -> UInt64? { skip("0x") ? hexDigits() : nil }

    /// At least one digit, at most 16.
    mutating func hexDigits() -> UInt64? {
        var value: UInt64 = 0, count = 0
        while count < text.count {
            let digit = hexDigit(text[count])
            guard digit < 16 else { break }
            guard count < 16 else { return nil }
            value = value << 4 | UInt64(digit)
            count += 1
        }
        guard count > 0, endsWord(count) else { return nil }
        drop(count)
        return value
    }

    /// Pairs of digits, as many as there are; nil for an odd number.
    mutating func restOfData() -> HexData? {
        var count = 0
        while count < text.count, hexDigit(text[count]) < 16 { count += 1 }
        guard count % 2 == 0, endsWord(count) else { return nil }
        let digits = UnsafeRawBufferPointer(rebasing: text[..<count])
        drop(count)
        return HexData(digits: digits)
    }

    /// "PC gas=GAS rNN=0xVALUE…", the registers in any order.
    mutating func state() -> EcalliState? {
        var state = EcalliState()
        guard let pc = decimal(), skip(" gas="), let gas = decimal() else { return nil }
        state.pc = pc
        state.gas = gas
        while text.count > 2, 0x30...0x39 ~= text[2], skip(" r") {
            guard let index = decimal(), index < 13, skip("="), let value = hexadecimal() else { return nil }
            state.registers[Int(truncatingIfNeeded: index)] = value
        }
        return state
    }
}
