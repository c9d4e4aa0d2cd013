/// Octets of a source to lines and columns.
struct Locator {
    private let source: [UInt8]
    private static let maxMessages = 20

    init(_ source: [UInt8]) { self.source = source }

    /// "file:line:column: message", in the order of the source.
    func messages(_ diagnostics: [Diagnostic], file: String) -> [String] {
        let sorted = diagnostics.sorted { $0.offset < $1.offset }
        var messages: [String] = []
        var line = 1, lineStart = 0, index = 0
        for diagnostic in sorted.prefix(Locator.maxMessages) {
            while index < min(diagnostic.offset, source.count) {
                if source[index] == UInt8(ascii: "\n") {
                    line += 1
                    lineStart = index + 1
                }
                index += 1
            }
            // Continuation octets of UTF-8 are no columns of their own.
            let column = source[lineStart..<index].count { $0 & 0xc0 != 0x80 } + 1
            messages.append("\(file):\(line):\(column): \(diagnostic.message)")
        }
        if sorted.count > Locator.maxMessages { messages.append("\(file): and \(sorted.count - Locator.maxMessages) more") }
        return messages
    }
}
