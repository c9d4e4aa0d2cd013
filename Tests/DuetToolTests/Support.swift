import CPVM
import Foundation
import PVM
import Testing

@testable import DuetTool

/// Runs a command line as `duet` would.
func duet(_ words: String...) -> (status: Int32, output: String, error: String) { duet(words) }

/// `input` has the lines of standard input.
func duet(_ words: [String], input: [String] = []) -> (status: Int32, output: String, error: String) {
    var output = "", error = ""
    var lines = input.makeIterator()
    let status = Tool.run(words, Console(output: { output += $0 }, error: { error += $0 }, input: { lines.next() }))
    return (status, output, error)
}

func assemble(_ source: String, isa: ISA? = nil, format: pvm_format_t? = nil) throws -> [UInt8] {
    try Assembler.assemble(Array(source.utf8), file: "test.pvm", isa: isa, format: format)
}

/// Code and bitmask (one element per octet) of a blob made from instructions.
func code(_ source: String, isa: ISA = .gp072) throws -> (octets: [UInt8], marks: [Bool]) {
    let blob = try assemble(source, isa: isa, format: PVM_FORMAT_BLOB)
    return try blob.withUnsafeBytes { bytes in
        let blob = try Blob(bytes)
        return (Array(blob.code), blob.code.indices.map { blob.bitmask[$0 / 8] >> UInt8($0 % 8) & 1 == 1 })
    }
}

/// The octets of one instruction, without those of a `trap` behind it.
func octets(_ instruction: String, isa: ISA = .gp072) throws -> [UInt8] { try code(instruction, isa: isa).octets }

/// A blob from its parts; `marks` are offsets of opcodes.
func blob(code: [UInt8], marks: [Int], jumps: [UInt64] = [], entrySize: Int = 0) -> [UInt8] {
    var parts = ImageParts(format: PVM_FORMAT_BLOB)
    parts.code = code
    parts.bitmask = Array(repeating: 0, count: (code.count + 7) / 8)
    for mark in marks { parts.bitmask[mark / 8] |= 1 << UInt8(mark % 8) }
    parts.jumpCount = UInt64(jumps.count)
    parts.jumpEntrySize = UInt64(entrySize)
    for jump in jumps {
        for index in 0..<entrySize { parts.jumpTable.append(index < 8 ? UInt8(truncatingIfNeeded: jump >> UInt64(8 * index)) : 0) }
    }
    return parts.octets
}

/// Disassembles, assembles again and compares. Returns the text.
@discardableResult
func roundTrip(_ image: [UInt8], isa: ISA = .gp072, format: pvm_format_t = PVM_FORMAT_AUTO, _ label: String = "",
               sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let text = try Disassembler.disassemble(image, format: format, isa: isa)
    let again = try Assembler.assemble(Array(text.utf8), file: "again.pvm", isa: isa)
    if again != image { Issue.record("\(label): other octets after a round trip:\n\(text)", sourceLocation: sourceLocation) }
    return text
}

/// A folder that goes away with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("duet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    func write(_ name: String, _ octets: [UInt8]) throws -> String {
        try Data(octets).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

/// Public data outside the project.
enum Shared {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A folder of test vectors or programs, nil (and a line that says so) if it is not there.
    static func folder(_ variable: String, _ standard: String, _ name: String) -> String? {
        let base = ProcessInfo.processInfo.environment[variable].map { URL(fileURLWithPath: $0, relativeTo: root) }
            ?? root.appendingPathComponent(standard)
        let path = base.appendingPathComponent(name).standardizedFileURL.path
        if FileManager.default.fileExists(atPath: path) { return path }
        print("absent, not tested: \(path) (set \(variable))")
        return nil
    }

    static func vectors(_ name: String) -> String? { folder("DUET_VECTORS", "../shared/vectors", "pvm/\(name)") }
    static func programs(_ name: String) -> String? { folder("DUET_PROGRAMS", "../shared/programs", "pvm/\(name)") }
    /// Inputs that tools have failed on.
    static func cases() -> String? { folder("DUET_CASES", "../shared/cases", "tool") }

    static func files(_ folder: String?, _ suffix: String) throws -> [String] {
        guard let folder else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(suffix) }.sorted().map { "\(folder)/\($0)" }
    }
}

/// SplitMix64: the same numbers on every run.
struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
