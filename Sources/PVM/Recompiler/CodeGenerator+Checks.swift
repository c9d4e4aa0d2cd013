import CPVM
import VMCommon

/// Checked memory: one test for the accesses of a group (`AccessGroups`), before the first of them.
///
/// The table `GuestMemory.pairs` says of a page what it allows together with the page behind it, or before it. So one look answers for a whole
/// group, which is no longer than a page: by the page of its first octet, or (of the stack, which is used from above) by that of its last one.
/// Where that says no, cold code looks at both pages: at the end of a region the page beside has no rights, and is not needed either.
extension CodeGenerator {
    /// `place` on checked memory.
    mutating func checkedPlace(_ index: Int, _ guest: UInt8, _ offset: Int32) -> Mem {
        if !groups.knows(index) { keptBase = CodeGenerator.noBase }
        let member = groups.member(index, of: program)
        check(index, member.group, guest, offset)
        guard usesSegment, let home = map[guest] else { return computedPlace(guest, offset) }
        // Nothing of a group lies beyond 2^32, so from one of its addresses the others are reached without a wrap.
        if keptBase == CodeGenerator.groupBase, keptGroup == member.group {
            return Mem(.rax, Int32(member.distance) - keptDistance, in: .segment)
        }
        guard groups.goesOn(member.group, behind: index) else { return Mem(home, offset, in: .segment32) }
        asm.lea(.w32, .rax, Mem(home, offset))
        keptBase = CodeGenerator.groupBase
        keptGroup = member.group
        keptDistance = Int32(member.distance)
        return Mem(.rax, in: .segment)
    }

    /// The same for a constant address.
    mutating func checkConstant(_ index: Int) {
        if !groups.knows(index) { keptBase = CodeGenerator.noBase }
        check(index, groups.member(index, of: program).group, 0, 0)
    }

    /// Makes sure that the group may be accessed, or leaves. Its access at hand is at the register `guest` + `offset`.
    @inline(__always)
    private mutating func check(_ index: Int, _ number: UInt8, _ guest: UInt8, _ offset: Int32) {
        let group = groups[number]
        if group.isChecked { return }
        groups.setChecked(number)
        // (The access at hand is the group's first one.)
        check(group, guest, offset &+ group.low, offset &+ group.high &- 1, NativeExit(.slow, index))
    }

    /// The same for the group's first and last octet at register + constant.
    @inline(never)
    private mutating func check(_ group: AccessGroups.Group, _ guest: UInt8, _ first: Int32, _ last: Int32, _ exit: NativeExit) {
        if group.isConstant {
            let first = UInt32(bitPattern: group.first) >> 12, last = UInt32(bitPattern: group.last) >> 12
            test(NativeContext.rights, first, group.need)
            leaveIf(.equal, exit)
            guard last != first else { return }
            test(NativeContext.rights, last, group.need)
            return leaveIf(.equal, exit)
        }
        if group.span == 1 {
            testRights(guest, first, group.need)
            return leaveIf(.equal, exit)
        }
        if group.span == group.widest {
            loadAlignedPage(guest, first, group.widest.trailingZeroBitCount)
            test(NativeContext.rights, group.need)
        } else {
            let isFromAbove = guest == CodeGenerator.stackPointer
            loadPage(guest, isFromAbove ? last : first)
            test(NativeContext.pairs, isFromAbove ? group.need << GuestMemory.pairBefore : group.need)
        }
        lookCloser(group, guest, first, last, exit)
    }

    /// Goes on in cold code where the last test has found nothing.
    private mutating func lookCloser(_ group: AccessGroups.Group, _ guest: UInt8, _ first: Int32, _ last: Int32, _ exit: NativeExit) {
        let jump = asm.jumpAnywhere(.equal)
        coldChecks.add(ColdCheck(
            jump: jump, back: UInt32(truncatingIfNeeded: asm.offset), exit: exit.word, first: first, last: last, guest: guest, need: group.need))
    }

    // MARK: Loops

    /// Where a region starts that is a loop of its own, what its rounds access is checked before the first one: groups whose base stays the same, and
    /// those whose base goes on by a small stride. For these a round begins with a look whether the group has come to another page. The rounds'
    /// start is `loopPlace`; whoever comes from elsewhere comes to the checks. Nothing has been paid where they leave.
    mutating func enterRegion(_ index: Int) {
        loopHead = -1
        guard groups.isLoop(index, of: program) else { return }
        var walking = InlineArray<4, UInt8>(repeating: 0), walkingCount = 0
        for number in 0..<UInt8(truncatingIfNeeded: groups.groupCount) {
            let group = groups[number]
            if !group.isConstant {
                guard group.origin < 13, let stride = groups.stride(group.origin) else { continue }
                if stride != 0 {
                    guard walkingCount < walking.count, abs(Int(stride)) <= CodeGenerator.longestStride else { continue }
                    walking[walkingCount] = number
                    walkingCount += 1
                }
            }
            check(group, group.origin << 3, group.first, group.last, NativeExit(.unpaid, index))
            groups.setChecked(number)
            loopHead = index
        }
        loopPlace = asm.offset
        guard walkingCount > 0 else { return }
        let start = asm.jmpAhead()
        loopPlace = asm.offset
        for number in 0..<walkingCount { follow(groups[walking[number]], index) }
        asm.land(start)
    }

    /// More octets than this are a good part of a page.
    private static var longestStride: Int { 128 }

    /// The group has gone on by its base's stride: where its foremost octet has come to another page, that is looked at.
    private mutating func follow(_ group: AccessGroups.Group, _ index: Int) {
        let stride = groups.stride(group.origin) ?? 0, octets = Int32(truncatingIfNeeded: abs(Int(stride)))
        // A power of two of octets at the page's beginning (downward: before the step) has all octets of which this can be true.
        let wide = Int32(1) << Int32(truncatingIfNeeded: 32 - (octets - 1).leadingZeroBitCount)
        let mask = Int32(truncatingIfNeeded: GuestMemory.pageSize) - wide
        let guest = group.origin << 3, offset = stride > 0 ? group.last : group.first &+ octets
        if offset == 0, let home = map[guest] {
            asm.test(.w32, home, mask)
        } else {
            loadAddress(guest, offset)
            asm.test(.w32, usesSegment ? Reg.rax : .rcx, mask)
        }
        lookCloser(group, guest, group.first, group.last, NativeExit(.unpaid, index))
    }

    // MARK: Parts

    private static var stackPointer: UInt8 { 8 }

    /// The page of register + constant modulo 2^32 to the scratch register.
    @inline(__always)
    private mutating func loadPage(_ guest: UInt8, _ offset: Int32) {
        loadAddress(guest, offset)
        asm.shr(.w32, usesSegment ? Reg.rax : .rcx, UInt8(truncatingIfNeeded: GuestMemory.pageShift))
    }

    @inline(__always)
    private mutating func loadAddress(_ guest: UInt8, _ offset: Int32) {
        if usesSegment, let home = map[guest] {
            keptBase = CodeGenerator.noBase
            asm.lea(.w32, .rax, Mem(home, offset))
        } else {
            fetch(guest, into: .rcx, .w32)
            if offset != 0 { asm.op(.add, .w32, Reg.rcx, offset) }
        }
    }

    /// Of an address that is a multiple of 2^`bits` the same, of others an index of one of the tables behind the rights, which are empty.
    @inline(__always)
    private mutating func loadAlignedPage(_ guest: UInt8, _ offset: Int32, _ bits: Int) {
        let scratch = usesSegment ? Reg.rax : .rcx, rotation = UInt8(truncatingIfNeeded: bits)
        if usesSegment, offset == 0, let home = map[guest] {
            keptBase = CodeGenerator.noBase
            asm.rorx(.w32, .rax, home, rotation)
        } else {
            loadAddress(guest, offset)
            asm.ror(.w32, scratch, rotation)
        }
        asm.shr(.w32, scratch, UInt8(truncatingIfNeeded: GuestMemory.pageShift) - rotation)
    }

    /// Zero, if the table does not have the right for the page in the scratch register.
    @inline(__always)
    private mutating func test(_ table: Int32, _ right: UInt8) {
        asm.test8(usesSegment ? Mem(.rax, table, in: .segment) : Mem(RegisterMap.memory, .rcx, .x1, table), right)
    }

    /// The same for a page that is known.
    private mutating func test(_ table: Int32, _ page: UInt32, _ right: UInt8) {
        asm.test8(context(table + Int32(truncatingIfNeeded: page)), right)
    }

    @inline(__always)
    private mutating func testRights(_ guest: UInt8, _ offset: Int32, _ right: UInt8) {
        loadPage(guest, offset)
        test(NativeContext.rights, right)
    }

    /// Behind the code: the tests of both pages.
    mutating func landColdChecks() {
        for number in 0..<coldChecks.count {
            let check = coldChecks[number]
            asm.land(check.jump, at: asm.offset)
            testRights(check.guest, check.first, check.need)
            let fails = asm.jumpAhead(.equal)
            testRights(check.guest, check.last, check.need)
            asm.jump(.notEqual, back: Int(check.back))
            asm.land(fails)
            leave(NativeExit(word: check.exit))
        }
    }

    /// Where each cold check stands and how it leaves, in the order of the code. For listings.
    func eachColdCheck(_ body: (_ place: Int, NativeExit) -> Void) {
        for number in 0..<coldChecks.count {
            let field = Int(coldChecks[number].jump)
            body(field + 4 + Int(Int32(littleEndian: asm.code.loadUnaligned(fromByteOffset: field, as: Int32.self))), NativeExit(word: coldChecks[number].exit))
        }
    }
}

/// A check that has to look more closely, with what it looks at: the first and the last octet at register + constant.
struct ColdCheck: BitwiseCopyable {
    /// Where the displacement of the jump to it stands, and where it goes back to.
    let jump: UInt32
    let back: UInt32
    let exit: UInt32
    let first: Int32
    let last: Int32
    let guest: UInt8
    let need: UInt8

    /// Octets of code at most.
    static let mostOctets = 64
}

struct ColdChecks: ~Copyable {
    private var checks = Vector<ColdCheck>()
    private(set) var failed = false

    deinit {
        var checks = checks
        checks.free()
    }

    var count: Int { checks.count }

    subscript(_ index: Int) -> ColdCheck { checks[index] }

    mutating func add(_ check: ColdCheck) {
        if !checks.append(check) { failed = true }
    }
}
