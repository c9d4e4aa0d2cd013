import VMCommon
import XCTest

@testable import PVM

/// SplitMix64: the same numbers on every run.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

/// What ranges leave free of others, against a list of bytes; and that many of them cost in proportion.
final class CoveredRangesTests: XCTestCase {
    private func covered(_ ranges: [(UInt64, UInt64)]) throws -> (CoveredRanges, Vector<EcalliRecorder.Range>) {
        var all = Vector<EcalliRecorder.Range>()
        for (start, end) in ranges {
            XCTAssertTrue(all.append(EcalliRecorder.Range(address: start, end: end, isWritten: true)))
        }
        return (try XCTUnwrap(CoveredRanges(all)), all)
    }

    func testGapsAreWhatNoRangeHasCovered() throws {
        var random = Numbers(state: 1)
        for _ in 0..<200 {
            let ranges = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                let start = UInt64.random(in: 0..<60, using: &random)
                return (start, start + UInt64.random(in: 1...20, using: &random))
            }
            var (own, all) = try covered(ranges)
            defer {
                own.free()
                all.free()
            }
            var bytes = [Bool](repeating: false, count: 90)
            for (index, range) in ranges.enumerated() {
                own.cover(all[index])
                for byte in range.0..<range.1 { bytes[Int(byte)] = true }
                let first = UInt64.random(in: 0..<85, using: &random), end = UInt64.random(in: first...85, using: &random)
                var free = Set<UInt64>(), start = first, last: UInt64?
                while let gap = own.gap(from: start, to: end) {
                    XCTAssertLessThan(gap.start, gap.end)
                    XCTAssertNotEqual(gap.start, last, "one gap, told as two")
                    free.formUnion(gap.start..<gap.end)
                    (start, last) = (gap.end, gap.end)
                }
                XCTAssertEqual(free, Set((first..<end).filter { !bytes[Int($0)] }), "\(ranges) to \(index), \(first)..<\(end)")
            }
        }
    }

    /// Every other byte, read back after each: steps of searching, and no more.
    func testManyRangesTakeStepsInProportion() throws {
        func work(_ count: Int) throws -> Int {
            var (own, all) = try covered((0..<count).map { (UInt64(2 * $0), UInt64(2 * $0 + 1)) })
            for index in 0..<count {
                own.cover(all[index])
                let gap = own.gap(from: UInt64(2 * index), to: UInt64(2 * index + 2))
                XCTAssertEqual(gap?.start, UInt64(2 * index + 1))
            }
            defer {
                own.free()
                all.free()
            }
            return own.work
        }
        XCTAssertLessThan(try work(100_000), 100_000 * 100)
        XCTAssertLessThan(try work(20_000), try work(10_000) * 5 / 2)
    }
}
