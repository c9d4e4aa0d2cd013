import VMCommon
import XCTest

@testable import EVMState

/// The trie against itself built anew: whatever came and went, and whenever the root was asked for, the root depends on the pairs alone.
final class TrieTests: XCTestCase {
    private typealias Pairs = [[UInt8]: [UInt8]]

    private func set(_ trie: inout Trie, _ key: [UInt8], _ value: [UInt8]) {
        XCTAssertTrue(key.withUnsafeBytes { key in value.withUnsafeBytes { value in trie.set(key, value) } })
    }

    private func hex(_ root: Bytes32?) -> String {
        guard let root else { return "none" }
        return root.withOctets { UnsafeRawBufferPointer(start: $0, count: 32).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
    }

    private func freshRoot(_ pairs: Pairs) -> String {
        var trie = Trie()
        var writer = RLPWriter()
        defer {
            trie.free()
            writer.free()
        }
        for (key, value) in pairs { set(&trie, key, value) }
        return hex(trie.hash(&writer))
    }

    func testEmptyRoot() {
        XCTAssertEqual(freshRoot([:]), "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
    }

    /// A root that the trie vectors are built on: four words, one of them the beginning of others.
    func testValuesInBranches() {
        let words = ["do": "verb", "dog": "puppy", "doge": "coin", "horse": "stallion"]
        let pairs = Dictionary(uniqueKeysWithValues: words.map { (Array($0.key.utf8), Array($0.value.utf8)) })
        XCTAssertEqual(freshRoot(pairs), "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84")
    }

    func testRandomChanges() {
        var random = SplitMix(seed: 7)
        for round in 0..<80 {
            var trie = Trie()
            var writer = RLPWriter()
            var pairs: Pairs = [:]
            // Few different octets make long common paths and keys that begin others.
            let spread = UInt64([2, 3, 17, 256][round % 4])
            for _ in 0..<120 {
                let key = (0..<Int(random.next() % 5)).map { _ in UInt8(truncatingIfNeeded: random.next() % spread &* 0x11) }
                let value = random.next() % 3 == 0 ? [] : [UInt8](repeating: UInt8(random.next() % 256), count: 1 + Int(random.next() % 40))
                set(&trie, key, value)
                pairs[key] = value.isEmpty ? nil : value
                if random.next() % 4 == 0 { XCTAssertEqual(hex(trie.hash(&writer)), freshRoot(pairs)) }
            }
            XCTAssertEqual(hex(trie.hash(&writer)), freshRoot(pairs))
            for (key, value) in pairs { XCTAssertEqual(key.withUnsafeBytes { trie.get($0).map { Array($0) } }, value) }
            checkOrder(trie, pairs)
            for key in pairs.keys { set(&trie, key, []) }
            XCTAssertTrue(trie.isEmpty)
            trie.free()
            writer.free()
        }
    }

    private func checkOrder(_ trie: Trie, _ pairs: Pairs) {
        let keys = pairs.keys.sorted { $0.lexicographicallyPrecedes($1) }
        var found = ByteBuffer()
        defer { found.free() }
        var walked: [[UInt8]] = []
        var last: [UInt8]?
        while true {
            let next = last.map { key in key.withUnsafeBytes { trie.neighbour(.next, of: $0, &found).map { Array($0) } } }
                ?? trie.neighbour(.next, of: nil, &found).map { Array($0) }
            guard let next, walked.count <= keys.count else { break }
            walked.append(next)
            last = next
        }
        XCTAssertEqual(walked, keys)
        for (index, key) in keys.enumerated() {
            let before = key.withUnsafeBytes { trie.neighbour(.previous, of: $0, &found).map { Array($0) } }
            XCTAssertEqual(before, index > 0 ? keys[index - 1] : nil)
        }
    }

    func testKeysThatAreTooLong() {
        var trie = Trie()
        let key = [UInt8](repeating: 1, count: Trie.maxKeyOctets + 1)
        XCTAssertFalse(key.withUnsafeBytes { trie.set($0, $0) })
        XCTAssertTrue(trie.isEmpty)
        set(&trie, Array(key.dropLast()), [1])
        XCTAssertNotNil(key.dropLast().withUnsafeBytes { trie.get($0) })
        trie.free()
    }
}

/// Numbers that look random and are the same in every run.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
