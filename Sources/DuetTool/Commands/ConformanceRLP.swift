import EVMState
import Foundation

extension Command {
    static let conformanceRLP = Command(
        path: ["conformance", "rlp"], operands: "PATH…", operandCount: 1...Int.max,
        summary: "Checks RLP against test vectors: JSON files, or folders of them.",
        details: """
            A case gives a value and its encoding: both directions are checked. VALID and INVALID stand for a value where only the
            decoder is asked. Prints every failure and, as the last line, 'N passed, N failed'; the exit status is 1 on any failure.
            """,
        options: [],
        body: { arguments, console in
            try runCases(arguments.operands, console) { test throws(ValueError) in try rlpFailure(test) }
        })

    static let conformanceTrie = Command(
        path: ["conformance", "trie"], operands: "PATH…", operandCount: 1...Int.max,
        summary: "Checks Merkle Patricia tries against test vectors: JSON files, or folders of them.",
        details: """
            Keys of files with 'secure' in their names are hashed first. A trie given as an object is built in several orders, and
            each also with removals in between. Prints every failure and, as the last line, 'N passed, N failed'; the exit status is
            1 on any failure.
            """,
        options: [],
        body: { arguments, console in
            try runCases(arguments.operands, console) { test throws(ValueError) in try trieFailure(test) }
        })

    struct VectorCase {
        let file: String
        let value: JSONValue
    }

    private static func mistake(_ test: VectorCase, _ failure: (VectorCase) throws(ValueError) -> String?) -> String? {
        do throws(ValueError) { return try failure(test) } catch { return error.text }
    }

    /// Runs each member of each file's object. `failure` says what is wrong with a case, nil if nothing is.
    private static func runCases(_ paths: [String], _ console: Console, _ failure: (VectorCase) throws(ValueError) -> String?) throws -> Int32 {
        var passed = 0, failed = 0
        for file in try paths.flatMap({ path throws(ToolError) in try ConformanceCommand.vectorFiles(path) }) {
            do throws(ToolError) {
                let document = try JSONDocument(file: file)
                try inPlace(file) { () throws(ValueError) in
                    try document.withRoot { root throws(ValueError) in
                        for (key, value) in try Values.object(root).members {
                            if let text = mistake(VectorCase(file: file, value: value), failure) {
                                console.print("\(file): \(key.string): \(text)")
                                failed += 1
                            } else {
                                passed += 1
                            }
                        }
                    }
                }
            } catch {
                console.print(error.text)
                failed += 1
            }
        }
        guard passed + failed > 0 else { throw ToolError.failed("no test vectors in \(paths.joined(separator: ", "))") }
        console.print("\(passed) passed, \(failed) failed")
        return failed == 0 ? 0 : 1
    }

    // MARK: RLP

    private static func rlpFailure(_ test: VectorCase) throws(ValueError) -> String? {
        let value = try test.value.required("in") { $0 }
        let encoding = try test.value.required("out", Values.bytes)
        let mistake = encoding.withUnsafeBytes { bytes -> RLPError? in
            do throws(RLPError) {
                try RLPReader.check(bytes)
                return nil
            } catch {
                return error
            }
        }
        if value.isText, value.string == "INVALID" { return mistake == nil ? "decoded, expected a mistake" : nil }
        if let mistake { return "expected to decode, found: \(mistake)" }
        if value.isText, value.string == "VALID" { return nil }

        var writer = RLPWriter()
        defer { writer.free() }
        guard write(value, &writer) else { return "a value of no known form" }
        let actual = Array(writer.bytes)
        if actual != encoding { return "expected \(hexText(encoding)), found \(hexText(actual))" }
        return encoding.withUnsafeBytes { bytes in
            var reader = RLPReader(bytes)
            guard let item = try? reader.next(), reader.isAtEnd, matches(item, value) else { return "decodes to something else" }
            return nil
        }
    }

    private static func write(_ value: JSONValue, _ writer: inout RLPWriter) -> Bool {
        if value.isArray {
            let list = writer.beginList()
            for element in value.elements where !write(element, &writer) { return false }
            writer.endList(list)
            return true
        }
        guard let octets = rlpOctets(value) else { return false }
        octets.withUnsafeBytes { writer.string($0) }
        return true
    }

    private static func matches(_ item: RLPItem, _ value: JSONValue) -> Bool {
        if value.isArray {
            guard item.isList else { return false }
            var reader = RLPReader(item.payload)
            for element in value.elements {
                guard let inner = try? reader.next(), matches(inner, element) else { return false }
            }
            return reader.isAtEnd
        }
        return !item.isList && rlpOctets(value) == Array(item.payload)
    }

    /// A text stands for its octets, a number or '#' and decimal digits for the shortest big-endian form.
    private static func rlpOctets(_ value: JSONValue) -> [UInt8]? {
        if value.isNumber { return decimal(value.raw) }
        guard value.isText else { return nil }
        let text = value.string
        return text.hasPrefix("#") ? decimal(text.utf8.dropFirst()) : Array(text.utf8)
    }

    private static func decimal(_ digits: some Sequence<UInt8>) -> [UInt8]? {
        var octets: [UInt8] = []
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            var carry = Int(digit - UInt8(ascii: "0"))
            for index in octets.indices.reversed() {
                carry += Int(octets[index]) * 10
                octets[index] = UInt8(carry & 255)
                carry >>= 8
            }
            if carry > 0 { octets.insert(UInt8(carry), at: 0) }
        }
        return octets
    }
}
