import CPVM
import Foundation

/// The lines of one transaction, in a file that is made with the first of them: what is not executed has none.
final class TraceFile {
    private let path: String
    private var file: UnsafeMutablePointer<FILE>?
    private var trouble: String?

    private init(_ path: String) {
        self.path = path
    }

    /// Traces what `body` executes with the VM.
    static func write<Result>(_ path: String, _ vm: UnsafeMutablePointer<evmc_vm>, _ body: () throws -> Result) throws -> Result {
        let trace = TraceFile(path)
        let isOurs = duet_evm_set_trace(vm, { context, line, length in
            if let context, let line { Unmanaged<TraceFile>.fromOpaque(context).takeUnretainedValue().add(line, length) }
        }, Unmanaged.passUnretained(trace).toOpaque())
        guard isOurs else { throw ToolError.failed("only this library's EVM can be traced") }
        defer { _ = duet_evm_set_trace(vm, nil, nil) }
        let result = try body()
        try trace.close()
        return result
    }

    private func add(_ line: UnsafePointer<CChar>, _ length: Int) {
        if file == nil, trouble == nil {
            file = fopen(path, "wb")
            if file == nil { trouble = String(cString: strerror(errno)) }
        }
        guard let file, trouble == nil else { return }
        if fwrite(line, 1, length, file) != length || fputc(10, file) == EOF { trouble = String(cString: strerror(errno)) }
    }

    private func close() throws {
        if let file, fclose(file) != 0, trouble == nil { trouble = String(cString: strerror(errno)) }
        if let trouble { throw TransitionStatus.io.error("\(path): \(trouble)") }
    }
}
