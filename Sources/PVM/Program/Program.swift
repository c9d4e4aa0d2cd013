import CPVM
import VMCommon

/// A decoded program: immutable once made, shared by VMs and threads, freed with its last reference. `pvm_program_t` of the C
/// interface points at one.
struct Program {
    var references: UInt32 = 1
    /// Not 0 once the handlers of sequences are fused (`prepareForFastLoop`).
    var isFused: UInt32 = 0
    let isa: ISA
    var format = PVM_FORMAT_RAW
    /// What the caller handed in, copied: every view below points into it.
    var image: UnsafeMutablePointer<UInt8>?
    var view = CodeView()
    /// The bitmask in the form it was given in (`pvm_create` allows two).
    var givenBitmask = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    /// j; values that do not fit are 2^32 - 1. With an entry size of 0 one entry stands for all.
    var jumpTable: UnsafeMutablePointer<UInt32>?
    var jumpTableCount = 0
    /// |j|, and the mask that makes an index into `jumpTable` of an index into j.
    var jumpCount: UInt64 = 0
    var jumpMask = UInt64.max
    var standard: StandardProgram?
    var metadata: UnsafeRawBufferPointer?

    /// The decoded instructions, the trap behind the code included, and the code offset of each.
    var instructions: UnsafeMutablePointer<Instruction>!
    var offsets: UnsafeMutablePointer<UInt32>!
    var instructionCount = 0
    /// Opcodes in the program (`instructionCount` has a few more).
    var opcodeCount = 0
    /// Code offsets at which there is an instruction, and at which a basic block starts (ϖ).
    var positions: BitSet!
    var blockStarts: BitSet!
    /// For each entry of `jumpTable` the number of the instruction it leads to, or `Program.noInstruction`.
    var jumpTargets: UnsafeMutablePointer<UInt32>!
    /// 0.8.0: the first instruction of every basic block, in order. Empty in 0.7.2.
    var blocks: UnsafeMutablePointer<UInt32>?
    var blockCount = 0
    /// Those of them that cost more than `Instruction.charge` can say, in order.
    var dearBlocks: UnsafeMutablePointer<Block>?
    var dearBlockCount = 0
    /// Gas of a pass over all of the code: 0.7.2 one for each instruction, 0.8.0 that of all basic blocks.
    var passGas: UInt64 = 0

    // MARK: In the cache (`ProgramCache`), guarded by its lock

    /// What the program is looked for by: set before anybody shares it.
    var fingerprint = Fingerprint(low: 0, high: 0)
    /// The format that was asked for, and octets of `image` as handed in.
    var askedFormat = PVM_FORMAT_RAW
    var imageCount = 0
    /// Its entry in the cache, -1 for none.
    var cacheEntry: LRUTable.Number = -1
    var checkedCode = CodeSlot()
    var guardedCode = CodeSlot()
    var earnings = Earnings()

    /// The compiled code for a memory mode.
    struct CodeSlot {
        /// A `State`: other threads peek at it.
        var state = State.none.rawValue
        /// While it is `ready`; holds a reference.
        var code: NativeCode.Pointer?
        /// While it is `refused`: the octets for which there was no room.
        var refused = 0
        /// While it is `compiling`: the next slot that is.
        var next: UnsafeMutablePointer<CodeSlot>?

        enum State: UInt8 { case none, compiling, ready, refused, impossible }
    }

    init(isa: ISA) { self.isa = isa }

    struct Block {
        var first: UInt32
        var gas: UInt64
    }

    static let noInstruction = UInt32.max

    typealias Pointer = UnsafeMutablePointer<Program>
}

// MARK: References

extension UnsafeMutablePointer<Program> {
    func retain() { duet_count_up(references) }

    func release() {
        if duet_count_down(references) == 0 { destroy() }
    }

    // The first two fields, for atomic access.
    private var references: UnsafeMutablePointer<UInt32> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt32.self) }
    var isFused: UnsafeMutablePointer<UInt32> { references + 1 }

    /// Frees whatever is there: a program whose making failed half way as well.
    private func destroy() {
        free(pointee.image)
        free(pointee.jumpTable)
        free(pointee.instructions)
        free(pointee.offsets)
        pointee.positions?.destroy()
        pointee.blockStarts?.destroy()
        free(pointee.jumpTargets)
        free(pointee.blocks)
        free(pointee.dearBlocks)
        pointee.checkedCode.code?.release()
        pointee.guardedCode.code?.release()
        free(self)
    }
}

// MARK: Questions

extension Program {
    /// The number of the instruction at a code offset, nil if none starts there.
    func instruction(at offset: UInt64) -> Int? {
        guard offset <= UInt64(truncatingIfNeeded: view.count), positions.contains(Int(truncatingIfNeeded: offset)) else { return nil }
        return positions.rank(Int(truncatingIfNeeded: offset))
    }

    /// Does a basic block start at this code offset (ϖ)?
    func isBlockStart(_ offset: UInt64) -> Bool {
        offset < UInt64(truncatingIfNeeded: view.count) && blockStarts.contains(Int(truncatingIfNeeded: offset))
    }

    /// 0.8.0: the basic block that an instruction lies in (the paper's 𝔏); nil before the first one.
    func block(of instruction: Int) -> Block? {
        var low = 0, high = blockCount
        while low < high {
            let middle = (low + high) / 2
            if Int(blocks![middle]) <= instruction { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let first = blocks![low - 1], charge = instructions[Int(first)].charge
        return charge > 0 ? Block(first: first, gas: UInt64(charge)) : dearBlock(first)
    }

    private func dearBlock(_ first: UInt32) -> Block {
        var low = 0, high = dearBlockCount - 1
        while low < high {
            let middle = (low + high) / 2
            if dearBlocks![middle].first < first { low = middle + 1 } else { high = middle }
        }
        return dearBlocks![low]
    }

    /// Gas of the basic block that starts at this code offset, 0 if none does.
    func blockGas(at offset: UInt64) -> UInt64 {
        guard isBlockStart(offset), let first = instruction(at: offset) else { return 0 }
        if isa.rules.chargesBlocks { return block(of: first)!.gas }
        var last = first
        while !isaTable[instructions[last].plain.row].endsBlock { last += 1 }
        return UInt64(truncatingIfNeeded: last - first + 1)
    }

    /// Octets of host memory.
    var footprint: Int {
        let image = view.count + (view.count + 7) / 8 + givenBitmask.count
        return MemoryLayout<Program>.size + image + 2 * BitSet.octets(view.count)
            + instructionCount * (MemoryLayout<Instruction>.stride + 4) + jumpTableCount * 8
            + blockCount * 4 + dearBlockCount * MemoryLayout<Block>.stride
    }
}
