import CPVM
import VMCommon

/// From code and bitmask to instructions: two passes over the code, linear in its length.
extension Program {
    mutating func translate() throws(ImageError) {
        if isa == .gp080, view.count == 0 { throw ImageError(PVM_ERR_NO_CODE) }
        try makeRoom()
        try decodeAll()
        positions.rankAll()
        for index in 0..<instructionCount { resolveTarget(index) }
        resolveJumpTable()
        switch isa {
        case .gp072: chargeRegions()
        case .gp080: try chargeBlocks()
        }
        fuse()
    }

    private mutating func makeRoom() throws(ImageError) {
        // An instruction per opcode, a trap per gap of more than 24 octets, a trap at the end.
        var opcodes = 0
        for index in 0..<(view.count + 7) / 8 { opcodes += view.bitmask[index].nonzeroBitCount }
        let most = opcodes + view.count / 26 + 1
        instructions = allocate(Instruction.self, most)
        offsets = allocate(UInt32.self, most)
        positions = BitSet(count: view.count)
        blockStarts = BitSet(count: view.count)
        jumpTargets = allocate(UInt32.self, jumpTableCount)
        if instructions == nil || offsets == nil || positions == nil || blockStarts == nil || jumpTargets == nil {
            throw ImageError(PVM_ERR_NO_MEMORY)
        }
    }

    // MARK: First pass

    private mutating func decodeAll() throws(ImageError) {
        var pending = -1
        var startsBlock = true
        for word in 0..<(view.count + 63) / 64 {
            var bits = UnsafeRawPointer(view.bitmask + 8 * word).loadUnaligned(as: UInt64.self)
            if view.count - 64 * word < 64 { bits &= 1 << UInt64(view.count - 64 * word) &- 1 }
            while bits != 0 {
                let offset = 64 * word + bits.trailingZeroBitCount
                bits &= bits &- 1
                if pending >= 0 {
                    try decode(pending, next: offset, &startsBlock)
                } else if offset > 0 {
                    startsBlock = false
                    if isa == .gp080 { throw ImageError(PVM_ERR_INVALID_OPCODE) }
                }
                pending = offset
            }
        }
        if pending >= 0 { try decode(pending, next: view.count, &startsBlock) }
        else if isa == .gp080 { throw ImageError(PVM_ERR_INVALID_OPCODE) }
        append(Instruction(.trap), at: view.count)
    }

    /// Decodes the opcode at `offset`; the next one (or the end) is at `next`.
    @inline(__always)
    private mutating func decode(_ offset: Int, next: Int, _ startsBlock: inout Bool) throws(ImageError) {
        let distance = next - offset - 1, skip = min(24, distance)
        opcodeCount += 1
        if let row = isa.row(view.code[offset]) {
            if startsBlock { blockStarts.insert(offset) }
            let traits = isaTable[row]
            startsBlock = traits.endsBlock
            append(Instruction(row: row, format: traits.format, Operands(view, pc: offset, skip: skip, format: traits.format),
                               codeCount: view.count), at: offset)
        } else {
            if isa == .gp080 { throw ImageError(PVM_ERR_INVALID_OPCODE) }
            startsBlock = false
            append(Instruction(.trap), at: offset)
        }
        if distance > skip {
            // Execution goes on in the middle of nowhere: not an opcode, so a trap.
            if isa == .gp080 { throw ImageError(PVM_ERR_INVALID_OPCODE) }
            startsBlock = false
            append(Instruction(.trap), at: offset + 1 + skip)
        }
    }

    @inline(__always)
    private mutating func append(_ instruction: Instruction, at offset: Int) {
        instructions[instructionCount] = instruction
        offsets[instructionCount] = UInt32(truncatingIfNeeded: offset)
        positions.insert(offset)
        instructionCount += 1
    }

    // MARK: Second pass

    /// Turns the code offset that a jump or branch goes to into a distance in instructions.
    @inline(__always)
    private mutating func resolveTarget(_ index: Int) {
        guard isaTable[instructions[index].plain.row].format.hasOffset else { return }
        let offset = Int(UInt32(bitPattern: instructions[index].y))
        if offset < view.count, blockStarts.contains(offset) {
            instructions[index].y = Int32(truncatingIfNeeded: positions.rank(offset) - index)
        } else {
            instructions[index].y = Instruction.noTarget
            instructions[index].handler = .careful
        }
    }

    private func resolveJumpTable() {
        for index in 0..<jumpTableCount {
            let offset = Int(jumpTable![index])
            let valid = offset < view.count && blockStarts.contains(offset)
            jumpTargets[index] = valid ? UInt32(positions.rank(offset)) : Program.noInstruction
        }
    }

    // MARK: Gas

    /// 0.7.2 charges an instruction at a time. Instructions that always follow each other form a region that is charged at
    /// once; what was not executed is given back when an instruction ends the run inside it. A host call ends a region because
    /// the host sees the gas, and so does every `regionLimit` instructions because `charge` is small.
    private func chargeRegions() {
        var charge: UInt64 = 0
        for index in stride(from: instructionCount - 1, through: 0, by: -1) {
            let plain = instructions[index].plain
            if isaTable[plain.row].endsBlock || plain == .ecalli {
                charge = 1
            } else if charge == Instruction.regionLimit {
                charge = 1
                instructions[index].handler = .careful
            } else {
                charge += 1
            }
            instructions[index].charge = UInt16(truncatingIfNeeded: charge)
        }
    }

    /// 0.8.0 charges a basic block when it is entered.
    private mutating func chargeBlocks() throws(ImageError) {
        var count = 0
        for index in 0..<instructionCount where isBlockStart(UInt64(offsets[index])) { count += 1 }
        blocks = allocate(Block.self, count)
        guard let blocks else { throw ImageError(PVM_ERR_NO_MEMORY) }
        var model = GasModel(self)
        for index in 0..<instructionCount where isBlockStart(UInt64(offsets[index])) {
            let gas = model.gas(from: index)
            blocks[blockCount] = Block(first: UInt32(truncatingIfNeeded: index), gas: gas)
            blockCount += 1
            if gas <= Instruction.regionLimit {
                instructions[index].charge = UInt16(truncatingIfNeeded: gas)
            } else {
                instructions[index].handler = .careful
            }
        }
    }
}

extension Instruction {
    init(row: Int, format: OperandFormat, _ operands: Operands, codeCount: Int) {
        self.init(Handler(row: row))
        ra = operands.rA &* 8
        rb = operands.rB &* 8
        rd = operands.rD &* 8
        x = Int32(truncatingIfNeeded: operands.vX)
        switch format {
        case .regExtImm:
            y = Int32(truncatingIfNeeded: operands.vX >> 32)
        case .offset, .regRegOffset:
            x = 0
            y = Int32(bitPattern: UInt32(clamping: operands.vX))
        case .regImmOffset:
            y = Int32(bitPattern: UInt32(clamping: operands.vY))
        default:
            y = Int32(truncatingIfNeeded: operands.vY)
        }
    }
}

extension OperandFormat {
    /// Is one of the operands a code offset?
    var hasOffset: Bool { self == .offset || self == .regImmOffset || self == .regRegOffset }
}
