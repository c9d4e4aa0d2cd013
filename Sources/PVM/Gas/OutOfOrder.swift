/// The gas model's processor in the order of time, for blocks in which an instruction takes what an older one comes to
/// want later.
///
/// Cycles in which nothing starts are not visited: an instruction stands on the agenda for the cycle in which it is
/// ready, and one that finds no unit free is put off, with all that want the same units, to the first cycle in which
/// there will be one. So something starts in every cycle that is visited, or has been taken away by an older
/// instruction that does.
struct OutOfOrder {
    private let state: UnsafeMutablePointer<UInt64>
    private var timetable: Timetable

    /// The entry of the reorder buffer that instruction number n (of those that have entries) gets: n mod 32. As a set
    /// of entries, a bit.
    private typealias Entries = UInt32
    private static let entryMask = GasModel.bufferSize - 1

    /// An instruction in the reorder buffer.
    private struct Entry: BitwiseCopyable {
        var needs: UnsafePointer<Needs>
        var cycles: Int
        /// When it is ready, as far as is known; when it has started, its end.
        var time: Int
        /// The first cycle in which the entry is free again.
        var freeAt: Int
        /// Those that have not started of those that it waits for, and who waits for it.
        var waitsFor: Entries
        var dependents: Entries
    }

    // Where in `state` what lies, in words.
    private var entries: UnsafeMutablePointer<Entry> {
        UnsafeMutableRawPointer(state).assumingMemoryBound(to: Entry.self)
    }
    /// For each register the number of the last instruction that writes it.
    private var writers: UnsafeMutablePointer<Int> {
        UnsafeMutableRawPointer(state + 5 * GasModel.bufferSize).assumingMemoryBound(to: Int.self)
    }
    /// Entries to be looked at in a cycle, by its number mod 128; for which cycles there are any, a bit for each; and
    /// for each class of units those on the agenda that want them.
    private var agenda: UnsafeMutablePointer<UInt64> { state + 5 * GasModel.bufferSize + Demand.registers }
    private var hasAny: UnsafeMutablePointer<UInt64> { agenda + 128 }
    private var ofClass: UnsafeMutablePointer<UInt64> { hasAny + 2 }
    private static let agendaSize = 128 + 2 + Needs.unitClasses
    static let size = 5 * GasModel.bufferSize + Demand.registers + agendaSize

    /// How far ahead of the agenda instructions are decoded: with that, whatever starts or is decoded lies fewer than
    /// 128 cycles ahead.
    private static let decodesAhead = 16

    /// On `size` words of any content.
    init(_ state: UnsafeMutablePointer<UInt64>, _ timetable: Timetable) {
        assert(MemoryLayout<Entry>.stride == 40)
        self.state = state
        self.timetable = timetable
    }

    /// The cycle in which all of the block is done.
    @inline(never)
    mutating func lastEnd(_ model: GasModel, _ first: Int) -> Int {
        for register in 0..<Demand.registers { writers[register] = -GasModel.bufferSize }
        for word in 0..<OutOfOrder.agendaSize { agenda[word] = 0 }
        for entry in 0..<GasModel.bufferSize { entries[entry].freeAt = 0 }
        var decoder = DecodeSlots(), next = first, isLast = false
        // Numbers: those below `oldest` have started, as have others; those below `count` have been decoded.
        var oldest = 0, count = 0, notStarted: Entries = 0
        var latest = 0, now = 0
        var demand = Demand(model, next)
        while true {
            // Decode whatever has an entry, which is known to become free once all before its last one have started.
            while !isLast, count &- oldest < GasModel.bufferSize {
                let entry = count & OutOfOrder.entryMask, free = entries[entry].freeAt
                if decoder.next(demand.slots, from: free) > now &+ OutOfOrder.decodesAhead { break }
                let decoded = decoder.take(demand.slots, from: free)
                if demand.needs.pointee.isMove {
                    demand.written(writers).pointee = demand.read(0, writers)
                } else {
                    enter(demand, count, decoded, notStarted)
                    notStarted |= 1 &<< Entries(truncatingIfNeeded: entry)
                    count &+= 1
                    isLast = demand.needs.pointee.endsBlock
                    if isLast { break }
                }
                next &+= 1
                demand = Demand(model, next)
            }

            // The next cycle that the agenda has, unless something is decoded before.
            let known = nextOnAgenda(now)
            guard let cycle = known else {
                if isLast { break }
                now = decoder.next(demand.slots, from: entries[count & OutOfOrder.entryMask].freeAt)
                continue
            }
            if !isLast, count &- oldest < GasModel.bufferSize {
                let decoded = decoder.next(demand.slots, from: entries[count & OutOfOrder.entryMask].freeAt)
                if decoded < cycle {
                    now = decoded
                    continue
                }
            }
            now = cycle
            timetable.forget(before: now)
            start(now, count, &notStarted)
            while oldest < count, notStarted &>> Entries(truncatingIfNeeded: oldest & OutOfOrder.entryMask) & 1 == 0 {
                let entry = entries + (oldest & OutOfOrder.entryMask)
                latest = max(latest, entry.pointee.time)
                entry.pointee.freeAt = latest &+ 2
                oldest &+= 1
            }
        }
        timetable.clear()
        return latest
    }

    /// A new entry, number `count`.
    @inline(__always)
    private func enter(_ demand: Demand, _ count: Int, _ decoded: Int, _ notStarted: Entries) {
        let slot = count & OutOfOrder.entryMask, bit: Entries = 1 &<< Entries(truncatingIfNeeded: slot)
        var time = decoded &+ 1, waitsFor: Entries = 0
        for number: UInt32 in 0..<3 {
            let writer = demand.read(number, writers)
            // Whoever wrote it before that is long done. (Of one that has not started the time is one that it comes
            // after.)
            let entry = writer & OutOfOrder.entryMask, counts = writer &+ GasModel.bufferSize > count
            waitsFor |= counts ? 1 &<< Entries(truncatingIfNeeded: entry) : 0
            time = max(time, counts ? entries[entry].time : 0)
        }
        waitsFor &= notStarted
        var left = waitsFor
        while left != 0 {
            entries[left.trailingZeroBitCount].dependents |= bit
            left &= left &- 1
        }
        entries[slot].needs = demand.needs
        entries[slot].cycles = demand.cycles
        entries[slot].time = time
        entries[slot].waitsFor = waitsFor
        entries[slot].dependents = 0
        demand.written(writers).pointee = count
        if waitsFor == 0 { putOnAgenda(slot, time) }
    }

    @inline(__always)
    private func putOnAgenda(_ slot: Int, _ cycle: Int) {
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: slot)
        put(bit, on: cycle)
        ofClass[Int(entries[slot].needs.pointee.unitClass)] |= bit
    }

    @inline(__always)
    private func put(_ entries: UInt64, on cycle: Int) {
        agenda[cycle & 127] |= entries
        hasAny[cycle &>> 6 & 1] |= 1 &<< UInt64(truncatingIfNeeded: cycle & 63)
    }

    @inline(__always)
    private func takeAll(from cycle: Int) -> UInt64 {
        hasAny[cycle &>> 6 & 1] &= ~(1 &<< UInt64(truncatingIfNeeded: cycle & 63))
        defer { agenda[cycle & 127] = 0 }
        return agenda[cycle & 127]
    }

    /// The first cycle from `now` on for which there is something; nil for none.
    @inline(__always)
    private func nextOnAgenda(_ now: Int) -> Int? {
        let this = hasAny[now &>> 6 & 1], other = hasAny[now &>> 6 & 1 ^ 1], bit = UInt64(truncatingIfNeeded: now & 63)
        if this &>> bit != 0 { return now &+ (this &>> bit).trailingZeroBitCount }
        let line = now | 63
        if other != 0 { return line &+ 1 &+ other.trailingZeroBitCount }
        return this != 0 ? line &+ 65 &+ this.trailingZeroBitCount : nil
    }

    /// 𝔖: in this cycle the oldest first.
    @inline(__always)
    private mutating func start(_ now: Int, _ count: Int, _ notStarted: inout Entries) {
        let set = Entries(truncatingIfNeeded: takeAll(from: now))
        // The oldest entry that there can be as bit 0.
        let turn = Entries(truncatingIfNeeded: count & OutOfOrder.entryMask)
        var rest = set &>> turn | set &<< (32 &- turn)
        while rest != 0 {
            let slot = (rest.trailingZeroBitCount &+ count) & OutOfOrder.entryMask, entry = entries + slot
            let needs = entry.pointee.needs
            let same = ofClass + Int(needs.pointee.unitClass)
            if !timetable.canStart(needs, now) {
                let fit = timetable.firstFit(needs, from: now)
                // All that want the same come too late as well.
                let all = Entries(truncatingIfNeeded: same.pointee)
                let late = rest & (all &>> turn | all &<< (32 &- turn))
                rest ^= late
                put(UInt64(late &<< turn | late &>> (32 &- turn)), on: fit)
                continue
            }
            rest &= rest &- 1
            let end = now &+ entry.pointee.cycles, bit: Entries = 1 &<< Entries(truncatingIfNeeded: slot)
            // In the order of time nobody has taken anything for later.
            timetable.takeFit(needs, entry.pointee.cycles, at: now)
            same.pointee &= ~UInt64(bit)
            notStarted &= ~bit
            entry.pointee.time = end
            var dependents = entry.pointee.dependents
            while dependents != 0 {
                let dependent = dependents.trailingZeroBitCount
                dependents &= dependents &- 1
                entries[dependent].waitsFor &= ~bit
                entries[dependent].time = max(entries[dependent].time, end)
                if entries[dependent].waitsFor == 0 { putOnAgenda(dependent, entries[dependent].time) }
            }
        }
    }
}
