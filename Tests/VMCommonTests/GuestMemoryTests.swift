import Foundation
import Testing
@testable import VMCommon

/// The suite shares the store of reservations, and its tests take the one that the last gave back: one at a time.
@Suite(.serialized) struct GuestMemoryTests {
    @Test func rangesCoverWhatWasInserted() {
        var random = SplitMix(seed: 9)
        for scale in [20, 60, 1000] {
            var ranges = PageRanges()
            var model = [Bool](repeating: false, count: scale + 10)
            var isExact = true
            for _ in 0..<40 {
                let range = PageRanges.Range(first: random.next() % UInt64(scale), count: 1 + random.next() % 6)
                let runs = model.split(separator: false).count
                let before = model
                for page in range.first..<range.end { model[Int(page)] = true }
                let part = ranges.insert(range)
                #expect(part.first <= range.first && part.end >= range.end)
                #expect(ranges.contains(range) && ranges.contains(part))
                // What came in beside the range was there, or filled a gap because there was no room.
                if isExact, runs < PageRanges.capacity {
                    for page in part.first..<part.end where !(range.first..<range.end).contains(page) { #expect(before[Int(page)]) }
                } else {
                    isExact = false
                }
                var covered = [Bool](repeating: false, count: model.count)
                for index in 0..<ranges.count {
                    if index > 0 { #expect(ranges[index].first > ranges[index - 1].end) }
                    for page in ranges[index].first..<ranges[index].end { covered[Int(page)] = true }
                }
                for page in model.indices {
                    if model[page] { #expect(covered[page]) }
                    if isExact { #expect(covered[page] == model[page]) }
                    #expect(ranges.contains(PageRanges.Range(first: UInt64(page), count: 1)) == covered[page])
                }
            }
        }
    }

    /// Rights and contents against a model, through many lives of memories of both modes that share reservations.
    @Test func livesLeaveNothingBehind() {
        var random = SplitMix(seed: 4)
        for life in 0..<400 {
            var memory = GuestMemory()
            defer { memory.destroy() }
            var rights: [UInt64: UInt8] = [:]
            var contents: [UInt64: UInt8] = [:]
            // Few places, so that lives meet; now and then many, so that ranges run out and reservations are renewed.
            let places = life % 8 == 7 ? 4096 : 12
            for step in 0..<(life % 8 == 7 ? 60 : 12) {
                let first = 16 + random.next() % UInt64(places) * (life % 3 == 0 ? 3 : 40)
                let count = random.next() % 16 == 0 ? 600 : 1 + random.next() % 20
                let new = [GuestMemory.none, GuestMemory.read, GuestMemory.readWrite, GuestMemory.readWrite][Int(random.next() % 4)]
                if step == 5, life % 2 == 1 { _ = memory.guardPages() }
                let isMapped = memory.map(first: first, count: count, rights: new)
                #expect(isMapped)
                for page in first..<first + count {
                    rights[page] = new
                    if new == GuestMemory.none { contents[page] = nil }
                }
                for page in [first, first + count / 2, first + count - 1] where new != GuestMemory.none {
                    let octet = UInt8(truncatingIfNeeded: random.next())
                    withUnsafeBytes(of: octet) { bytes in
                        let copying = memory.write(page << 12 | (page & 7), 1, from: bytes.baseAddress!, need: GuestMemory.read)
                        #expect(copying == .done)
                    }
                    contents[page] = octet
                }
            }
            for page in UInt64(16)..<2000 { #expect(memory.rights[Int(page)] == rights[page] ?? 0) }
            for (page, right) in rights where right != GuestMemory.none {
                var octets = [UInt8](repeating: 1, count: 4096)
                octets.withUnsafeMutableBytes { bytes in #expect(memory.read(page << 12, 4096, to: bytes.baseAddress!)) }
                var expected = [UInt8](repeating: 0, count: 4096)
                if let octet = contents[page] { expected[Int(page & 7)] = octet }
                #expect(octets == expected, "page \(page) of life \(life)")
            }
        }
    }

    /// What compiled code asks of a page and its neighbours follows every change, and begins with nothing in each life.
    @Test func pairsAreWhatBothPagesAllow() {
        var random = SplitMix(seed: 15)
        for life in 0..<200 {
            var memory = GuestMemory()
            defer { memory.destroy() }
            let isReserved = memory.prepareContext()
            #expect(isReserved)
            let edge = GuestMemory.pageCount - 40
            for _ in 0..<12 {
                let first = (life % 2 == 0 ? 16 : edge) + random.next() % 30, count = random.next() % 11
                let new = [GuestMemory.none, GuestMemory.read, GuestMemory.readWrite][Int(random.next() % 3)]
                let isMapped = memory.map(first: first, count: count, rights: new)
                #expect(isMapped)
                if random.next() % 4 == 0 { _ = memory.guardPages() }
                for page in life % 2 == 0 ? UInt64(1)..<80 : edge - 40..<GuestMemory.pageCount {
                    let here = memory.rights[Int(page)], before = memory.rights[Int(page) - 1]
                    let behind = page + 1 < GuestMemory.pageCount ? memory.rights[Int(page) + 1] : GuestMemory.none
                    #expect(memory.pairs[Int(page)] == here & behind | (here & before) << GuestMemory.pairBefore, "page \(page) of life \(life)")
                }
            }
            // An address that is no multiple of an access's size finds no rights.
            for table in 1..<8 { #expect(memory.rights[table * Int(GuestMemory.pageCount) + Int(random.next() % GuestMemory.pageCount)] == 0) }
        }
    }

    /// What the host's pages may be used for, asked of the kernel by writing from and reading to them.
    private func hostRights(_ memory: GuestMemory, _ page: UInt64) -> UInt8 {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0)
        defer { ends.forEach { _ = close($0) } }
        let address = memory.base + Int(page << 12)
        guard write(ends[1], address, 1) == 1 else { return GuestMemory.none }
        return read(ends[0], address, 1) == 1 ? GuestMemory.readWrite : GuestMemory.read
    }

    /// Guarded: exactly the guest's rights, at every page and after every change, whoever had the reservation before.
    @Test func guardedPagesHaveTheGuestsRights() {
        var random = SplitMix(seed: 8)
        for life in 0..<60 {
            var memory = GuestMemory()
            defer { memory.destroy() }
            func change() {
                let new = [GuestMemory.none, GuestMemory.read, GuestMemory.readWrite][Int(random.next() % 3)]
                let isMapped = memory.map(first: 16 + random.next() % 40, count: 1 + random.next() % 8, rights: new)
                #expect(isMapped)
            }
            for _ in 0..<4 { change() }
            guard life % 4 != 3 else { continue }
            let isGuarded = memory.guardPages()
            #expect(isGuarded)
            for _ in 0..<4 {
                for page in UInt64(0)..<80 { #expect(hostRights(memory, page) == memory.rights[Int(page)], "page \(page) of life \(life)") }
                change()
            }
        }
    }

    /// A guest that splits its memory into very many pieces is not guarded: the host's mappings are few.
    @Test func fragmentedMemoryIsNotGuarded() {
        for isGuardedBefore in [false, true] {
            var memory = GuestMemory()
            defer { memory.destroy() }
            var isMapped = memory.map(first: 16, count: 200, rights: GuestMemory.readWrite)
            if isGuardedBefore { _ = memory.guardPages() }
            #expect(memory.isGuarded == isGuardedBefore)
            for page in stride(from: UInt64(20), to: 200, by: 2) { isMapped = memory.map(first: page, count: 1, rights: GuestMemory.read) && isMapped }
            #expect(isMapped)
            let isGuarded = memory.guardPages()
            #expect(!isGuarded)
            #expect(!memory.isGuarded)
            for page in UInt64(16)..<216 { #expect(hostRights(memory, page) == GuestMemory.readWrite) }
        }
    }
}
