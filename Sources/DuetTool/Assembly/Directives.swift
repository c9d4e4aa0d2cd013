import CPVM
import PVM

extension Parser {
    mutating func directive(_ name: String, _ start: Int) throws(Diagnostic) {
        switch name {
        case ".isa": module.isa = try choice(ISA.names, once: module.isa == nil, start)
        case ".format": module.format = try choice(formatNames.filter { $0.0 != "auto" }, once: module.format == nil, start)
        case ".stack": module.stackSize = try constant(in: 0...0xff_ffff)
        case ".heap_pages": module.heapPages = try constant(in: 0...0xffff)
        case ".code": section = .code
        case ".metadata": section = .metadata
        case ".ro": section = .roData
        case ".rw": section = .rwData
        case ".jump": try list { parser throws(Diagnostic) in parser.module.jumps.append(try parser.expression()) }
        case ".jump_size": module.jumpEntrySize = try constant(in: 0...255)
        case ".jump_count": module.jumpCount = try constant(in: 0...UInt64.max)
        case ".equ": try define()
        case ".u8": try numbers(width: 1, start)
        case ".u16": try numbers(width: 2, start)
        case ".u32": try numbers(width: 4, start)
        case ".u64": try numbers(width: 8, start)
        case ".ascii": try data(string(), start)
        case ".hex": try hex(marked: false, start)
        case ".op": try hex(marked: true, start)
        case ".zero": try zeros(Int(constant(in: 0...UInt64(DataSection.maxSize))), start)
        case ".align":
            let size = try Int(constant(in: 1...4096))
            try zeros((size - dataSize(start) % size) % size, start)
        case ".org": try padding(start)
        default: throw Diagnostic(offset: start, message: "unknown directive '\(name)'")
        }
    }

    // MARK: Values

    private mutating func choice<Value>(_ names: [(String, Value)], once: Bool, _ start: Int) throws(Diagnostic) -> Value {
        guard once else { throw Diagnostic(offset: start, message: "given twice") }
        guard case .name(let name) = token, let value = names.first(where: { $0.0 == name })?.1 else {
            throw unexpected("one of \(names.map { $0.0 }.joined(separator: ", "))")
        }
        try advance()
        return value
    }

    /// .equ NAME, expression
    private mutating func define() throws(Diagnostic) {
        guard case .name(let name) = token else { throw unexpected("a name") }
        let start = offset
        try advance()
        let value: Int128
        do throws(Diagnostic) {
            try expect(",")
            value = try constant()
        } catch {
            // Those who use the name have made no mistake.
            try define(name, start, .constant(0))
            throw error
        }
        try define(name, start, .constant(value))
    }

    /// An expression whose value is known here: of numbers and names that .equ has defined above.
    private mutating func constant() throws(Diagnostic) -> Int128 {
        let expression = try expression()
        return try expression.value { [module] term throws(Diagnostic) in
            guard case .symbol(let name) = term, case .constant(let value) = module.symbols[name] else {
                throw Diagnostic(offset: expression.offset, message: "needs a value that is known at this line")
            }
            return value
        }
    }

    private mutating func constant(in range: ClosedRange<UInt64>) throws(Diagnostic) -> UInt64 {
        let start = offset
        let value = try constant()
        guard let number = UInt64(exactly: value), range.contains(number) else {
            throw Diagnostic(offset: start, message: "\(value) is not in \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    private mutating func list(_ element: (inout Parser) throws(Diagnostic) -> Void) throws(Diagnostic) {
        try element(&self)
        while token == .mark(UInt8(ascii: ",")) {
            try advance()
            try element(&self)
        }
    }

    private mutating func string() throws(Diagnostic) -> [UInt8] {
        guard case .string(let octets) = token else { throw unexpected("a string in double quotes") }
        try advance()
        return octets
    }

    // MARK: Octets

    private mutating func hex(marked: Bool, _ start: Int) throws(Diagnostic) {
        let at = offset
        guard let octets = hexOctets(try string()) else {
            throw Diagnostic(offset: at, message: "not a string of hexadecimal octets")
        }
        if section != .code, !marked { return try data(octets, start) }
        guard section == .code else { throw Diagnostic(offset: start, message: ".op belongs into .code") }
        guard !octets.isEmpty else { throw Diagnostic(offset: at, message: "no octets") }
        let first = module.codeOctets.count
        module.codeOctets += octets
        module.statements.append(CodeStatement(offset: start, kind: .octets(first..<module.codeOctets.count, marked: marked)))
    }

    private mutating func padding(_ start: Int) throws(Diagnostic) {
        guard section == .code else { throw Diagnostic(offset: start, message: ".org belongs into .code") }
        let end = try constant(in: 0...Blob.maxSize)
        module.statements.append(CodeStatement(offset: start, kind: .padding(to: Int(end))))
    }

    private mutating func numbers(width: Int, _ start: Int) throws(Diagnostic) {
        try list { parser throws(Diagnostic) in
            let value = try parser.expression()
            try parser.edit(start) { data in
                data.fixups.append((data.octets.count, width, value))
                data.octets += repeatElement(0, count: width)
            }
        }
    }

    private mutating func data(_ octets: [UInt8], _ start: Int) throws(Diagnostic) {
        try edit(start) { $0.octets += octets }
    }

    private mutating func zeros(_ count: Int, _ start: Int) throws(Diagnostic) {
        try edit(start) { $0.octets += repeatElement(0, count: count) }
    }

    private mutating func dataSize(_ start: Int) throws(Diagnostic) -> Int {
        var size = 0
        try edit(start) { size = $0.octets.count }
        return size
    }

    /// Changes the data section that is open.
    private mutating func edit(_ start: Int, _ change: (inout DataSection) -> Void) throws(Diagnostic) {
        var size = 0
        switch section {
        case .code: throw Diagnostic(offset: start, message: "data belongs into .ro, .rw or .metadata")
        case .metadata: change(&module.metadata)
        case .roData:
            change(&module.roData)
            size = module.roData.octets.count
        case .rwData:
            change(&module.rwData)
            size = module.rwData.octets.count
        }
        guard size <= DataSection.maxSize else {
            throw Diagnostic(offset: start, message: "a data section holds at most \(DataSection.maxSize) octets")
        }
    }
}
