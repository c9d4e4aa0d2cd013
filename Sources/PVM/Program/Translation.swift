import CPVM
import VMCommon

/// From code and bitmask to instructions: a pass forward over the code, and one backward over the instructions.
extension Program {
    mutating func translate() throws(ImageError) {
        let rules = isa.rules
        if rules.demandsValidCode, view.count == 0 { throw ImageError(PVM_ERR_NO_CODE) }
        try makeRoom()
        try decode()
        positions.rankAll()
        blockStarts.rankAll()
        resolveJumpTable()
        resolveInstructions()
        if rules.checksFallThrough { closeEnd() }
        if rules.chargesBlocks { try chargeBlocks() } else { passGas = UInt64(truncatingIfNeeded: instructionCount) }
    }

    private mutating func makeRoom() throws(ImageError) {
        // An instruction per opcode, a trap per gap of more than 24 octets, a trap at the end.
        var opcodes = 0
        // (There is room to read a word behind the bitmask. What it has beyond the last code octet counts as opcodes: a few too many.)
        for word in 0..<(view.count + 63) / 64 {
            opcodes += UnsafeRawPointer(view.bitmask + 8 * word).loadUnaligned(as: UInt64.self).nonzeroBitCount
        }
        let most = opcodes + view.count / 26 + 1
        instructions = allocateUnset(Instruction.self, most)
        offsets = allocateUnset(UInt32.self, most)
        positions = BitSet(count: view.count)
        blockStarts = BitSet(count: view.count)
        jumpTargets = allocateUnset(UInt32.self, jumpTableCount)
        if instructions == nil || offsets == nil || positions == nil || blockStarts == nil || jumpTargets == nil {
            throw ImageError(PVM_ERR_NO_MEMORY)
        }
    }

    // MARK: Backward

    /// Turns code offsets that jumps and branches go to into distances in instructions, and counts the gas of regions.
    ///
    /// 0.7.2 charges an instruction at a time. Instructions that always follow each other form a region that is charged at
    /// once; what was not executed is given back when an instruction ends the run inside it. A host call ends a region because
    /// the host sees the gas, and so does every `regionLimit` instructions because `charge` is small.
    private mutating func resolveInstructions() {
        let chargesBlocks = isa.rules.chargesBlocks, traits = translationTraits, instructions = instructions!
        var charge: UInt64 = 0
        for index in stride(from: instructionCount - 1, through: 0, by: -1) {
            let instruction = instructions + index, trait = traits[instruction.pointee.plain.row]
            if trait & TranslationTrait.hasOffset != 0 { resolveTarget(instruction, index) }
            if chargesBlocks { continue }
            charge += 1
            if trait & TranslationTrait.endsRegion != 0 {
                charge = 1
            } else if charge > Instruction.regionLimit {
                charge = 1
                instruction.pointee.handler = .careful
            }
            instruction.pointee.charge = UInt16(truncatingIfNeeded: charge)
        }
    }

    @inline(__always)
    private func resolveTarget(_ instruction: UnsafeMutablePointer<Instruction>, _ index: Int) {
        let offset = Int(UInt32(bitPattern: instruction.pointee.y))
        if offset < view.count, blockStarts.contains(offset) {
            instruction.pointee.y = Int32(truncatingIfNeeded: positions.rank(offset) - index)
        } else {
            instruction.pointee.y = Instruction.noTarget
            instruction.pointee.handler = .careful
        }
    }

    /// In valid code nothing but the end of it follows a terminator without being the start of a basic block. A last instruction that
    /// would go on there has nowhere to go.
    private func closeEnd() {
        let last = instructions + (instructionCount - 2)
        guard last.pointee.plain == .fallthrough || isaTable[last.pointee.plain.row].cost == .branch else { return }
        last.pointee.y = Instruction.noTarget
        last.pointee.handler = .careful
    }

    private func resolveJumpTable() {
        for index in 0..<jumpTableCount {
            let offset = Int(jumpTable![index])
            let valid = offset < view.count && blockStarts.contains(offset)
            jumpTargets[index] = valid ? UInt32(truncatingIfNeeded: positions.rank(offset)) : Program.noInstruction
        }
    }

    // MARK: Gas

    /// 0.8.0 charges a basic block when it is entered.
    private mutating func chargeBlocks() throws(ImageError) {
        blocks = allocateUnset(UInt32.self, blockStarts.rank(view.count))
        guard let blocks, let model = GasModel(self) else { throw ImageError(PVM_ERR_NO_MEMORY) }
        defer { model.destroy() }
        for word in 0..<blockStarts.wordCount {
            var bits = blockStarts[word]
            while bits != 0 {
                let index = positions.rank(64 &* word &+ bits.trailingZeroBitCount)
                bits &= bits &- 1
                let gas = model.gas(from: index)
                blocks[blockCount] = UInt32(truncatingIfNeeded: index)
                blockCount &+= 1
                passGas &+= gas
                if gas <= Instruction.regionLimit {
                    instructions[index].charge = UInt16(truncatingIfNeeded: gas)
                } else {
                    instructions[index].handler = .careful
                    try addDearBlock(Block(first: UInt32(truncatingIfNeeded: index), gas: gas))
                }
            }
        }
    }

    private mutating func addDearBlock(_ block: Block) throws(ImageError) {
        // Room doubles: it is used up when the number is a power of two.
        if dearBlockCount & (dearBlockCount - 1) == 0 {
            let room = max(1, 2 * dearBlockCount) * MemoryLayout<Block>.stride
            guard let larger = realloc(dearBlocks, room) else { throw ImageError(PVM_ERR_NO_MEMORY) }
            dearBlocks = larger.assumingMemoryBound(to: Block.self)
        }
        dearBlocks![dearBlockCount] = block
        dearBlockCount += 1
    }
}

/// What the backward pass asks of an operation.
private enum TranslationTrait {
    static let hasOffset: UInt8 = 1
    /// 0.7.2
    static let endsRegion: UInt8 = 2
}

private let translationTraits = Table<UInt8>(count: isaTable.count) {
    let row = isaTable[$0]
    return (row.format.hasOffset ? TranslationTrait.hasOffset : 0) | (row.endsBlock || row.opcode == .ecalli ? TranslationTrait.endsRegion : 0)
}

extension OperandFormat {
    /// Is one of the operands a code offset?
    var hasOffset: Bool { self == .offset || self == .regImmOffset || self == .regRegOffset }
}
