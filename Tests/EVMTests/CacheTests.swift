import CPVM
import XCTest

@testable import EVM

/// The cache of images: what comes in, what goes out, and that it costs a share of the work alone. Nothing here is timed: work is what executions say it is.
final class CacheTests: XCTestCase {
    private let size = 2000

    private func code(_ number: Int, _ size: Int = 2000) -> [UInt8] { CacheTests.code(number, size) }
    private func admit(_ code: [UInt8], once: Int = 1) { CacheTests.admit(code, once: once) }

    override func setUp() { CodeCache.setLimit(0) }
    override func tearDown() {
        CodeCache.setLimit(0)
        CodeCache.setLimit(CodeCache.defaultLimit)
    }

    private static func code(_ number: Int, _ size: Int = 2000) -> [UInt8] {
        var code = [UInt8](repeating: 0x5b, count: size)
        // In every eight octets, so that the keys differ.
        for place in stride(from: 0, to: size - 2, by: 8) { (code[place], code[place + 1]) = (UInt8(number & 255), UInt8(number >> 8)) }
        return code
    }

    /// The time of these tests.
    private var now = 1

    /// As an execution does it that takes twice its work. True: the cache has the code.
    private func execute(_ code: [UInt8], work: Int, _ purse: inout Purse, _ searches: inout Int) -> Bool {
        var key: UInt64 = 0
        if let image = CodeCache.find(code, code.count, .osaka, &purse, key: &key) {
            defer { CachedCode.release(image) }
            XCTAssert(image.pointee.isOf(code, code.count))
            return true
        }
        now += 2 * work
        purse.earnSearches(work)
        purse.earn(work)
        guard key != 0 else { return false }
        searches += CachePrice.search(code.count)
        guard purse.isDue else { return false }
        let payment = purse.takePayment(at: now)
        if payment > 0 { _ = CodeCache.pay(payment, once: 2 * work, key, code, code.count, .osaka) }
        return false
    }

    private func isCached(_ code: [UInt8]) -> CachedCode.Handle? {
        var (purse, key): (Purse, UInt64) = (Purse(), 0)
        return CodeCache.find(code, code.count, .osaka, &purse, key: &key)
    }

    /// Brings code in, without more ado.
    private static func admit(_ code: [UInt8], once: Int = 1) {
        _ = CodeCache.pay(CachePrice.admission(code.count), once: once, CodeCache.key(code, code.count, .osaka), code, code.count, .osaka)
    }

    /// What is in the cache never takes up more than it may, and nothing is lost that is in use.
    func testLimit() {
        CodeCache.setLimit(1 << 20)
        var held: [CachedCode.Handle] = []
        for number in 0..<400 {
            let code = code(number)
            XCTAssertNil(isCached(code))
            admit(code)
            XCTAssertLessThanOrEqual(CodeCache.octets, 1 << 20)
            guard let entry = isCached(code) else {
                XCTFail("it has done enough and there is room: nothing in the cache has been used since")
                continue
            }
            if number % 3 == 0 { held.append(entry) } else { CachedCode.release(entry) }
        }
        for (index, entry) in held.enumerated() {
            XCTAssert(entry.pointee.isOf(code(3 * index), size))
            CachedCode.release(entry)
        }
        CodeCache.setLimit(0)
        XCTAssertEqual(CodeCache.octets, 0)
    }

    /// Code is not analysed before it has done enough, and once it is out not before it has done it all again.
    func testWorkIsForgotten() {
        CodeCache.setLimit(1 << 20)
        let code = code(1), key = CodeCache.key(code, size, .osaka), enough = CachePrice.admission(size)
        for _ in 0..<3 {
            let before = CachedCode.analyses
            for _ in 0..<3 { _ = CodeCache.pay(enough / 4, once: 1, key, code, size, .osaka) }
            XCTAssertNil(isCached(code))
            XCTAssertEqual(CachedCode.analyses, before)
            _ = CodeCache.pay(enough / 4, once: 1, key, code, size, .osaka)
            let image = isCached(code)
            XCTAssertNotNil(image)
            if let image { CachedCode.release(image) }
            XCTAssertEqual(CachedCode.analyses, before + 1)
            CodeCache.setLimit(0)
            CodeCache.setLimit(1 << 20)
        }
    }

    /// What cannot fit is never analysed.
    func testTooLarge() {
        CodeCache.setLimit(16 * 1000)
        let before = CachedCode.analyses
        for _ in 0..<100 { admit(code(2)) }
        XCTAssertEqual(CachedCode.analyses, before)
    }

    /// An image that is used as often as a newcomer's code stays; one that is not goes.
    func testWhoStays() {
        CodeCache.setLimit(16 * 50_000)
        let enough = CachePrice.admission(size)
        let codes = (0..<200).map { code(1000 + $0) }
        for code in codes { admit(code, once: enough / 5) }
        let staying = codes.filter { code in isCached(code).map { CachedCode.release($0); return true } ?? false }
        XCTAssertGreaterThan(staying.count, 4)
        XCTAssertLessThan(staying.count, 100)
        let before = CachedCode.analyses
        for _ in 0..<4 {
            for code in staying {
                for _ in 0..<10 { if let image = isCached(code) { CachedCode.release(image) } else { XCTFail("it has been used") } }
            }
            // At most one of them for each shard's first in turn.
            let key = { (code: [UInt8]) in CodeCache.key(code, self.size, .osaka) % 16 }
            let shards = Set(staying.map(key))
            var asked: Set<UInt64> = []
            for number in 0..<200 {
                let code = code(3000 + number)
                if shards.contains(key(code)) && asked.insert(key(code)).inserted { admit(code) }
            }
        }
        XCTAssertEqual(CachedCode.analyses, before, "the images were used, so no newcomer was analysed")
        // Nobody uses them any more.
        for number in 0..<200 { admit(code(5000 + number)) }
        for number in 0..<200 { admit(code(7000 + number)) }
        XCTAssertTrue(staying.allSatisfy { isCached($0) == nil })
    }

    /// For working sets of half the limit, once, twice and ten times, in turn and at random: analyses cost a share of the work, searches another, and what fits is found.
    func testCostsAShare() {
        CodeCache.setLimit(16 * 200_000)
        let fitting = 16 * 200_000 / CachedCode.room(size)
        var (random, first): (UInt64, Int) = (5, 0)
        for (factor, isRandom) in [(0.5, false), (1, false), (2, false), (10, false), (0.5, true), (2, true), (10, true)] {
            CodeCache.setLimit(0)
            CodeCache.setLimit(16 * 200_000)
            // Others each time: what they have done in work is still known of codes that are not in the cache.
            let codes = (0..<Int(Double(fitting) * factor)).map { code(first + $0) }
            first += codes.count
            let analyses = CachedCode.analyses
            var (purse, searches, done, hits, runs) = (Purse(), 0, 0, 0, 0)
            let work = CachePrice.admission(size) / 20
            for round in 0..<60 {
                for index in codes.indices {
                    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    let code = codes[isRandom ? Int(random >> 33) % codes.count : index]
                    if execute(code, work: work, &purse, &searches) {
                        hits += round >= 30 ? 1 : 0
                    } else {
                        done += work
                    }
                    runs += round >= 30 ? 1 : 0
                }
            }
            let paid = (CachedCode.analyses - analyses) * CachePrice.analysis(size)
            XCTAssertLessThanOrEqual(paid, 2 * done / CachePrice.analysisShare, "\(factor) \(isRandom)")
            XCTAssertLessThanOrEqual(searches, done / CachePrice.searchShare + 1 << 16, "\(factor) \(isRandom)")
            let rate = Double(hits) / Double(runs)
            // A shard may have more than its part of the codes.
            XCTAssertGreaterThan(rate, factor < 1 ? 0.9 : factor == 1 ? 0.6 : factor == 2 ? 0.3 : 0.04, "\(factor) \(isRandom)")
        }
    }

    /// Short executions of long codes, more than fit: none is ever analysed, and most do without a search.
    func testShortExecutions() {
        CodeCache.setLimit(16 * 600_000)
        let codes = (0..<200).map { code($0, 24_576) }
        let before = CachedCode.analyses
        var (purse, searches, work) = (Purse(), 0, 0)
        for _ in 0..<20 {
            for code in codes where !execute(code, work: CachePrice.setUp(code.count), &purse, &searches) { work += CachePrice.setUp(code.count) }
        }
        XCTAssertEqual(CachedCode.analyses, before)
        XCTAssertLessThanOrEqual(searches, work / CachePrice.searchShare + 1 << 16)
    }

    /// What is paid in is the time that has passed, and not more than the work can have taken; analyses that took longer than was thought come off.
    func testPayments() {
        var purse = Purse()
        purse.earn(1 << 14)
        XCTAssertTrue(purse.isDue)
        XCTAssertEqual(purse.takePayment(at: 1_000_000), 1 << 14, "the first time nobody knows since when")
        XCTAssertFalse(purse.isDue)
        purse.earn(20_000)
        XCTAssertEqual(purse.takePayment(at: 1_050_000), 50_000)
        purse.earn(20_000)
        XCTAssertEqual(purse.takePayment(at: 9_000_000), 20_000 * CachePrice.timeOfWork)
        purse.earn(20_000)
        XCTAssertEqual(purse.takePayment(at: 8_000_000), 0, "a clock that goes back")
        purse.settle(1000, taken: 2000)
        purse.earn(20_000)
        XCTAssertEqual(purse.takePayment(at: 8_007_000), 0)
        purse.earn(20_000)
        XCTAssertEqual(purse.takePayment(at: 8_010_000), 2000, "1000 are left of the debt")
        purse.settle(1000, taken: 900)
        purse.earn(20_000)
        XCTAssertEqual(purse.takePayment(at: 8_020_000), 10_000)
    }

    /// Codes that differ where the key does not look are told apart, and so many alike do not pile up.
    func testCodesWithOneKey() {
        CodeCache.setLimit(64 << 20)
        let key = CodeCache.key(code(1), size, .osaka)
        var alike: [[UInt8]] = []
        for place in 0..<size where alike.count < 20 {
            var other = code(1)
            other[place] ^= 0x40
            if CodeCache.key(other, size, .osaka) == key { alike.append(other) }
        }
        XCTAssertEqual(alike.count, 20)
        for code in alike { admit(code) }
        var found = 0
        for code in alike {
            guard let image = isCached(code) else { continue }
            XCTAssert(image.pointee.isOf(code, size))
            CachedCode.release(image)
            found += 1
        }
        XCTAssertEqual(found, 8)
    }

    /// Threads that bring in the same code at once leave one image of it.
    func testNoDuplicates() {
        CodeCache.setLimit(64 << 20)
        let codes = (0..<20).map { code($0) }
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for code in codes { CacheTests.admit(code) }
        }
        var octets = 0
        for code in codes {
            guard let image = isCached(code) else {
                XCTFail("it is not there")
                continue
            }
            octets += image.pointee.octets
            CachedCode.release(image)
        }
        XCTAssertEqual(CodeCache.octets, octets)
    }
}
