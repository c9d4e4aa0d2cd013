/// The 0.8.0 gas cost tables (Gray Paper, "Gas Cost Tables"): operations with equal rows share a class.

public enum CostClass: UInt8, Sendable, BitwiseCopyable, CaseIterable {
    case none, move, finish, unlikely, jump, djump, ecalli, loadImm, loadImm64, load, store, branch, alu64, alu32, unary, trailing,
         shift64, shift32, shiftAlt64, shiftAlt32, compare, cmov, cmovImm, minMax, inverted, xnor, negAdd32, mul64, mul32, mulUpper,
         mulUpperMixed, divide
}

/// Which registers decide between the two numbers of decode slots.
public enum SlotRule: UInt8, Sendable, BitwiseCopyable {
    case fixed
    /// The paper's P: fewer slots if a destination is also a source.
    case overlap
    /// The paper's P_S: fewer slots if the destination is the first source.
    case overlapFirst
}

/// What an instruction needs of the virtual processor.
public struct Cost: Sendable, BitwiseCopyable {
    /// Cycles until done; for a branch the dearer of its two values (`CostClass.cheapBranchCycles` is the other).
    public var cycles: UInt8
    public var slots: UInt8
    /// Slots if `rule` finds no overlap.
    public var slotsApart: UInt8
    public var rule: SlotRule
    public var units: ExecutionUnits

    init(_ cycles: UInt8, _ slots: UInt8, _ units: ExecutionUnits) {
        self.init(cycles, slots, apart: slots, .fixed, units)
    }

    init(_ cycles: UInt8, _ slots: UInt8, apart: UInt8, _ rule: SlotRule, _ units: ExecutionUnits) {
        self.cycles = cycles
        self.slots = slots
        self.slotsApart = apart
        self.rule = rule
        self.units = units
    }
}

/// A number for each kind of execution unit. The virtual processor has 4 ALUs, 4 units for loads, 4 for stores, a multiplier and a divider.
public struct ExecutionUnits: Sendable, BitwiseCopyable {
    let alu: UInt8, load: UInt8, store: UInt8, mul: UInt8, div: UInt8

    init(alu: UInt8 = 0, load: UInt8 = 0, store: UInt8 = 0, mul: UInt8 = 0, div: UInt8 = 0) {
        (self.alu, self.load, self.store, self.mul, self.div) = (alu, load, store, mul, div)
    }

    static let idle = ExecutionUnits()
    static let a = ExecutionUnits(alu: 1)
}

extension CostClass {
    /// The paper's placeholder m for memory accesses: a hit in the second-level cache.
    static let memoryCycles: UInt8 = 25
    /// The paper's b, for a branch with `trap` or `unlikely` at its target or behind it.
    static let cheapBranchCycles: UInt8 = 1

    public var cost: Cost {
        switch self {
        case .none: Cost(0, 0, .idle)
        case .move: Cost(0, 1, .idle)
        case .finish: Cost(2, 1, .idle)
        case .unlikely: Cost(40, 1, .idle)
        case .jump: Cost(15, 1, .idle)
        case .djump: Cost(22, 1, .idle)
        case .ecalli: Cost(100, 4, .a)
        case .loadImm: Cost(1, 1, .idle)
        case .loadImm64: Cost(1, 2, .idle)
        case .load: Cost(CostClass.memoryCycles, 1, ExecutionUnits(alu: 1, load: 1))
        case .store: Cost(25, 1, ExecutionUnits(alu: 1, store: 1))
        case .branch: Cost(20, 1, .a)
        case .alu64: Cost(1, 1, apart: 2, .overlap, .a)
        case .alu32: Cost(2, 2, apart: 3, .overlap, .a)
        case .unary: Cost(1, 1, .a)
        case .trailing: Cost(2, 1, ExecutionUnits(alu: 2))
        case .shift64: Cost(1, 2, apart: 3, .overlapFirst, .a)
        case .shift32: Cost(2, 3, apart: 4, .overlapFirst, .a)
        case .shiftAlt64: Cost(1, 3, .a)
        case .shiftAlt32: Cost(2, 4, .a)
        case .compare: Cost(3, 3, .a)
        case .cmov: Cost(2, 2, .a)
        case .cmovImm: Cost(2, 3, .a)
        case .minMax: Cost(3, 2, apart: 3, .overlap, .a)
        case .inverted: Cost(2, 3, .a)
        case .xnor: Cost(2, 2, apart: 3, .overlap, .a)
        case .negAdd32: Cost(3, 4, .a)
        case .mul64: Cost(3, 1, apart: 2, .overlap, ExecutionUnits(alu: 1, mul: 1))
        case .mul32: Cost(4, 2, apart: 3, .overlap, ExecutionUnits(alu: 1, mul: 1))
        case .mulUpper: Cost(4, 4, ExecutionUnits(alu: 1, mul: 1))
        case .mulUpperMixed: Cost(6, 4, ExecutionUnits(alu: 1, mul: 1))
        case .divide: Cost(60, 4, ExecutionUnits(alu: 1, div: 1))
        }
    }
}
