import VMCommon
import XCTest

@testable import EVMState

final class RLPTests: XCTestCase {
    private func encoding(_ body: (inout RLPWriter) -> Void) -> [UInt8] {
        var writer = RLPWriter()
        defer { writer.free() }
        body(&writer)
        XCTAssertFalse(writer.failed)
        return Array(writer.bytes)
    }

    private func mistake(_ octets: [UInt8]) -> RLPError? {
        octets.withUnsafeBytes { bytes in
            do throws(RLPError) {
                try RLPReader.check(bytes)
                return nil
            } catch {
                return error
            }
        }
    }

    /// The borders between the forms: 55 and 56 octets, 255 and 256.
    func testStringLengths() {
        for (length, prefix) in [(0, [0x80]), (1, [0x81]), (55, [0xb7]), (56, [0xb8, 56]), (255, [0xb8, 255]), (256, [0xb9, 1, 0]),
                                 (70000, [0xba, 1, 0x11, 0x70])] as [(Int, [UInt8])] {
            let string = [UInt8](repeating: 0xee, count: length)
            let octets = encoding { writer in string.withUnsafeBytes { writer.string($0) } }
            XCTAssertEqual(octets, prefix + string)
            XCTAssertNil(mistake(octets))
            let list = encoding { writer in
                let start = writer.beginList()
                string.withUnsafeBytes { writer.raw($0.isEmpty ? $0 : UnsafeRawBufferPointer(rebasing: $0[...])) }
                writer.endList(start)
            }
            XCTAssertEqual(list, prefix.enumerated().map { $0.offset == 0 ? $0.element + 0x40 : $0.element } + string)
        }
        XCTAssertEqual(encoding { $0.number(0) }, [0x80])
        XCTAssertEqual(encoding { $0.number(127) }, [0x7f])
        XCTAssertEqual(encoding { $0.number(128) }, [0x81, 0x80])
        XCTAssertEqual(encoding { $0.number(U256.max) }, [0xa0] + [UInt8](repeating: 0xff, count: 32))
    }

    func testWhatIsRefused() {
        XCTAssertEqual(mistake([]), .truncated)
        XCTAssertEqual(mistake([0x81, 0x7f]), .notMinimal)
        XCTAssertEqual(mistake([0xb8, 55] + [UInt8](repeating: 0, count: 55)), .notMinimal)
        XCTAssertEqual(mistake([0xb9, 0, 56] + [UInt8](repeating: 0, count: 56)), .notMinimal)
        XCTAssertEqual(mistake([0x82, 0]), .truncated)
        XCTAssertEqual(mistake([0xbf] + [UInt8](repeating: 0xff, count: 8)), .truncated)
        XCTAssertEqual(mistake([0xff] + [UInt8](repeating: 0xff, count: 8)), .truncated)
        XCTAssertEqual(mistake([0xbb, 1]), .truncated)
        XCTAssertEqual(mistake([0x80, 0x80]), .trailingOctets)
        XCTAssertEqual(mistake([0xc2, 0x81]), .truncated)
        XCTAssertEqual(mistake([0xc2, 0x82, 0x80]), .truncated)
        XCTAssertEqual(mistake([0xc3, 0xc2, 0x81, 0x01]), .notMinimal)
    }

    /// 200,000 lists in each other: no recursion, and no memory for each.
    func testDepth() {
        var octets: [UInt8] = [0xc0]
        var deep: [UInt8] = []
        for _ in 0..<200_000 {
            let length = octets.count + deep.count
            let prefix = length < 56 ? [0xc0 + UInt8(length)] : [UInt8(0xf7 + (64 - length.leadingZeroBitCount + 7) / 8)]
                + (0..<(64 - length.leadingZeroBitCount + 7) / 8).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
            deep += prefix.reversed()
        }
        octets = deep.reversed() + octets
        XCTAssertNil(mistake(octets))
        XCTAssertEqual(mistake(octets.dropLast()), .truncated)
    }

    func testNumbers() throws {
        func number(_ octets: [UInt8]) throws -> U256 { try octets.withUnsafeBytes { try RLPReader.item($0).number() } }
        XCTAssertEqual(try number([0x80]), U256())
        XCTAssertEqual(try number([0x82, 1, 2]), U256(0x102))
        XCTAssertThrowsError(try number([0x00]))
        XCTAssertThrowsError(try number([0x82, 0, 1]))
        XCTAssertThrowsError(try number([0xa1] + [UInt8](repeating: 1, count: 33)))
        XCTAssertThrowsError(try number([0xc0]))
    }
}
