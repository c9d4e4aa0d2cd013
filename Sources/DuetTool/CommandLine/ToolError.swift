/// Why a command did not do what it was asked to.
enum ToolError: Error, Equatable {
    /// The command line makes no sense: exit status 2.
    case usage(String)
    /// The operation itself failed: exit status 1.
    case failed(String)
    /// The same because of mistakes in a source file: messages that start with their place, "file:line:column:".
    case source([String])
    /// The operation failed, with an exit status that other tools have for the reason.
    case exit(Int32, String)

    var status: Int32 {
        switch self {
        case .usage: 2
        case .failed, .source: 1
        case .exit(let status, _): status
        }
    }

    /// What went wrong.
    var text: String {
        switch self {
        case .usage(let message), .failed(let message), .exit(_, let message): message
        case .source(let messages): messages.joined(separator: "\n")
        }
    }
}
