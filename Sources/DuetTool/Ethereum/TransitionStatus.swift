/// Exit statuses of transition tools, as go-ethereum's has them.
enum TransitionStatus: Int32 {
    case evm = 2, config = 3, missingBlockHash = 4, json = 10, io = 11, rlp = 12

    func error(_ text: String) -> ToolError { .exit(rawValue, text) }

    /// Gives an operation that fails for no reason of its own this status.
    func of<Result>(_ work: () throws(ToolError) -> Result) throws(ToolError) -> Result {
        do { return try work() } catch {
            guard case .failed(let text) = error else { throw error }
            throw self.error(text)
        }
    }
}
