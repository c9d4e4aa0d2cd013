import Foundation

/// Options that several commands have, described once.
extension Command.Option {
    static let engine = Command.Option("--engine", "interpreter|recompiler|auto", "what runs the code (default auto)")
    static let memory = Command.Option("--memory", "checked|guarded|auto", "how memory is accessed (default auto)")
    static let fork = Command.Option("--fork", "NAME", "only this fork's cases")
    static let vm = Command.Option("--vm", "PATH", "an EVMC shared object that executes the code instead of this library's EVM")
    static let json = Command.Option("--json", nil, "one JSON object")
}

/// No input is larger: a device or a file that does not end must not take all memory.
private let largestFile = 1 << 30

func readFile(_ path: String) throws(ToolError) -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw .failed("\(path): \(systemError())") }
    defer { fclose(file) }
    var octets: [UInt8] = []
    var status = stat()
    if fstat(fileno(file), &status) == 0, status.st_size > 0, status.st_size <= largestFile { octets.reserveCapacity(Int(status.st_size)) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
        guard octets.count + count <= largestFile else { throw .failed("\(path): it is larger than 1 GiB") }
        octets += chunk[..<count]
    }
    guard ferror(file) == 0 else { throw .failed("\(path): \(systemError())") }
    return octets
}

func writeFile(_ path: String, _ octets: [UInt8]) throws(ToolError) {
    guard let file = fopen(path, "wb") else { throw .failed("\(path): \(systemError())") }
    let written = fwrite(octets, 1, octets.count, file)
    guard fclose(file) == 0, written == octets.count else { throw .failed("\(path): \(systemError())") }
}

private func systemError() -> String { String(cString: strerror(errno)) }

/// Puts the file's name in front of what is wrong with its contents.
func inFile<Result>(_ path: String, _ work: () throws(ToolError) -> Result) throws(ToolError) -> Result {
    do { return try work() } catch {
        guard case .failed(let message) = error, !message.hasPrefix("\(path):") else { throw error }
        throw .failed("\(path): \(message)")
    }
}
/// Seconds that `work` takes, and what it returns.
func timed<Result>(_ work: () throws -> Result) rethrows -> (seconds: Double, result: Result) {
    let start = ContinuousClock.now
    let result = try work()
    let (seconds, attoseconds) = start.duration(to: .now).components
    return (Double(seconds) + Double(attoseconds) * 1e-18, result)
}

/// To the microsecond, or finer.
func secondsText(_ seconds: Double, digits: Int = 6) -> String { String(format: "%.\(digits)f", seconds) }
