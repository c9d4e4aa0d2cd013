import CPVM
import VMCommon

/// The 0.8.0 gas cost of a basic block (Gray Paper appendix A, "Gas Cost Model"): a virtual processor that decodes 4
/// slots a cycle into a reorder buffer of 32, starts up to 5 instructions a cycle, the oldest first, and retires in
/// order.
///
/// Nothing here steps through cycles. When an instruction is decoded follows from those before it and from what has
/// left the buffer; it is ready a cycle later, or when the last register that it reads is done; it starts in the first
/// cycle from there on in which its units are free; and the gas of the block is the latest end of all, less one. So
/// the instructions are gone through once, in order, and each gets its place in a timetable of the units
/// (`Timetable`).
///
/// That is exact as long as no instruction takes a unit for which an older one, which becomes ready later, has its
/// place in the timetable already: in the paper's processor the older one would then have to wait. The timetable
/// notices, and the block is gone through once more in the order of time (`OutOfOrder`).
struct GasModel {
    let program: Program
    let instructions: UnsafeMutablePointer<Instruction>
    let needs: UnsafePointer<Needs>
    private let state: UnsafeMutablePointer<UInt64>

    static let bufferSize = 32

    // Where in `state` what lies, in words.
    /// For each register the cycle in which its value is there. Number 14 stands for a register that is not read, and
    /// nobody reads number 15, which stands for one that is not written.
    private var readyAt: UnsafeMutablePointer<Int> { UnsafeMutableRawPointer(state).assumingMemoryBound(to: Int.self) }
    /// For each entry of the reorder buffer the first cycle in which it is free again.
    private var freeAt: UnsafeMutablePointer<Int> { readyAt + Demand.registers }
    /// The gas of a block that is one instruction, by its cycles; 0 if it has not been worked out.
    private var alone: UnsafeMutablePointer<UInt64> { state + Demand.registers + GasModel.bufferSize }
    /// How often the last blocks have failed in order, and how many are not tried now.
    private var failures: UnsafeMutablePointer<UInt64> { alone + 128 }
    private var lines: UnsafeMutablePointer<UInt64> { failures + 2 }
    private var others: UnsafeMutablePointer<UInt64> { lines + Timetable.size }
    private static let size = Demand.registers + bufferSize + 130 + Timetable.size + OutOfOrder.size

    /// Nil if memory is short. To be destroyed.
    init?(_ program: Program) {
        guard let state = allocate(UInt64.self, GasModel.size) else { return nil }
        self.state = state
        self.program = program
        instructions = program.instructions
        needs = needsTable.address
    }

    func destroy() { free(state) }

    /// ϱ^Δ of the block whose first instruction has this number.
    @inline(__always)
    func gas(from first: Int) -> UInt64 {
        let demand = Demand(self, first)
        guard demand.needs.pointee.endsBlock else { return block(first) }
        // Four slots are there for the one instruction, and every unit: all that counts is how long it takes.
        let known = alone + demand.cycles
        if known.pointee == 0 { known.pointee = block(first) }
        return known.pointee
    }

    @inline(never)
    private func block(_ first: Int) -> UInt64 {
        let lastEnd = tryInOrder(first) ?? outOfOrder(first)
        // The last one is finished a cycle later and retires in the next; then the buffer is empty. The paper takes 3
        // from the number of that cycle.
        return UInt64(truncatingIfNeeded: max(lastEnd &- 1, 1))
    }

    /// Where block after block cannot be done in order, most of them are not tried.
    @inline(__always)
    private func tryInOrder(_ first: Int) -> Int? {
        let failures = failures, skips = failures + 1
        if skips.pointee > 0 {
            skips.pointee &-= 1
            return nil
        }
        let lastEnd = inOrder(first)
        skips.pointee = lastEnd == nil ? failures.pointee : 0
        failures.pointee = lastEnd == nil ? min(2 &* failures.pointee &+ 1, 15) : 0
        return lastEnd
    }

    /// The cycle in which all of the block is done; nil if an instruction comes in the way of an older one.
    @inline(__always)
    func inOrder(_ first: Int) -> Int? {
        let readyAt = readyAt, freeAt = freeAt
        for register in 0..<Demand.registers { readyAt[register] = 0 }
        var timetable = Timetable(lines), decoder = DecodeSlots()
        defer { timetable.clear() }
        var next = first, number = 0, lastEnd = 0
        while true {
            let demand = Demand(self, next), entry = number & (GasModel.bufferSize &- 1)
            let decoded = decoder.take(demand.slots, from: number < GasModel.bufferSize ? 0 : freeAt[entry])
            let sources = demand.latest(readyAt)
            next &+= 1
            if demand.needs.pointee.isMove {
                // 𝔛^mov: a move is done by renaming.
                demand.written(readyAt).pointee = sources
                continue
            }
            timetable.forget(before: decoded)
            let start = timetable.take(demand, from: max(decoded &+ 1, sources)), end = start &+ demand.cycles
            if start == Timetable.conflict { return nil }
            demand.written(readyAt).pointee = end
            lastEnd = max(lastEnd, end)
            if demand.needs.pointee.endsBlock { return lastEnd }
            // Done, it is finished in the next cycle, and retires in the one after that if all before it have.
            freeAt[entry] = lastEnd &+ 2
            number &+= 1
        }
    }

    /// The same for any block.
    @inline(never)
    func outOfOrder(_ first: Int) -> Int {
        var processor = OutOfOrder(others, Timetable(lines))
        return processor.lastEnd(self, first)
    }

    /// Is the opcode behind a branch, or at its target, `unlikely` or `trap`?
    func isCheapBranch(_ index: Int) -> Bool {
        if isUnlikely(instructions[index + 1]) { return true }
        let distance = instructions[index].y
        if distance != Instruction.noTarget { return isUnlikely(instructions[index + Int(distance)]) }
        // The target starts no basic block: any octet, or none, which reads as `trap`.
        let pc = Int(program.offsets[index]), next = Int(program.offsets[index + 1])
        let format = isaTable[instructions[index].plain.row].format
        let operands = Operands(program.view, pc: pc, skip: next - pc - 1, format: format)
        let octet = program.view.octet(Int(clamping: format == .regImmOffset ? operands.vY : operands.vX))
        return octet == Opcode.trap.rawValue || octet == Opcode.unlikely.rawValue
    }

    @inline(__always)
    private func isUnlikely(_ instruction: Instruction) -> Bool {
        instruction.plain == .trap || instruction.plain == .unlikely
    }
}

/// 𝔛^dec: four slots a cycle, in order.
struct DecodeSlots {
    private(set) var cycle = 0
    private var left = DecodeSlots.perCycle
    private static let perCycle = 4

    /// The cycle in which an instruction of so many slots is decoded that finds no entry in the buffer before cycle
    /// `free`.
    @inline(__always)
    mutating func take(_ slots: Int, from free: Int) -> Int {
        let isNow = slots <= left && free <= cycle
        cycle = isNow ? cycle : max(cycle &+ 1, free)
        left = (isNow ? left : DecodeSlots.perCycle) &- slots
        return cycle
    }

    /// The same without taking them.
    func next(_ slots: Int, from free: Int) -> Int {
        var other = self
        return other.take(slots, from: free)
    }
}
