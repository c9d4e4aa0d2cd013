/// One JSON object on one line, keys in the order in which they were added. Numbers are written digit by digit, so that all 64
/// bits of a register arrive.
struct JSONLine {
    enum Value {
        case number(UInt64), integer(Int64), real(Double), seconds(Double), numbers([UInt64])
        case text(String), texts([String]), object(JSONLine), objects([JSONLine]), flag(Bool), null
    }

    private var members: [String] = []

    mutating func add(_ key: String, _ value: Value) {
        members.append("\(JSONLine.quoted(key)): \(JSONLine.text(of: value))")
    }

    mutating func add(_ key: String, _ value: UInt64?) { add(key, value.map { .number($0) } ?? .null) }
    mutating func add(_ key: String, _ value: String?) { add(key, value.map { .text($0) } ?? .null) }
    mutating func add(_ key: String, _ value: Double?) { add(key, value.map { .real($0) } ?? .null) }

    var isEmpty: Bool { members.isEmpty }
    var text: String { "{\(members.joined(separator: ", "))}" }
    /// A line for each member.
    var lines: String { isEmpty ? "{}" : "{\n  \(members.joined(separator: ",\n  "))\n}" }

    private static func text(of value: Value) -> String {
        switch value {
        case .number(let number): String(number)
        case .integer(let number): String(number)
        case .real(let number): number.isFinite ? String(number) : "null"
        case .seconds(let seconds): secondsText(seconds)
        case .text(let text): quoted(text)
        case .numbers(let numbers): "[\(numbers.map { String($0) }.joined(separator: ", "))]"
        case .texts(let texts): "[\(texts.map { quoted($0) }.joined(separator: ", "))]"
        case .objects(let objects): "[\(objects.map { $0.text }.joined(separator: ", "))]"
        case .object(let object): object.text
        case .flag(let flag): flag ? "true" : "false"
        case .null: "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20: result += "\\u00" + hexText([UInt8(scalar.value)])
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
