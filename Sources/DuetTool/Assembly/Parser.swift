import CPVM
import PVM

/// Tokens to a module: labels, instructions and, in Directives.swift, directives. After an error it goes on with the next line.
struct Parser {
    var module = Module()
    var section = SectionName.code
    private(set) var diagnostics: [Diagnostic] = []
    private var lexer: Lexer
    private(set) var token = Token.newline
    private(set) var offset = 0

    init(_ source: [UInt8]) { lexer = Lexer(source) }

    static func parse(_ source: [UInt8]) -> (Module, [Diagnostic]) {
        var parser = Parser(source)
        parser.parseLines()
        return (parser.module, parser.diagnostics)
    }

    private mutating func parseLines() {
        while true {
            do {
                try advance()
                if token == .end { return }
                try parseLine()
            } catch {
                diagnostics.append(error)
                if token != .newline { lexer.skipLine() }
                token = .newline
            }
        }
    }

    private mutating func parseLine() throws(Diagnostic) {
        while case .name(let name) = token {
            let start = offset
            try advance()
            if token == .mark(UInt8(ascii: ":")) {
                try advance()
                try define(name, start, here)
                continue
            }
            if name.hasPrefix(".") { try directive(name, start) } else { try instruction(name, start) }
            break
        }
        guard token == .newline || token == .end else { throw unexpected("the end of the line") }
    }

    private var here: Symbol {
        switch section {
        case .code: .code(module.statements.count)
        case .metadata: .data(section, module.metadata.octets.count)
        case .roData: .data(section, module.roData.octets.count)
        case .rwData: .data(section, module.rwData.octets.count)
        }
    }

    mutating func define(_ name: String, _ start: Int, _ symbol: Symbol) throws(Diagnostic) {
        if Register.numbers[name] != nil { throw Diagnostic(offset: start, message: "'\(name)' is a register") }
        if name.hasPrefix(".") { throw Diagnostic(offset: start, message: "a name cannot start with a dot") }
        if module.symbols.updateValue(symbol, forKey: name) != nil {
            throw Diagnostic(offset: start, message: "'\(name)' is defined twice")
        }
    }

    // MARK: Instructions

    private mutating func instruction(_ name: String, _ start: Int) throws(Diagnostic) {
        guard section == .code else { throw Diagnostic(offset: start, message: "instructions belong into .code") }
        guard let index = Syntax.indices[name] else { throw Diagnostic(offset: start, message: "unknown instruction '\(name)'") }
        var operands = Operands()
        var x: Expression?, y: Expression?, target: Expression?
        for (position, slot) in Syntax.all[index].slots.enumerated() {
            if position > 0 { try expect(",") }
            switch slot {
            case .rA: operands.rA = try register()
            case .rB: operands.rB = try register()
            case .rD: operands.rD = try register()
            case .x: x = try expression()
            case .y: y = try expression()
            case .target: target = try expression()
            case .memory: x = try address()
            case .memoryA: x = try memory(base: \.rA, of: &operands)
            case .memoryB: x = try memory(base: \.rB, of: &operands)
            }
        }
        module.statements.append(CodeStatement(offset: start, kind: .instruction(index, operands, x: x, y: y, target: target)))
    }

    private mutating func register() throws(Diagnostic) -> UInt8 {
        guard case .name(let name) = token, let number = Register.numbers[name] else { throw unexpected("a register") }
        try advance()
        return number
    }

    /// [expression]
    private mutating func address() throws(Diagnostic) -> Expression {
        try expect("[")
        let address = try expression()
        try expect("]")
        return address
    }

    /// [register], [register + expression] or [register - expression]
    private mutating func memory(base: WritableKeyPath<Operands, UInt8>, of operands: inout Operands) throws(Diagnostic) -> Expression {
        try expect("[")
        operands[keyPath: base] = try register()
        let start = offset
        let address = token == .mark(UInt8(ascii: "]"))
            ? Expression(offset: start, first: .number(0))
            : try terms(after: Expression(offset: start, first: .number(0)))
        try expect("]")
        return address
    }

    // MARK: Expressions

    /// [-] term { (+ | -) term }
    mutating func expression() throws(Diagnostic) -> Expression {
        let start = offset
        let negative = token == .mark(UInt8(ascii: "-"))
        if negative { try advance() }
        return try terms(after: Expression(offset: start, first: try term(), negative: negative))
    }

    private mutating func terms(after first: Expression) throws(Diagnostic) -> Expression {
        var sum = first
        while case .mark(let sign) = token, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
            try advance()
            sum.others.append((try term(), sign == UInt8(ascii: "-")))
        }
        return sum
    }

    private mutating func term() throws(Diagnostic) -> Expression.Term {
        switch token {
        case .number(let number):
            try advance()
            return .number(number)
        case .name(let name) where Register.numbers[name] == nil && !name.hasPrefix("."):
            try advance()
            return .symbol(name)
        case .mark(UInt8(ascii: "@")):
            try advance()
            guard case .name(let name) = token else { throw unexpected("a label") }
            try advance()
            return .jumpAddress(name)
        default:
            throw unexpected("a number or a symbol")
        }
    }

    // MARK: Tokens

    mutating func advance() throws(Diagnostic) { (token, offset) = try lexer.next() }

    mutating func expect(_ mark: Unicode.Scalar) throws(Diagnostic) {
        guard token == .mark(UInt8(ascii: mark)) else { throw unexpected("'\(mark)'") }
        try advance()
    }

    func unexpected(_ wanted: String) -> Diagnostic {
        let found = switch token {
        case .name(let name): "'\(name)'"
        case .number(let number): "\(number)"
        case .string: "a string"
        case .mark(let mark): "'\(Character(Unicode.Scalar(mark)))'"
        case .newline, .end: "the end of the line"
        }
        return Diagnostic(offset: offset, message: "expected \(wanted), found \(found)")
    }
}
