import CPVM
import VMCommon

/// The 0.8.0 gas cost of a basic block (Gray Paper appendix A, "Gas Cost Model"): a virtual processor that decodes 4 slots a
/// cycle into a reorder buffer of 32, starts up to 5 instructions a cycle and retires in order.
///
/// The paper's reorder buffer only grows, with ∅ for what has retired. Here entries have numbers that go up by one, and a set of
/// entries is a word with the bit (number mod 64) for each: at most 32 live at once, so a bit is free long before it is
/// needed again. Cycles left are not counted down: an entry that starts is put on the calendar for the cycle in which they
/// are over. Nor is an entry that waits looked at again and again: it becomes ready when the last one that it depends on is done, and one
/// that finds no unit free speaks for all that want the same units.
struct GasModel {
    private let program: Program
    private let instructions: UnsafeMutablePointer<Instruction>
    private let needs: UnsafePointer<Needs>
    private let state: UnsafeMutablePointer<UInt64>

    private static let slotsPerCycle = 4
    private static let startsPerCycle = 5
    private static let bufferSize = 32

    // Where in `state` what lies, in words.
    /// For each register the entries that hold its value-to-be (the paper's registers, the other way around). Nobody holds number 14, which stands
    /// for a register that is not read, and nobody reads number 15, which stands for one that is not written.
    private var holders: UnsafeMutablePointer<UInt64> { state }
    /// For each entry those that it depends on, those that depend on it, what it wants (`Needs.wants`), and the cycle in which it is done.
    private var dependencies: UnsafeMutablePointer<UInt64> { state + 16 }
    private var dependents: UnsafeMutablePointer<UInt64> { state + 16 + 64 }
    private var wants: UnsafeMutablePointer<UInt64> { state + 16 + 128 }
    private var ends: UnsafeMutablePointer<UInt64> { state + 16 + 192 }
    /// Entries that are done in the cycle (number mod 128).
    private var doneIn: UnsafeMutablePointer<UInt64> { state + 16 + 256 }
    /// For each class of units the entries that are ready to start and want them.
    private var readyOfClass: UnsafeMutablePointer<UInt64> { state + 16 + 256 + 128 }
    /// The gas of a block that is one instruction, by its cycles; 0 if it has not been worked out.
    private var alone: UnsafeMutablePointer<UInt64> { state + 16 + 256 + 128 + 8 }
    private static let stateSize = 16 + 256 + 128 + 8 + 128

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
    @inline(__always)
    func gas(from first: Int) -> UInt64 {
        let demand = Demand(self, first)
        guard demand.needs.pointee.endsBlock else { return simulate(first, demand) }
        // Four slots are there for the one instruction, and every unit: all that counts is how long it takes.
        let known = alone + Int(truncatingIfNeeded: demand.wants &>> Needs.cyclesAt & 127)
        if known.pointee == 0 { known.pointee = simulate(first, demand) }
        return known.pointee
    }

    @inline(never)
    private func simulate(_ first: Int, _ firstDemand: Demand) -> UInt64 {
        for register in 0..<14 { holders[register] = 0 }
        var next = first, isLast = false
        var demand = firstDemand
        var cycle = 0
        // Live entries are those from `head` to before `tail`. Whoever has started and is not busy any more is finished a cycle later, and retires
        // when all before him have (the paper's DEC, WAIT, EXE, FIN). Busy are those whose cycles are not over, started or not.
        var head = 0, tail = 0
        var started: UInt64 = 0, finished: UInt64 = 0, busy: UInt64 = 0
        /// Those that wait for nothing but a start.
        var ready: UInt64 = 0
        var unitsLeft = ExecutionUnits.all
        while true {
            let firstNew = tail
            // Of the entries that are decoded now, those that depend on nobody.
            var free: UInt64 = 0
            if !isLast {
                var slots = GasModel.slotsPerCycle
                while tail &- head < GasModel.bufferSize, demand.slots <= slots {
                    slots &-= demand.slots
                    decode(demand, &tail, &busy, &free)
                    isLast = demand.needs.pointee.endsBlock
                    if isLast { break }
                    next &+= 1
                    demand = Demand(self, next)
                }
            }

            // 𝔖 and 𝔛'': the oldest entry that waits for nothing but a start, as often as there is one.
            var starts = GasModel.startsPerCycle
            var candidates = GasModel.fromHead(ready, head)
            while candidates != 0 {
                let slot = (head &+ candidates.trailingZeroBitCount) & 63, wanted = wants[slot]
                let units = ExecutionUnits(lanes: wanted & Needs.lanes), ofClass = readyOfClass + Int(truncatingIfNeeded: wanted &>> Needs.classAt & 7)
                guard units.fit(unitsLeft) else {
                    candidates &= ~GasModel.fromHead(ofClass.pointee, head)
                    continue
                }
                candidates &= candidates &- 1
                let bit = GasModel.bit(slot), end = cycle &+ Int(truncatingIfNeeded: wanted &>> Needs.cyclesAt)
                ready &= ~bit
                ofClass.pointee &= ~bit
                started |= bit
                unitsLeft.lanes &-= units.lanes
                if end != cycle {
                    doneIn[end & 127] |= bit
                    ends[slot] = UInt64(truncatingIfNeeded: end)
                }
                starts &-= 1
                if starts == 0 { break }
            }

            if isLast, head == tail { break }

            // With nothing to decode, start or retire before an instruction gets done, the cycles until then are all alike.
            let over = started & ~busy
            if isLast || tail &- head == GasModel.bufferSize, starts > 0, tail == firstNew, over == finished, finished & GasModel.bit(head) == 0,
               started & busy != 0 {
                cycle = firstEnd(started & busy) &- 1
            }

            // 𝔛''': everything that a cycle does at its end, from the states as they were before it.
            let retiring = (~GasModel.fromHead(finished, head)).trailingZeroBitCount
            finished = over
            if retiring > 0 {
                let left = ~GasModel.entries(retiring, from: head)
                finished &= left
                started &= left
                head &+= retiring
            }
            cycle &+= 1
            ready |= free
            // Whom to ask whether he is ready: who depended on what has just been done.
            var done = doneIn[cycle & 127], asked: UInt64 = 0
            if done != 0 {
                doneIn[cycle & 127] = 0
                busy &= ~done
                while done != 0 {
                    let slot = done.trailingZeroBitCount
                    done &= done &- 1
                    asked |= dependents[slot]
                    unitsLeft.lanes &+= wants[slot] & Needs.lanes
                }
            }
            while asked != 0 {
                let slot = asked.trailingZeroBitCount, bit = asked & (0 &- asked)
                asked &= asked &- 1
                guard dependencies[slot] & busy == 0 else { continue }
                ready |= bit
                readyOfClass[Int(truncatingIfNeeded: wants[slot] &>> Needs.classAt & 7)] |= bit
            }
        }
        return UInt64(max(cycle, 4) - 3)
    }

    @inline(__always)
    private func decode(_ demand: Demand, _ tail: inout Int, _ busy: inout UInt64, _ free: inout UInt64) {
        if demand.needs.pointee.isMove {
            // 𝔛^mov: a move is done by renaming.
            demand.written(holders).pointee = demand.sources(holders)
            return
        }
        // 𝔛^dec
        let bit = GasModel.bit(tail), slot = tail & 63
        // Before a bit comes to be used again: who had it is not busy any more.
        if tail & 31 == 0 { for register in 0..<13 { holders[register] &= busy } }
        var sources = demand.sources(holders) & busy
        dependencies[slot] = sources
        dependents[slot] = 0
        if sources == 0 {
            free |= bit
            readyOfClass[Int(truncatingIfNeeded: demand.wants &>> Needs.classAt & 7)] |= bit
        } else {
            repeat {
                dependents[sources.trailingZeroBitCount] |= bit
                sources &= sources &- 1
            } while sources != 0
        }
        demand.written(holders).pointee = bit
        wants[slot] = demand.wants
        if demand.wants &>> Needs.cyclesAt != 0 { busy |= bit }
        tail &+= 1
    }

    /// The first cycle in which one of the entries is done.
    private func firstEnd(_ entries: UInt64) -> Int {
        var rest = entries, first = UInt64.max
        while rest != 0 {
            first = min(first, ends[rest.trailingZeroBitCount])
            rest &= rest &- 1
        }
        return Int(truncatingIfNeeded: first)
    }

    @inline(__always)
    private static func bit(_ number: Int) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: number & 63) }

    /// The set with `head` as bit 0, and back.
    @inline(__always)
    private static func fromHead(_ set: UInt64, _ head: Int) -> UInt64 {
        let by = UInt64(truncatingIfNeeded: head & 63)
        return set &>> by | set &<< (64 &- by)
    }

    /// The set of `count` entries (32 at most) from the number `first` on.
    @inline(__always)
    private static func entries(_ count: Int, from first: Int) -> UInt64 {
        fromHead(1 &<< UInt64(truncatingIfNeeded: count) &- 1, 0 &- first)
    }

    /// What one instruction of a program needs of the virtual processor.
    private struct Demand {
        let needs: UnsafePointer<Needs>
        let slots: Int
        /// `Needs.wants` with the cycles of this one.
        let wants: UInt64
        /// The registers that it reads, as octet offsets of the holders in the octets 2, 3 and 4, and the one that it writes.
        private let reads: UInt64
        private let writes: UInt64

        @inline(__always)
        init(_ model: GasModel, _ index: Int) {
            let instruction = model.instructions + index
            // Registers are octet offsets in the octets 2 to 4 of an instruction.
            let fields = UnsafeRawPointer(instruction).load(as: UInt64.self)
            needs = model.needs + instruction.pointee.plain.row
            reads = fields & needs.pointee.keep | needs.pointee.unread
            writes = fields &>> needs.pointee.writtenAt & 0xff | needs.pointee.unwritten
            switch needs.pointee.rule {
            case .fixed: slots = needs.pointee.slots
            case .overlap:
                let overlaps = reads &>> 16 & 0xff == writes || reads &>> 24 & 0xff == writes || reads &>> 32 & 0xff == writes
                slots = overlaps ? needs.pointee.slots : needs.pointee.slotsApart
            case .overlapFirst: slots = instruction.pointee.ra == instruction.pointee.rd ? needs.pointee.slots : needs.pointee.slotsApart
            }
            var wants = needs.pointee.wants
            if needs.pointee.isBranch, model.isCheapBranch(index) {
                wants = wants & (1 &<< Needs.cyclesAt &- 1) | UInt64(CostClass.cheapBranchCycles) &<< Needs.cyclesAt
            }
            self.wants = wants
        }

        /// The entries that hold what the instruction reads.
        @inline(__always)
        func sources(_ holders: UnsafeMutablePointer<UInt64>) -> UInt64 {
            Demand.at(reads &>> 16, holders).pointee | Demand.at(reads &>> 24, holders).pointee | Demand.at(reads &>> 32, holders).pointee
        }

        @inline(__always)
        func written(_ holders: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> { Demand.at(writes, holders) }

        @inline(__always)
        private static func at(_ offset: UInt64, _ holders: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<UInt64> {
            (UnsafeMutableRawPointer(holders) + Int(truncatingIfNeeded: offset & 0xff)).assumingMemoryBound(to: UInt64.self)
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

/// What an operation needs of the virtual processor, whatever its operands are.
private struct Needs: BitwiseCopyable {
    /// Units in the lanes of `ExecutionUnits`, their class, a number below 8, and the cycles.
    let wants: UInt64
    static let lanes: UInt64 = 0xff_ffff_ffff
    static let classAt: UInt64 = 48
    static let cyclesAt: UInt64 = 56

    /// Of the octets 2, 3 and 4 of an instruction those that say what is read; the others become number 14.
    let keep: UInt64
    let unread: UInt64
    /// Where the octet stands that says what is written; nothing makes it number 15.
    let writtenAt: UInt64
    let unwritten: UInt64
    let slots: Int, slotsApart: Int
    let rule: SlotRule
    let isMove: Bool, isBranch: Bool, endsBlock: Bool

    init(row: Int) {
        let row = isaTable[row], cost = row.cost.cost, use = RegisterUse(row, a: 1, b: 2, d: 4)
        wants = cost.units.lanes | Needs.unitClass(cost.units) << Needs.classAt | UInt64(cost.cycles) << Needs.cyclesAt
        var keep: UInt64 = 0, unread: UInt64 = 0
        for register in 0..<3 {
            let at = UInt64(16 + 8 * register)
            if use.reads >> register & 1 != 0 { keep |= 0xff << at } else { unread |= 8 * 14 << at }
        }
        self.keep = keep
        self.unread = unread
        // Octet 5 of an instruction is 0.
        writtenAt = use.writes & 1 != 0 ? 16 : use.writes & 4 != 0 ? 32 : 40
        unwritten = use.writes & 5 != 0 ? 0 : 8 * 15
        slots = Int(cost.slots)
        slotsApart = Int(cost.slotsApart)
        rule = cost.rule
        isMove = row.cost == .move
        isBranch = row.cost == .branch
        endsBlock = row.endsBlock
    }

    private static func unitClass(_ units: ExecutionUnits) -> UInt64 {
        let kinds: InlineArray<7, ExecutionUnits> = [
            .idle, .a, ExecutionUnits(alu: 2), ExecutionUnits(alu: 1, load: 1), ExecutionUnits(alu: 1, store: 1), ExecutionUnits(alu: 1, mul: 1),
            ExecutionUnits(alu: 1, div: 1),
        ]
        for number in kinds.indices where kinds[number].lanes == units.lanes { return UInt64(number) }
        preconditionFailure("units that no class stands for")
    }
}

private let needsTable = Table(count: isaTable.count) { Needs(row: $0) }
