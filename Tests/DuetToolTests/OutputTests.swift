import Foundation
import Testing

@testable import DuetTool

@Suite struct OutputTests {
    /// All 64 bits of a number arrive, keys keep their order, text is quoted.
    @Test func json() throws {
        var line = JSONLine()
        line.add("b", UInt64.max)
        line.add("a", UInt64?.none)
        line.add("regs", .numbers([0, UInt64.max - 1]))
        line.add("text", "a\"\\\n\u{1}é")
        line.add("none", String?.none)
        line.add("seconds", 1.5e-7)
        #expect(line.text == #"{"b": 18446744073709551615, "a": null, "regs": [0, 18446744073709551614], "#
            + #""text": "a\"\\\u000a\u0001é", "none": null, "seconds": 1.5e-07}"#)
        #expect(try JSONSerialization.jsonObject(with: Data(line.text.utf8)) is [String: Any])
    }

    @Test func hex() {
        #expect(hexText([0, 0x7f, 0xff]) == "007fff")
        #expect(hexText([1, 2], separator: " ") == "01 02")
        #expect(hexOctets("00 7F ff".utf8) == [0, 0x7f, 0xff])
        #expect(hexOctets("0".utf8) == nil)
        #expect(hexOctets("0 0".utf8) == nil)
        #expect(hexOctets("0x".utf8) == nil)
    }

    @Test func median() {
        #expect(BenchCommand.median([3, 1, 2]) == 2)
        #expect(BenchCommand.median([4, 1, 2, 3]) == 2.5)
    }
}
