import PVM

/// Code taken apart into statements of the assembly language.
///
/// A statement reaches from one mark of the bitmask to the next. It is written as an instruction where that gives the same octets
/// again, and octet by octet otherwise: numbers longer than needed, odd register numbers, octets behind the operands, no opcode.
struct CodeListing {
    struct Statement {
        let start: Int
        let end: Int
        /// Has it a mark? Only the octets in front of the first mark have none.
        let isMarked: Bool
        /// An index into `Syntax.all`, nil if the first octet is no opcode.
        let syntax: Int?
        let operands: Operands
        /// Does its text assemble to its octets?
        fileprivate(set) var isExact: Bool
    }

    private(set) var statements: [Statement] = []
    /// Block starts are the places that have labels; others are written as numbers.
    let blockStarts: BlockStarts
    /// The statement at each block start.
    private var indices: [Int64: Int] = [:]

    init(_ view: CodeView, _ isa: ISA) {
        blockStarts = BlockStarts(view, isa)
        var start = 0
        var encoded: [UInt8] = []
        while start < view.count {
            var end = start + 1
            while end < view.count, !view.isOpcode(end) { end += 1 }
            if blockStarts.contains(Int64(start)) { indices[Int64(start)] = statements.count }
            statements.append(CodeListing.statement(view, start, end, isa, &encoded))
            start = end
        }
        settleOffsets()
    }

    /// A place in the code as the assembler reads it.
    func name(of offset: Int64) -> String { blockStarts.contains(offset) ? "L\(offset)" : String(offset) }

    private static func statement(_ view: CodeView, _ start: Int, _ end: Int, _ isa: ISA, _ encoded: inout [UInt8]) -> Statement {
        let isMarked = view.isOpcode(start)
        let opcode = view.octet(start)
        guard isMarked, let index = isa.row(opcode) else {
            return Statement(start: start, end: end, isMarked: isMarked, syntax: nil, operands: Operands(), isExact: false)
        }
        let format = Syntax.all[index].row.format
        let operands = Operands(view, pc: start, skip: view.skip(start), format: format)
        encoded.removeAll(keepingCapacity: true)
        Encoder.append(opcode: opcode, format, operands, to: &encoded)
        var isExact = encoded.count <= end - start && encoded.indices.allSatisfy { encoded[$0] == view.octet(start + $0) }
        let target = InstructionText.target(format, operands)
        let offsetLength = target.map { Encoder.shortest($0 &- Int64(start)) } ?? 0
        isExact = isExact && encoded.count + offsetLength == end - start
        return Statement(start: start, end: end, isMarked: true, syntax: index, operands: operands, isExact: isExact)
    }

    /// Two branches across each other may each be short only if the other is. The assembler takes the shorter way; where the code
    /// has the longer one, the branch has to be written octet by octet.
    private mutating func settleOffsets() {
        for _ in 0..<2 {
            let layout = CodeLayout(layoutCode())
            var settled = true
            for index in statements.indices where statements[index].isExact {
                if layout.positions[index + 1] - layout.positions[index] != statements[index].end - statements[index].start {
                    statements[index].isExact = false
                    settled = false
                }
            }
            if settled { return }
        }
        for index in statements.indices where target(of: index) != nil { statements[index].isExact = false }
    }

    /// What the assembler would make of the statements; only lengths and targets matter.
    private func layoutCode() -> Code {
        var code = Code()
        code.items.reserveCapacity(statements.count)
        for (index, statement) in statements.enumerated() {
            var item = CodeItem(kind: .instruction, start: 0, count: statement.end - statement.start)
            if statement.isExact, let target = target(of: index) {
                item.count -= Encoder.shortest(target &- Int64(statement.start))
                item.target = indices[target].map { .item($0) } ?? .absolute(target)
            }
            code.items.append(item)
        }
        return code
    }

    /// The place in the code that a statement names.
    private func target(of index: Int) -> Int64? {
        let statement = statements[index]
        return statement.syntax.flatMap { InstructionText.target(Syntax.all[$0].row.format, statement.operands) }
    }
}
