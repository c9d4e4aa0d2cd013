import CPVM
import PVM

extension Command {
    static let traceDifference = Command(
        path: ["pvm", "diff"], operands: "TRACE TRACE", operandCount: 2...2,
        summary: "Compares two ecalli traces (JIP-7) and shows where they part.",
        details: """
            Comments, other lines, and what loggers put around lines do not count; nor does the argument of PANIC, which every
            implementation chooses. The exit status is 0 if the traces say the same, 1 if they do not.
            """,
        options: [Option("--before", "N", "lines to show before the difference (default 5)")],
        body: TraceDifferenceCommand.run)
}

enum TraceDifferenceCommand {
    static func run(_ arguments: Arguments, _ console: Console) throws -> Int32 {
        let before = try Int(arguments.number("--before", default: 5, in: 0...10_000))
        let paths = arguments.operands
        let first = try readFile(paths[0]), second = try readFile(paths[1])
        return first.withUnsafeBytes { first in
            second.withUnsafeBytes { second in compare(paths, (EcalliLines(first), EcalliLines(second)), before, console) }
        }
    }

    private static func compare(
        _ paths: [String], _ texts: (EcalliLines, EcalliLines), _ before: Int, _ console: Console
    ) -> Int32 {
        var (first, second) = texts
        var same: [String] = [], count = 0
        while true {
            let lines = (text(&first), text(&second))
            if let line = lines.0, line == lines.1 {
                count += 1
                if same.count >= 2 * before { same.removeFirst(same.count - before) }
                same.append(line)
                continue
            }
            guard lines.0 != nil || lines.1 != nil else { break }
            for line in same.suffix(before) { console.print("  \(shortened(line))") }
            console.print("- \(shortened(lines.0 ?? "(ends)"))")
            console.print("+ \(shortened(lines.1 ?? "(ends)"))")
            console.print("\(paths[0]):\(first.number) and \(paths[1]):\(second.number) differ; \(count) lines before them are the same")
            return 1
        }
        guard count > 0 else {
            console.report("duet: there is no ecalli trace in \(paths[0]) and \(paths[1])")
            return 1
        }
        console.print("\(count) lines are the same")
        return 0
    }

    /// The next line that counts; nil at the end.
    private static func text(_ lines: inout EcalliLines) -> String? {
        while let line = lines.next() {
            let text = EcalliText.canonical(line)
            if !text.isEmpty { return text }
        }
        return nil
    }

    private static func shortened(_ line: String) -> String { line.count > 300 ? "\(line.prefix(300))…" : line }
}
