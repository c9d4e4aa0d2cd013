import Foundation

/// The files that a transition is given, or the members of one object on standard input.
final class TransitionInputs {
    private let arguments: Arguments
    private var shared: JSONDocument?

    init(_ arguments: Arguments) {
        self.arguments = arguments
    }

    /// What --input.KEY names, or else KEY.json. Errors name the file.
    func required<Value>(_ key: StaticString, _ parse: ValueParser<Value>) throws(ToolError) -> Value {
        let path = arguments.value("--input.\(key)") ?? "\(key).json"
        guard path == "stdin" else { return try parsed(path, JSONDocument(file: path), parse) }
        return try parsed("standard input", standardInput()) { json throws(ValueError) in try json.required(key, parse) }
    }

    /// What --input.KEY names; without that option, a member of the object on standard input if another input comes from there.
    func optional<Value>(_ key: StaticString, _ parse: ValueParser<Value>) throws(ToolError) -> Value? {
        guard let path = arguments.value("--input.\(key)"), path != "stdin" else {
            guard arguments.value("--input.\(key)") != nil || shared != nil else { return nil }
            return try parsed("standard input", standardInput()) { json throws(ValueError) in try json.optional(key, parse) }
        }
        return try parsed(path, JSONDocument(file: path)) { json throws(ValueError) in json.isNull ? nil : try parse(json) }
    }

    private func standardInput() throws(ToolError) -> JSONDocument {
        if let shared { return shared }
        let octets = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
        let document = try inFile("standard input") { () throws(ToolError) in try JSONDocument(octets) }
        shared = document
        return document
    }

    private func parsed<Value>(_ place: String, _ document: JSONDocument, _ parse: ValueParser<Value>) throws(ToolError) -> Value {
        try inPlace(place) { () throws(ValueError) in try document.withRoot(parse) }
    }
}
