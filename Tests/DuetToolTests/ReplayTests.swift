import CPVM
import Foundation
import Testing

@testable import DuetTool

/// `duet pvm replay`, `duet pvm diff` and the traces of `duet pvm run --ecalli-trace`.
@Suite struct ReplayTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A run that ends by itself, recorded.
    private func recorded() throws -> String {
        let image = try folder.write("image", assemble("load_imm t0, 5\nadd_imm_64 t1, t0, 1\nload_imm_64 t0, -1\njump_ind ra, 0"))
        let path = "\(folder.path)/trace"
        let result = duet("pvm", "run", image, "--gas", "100", "--args", "0102", "--ecalli-trace", path)
        #expect(result.status == 0, "\(result.error)")
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test(arguments: ["interpreter", "recompiler", "auto"])
    func whatIsRecordedReplays(_ engine: String) throws {
        let text = try recorded()
        #expect(text.contains("\nstart pc=0 gas=100 ") && text.contains("\nHALT pc="))
        let path = try folder.write("again", text)
        let result = duet("pvm", "replay", path, "--engine", engine)
        #expect(result.status == 0 && result.output == "1 passed, 0 failed\n", "\(result.output)\(result.error)")
    }

    @Test func aDifferenceIsShownWithInstructions() throws {
        let path = try folder.write("other", try recorded().replacing("r03=0x6", with: "r03=0x7"))
        let result = duet("pvm", "replay", path, "--before", "2")
        #expect(result.status == 1)
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.first?.hasSuffix("register t1 is 0x6, the trace has 0x7 (0 ecallis before it are the same)") == true, "\(lines)")
        #expect(lines.contains { $0.contains("t1") && $0.contains("0x6, the trace has 0x7") })
        #expect(lines.count { $0.contains(" g=") } == 2 && lines.contains { $0.contains("jump_ind ra, 0") })
        #expect(!lines.contains { $0.contains("add_imm_64") })
        #expect(lines.last == "0 passed, 1 failed")

        let json = duet("pvm", "replay", path, "--json")
        struct Result: Decodable {
            var status: String, field: String, register: String, expected: UInt64, actual: UInt64, line: UInt64, instructions: [String]
        }
        let first = try #require(json.output.split(separator: "\n").first)
        let object = try JSONDecoder().decode(Result.self, from: Data(first.utf8))
        #expect(object.status == "diverged" && object.field == "register" && object.register == "t1")
        #expect(object.expected == 7 && object.actual == 6 && object.line == 5 && object.instructions.count == 4)
    }

    @Test func foldersAndFilesWithoutTraces() throws {
        _ = try folder.write("one.log", try recorded())
        _ = try folder.write("two.log", "INFO nothing here\n")
        try FileManager.default.removeItem(atPath: "\(folder.path)/image")
        let result = duet("pvm", "replay", folder.path)
        #expect(result.status == 1)
        #expect(result.output.contains("two.log: there is no ecalli trace in it\n"))
        // The recording itself is in the folder as well.
        #expect(result.output.hasSuffix("\n2 passed, 1 failed\n"))
        #expect(duet("pvm", "replay", "\(folder.path)/none").status == 1)
        #expect(duet("pvm", "replay").status == 2)
    }

    @Test func malformedLinesAreNamed() throws {
        let path = try folder.write("cut", try recorded().replacing("gas=100", with: "gas=1x"))
        let result = duet("pvm", "replay", path)
        #expect(result.status == 1 && result.output.contains("cut:4: the line is malformed"), "\(result.output)")
        let short = try recorded().split(separator: "\n").dropLast().joined(separator: "\n")
        let broken = duet("pvm", "replay", try folder.write("short", short))
        #expect(broken.status == 1 && broken.output.contains(": the trace breaks off"))
    }

    /// With a host in place of the trace's answers; several traces in one file, and one that a host alone cannot replay.
    @Test func anotherHostAnswers() throws {
        let text = try recorded()
        func replay(_ text: String) throws -> String { duet("pvm", "replay", try folder.write("hosted", text), "--host", "jam").output }
        #expect(try replay(text) == "1 passed, 0 failed\n")
        #expect(try replay(text + "12:00 INFO other\n" + text) == "2 passed, 0 failed\n")
        let other = try replay(text + text.replacing("r03=0x6", with: "r03=0x7"))
        #expect(other.contains("hosted:10: here: HALT pc=") && other.hasSuffix("1 passed, 1 failed\n"), "\(other)")
        let paid = try replay(text.replacing("\nstart ", with: "\ncomment duet paid\nstart "))
        #expect(paid.contains("the trace begins in the middle of a run") && paid.hasSuffix("0 passed, 1 failed\n"))
        #expect(try replay("nothing\n").contains("there is no ecalli trace in it"))
        let short = text.split(separator: "\n").dropLast().joined(separator: "\n")
        #expect(try replay(short).contains("here: HALT pc="))
    }

    @Test func tracesAreCompared() throws {
        let text = try recorded()
        let first = try folder.write("first", text)
        // Comments and what loggers add do not count.
        let second = try folder.write("second", "comment other\n" + text.split(separator: "\n").map { "12:00 [vm] \($0) (1)\n" }.joined())
        let same = duet("pvm", "diff", first, second)
        #expect(same.status == 0 && same.output == "4 lines are the same\n", "\(same.output)")
        let third = try folder.write("third", text.replacing("start pc=0 gas=100", with: "start pc=0 gas=101"))
        let other = duet("pvm", "diff", first, third)
        #expect(other.status == 1 && other.output.contains("\n- start pc=0 gas=100") && other.output.contains("\n+ start pc=0 gas=101"))
        #expect(other.output.contains("first:4 and ") && other.output.contains("third:4 differ; 2 lines before them are the same"))
        let shorter = try folder.write("shorter", text.split(separator: "\n").dropLast().joined(separator: "\n"))
        #expect(duet("pvm", "diff", first, shorter).output.contains("\n+ (ends)"))
        let none = try folder.write("none", "nothing\n")
        #expect(duet("pvm", "diff", none, none).status == 1)
    }
}
