/// One command of the tool: what it is called, what it takes, what it does. Help texts are made from this description.
struct Command: Sendable {
    struct Option: Sendable {
        let name: String
        /// What stands for the option's value in help texts, nil for a flag.
        let value: String?
        let help: String

        init(_ name: String, _ value: String? = nil, _ help: String) {
            self.name = name
            self.value = value
            self.help = help
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
        let usage = options.map { " [\($0.form)]" }.joined()
        var text = "Usage: duet \(name) \(operands)\(usage)\n\n\(summary)\n"
        if !details.isEmpty { text += "\n\(details)\n" }
        return text + "\nOptions:\n" + table(options.map { ($0.form, $0.help) } + [("--help", "this text")])
    }
}

/// Two columns, the second one aligned.
func table(_ rows: [(String, String)]) -> String {
    let width = rows.map { $0.0.count }.max() ?? 0
    return rows.map { "  \(padded($0.0, to: width))  \($0.1)\n" }.joined()
}

func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.utf8.count))
}
