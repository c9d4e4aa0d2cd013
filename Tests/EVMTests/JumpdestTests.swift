import CPVM
import XCTest

@testable import EVM

final class JumpdestTests: XCTestCase {
    /// Asked in any order, an image knows the same jump destinations as a walk over all of the code.
    func testAgainstAWalk() {
        var random: UInt64 = 7
        func next(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % limit
        }
        var (found, hidden) = (0, 0)
        for round in 0..<400 {
            let code = (0..<next(600)).map { _ in
                // Many JUMPDESTs; pushes that reach far, or only short ones, or any octet.
                next(3) == 0 ? UInt8(0x5b) : round % 3 == 0 ? UInt8(0x60 + next(32)) : round % 3 == 1 ? UInt8(0x5c + next(8)) : UInt8(next(256))
            }
            var expected = [Bool](repeating: false, count: code.count)
            var offset = 0
            while offset < code.count {
                expected[offset] = code[offset] == 0x5b
                offset += code[offset] >= 0x60 && code[offset] <= 0x7f ? Int(code[offset]) - 0x5e : 1
            }
            withImage(of: code) { image in
                XCTAssertFalse(image.isJumpdest(UInt64(code.count)))
                XCTAssertFalse(image.isJumpdest(.max))
                for _ in 0..<code.count {
                    let place = next(code.count)
                    XCTAssertEqual(image.isJumpdest(UInt64(place)), expected[place], "round \(round), offset \(place)")
                }
                for place in code.indices {
                    XCTAssertEqual(image.isJumpdest(UInt64(place)), expected[place])
                    if expected[place] { found += 1 } else if code[place] == 0x5b { hidden += 1 }
                }
            }
        }
        XCTAssertGreaterThan(found, 1000)
        XCTAssertGreaterThan(hidden, 1000)
    }
}
