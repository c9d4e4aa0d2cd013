import Foundation

/// Where a command writes: the two standard streams, or memory in tests.
public final class Console {
    private let writeOutput: (String) -> Void
    private let writeError: (String) -> Void

    public init(output: @escaping (String) -> Void, error: @escaping (String) -> Void) {
        writeOutput = output
        writeError = error
    }

    public static func standard() -> Console {
        Console(output: { Console.write($0, to: .standardOutput) }, error: { Console.write($0, to: .standardError) })
    }

    func print(_ line: String) { writeOutput(line + "\n") }
    func write(_ text: String) { writeOutput(text) }
    /// A line on the terminal that the next one overwrites.
    func progress(_ line: String) { writeError("\r\u{1b}[K" + line) }
    func report(_ line: String) { writeError(line + "\n") }

    /// Nobody could be told of lost output but by the exit status.
    private static func write(_ text: String, to file: FileHandle) {
        do { try file.write(contentsOf: Data(text.utf8)) } catch { exit(1) }
    }
}
