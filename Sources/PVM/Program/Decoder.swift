import CPVM
import VMCommon

/// The forward pass: from code and bitmask to instructions, and to the sets of code offsets that have one.
extension Program {
    mutating func decode() throws(ImageError) {
        var decoder = Decoder(self)
        var previous = -1
        for word in 0..<(view.count + 63) / 64 {
            var bits = UnsafeRawPointer(view.bitmask + 8 * word).loadUnaligned(as: UInt64.self)
            if view.count - 64 * word < 64 { bits &= 1 << UInt64(truncatingIfNeeded: view.count - 64 * word) &- 1 }
            positions.insert(word: word, bits)
            while bits != 0 {
                let offset = 64 &* word &+ bits.trailingZeroBitCount
                bits &= bits &- 1
                if previous >= 0 {
                    decoder.decode(previous, next: offset)
                } else if offset > 0 {
                    decoder.runsOntoNothing()
                }
                previous = offset
            }
        }
        if previous >= 0 { decoder.decode(previous, next: view.count) } else { decoder.runsOntoNothing() }
        decoder.trap(at: view.count)
        if isa.rules.demandsValidCode {
            guard decoder.isClean else { throw ImageError(PVM_ERR_INVALID_OPCODE) }
            guard decoder.endsInTerminator else { throw ImageError(PVM_ERR_NO_TERMINATOR) }
        }
        instructionCount = decoder.count
        opcodeCount = instructionCount - decoder.trapCount
    }
}

/// Decodes one instruction after the other into a program's room for them.
private struct Decoder {
    private let view: CodeView
    private let rows: Table<DecoderRow>
    private let registers: Table<UInt16>
    private let instructions: UnsafeMutablePointer<Instruction>
    private let offsets: UnsafeMutablePointer<UInt32>
    private let positions: BitSet
    private let blockStarts: BitSet
    private(set) var count = 0
    /// Traps among them that no opcode stands for.
    private(set) var trapCount = 0
    /// Does the next instruction start a basic block? 0 or 1.
    private var startsBlock: UInt64 = 1
    /// Has there been nothing but opcodes of the set, with none too far from the next?
    private(set) var isClean = true
    /// Does the last instruction end a basic block?
    var endsInTerminator: Bool { startsBlock != 0 }

    init(_ program: Program) {
        view = program.view
        rows = program.isa == .gp072 ? decoderRows072 : decoderRows080
        registers = registerPairs
        instructions = program.instructions
        offsets = program.offsets
        positions = program.positions
        blockStarts = program.blockStarts
    }

    /// Decodes the opcode at `offset`; the next one (or the end) is at `next`.
    @inline(__always)
    mutating func decode(_ offset: Int, next: Int) {
        let distance = next &- offset &- 1, row = rows.address + Int(view.code[offset])
        if row.pointee.isShort, distance <= 24, offset &+ CodeView.window <= view.count {
            blockStarts.insert(offset, startsBlock)
            startsBlock = row.pointee.endsBlock
            append(short(view.code + offset, offset, distance, row), at: offset)
        } else {
            decodeAny(offset, distance, row)
        }
    }

    /// Formats with no more than one immediate, which takes what is left. They are nine in ten; whatever tells them apart is done
    /// without branches, because nobody can predict which follows which.
    @inline(__always)
    private func short(_ code: UnsafePointer<UInt8>, _ offset: Int, _ skip: Int, _ row: UnsafePointer<DecoderRow>) -> Instruction {
        // A and B, D or A … as octet offsets, in the octets that the row's shifts select.
        let fields = UInt64(registers[Int(code[1])]) | UInt64(min(12, code[2])) << 19
        let length = row.pointee.lengths &>> UInt64(truncatingIfNeeded: 4 &* min(skip, 8)) & 15
        let word = UnsafeRawPointer(code + Int(row.pointee.immediateAt)).loadUnaligned(as: UInt64.self)
        let end: UInt64 = 1 &<< (8 &* length), sign = end &>> 1
        let value = (word & (end &- 1) ^ sign) &- sign
        let target = UInt32(clamping: value &+ UInt64(truncatingIfNeeded: offset)), mask = row.pointee.targetMask
        return Instruction(
            row.pointee.handler, ra: UInt8(truncatingIfNeeded: fields &>> row.pointee.a), rb: UInt8(truncatingIfNeeded: fields &>> row.pointee.b),
            rd: UInt8(truncatingIfNeeded: fields &>> row.pointee.d), x: Int32(bitPattern: UInt32(truncatingIfNeeded: value) & ~mask),
            y: Int32(bitPattern: target & mask))
    }

    /// The other formats, what is no opcode, and whatever stands too near the end or too far from the next.
    @inline(never)
    private mutating func decodeAny(_ offset: Int, _ distance: Int, _ row: UnsafePointer<DecoderRow>) {
        let skip = min(24, distance)
        if row.pointee.isOpcode {
            blockStarts.insert(offset, startsBlock)
            startsBlock = row.pointee.endsBlock
            let operands = view.withWindow(offset) { Operands(at: $0, pc: offset, skip: skip, row.pointee.shape) }
            append(Instruction(row.pointee.handler, row.pointee.format, operands), at: offset)
        } else {
            runsOntoNothing()
            append(Instruction(.trap), at: offset)
        }
        if distance > skip {
            // Execution goes on in the middle of nowhere: not an opcode, so a trap.
            runsOntoNothing()
            trap(at: offset + 1 + skip)
        }
    }

    mutating func runsOntoNothing() {
        startsBlock = 0
        isClean = false
    }

    mutating func trap(at offset: Int) {
        positions.insert(offset, 1)
        trapCount += 1
        append(Instruction(.trap), at: offset)
    }

    @inline(__always)
    private mutating func append(_ instruction: Instruction, at offset: Int) {
        instructions[count] = instruction
        offsets[count] = UInt32(truncatingIfNeeded: offset)
        count &+= 1
    }
}

/// What the decoder has to know of an opcode octet.
private struct DecoderRow: BitwiseCopyable {
    var handler = Handler.trap
    var format = OperandFormat.none
    var shape = OperandShape(.none)
    var isOpcode = false
    /// Is it one for `short`?
    var isShort = false
    /// Which octet of the fields is register A, B, D; the last are always 0.
    var a: UInt64 = 32, b: UInt64 = 32, d: UInt64 = 32
    /// Length of the immediate for each skip distance up to 8, four bits each; where it starts.
    var lengths: UInt64 = 0
    var immediateAt: UInt8 = 1
    /// All bits if the immediate is a code offset, else 0.
    var targetMask: UInt32 = 0
    var endsBlock: UInt64 = 0

    init(_ isa: ISA, _ octet: Int) {
        guard let row = isa.row(UInt8(truncatingIfNeeded: octet)) else { return }
        let traits = isaTable[row]
        handler = Handler(row: row)
        format = traits.format
        isOpcode = true
        endsBlock = traits.endsBlock ? 1 : 0
        shape = OperandShape(format)
        isShort = shape.lengthMask == 0 && shape.xIsWide == 0
        if shape.aIsLow != 0 { a = 0 }
        if shape.aIsHigh != 0 { a = 8 }
        if shape.bIsHigh != 0 { b = 8 }
        if shape.dIsLow != 0 { d = 0 }
        if shape.dIsThird != 0 { d = 16 }
        immediateAt = shape.xAt
        targetMask = shape.xIsTarget != 0 ? .max : 0
        guard shape.xTakesRest != 0 else { return }
        for skip in 0...8 { lengths |= UInt64(truncatingIfNeeded: max(0, min(4, skip + 1 - Int(shape.xAt)))) << UInt64(truncatingIfNeeded: 4 * skip) }
    }
}

private let decoderRows072 = Table(count: 256) { DecoderRow(.gp072, $0) }
private let decoderRows080 = Table(count: 256) { DecoderRow(.gp080, $0) }

/// The registers in the two halves of an octet, as octet offsets.
private let registerPairs = Table<UInt16>(count: 256) { octet in
    UInt16(truncatingIfNeeded: 8 * min(12, octet & 15)) | UInt16(truncatingIfNeeded: 8 * min(12, octet >> 4)) << 8
}

extension Instruction {
    @inline(__always)
    fileprivate init(_ handler: Handler, ra: UInt8, rb: UInt8, rd: UInt8, x: Int32, y: Int32) {
        self.init(handler)
        self.ra = ra
        self.rb = rb
        self.rd = rd
        self.x = x
        self.y = y
    }

    fileprivate init(_ handler: Handler, _ format: OperandFormat, _ operands: Operands) {
        self.init(handler, ra: operands.rA &* 8, rb: operands.rB &* 8, rd: operands.rD &* 8,
                  x: Int32(truncatingIfNeeded: operands.vX), y: Int32(truncatingIfNeeded: operands.vY))
        // Targets past 2^32 are as good as the last offset: none.
        switch format {
        case .regExtImm: y = Int32(truncatingIfNeeded: operands.vX >> 32)
        case .offset, .regRegOffset: (x, y) = (0, Int32(bitPattern: UInt32(clamping: operands.vX)))
        case .regImmOffset: y = Int32(bitPattern: UInt32(clamping: operands.vY))
        default: break
        }
    }
}
