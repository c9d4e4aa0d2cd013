import CPVM
import PVM

/// A module to an image: gives every symbol its value, lays out the code, writes the octets.
struct Assembler {
    private let module: Module
    private let isa: ISA
    private let format: pvm_format_t
    private var diagnostics: [Diagnostic] = []
    private var code = Code()
    /// Jump-table entries, and for each place in the code the first one that leads there.
    private var jumps: [(offset: Int, target: CodeItem.Target)] = []
    private var jumpIndices: [Int: Int] = [:]

    /// Assembly source to the octets of an image. isa and format, if given, must be those that the source states, if it does.
    static func assemble(_ source: [UInt8], file: String, isa: ISA? = nil, format: pvm_format_t? = nil) throws(ToolError) -> [UInt8] {
        let (module, syntaxErrors) = Parser.parse(source)
        if let stated = module.isa, let isa, stated != isa {
            throw .failed("\(file): is written for \(stated.name), not for \(isa.name)")
        }
        if let stated = module.format, let format, stated != format {
            throw .failed("\(file): makes a \(name(of: stated)), not a \(name(of: format))")
        }
        var assembler = Assembler(module, isa ?? module.isa ?? .gp072, format ?? module.format ?? PVM_FORMAT_STANDARD)
        assembler.diagnostics = syntaxErrors
        let parts = assembler.assemble()
        guard assembler.diagnostics.isEmpty else {
            throw .source(Locator(source).messages(assembler.diagnostics, file: file))
        }
        return parts.octets
    }

    private init(_ module: Module, _ isa: ISA, _ format: pvm_format_t) {
        self.module = module
        self.isa = isa
        self.format = format
    }

    /// After mistakes of syntax it goes as far as names and values, to tell of theirs as well.
    private mutating func assemble() -> ImageParts {
        var parts = ImageParts(format: format)
        for jump in module.jumps {
            attempt { assembler throws(Diagnostic) in assembler.addJump(try assembler.target(jump), jump.offset) }
        }
        for statement in module.statements {
            attempt { assembler throws(Diagnostic) in try assembler.add(statement) }
        }
        parts.metadata = fill(module.metadata)
        parts.roData = fill(module.roData)
        parts.rwData = fill(module.rwData)
        parts.stackSize = module.stackSize
        parts.heapPages = module.heapPages
        attempt { assembler throws(Diagnostic) in try assembler.checkFormat() }
        guard diagnostics.isEmpty else { return parts }
        let layout = CodeLayout(code)
        attempt { assembler throws(Diagnostic) in try assembler.write(layout, to: &parts) }
        attempt { assembler throws(Diagnostic) in try assembler.writeJumps(layout, to: &parts) }
        if diagnostics.isEmpty { checkTargets(layout, parts) }
        return parts
    }

    /// Keeps what goes wrong, so that one mistake does not hide the next.
    private mutating func attempt(_ work: (inout Assembler) throws(Diagnostic) -> Void) {
        do { try work(&self) } catch { diagnostics.append(error) }
    }

    private func checkFormat() throws(Diagnostic) {
        let hasData = !module.roData.octets.isEmpty || !module.rwData.octets.isEmpty || module.stackSize != 0 || module.heapPages != 0
        if format == PVM_FORMAT_BLOB, hasData { throw Diagnostic(offset: 0, message: "a blob has no data, stack or heap") }
        if format != PVM_FORMAT_SERVICE, !module.metadata.octets.isEmpty {
            throw Diagnostic(offset: 0, message: "only a service has metadata")
        }
    }

    // MARK: Symbols

    private mutating func value(_ expression: Expression) throws(Diagnostic) -> Int128 {
        // Most are plain numbers.
        if case .number(let number) = expression.first, expression.others.isEmpty { return expression.negative ? -number : number }
        let absent = expression.names.filter { module.symbols[$0] == nil }.map { Assembler.absent($0, expression.offset) }
        if let last = absent.last {
            diagnostics += absent.dropLast()
            throw last
        }
        return try expression.value { term throws(Diagnostic) in
            switch term {
            case .number(let number): return number
            case .symbol(let name): return try self.value(of: name, expression.offset)
            case .jumpAddress(let name): return try self.jumpAddress(of: name, expression.offset)
            }
        }
    }

    private func value(of name: String, _ offset: Int) throws(Diagnostic) -> Int128 {
        switch module.symbols[name] {
        case nil: throw Assembler.absent(name, offset)
        case .constant(let value): return value
        case .data(.roData, let position): return Int128(PVM_ZONE_SIZE) + Int128(position)
        case .data(.rwData, let position):
            let zone = Int(PVM_ZONE_SIZE)
            return Int128(2 * zone + (module.roData.octets.count + zone - 1) / zone * zone + position)
        case .data: throw Diagnostic(offset: offset, message: "metadata has no address")
        case .code: throw Diagnostic(offset: offset, message: "'\(name)' is code; @\(name) is its address for dynamic jumps")
        }
    }

    private static func absent(_ name: String, _ offset: Int) -> Diagnostic {
        Diagnostic(offset: offset, message: "'\(name)' is not defined")
    }

    /// (index + 1) * 2 of the entry that leads there; makes one if there is none.
    private mutating func jumpAddress(of name: String, _ offset: Int) throws(Diagnostic) -> Int128 {
        switch module.symbols[name] {
        case nil: throw Assembler.absent(name, offset)
        case .code(let statement):
            let index = jumpIndices[statement] ?? jumps.count
            if index == jumps.count { addJump(.item(statement), offset) }
            return Int128(2 * (index + 1))
        default: throw Diagnostic(offset: offset, message: "'\(name)' is no place in the code")
        }
    }

    /// A label of the code, or a number.
    private mutating func target(_ expression: Expression) throws(Diagnostic) -> CodeItem.Target {
        if case .symbol(let name) = expression.first, case .code(let statement) = module.symbols[name] {
            guard expression.others.isEmpty, !expression.negative else {
                throw Diagnostic(offset: expression.offset, message: "a place in the code is a label or a number")
            }
            return .item(statement)
        }
        let number = try value(expression)
        // A jump-table entry has up to 64 bits.
        guard let bits = Int64(exactly: number) ?? UInt64(exactly: number).map({ Int64(bitPattern: $0) }) else {
            throw Diagnostic(offset: expression.offset, message: "\(number) does not fit 64 bits")
        }
        return .absolute(bits)
    }

    // MARK: Sections

    private mutating func fill(_ section: DataSection) -> [UInt8] {
        var octets = section.octets
        for (position, width, expression) in section.fixups {
            attempt { assembler throws(Diagnostic) in
                let number = try assembler.value(expression)
                let bits = Int128(8 * width)
                guard number >= -(1 << (bits - 1)), number < 1 << bits else {
                    throw Diagnostic(offset: expression.offset, message: "\(number) does not fit \(bits) bits")
                }
                for index in 0..<width { octets[position + index] = UInt8(truncatingIfNeeded: number >> Int128(8 * index)) }
            }
        }
        return octets
    }

    private mutating func add(_ statement: CodeStatement) throws(Diagnostic) {
        let start = code.octets.count
        var item = CodeItem(kind: .instruction, start: start, count: 0)
        // An item stands for every statement, even a faulty one: labels count statements.
        defer {
            item.count = code.octets.count - start
            code.items.append(item)
        }
        switch statement.kind {
        case .octets(let range, let marked):
            item.kind = marked ? .instruction : .unmarked
            code.octets += module.codeOctets[range]
        case .padding(let end):
            item.kind = .padding(to: end)
        case .instruction(let index, var operands, let x, let y, let target):
            let syntax = Syntax.all[index]
            guard let opcode = syntax.row.octet(isa) else {
                throw Diagnostic(offset: statement.offset, message: "\(isa.name) has no \(syntax.name)")
            }
            if let x {
                attempt { assembler throws(Diagnostic) in
                    operands.vX = try assembler.immediate(x, syntax, of: [.x, .memory, .memoryA, .memoryB])
                }
            }
            if let y { attempt { assembler throws(Diagnostic) in operands.vY = try assembler.immediate(y, syntax, of: [.y]) } }
            if let target { attempt { assembler throws(Diagnostic) in item.target = try assembler.target(target) } }
            Encoder.append(opcode: opcode, syntax.row.format, operands, to: &code.octets)
        }
    }

    private mutating func immediate(_ expression: Expression, _ syntax: Syntax, of slots: [OperandSlot]) throws(Diagnostic) -> UInt64 {
        let number = try value(expression)
        // Close to 2^64: a negative number in its unsigned form.
        let signed = number > Int128(Int64.max) && number <= Int128(UInt64.max) && syntax.row.format != .regExtImm
            ? number - (1 << 64) : number
        let range = syntax.range(of: syntax.slots.first { slots.contains($0) }!)
        guard range.contains(signed) else {
            let advice = range.upperBound == Int128(Int32.max) ? " (32 bits, sign-extended)" : ""
            throw Diagnostic(offset: expression.offset, message: "\(number) is not in \(range.lowerBound)…\(range.upperBound)\(advice)")
        }
        let bits = UInt64(truncatingIfNeeded: signed)
        return syntax.row.format == .regExtImm ? bits : UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: bits)))
    }

    // MARK: Octets

    private func write(_ layout: CodeLayout, to parts: inout ImageParts) throws(Diagnostic) {
        guard layout.size <= Int(Blob.maxSize) else { throw Diagnostic(offset: 0, message: "the code is over \(Blob.maxSize) octets") }
        parts.code.reserveCapacity(layout.size)
        parts.bitmask = Array(repeating: 0, count: (layout.size + 7) / 8)
        func mark(_ position: Int) { parts.bitmask[position >> 3] |= 1 << UInt8(position & 7) }
        for (index, item) in code.items.enumerated() {
            let position = parts.code.count
            switch item.kind {
            case .instruction: mark(position)
            case .unmarked: break
            case .padding(let end):
                guard position <= end else {
                    throw Diagnostic(offset: module.statements[index].offset, message: "the code is already at \(position)")
                }
                for trap in position..<end { mark(trap) }
                parts.code += repeatElement(0, count: end - position)
            }
            parts.code += code.octets[item.start..<item.start + item.count]
            if let offset = layout.offset(code, index) {
                guard Encoder.shortest(offset) <= 4 else {
                    throw Diagnostic(offset: module.statements[index].offset, message: "the target is out of reach")
                }
                Encoder.append(UInt64(bitPattern: offset), Int(layout.lengths[index]), to: &parts.code)
            }
        }
    }

    /// A branch or dynamic jump to a label that starts no basic block would panic. Where that is meant, a number says so.
    private mutating func checkTargets(_ layout: CodeLayout, _ parts: ImageParts) {
        let starts = parts.code.withUnsafeBytes { code in
            parts.bitmask.withUnsafeBytes { BlockStarts(CodeView(code: code, bitmask: $0), isa) }
        }
        let branches = zip(module.statements, code.items).map { ($0.offset, $1.target) }
        for (offset, target) in branches + jumps.map({ ($0.offset, Optional($0.target)) }) {
            if case .item(let item) = target, !starts.contains(Int64(layout.positions[item])) {
                let advice = "the label starts no basic block; a fallthrough in front of it would make it one"
                diagnostics.append(Diagnostic(offset: offset, message: advice))
            }
        }
    }

    // MARK: Jump table

    private mutating func addJump(_ target: CodeItem.Target, _ offset: Int) {
        if case .item(let item) = target, jumpIndices[item] == nil { jumpIndices[item] = jumps.count }
        jumps.append((offset, target))
    }

    private func writeJumps(_ layout: CodeLayout, to parts: inout ImageParts) throws(Diagnostic) {
        let entries = jumps.map { jump in
            switch jump.target {
            case .item(let item): UInt64(layout.positions[item])
            case .absolute(let value): UInt64(bitPattern: value)
            }
        }
        let shortest = entries.max().map { UInt64(max(1, (64 - $0.leadingZeroBitCount + 7) / 8)) } ?? 0
        parts.jumpEntrySize = module.jumpEntrySize ?? shortest
        parts.jumpCount = module.jumpCount ?? UInt64(entries.count)
        if parts.jumpEntrySize == 0 || module.jumpCount != nil {
            guard parts.jumpEntrySize == 0, entries.isEmpty else {
                throw Diagnostic(offset: jumps.first?.offset ?? 0, message: "entries of size 0 are given by .jump_count, others by .jump")
            }
            return
        }
        for (entry, jump) in zip(entries, jumps) {
            guard shortest <= parts.jumpEntrySize || entry >> (8 * parts.jumpEntrySize) == 0 else {
                throw Diagnostic(offset: jump.offset, message: "\(entry) does not fit an entry of \(parts.jumpEntrySize) octets")
            }
            Encoder.append(entry, Int(min(8, parts.jumpEntrySize)), to: &parts.jumpTable)
            parts.jumpTable += repeatElement(0, count: max(0, Int(parts.jumpEntrySize) - 8))
        }
    }
}
