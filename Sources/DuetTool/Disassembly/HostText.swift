import Foundation

/// Host instructions as text, by the system's objdump. There is no disassembler of our own: the encodings are tested against the
/// same program.
struct HostText {
    struct Instruction {
        let place: Int
        let count: Int
        let text: String
        /// Where it jumps or branches to in the same code.
        let target: Int?
    }

    let instructions: [Instruction]

    /// Nil without objdump, or with one that does not know x86-64.
    init?(_ code: ArraySlice<UInt8>, objdump name: String) {
        guard let objdump = HostText.find(name) else { return nil }
        var path = Array("\(FileManager.default.temporaryDirectory.path)/duet-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        guard file >= 0 else { return nil }
        let copy = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        defer { unlink(copy) }
        do { try FileHandle(fileDescriptor: file, closeOnDealloc: true).write(contentsOf: Data(code)) } catch { return nil }
        guard let text = HostText.output(objdump, ["-D", "-w", "-z", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", copy]) else { return nil }
        instructions = text.split(separator: "\n").compactMap(HostText.parse)
        guard instructions.reduce(0, { $0 + $1.count }) == code.count else { return nil }
    }

    /// "  1a:	49 83 ee 03          	sub    r14,0x3"
    private static func parse(_ line: Substring) -> Instruction? {
        let fields = line.split(separator: "\t", maxSplits: 2).map { $0.trimmingCharacters(in: .whitespaces) }
        guard fields.count == 3, fields[0].hasSuffix(":"), let place = Int(fields[0].dropLast(), radix: 16) else { return nil }
        let words = fields[2].split(separator: " ", omittingEmptySubsequences: true)
        var target: Int?
        if words.count == 2, words[0].hasPrefix("j"), words[1].hasPrefix("0x") { target = Int(words[1].dropFirst(2), radix: 16) }
        return Instruction(place: place, count: fields[1].split(separator: " ").count, text: words.joined(separator: " "), target: target)
    }

    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static func output(_ program: String, _ arguments: [String]) -> String? {
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil, let data = try? pipe.fileHandleForReading.readToEnd() else { return nil }
        process.waitUntilExit()
        return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
    }
}
