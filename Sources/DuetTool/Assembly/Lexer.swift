/// Assembly text to tokens.

enum Token: Equatable {
    /// A mnemonic, register, directive (with its dot) or symbol.
    case name(String)
    case number(Int128)
    case string([UInt8])
    case mark(UInt8)
    case newline
    case end
}

/// What is wrong at an octet of the source.
struct Diagnostic: Error {
    let offset: Int
    let message: String
}

struct Lexer {
    private let source: [UInt8]
    private var index = 0

    init(_ source: [UInt8]) { self.source = source }

    /// The next token and where it starts.
    mutating func next() throws(Diagnostic) -> (token: Token, offset: Int) {
        skipBlanks()
        let start = index
        guard index < source.count else { return (.end, start) }
        let character = source[index]
        index += 1
        switch character {
        case UInt8(ascii: "\n"):
            return (.newline, start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            return (.number(try number(from: start)), start)
        case UInt8(ascii: "\""):
            return (.string(try quoted(until: character, from: start)), start)
        case UInt8(ascii: "'"):
            let characters = try quoted(until: character, from: start)
            guard characters.count == 1 else { throw Diagnostic(offset: start, message: "'…' takes one octet") }
            return (.number(Int128(characters[0])), start)
        case _ where Lexer.startsName(character):
            while index < source.count, Lexer.startsName(source[index]) || Lexer.isDigit(source[index]) { index += 1 }
            return (.name(String(decoding: source[start..<index], as: UTF8.self)), start)
        case _ where ",:[]+-@".utf8.contains(character):
            return (.mark(character), start)
        default:
            throw Diagnostic(offset: start, message: "unexpected character")
        }
    }

    /// Goes on behind the end of the line, after an error.
    mutating func skipLine() {
        while index < source.count, source[index] != UInt8(ascii: "\n") { index += 1 }
    }

    private mutating func skipBlanks() {
        while index < source.count {
            switch source[index] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): index += 1
            case UInt8(ascii: ";"): skipLine()
            default: return
            }
        }
    }

    private static func startsName(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static func isDigit(_ character: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) }

    /// Decimal, 0x… or 0b…, with underscores wherever they help.
    private mutating func number(from start: Int) throws(Diagnostic) -> Int128 {
        while index < source.count, Lexer.isDigit(source[index]) || Lexer.startsName(source[index]) { index += 1 }
        var digits = source[start..<index]
        var radix: UInt64 = 10
        if digits.starts(with: "0x".utf8) { radix = 16 } else if digits.starts(with: "0b".utf8) { radix = 2 }
        if radix != 10 { digits = digits.dropFirst(2) }

        var value: UInt64 = 0
        var count = 0
        for character in digits where character != UInt8(ascii: "_") {
            guard let digit = hexDigit(character), digit < radix else { throw Diagnostic(offset: start, message: "malformed number") }
            let (product, tooLarge) = value.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !tooLarge, !carry else { throw Diagnostic(offset: start, message: "number does not fit 64 bits") }
            value = sum
            count += 1
        }
        guard count > 0 else { throw Diagnostic(offset: start, message: "malformed number") }
        return Int128(value)
    }

    private mutating func quoted(until quote: UInt8, from start: Int) throws(Diagnostic) -> [UInt8] {
        var characters: [UInt8] = []
        while index < source.count, source[index] != UInt8(ascii: "\n") {
            let character = source[index]
            index += 1
            if character == quote { return characters }
            characters.append(character == UInt8(ascii: "\\") ? try escape() : character)
        }
        throw Diagnostic(offset: start, message: "unterminated text")
    }

    private mutating func escape() throws(Diagnostic) -> UInt8 {
        let start = index - 1
        guard index < source.count else { throw Diagnostic(offset: start, message: "unterminated text") }
        let character = source[index]
        index += 1
        switch character {
        case UInt8(ascii: "n"): return 10
        case UInt8(ascii: "t"): return 9
        case UInt8(ascii: "r"): return 13
        case UInt8(ascii: "0"): return 0
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): return character
        case UInt8(ascii: "x"):
            guard index + 1 < source.count, let high = hexDigit(source[index]), let low = hexDigit(source[index + 1]) else {
                throw Diagnostic(offset: start, message: "\\x takes two hexadecimal digits")
            }
            index += 2
            return high << 4 | low
        default:
            throw Diagnostic(offset: start, message: "unknown escape")
        }
    }
}
