import Foundation

/// Where a command writes and reads: the standard streams, or memory in tests.
public final class Console {
    private let writeOutput: (String) -> Void
    private let writeError: (String) -> Void

    private let nextLine: () -> String?

    public init(output: @escaping (String) -> Void, error: @escaping (String) -> Void, input: @escaping () -> String? = { nil }) {
        writeOutput = output
        writeError = error
        nextLine = input
    }

    public static func standard() -> Console {
        Console(output: { Console.write($0, to: .standardOutput) }, error: { Console.write($0, to: .standardError) },
                input: { Swift.readLine() })
    }

    /// A line of the input without its end, nil behind the last.
    func readLine() -> String? { nextLine() }

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
