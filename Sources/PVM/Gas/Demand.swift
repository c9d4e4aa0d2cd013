import VMCommon

/// What one instruction of a program needs of the virtual processor.
struct Demand {
    let needs: UnsafePointer<Needs>
    let slots: Int
    let cycles: Int
    /// `Needs.stretch` and `Needs.reach` with the cycles of this one.
    let stretch: UInt64
    let reach: Int
    /// The registers that it reads, as octet offsets in the octets 0, 1 and 2, and the one that it writes.
    private let reads: UInt32
    private let writes: UInt32

    /// Thirteen, one for what is not read and one for what is not written.
    static let registers = 16

    @inline(__always)
    init(_ model: GasModel, _ index: Int) {
        let instruction = model.instructions + index
        // Registers are octet offsets in the octets 2 to 4 of an instruction, and octet 5 is 0.
        let fields = UnsafeRawPointer(instruction).loadUnaligned(fromByteOffset: 2, as: UInt32.self)
        needs = model.needs + instruction.pointee.plain.row
        reads = fields & needs.pointee.keep | needs.pointee.unread
        writes = fields &>> UInt32(needs.pointee.writtenAt) & 0xff | UInt32(needs.pointee.unwritten)
        let overlaps = Demand.overlaps(reads, writes, needs.pointee.overlapping)
        slots = Int(needs.pointee.slots) &+ (overlaps ? 0 : Int(needs.pointee.slotsApart))
        if needs.pointee.isBranch, model.isCheapBranch(index) {
            cycles = Int(CostClass.cheapBranchCycles)
            (stretch, reach) = (1, 1)
        } else {
            cycles = Int(needs.pointee.cycles)
            (stretch, reach) = (needs.pointee.stretch, Int(needs.pointee.reach))
        }
    }

    /// Is one of the octets `among` of `reads` the register that is written?
    @inline(__always)
    private static func overlaps(_ reads: UInt32, _ writes: UInt32, _ among: UInt32) -> Bool {
        // An octet that is 0 is one that is equal. (Offsets are below 128, so that nothing borrows from the next octet
        // but from a 0.)
        let difference = reads ^ writes &* 0x01_0101 | ~among
        return (difference &- 0x01_0101) & ~difference & 0x80_8080 != 0
    }

    /// The latest of what `times` says of the registers that are read.
    @inline(__always)
    func latest(_ times: UnsafeMutablePointer<Int>) -> Int { max(read(0, times), max(read(1, times), read(2, times))) }

    /// The same of one of them, 0 to 2.
    @inline(__always)
    func read(_ number: UInt32, _ times: UnsafeMutablePointer<Int>) -> Int {
        Demand.at(reads &>> (8 &* number) & 0xff, times).pointee
    }

    @inline(__always)
    func written(_ times: UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<Int> { Demand.at(writes, times) }

    @inline(__always)
    private static func at(_ offset: UInt32, _ times: UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<Int> {
        (UnsafeMutableRawPointer(times) + Int(offset)).assumingMemoryBound(to: Int.self)
    }
}

/// What an operation needs of the virtual processor, whatever its operands are: 32 octets.
struct Needs: BitwiseCopyable {
    /// For each of its cycles a bit, if it wants an ALU and no other unit, or none at all (then no bit); the cycles of
    /// those, for all others more than a line of the timetable has.
    let stretch: UInt64
    let reach: UInt8
    /// All bits where the operation wants the multiplier, the divider; else 0.
    var multiplier: UInt64 { unitClass & 4 != 0 ? .max : 0 }
    var divider: UInt64 { unitClass & 8 != 0 ? .max : 0 }
    var alus: UInt8 { unitClass & 3 }
    /// Operations with the same units have the same number.
    let unitClass: UInt8
    static let unitClasses = 16

    /// Of the octets 2, 3 and 4 of an instruction those that say what is read; the others become number 14.
    let keep: UInt32
    let unread: UInt32
    /// Of these the octets in which the register that is written saves `slotsApart` decode slots.
    let overlapping: UInt32
    let slots: UInt8, slotsApart: UInt8
    /// Where the octet stands that says what is written, in bits; nothing makes it number 15.
    let writtenAt: UInt8
    let unwritten: UInt8
    let cycles: UInt8
    let isMove: Bool, isBranch: Bool, endsBlock: Bool

    init(row: Int) {
        let row = isaTable[row], cost = row.cost.cost, use = RegisterUse(row, a: 1, b: 2, d: 4)
        let units = cost.units, isPlain = units.alu < 2 && units.mul == 0 && units.div == 0 && cost.cycles < 64
        assert(units.alu <= 2 && units.load + units.store <= units.alu && units.mul + units.div <= units.alu)
        stretch = isPlain && units.alu > 0 ? 1 << UInt64(cost.cycles) &- 1 : 0
        reach = isPlain ? cost.cycles : 65
        unitClass = units.alu | units.mul << 2 | units.div << 3
        var keep: UInt32 = 0, unread: UInt32 = 0
        for register in 0..<3 {
            let at = UInt32(truncatingIfNeeded: 8 * register)
            if use.reads >> register & 1 != 0 { keep |= 0xff << at } else { unread |= 8 * 14 << at }
        }
        self.keep = keep
        self.unread = unread
        writtenAt = use.writes & 1 != 0 ? 0 : use.writes & 4 != 0 ? 16 : 24
        unwritten = use.writes & 5 != 0 ? 0 : 8 * 15
        cycles = cost.cycles
        slots = cost.slots
        slotsApart = cost.slotsApart - cost.slots
        overlapping = switch cost.rule {
        case .fixed: 0
        case .overlap: 0xff_ffff
        case .overlapFirst: 0xff
        }
        isMove = row.cost == .move
        isBranch = row.cost == .branch
        endsBlock = row.endsBlock
    }
}

let needsTable = Table(count: isaTable.count) { Needs(row: $0) }
