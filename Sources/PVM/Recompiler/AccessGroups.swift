import CPVM
import VMCommon

/// Which accesses of straight code one check can stand for, on checked memory.
///
/// A register's value is followed as an *origin* (what the register held where the look began, a constant, a result that nothing is known of) and
/// a distance from it, modulo 2^32 as addresses are. Accesses of one origin that lie within a page's length of each other are a group: together
/// they touch two pages at most, and those that the group's ends lie in. Nothing between them lets control in or changes rights, so what the first
/// one's check has found holds for all of them; where it finds less, the interpreter does the rest of the region, access by access.
struct AccessGroups: ~Copyable {
    struct Group: BitwiseCopyable {
        /// The group's octets, counted from its first access.
        var low: Int32
        var high: Int32
        /// The first access, counted from the origin.
        var place: Int32
        /// Octets of its widest access.
        var widest: Int32
        var isWrite: Bool
        /// What `place` is counted from: a register as it was where the look began, or one of the others.
        var origin: UInt8
        var isChecked = false

        var span: Int32 { high - low }
        /// Is `place` an address?
        var isConstant: Bool { origin == AccessGroups.constant }
        /// The first and the last octet, counted from the origin.
        var first: Int32 { place &+ low }
        var last: Int32 { place &+ high &- 1 }
        var need: UInt8 { isWrite ? GuestMemory.write : GuestMemory.read }
    }

    struct Member: BitwiseCopyable {
        var group: UInt8
        /// Where the access begins, counted from the group's first one.
        var distance: Int16
    }

    /// How many instructions one look takes in.
    static let window = 128
    /// A group's octets at most.
    static let mostOctets = Int32(truncatingIfNeeded: GuestMemory.pageSize)

    /// Of a register: an origin, and below it the distance of the register's value from it, modulo 2^32.
    private struct Value: BitwiseCopyable {
        var bits: UInt64

        @inline(__always) init(origin: UInt8) { bits = UInt64(origin) << 32 }
        @inline(__always) private init(bits: UInt64) { self.bits = bits }

        @inline(__always) var origin: UInt8 { UInt8(truncatingIfNeeded: bits >> 32) }
        @inline(__always) var distance: Int32 { Int32(truncatingIfNeeded: bits) }
        @inline(__always) func farther(_ octets: Int32) -> Value {
            Value(bits: bits & ~0xffff_ffff | UInt64(UInt32(bitPattern: distance &+ octets)))
        }
    }

    /// What the tables below lie in.
    private var room: UnsafeMutableRawPointer?
    /// For each instruction of the window, its group if it is an access.
    private var members: UnsafeMutablePointer<Member> { table(0) }
    private var groups: UnsafeMutablePointer<Group> { table(AccessGroups.membersSize) }
    private var values: UnsafeMutablePointer<Value> { table(AccessGroups.membersSize + AccessGroups.groupsSize) }
    /// The group that an origin's next access may join: its number + 1, or 0.
    private var open: UnsafeMutablePointer<UInt8> { table(AccessGroups.membersSize + AccessGroups.groupsSize + AccessGroups.valuesSize) }

    private static var membersSize: Int { window * MemoryLayout<Member>.stride }
    private static var groupsSize: Int { window * MemoryLayout<Group>.stride }
    private static var valuesSize: Int { Slot.count * MemoryLayout<Value>.stride }
    /// Registers, the constants, and a result of each instruction.
    private static var originsSize: Int { 16 + window }

    /// Places in `values` behind the registers.
    fileprivate enum Slot {
        /// The constants: what an instruction loads is counted from it.
        static var constant: Int { 13 }
        /// What nothing is known of: a new origin.
        static var unknown: Int { 14 }
        /// Where instructions write that write no register.
        static var nowhere: Int { 15 }
        static var count: Int { 16 }
    }

    /// The registers that an instruction names, and the slots: which of them is meant is then a shift.
    fileprivate struct Fields: BitwiseCopyable {
        let bits: UInt64

        @inline(__always)
        init(_ i: UnsafePointer<Instruction>) {
            let head = UInt64(littleEndian: UnsafeRawPointer(i).load(as: UInt64.self))
            bits = head & 0xff_ffff_ffff | UInt64(truncatingIfNeeded: Slot.constant | Slot.unknown << 4 | Slot.nowhere << 8) << 40
        }

        @inline(__always)
        subscript(_ place: UInt32) -> Int { Int(truncatingIfNeeded: bits >> UInt64(place & 63) & 15) }

        /// Octet offsets of registers, whose number stands above the low three bits, in octets 2, 3 and 4.
        static var a: UInt32 { 19 }
        static var b: UInt32 { 27 }
        static var d: UInt32 { 35 }
        static var constant: UInt32 { 40 }
        static var unknown: UInt32 { 44 }
        static var nowhere: UInt32 { 48 }

        static var areRight: Bool {
            var i = Instruction(.trap)
            (i.ra, i.rb, i.rd, i.charge) = (8, 16, 96, 0xffff)
            let fields = Fields(&i)
            return fields[a] == 1 && fields[b] == 2 && fields[d] == 12 && fields[constant] == Slot.constant && fields[unknown] == Slot.unknown
                && fields[nowhere] == Slot.nowhere
        }
    }

    @inline(__always)
    private func table<T>(_ offset: Int) -> UnsafeMutablePointer<T> {
        (room.unsafelyUnwrapped + offset).assumingMemoryBound(to: T.self)
    }

    /// The window's instructions.
    private var first = 0
    private var end = 0
    private(set) var groupCount = 0
    private let traits = accessTraits

    private static var constant: UInt8 { 13 }

    deinit { free(room) }

    /// False if memory is short.
    mutating func prepare() -> Bool {
        if room == nil { room = malloc(AccessGroups.membersSize + AccessGroups.groupsSize + AccessGroups.valuesSize + AccessGroups.originsSize) }
        return room != nil
    }

    /// Has the access at `index` been looked at?
    @inline(__always)
    func knows(_ index: Int) -> Bool { index < end }

    /// The group of the access at `index`, found by looking ahead if need be: then all groups are new ones.
    @inline(__always)
    mutating func member(_ index: Int, of program: Program) -> Member {
        if !knows(index) { look(from: index, program) }
        return members[index - first]
    }

    @inline(__always)
    subscript(_ group: UInt8) -> Group { groups[Int(group)] }

    @inline(__always)
    func setChecked(_ group: UInt8) { groups[Int(group)].isChecked = true }

    /// Is the next instruction an access of the group too?
    @inline(__always)
    func goesOn(_ group: UInt8, behind index: Int) -> Bool {
        index + 1 < end && members[index + 1 - first].group == group
    }

    static let noGroup: UInt8 = 255

    // MARK: Loops

    /// Is the region that starts at `index` a loop of its own, with accesses? Then the groups are those of a round.
    mutating func isLoop(_ index: Int, of program: Program) -> Bool {
        let last = lastOfRegion(index, program)
        guard last - index < AccessGroups.window, Int(program.instructions[last].y) == index - last,
              traits[program.instructions[last].plain.row].isDirectJump
        else { return false }
        look(from: index, program)
        return end == last + 1 && groupCount > 0
    }

    /// The last instruction of the region that starts at `index`, or one beyond the window.
    @inline(__always)
    private func lastOfRegion(_ index: Int, _ program: Program) -> Int {
        // (Of 0.7.2 the charge is the number of instructions.)
        if !program.isa.rules.chargesBlocks { return index + max(1, Int(program.instructions[index].charge)) - 1 }
        var last = index
        while last - index < AccessGroups.window, last + 1 < program.instructionCount,
              !traits[program.instructions[last].plain.row].endsLook { last += 1 }
        return last
    }

    /// How far the register gets from one round to the next; nil if it becomes something else.
    func stride(_ register: UInt8) -> Int32? {
        let value = values[Int(register)]
        return value.origin == register ? value.distance : nil
    }

    // MARK: Looking ahead

    /// From an access or a region's start to the region's end, or as far as the window goes.
    @inline(never)
    private mutating func look(from start: Int, _ program: Program) {
        let values = values, open = open, members = members
        for register in 0..<14 { values[register] = Value(origin: UInt8(truncatingIfNeeded: register)) }
        for part in 0..<2 { UnsafeMutableRawPointer(open).storeBytes(of: 0, toByteOffset: 8 * part, as: UInt64.self) }
        first = start
        groupCount = 0
        var originCount = AccessGroups.constant + 1
        let chargesBlocks = program.isa.rules.chargesBlocks
        let last = min(start + AccessGroups.window, program.instructionCount)
        var index = start
        while index < last {
            let i = program.instructions + index, traits = traits[i.pointee.plain.row], fields = Fields(i)
            members[index - start] = traits.isAccess ? join(traits, fields, i.pointee.x) : Member(group: AccessGroups.noGroup, distance: 0)
            // What the instruction does to the register that it writes; without a branch, for nobody could predict it.
            values[Slot.unknown] = Value(origin: originCount)
            open[Int(originCount)] = 0
            originCount &+= traits.makesOrigin
            values[traits.target(fields)] = values[traits.source(fields)].farther(i.pointee.x & traits.distanceMask)
            index += 1
            if traits.endsLook || (!chargesBlocks && i.pointee.charge == 1) { break }
        }
        end = index
    }

    @inline(__always)
    private mutating func join(_ traits: AccessTraits, _ fields: Fields, _ x: Int32) -> Member {
        let groups = groups, open = open
        let value = values[traits.base(fields)]
        let place = value.distance &+ x, size = traits.size, origin = Int(value.origin)
        if open[origin] > 0 {
            let number = open[origin] - 1, group = groups + Int(number)
            let distance = place &- group.pointee.place
            // (Nothing that is so near overflows below.)
            if distance > -AccessGroups.mostOctets, distance < AccessGroups.mostOctets {
                let low = min(group.pointee.low, distance), high = max(group.pointee.high, distance + size)
                if high - low <= AccessGroups.mostOctets {
                    group.pointee.low = low
                    group.pointee.high = high
                    group.pointee.widest = max(group.pointee.widest, size)
                    if traits.isWrite { group.pointee.isWrite = true }
                    return Member(group: number, distance: Int16(truncatingIfNeeded: distance))
                }
            }
        }
        let number = UInt8(truncatingIfNeeded: groupCount)
        groupCount += 1
        groups[Int(number)] = Group(low: 0, high: size, place: place, widest: size, isWrite: traits.isWrite, origin: value.origin)
        open[origin] = number + 1
        return Member(group: number, distance: 0)
    }
}

/// What the look ahead wants to know of an operation, in one word.
private struct AccessTraits: BitwiseCopyable {
    private let bits: UInt32

    /// Octets of memory that it accesses, 0 for none.
    @inline(__always) var size: Int32 { Int32(truncatingIfNeeded: bits & 15) }
    @inline(__always) var isAccess: Bool { bits & 15 != 0 }
    @inline(__always) var isWrite: Bool { bits & 1 << 4 != 0 }
    /// Control can come in behind it, or never comes to what is behind it.
    @inline(__always) var endsLook: Bool { bits & 1 << 5 != 0 }
    /// A jump or branch with its target in ν_Y.
    @inline(__always) var isDirectJump: Bool { bits & 1 << 6 != 0 }
    /// Is ν_X added to the source?
    @inline(__always) var distanceMask: Int32 { 0 &- Int32(truncatingIfNeeded: bits >> 7 & 1) }
    /// 1 if nothing is known of what it writes.
    @inline(__always) var makesOrigin: UInt8 { UInt8(truncatingIfNeeded: bits >> 8 & 1) }
    /// What an access counts ν_X from.
    @inline(__always) func base(_ fields: AccessGroups.Fields) -> Int { fields[bits >> 10] }
    /// What it writes, and what that is made of.
    @inline(__always) func target(_ fields: AccessGroups.Fields) -> Int { fields[bits >> 16] }
    @inline(__always) func source(_ fields: AccessGroups.Fields) -> Int { fields[bits >> 22] }

    init(row: Int) {
        assert(AccessGroups.Fields.areRight)
        typealias Fields = AccessGroups.Fields
        let traits = isaTable[row], handler = Handler(row: row)
        let use = RegisterUse(traits, a: 1, b: 2, d: 4)
        let base = switch traits.format {
        case .regImmImm: Fields.a
        case .regRegImm: Fields.b
        default: Fields.constant
        }
        let target = use.writes & 1 != 0 ? Fields.a : use.writes & 4 != 0 ? Fields.d : Fields.nowhere
        var source = Fields.unknown, addsX = false
        switch handler {
        case .load_imm, .load_imm_64: (source, addsX) = (Fields.constant, true)
        // (Of a sum of 32 bits the low half is what counts as well.)
        case .add_imm_32, .add_imm_64: (source, addsX) = (Fields.b, true)
        case .move_reg: source = Fields.a
        default: break
        }
        var bits = UInt32(handler.accessSize) | base << 10 | target << 16 | source << 22
        if handler.accessSize != 0, traits.cost == .store { bits |= 1 << 4 }
        if traits.endsBlock || handler == .ecalli || handler == .sbrk { bits |= 1 << 5 }
        if traits.format == .offset || traits.format == .regImmOffset || traits.format == .regRegOffset { bits |= 1 << 6 }
        if addsX { bits |= 1 << 7 }
        if source == Fields.unknown, use.writes != 0 { bits |= 1 << 8 }
        self.bits = bits
    }
}

private let accessTraits = Table(count: isaTable.count) { AccessTraits(row: $0) }

extension Handler {
    /// Octets of memory that the operation reads or writes.
    fileprivate var accessSize: UInt8 {
        switch self {
        case .store_imm_u8, .store_imm_ind_u8, .store_u8, .store_ind_u8, .load_u8, .load_i8, .load_ind_u8, .load_ind_i8: 1
        case .store_imm_u16, .store_imm_ind_u16, .store_u16, .store_ind_u16, .load_u16, .load_i16, .load_ind_u16, .load_ind_i16: 2
        case .store_imm_u32, .store_imm_ind_u32, .store_u32, .store_ind_u32, .load_u32, .load_i32, .load_ind_u32, .load_ind_i32: 4
        case .store_imm_u64, .store_imm_ind_u64, .store_u64, .store_ind_u64, .load_u64, .load_ind_u64: 8
        default: 0
        }
    }
}
