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
        guard path == "stdin" else { return try parsed(path, document(path), parse) }
        return try parsed("standard input", standardInput()) { json throws(ValueError) in try json.required(key, parse) }
    }

    /// Transactions: on standard input RLP may have a key of its own.
    func transactions<Value>(_ parse: ValueParser<Value>) throws(ToolError) -> Value {
        guard arguments.value("--input.txs") == "stdin" else { return try required("txs", parse) }
        return try parsed("standard input", standardInput()) { json throws(ValueError) in
            if let rlp = try json.member("txsRlp"), !rlp.isText("") { return try within("txsRlp") { () throws(ValueError) in try parse(rlp) } }
            return try json.required("txs", parse)
        }
    }

    /// What --input.KEY names; without that option, a member of the object on standard input if another input comes from there.
    func optional<Value>(_ key: StaticString, _ parse: ValueParser<Value>) throws(ToolError) -> Value? {
        guard let path = arguments.value("--input.\(key)"), path != "stdin" else {
            guard arguments.value("--input.\(key)") != nil || shared != nil else { return nil }
            return try parsed("standard input", standardInput()) { json throws(ValueError) in try json.optional(key, parse) }
        }
        return try parsed(path, document(path)) { json throws(ValueError) in json.isNull ? nil : try parse(json) }
    }

    private func standardInput() throws(ToolError) -> JSONDocument {
        if let shared { return shared }
        let document = try json("standard input", [UInt8](FileHandle.standardInput.readDataToEndOfFile()))
        shared = document
        return document
    }

    private func document(_ path: String) throws(ToolError) -> JSONDocument {
        try json(path, try TransitionStatus.io.of { () throws(ToolError) in try readFile(path) })
    }

    private func json(_ place: String, _ octets: [UInt8]) throws(ToolError) -> JSONDocument {
        try TransitionStatus.json.of { () throws(ToolError) in try inFile(place) { () throws(ToolError) in try JSONDocument(octets) } }
    }

    private func parsed<Value>(_ place: String, _ document: JSONDocument, _ parse: ValueParser<Value>) throws(ToolError) -> Value {
        do throws(ValueError) { return try document.withRoot(parse) } catch { throw error.status.error("\(place): \(error.text)") }
    }
}
