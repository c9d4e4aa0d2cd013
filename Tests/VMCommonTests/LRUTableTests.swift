import Testing
@testable import VMCommon

@Suite struct LRUTableTests {
    /// Against an array in the order of use, through some thousands of random requests, with many equal buckets.
    @Test func agreesWithModel() {
        var random = SplitMix(seed: 3)
        var table = LRUTable()
        defer { table.destroy() }
        // Oldest first.
        var model: [(print: Fingerprint, value: Int, weight: Int, number: LRUTable.Number)] = []
        var most = 0
        for step in 1...20000 {
            let print = Fingerprint(low: random.next() % 8 * 1024, high: random.next() % 40)
            let index = model.firstIndex { $0.print == print }
            #expect((table.find(print) == nil) == (index == nil))
            switch random.next() % 4 {
            case 0, 1:
                if let index {
                    #expect(table[table.find(print)!] == UnsafeMutableRawPointer(bitPattern: model[index].value))
                    table.touch(model[index].number)
                    model.append(model.remove(at: index))
                } else {
                    let weight = Int(random.next() % 100)
                    let number = table.insert(print, UnsafeMutableRawPointer(bitPattern: step)!, weight: weight)!
                    model.append((print, step, weight, number))
                }
            case 2:
                if let index {
                    model[index].weight = Int(random.next() % 100)
                    table.setWeight(of: model[index].number, model[index].weight)
                }
            default:
                if let oldest = table.oldest, random.next() % 2 == 0 {
                    #expect(oldest == model[0].number)
                    table.remove(oldest)
                    model.removeFirst()
                } else if let index {
                    table.remove(model.remove(at: index).number)
                }
            }
            most = max(most, model.count)
            #expect(table.count == model.count)
            #expect(table.weight == model.reduce(0) { $0 + $1.weight })
            var number = table.oldest
            for entry in model {
                guard let this = number else { break }
                #expect(this == entry.number && table.weight(of: this) == entry.weight)
                number = table.newer(than: this)
            }
            #expect(number == nil)
        }
        #expect(most > 100, "never large")
    }

    /// No two of many inputs meet that differ in a bit, in where one run of bytes ends and the next begins, or in length.
    @Test func fingerprintsTellApart() {
        var seen: Set<[UInt64]> = []
        var count = 0
        func note(_ parts: [[UInt8]]) {
            var maker = FingerprintMaker()
            for part in parts { part.withUnsafeBytes { maker.add($0) } }
            seen.insert([maker.fingerprint.low, maker.fingerprint.high])
            // Each half tells them apart as well.
            seen.insert([maker.fingerprint.low])
            seen.insert([1, 2, maker.fingerprint.high])
            count += 3
        }
        for length in [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100] {
            let zeros = [UInt8](repeating: 0, count: length)
            note([zeros])
            note([zeros, []])
            for bit in 0..<8 * length {
                var bytes = zeros
                bytes[bit / 8] = 1 << UInt8(bit % 8)
                note([bytes])
            }
            for cut in 1..<max(1, length) { note([Array(zeros[..<cut]), Array(zeros[cut...])]) }
        }
        #expect(seen.count == count)
    }

    @Test func fingerprintsAreRepeated() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for offset in 0..<16 {
            // From every alignment.
            func make(_ copy: [UInt8]) -> Fingerprint {
                var maker = FingerprintMaker()
                copy.withUnsafeBytes { maker.add(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
                return maker.fingerprint
            }
            #expect(make([UInt8](repeating: 9, count: offset) + bytes) == make([UInt8](repeating: 5, count: offset) + bytes))
        }
    }
}
