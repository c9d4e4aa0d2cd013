/// One command of the tool: what it is called, what it takes, what it does. Help texts are made from this description.
struct Command: Sendable {
    struct Option: Sendable {
        let name: String
        /// What stands for the option's value in help texts, nil for a flag.
        let value: String?
        let help: String
        /// May it be given more than once?
        let repeats: Bool
        /// A name that it had in earlier versions and that is still taken.
        let formerly: String?

        init(_ name: String, _ value: String? = nil, _ help: String, repeats: Bool = false, formerly: String? = nil) {
            self.name = name
            self.value = value
            self.help = help
            self.repeats = repeats
            self.formerly = formerly
        }

        /// As it is written: "--gas N".
        var form: String { value.map { "\(name) \($0)" } ?? name }
    }

    /// The words that call it: ["pvm", "run"].
    let path: [String]
    /// Its operands as the usage line shows them, and how many there must be.
    let operands: String
    let operandCount: ClosedRange<Int>
    let summary: String
    let details: String
    let options: [Option]
    /// Returns the exit status.
    let body: @Sendable (Arguments, Console) throws -> Int32

    var name: String { path.joined(separator: " ") }

    var help: String {
        let words = options.map { "[\($0.form)]" + ($0.repeats ? "…" : "") }
        let usage = ["Usage: duet \(name)"] + (operands.isEmpty ? [] : [operands]) + words
        var text = filled(usage, from: 0, indent: 12) + "\n\n\(summary)\n"
        if !details.isEmpty { text += "\n\(details)\n" }
        return text + "\nOptions:\n" + helpTable(options.map { ($0.form, $0.help) } + [("--help", "this text")])
    }
}

/// Two columns, the second one aligned.
func table(_ rows: [(String, String)]) -> String {
    let width = rows.map { $0.0.count }.max() ?? 0
    return rows.map { "  \(padded($0.0, to: width))  \($0.1)\n" }.joined()
}

/// The same for texts of any length: they go on in their column on the next line, and begin there behind a long first column.
func helpTable(_ rows: [(String, String)]) -> String {
    let width = min(rows.map { $0.0.count }.max() ?? 0, 36)
    return rows.map { first, second in
        let isLong = first.count > width
        let start = isLong ? "  \(first)\n" + String(repeating: " ", count: width + 4) : "  \(padded(first, to: width))  "
        return start + filled(second.split(separator: " ").map(String.init), from: width + 4, indent: width + 4) + "\n"
    }.joined()
}

/// Words in lines of at most 120 columns, if they fit. The first line begins in column `start`, others behind `indent` blanks.
private func filled(_ words: [String], from start: Int, indent: Int) -> String {
    var text = "", column = start
    for word in words {
        if text.isEmpty {
            text = word
        } else if column + 1 + word.count > 120 {
            text += "\n" + String(repeating: " ", count: indent) + word
            column = indent - 1
        } else {
            text += " " + word
        }
        column += word.count + 1
    }
    return text
}

func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}
