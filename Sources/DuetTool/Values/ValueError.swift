/// Why a value of a JSON file cannot be used, and which one it is: "transaction.accessLists[0][1].address: 'zz' is …".
struct ValueError: Error, Equatable {
    /// Members by their names, elements by their numbers, from the outermost value that was asked on.
    private(set) var path: String
    let reason: String
    /// Of a transition that ends because of it.
    let status: TransitionStatus

    init(_ reason: String, _ status: TransitionStatus = .json) {
        path = ""
        self.reason = reason
        self.status = status
    }

    /// The same error, seen from the object that has the value as the member `name`, or from the array that has it as "[1]".
    func within(_ name: String) -> ValueError {
        var outer = self
        outer.path = path.isEmpty || path.hasPrefix("[") ? name + path : "\(name).\(path)"
        return outer
    }

    var text: String { path.isEmpty ? reason : "\(path): \(reason)" }

    /// For messages: a value as it stands in the file, cut where it gets long.
    static func quoted(_ text: some Collection<UInt8>) -> String {
        let limit = 80
        return text.count <= limit ? "'\(String(decoding: text, as: UTF8.self))'" : "'\(String(decoding: text.prefix(limit), as: UTF8.self))…'"
    }
}

/// Lets errors of `work` say that they are about `name`.
func within<Result>(_ name: String, _ work: () throws(ValueError) -> Result) throws(ValueError) -> Result {
    do throws(ValueError) { return try work() } catch { throw error.within(name) }
}

extension ToolError {
    init(_ error: ValueError) { self = .failed(error.text) }
}

/// Makes an error of the tool of a value's, with `place` (a file, a test) in front of it.
func inPlace<Result>(_ place: String, _ work: () throws(ValueError) -> Result) throws(ToolError) -> Result {
    do throws(ValueError) { return try work() } catch { throw .failed("\(place): \(error.text)") }
}
