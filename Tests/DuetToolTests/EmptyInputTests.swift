import Foundation
import Testing

@testable import DuetTool

/// Nothing to do is no success: a variable that is not set, a file without a test, a path that is not there.
@Suite struct EmptyInputTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: ["{}", "{\"a\": {}}"])
    func stateTests(_ text: String) throws {
        let file = try folder.write("empty.json", text)
        let result = duet(["evm", "statetest", file])
        #expect(result.status == 1 && result.output.contains("\"pass\": false"), "\(result.output)")
        #expect(duet(["evm", "statetest", ""]).status == 1)
        #expect(duet(["evm", "bench", file]).status == 1)
    }

    @Test func replaysGoOn() throws {
        let trace = try folder.write("empty.trace", "")
        let result = duet(["pvm", "replay", "\(trace).missing", trace])
        #expect(result.status == 1 && result.error.contains("no such file") && result.output.hasSuffix("0 passed, 2 failed\n"), "\(result.output)")
    }

    @Test func devices() {
        let result = duet(["evm", "run", "@/dev/zero"])
        #expect(result.status != 0 && result.error.contains("larger than"), "\(result.error.prefix(200))")
    }

    @Test(arguments: ["\"ty\\pe\"", "\"a\u{1}\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\""])
    func texts(_ json: String) { #expect(throws: ToolError.self) { try JSONDocument(Array(json.utf8)) } }

    @Test(arguments: ["\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "\"ü\"", "\"\""])
    func textsThatAre(_ json: String) throws { _ = try JSONDocument(Array(json.utf8)) }
}
