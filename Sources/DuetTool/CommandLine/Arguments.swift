/// A command line taken apart by the options that its command declares.
struct Arguments {
    private(set) var operands: [String] = []
    private(set) var wantsHelp = false
    private(set) var wantsVersion = false
    /// Options that were given by a name of earlier versions, and what they are called now.
    private(set) var renamed: [(former: String, now: String)] = []
    private var values: [String: [String]] = [:]

    init(_ words: [String], for command: Command) throws(ToolError) {
        var index = 0
        var optionsEnded = false
        while index < words.count {
            let word = words[index]
            index += 1
            if optionsEnded || word == "-" || !word.hasPrefix("-") {
                operands.append(word)
            } else if word == "--" {
                optionsEnded = true
            } else if word == "--help" || word == "-h" {
                wantsHelp = true
            } else if word == "--version" {
                wantsVersion = true
            } else {
                try take(option: word, following: words, &index, of: command)
            }
        }
        if wantsHelp || wantsVersion { return }
        if operands.count < command.operandCount.lowerBound { throw .usage("\(command.operands) is missing") }
        if operands.count > command.operandCount.upperBound {
            throw .usage("unexpected argument '\(operands[command.operandCount.upperBound])'")
        }
    }

    private mutating func take(option word: String, following words: [String], _ index: inout Int,
                               of command: Command) throws(ToolError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let options = command.options
        guard let option = options.first(where: { $0.name == parts[0] }) ?? options.first(where: { $0.formerly == parts[0] }) else {
            throw .usage("unknown option '\(parts[0])'")
        }
        if option.name != parts[0] { renamed.append((parts[0], option.name)) }
        guard values[option.name] == nil || option.repeats else { throw .usage("\(option.name) is given twice") }
        var value = ""
        if option.value == nil {
            guard parts.count == 1 else { throw .usage("\(option.name) takes no value") }
        } else if parts.count == 2 {
            value = parts[1]
        } else {
            guard index < words.count else { throw .usage("\(option.name) needs a value") }
            value = words[index]
            index += 1
        }
        values[option.name, default: []].append(value)
    }

    func has(_ option: String) -> Bool { values[option] != nil }
    func value(_ option: String) -> String? { values[option]?[0] }
    /// Those of an option that may be given more than once.
    func allValues(_ option: String) -> [String] { values[option] ?? [] }

    /// A number in decimal or hexadecimal.
    func number(_ option: String, default standard: UInt64, in range: ClosedRange<UInt64> = 0...UInt64.max) throws(ToolError) -> UInt64 {
        guard let text = value(option) else { return standard }
        guard let number = Arguments.number(text), range.contains(number) else {
            throw .usage("\(option): '\(text)' is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of a few names.
    func choice<Value>(_ option: String, _ names: [(String, Value)], default standard: Value) throws(ToolError) -> Value {
        guard let text = value(option) else { return standard }
        guard let choice = names.first(where: { $0.0 == text }) else {
            throw .usage("\(option): '\(text)' is none of \(names.map { $0.0 }.joined(separator: ", "))")
        }
        return choice.1
    }

    /// Octets in hexadecimal, with or without 0x.
    func octets(_ option: String) throws(ToolError) -> [UInt8] {
        guard let text = value(option) else { return [] }
        let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        guard let octets = hexOctets(digits.utf8) else { throw .usage("\(option): '\(text)' is no string of hexadecimal octets") }
        return octets
    }

    static func number(_ text: String) -> UInt64? {
        let digits = text.replacing("_", with: "")
        return digits.hasPrefix("0x") ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
    }
}
