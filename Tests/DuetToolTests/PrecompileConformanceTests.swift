import Foundation
import Testing

@testable import DuetTool

/// The runner of precompile vectors: it passes what is right and fails what is wrong in any one place.
@Suite struct PrecompileConformanceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func conformance(_ text: String, file: String) throws -> (status: Int32, output: String, error: String) {
        duet("conformance", "precompiles", try folder.write(file, text))
    }

    private let good = """
        [{"Input": "\(String(repeating: "0", count: 192))", "Expected": "", "Name": "nothing", "Gas": 500, "NoBenchmark": false},
         {"Input": "\(String(repeating: "0", count: 63))1\(String(repeating: "0", count: 63))1\(String(repeating: "0", count: 63))1030205",
          "Expected": "04", "Name": "3^2 mod 5", "Gas": 500}]
        """

    @Test func passes() throws {
        #expect(try conformance(good, file: "modexp_eip7883.json") == (0, "2 passed, 0 failed\n", ""))
        let refused = #"[{"Input": "00", "ExpectedError": "invalid input length", "Name": "short"}]"#
        #expect(try conformance(refused, file: "fail-blake2f.json") == (0, "1 passed, 0 failed\n", ""))
    }

    @Test(arguments: [
        ("\"04\"", "\"05\"", "result: expected 05, actual 04"),
        ("\"Gas\": 500}", "\"Gas\": 499}", "expected success with 499 gas, actual outOfGas"),
        ("\"Gas\": 500}", "\"Gas\": 501}", "gas: expected 501, actual 500"),
        ("\"Expected\": \"04\",", "\"ExpectedError\": \"any\",", "expected failure (any), actual success with 04"),
        ("\"Expected\": \"04\",", "", "[1].Expected: it is missing"),
        ("030205", "03020", "has an odd number of digits"),
    ])
    func fails(_ found: String, _ replacement: String, _ message: String) throws {
        let result = try conformance(good.replacingOccurrences(of: found, with: replacement), file: "modexp_eip7883.json")
        #expect(result.status == 1)
        #expect(result.output.contains(message), "\(result.output)")
        #expect(result.output.hasSuffix(" failed\n") && !result.output.hasSuffix(" 0 failed\n"))
    }

    @Test func strangeFiles() throws {
        #expect(try conformance("[]", file: "modexp.json").status == 1)
        #expect(try conformance(good, file: "unheardOf.json").output.contains("no precompile is known by the name"))
        #expect(try conformance("{}", file: "modexp.json").output.contains("an array is wanted, not an object"))
    }
}
