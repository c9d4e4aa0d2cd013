import CPVM
import Testing
import VMCommon

@testable import DuetTool

/// The parsers of JSON values: what each takes, and what it says of everything else.
@Suite struct ValueTests {
    private func parse<Value>(_ json: String, _ parser: ValueParser<Value>) throws -> Value {
        try JSONDocument(Array(json.utf8)).withRoot { root throws(ValueError) in try parser(root) }
    }

    private func reason<Value>(_ json: String, _ parser: ValueParser<Value>) throws -> String? {
        do {
            _ = try parse(json, parser)
            return nil
        } catch let error as ValueError {
            return error.text
        }
    }

    @Test(arguments: [
        ("\"0x0\"", 0), ("\"0x00\"", 0), ("\"\"", 0), ("\"0x12\"", 18), ("\"0X12\"", 18), ("\"12\"", 12), ("\"0012\"", 12), ("12", 12),
        ("\"0xffffffffffffffff\"", UInt64.max), ("\"18446744073709551615\"", .max), ("18446744073709551615", .max),
        ("\"0x00000000000000000000000000000000000000000000000000000000000000000000ff\"", 255), ("\"0x1\\u0032\"", 18),
    ] as [(String, UInt64)])
    func numbers(_ json: String, _ number: UInt64) throws {
        #expect(try parse(json, Values.quantity64) == number)
        #expect(try parse(json, Values.quantity256) == U256(number))
    }

    @Test(arguments: [
        "\"0x\"", "\"0xg\"", "\"12a\"", "\"-1\"", "\"+1\"", "\" 1\"", "\"1 \"", "\"1_000\"", "\"0x 1\"", "\"1.0\"", "\"x12\"", "-1", "1.5", "1e3",
        "null", "true", "[]", "{}", "\"0x1\\n\"",
    ])
    func noNumbers(_ json: String) throws {
        for text in [try reason(json, Values.quantity64), try reason(json, Values.quantity256), try reason(json, Values.hexQuantity64)] {
            #expect(text?.contains(" is no ") == true || text?.contains("a number is wanted") == true, "\(text ?? "taken")")
        }
    }

    @Test func sizes() throws {
        let most = "0x" + String(repeating: "f", count: 64)
        let mostInDecimal = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
        #expect(try parse("\"\(most)\"", Values.quantity256) == .max && parse("\"\(mostInDecimal)\"", Values.quantity256) == .max)
        #expect(try parse(mostInDecimal, Values.quantity256) == .max)
        let nextInDecimal = "115792089237316195423570985008687907853269984665640564039457584007913129639936"
        for text in ["0x1" + String(repeating: "0", count: 64), nextInDecimal, String(repeating: "9", count: 200)] {
            #expect(try reason("\"\(text)\"", Values.quantity256)?.contains("exceeds 256 bits") == true)
        }
        for text in ["0x10000000000000000", "18446744073709551616"] {
            #expect(try reason("\"\(text)\"", Values.quantity64)?.hasSuffix("exceeds 64 bits") == true)
        }
        #expect(try reason("9223372036854775808", Values.quantity63) == "'9223372036854775808' exceeds 63 bits")
        #expect(try parse("9223372036854775807", Values.index) == .max)
    }

    /// go-ethereum's hexutil: no decimal texts, but JSON numbers.
    @Test func hexadecimalNumbers() throws {
        #expect(try parse("\"0x0c\"", Values.hexQuantity64) == 12 && parse("12", Values.hexQuantity256) == U256(12))
        #expect(try reason("\"12\"", Values.hexQuantity64) == "'12' is no hexadecimal number with 0x in front")
        #expect(try reason("\"12\"", Values.hexQuantity256) == "'12' is no hexadecimal number with 0x in front")
    }

    @Test func bytes() throws {
        let address = String(repeating: "Ab", count: 20), hash = String(repeating: "cD", count: 32)
        for prefix in ["", "0x", "0X"] {
            #expect(try parse("\"\(prefix)\(address)\"", Values.address).octets == Array(repeating: 0xab, count: 20))
            #expect(try parse("\"\(prefix)\(hash)\"", Values.hash).octets == Array(repeating: 0xcd, count: 32))
            #expect(try parse("\"\(prefix)00ff\"", Values.bytes) == [0, 255])
        }
        #expect(try parse("\"\"", Values.bytes) == [] && parse("\"0x\"", Values.bytes) == [])
        #expect(try parse("\"0xf4240\"", Values.storageWord).quantity == "0xf4240" && parse("\"12\"", Values.storageWord).quantity == "0x12")
        for text in ["", "0x", "zz", "0x01", address + "00", "0x00" + address, String(address.dropLast()) + "g", hash] {
            #expect(try reason("\"\(text)\"", Values.address)?.contains("is no address") == true, "\(text)")
        }
        for text in ["", "0x", "0x0", "0x00" + hash, address, String(hash.dropLast()) + "g"] {
            #expect(try reason("\"\(text)\"", Values.hash)?.contains("is not 32 bytes") == true, "\(text)")
        }
        for text in ["0x0", "0", "0x0g", " 0x00", "0x00 ", "0x 00"] { #expect(try reason("\"\(text)\"", Values.bytes) != nil, "\(text)") }
        for text in ["zz", "0x0" + hash, " 1"] { #expect(try reason("\"\(text)\"", Values.storageWord)?.contains("is no word of storage") == true) }
        for json in ["1", "null", "[]", "false"] {
            #expect(try reason(json, Values.address)?.contains("is wanted") == true && reason(json, Values.bytes)?.contains("is wanted") == true)
            #expect(try reason(json, Values.hash)?.contains("is wanted") == true && reason(json, Values.storageWord)?.contains("is wanted") == true)
        }
    }

    @Test func members() throws {
        let json = "{\"a\": null, \"b\": \"0x1\", \"\\u0063\": 2, \"list\": [1, \"x\"], \"twice\": 1, \"twice\": 2, \"map\": {\"1\": 1, \"0x1\": 2}}"
        func number(_ name: StaticString) throws -> UInt64? { try parse(json) { json throws(ValueError) in try json.optional(name, Values.quantity64) } }
        #expect(try number("a") == nil && number("absent") == nil && number("b") == 1 && number("c") == 2)
        #expect(try reason(json) { json throws(ValueError) in try json.required("a", Values.quantity64) } == "a: it is missing")
        #expect(try reason(json) { json throws(ValueError) in try json.member("twice") } == "twice: it is given twice")
        #expect(try reason(json) { json throws(ValueError) in try json.required("list", Values.list(of: Values.quantity64)) }?.hasPrefix("list[1]: 'x' is no number") == true)
        let map = Values.map(Values.quantity64, by: { $0 }, Values.quantity64)
        #expect(try reason(json) { json throws(ValueError) in try json.required("map", map) } == "map.0x1: it is given twice")
        #expect(try reason("[]") { json throws(ValueError) in try json.member("a") } == "an object is wanted, not an array")
    }

    /// RFC 8259.
    @Test(arguments: ["", " ", "01", "-", "1.", ".5", "1e", "+1", "--1", "1e+", "{", "[1,]", "{\"a\"}", "\"a", "nul", "truE", "1 2", "{\"a\": 1,}", "\u{1}"])
    func noJSON(_ text: String) {
        #expect(throws: ToolError.self) { try JSONDocument(Array(text.utf8)) }
    }

    @Test(arguments: ["0", "-0", "10", "1.50", "-1e5", "1E-5", "1.0e+5"])
    func jsonNumbers(_ text: String) throws {
        #expect(try parse(text) { $0.isNumber })
    }
}
