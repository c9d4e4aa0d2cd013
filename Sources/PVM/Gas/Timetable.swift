/// Which execution units are taken in which cycle.
///
/// 64 cycles are a line of words, a bit for each cycle in every word: the ALUs that are taken are counted in three
/// bits, one word for each bit of the number. So a stretch of cycles is looked at and taken by a few operations on
/// words. Lines are used again once the instructions that are decoded have passed them; nothing is ever further ahead
/// than the 32 entries of the reorder buffer take one after the other, 100 cycles each at most.
///
/// (There are four units for loads and four for stores, and whoever wants one wants one of the four ALUs as well:
/// those are never short.)
struct Timetable {
    private let state: UnsafeMutablePointer<UInt64>
    /// Lines before this one are clear and stand for cycles 4096 later; those behind `last` are clear.
    private var first = 0
    private var last = 0
    private var hasSearched = false

    /// An odd ALU, two, four; multiplier and divider.
    private enum Line {
        static let one = 0, two = 1, four = 2, multiplier = 3, divider = 4, words = 8
    }
    private static let lineCount = 64, lineMask = lineCount - 1, cycleMask = 64 * lineCount - 1
    private static let startsPerCycle: UInt8 = 5

    // Where in `state` what lies, in words: the lines, how many instructions start in each cycle, and for each class
    // of units where the last search began and ended.
    private var starts: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(state + Timetable.lineCount &* Line.words).assumingMemoryBound(to: UInt8.self)
    }
    private var searches: UnsafeMutablePointer<Int> {
        UnsafeMutableRawPointer(state + Timetable.lineCount &* (Line.words &+ 8)).assumingMemoryBound(to: Int.self)
    }
    static let size = lineCount * (Line.words + 8) + 2 * Needs.unitClasses

    /// On `size` words, which are zeros, and are zeros again after `clear`.
    @inline(__always)
    init(_ state: UnsafeMutablePointer<UInt64>) { self.state = state }

    @inline(__always)
    private func line(_ number: Int) -> UnsafeMutablePointer<UInt64> {
        state + (number & Timetable.lineMask) &* Line.words
    }

    /// Whatever is asked for from now on lies in this cycle or later.
    @inline(__always)
    mutating func forget(before cycle: Int) {
        while first < cycle &>> 6 {
            clear(first)
            first &+= 1
        }
    }

    @inline(__always)
    mutating func clear() {
        var number = first
        repeat {
            clear(number)
            number &+= 1
        } while number <= last
        guard hasSearched else { return }
        for unitClass in 0..<2 &* Needs.unitClasses { searches[unitClass] = 0 }
    }

    @inline(__always)
    private func clear(_ number: Int) {
        let line = line(number), starts = UnsafeMutableRawPointer(starts + (number & Timetable.lineMask) &* 64)
        for word in 0..<Line.words {
            line[word] = 0
            starts.storeBytes(of: 0, toByteOffset: 8 &* word, as: UInt64.self)
        }
    }

    // MARK: Taking

    static let conflict = -1

    /// Takes the units that an instruction needs, from the first cycle in which it can start from `cycle` on, which is
    /// given back. `conflict` if one of them is taken later on for an older one: then all is worthless.
    @inline(__always)
    mutating func take(_ demand: Demand, from cycle: Int) -> Int {
        let from = known(demand.needs, cycle)
        let line = line(from &>> 6), stretch = demand.stretch &<< UInt64(truncatingIfNeeded: from & 63)
        let start = starts + (from & Timetable.cycleMask)
        guard from & 63 &+ demand.reach <= 64, line[Line.four] & stretch == 0,
              start.pointee < Timetable.startsPerCycle else {
            return takeAny(demand.needs, demand.cycles, from: from)
        }
        last = max(last, from &>> 6)
        start.pointee &+= 1
        Timetable.takeALU(line, stretch)
        return from
    }

    @inline(__always)
    private static func takeALU(_ line: UnsafeMutablePointer<UInt64>, _ stretch: UInt64) {
        let carry = line[Line.one] & stretch
        line[Line.one] ^= stretch
        line[Line.four] |= line[Line.two] & carry
        line[Line.two] ^= carry
    }

    /// The same for units of any kind, taken or not, across lines.
    @inline(never)
    private mutating func takeAny(_ needs: UnsafePointer<Needs>, _ cycles: Int, from cycle: Int) -> Int {
        let found = firstFit(needs, from: cycle)
        return takeFit(needs, cycles, at: found) ? found : Timetable.conflict
    }

    /// The same from a cycle that fits on. False instead of `conflict`.
    @inline(__always) @discardableResult
    mutating func takeFit(_ needs: UnsafePointer<Needs>, _ cycles: Int, at cycle: Int) -> Bool {
        starts[cycle & Timetable.cycleMask] &+= 1
        if cycles <= 64 { return take(needs, from: cycle, cycles) }
        return take(needs, from: cycle, 64) && take(needs, from: cycle &+ 64, cycles &- 64)
    }

    /// 1 to 64 cycles.
    @inline(__always)
    private mutating func take(_ needs: UnsafePointer<Needs>, from cycle: Int, _ cycles: Int) -> Bool {
        let stretch = UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- cycles), number = cycle &>> 6
        let shift = UInt64(truncatingIfNeeded: cycle & 63)
        let over = (stretch &>> 1) &>> (63 &- shift)
        last = max(last, over == 0 ? number : number &+ 1)
        let isFree = take(needs, line(number), stretch &<< shift)
        return over == 0 ? isFree : take(needs, line(number &+ 1), over) && isFree
    }

    @inline(__always)
    private func take(_ needs: UnsafePointer<Needs>, _ line: UnsafeMutablePointer<UInt64>, _ stretch: UInt64) -> Bool {
        if needs.pointee.unitClass == 1 {
            let isFree = line[Line.four] & stretch == 0
            Timetable.takeALU(line, stretch)
            return isFree
        }
        let isFree = taken(line, needs) & stretch == 0
        if needs.pointee.alus > 0 { Timetable.takeALU(line, stretch) }
        if needs.pointee.alus > 1 { Timetable.takeALU(line, stretch) }
        line[Line.multiplier] |= stretch & needs.pointee.multiplier
        line[Line.divider] |= stretch & needs.pointee.divider
        return isFree
    }

    // MARK: Searching

    /// The first cycle from `cycle` on in which an instruction can start.
    @inline(__always)
    mutating func firstFit(_ needs: UnsafePointer<Needs>, from cycle: Int) -> Int {
        canStart(needs, cycle) ? cycle : search(needs, from: cycle)
    }

    @inline(__always)
    func canStart(_ needs: UnsafePointer<Needs>, _ cycle: Int) -> Bool {
        taken(line(cycle &>> 6), needs) &>> UInt64(truncatingIfNeeded: cycle & 63) & 1 == 0
            && starts[cycle & Timetable.cycleMask] < Timetable.startsPerCycle
    }

    /// A cycle before which there is none from `cycle` on: what an earlier search has found taken is taken still.
    @inline(__always)
    private func known(_ needs: UnsafePointer<Needs>, _ cycle: Int) -> Int {
        let known = searches + 2 &* Int(needs.pointee.unitClass)
        return known[0] <= cycle && cycle <= known[1] ? known[1] : cycle
    }

    private mutating func search(_ needs: UnsafePointer<Needs>, from cycle: Int) -> Int {
        hasSearched = true
        let known = searches + 2 &* Int(needs.pointee.unitClass), isKnown = known[0] <= cycle && cycle <= known[1]
        var from = isKnown ? known[1] : cycle
        while true {
            let free = ~taken(line(from &>> 6), needs) & UInt64.max &<< UInt64(truncatingIfNeeded: from & 63)
            if free == 0 {
                from = (from | 63) &+ 1
                continue
            }
            from = from & ~63 &+ free.trailingZeroBitCount
            if starts[from & Timetable.cycleMask] < Timetable.startsPerCycle { break }
            from &+= 1
        }
        if !isKnown { known[0] = cycle }
        known[1] = from
        return from
    }

    /// The cycles of a line in which a unit that it needs is taken.
    @inline(__always)
    private func taken(_ line: UnsafeMutablePointer<UInt64>, _ needs: UnsafePointer<Needs>) -> UInt64 {
        let odd = line[Line.two] & line[Line.one]
        return (needs.pointee.alus > 0 ? line[Line.four] : 0) | (needs.pointee.alus > 1 ? odd : 0)
            | line[Line.multiplier] & needs.pointee.multiplier | line[Line.divider] & needs.pointee.divider
    }
}
