import VMCommon

/// The 0.8.0 gas cost of a basic block (Gray Paper appendix A, "Gas Cost Model"): a virtual processor that decodes 4 slots a
/// cycle into a reorder buffer of 32, starts up to 5 instructions a cycle and retires in order.
///
/// The paper's reorder buffer only grows, with ∅ for what has retired; here its live part, which is contiguous, is a ring of 32
/// slots, and sets of entries are bit masks over the slots.
struct GasModel {
    private let program: Program

    private var head = 0
    private var live = 0
    /// Entries by state: DEC, WAIT, EXE, FIN.
    private var decoding: UInt32 = 0
    private var waiting: UInt32 = 0
    private var executing: UInt32 = 0
    private var finished: UInt32 = 0
    /// Entries whose cycles left are not 0.
    private var busy: UInt32 = 0
    private var cyclesLeft = InlineArray<32, UInt8>(repeating: 0)
    private var dependencies = InlineArray<32, UInt32>(repeating: 0)
    private var registers = InlineArray<32, UInt16>(repeating: 0)
    private var units = InlineArray<32, ExecutionUnits>(repeating: .idle)

    private var decodeSlots: UInt8 = 0
    private var startsLeft = 0
    private var unitsLeft = ExecutionUnits.all

    private static let slotsPerCycle: UInt8 = 4
    private static let startsPerCycle = 5
    private static let bufferSize = 32

    init(_ program: Program) { self.program = program }

    /// ϱ^Δ of the block whose first instruction has this number.
    mutating func gas(from first: Int) -> UInt64 {
        var next: Int? = first
        var cycles: UInt64 = 0
        decodeSlots = GasModel.slotsPerCycle
        startsLeft = GasModel.startsPerCycle
        unitsLeft = .all
        while true {
            if let instruction = next, live < GasModel.bufferSize {
                let needs = Needs(program, instruction)
                if needs.slots <= decodeSlots {
                    decodeSlots -= needs.slots
                    if needs.isMove { rename(needs.use) } else { decode(needs) }
                    next = needs.endsBlock ? nil : instruction + 1
                    continue
                }
            }
            if startsLeft > 0, let slot = readyToStart() {
                start(slot)
                continue
            }
            if next == nil, live == 0 { break }
            // With nothing to decode or start before an instruction gets done, the cycles until then are all alike.
            if next == nil || live == GasModel.bufferSize, startsLeft > 0 { cycles += idle() }
            advance()
            cycles += 1
        }
        return max(cycles, 4) - 3
    }

    // MARK: The transitions

    /// 𝔛^mov: a move is done by renaming.
    private mutating func rename(_ use: RegisterUse) {
        forEachLive { model, slot in
            if model.registers[slot] & use.reads != 0 { model.registers[slot] |= use.writes } else { model.registers[slot] &= ~use.writes }
        }
    }

    /// 𝔛^dec
    private mutating func decode(_ needs: Needs) {
        let slot = (head + live) & 31, bit: UInt32 = 1 << UInt32(slot)
        var dependsOn: UInt32 = 0
        forEachLive { model, other in
            if model.registers[other] & needs.use.reads != 0 { dependsOn |= 1 << UInt32(other) }
            model.registers[other] &= ~needs.use.writes
            // Who used to be in this slot has retired: nobody waits for it any more.
            model.dependencies[other] &= ~bit
        }
        registers[slot] = needs.use.writes
        cyclesLeft[slot] = needs.cycles
        dependencies[slot] = dependsOn
        units[slot] = needs.units
        decoding |= bit
        if needs.cycles > 0 { busy |= bit }
        live += 1
    }

    /// 𝔖: the oldest entry that waits for nothing but a start.
    private func readyToStart() -> Int? {
        // Rotated so that bit 0 is the head.
        var candidates = waiting >> UInt32(head) | (head == 0 ? 0 : waiting << UInt32(32 - head))
        while candidates != 0 {
            let slot = (head + candidates.trailingZeroBitCount) & 31
            if dependencies[slot] & busy == 0, units[slot].fit(unitsLeft) { return slot }
            candidates &= candidates - 1
        }
        return nil
    }

    /// 𝔛''
    private mutating func start(_ slot: Int) {
        let bit: UInt32 = 1 << UInt32(slot)
        startsLeft -= 1
        unitsLeft.lanes -= units[slot].lanes
        waiting &= ~bit
        executing |= bit
    }

    /// 𝔛''': everything that a cycle does at its end, from the states as they were before it.
    private mutating func advance() {
        decodeSlots = GasModel.slotsPerCycle
        startsLeft = GasModel.startsPerCycle

        var retiring = 0
        while retiring < live, finished >> UInt32((head + retiring) & 31) & 1 != 0 { retiring += 1 }
        let done = executing & ~busy

        var running = executing & busy
        while running != 0 {
            let slot = running.trailingZeroBitCount
            running &= running - 1
            cyclesLeft[slot] -= 1
            if cyclesLeft[slot] == 0 {
                busy &= ~(1 << UInt32(slot))
                unitsLeft.lanes += units[slot].lanes
            }
        }
        executing &= ~done
        finished |= done
        waiting |= decoding
        decoding = 0
        for _ in 0..<retiring {
            finished &= ~(1 << UInt32(head))
            head = (head + 1) & 31
            live -= 1
        }
    }

    /// Passes the cycles in which nothing happens but that executing instructions get on; says how many.
    private mutating func idle() -> UInt64 {
        if decoding != 0 || executing & ~busy != 0 || finished >> UInt32(head) & 1 != 0 { return 0 }
        var shortest: UInt8 = .max
        forEach(executing) { model, slot in shortest = min(shortest, model.cyclesLeft[slot]) }
        guard executing != 0, shortest > 1 else { return 0 }
        forEach(executing) { model, slot in model.cyclesLeft[slot] -= shortest - 1 }
        return UInt64(shortest - 1)
    }

    @inline(__always)
    private mutating func forEachLive(_ body: (inout GasModel, Int) -> Void) {
        for position in 0..<live { body(&self, (head + position) & 31) }
    }

    @inline(__always)
    private mutating func forEach(_ set: UInt32, _ body: (inout GasModel, Int) -> Void) {
        var rest = set
        while rest != 0 {
            body(&self, rest.trailingZeroBitCount)
            rest &= rest - 1
        }
    }
}

/// `CostClass.cost` by raw value.
private let costs: Table<Cost> = Table(count: CostClass.allCases.count) { CostClass.allCases[$0].cost }

/// What one instruction of a program needs of the virtual processor.
private struct Needs {
    let slots: UInt8
    let cycles: UInt8
    let units: ExecutionUnits
    let use: RegisterUse
    let isMove: Bool
    let endsBlock: Bool

    init(_ program: Program, _ index: Int) {
        let instruction = program.instructions[index]
        let row = isaTable[instruction.plain.row]
        let cost = costs[Int(row.cost.rawValue)]
        let a: UInt16 = 1 << UInt16(instruction.ra >> 3), b: UInt16 = 1 << UInt16(instruction.rb >> 3)
        let d: UInt16 = 1 << UInt16(instruction.rd >> 3)
        use = RegisterUse(row, a: a, b: b, d: d)
        switch cost.rule {
        case .fixed: slots = cost.slots
        case .overlap: slots = use.reads & use.writes != 0 ? cost.slots : cost.slotsApart
        case .overlapFirst: slots = a == d ? cost.slots : cost.slotsApart
        }
        cycles = row.cost == .branch && Needs.isCheapBranch(program, index, row.format) ? CostClass.cheapBranchCycles : cost.cycles
        units = cost.units
        isMove = row.cost == .move
        endsBlock = row.endsBlock
    }

    /// Is the octet behind a branch or at its target the opcode of `unlikely` or `trap`?
    private static func isCheapBranch(_ program: Program, _ index: Int, _ format: OperandFormat) -> Bool {
        let view = program.view
        let pc = Int(program.offsets[index]), next = Int(program.offsets[index + 1])
        let operands = Operands(view, pc: pc, skip: next - pc - 1, format: format)
        let target = Int(clamping: format == .regImmOffset ? operands.vY : operands.vX)
        return isUnlikely(view.octet(next)) || isUnlikely(view.octet(target))
    }

    private static func isUnlikely(_ octet: UInt8) -> Bool {
        octet == Opcode.trap.rawValue || octet == Opcode.unlikely.rawValue
    }
}
