import CPVM
import Foundation

/// The ecalli trace (JIP-7) of a machine's runs, in a file.
final class EcalliTraceFile {
    private let path: String
    private let machine: Machine
    private let file: UnsafeMutablePointer<FILE>
    private var hasFailed = false

    init(_ path: String, _ machine: Machine) throws(ToolError) {
        guard let file = fopen(path, "wb") else { throw .failed("\(path): \(String(cString: strerror(errno)))") }
        self.path = path
        self.machine = machine
        self.file = file
        try check(pvm_set_ecalli_trace(machine.vm, { _, _, line, length, user in
            guard let line, let user else { return }
            Unmanaged<EcalliTraceFile>.fromOpaque(user).takeUnretainedValue().write(UnsafeRawBufferPointer(start: line, count: length))
        }, Unmanaged.passUnretained(self).toOpaque()))
    }

    private func write(_ line: UnsafeRawBufferPointer) {
        if fwrite(line.baseAddress, 1, line.count, file) != line.count || fputc(0x0a, file) == EOF { hasFailed = true }
    }

    func close() throws(ToolError) {
        try check(pvm_set_ecalli_trace(machine.vm, nil, nil))
        guard fclose(file) == 0, !hasFailed else { throw .failed("\(path): \(String(cString: strerror(errno)))") }
    }
}
