import CPVM
import VMCommon

/// The 0.8.0 gas cost of a basic block (Gray Paper appendix A, "Gas Cost Model"): a virtual processor that decodes 4 slots a
/// cycle into a reorder buffer of 32, starts up to 5 instructions a cycle and retires in order.
///
/// The paper's reorder buffer only grows, with ∅ for what has retired. Here entries have numbers that go up by one, and a set of
/// entries is a word with the bit (number mod 64) for each: at most 32 live at once, so a bit is free long before it is
/// needed again. Cycles left are not counted down: an entry that starts is put on the calendar for the cycle in which they
/// are over.
struct GasModel {
    private let program: Program
    private let instructions: UnsafeMutablePointer<Instruction>
    private let needs: UnsafePointer<Needs>
    private let state: UnsafeMutablePointer<UInt64>

    private static let slotsPerCycle = 4
    private static let startsPerCycle = 5
    private static let bufferSize = 32

    // Where in `state` what lies, in words.
    /// For each register the entries that hold its value-to-be (the paper's registers, the other way around). Nobody reads number 15.
    private var holders: UnsafeMutablePointer<UInt64> { state }
    private var dependencies: UnsafeMutablePointer<UInt64> { state + 16 }
    private var lanes: UnsafeMutablePointer<UInt64> { state + 16 + 64 }
    private var cycles: UnsafeMutablePointer<UInt64> { state + 16 + 128 }
    /// Entries, and the sum of their units, that are done in the cycle (number mod 128).
    private var doneIn: UnsafeMutablePointer<UInt64> { state + 16 + 192 }
    private var freedIn: UnsafeMutablePointer<UInt64> { state + 16 + 192 + 128 }
    private static let stateSize = 16 + 192 + 256

    /// Nil if memory is short. To be destroyed.
    init?(_ program: Program) {
        guard let state = allocate(UInt64.self, GasModel.stateSize) else { return nil }
        self.state = state
        self.program = program
        instructions = program.instructions
        needs = needsTable.address
    }

    func destroy() { free(state) }

    /// ϱ^Δ of the block whose first instruction has this number.
    func gas(from first: Int) -> UInt64 {
        for register in 0..<16 { holders[register] = 0 }
        var next = first, isLast = false
        var demand = Demand(self, next)
        var cycle = 0
        // Live entries are those from `head` to before `tail`; by state: DEC, WAIT, EXE, FIN. Those whose cycles are not over are busy.
        var head = 0, tail = 0
        var decoding: UInt64 = 0, waiting: UInt64 = 0, executing: UInt64 = 0, finished: UInt64 = 0, busy: UInt64 = 0
        var unitsLeft = ExecutionUnits.all
        // Those that may have become ready to start: who was not can only become so when an instruction gets done.
        var fresh: UInt64 = 0
        while true {
            var slots = GasModel.slotsPerCycle
            while !isLast, tail &- head < GasModel.bufferSize, demand.slots <= slots {
                slots &-= demand.slots
                if demand.needs.pointee.isMove {
                    // 𝔛^mov: a move is done by renaming.
                    holders[demand.written] = holders[demand.a]
                } else {
                    // 𝔛^dec
                    let bit = GasModel.bit(tail), slot = tail & 63
                    // Who had the bit before has retired.
                    if tail >= 64 { for register in 0..<13 { holders[register] &= ~bit } }
                    dependencies[slot] = demand.sources(holders) & busy
                    holders[demand.written] = bit
                    lanes[slot] = demand.needs.pointee.units.lanes
                    cycles[slot] = UInt64(demand.cycles)
                    decoding |= bit
                    if demand.cycles > 0 { busy |= bit }
                    tail &+= 1
                }
                isLast = demand.needs.pointee.endsBlock
                if !isLast {
                    next &+= 1
                    demand = Demand(self, next)
                }
            }

            // 𝔖 and 𝔛'': the oldest entry that waits for nothing but a start, as often as there is one.
            var starts = GasModel.startsPerCycle
            var candidates = GasModel.fromHead(fresh, head)
            while candidates != 0 {
                let slot = (head &+ candidates.trailingZeroBitCount) & 63
                candidates &= candidates &- 1
                guard dependencies[slot] & busy == 0, ExecutionUnits(lanes: lanes[slot]).fit(unitsLeft) else { continue }
                waiting &= ~GasModel.bit(slot)
                executing |= GasModel.bit(slot)
                unitsLeft.lanes &-= lanes[slot]
                if cycles[slot] > 0 {
                    let end = (cycle &+ Int(truncatingIfNeeded: cycles[slot])) & 127
                    doneIn[end] |= GasModel.bit(slot)
                    freedIn[end] &+= lanes[slot]
                }
                starts &-= 1
                if starts == 0 { break }
            }

            if isLast, head == tail { break }

            // With nothing to decode, start or retire before an instruction gets done, the cycles until then are all alike.
            if isLast || tail &- head == GasModel.bufferSize, starts > 0, decoding == 0, executing & ~busy == 0,
               finished & GasModel.bit(head) == 0, executing != 0 {
                while doneIn[(cycle &+ 1) & 127] == 0 { cycle &+= 1 }
            }

            // 𝔛''': everything that a cycle does at its end, from the states as they were before it.
            let retiring = (~GasModel.fromHead(finished, head)).trailingZeroBitCount
            finished |= executing & ~busy
            executing &= busy
            finished &= ~GasModel.toHead(1 &<< UInt64(truncatingIfNeeded: retiring) &- 1, head)
            head &+= retiring
            waiting |= decoding
            cycle &+= 1
            let today = cycle & 127
            fresh = starts == 0 || doneIn[today] != 0 ? waiting : decoding
            decoding = 0
            busy &= ~doneIn[today]
            unitsLeft.lanes &+= freedIn[today]
            doneIn[today] = 0
            freedIn[today] = 0
        }
        return UInt64(max(cycle, 4) - 3)
    }

    @inline(__always)
    private static func bit(_ number: Int) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: number & 63) }

    /// The set with `head` as bit 0, and back.
    @inline(__always)
    private static func fromHead(_ set: UInt64, _ head: Int) -> UInt64 {
        let by = UInt64(truncatingIfNeeded: head & 63)
        return set &>> by | set &<< (64 &- by)
    }

    @inline(__always)
    private static func toHead(_ set: UInt64, _ head: Int) -> UInt64 { fromHead(set, -head) }

    /// What one instruction of a program needs of the virtual processor.
    private struct Demand {
        let needs: UnsafePointer<Needs>
        let slots: Int
        let cycles: UInt8
        /// Registers by number; `written` is 15 for none.
        let a: Int, b: Int, d: Int, written: Int

        @inline(__always)
        init(_ model: GasModel, _ index: Int) {
            let instruction = model.instructions + index
            needs = model.needs + instruction.pointee.plain.row
            a = Int(instruction.pointee.ra &>> 3)
            b = Int(instruction.pointee.rb &>> 3)
            d = Int(instruction.pointee.rd &>> 3)
            written = needs.pointee.writesA ? a : needs.pointee.writesD ? d : 15
            switch needs.pointee.rule {
            case .fixed: slots = needs.pointee.slots
            case .overlap:
                let overlaps = needs.pointee.readsA & 1 != 0 && a == written || needs.pointee.readsB & 1 != 0 && b == written
                    || needs.pointee.readsD & 1 != 0 && d == written
                slots = overlaps ? needs.pointee.slots : needs.pointee.slotsApart
            case .overlapFirst: slots = a == d ? needs.pointee.slots : needs.pointee.slotsApart
            }
            cycles = needs.pointee.isBranch && model.isCheapBranch(index) ? CostClass.cheapBranchCycles : needs.pointee.cycles
        }

        /// The entries that hold what the instruction reads.
        @inline(__always)
        func sources(_ holders: UnsafeMutablePointer<UInt64>) -> UInt64 {
            holders[a] & needs.pointee.readsA | holders[b] & needs.pointee.readsB | holders[d] & needs.pointee.readsD
        }
    }

    /// Is the opcode behind a branch, or at its target, `unlikely` or `trap`?
    private func isCheapBranch(_ index: Int) -> Bool {
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
    private func isUnlikely(_ instruction: Instruction) -> Bool { instruction.plain == .trap || instruction.plain == .unlikely }
}

/// What an operation needs of the virtual processor, whatever its operands are. A condition on registers has 0 for no and all
/// bits for yes.
private struct Needs: BitwiseCopyable {
    let units: ExecutionUnits
    let readsA: UInt64, readsB: UInt64, readsD: UInt64
    let writesA: Bool, writesD: Bool
    let slots: Int, slotsApart: Int
    let rule: SlotRule
    let cycles: UInt8
    let isMove: Bool, isBranch: Bool, endsBlock: Bool

    init(row: Int) {
        let row = isaTable[row], cost = row.cost.cost, use = RegisterUse(row, a: 1, b: 2, d: 4)
        units = cost.units
        readsA = use.reads & 1 != 0 ? .max : 0
        readsB = use.reads & 2 != 0 ? .max : 0
        readsD = use.reads & 4 != 0 ? .max : 0
        writesA = use.writes & 1 != 0
        writesD = use.writes & 4 != 0
        slots = Int(cost.slots)
        slotsApart = Int(cost.slotsApart)
        rule = cost.rule
        cycles = cost.cycles
        isMove = row.cost == .move
        isBranch = row.cost == .branch
        endsBlock = row.endsBlock
    }
}

private let needsTable = Table(count: isaTable.count) { Needs(row: $0) }
