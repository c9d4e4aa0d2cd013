import Testing
import VMCommon

@testable import EVMPrecompiles

/// Serialised: the tests change for the whole process which instructions count as there.
@Suite(.serialized) struct HashTests {
    private func keccak(_ data: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        keccak256(data, data.count, &digest)
        return hex(digest)
    }

    private func sha(_ data: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        sha256(data, data.count, &digest)
        return hex(digest)
    }

    /// Of nothing, and of a million times "a" (for SHA-256 and RIPEMD-160 the answers stand in their specifications).
    @Test func knownDigests() {
        let many = [UInt8](repeating: 0x61, count: 1_000_000)
        for withheld in [CPUFeatures(), .all] {
            CPUFeatures.withheld = withheld
            #expect(keccak([]) == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
            #expect(keccak(many) == "fadae6b49f129bbb812be8407b7b2894f34aecf6dbd1f9b0f0c7e9853098fc96")
            #expect(sha([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
            #expect(sha(many) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        }
        CPUFeatures.withheld = []
        #expect(hex(call(3, []).1) == String(repeating: "0", count: 24) + "9c1185a5c5e9fc54612808977ee8f548b2258d31")
        #expect(hex(call(3, many).1) == String(repeating: "0", count: 24) + "52783243c1697bdbe16d37f97f68f08325dc1528")
    }

    /// Every path gives the same digests, with the padding in every place of a block.
    @Test func pathsAgree() {
        defer { CPUFeatures.withheld = [] }
        var random = SplitMix(seed: 1)
        for length in Array(0..<420) + [1000, 5000] {
            let data = random.octets(length)
            CPUFeatures.withheld = []
            let fast = (keccak(data), sha(data))
            CPUFeatures.withheld = .all
            #expect(fast == (keccak(data), sha(data)), "\(length) octets")
        }
    }

    @Test func keccakInPieces() {
        var random = SplitMix(seed: 2)
        var hash = Keccak256()
        for length in [0, 1, 135, 136, 137, 271, 272, 273, 1000] {
            let data = random.octets(length)
            for _ in 0..<20 {
                var start = 0
                data.withUnsafeBufferPointer { octets in
                    while start < length {
                        let count = min(length - start, Int(random.next() % 300))
                        hash.append(octets.baseAddress! + start, count)
                        start += count
                    }
                }
                var digest = [UInt8](repeating: 0, count: 32)
                hash.finish(&digest)
                #expect(hex(digest) == keccak(data), "\(length) octets; the value starts anew after each")
            }
        }
    }

    /// The vector kernel and the path without it, with each number of rounds up to the second time through the schedules.
    @Test func blake2PathsAgree() {
        defer { CPUFeatures.withheld = [] }
        var random = SplitMix(seed: 3)
        for rounds in UInt8(0)..<32 {
            let input = [0, 0, 0, rounds] + random.octets(208) + [rounds & 1]
            CPUFeatures.withheld = []
            let fast = call(9, input).1
            CPUFeatures.withheld = .all
            #expect(fast.count == 64 && fast == call(9, input).1, "\(rounds) rounds")
        }
    }

    /// RFC 7693, appendix A: BLAKE2b-512 of "abc".
    @Test func blake2() {
        let input = octets(
            "0000000c48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b616263"
                + String(repeating: "0", count: 250) + "0300000000000000000000000000000001")
        #expect(input.count == 213)
        #expect(hex(call(9, input).1) == "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923")
    }
}
